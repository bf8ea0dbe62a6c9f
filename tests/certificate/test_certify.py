"""The certificate: the real frameworks pass it, and a harness that is wrong does not."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from conformance.apis import contracts, frameworks
from conformance.case import Observation, Phase, Raised, Target
from conformance.case.values import Arguments
from conformance.certificate import alone
from conformance.certificate.calls import build_call
from conformance.certificate.certificate import Certificate
from conformance.certificate.certify import certify
from conformance.certificate.checks import CHECKS
from conformance.certificate.checks.backward import check_backward
from conformance.certificate.checks.gradients import check_gradients
from conformance.certificate.errors import NotObservableError
from conformance.certificate.layers import GROUPED, SMALL
from conformance.certificate.subject import Check, Subject
from conformance.targets.command_line import default
from conformance.targets.errors import TargetError
from tests.frameworks import ROOT


@pytest.fixture(scope="module")
def certificates() -> Iterator[Mapping[str, Future[Certificate]]]:
    """The certificates of the real frameworks, side by side; each interpreter is ended with the thread that began it."""
    with ThreadPoolExecutor(len(frameworks())) as pool:
        yield {name: pool.submit(certify, default(name, ROOT)) for name in frameworks()}


def test_the_real_frameworks_pass(target: Target, certificates: Mapping[str, Future[Certificate]]) -> None:
    certificate = certificates[target.framework].result()
    assert set(certificate.apis) == {contract.api for contract in frameworks()[target.framework].contracts}
    for api, results in certificate.apis.items():
        assert [result.name for result in results] == list(CHECKS)
        assert certificate.failure(api) is None, api
        unseen = [result.name for result in results if result.state == "not observable"]
        none_there = [] if contracts()[api].gradients else ["gradients", "backward"]
        assert unseen == none_there or ".mint." in api, "only mint lacks its kernels on this device"


@pytest.mark.process
def test_a_worker_that_dies_fails_the_check_and_the_next_one_has_a_fresh_worker(fakes: Path, tmp_path: Path) -> None:
    acts = tmp_path / "acts.json"
    acts.write_text('{"2": "exit_3"}')
    target = Target(
        "fakeflow", "fakeflow", f"popen//python={sys.executable}//env:PYTHONPATH={fakes}//env:FAKEFLOW_ACTS={acts}"
    )
    layer = {"in_channels": 2, "out_channels": 3, "kernel_size": 2}

    def run_it(subject: Subject) -> str:
        return str(subject.ask(build_call(subject.contract, layer)))

    def construct_it(subject: Subject) -> str:
        return str(subject.ask(build_call(subject.contract, layer).without_arrays()))

    certificate = certify(target, checks={"run": run_it, "construct": construct_it})
    states = {result.name: result.state for result in certificate.apis["fakeflow.Conv2d"]}
    assert states == {"run": "failed", "construct": "passed"}
    assert "the worker gave no answer" in (certificate.failure("fakeflow.Conv2d") or "")


@pytest.mark.process
def test_what_runs_alone_has_the_more_time_the_more_apis_it_is_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alone, "LIMIT", 1.0)
    target = Target("here", "torch", f"popen//python={sys.executable}")
    kept = alone.MARK + '{"versions": ["1"]}'
    source = f"import time; time.sleep(2); print({kept!r})"
    assert [alone.run_alone(target, source, apis) for apis in (1, 30)] == [{}, {"versions": ["1"]}]


@pytest.mark.process
def test_a_target_that_cannot_be_started_is_an_error() -> None:
    with pytest.raises(TargetError):
        certify(Target("torch", "torch", "popen//python=/nonexistent"))


def subject_that_refuses(layer: Arguments) -> Subject:
    """An API of ONNX which refuses one layer."""
    contract = contracts()["onnx.Conv"]

    def answer(calls: Sequence[Mapping[str, Any]]) -> list[Observation]:
        refused = build_call(contract, layer).wire["arguments"]
        raised = Raised(Phase.FORWARD, "ValueError", (), "no")
        return [Observation(Phase.FORWARD, raised=raised if call["arguments"] == refused else None) for call in calls]

    return Subject(contract, frameworks()["onnx"], answer, lambda call: None, "1", lambda: ["1"])


def test_an_api_that_refuses_groups_is_asked_a_layer_without() -> None:
    assert subject_that_refuses(SMALL).find_layer() == GROUPED
    assert subject_that_refuses(GROUPED).find_layer() == SMALL


@pytest.mark.parametrize("check", [check_gradients, check_backward])
def test_gradients_that_nobody_can_ask_for_are_not_observable(check: Check) -> None:
    with pytest.raises(NotObservableError, match="none can be asked for"):
        check(subject_that_refuses(SMALL))
