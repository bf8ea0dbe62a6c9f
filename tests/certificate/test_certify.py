"""The certificate: the real frameworks pass it, a wrong adapter does not, and it is kept while nothing changes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import run
from conformance.apis import Framework, contracts, frameworks
from conformance.audit import Job
from conformance.case import Case, Greeting, Outcome, Promise, Target
from conformance.certificate import certify
from conformance.certificate.certify import Certificate, Certificates, Check, obtain
from conformance.certificate.probes import CHECKS, Subject, call, numbered
from conformance.targets import connection
from conformance.targets.command_line import default
from conformance.targets.errors import TargetError
from tests.frameworks import ROOT, target_of

GREETING = Greeting("1.0", {"python": "3.11", "device": "cpu"}, "/tmp/none", 1)
TARGET = Target("torch", "torch", "popen//python=/nonexistent")


@pytest.fixture(scope="module")
def real() -> Iterator[Mapping[str, Future[Certificate]]]:
    """The certificates of the real frameworks, side by side; each interpreter is ended with the thread that began it."""
    with ThreadPoolExecutor(len(frameworks())) as pool:
        yield {name: pool.submit(certify.certify, default(name, ROOT)) for name in frameworks()}


def test_the_real_frameworks_pass(target: Target, real: Mapping[str, Future[Certificate]]) -> None:
    found = real[target.framework].result()
    framework = frameworks()[target.framework]
    assert set(found.apis) == {contract.api for contract in framework.contracts}
    for api, checks in found.apis.items():
        assert [check.name for check in checks] == list(CHECKS)
        assert found.failure(api) is None, api
        unseen = [check.name for check in checks if check.state == "not observable"]
        assert not unseen or ".mint." in api, "only mint lacks its kernels on this device"
    assert Certificate.of(json.loads(json.dumps(found.record()))) == found


def part(*apis: str) -> Framework:
    """torch, as if it had these APIs alone."""
    return replace(frameworks()["torch"], contracts=tuple(contracts()[api] for api in apis))


def test_a_wrong_adapter_fails_and_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    target, right = target_of("torch"), connection.source_of

    def wrong(module: str) -> str:
        return right(module).replace("        getattr(layer, name).copy_(_raw(array, dtype))", "        pass")

    monkeypatch.setattr(connection, "source_of", wrong)
    monkeypatch.setattr(certify, "CHECKS", {"parameters": CHECKS["parameters"]})
    monkeypatch.setattr(certify, "_executed", lambda *_: {})  # which takes long, and is for another check
    found = certify.certify(target, part("torch.nn.Conv2d", "torch.nn.functional.conv2d"))
    assert "parameters: the bits of weight" in found.failure("torch.nn.Conv2d")
    assert found.failure("torch.nn.functional.conv2d") is None, "it needs no parameters to be set"


def test_an_adapter_that_ends_its_process_fails(monkeypatch: pytest.MonkeyPatch, fakes: Path) -> None:
    target = Target("fakeflow", "fakeflow", f"popen//python={sys.executable}//env:PYTHONPATH={fakes}")
    right, small = connection.source_of, {"in_channels": 2, "out_channels": 3, "kernel_size": 2}

    def asking(**change: Any) -> Callable[[Subject], str]:
        return lambda subject: str(
            subject.ask([{**call(subject.contract, small, numbered(subject.contract, small)).wire, **change}])
        )

    monkeypatch.setattr(
        connection, "source_of", lambda module: right(module).replace("    return layer(x)", "    os._exit(3)")
    )
    monkeypatch.setattr(certify, "CHECKS", {"forward": asking(), "construct": asking(arrays={})})
    found = certify.certify(target)
    states = {check.name: check.state for check in found.apis["fakeflow.Conv2d"]}
    assert states == {"forward": "failed", "construct": "passed"}, "a fresh worker answers the next check"


def test_a_target_that_cannot_be_started_has_no_certificate() -> None:
    with pytest.raises(TargetError):
        certify.certify(TARGET)
    certificates = Certificates(lambda target: GREETING, None, False)
    assert certificates.of(TARGET) is None
    certificates.start(TARGET)
    assert certificates.of(TARGET) is None


# Keeping


class Kept(dict[str, Any]):
    """A cache, as ``config.cache`` is."""

    def get(self, key: str, default: Any) -> Any:
        return json.loads(super().get(key, json.dumps(default)))

    def set(self, key: str, value: object) -> None:
        self[key] = json.dumps(value)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was certified; "torch.nn.Conv2d" fails on a target named so."""
    certified: list[str] = []

    def stub(target: Target) -> Certificate:
        certified.append(target.name)
        state = "failed" if target.name == "wrong" else "passed"
        return Certificate("", 1.0, {"torch.nn.Conv2d": (Check("layout", state, "why"),)})

    monkeypatch.setattr(certify, "certify", stub)
    return certified


