"""The last section on the terminal."""

from __future__ import annotations

import pytest

from conformance.case import Outcome, Verdict
from conformance.records.record import CaseRecord, Question, VerdictRecord
from conformance.summary import Summary


def summarize(wrong: str | None, *outcomes: Outcome, api: str | None = None) -> Summary:
    """One case, invalid where something is wrong, asked of as many APIs as there are outcomes."""
    summary = Summary()
    summary.add(CaseRecord("a.yaml::x", 1, "conv2d", api, {}, None, wrong is not None, "", None, wrong))
    for number, outcome in enumerate(outcomes):
        summary.add(VerdictRecord(Question("a.yaml::x", "target", f"api{number}"), Verdict(outcome)))
    return summary


@pytest.mark.parametrize("outcome", [Outcome.CONFORMS, Outcome.DIFFERS, Outcome.CRASHED])
def test_an_invalid_case_that_one_api_was_asked_is_not_listed(outcome: Outcome) -> None:
    assert summarize("stride", Outcome.NO_EQUIVALENT, outcome).list_never_asked() == []


def test_an_invalid_case_that_no_api_could_be_asked_is_listed() -> None:
    assert summarize("stride", Outcome.NO_EQUIVALENT, Outcome.UNAVAILABLE).list_never_asked() == ["a.yaml::x"]


def test_a_valid_case_without_an_equivalent_is_not() -> None:
    assert summarize(None, Outcome.NO_EQUIVALENT).list_never_asked() == []


def test_a_claims_case_is_asked_of_its_own_api_alone() -> None:
    assert summarize("stride", Outcome.UNAVAILABLE, api="api0").list_never_asked() == []


def test_two_targets_of_one_framework_have_rows_of_their_own() -> None:
    summary = Summary()
    for target, outcome in (("torch", Outcome.CONFORMS), ("torch@avx2", Outcome.CRASHED)):
        summary.add(VerdictRecord(Question("a.yaml::x", target, "torch.nn.Conv2d"), Verdict(outcome)))
    assert [line.split() for line in summary.lines()] == [
        ["conforms", "crashed"],
        ["torch.nn.Conv2d", "1"],
        ["torch.nn.Conv2d", "of", "torch@avx2", "1"],
    ]
