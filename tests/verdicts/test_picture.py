"""The arrays that a divergence keeps: small, in the oracle's layout, with the bound of each element."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.apis import Layout
from conformance.case import Inputs, Kind
from conformance.verdicts.judge import judge
from conformance.verdicts.picture import convert_numbers
from tests.verdicts.trial import INPUT, Trial, change_first


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


def test_a_gradient_is_laid_out_as_the_oracle_lays_it_out() -> None:
    trial = Trial(inputs=replace(INPUT, values="real"))
    turned = Layout(lambda array, groups: array.swapaxes(0, 1), lambda array, groups: array.swapaxes(0, 1))
    gradients = dict(trial.conforming().gradients)
    wrong = change_first(gradients["weight"])
    gradients["weight"] = replace(wrong, values=wrong.values.swapaxes(0, 1))
    parameters = {"weight": ("float32", (2, 3, 2, 3)), "bias": ("float32", (3,))}
    observation = trial.conforming(gradients=gradients, parameters=parameters)
    verdict = judge(trial.case, replace(trial.contract, weight=turned), trial.expectation, observation)
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


@pytest.mark.parametrize(
    ("number", "converted"),
    [(2.0, 2), (0.5, 0.5), (float("inf"), "inf"), (float("nan"), "nan"), (2.0**53, 2.0**53), (7, 7)],
)
def test_numbers_are_what_json_can_hold(number: float, converted: object) -> None:
    assert convert_numbers([[number]]) == [[converted]]
    assert type(convert_numbers(number)) is type(converted)
