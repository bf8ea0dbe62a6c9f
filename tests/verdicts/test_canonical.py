"""Verdicts on canonical cases: every kind, and what ends a call early."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.apis import Layout
from conformance.case import Inputs, Kind, Outcome, Phase, Promise, Raised, TypedArray
from conformance.verdicts.judge import judge
from tests.verdicts.conftest import INPUT, Call, raised

REJECTED = Promise(raises=("ValueError",))


def changed(array: TypedArray, by: float = 1.0) -> TypedArray:
    values = array.values.copy()
    values.flat[0] += by
    return replace(array, values=values)


def test_an_agreeing_implementation_conforms_exactly() -> None:
    verdict = Call(inputs=INPUT).judge()
    assert (verdict.outcome, verdict.ratio, verdict.exact) == (Outcome.CONFORMS, 0.0, True)


def test_a_bounded_comparison_is_not_called_exact() -> None:
    call = Call(inputs=replace(INPUT, values="real"))
    verdict = call.judge()
    assert verdict.outcome is Outcome.CONFORMS
    assert not verdict.exact
    assert verdict.ratio is not None
    assert 0 < verdict.ratio < 1


def test_a_wrong_element_is_a_value() -> None:
    call = Call(inputs=INPUT)
    verdict = call.judge(output=changed(call.conforming().output))
    assert (verdict.outcome, verdict.kind, verdict.subject) == (Outcome.DIVERGES, Kind.VALUE, "output")
    assert verdict.arrays is not None
    assert verdict.worst.index == (0, 0, 0, 0)


@pytest.mark.parametrize("name", ["input", "weight", "bias"])
def test_a_wrong_gradient_names_its_operand(name: str) -> None:
    call = Call(inputs=INPUT)
    gradients = dict(call.conforming().gradients)
    wrong = {**gradients, name: changed(gradients[name])}
    absent = {key: value for key, value in gradients.items() if key != name}
    for found in (wrong, absent):
        verdict = call.judge(gradients=found)
        assert (verdict.kind, verdict.subject) == (Kind.GRADIENT, f"grad_{name}")


def test_a_value_comes_before_a_gradient() -> None:
    call = Call(inputs=INPUT)
    verdict = call.judge(output=changed(call.conforming().output), gradients={})
    assert verdict.kind is Kind.VALUE


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_another_dtype(dtype: str) -> None:
    call = Call(inputs=INPUT)
    verdict = call.judge(output=replace(call.conforming().output, dtype=dtype))
    assert (verdict.kind, verdict.expected, verdict.observed) == (Kind.DTYPE, "float32", dtype)


def test_another_output_shape() -> None:
    call = Call(inputs=INPUT)
    verdict = call.judge(output=TypedArray("float32", np.zeros((2, 3, 4, 3), np.float32)))
    assert (verdict.kind, verdict.subject) == (Kind.SHAPE, "output")


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"weight": ("float32", (3, 2, 2, 3))},
        {"weight": ("float32", (2, 3, 2, 3)), "bias": ("float32", (3,))},
        {"weight": ("float32", (3, 2, 2, 3)), "bias": ("float32", (1, 3, 1, 1))},
    ],
    ids=["none", "no bias", "weight", "bias"],
)
@pytest.mark.parametrize("inputs", [INPUT, None], ids=["run", "constructed"])
def test_other_parameters_are_a_shape(parameters: dict[str, Any], inputs: Inputs | None) -> None:
    verdict = Call(inputs=inputs).judge(parameters=parameters, output=None)
    assert (verdict.outcome, verdict.kind) == (Outcome.DIVERGES, Kind.SHAPE)
    assert verdict.subject in ("weight", "bias")


def test_a_bias_where_none_is_asked_for() -> None:
    call = Call(inputs=INPUT, bias=False)
    verdict = call.judge(parameters={**call.conforming().parameters, "bias": ("float32", (3,))})
    assert (verdict.kind, verdict.subject, verdict.expected) == (Kind.SHAPE, "bias", "absent")


@pytest.mark.parametrize("phase", [Phase.CONSTRUCT, Phase.PARAMETERS, Phase.FORWARD])
def test_a_valid_call_that_raises_is_wrongly_rejected(phase: Phase) -> None:
    parameters = {} if phase is Phase.CONSTRUCT else Call(inputs=INPUT).conforming().parameters
    verdict = Call(inputs=INPUT).judge(raised=raised(phase), output=None, phase=phase, parameters=parameters)
    assert (verdict.kind, verdict.subject) == (Kind.WRONGLY_REJECTED, "call")


def test_a_backward_that_raises_is_wrongly_rejected_after_its_output_was_compared() -> None:
    call = Call(inputs=INPUT)
    stopped = {"raised": raised(Phase.BACKWARD), "gradients": {}}
    assert call.judge(**stopped).subject == "gradients"
    assert call.judge(**stopped, output=changed(call.conforming().output)).kind is Kind.VALUE


def test_what_the_device_lacks_is_unavailable_and_never_conforms() -> None:
    lacking = {"raised": Raised(Phase.FORWARD, "RuntimeError", (), "unregistered"), "lacking": True, "output": None}
    verdict = Call(inputs=INPUT).judge(**lacking)
    assert (verdict.outcome, verdict.observed) == (Outcome.UNAVAILABLE, "unregistered")


def test_what_was_seen_before_the_device_lacked_the_rest_is_compared() -> None:
    call = Call(inputs=INPUT)
    lacking = {"raised": raised(Phase.BACKWARD), "lacking": True, "gradients": {}}
    assert call.judge(**lacking).outcome is Outcome.UNAVAILABLE
    assert call.judge(**lacking, output=changed(call.conforming().output)).kind is Kind.VALUE
    wrong = {"weight": ("float32", (1,)), "bias": ("float32", (3,))}
    assert call.judge(**lacking, parameters=wrong, output=None).kind is Kind.SHAPE


def test_no_answer_at_all_is_our_fault() -> None:
    assert Call(inputs=INPUT).judge(output=None).outcome is Outcome.FAULT


def test_an_invalid_call_conforms_when_it_raises_anything() -> None:
    call = Call(REJECTED, INPUT, stride=0)
    assert call.judge(raised=raised(Phase.CONSTRUCT, "RuntimeError"), phase=Phase.CONSTRUCT).outcome is Outcome.CONFORMS
    verdict = call.judge()
    assert (verdict.outcome, verdict.kind) == (Outcome.DIVERGES, Kind.WRONGLY_ACCEPTED)


def test_an_invalid_call_that_the_device_cannot_run_is_neither() -> None:
    call = Call(REJECTED, INPUT, stride=0)
    assert call.judge(raised=raised(Phase.FORWARD), lacking=True).outcome is Outcome.UNAVAILABLE


def test_a_spec_that_disagrees_with_the_oracle_is_a_fault() -> None:
    assert Call(inputs=INPUT, stride=0).judge().outcome is Outcome.FAULT
    assert Call(REJECTED, INPUT).judge(raised=raised(Phase.CONSTRUCT)).outcome is Outcome.FAULT
    wrong_class = Call(Promise(raises=("TypeError",)), INPUT, stride=0)
    assert wrong_class.judge(raised=raised(Phase.CONSTRUCT)).outcome is Outcome.FAULT


@pytest.mark.parametrize("alone", [True, False, None])
def test_a_process_that_ends_is_a_crash_with_its_last_words(alone: bool | None) -> None:
    verdict = Call(inputs=INPUT).judge(died="SIGSEGV", stderr="last words", alone=alone)
    assert (verdict.outcome, verdict.stderr) == (Outcome.CRASHED, "last words")
    assert "SIGSEGV" in verdict.observed
    assert ("not so alone" in verdict.observed) is (alone is False)
    assert Call(inputs=INPUT).judge(timed_out=True, alone=alone).outcome is Outcome.TIMED_OUT


def test_a_crash_is_no_rejection() -> None:
    assert Call(REJECTED, INPUT, stride=0).judge(died="SIGSEGV").outcome is Outcome.CRASHED


def test_the_observation_is_carried_over() -> None:
    error = raised(Phase.FORWARD)
    verdict = Call(inputs=INPUT).judge(raised=error, output=None, phase=Phase.FORWARD, seconds=2.0)
    assert (verdict.raised, verdict.phase, verdict.seconds) == (error, Phase.FORWARD, 2.0)


def test_pictures_are_of_small_divergences_alone() -> None:
    small, large = Call(inputs=INPUT), Call(inputs=Inputs((2, 2, 30, 30)))
    assert (
        small.judge(output=changed(small.conforming().output)).arrays["x"][0][0][0][0]
        == small.expectation.arrays.x.flat[0]
    )
    assert large.judge(output=changed(large.conforming().output)).arrays is None


@pytest.mark.parametrize("values", ["exact", "real"])
def test_pictures_hold_the_bound_of_each_element(values: str) -> None:
    call = Call(inputs=replace(INPUT, values=values))
    verdict = call.judge(output=changed(call.conforming().output))
    found = {name: np.asarray(array) for name, array in verdict.arrays.items()}
    assert set(found) == {"x", "weight", "bias", "expected", "observed", "bound"}
    bound = call.expectation.output.bound
    np.testing.assert_array_equal(found["bound"], np.zeros((2, 3, 4, 2)) if values == "exact" else bound)
    error = abs(found["observed"] - found["expected"])
    assert error.argmax() == 0
    assert (error > found["bound"]).sum() == 1
    if values == "real":
        assert verdict.ratio == pytest.approx((error / found["bound"]).max(), rel=1e-12)


def test_pictures_of_a_gradient_are_laid_out_as_the_oracle_lays_them_out() -> None:
    call = Call(inputs=replace(INPUT, values="real"))
    turned = replace(
        call.contract, weight=Layout(lambda array, _: array.swapaxes(0, 1), lambda array, _: array.swapaxes(0, 1))
    )
    gradients = dict(call.conforming().gradients)
    weight = changed(gradients["weight"])
    gradients["weight"] = replace(weight, values=weight.values.swapaxes(0, 1))
    parameters = {"weight": ("float32", (2, 3, 2, 3)), "bias": ("float32", (3,))}
    observed = call.conforming(gradients=gradients, parameters=parameters)
    verdict = judge(call.case, turned, call.expectation, observed)
    assert verdict.subject == "grad_weight"
    np.testing.assert_array_equal(np.float32(verdict.arrays["observed"]), weight.values)
    assert np.shape(verdict.arrays["bound"]) == np.shape(verdict.arrays["expected"]) == (3, 2, 2, 3)
    assert "grad_output" in verdict.arrays


def test_pictures_of_a_shape_have_no_bound() -> None:
    call = Call(inputs=INPUT)
    output = call.conforming().output
    verdict = call.judge(output=replace(output, values=output.values[:, :, 1:]))
    assert verdict.kind is Kind.SHAPE
    assert "bound" not in verdict.arrays
