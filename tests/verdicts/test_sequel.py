"""Verdicts on the last call of a layer that goes on: obeyed, ignored, refused, another layer, or simply wrong."""

from __future__ import annotations

from dataclasses import replace

from conformance.case import (
    Added,
    Adding,
    Again,
    Aspect,
    Assigned,
    Authority,
    Cast,
    Changed,
    Copied,
    Copying,
    Direction,
    Inputs,
    Kind,
    Outcome,
    Overtaken,
    Phase,
    Promise,
    Returned,
    Round,
    Ruling,
    Step,
    Threaded,
    Verdict,
)
from conformance.oracle.expectation import Expectation, Expected, expect
from tests.verdicts.trial import INPUT, Trial, change_first, raised, rejection


def follow(*steps: Step, inputs: Inputs = INPUT, **arguments: object) -> Trial:
    trial = Trial(inputs=inputs, **arguments)
    trial.case = replace(trial.case, then=steps)
    trial.expectation = expect(trial.case)
    return trial


def observe_stale(trial: Trial) -> dict[str, object]:
    """What is observed of a layer that ignores what was changed."""
    stale = trial.expectation.stale
    assert isinstance(stale, Expectation)
    assert stale.output is not None
    return {
        "output": trial.typed(stale.output),
        "gradients": {name: trial.typed(one) for name, one in stale.gradients.items()},
    }


def test_the_last_call_is_what_is_judged() -> None:
    trial = follow(Again(replace(INPUT, shape=(1, 2, 9, 9))), Cast("float64"))
    wide = {"output": replace(trial.conforming().output, dtype="float64")}  # type: ignore[type-var]
    gradients = {name: replace(one, dtype="float64") for name, one in trial.conforming().gradients.items()}
    assert trial.judge(**wide, gradients=gradients).outcome is Outcome.CONFORMS
    assert trial.judge().direction is Direction.OTHER_DTYPE


def test_an_attribute_that_is_obeyed_conforms() -> None:
    assert follow(Assigned({"padding": 1})).judge().outcome is Outcome.CONFORMS


def test_an_attribute_that_is_ignored_is_stale_and_no_failure() -> None:
    for trial in (follow(Assigned({"padding": 1})), follow(Assigned({"padding_mode": "circular"}), padding=1)):
        verdict = trial.judge(**observe_stale(trial))
        assert (verdict.outcome, verdict.direction) == (Outcome.DIFFERS, Direction.STALE)


def test_an_attribute_that_is_half_obeyed_is_no_layer() -> None:
    trial = follow(Assigned({"padding_mode": "circular"}), padding=1)
    verdict = trial.judge(gradients=observe_stale(trial)["gradients"])
    assert (verdict.outcome, verdict.authority, verdict.kind) == (
        Outcome.DIVERGES,
        Authority.MATHEMATICS,
        Kind.GRADIENT,
    )


def test_an_attribute_that_is_refused_is_a_difference() -> None:
    verdict = follow(Assigned({"padding": 1})).judge(**rejection(Phase.THEN))
    assert (verdict.outcome, verdict.direction, verdict.phase) == (Outcome.DIFFERS, Direction.STRICTER, Phase.THEN)


def test_a_wrong_value_of_a_copy_or_of_changed_numbers_is_wrong() -> None:
    for step in (Copied(Copying.CHECKPOINT), Copied(Copying.DEEPCOPY), Changed(("weight",))):
        trial = follow(step)
        verdict = trial.judge(output=change_first(trial.conforming().output))
        assert (verdict.outcome, verdict.authority) == (Outcome.DIVERGES, Authority.MATHEMATICS)


def race(trial: Trial, *rounds: Round) -> Verdict:
    return trial.judge(output=None, gradients={}, rounds=rounds)


def test_a_layer_that_is_right_in_every_round_conforms() -> None:
    trial = follow(Threaded(2), inputs=replace(INPUT, gradients=False))
    output = trial.conforming().output
    assert output is not None
    assert race(trial, Round(100, output)).outcome is Outcome.CONFORMS


