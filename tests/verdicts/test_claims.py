"""Claims: three voices. Each promise, each ruling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.case import Distribution, Inputs, Kind, Outcome, Phase, Promise, Raised, Ruling, TypedArray
from conformance.verdicts.comparison import Divergence
from conformance.verdicts.judge import rule
from tests.verdicts.conftest import INPUT, Call, raised
from tests.verdicts.test_canonical import changed

FOUND = Divergence(Kind.VALUE, "output", "", "")
LACKING = {"raised": Raised(Phase.FORWARD, "RuntimeError", (), "unregistered"), "lacking": True, "output": None}


@pytest.mark.parametrize(
    ("document", "oracle", "agree", "ruling"),
    [
        (True, True, True, Ruling.HOLDS),
        (True, None, False, Ruling.HOLDS),
        (True, False, False, Ruling.ORACLE_APART),
        (False, True, False, Ruling.DOCUMENT_WRONG),
        (False, False, True, Ruling.IMPLEMENTATION_WRONG),
        (False, False, False, Ruling.ALL_DIFFER),
        (False, None, False, Ruling.DOCUMENT_AND_IMPLEMENTATION_PART),
    ],
)
def test_which_voice_stands_apart(document: bool, oracle: bool | None, agree: bool, ruling: Ruling) -> None:
    found = rule(document, oracle, agree, FOUND)
    assert found.ruling is ruling
    assert (found.divergence is None) is document, "only what departs from the document is a divergence"


def claim(inputs: Inputs | None = INPUT, /, **promise: Any) -> Call:
    """A claim on the layer of `conftest.LAYER`; its output is (2, 3, 4, 2)."""
    arguments = promise.pop("arguments", {})
    return Call(Promise(**promise), inputs, **arguments).claimed()


def ruled(call: Call, **changes: Any) -> tuple[Outcome, Ruling | None, Kind | None]:
    verdict = call.judge(**changes)
    return verdict.outcome, verdict.ruling, verdict.kind


HOLDS = (Outcome.CONFORMS, Ruling.HOLDS, None)
NOT_SEEN = (Outcome.UNAVAILABLE, Ruling.NOT_OBSERVABLE, None)


def output(*shape: int) -> TypedArray:
    return TypedArray("float32", np.zeros(shape, np.float32))


def test_a_shape_of_three_voices() -> None:
    right, wrong = claim(shape=(2, 3, 4, 2)), claim(shape=(2, 3, 5, 4))
    assert ruled(right) == HOLDS
    assert ruled(right, output=output(9)) == (Outcome.DIVERGES, Ruling.IMPLEMENTATION_WRONG, Kind.SHAPE)
    assert ruled(wrong) == (Outcome.DIVERGES, Ruling.DOCUMENT_WRONG, Kind.SHAPE)
    assert ruled(wrong, output=output(2, 3, 5, 4)) == (Outcome.CONFORMS, Ruling.ORACLE_APART, None)
    assert ruled(wrong, output=output(9)) == (Outcome.DIVERGES, Ruling.ALL_DIFFER, Kind.SHAPE)


def test_a_shape_is_seen_although_the_gradients_fail() -> None:
    stopped = {"raised": raised(Phase.BACKWARD), "gradients": {}}
    assert ruled(claim(shape=(2, 3, 4, 2)), **stopped) == HOLDS
    assert ruled(claim(shape=(2, 3, 4, 2)), **stopped, lacking=True) == HOLDS
    assert ruled(claim(operation=True), **stopped) == (
        Outcome.DIVERGES, Ruling.IMPLEMENTATION_WRONG, Kind.WRONGLY_REJECTED,
    )  # fmt: skip
    assert ruled(claim(operation=True), **stopped, lacking=True) == NOT_SEEN


def test_an_inferred_shape_is_a_shape_and_marked_so() -> None:
    inferred = {**LACKING, "inferred": ("float32", (2, 3, 4, 2))}
    assert ruled(claim(shape=(2, 3, 4, 2), dtype="float32"), **inferred) == HOLDS
    assert claim(shape=(2, 3, 4, 2)).judge(**inferred).inferred
    wrong = {**LACKING, "inferred": ("float32", (2, 3, 4, 3))}
    assert ruled(claim(shape=(2, 3, 4, 2)), **wrong) == (Outcome.DIVERGES, Ruling.IMPLEMENTATION_WRONG, Kind.SHAPE)
    assert ruled(claim(shape=(2, 3, 4, 2), operation=True), **inferred) == NOT_SEEN, "no values were seen"
    assert ruled(claim(accepts=True), **inferred) == NOT_SEEN


@pytest.mark.parametrize(
    "promise", [{"shape": (2, 3, 4, 2)}, {"dtype": "float32"}, {"accepts": True}, {"operation": True}, {"same_as": {}}]
)
def test_what_the_device_lacks_is_not_observable(promise: dict[str, Any]) -> None:
    assert ruled(claim(**promise), **LACKING) == NOT_SEEN


def test_a_dtype_has_no_oracle() -> None:
    assert ruled(claim(dtype="float32")) == HOLDS
    assert ruled(claim(dtype="float64")) == (Outcome.DIVERGES, Ruling.DOCUMENT_AND_IMPLEMENTATION_PART, Kind.DTYPE)


def test_an_operation_is_the_oracles() -> None:
    call = claim(operation=True)
    assert ruled(call) == HOLDS
    assert call.judge().exact
    assert ruled(call, output=changed(call.conforming().output)) == (
        Outcome.DIVERGES, Ruling.IMPLEMENTATION_WRONG, Kind.VALUE,
    )  # fmt: skip
    assert ruled(call, gradients={}) == (Outcome.DIVERGES, Ruling.IMPLEMENTATION_WRONG, Kind.GRADIENT)


def test_a_bounded_claim_is_not_called_exact() -> None:
    call = claim(replace(INPUT, values="real"), operation=True)
    exactly = {"output": replace(call.conforming().output, values=call.expectation.output.value)}
    gradients = {n: TypedArray("float32", e.value) for n, e in call.expectation.gradients.items()}
    verdict = call.judge(**exactly, gradients=gradients)
    assert (verdict.outcome, verdict.ratio, verdict.exact) == (Outcome.CONFORMS, 0.0, False)


def test_an_operation_that_the_oracle_rejects_or_does_not_know_never_passes_for_compared() -> None:
    rejected = claim(operation=True, arguments={"stride": 0})
    assert rejected.expectation.raised is not None
    assert ruled(rejected, output=output(1)) == (Outcome.CONFORMS, Ruling.ORACLE_APART, None)
    unknown = claim(operation=True)
    unknown.expectation = replace(unknown.expectation, canonical=None, output=None, gradients={})
    assert unknown.judge(output=output(1)).outcome is Outcome.FAULT


def test_acceptance() -> None:
    stopped = {"raised": raised(Phase.CONSTRUCT), "phase": Phase.CONSTRUCT, "parameters": {}, "output": None}
    rejected = (Outcome.DIVERGES, Ruling.IMPLEMENTATION_WRONG, Kind.WRONGLY_REJECTED)
    assert ruled(claim(accepts=True)) == HOLDS
    assert ruled(claim(None, accepts=True)) == HOLDS
    for promise in ({"accepts": True}, {"shape": (2, 3, 4, 2)}, {"operation": True}, {"dtype": "float32"}):
        assert ruled(claim(**promise), **stopped) == rejected
    agrees_with_oracle = claim(accepts=True, arguments={"stride": 0})
    assert ruled(agrees_with_oracle, **stopped) == (Outcome.DIVERGES, Ruling.DOCUMENT_WRONG, Kind.WRONGLY_REJECTED)
    assert ruled(agrees_with_oracle, output=output(1)) == (Outcome.CONFORMS, Ruling.ORACLE_APART, None)


def test_a_documented_exception() -> None:
    call = claim(raises=("ValueError",), phase=Phase.CONSTRUCT, arguments={"stride": 0})

    def stopped(phase: Phase, *classes: str) -> dict[str, Any]:
        return {"raised": raised(phase, *classes), "phase": phase, "output": None}

    assert ruled(call, **stopped(Phase.CONSTRUCT)) == HOLDS
    assert ruled(call, **stopped(Phase.CONSTRUCT, "vendor.Special", "builtins.ValueError")) == HOLDS, "a subclass"
    assert ruled(call, **stopped(Phase.FORWARD)) == (
        Outcome.DIVERGES, Ruling.DOCUMENT_AND_IMPLEMENTATION_PART, Kind.ERROR_PHASE,
    )  # fmt: skip
    assert ruled(call, **stopped(Phase.CONSTRUCT, "RuntimeError")) == (
        Outcome.DIVERGES, Ruling.IMPLEMENTATION_WRONG, Kind.ERROR_CLASS,
    )  # fmt: skip
    assert ruled(call, output=output(1)) == (Outcome.DIVERGES, Ruling.IMPLEMENTATION_WRONG, Kind.WRONGLY_ACCEPTED)
    accepted = (Outcome.DIVERGES, Ruling.IMPLEMENTATION_WRONG, Kind.WRONGLY_ACCEPTED)
    assert ruled(call, **LACKING) == accepted, "it was constructed, whatever came then"
    in_its_own_time = claim(raises=("ValueError",), arguments={"stride": 0})
    assert ruled(in_its_own_time, **LACKING) == NOT_SEEN, "the check may stand in the kernel that is lacking"
    assert ruled(in_its_own_time, **LACKING, inferred=("float32", (1,))) == accepted


def test_what_the_mathematics_leaves_open_is_between_document_and_implementation() -> None:
    part = Ruling.DOCUMENT_AND_IMPLEMENTATION_PART
    stopped = {"raised": raised(Phase.CONSTRUCT, "TypeError"), "phase": Phase.CONSTRUCT, "output": None}
    four = claim(accepts=True, arguments={"stride": (1, 1, 2, 2)})  # a notation that the oracle does not share
    assert ruled(four, output=output(1)) == HOLDS
    assert ruled(four, **stopped) == (Outcome.DIVERGES, part, Kind.WRONGLY_REJECTED)
    a_list = claim(raises=("TypeError",), arguments={"stride": [1, 2]})  # which the oracle takes
    assert ruled(a_list, **stopped) == HOLDS
    assert ruled(a_list) == (Outcome.DIVERGES, part, Kind.WRONGLY_ACCEPTED)
    strided = claim(raises=("ValueError",), arguments={"padding": "same", "stride": 2})
    assert ruled(strided, raised=raised(Phase.CONSTRUCT), output=None) == HOLDS
    assert ruled(strided) == (Outcome.DIVERGES, part, Kind.WRONGLY_ACCEPTED)
    ordered = claim(shape=(2, 3, 4, 2))
    ordered.case = replace(ordered.case, positional=("in_channels",))
    assert ruled(ordered, output=output(9)) == (Outcome.DIVERGES, part, Kind.SHAPE)


def test_a_parameter_that_is_only_promised_to_be_there() -> None:
    assert ruled(claim(None, parameters={"bias": (None, None)})) == HOLDS


def test_a_documented_exception_against_the_oracle() -> None:
    valid = claim(raises=("ValueError",))
    assert ruled(valid) == (Outcome.DIVERGES, Ruling.DOCUMENT_WRONG, Kind.WRONGLY_ACCEPTED)
    assert ruled(valid, raised=raised(Phase.FORWARD), output=None) == (Outcome.CONFORMS, Ruling.ORACLE_APART, None)
    other = claim(raises=("TypeError",), arguments={"stride": 0})  # the oracle raises ValueError
    error = {"raised": raised(Phase.CONSTRUCT), "output": None}
    assert ruled(other, **error) == (Outcome.DIVERGES, Ruling.DOCUMENT_WRONG, Kind.ERROR_CLASS)
    error = {"raised": raised(Phase.CONSTRUCT, "KeyError", "LookupError"), "output": None}
    assert ruled(other, **error) == (Outcome.DIVERGES, Ruling.ALL_DIFFER, Kind.ERROR_CLASS)


def test_defaults() -> None:
    call = claim(None, defaults={"stride": 1, "padding_mode": "zeros", "axes": (1, 2)})
    right = {"stride": "1", "padding_mode": "'zeros'", "axes": "(1, 2)"}
    assert ruled(call, defaults=right) == HOLDS
    for wrong in ({**right, "stride": "2"}, {**right, "stride": "True"}, {k: right[k] for k in ("stride", "axes")}):
        assert ruled(call, defaults=wrong) == (
            Outcome.DIVERGES, Ruling.DOCUMENT_AND_IMPLEMENTATION_PART, Kind.DEFAULT,
        )  # fmt: skip
    assert ruled(call, raised=raised(Phase.CONSTRUCT)) == NOT_SEEN, "a built-in function may have no signature"


def test_documented_parameters() -> None:
    weight = {"parameters": {"weight": ((3, 2, 2, 3), "float32"), "bias": None}, "arguments": {"bias": False}}
    assert ruled(claim(None, **weight)) == HOLDS
    shapes = {"weight": ("float32", (3, 2, 2, 3))}
    extra = {"parameters": {**shapes, "bias": ("float32", (3,))}}
    assert ruled(claim(None, **weight), **extra) == (Outcome.DIVERGES, Ruling.IMPLEMENTATION_WRONG, Kind.SHAPE)
    transposed = {"parameters": {"weight": ("float32", (2, 3, 2, 3))}}
    assert ruled(claim(None, **weight), **transposed) == (Outcome.DIVERGES, Ruling.IMPLEMENTATION_WRONG, Kind.SHAPE)
    double = {"parameters": {"weight": ("float64", (3, 2, 2, 3))}}
    assert ruled(claim(None, **weight), **double)[1:] == (Ruling.DOCUMENT_AND_IMPLEMENTATION_PART, Kind.DTYPE)
    wrong = claim(None, parameters={"weight": ((1, 2), None)})
    assert ruled(wrong)[1:] == (Ruling.DOCUMENT_WRONG, Kind.SHAPE)
    absent = claim(None, parameters={"bias": None})
    assert ruled(absent)[1:] == (Ruling.DOCUMENT_WRONG, Kind.SHAPE)


def test_the_same_output() -> None:
    call = claim(same_as={})
    same = call.conforming().output
    assert ruled(call, other=same) == HOLDS
    nan = TypedArray("float32", np.array([np.nan, 1.0], np.float32))
    assert ruled(call, output=nan, other=nan) == HOLDS
    part = (Outcome.DIVERGES, Ruling.DOCUMENT_AND_IMPLEMENTATION_PART, Kind.VALUE)
    assert ruled(call, other=changed(same)) == part
    assert ruled(call, other=replace(same, dtype="float64")) == part
    rejected = (Outcome.DIVERGES, Ruling.IMPLEMENTATION_WRONG, Kind.WRONGLY_REJECTED)
    assert ruled(call, raised=raised(Phase.CONSTRUCT)) == rejected


def test_a_distribution_of_a_parameter() -> None:
    call = claim(None, distribution=Distribution("weight", "uniform", (-1.0, 1.0)))
    drawn = np.random.default_rng(0).uniform(-1, 1, 500)
    assert ruled(call, values={"weight": TypedArray("float32", drawn)}) == HOLDS
    part = (Outcome.DIVERGES, Ruling.DOCUMENT_AND_IMPLEMENTATION_PART, Kind.DISTRIBUTION)
    assert ruled(call, values={"weight": TypedArray("float32", drawn * 2)}) == part
    assert ruled(call) == part, "absent"


def test_the_first_promise_that_is_not_kept_decides() -> None:
    verdict = claim(shape=(1,), dtype="float64", operation=True).judge()
    assert (verdict.kind, verdict.subject) == (Kind.SHAPE, "output")


def test_a_claim_of_which_nothing_was_seen_never_holds() -> None:
    for promise in ({"shape": (2, 3, 4, 2)}, {"dtype": "float32"}, {"operation": True}):
        assert claim(**promise).judge(output=None).outcome is Outcome.FAULT
    verdict = claim(shape=(2, 3, 4, 2)).judge(output=None, parameters={"weight": ("float32", (1,))})
    assert (verdict.outcome, verdict.ruling, verdict.subject) == (Outcome.DIVERGES, Ruling.DOCUMENT_SILENT, "bias")


def test_a_crash_is_no_ruling() -> None:
    verdict = claim(operation=True).judge(died="SIGABRT")
    assert (verdict.outcome, verdict.ruling) == (Outcome.CRASHED, None)
