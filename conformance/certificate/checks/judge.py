"""The judge, on what the framework answers and on what lies beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from conformance.apis import NoEquivalent
from conformance.case import Case, Inputs, Observation, Outcome, Promise, TypedArray
from conformance.certificate.answers import output_of
from conformance.certificate.errors import CheckFailedError
from conformance.certificate.layers import input_shape
from conformance.certificate.subject import Subject
from conformance.oracle.expectation import Expectation, Expected, expect
from conformance.targets import protocol
from conformance.verdicts.judge import judge


def check_judge(subject: Subject) -> str:
    """Catches a judge that passes anything, or nothing: an oracle that is wrong, a bound too wide or too narrow."""
    for values in ("exact", "real"):
        check_judge_of(subject, values)
    return "exact and bounded"


def check_judge_of(subject: Subject, values: str) -> None:
    """What the framework answered conforms, and nothing that lies beside it."""
    contract = subject.contract
    layer = subject.find_layer()
    inputs = Inputs(input_shape(layer), values=values)
    case = Case("certificate", values, 1, contract.layer, None, layer, inputs, Promise(), "")
    expectation = expect(case)
    vendor = contract.to_vendor(layer, inputs)
    assert not isinstance(vendor, NoEquivalent)
    (answer,) = subject.answer([protocol.encode_call(case, contract, vendor, expectation, 0)])
    output_of(answer)
    verdict = judge(case, contract, expectation, answer)
    if verdict.outcome is not Outcome.CONFORMS:
        raise CheckFailedError(f"{values}: {verdict.outcome}, {verdict.subject}: {verdict.observed}")
    for name, changed in just_outside(expectation, answer):
        if judge(case, contract, expectation, changed).outcome is Outcome.CONFORMS:
            raise CheckFailedError(f"{values}: {name} beside its bound conforms")


def just_outside(expectation: Expectation, answer: Observation) -> Iterator[tuple[str, Observation]]:
    """The answer with one thing that is just outside of what is allowed, and the name of that."""
    assert expectation.output is not None
    assert answer.output is not None
    yield "output", replace(answer, output=move_outside(answer.output, expectation.output))
    if answer.gradients:
        gradient = move_outside(answer.gradients["input"], expectation.gradients["input"])
        yield "a gradient", replace(answer, gradients={**answer.gradients, "input": gradient})
        yield "no gradient", replace(answer, gradients={})
    yield "another dtype", replace(answer, output=replace(answer.output, dtype="float16"))


def move_outside(array: TypedArray, expected: Expected) -> TypedArray:
    """An array whose first element is half a bound beyond its bound, or the next number where that is further."""
    values = array.values.astype(np.float64)
    exact = float(expected.value.flat[0])
    bound = 0.0 if expected.bound is None else float(expected.bound.flat[0])
    next_number = float(np.nextafter(np.float32(exact), np.float32(np.inf)))
    values.flat[0] = max(exact + 1.5 * bound, next_number)
    return replace(array, values=values.astype(array.values.dtype))