def test_a_layer_that_is_wrong_in_some_rounds_is_unstable_and_told_with_how_often() -> None:
    trial = follow(Threaded(2), inputs=replace(INPUT, gradients=False))
    output = trial.conforming().output
    assert output is not None
    wrong = Round(3, change_first(output))
    refused = Round(2, raised=raised(Phase.FORWARD, "RuntimeError"))
    verdict = race(trial, Round(95, output), wrong, refused)
    assert (verdict.outcome, verdict.authority) == (Outcome.UNSTABLE, Authority.ROBUSTNESS)
    assert (verdict.subject, verdict.expected) == ("output", "right in 100 of 100 calls")
    assert verdict.observed.startswith("wrong in 5 of 100 calls")
    assert verdict.rests_on == "the same call gives the same answer"
    assert race(trial, wrong, Round(1, change_first(output, 2.0))).outcome is Outcome.UNSTABLE


def test_rounds_that_differ_within_their_bounds_are_all_right() -> None:
    trial = follow(Threaded(2), inputs=replace(INPUT, values="real", gradients=False))
    assert trial.expectation.output is not None
    near = Expected(trial.expectation.output.value + trial.expectation.output.bound / 4, None)
    verdict = race(trial, Round(50, trial.conforming().output), Round(50, trial.typed(near)))
    assert verdict.outcome is Outcome.CONFORMS


def test_what_is_refused_in_every_round_is_refused() -> None:
    trial = follow(Threaded(2), inputs=replace(INPUT, gradients=False))
    verdict = race(trial, Round(100, raised=raised(Phase.FORWARD, "RuntimeError")))
    assert (verdict.outcome, verdict.direction) == (Outcome.DIFFERS, Direction.STRICTER)


def test_what_is_printed_need_not_make_the_layer_again() -> None:
    trial = follow(Copied(Copying.REPR))
    verdict = trial.judge(output=change_first(trial.conforming().output))
    assert (verdict.outcome, verdict.direction) == (Outcome.DIFFERS, Direction.OTHER_LAYER)


def test_gradients_of_numbers_that_came_later_are_wrong_and_their_refusal_is_not() -> None:
    trial = follow(Overtaken(("weight",)))
    gradients = {name: change_first(one) for name, one in trial.conforming().gradients.items()}
    verdict = trial.judge(gradients=gradients)
    assert (verdict.outcome, verdict.kind, verdict.authority) == (
        Outcome.DIVERGES,
        Kind.GRADIENT,
        Authority.MATHEMATICS,
    )
    assert verdict.rests_on == "the gradients of conv2d are of the numbers that it was called with"
    for step in (Overtaken(("weight",)), Returned(False)):
        trial = follow(step)
        refused = {"raised": raised(Phase.BACKWARD, "RuntimeError"), "phase": Phase.BACKWARD, "gradients": {}}
        verdict = trial.judge(**refused)
        assert (verdict.outcome, verdict.expected) == (Outcome.CONFORMS, "right gradients, or a refusal")
        assert Aspect.GRADIENTS not in verdict.compared
        assert trial.judge(**refused, output=change_first(trial.conforming().output)).outcome is Outcome.DIVERGES
    verdict = follow(Returned(True)).judge(**refused)
    assert (verdict.outcome, verdict.direction) == (Outcome.DIFFERS, Direction.STRICTER)


def test_a_sum_of_gradients_makes_no_picture_of_one_call() -> None:
    trial = follow(Added(Adding.ACCUMULATED))
    for name, has_picture in (("weight", False), ("input", True)):
        gradients = trial.conforming().gradients
        verdict = trial.judge(gradients={**gradients, name: change_first(gradients[name])})
        assert verdict.subject == f"grad_{name}"
        assert (verdict.arrays is not None) == has_picture


def test_what_a_document_says_of_a_layer_that_goes_on_is_judged_by_it() -> None:
    trial = Trial(Promise(operation=True), INPUT).as_claim()
    trial.case = replace(trial.case, then=(Copied(Copying.CHECKPOINT),))
    trial.expectation = expect(trial.case)
    verdict = trial.judge()
    assert (verdict.outcome, verdict.ruling) == (Outcome.CONFORMS, Ruling.HOLDS)
    verdict = trial.judge(output=change_first(trial.conforming().output))
    assert (verdict.outcome, verdict.ruling) == (Outcome.DIVERGES, Ruling.IMPLEMENTATION_WRONG)
    assert verdict.authority is Authority.OWN_DOCUMENT
    verdict = trial.judge(**rejection(Phase.THEN))
    assert (verdict.outcome, verdict.ruling) == (Outcome.DIVERGES, Ruling.IMPLEMENTATION_WRONG)
