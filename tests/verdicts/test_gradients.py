"""Gradients, and whatever else stands beside an output, are judged as the output is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.apis import contracts
from conformance.case import Array, Aspect, Inputs, Kind, Observation, Outcome, Phase, TypedArray, Verdict
from conformance.oracle.expectation import Expected
from conformance.verdicts.canonical import compare_gradient, compare_parameters
from conformance.verdicts.comparison import compare, compare_typed
from conformance.verdicts.evidence import Evidence
from conformance.verdicts.judge import judge
from tests.verdicts.trial import INPUT, Trial, rejection

OPERANDS = pytest.mark.parametrize("name", ["input", "weight", "bias"])
REAL = Inputs((2, 2, 5, 4), values="real")


def with_gradient(trial: Trial, name: str, gradient: TypedArray) -> Verdict:
    gradients = {**trial.conforming().gradients, name: gradient}
    return trial.judge(gradients=gradients)


@OPERANDS
def test_a_gradient_of_another_dtype_is_told(name: str) -> None:
    trial = Trial(inputs=INPUT)
    gradient = trial.conforming().gradients[name]
    verdict = with_gradient(trial, name, replace(gradient, dtype="float64"))
    assert verdict.outcome is Outcome.DIFFERS
    assert (verdict.kind, verdict.subject, verdict.observed) == (Kind.DTYPE, f"grad_{name}", "float64")


@OPERANDS
def test_the_ratio_is_the_largest_of_output_and_gradients(name: str) -> None:
    trial = Trial(inputs=REAL)
    expected = trial.expectation.gradients[name]
    assert expected.bound is not None
    moved = TypedArray("float32", expected.value + 0.75 * expected.bound)
    verdict = with_gradient(trial, name, moved)
    assert verdict.outcome is Outcome.CONFORMS
    assert verdict.ratio == pytest.approx(0.75, rel=1e-6)


@OPERANDS
def test_a_gradient_just_beside_its_bound_is_wrong(name: str) -> None:
    trial = Trial(inputs=REAL)
    expected = trial.expectation.gradients[name]
    assert expected.bound is not None
    verdict = with_gradient(trial, name, TypedArray("float32", expected.value + 1.01 * expected.bound))
    assert (verdict.outcome, verdict.subject) == (Outcome.DIVERGES, f"grad_{name}")


@OPERANDS
def test_a_gradient_of_another_shape_is_wrong_whatever_its_values(name: str) -> None:
    trial = Trial(inputs=INPUT)
    gradient = trial.conforming().gradients[name]
    verdict = with_gradient(trial, name, replace(gradient, values=gradient.values[None]))
    assert (verdict.kind, verdict.subject) == (Kind.GRADIENT, f"grad_{name}")
    assert verdict.worst is None


GROUPED = {"in_channels": 4, "out_channels": 6, "groups": 2}
GROUPED_INPUT = Inputs((2, 4, 5, 4))


def in_megengines_layout(trial: Trial) -> Observation:
    """What conforms, as MegEngine lays out the parameters of two groups."""
    conforming = trial.conforming()
    contract = contracts()["megengine.module.Conv2d"]
    layouts = {"weight": contract.weight, "bias": contract.bias}
    gradients = dict(conforming.gradients)
    parameters = {}
    for name, layout in layouts.items():
        values: Array = layout.to_vendor(gradients[name].values, 2)
        gradients[name] = replace(gradients[name], values=values)
        parameters[name] = ("float32", values.shape)
    return replace(conforming, gradients=gradients, parameters=parameters)


def test_parameters_and_their_gradients_are_compared_in_the_vendors_layout() -> None:
    trial = Trial(inputs=GROUPED_INPUT, **GROUPED)
    contract = contracts()["megengine.module.Conv2d"]
    verdict = judge(trial.case, contract, trial.expectation, in_megengines_layout(trial))
    assert verdict.outcome is Outcome.CONFORMS, verdict
    verdict = judge(trial.case, contract, trial.expectation, trial.conforming())
    assert (verdict.outcome, verdict.subject) == (Outcome.DIVERGES, "bias")


def test_a_gradient_that_fits_its_layout_only_by_its_size_is_wrong() -> None:
    trial = Trial(inputs=GROUPED_INPUT, **GROUPED)
    contract = contracts()["megengine.module.Conv2d"]
    observation = in_megengines_layout(trial)
    flat = {**observation.gradients, "bias": trial.conforming().gradients["bias"]}
    verdict = judge(trial.case, contract, trial.expectation, replace(observation, gradients=flat))
    assert (verdict.outcome, verdict.subject) == (Outcome.DIVERGES, "grad_bias")


def test_a_function_has_no_parameters_to_compare() -> None:
    trial = Trial(inputs=INPUT)
    contract = contracts()["torch.nn.functional.conv2d"]
    verdict = judge(trial.case, contract, trial.expectation, trial.conforming(parameters={}))
    assert verdict.outcome is Outcome.CONFORMS
    assert Aspect.PARAMETERS not in verdict.compared
    verdict = judge(trial.case, contract, trial.expectation, trial.conforming())
    assert Aspect.PARAMETERS not in verdict.compared


def test_parameters_that_were_not_seen_are_not_called_compared() -> None:
    trial = Trial(inputs=INPUT)
    assert Aspect.PARAMETERS in trial.judge().compared
    unseen = trial.judge(parameters={})
    assert Aspect.PARAMETERS not in unseen.compared
    constructed = Trial().judge(parameters={}, phase=Phase.CONSTRUCT)
    assert (constructed.outcome, constructed.compared) == (Outcome.CONFORMS, (Aspect.CALL,))


def test_parameters_that_were_seen_in_construction_are_compared() -> None:
    parameters = {"weight": ("float32", (1, 1)), "bias": ("float32", (3,))}
    assert Trial().judge(parameters=parameters, phase=Phase.CONSTRUCT).subject == "weight"


def test_where_the_arguments_are_no_layer_no_parameters_are_expected() -> None:
    trial = Trial(inputs=INPUT)
    expectation = replace(trial.expectation, canonical=None, parameters={})
    assert not list(compare_parameters(Evidence(trial.case, trial.contract, expectation, trial.conforming())))


@pytest.mark.parametrize("gradients", [{}, {"input": TypedArray("float32", np.zeros(2, np.float32))}])
def test_a_gradient_that_is_none_has_no_ratio(gradients: dict[str, TypedArray]) -> None:
    trial = Trial(inputs=INPUT)
    evidence = Evidence(trial.case, trial.contract, trial.expectation, trial.conforming(gradients=gradients))
    assert compare_gradient(evidence, "input", trial.expectation.gradients["input"]).ratio == 0.0


def test_values_of_an_output_that_raised_backward_are_compared() -> None:
    trial = Trial(inputs=INPUT)
    output = trial.conforming().output
    assert output is not None
    wrong = replace(output, values=output.values + 1)
    verdict = trial.judge(**{**rejection(Phase.BACKWARD), "output": wrong})
    assert (verdict.outcome, verdict.kind) == (Outcome.DIVERGES, Kind.VALUE)


def test_wrong_values_of_another_dtype_are_told_once() -> None:
    observed = TypedArray("float64", np.ones((2, 3)))
    comparison = compare_typed("output", Kind.VALUE, Expected(np.zeros((2, 3)), None), observed, "float32")
    assert comparison.divergence is not None
    assert comparison.other_dtype is None


def test_an_element_on_its_bound_is_not_counted_as_outside() -> None:
    expected = Expected(np.zeros(3), np.ones(3))
    comparison = compare("output", Kind.VALUE, expected, np.array([1.0, 2.0, 0.0], "float32"), "float32")
    assert comparison.divergence is not None
    assert "1 of 3 elements outside" in comparison.divergence.observed


def test_an_infinite_bound_hides_no_other_elements_ratio() -> None:
    expected = Expected(np.zeros(2), np.array([np.inf, 4.0]))
    comparison = compare("output", Kind.VALUE, expected, np.array([9.0, 1.0], "float32"), "float32")
    assert comparison.ratio == 0.25
