"""The arrays that a divergence keeps: small, in the oracle's layout, with the bound of each element."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.apis import Layout
from conformance.case import Divergence, Inputs, Kind, Worst
from conformance.oracle.expectation import Expectation
from conformance.verdicts.evidence import Evidence
from conformance.verdicts.judge import judge
from conformance.verdicts.picture import MAX_ELEMENTS, convert_numbers, convert_small_arrays, take
from tests.verdicts.trial import INPUT, Trial, change_first, zeros


def test_a_picture_shows_what_the_layer_was_given() -> None:
    trial = Trial(inputs=INPUT)
    verdict = trial.judge(output=change_first(trial.conforming().output))
    np.testing.assert_array_equal(verdict.arrays["x"], trial.expectation.arrays.x)


def test_a_large_divergence_has_no_picture() -> None:
    trial = Trial(inputs=Inputs((2, 2, 30, 30)))
    assert trial.judge(output=change_first(trial.conforming().output)).arrays is None


def test_a_call_without_output_has_no_picture() -> None:
    assert Trial(inputs=INPUT).judge(parameters={}, output=None).arrays is None


@pytest.mark.parametrize("values", ["exact", "real"])
def test_a_picture_of_values_holds_the_bound_of_each_element(values: str) -> None:
    trial = Trial(inputs=replace(INPUT, values=values))
    verdict = trial.judge(output=change_first(trial.conforming().output))
    arrays = {name: np.asarray(array) for name, array in verdict.arrays.items()}
    assert arrays.keys() == {"x", "weight", "bias", "expected", "observed", "bound"}
    bound = trial.expectation.output.bound
    np.testing.assert_array_equal(arrays["bound"], np.zeros((2, 3, 4, 2)) if bound is None else bound)
    error = abs(arrays["observed"] - arrays["expected"])
    assert error.argmax() == 0
    assert (error > arrays["bound"]).sum() == 1


def test_the_ratio_can_be_read_off_the_picture() -> None:
    trial = Trial(inputs=replace(INPUT, values="real"))
    verdict = trial.judge(output=change_first(trial.conforming().output))
    arrays = {name: np.asarray(array) for name, array in verdict.arrays.items()}
    ratios = abs(arrays["observed"] - arrays["expected"]) / arrays["bound"]
    assert verdict.ratio == pytest.approx(ratios.max(), rel=1e-12)


TURNED = Layout(lambda array, groups: array.swapaxes(0, 1), lambda array, groups: array.swapaxes(0, 1))


def test_a_gradient_is_laid_out_as_the_oracle_lays_it_out() -> None:
    trial = Trial(inputs=replace(INPUT, values="real"))
    gradients = dict(trial.conforming().gradients)
    wrong = change_first(gradients["weight"])
    gradients["weight"] = replace(wrong, values=wrong.values.swapaxes(0, 1))
    parameters = {"weight": ("float32", (2, 3, 2, 3)), "bias": ("float32", (3,))}
    observation = trial.conforming(gradients=gradients, parameters=parameters)
    verdict = judge(trial.case, replace(trial.contract, weight=TURNED), trial.expectation, observation)
    assert verdict.subject == "grad_weight"
    np.testing.assert_array_equal(np.float32(verdict.arrays["observed"]), wrong.values)
    assert np.shape(verdict.arrays["bound"]) == np.shape(verdict.arrays["expected"]) == (3, 2, 2, 3)
    assert "grad_output" in verdict.arrays


def test_a_picture_of_a_shape_has_no_bound() -> None:
    trial = Trial(inputs=INPUT)
    output = trial.conforming().output
    verdict = trial.judge(output=replace(output, values=output.values[:, :, 1:]))
    assert verdict.kind is Kind.SHAPE
    assert "bound" not in verdict.arrays


# Of evidence that lacks something

WRONG = Divergence(Kind.GRADIENT, "grad_weight", "", "", 2.0, Worst((0, 0, 0, 0), 1.0, 2.0, 0.5))


def evidence_of(expectation: Expectation | None = None, **changes: Any) -> Evidence:
    """A call that conforms but for these changes, with what another oracle may expect of it."""
    trial = Trial(inputs=replace(INPUT, values="real"))
    return Evidence(trial.case, trial.contract, expectation or trial.expectation, trial.conforming(**changes))


def test_a_layer_without_a_weight_has_no_picture() -> None:
    expectation = Trial(inputs=INPUT).expectation
    assert expectation.arrays is not None
    without = replace(expectation, arrays=replace(expectation.arrays, weight=None))
    assert take(evidence_of(without), replace(WRONG, subject="output")) is None


def test_a_gradient_that_nobody_expects_has_no_picture() -> None:
    expectation = replace(Trial(inputs=INPUT).expectation, gradients={})
    assert take(evidence_of(expectation), WRONG) is None


def test_an_output_that_nobody_expects_is_shown_by_itself() -> None:
    expectation = replace(Trial(inputs=INPUT).expectation, output=None)
    picture = take(evidence_of(expectation), replace(WRONG, subject="output"))
    assert picture is not None
    assert picture.keys() == {"x", "weight", "bias", "observed"}


def test_a_gradient_of_another_shape_is_shown_as_it_lies() -> None:
    gradients = Trial(inputs=INPUT).conforming().gradients
    evidence = evidence_of(gradients={**gradients, "weight": zeros(2, 3)})
    picture = take(replace(evidence, contract=replace(evidence.contract, weight=TURNED)), WRONG)
    assert picture is not None
    assert picture["observed"] == [[0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(("count", "is_shown"), [(MAX_ELEMENTS, True), (MAX_ELEMENTS + 1, False)])
def test_an_array_is_shown_up_to_a_size(count: int, is_shown: bool) -> None:
    assert (convert_small_arrays({"x": np.zeros(count)}) is not None) is is_shown


def test_complex_numbers_have_no_picture() -> None:
    assert convert_small_arrays({"x": np.zeros(2, complex)}) is None


@pytest.mark.parametrize(
    ("number", "converted"),
    [(2.0, 2), (0.5, 0.5), (float("inf"), "inf"), (float("nan"), "nan"), (2.0**53, 2.0**53), (2.0**52, 2**52), (7, 7)],
)
def test_numbers_are_what_json_can_hold(number: float, converted: object) -> None:
    (alone,) = convert_numbers(np.array([number]))
    assert alone == converted
    assert type(alone) is type(converted)


def test_numbers_of_a_kind_each_are_converted_each_as_itself() -> None:
    numbers = np.array([[1.0, 0.5], [np.nan, -np.inf]], np.float16)
    assert convert_numbers(numbers) == [[1, 0.5], ["nan", "-inf"]]