def test_a_certificate_is_kept_until_something_changes(made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Kept()
    first = obtain(TARGET, GREETING, cache)
    assert obtain(TARGET, GREETING, cache) == first
    assert made == ["torch"]
    obtain(TARGET, GREETING, cache, force=True)
    assert len(made) == 2
    newer = Greeting("1.1", GREETING.environment, "", 1)
    python = Greeting("1.0", {"python": "3.12", "device": "cpu"}, "", 1)
    for greeting in (newer, python):
        obtain(TARGET, greeting, cache)
    assert len(made) == 4
    obtain(TARGET, python, cache)
    assert len(made) == 4
    right = certify.Path.read_bytes
    changed = lambda path: right(path) + b"#" if path.name == "judge.py" else right(path)  # noqa: E731
    monkeypatch.setattr(certify.Path, "read_bytes", changed)
    obtain(TARGET, python, cache)
    assert len(made) == 5
    assert len(obtain(TARGET, python, None).fingerprint) == 64


def test_a_failure_is_not_kept(made: list[str]) -> None:
    cache, wrong = Kept(), Target("wrong", "torch", "popen")
    for _ in range(2):
        assert obtain(wrong, GREETING, cache).failure("torch.nn.Conv2d") == "layout: why"
    assert len(made) == 2


def test_where_the_process_is_does_not_matter(made: list[str]) -> None:
    again = Greeting(GREETING.version, GREETING.environment, "/tmp/other", 2)
    assert certify.fingerprint(TARGET, GREETING) == certify.fingerprint(TARGET, again)


# In a run


def judged(name: str, certifies: Any, made: list[str], tmp_path: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The records of target and verdict of a case on a target."""
    this = run.Run(run.Settings(tmp_path, (f"{name}=/bin/sh//framework=torch",), certifies=certifies))
    contract = contracts()["torch.nn.Conv2d"]
    job = Job(Case("a.yaml", "b", 1, "conv2d", None, {}, None, Promise(), ""), contract, this.targets[0])
    this._audit = Stub()
    jobs = this.submit(job)
    jobs[0].verdict.set_result(certify_verdict())
    verdict, _, records = this.verdict(job, jobs, None)
    return records[0], verdict


def certify_verdict() -> Any:
    from conformance.case import Verdict

    return Verdict(Outcome.CONFORMS)


class Stub:
    """An audit of which every target has started."""

    def submit(self, job: Job) -> None:
        pass

    def greeting(self, target: Target) -> Greeting:
        return GREETING


def test_an_api_that_fails_is_not_audited_and_says_so(made: list[str], tmp_path: Any) -> None:
    target, verdict = judged("wrong", "auto", made, tmp_path)
    assert verdict["outcome"] == "fault"
    assert "not audited: torch.nn.Conv2d failed its certificate: layout: why" in verdict["observed"]
    assert target["certificate"]["apis"]["torch.nn.Conv2d"] == [{"name": "layout", "state": "failed", "detail": "why"}]


def test_an_api_that_passes_is_audited(made: list[str], tmp_path: Any) -> None:
    target, verdict = judged("right", "always", made, tmp_path)
    assert verdict["outcome"] == "conforms"
    assert target["certificate"]["apis"]["torch.nn.Conv2d"][0]["state"] == "passed"


def test_without_certificates_there_is_none(made: list[str], tmp_path: Any) -> None:
    target, verdict = judged("wrong", "never", made, tmp_path)
    assert verdict["outcome"] == "conforms"
    assert "certificate" not in target
    assert made == []
