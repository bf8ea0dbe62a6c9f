"""A search sets aside what a call does, and not what a busy machine does to it: here a limit too short for slow calls."""

from __future__ import annotations

import pytest

from conformance.apis import contracts
from conformance.audit import Audit
from conformance.cases import spec
from conformance.explore.domain import describe_domain
from conformance.explore.novelty import Known
from conformance.explore.search import Question, Search
from conformance.explore.sources import Sources
from conformance.targets.command_line import parse
from tests.fakes.suite import Suite

pytest_plugins = ("pytester",)

LIMIT = 0.1  # seconds for a call; a slow one takes three times as many
PATIENCE = 3.0  # for one that is asked again


def search_in(suite: Suite, seconds: float = 0.5) -> Search:
    target = parse(suite.interpreter, suite.folder)
    contract = contracts()["fakeflow.Conv2d"]
    cases = spec.load(suite.kernel_spec, "conv2d/kernel.yaml").cases
    sources = Sources(describe_domain("conv2d", cases), {}, {contract.api: contract})
    audit = Audit([target], PATIENCE)
    try:
        search = Search(audit, [Question(target, contract)], {"conv2d": sources}, Known(), 1, LIMIT)
        search.run(seconds, lambda search: None)
        return search
    finally:
        audit.close()


def test_a_call_that_is_answered_when_it_is_asked_again_is_no_finding(suite: Suite) -> None:
    suite.behave(k3="slow")
    search = search_in(suite)
    assert search.clusters == []
    assert search.progress.recovered > 0
    assert "late calls were answered when asked again" in search.progress.describe(0)


def test_a_call_that_is_not_answered_in_peace_either_is_found(suite: Suite) -> None:
    suite.behave(k3="endless")
    (cluster,) = search_in(suite).clusters
    assert cluster.case.arguments["kernel_size"] == 3
    assert cluster.verdict.observed.startswith(f"no answer in {PATIENCE:g} s")


def test_what_is_found_is_not_shrunk_to_a_call_that_is_only_slow(suite: Suite) -> None:
    suite.behave(k2="slow", k3="endless")
    (cluster,) = search_in(suite).clusters
    assert cluster.case.arguments["kernel_size"] == 3


@pytest.mark.parametrize("act", ["wrong", "sigfpe"])
def test_what_does_not_depend_on_time_is_asked_once(act: str, suite: Suite) -> None:
    suite.behave(k3=act)
    search = search_in(suite)
    assert len(search.clusters) == 1
    assert search.progress.recovered == 0
