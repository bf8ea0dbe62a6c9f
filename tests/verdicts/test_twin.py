"""The refusal of an invalid call tells something only where its valid twin is taken."""

from __future__ import annotations

import pytest

from conformance.case import Direction, Kind, Outcome, Phase, Raised, Ruling, Verdict
from conformance.verdicts.twin import qualify
from tests.verdicts.trial import raised

CONFORMING = Verdict(Outcome.CONFORMS, subject="call", phase=Phase.FORWARD, raised=raised(Phase.FORWARD))


def refused(phase: Phase) -> Verdict:
    return Verdict(Outcome.DIFFERS, phase=phase, raised=raised(phase), direction=Direction.STRICTER)


def test_a_refusal_counts_where_the_twin_is_taken() -> None:
    assert qualify(CONFORMING, Verdict(Outcome.CONFORMS), "stride") is CONFORMING


def test_a_refusal_counts_where_the_twin_is_the_wrong_operation() -> None:
    assert qualify(CONFORMING, Verdict(Outcome.DIVERGES, kind=Kind.VALUE), "stride") is CONFORMING


@pytest.mark.parametrize("phase", [Phase.CONSTRUCT, Phase.FORWARD])
def test_a_refusal_for_another_reason_was_not_asked(phase: Phase) -> None:
    qualified = qualify(CONFORMING, refused(phase), "groups")
    assert qualified.outcome is Outcome.NO_EQUIVALENT
    assert qualified.observed == f"with groups mended the call is refused as well: ValueError in {phase}: no"


def test_a_refusal_counts_where_the_twin_came_further() -> None:
    """A device that lacks the kernel still checks what it constructs."""
    in_construction = Verdict(Outcome.CONFORMS, phase=Phase.CONSTRUCT, raised=raised(Phase.CONSTRUCT))
    twin = Verdict(Outcome.UNAVAILABLE, phase=Phase.FORWARD, raised=raised(Phase.FORWARD))
    assert qualify(in_construction, twin, "stride") is in_construction


def test_an_invalid_call_whose_twin_has_no_equivalent_has_none() -> None:
    twin = Verdict(Outcome.NO_EQUIVALENT, observed="padding is the same on opposite sides")
    assert qualify(CONFORMING, twin, "padding").outcome is Outcome.NO_EQUIVALENT


def test_an_acceptance_counts_only_where_the_twin_is_taken() -> None:
    accepted = Verdict(Outcome.DIFFERS, phase=Phase.FORWARD, direction=Direction.MORE_PERMISSIVE)
    assert qualify(accepted, refused(Phase.CONSTRUCT), "bias").outcome is Outcome.NO_EQUIVALENT


def test_an_acceptance_is_as_little_asked_where_the_device_lacks_the_twin() -> None:
    lacking = Verdict(Outcome.UNAVAILABLE, phase=Phase.FORWARD, raised=raised(Phase.FORWARD))
    accepted = Verdict(Outcome.DIFFERS, phase=Phase.FORWARD, direction=Direction.MORE_PERMISSIVE)
    assert qualify(accepted, lacking, "bias").outcome is Outcome.NO_EQUIVALENT


@pytest.mark.parametrize(("outcome", "counts"), [(Outcome.CONFORMS, True), (Outcome.DIFFERS, False)])
def test_a_refusal_counts_where_the_twin_is_inferred_and_not_where_that_refuses_it(
    outcome: Outcome, counts: bool
) -> None:
    """Both have raised: that the device lacks the kernel, or what the inference refused."""
    twin = Verdict(outcome, phase=Phase.FORWARD, raised=raised(Phase.FORWARD), inferred=True)
    verdict = Verdict(Outcome.CONFORMS, phase=Phase.FORWARD, raised=raised(Phase.FORWARD))
    assert (qualify(verdict, twin, "padding") is verdict) is counts


def test_a_refusal_counts_where_the_twin_is_refused_later() -> None:
    in_construction = Verdict(Outcome.CONFORMS, phase=Phase.CONSTRUCT, raised=raised(Phase.CONSTRUCT))
    assert qualify(in_construction, refused(Phase.FORWARD), "stride") is in_construction


def test_it_counts_where_the_exception_was_raised() -> None:
    """The device's shape inference refuses later than the call was refused."""
    verdict = Verdict(Outcome.CONFORMS, phase=Phase.FORWARD, raised=raised(Phase.CONSTRUCT))
    assert qualify(verdict, refused(Phase.FORWARD), "stride") is verdict


def test_a_verdict_of_no_phase_is_qualified_too() -> None:
    verdict = Verdict(Outcome.DIFFERS, direction=Direction.MORE_PERMISSIVE)
    assert qualify(verdict, refused(Phase.CONSTRUCT), "stride").outcome is Outcome.NO_EQUIVALENT


@pytest.mark.parametrize("outcome", [Outcome.CRASHED, Outcome.TIMED_OUT])
def test_a_twin_without_an_answer_asks_nothing(outcome: Outcome) -> None:
    qualified = qualify(CONFORMING, Verdict(outcome, observed="SIGSEGV"), "stride")
    assert qualified.outcome is Outcome.NO_EQUIVALENT
    assert qualified.observed == "with stride mended the call gives no answer either: SIGSEGV"


def test_what_was_not_asked_keeps_phase_and_time_and_has_no_ruling_without_a_document() -> None:
    verdict = Verdict(Outcome.CONFORMS, phase=Phase.FORWARD, raised=raised(Phase.FORWARD), seconds=2.0)
    qualified = qualify(verdict, refused(Phase.CONSTRUCT), "stride")
    assert (qualified.phase, qualified.seconds, qualified.ruling) == (Phase.FORWARD, 2.0, None)


@pytest.mark.parametrize("outcome", [Outcome.CRASHED, Outcome.TIMED_OUT, Outcome.FAULT, Outcome.UNAVAILABLE])
def test_no_twin_changes_what_was_not_refused_by_a_check(outcome: Outcome) -> None:
    verdict = Verdict(outcome)
    assert qualify(verdict, refused(Phase.CONSTRUCT), "stride") is verdict


def test_a_refusal_counts_where_the_twin_is_only_unavailable() -> None:
    """A check of the argument comes before the device says that it lacks the kernel."""
    lacking = Raised(Phase.FORWARD, "RuntimeError", ("Exception",), "The kernel Conv2DExt unregistered.")
    twin = Verdict(Outcome.UNAVAILABLE, phase=Phase.FORWARD, raised=lacking)
    assert qualify(CONFORMING, twin, "stride") is CONFORMING


def test_a_refused_dtype_is_no_check_of_the_argument() -> None:
    lacking = Raised(Phase.FORWARD, "RuntimeError", ("Exception",), "not implemented for 'BFloat16'")
    both = Verdict(Outcome.CONFORMS, phase=Phase.FORWARD, raised=lacking)
    twin = Verdict(Outcome.UNAVAILABLE, phase=Phase.FORWARD, raised=lacking)
    assert qualify(both, twin, "dtype").outcome is Outcome.NO_EQUIVALENT


@pytest.mark.parametrize("outcome", [Outcome.CONFORMS, Outcome.DIVERGES])
def test_a_documents_exception_is_not_observable_where_the_twin_is_refused_as_well(outcome: Outcome) -> None:
    claimed = Verdict(outcome, phase=Phase.FORWARD, raised=raised(Phase.FORWARD), ruling=Ruling.HOLDS)
    qualified = qualify(claimed, refused(Phase.FORWARD), "groups")
    assert (qualified.outcome, qualified.ruling) == (Outcome.NO_EQUIVALENT, Ruling.NOT_OBSERVABLE)
