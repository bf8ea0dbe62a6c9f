"""Errors that are provoked, and what is said of them."""

from __future__ import annotations

from conformance.apis import Contract
from conformance.case import Observation, Phase
from conformance.certificate.answers import differing, results_of
from conformance.certificate.calls import Call, build_call
from conformance.certificate.errors import CheckFailedError
from conformance.certificate.layers import SMALL, make_arrays
from conformance.certificate.subject import Subject


def check_phases(subject: Subject) -> str:
    """Catches an error that is swallowed, blamed on another phase, on the next call, or on what the device lacks.

    An error is reported in the phase that caused it, and the valid call after it is as it was before.
    """
    contract = subject.contract
    valid = build_call(contract, SMALL, make_arrays(contract, SMALL, gradients=True))
    (before,) = subject.ask(valid)
    check_unblamed(before, before)
    provoked = wrong_calls(contract, valid)
    for phase, wrong in provoked:
        answer, after = subject.ask(wrong, valid)
        if phase is Phase.BACKWARD and before.lacking:
            continue
        check_reported(phase, answer, before)
        check_unblamed(after, before)
    return ", ".join(phase for phase, _ in provoked)


def wrong_calls(contract: Contract, valid: Call) -> list[tuple[Phase, Call]]:
    """Calls that err, and the phase in which each does."""
    # A functional API has nothing to construct: it meets its arguments when it is run.
    meets_arguments = Phase.FORWARD if contract.functional else Phase.CONSTRUCT
    other_channels = make_arrays(contract, {**SMALL, "in_channels": 5}).x
    wrong = [
        (meets_arguments, valid.with_vendor_arguments(no_such_argument=1)),
        (Phase.PARAMETERS, valid.with_unknown_dtype("weight")),
        (Phase.FORWARD, valid.with_array("x", other_channels)),
    ]
    if contract.gradients:
        wrong.append((Phase.BACKWARD, valid.with_unknown_dtype("grad_output")))
    return wrong


def check_reported(phase: Phase, answer: Observation, before: Observation) -> None:
    """An error is reported in the phase that it was provoked in."""
    if answer.raised is None:
        raise CheckFailedError(f"an error provoked in {phase} was not reported")
    if answer.raised.phase is not phase or answer.phase is not phase:
        raise CheckFailedError(f"an error provoked in {phase} was reported in {answer.raised.phase}")
    if answer.lacking and not before.lacking and phase in (Phase.CONSTRUCT, Phase.FORWARD):
        raise CheckFailedError(f"an error provoked in {phase} passes for what the device lacks")


def check_unblamed(after: Observation, before: Observation) -> None:
    """A valid call is as it was (where the device lacks its kernel, it says so and nothing else)."""
    if after.raised is not None and not after.lacking:
        raise CheckFailedError(f"a valid call raised {after.raised.cls} in {after.raised.phase}")
    if (after.output is None) != (before.output is None) or after.phase is not before.phase:
        raise CheckFailedError("a valid call after an error was not run as before it")
    if any(differing(results_of(after), results_of(before))):
        raise CheckFailedError("a valid call after an error gave another result")
