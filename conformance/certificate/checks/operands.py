"""The same layer on other operands, and on the same again."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.apis import Contract
from conformance.case import Inputs, Observation
from conformance.case.values import Arguments
from conformance.certificate.calls import Call
from conformance.certificate.errors import CheckFailedError
from conformance.certificate.exact import build_exact_call, check_right, exchange, is_right
from conformance.certificate.layers import input_shape
from conformance.certificate.subject import Subject

OPERANDS = ("x", "weight", "bias", "grad_output")


def check_operands(subject: Subject) -> str:
    """Catches results that are kept: for a call of which one operand is another, or for the same call again.

    Every operand is exchanged by itself, and the answer is the oracle's. The last call is one that was made before:
    it calls into the framework as often as it did then.
    """
    contract = subject.contract
    layer = find_right_layer(subject)
    inputs = Inputs(input_shape(layer), contract.dtype)
    first = build_exact_call(contract, layer, inputs, "first")
    other = build_exact_call(contract, layer, inputs, "other")
    calls = [first, *exchanged(contract, first, other), first, other, first]
    answers = subject.ask(*(call.with_witness() for call in calls))
    for call, answer in zip(calls, answers, strict=True):
        check_right(contract, call, answer)
    check_same_work(answers[-2], answers[-1], subject)
    return "each operand, and the same again"


def find_right_layer(subject: Subject) -> Arguments:
    """The usual layer; in a mode that has its bias wrong, which is a finding of the mode's, the same without."""
    layer = subject.find_layer()
    call = build_exact_call(subject.contract, layer, Inputs(input_shape(layer), subject.contract.dtype), "first")
    (answer,) = subject.ask(call)
    return layer if not subject.in_mode or is_right(subject.contract, call, answer) else {**layer, "bias": False}


def exchanged(contract: Contract, first: Call, other: Call) -> Iterator[Call]:
    """The first call with each operand of the other one in turn."""
    there = other.expectation.arrays
    assert there is not None
    for name in OPERANDS:
        if getattr(there, name) is not None:
            yield exchange(contract, first, **{name: getattr(there, name)})


def check_same_work(new: Observation, again: Observation, subject: Subject) -> None:
    """A call that was made before enters the API as often as one that was not, and the framework to go backward.

    In a mode at least half as often: an exporter keeps some of its own work, of a hundred thousand calls.
    """
    once = count_calls(new, "forward")
    twice = count_calls(again, "forward")
    if once == 0 or (2 * twice < once if subject.in_mode else twice != once):
        raise CheckFailedError(f"{twice} calls in forward of a call that was made before, {once} of a new one")
    if subject.contract.gradients and count_calls(again, "backward") == 0:
        raise CheckFailedError("no calls in backward of a call that was made before")


def count_calls(answer: Observation, phase: str) -> int:
    counted = answer.values.get(f"calls in {phase}")
    if counted is None:
        raise CheckFailedError(f"calls in {phase} were not counted")
    return int(counted.values)
