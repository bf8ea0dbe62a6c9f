"""Where each outcome comes from, and what a verdict carries over from its observation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.case import Aspect, Authority, Kind, Outcome, Phase, Promise
from conformance.oracle.expectation import Expectation
from conformance.verdicts.evidence import Evidence
from conformance.verdicts.judge import judge
from tests.verdicts.trial import INPUT, LACKING, Trial, change_first, claim, raised, rejection

INVALID = Promise(raises=("ValueError",))


@pytest.mark.parametrize(
    ("trial", "changes", "outcome"),
    [
        pytest.param(Trial(inputs=INPUT), {}, Outcome.CONFORMS, id="as the oracle"),
        pytest.param(Trial(inputs=INPUT), {"gradients": {}}, Outcome.DIVERGES, id="no gradients"),
        pytest.param(Trial(inputs=INPUT), LACKING, Outcome.UNAVAILABLE, id="operation lacking"),
        pytest.param(Trial(inputs=INPUT), {"died": "SIGSEGV"}, Outcome.CRASHED, id="process dead"),
        pytest.param(Trial(inputs=INPUT), {"timed_out": True}, Outcome.TIMED_OUT, id="no answer in time"),
        pytest.param(Trial(inputs=INPUT), {"output": None}, Outcome.FAULT, id="an answer of nothing"),
        pytest.param(
            Trial(INVALID, INPUT, stride=0), {"died": "SIGSEGV"}, Outcome.CRASHED, id="a crash is no rejection"
        ),
        pytest.param(claim(operation=True), {"died": "SIGABRT"}, Outcome.CRASHED, id="a claim's process dead"),
        pytest.param(claim(operation=True), {"timed_out": True}, Outcome.TIMED_OUT, id="a claim without answer"),
    ],
)
def test_an_outcome(trial: Trial, changes: dict[str, object], outcome: Outcome) -> None:
    assert trial.judge(**changes).outcome is outcome


OVERDUE = Expectation(None, fault="the oracle needed longer than the 20 s that a case may take")


@pytest.mark.parametrize("trial", [Trial(inputs=INPUT), claim(operation=True)], ids=["canonical", "claim"])
def test_an_oracle_without_an_answer_is_a_fault_of_the_suite_in_its_own_words(trial: Trial) -> None:
    verdict = judge(trial.case, trial.contract, OVERDUE, trial.conforming())
    assert verdict.outcome is Outcome.FAULT
    assert verdict.observed == OVERDUE.fault


def test_a_crash_is_told_although_the_oracle_has_no_answer() -> None:
    trial = Trial(inputs=INPUT)
    assert judge(trial.case, trial.contract, OVERDUE, trial.conforming(died="SIGSEGV")).outcome is Outcome.CRASHED


def test_a_crash_has_no_ruling() -> None:
    assert claim(operation=True).judge(died="SIGABRT").ruling is None


@pytest.mark.parametrize("end", [{"died": "SIGSEGV"}, {"timed_out": True}], ids=["died", "timed out"])
@pytest.mark.parametrize(
    ("alone", "words"),
    [
        (True, "; so it does alone in a fresh process"),
        (False, "; not so alone in a fresh process"),
        (None, ""),
    ],
)
def test_the_end_of_a_process_says_whether_it_ends_alone(
    end: dict[str, object], alone: bool | None, words: str
) -> None:
    observed = Trial(inputs=INPUT).judge(**end, alone=alone).observed
    assert observed == Trial(inputs=INPUT).judge(**end).observed + words


def test_a_crash_names_the_signal_and_keeps_the_last_words() -> None:
    verdict = Trial(inputs=INPUT).judge(died="SIGSEGV", stderr="last words")
    assert verdict.observed == "the process ended: SIGSEGV"
    assert verdict.stderr == "last words"


@pytest.mark.parametrize("end", [{"died": "SIGSEGV"}, {"timed_out": True}], ids=["died", "timed out"])
def test_the_end_of_a_process_is_that_of_the_call_against_robustness(end: dict[str, object]) -> None:
    verdict = Trial(inputs=INPUT).judge(**end)
    assert (verdict.subject, verdict.authority) == ("call", Authority.ROBUSTNESS)
    assert verdict.rests_on == "a call returns or raises"


def test_a_time_out_counts_before_the_signal_that_ended_it() -> None:
    assert Trial(inputs=INPUT).judge(timed_out=True, died="SIGKILL").outcome is Outcome.TIMED_OUT


@pytest.mark.parametrize(
    ("message", "observed"),
    [
        ("unregistered", "unregistered"),
        ("\n  first\nsecond", "first"),
        ("", "the operation is lacking"),
        ("x" * 400, "x" * 300),
    ],
    ids=["one line", "blank line first", "none", "long"],
)
def test_what_is_lacking_is_told_in_the_messages_first_line(message: str, observed: str) -> None:
    error = replace(raised(Phase.FORWARD), message=message)
    assert Trial(inputs=INPUT).judge(**{**LACKING, "raised": error}).observed == observed


def test_what_is_lacking_without_an_exception_is_told_by_the_last_words() -> None:
    changes = {**LACKING, "raised": None, "stderr": "no such dtype"}
    assert Trial(inputs=INPUT).judge(**changes).observed == "no such dtype"


def test_the_observation_is_carried_over() -> None:
    error = raised(Phase.FORWARD)
    verdict = Trial(inputs=INPUT).judge(raised=error, output=None, phase=Phase.FORWARD, seconds=2.0)
    assert verdict.raised == error
    assert verdict.phase is Phase.FORWARD
    assert verdict.seconds == 2.0
    assert not verdict.accident


@pytest.mark.parametrize(
    "inference",
    [{"inferred": ("float32", (2, 3, 4, 2))}, {"inferred_rejection": True}],
    ids=["a shape", "a rejection"],
)
def test_a_verdict_from_inference_is_marked(inference: dict[str, object]) -> None:
    assert claim(shape=(2, 3, 4, 2)).judge(**LACKING, **inference).inferred


def test_a_verdict_from_a_run_is_not_marked_as_inferred() -> None:
    assert not claim(shape=(2, 3, 4, 2)).judge().inferred


@pytest.mark.parametrize("values", ["exact", "real"])
def test_exactness_is_that_of_the_arrays(values: str) -> None:
    trial = Trial(inputs=replace(INPUT, values=values))
    assert trial.judge().exact is (values == "exact")


def test_what_was_only_constructed_is_not_called_exact() -> None:
    verdict = Trial().judge()
    assert verdict.outcome is Outcome.CONFORMS
    assert verdict.ratio is None
    assert not verdict.exact


def test_a_refusal_is_called_exact_by_nobody() -> None:
    verdict = Trial(INVALID, INPUT, kernel_size=9).judge(**rejection(Phase.FORWARD))
    assert (verdict.outcome, verdict.exact) == (Outcome.CONFORMS, False)


def test_a_refusal_that_conforms_says_what_was_compared() -> None:
    verdict = Trial(INVALID, INPUT, stride=0).judge(**rejection(Phase.CONSTRUCT))
    assert (verdict.subject, verdict.expected) == ("call", "rejected")
    assert verdict.observed == "ValueError in construct: no"


def test_a_difference_says_what_was_compared() -> None:
    verdict = Trial(INVALID, INPUT, stride=0).judge(**rejection(Phase.CONSTRUCT, "RuntimeError"))
    assert (verdict.outcome, verdict.compared) == (Outcome.DIFFERS, (Aspect.CALL,))


def test_a_divergence_has_the_ratio_of_its_worst_element() -> None:
    trial = Trial(inputs=replace(INPUT, values="real"))
    verdict = trial.judge(output=change_first(trial.conforming().output))
    assert verdict.ratio == pytest.approx(1.0 / verdict.worst.bound, rel=1e-3)


def test_without_a_layer_there_is_one_group() -> None:
    trial = Trial(inputs=INPUT)
    expectation = replace(trial.expectation, canonical=None)
    assert Evidence(trial.case, trial.contract, expectation, trial.conforming()).groups == 1


def test_a_divergence_has_its_worst_element_and_its_picture() -> None:
    trial = Trial(inputs=INPUT)
    verdict = trial.judge(output=change_first(trial.conforming().output))
    assert verdict.kind is Kind.VALUE
    assert verdict.worst.index == (0, 0, 0, 0)
    assert verdict.arrays is not None


def test_an_expected_rejection_tells_how() -> None:
    verdict = Trial(INVALID, INPUT, stride=0).judge(**rejection(Phase.CONSTRUCT, "RuntimeError"))
    assert verdict.observed == "RuntimeError in construct: no"
