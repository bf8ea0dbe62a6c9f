"""An invalid call beside its valid twin, which differs from it in the wrong argument alone.

A refusal tells something about the wrong argument only where the twin is not refused as well, at the same place or
before: it is refused for another reason.
"""

from __future__ import annotations

from conformance.case import Outcome, Phase, Ruling, Verdict
from conformance.verdicts.refusals import refuses_dtype
from conformance.verdicts.sentences import describe_exception

PHASES = tuple(Phase)
# Outcomes of which a twin changes nothing.
SETTLED = frozenset({Outcome.CRASHED, Outcome.TIMED_OUT, Outcome.FAULT, Outcome.NO_EQUIVALENT, Outcome.UNAVAILABLE})


def qualify(verdict: Verdict, twin: Verdict, wrong: str) -> Verdict:
    """The verdict on an invalid call, given that on its twin.

    Args:
        wrong: the argument in which they differ.
    """
    if verdict.outcome in SETTLED:
        return verdict
    reason = explain_unasked(verdict, twin, wrong)
    if reason is None:
        return verdict
    ruling = None if verdict.ruling is None else Ruling.NOT_OBSERVABLE
    return Verdict(Outcome.NO_EQUIVALENT, observed=reason, phase=verdict.phase, ruling=ruling, seconds=verdict.seconds)


def explain_unasked(verdict: Verdict, twin: Verdict, wrong: str) -> str | None:
    """Why the invalid call does not show what the API does about the wrong argument; None where it does."""
    if twin.outcome is Outcome.NO_EQUIVALENT:
        return f"with {wrong} mended the call has no equivalent either: {twin.observed}"
    if twin.outcome in (Outcome.CRASHED, Outcome.TIMED_OUT):
        return f"with {wrong} mended the call gives no answer either: {twin.observed}"
    refusal = twin.raised
    if refusal is None or (twin.inferred and twin.outcome is Outcome.CONFORMS):
        return None  # what the device lacks may have been inferred all the same
    if twin.outcome is Outcome.UNAVAILABLE and verdict.raised is not None and not refuses_dtype(verdict.raised):
        return None  # refused before the device could say what it lacks
    refused_in = verdict.raised.phase if verdict.raised is not None else verdict.phase
    if refused_in is not None and PHASES.index(refusal.phase) > PHASES.index(refused_in):
        return None  # the twin came further
    return f"with {wrong} mended the call is refused as well: {describe_exception(refusal)}"
