"""Verdicts on canonical cases: every kind of divergence, what comes first, and what ends a call early."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.apis import contracts
from conformance.case import Aspect, Direction, Inputs, Kind, Outcome, Phase, Promise, TypedArray, Verdict
from conformance.oracle.expectation import Expected
from tests.verdicts.trial import INPUT, LACKING, Trial, change_first, raised, rejection, zeros

INVALID = Promise(raises=("ValueError",))
UNLIKE = Promise(unlike={"stride": 2, "padding": 1})


def test_an_agreeing_implementation_conforms_exactly() -> None:
    verdict = Trial(inputs=INPUT).judge()
    assert verdict.outcome is Outcome.CONFORMS
    assert verdict.ratio == 0.0
    assert verdict.exact


def test_a_bounded_comparison_is_not_called_exact() -> None:
    verdict = Trial(inputs=replace(INPUT, values="real")).judge()
    assert verdict.outcome is Outcome.CONFORMS
    assert not verdict.exact
    assert 0 < verdict.ratio < 1


# Values and gradients


def test_a_wrong_element_is_a_value() -> None:
    trial = Trial(inputs=INPUT)
    verdict = trial.judge(output=change_first(trial.conforming().output))
    assert (verdict.outcome, verdict.kind, verdict.subject) == (Outcome.DIVERGES, Kind.VALUE, "output")


@pytest.mark.parametrize("name", ["input", "weight", "bias"])
def test_a_wrong_gradient_names_its_operand(name: str) -> None:
    trial = Trial(inputs=INPUT)
    gradients = dict(trial.conforming().gradients)
    gradients[name] = change_first(gradients[name])
    verdict = trial.judge(gradients=gradients)
    assert (verdict.kind, verdict.subject) == (Kind.GRADIENT, f"grad_{name}")


@pytest.mark.parametrize("name", ["input", "weight", "bias"])
def test_an_absent_gradient_names_its_operand(name: str) -> None:
    trial = Trial(inputs=INPUT)
    gradients = dict(trial.conforming().gradients)
    del gradients[name]
    verdict = trial.judge(gradients=gradients)
    assert (verdict.kind, verdict.subject, verdict.observed) == (Kind.GRADIENT, f"grad_{name}", "absent")


def test_a_gradient_of_another_shape_is_told_in_the_vendors_layout() -> None:
    trial = Trial(inputs=INPUT)
    verdict = trial.judge(gradients={**trial.conforming().gradients, "weight": zeros(2, 3, 2, 3)})
    assert (verdict.kind, verdict.subject) == (Kind.GRADIENT, "grad_weight")
    assert (verdict.expected, verdict.observed) == ("shape (3, 2, 2, 3)", "shape (2, 3, 2, 3)")


def test_the_ratio_is_the_largest_of_output_and_gradients() -> None:
    """A gradient a quarter of its bound away, where everything else is exact."""
    trial = Trial(inputs=INPUT)
    gradient = trial.conforming().gradients["weight"]
    bound = np.full(gradient.values.shape, 4.0)
    expected = Expected(trial.expectation.gradients["weight"].value, bound)
    trial.expectation = replace(trial.expectation, gradients={**trial.expectation.gradients, "weight": expected})
    assert trial.judge(gradients={**trial.conforming().gradients, "weight": change_first(gradient)}).ratio == 0.25


def test_a_layer_that_gives_no_gradients_is_not_asked_for_them() -> None:
    trial = Trial(inputs=INPUT)
    trial.contract = replace(trial.contract, gradients=False)
    verdict = trial.judge(gradients={})
    assert verdict.outcome is Outcome.CONFORMS
    assert Aspect.GRADIENTS not in verdict.compared


def test_a_value_comes_before_a_gradient() -> None:
    trial = Trial(inputs=INPUT)
    verdict = trial.judge(output=change_first(trial.conforming().output), gradients={})
    assert verdict.kind is Kind.VALUE


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_another_dtype(dtype: str) -> None:
    trial = Trial(inputs=INPUT)
    verdict = trial.judge(output=replace(trial.conforming().output, dtype=dtype))
    assert (verdict.kind, verdict.expected, verdict.observed) == (Kind.DTYPE, "float32", dtype)


WRAPPING = replace(INPUT, dtype="int8", values="wrapping", gradients=False)


def answer_wrapping(dtype: str, change: Callable[[np.ndarray], np.ndarray]) -> Verdict:
    """The verdict on integers beyond their type that come in `dtype`."""
    trial = Trial(inputs=WRAPPING)
    right = trial.expectation.output.value
    return trial.judge(output=TypedArray(dtype, change(right).astype(dtype)))


def test_integers_that_wrap_around_conform() -> None:
    assert answer_wrapping("int8", lambda right: right).outcome is Outcome.CONFORMS


def test_integers_that_come_in_a_wider_type_are_right_there() -> None:
    assert answer_wrapping("int32", lambda right: right).direction is Direction.OTHER_DTYPE


def is_within(right: np.ndarray) -> np.ndarray:
    return np.abs(right) < 128


@pytest.mark.parametrize(
    "change",
    [lambda right: right.clip(-128, 127), lambda right: right + ~is_within(right)],
    ids=["saturated", "wrong"],
)
def test_what_becomes_of_integers_beyond_their_type_accuses_nobody(change: Callable[[np.ndarray], np.ndarray]) -> None:
    verdict = answer_wrapping("int8", change)
    assert (verdict.outcome, verdict.kind, verdict.direction) == (Outcome.DIFFERS, Kind.VALUE, None)


def test_integers_within_their_type_are_right_beside_others_that_are_not() -> None:
    trial = Trial(inputs=replace(WRAPPING, shape=(2, 2, 30, 30)))
    right = trial.expectation.output.value
    assert 0 < is_within(right).sum() < right.size
    wrong = TypedArray("int8", (right + is_within(right)).astype("int8"))
    assert trial.judge(output=wrong).outcome is Outcome.DIVERGES


def test_wrong_integers_within_their_type_diverge() -> None:
    trial = Trial(inputs=replace(INPUT, dtype="int8", gradients=False))
    assert trial.judge(output=change_first(trial.conforming().output)).outcome is Outcome.DIVERGES


COMPLEX = replace(INPUT, dtype="complex64", values="apart")


def answer_complex(inputs: Inputs, change: Callable[[np.ndarray], np.ndarray]) -> Verdict:
    """The verdict on an output whose exact complex numbers are changed."""
    trial = Trial(inputs=replace(inputs, gradients=False))
    right = trial.expectation.output.value
    return trial.judge(output=TypedArray("complex64", change(right).astype("complex64")))


def test_a_small_part_that_is_lost_beside_a_large_one_is_a_difference() -> None:
    """As where a complex product is made of three real ones."""
    verdict = answer_complex(COMPLEX, lambda right: right.real)
    assert (verdict.outcome, verdict.kind, verdict.direction) == (Outcome.DIFFERS, Kind.VALUE, None)


@pytest.mark.parametrize(
    "change",
    [lambda right: right.imag * 1j, lambda right: right * (1 + 2**-12), np.conj],
    ids=["large parts lost", "beyond the bound", "of numbers with parts alike"],
)
def test_other_wrong_complex_numbers_diverge(change: Callable[[np.ndarray], np.ndarray]) -> None:
    inputs = replace(COMPLEX, values="exact") if change is np.conj else COMPLEX
    assert answer_complex(inputs, change).outcome is Outcome.DIVERGES


def test_gradients_with_lost_parts_are_a_difference_too() -> None:
    trial = Trial(inputs=COMPLEX)
    gradients = trial.conforming().gradients
    lost = replace(gradients["weight"], values=gradients["weight"].values.real.astype("complex64"))
    verdict = trial.judge(gradients={**gradients, "weight": lost})
    assert (verdict.outcome, verdict.subject) == (Outcome.DIFFERS, "grad_weight")


def test_another_output_shape() -> None:
    verdict = Trial(inputs=INPUT).judge(output=zeros(2, 3, 4, 3))
    assert (verdict.kind, verdict.subject) == (Kind.SHAPE, "output")


# Parameters


@pytest.mark.parametrize(
    ("parameters", "subject"),
    [
        pytest.param({}, "bias", id="none"),
        pytest.param({"weight": ("float32", (3, 2, 2, 3))}, "bias", id="no bias"),
        pytest.param({"weight": ("float32", (2, 3, 2, 3)), "bias": ("float32", (3,))}, "weight", id="weight"),
        pytest.param({"weight": ("float32", (3, 2, 2, 3)), "bias": ("float32", (1, 3, 1, 1))}, "bias", id="bias"),
    ],
)
@pytest.mark.parametrize("inputs", [INPUT, None], ids=["run", "constructed"])
def test_other_parameters_are_a_shape(parameters: dict[str, Any], subject: str, inputs: Inputs | None) -> None:
    verdict = Trial(inputs=inputs).judge(parameters=parameters, output=None)
    assert (verdict.outcome, verdict.kind, verdict.subject) == (Outcome.DIVERGES, Kind.SHAPE, subject)


def test_a_bias_where_none_is_asked_for() -> None:
    trial = Trial(inputs=INPUT, bias=False)
    verdict = trial.judge(parameters={**trial.conforming().parameters, "bias": ("float32", (3,))})
    assert (verdict.kind, verdict.subject, verdict.expected) == (Kind.SHAPE, "bias", "absent")


def test_parameters_come_before_values() -> None:
    trial = Trial(inputs=INPUT)
    verdict = trial.judge(output=change_first(trial.conforming().output), parameters={})
    assert verdict.kind is Kind.SHAPE


# What ends a valid call


@pytest.mark.parametrize(
    ("inputs", "phase"),
    [(INPUT, Phase.CONSTRUCT), (INPUT, Phase.PARAMETERS), (INPUT, Phase.FORWARD), (None, Phase.CONSTRUCT)],
)
def test_a_valid_call_that_raises_is_wrongly_rejected(inputs: Inputs | None, phase: Phase) -> None:
    verdict = Trial(inputs=inputs).judge(**rejection(phase))
    assert (verdict.kind, verdict.subject) == (Kind.WRONGLY_REJECTED, "call")


def test_a_backward_that_raises_wrongly_rejects_the_gradients() -> None:
    verdict = Trial(inputs=INPUT).judge(raised=raised(Phase.BACKWARD), gradients={})
    assert (verdict.kind, verdict.subject) == (Kind.WRONGLY_REJECTED, "gradients")


@pytest.mark.parametrize("lacking", [True, False])
def test_an_output_is_compared_although_the_backward_raises(lacking: bool) -> None:
    trial = Trial(inputs=INPUT)
    wrong = change_first(trial.conforming().output)
    verdict = trial.judge(raised=raised(Phase.BACKWARD), lacking=lacking, gradients={}, output=wrong)
    assert verdict.kind is Kind.VALUE


@pytest.mark.parametrize(
    "changes",
    [LACKING, {"raised": raised(Phase.BACKWARD), "lacking": True, "gradients": {}}],
    ids=["forward", "backward"],
)
def test_what_the_device_lacks_is_unavailable_and_never_conforms(changes: dict[str, Any]) -> None:
    assert Trial(inputs=INPUT).judge(**changes).outcome is Outcome.UNAVAILABLE


def test_parameters_are_compared_although_the_device_lacks_the_operation() -> None:
    wrong = {"weight": ("float32", (1,)), "bias": ("float32", (3,))}
    assert Trial(inputs=INPUT).judge(**LACKING, parameters=wrong).kind is Kind.SHAPE


def test_a_layer_that_is_refused_before_it_has_parameters_lacks_none() -> None:
    """As one that is built when it is called."""
    verdict = Trial(inputs=INPUT).judge(**{**rejection(Phase.FORWARD), "parameters": {}})
    assert (verdict.outcome, verdict.kind) == (Outcome.DIFFERS, Kind.WRONGLY_REJECTED)
    assert Trial(inputs=INPUT).judge(**{**LACKING, "parameters": {}}).outcome is Outcome.UNAVAILABLE


def test_no_answer_at_all_is_our_fault() -> None:
    assert Trial(inputs=INPUT).judge(output=None).outcome is Outcome.FAULT


# Invalid calls


@pytest.mark.parametrize(
    "refusal",
    [("ValueError",), ("vendor.ValueError",), ("vendor.Error", "ValueError")],
    ids=["class", "vendor's own", "subclass"],
)
def test_an_invalid_call_conforms_when_it_is_refused_as_by_the_oracle(refusal: tuple[str, ...]) -> None:
    trial = Trial(INVALID, INPUT, stride=0)
    assert trial.judge(**rejection(Phase.CONSTRUCT, *refusal)).outcome is Outcome.CONFORMS


@pytest.mark.parametrize("phase", [Phase.CONSTRUCT, Phase.FORWARD])
def test_a_refusal_by_another_class_is_a_difference_in_class(phase: Phase) -> None:
    verdict = Trial(INVALID, INPUT, stride=0).judge(**rejection(phase, "RuntimeError"))
    assert (verdict.outcome, verdict.direction) == (Outcome.DIFFERS, Direction.OTHER_CLASS)
    assert (verdict.kind, verdict.expected) == (Kind.ERROR_CLASS, "ValueError")
    assert (verdict.observed, verdict.authority) == (f"RuntimeError in {phase}: no", None)


@pytest.mark.parametrize("phase", [Phase.PARAMETERS, Phase.FORWARD])
def test_a_refusal_on_an_input_of_what_the_arguments_show_is_a_difference_in_phase(phase: Phase) -> None:
    verdict = Trial(INVALID, INPUT, stride=0).judge(**rejection(phase))
    assert (verdict.outcome, verdict.direction) == (Outcome.DIFFERS, Direction.OTHER_PHASE)
    assert (verdict.kind, verdict.expected) == (Kind.ERROR_PHASE, "ValueError in construct")


def test_what_only_an_input_shows_cannot_be_refused_before_it() -> None:
    """A kernel larger than the input."""
    verdict = Trial(INVALID, INPUT, kernel_size=9).judge(**rejection(Phase.FORWARD))
    assert verdict.outcome is Outcome.CONFORMS


def test_a_function_has_no_phase_before_its_input() -> None:
    trial = Trial(INVALID, INPUT, stride=0)
    trial.contract = contracts()["torch.nn.functional.conv2d"]
    assert trial.judge(**rejection(Phase.FORWARD)).outcome is Outcome.CONFORMS


@pytest.mark.parametrize(
    ("output", "observed"),
    [(None, "accepted"), (zeros(1, 2), "accepted, output of shape (1, 2)")],
    ids=["no", "output"],
)
def test_an_invalid_call_that_raises_nothing_is_a_difference(output: Any, observed: str) -> None:
    verdict = Trial(INVALID, INPUT, stride=0).judge(output=output)
    assert (verdict.outcome, verdict.direction) == (Outcome.DIFFERS, Direction.MORE_PERMISSIVE)
    assert (verdict.kind, verdict.observed, verdict.authority) == (Kind.WRONGLY_ACCEPTED, observed, None)


def test_an_invalid_call_that_the_device_cannot_run_is_neither() -> None:
    assert Trial(INVALID, INPUT, stride=0).judge(**LACKING).outcome is Outcome.UNAVAILABLE


@pytest.mark.parametrize(
    ("trial", "fault"),
    [
        pytest.param(Trial(inputs=INPUT, stride=0), "the oracle rejects this valid case", id="valid, says the spec"),
        pytest.param(Trial(INVALID, INPUT), "but the oracle accepts it", id="invalid, says the spec"),
        pytest.param(
            Trial(Promise(raises=("TypeError",)), INPUT, stride=0),
            "`raises` is TypeError, but the oracle raises ValueError: ",
            id="another class",
        ),
    ],
)
def test_a_spec_that_disagrees_with_the_oracle_is_a_fault(trial: Trial, fault: str) -> None:
    verdict = trial.judge(**rejection(Phase.CONSTRUCT))
    assert verdict.outcome is Outcome.FAULT
    assert fault in verdict.observed


# What is inferred of a call that the device lacks


def inferred(dtype: str, shape: tuple[int, ...]) -> dict[str, Any]:
    return {**LACKING, "inferred": (dtype, shape)}


def test_what_is_inferred_rightly_conforms_in_shape_and_dtype_alone() -> None:
    shape = Trial(inputs=INPUT).conforming().output.values.shape  # type: ignore[union-attr]
    verdict = Trial(inputs=INPUT).judge(**inferred("float32", shape))
    assert (verdict.outcome, verdict.inferred, verdict.ratio) == (Outcome.CONFORMS, True, None)
    assert Aspect.SHAPE in verdict.compared
    assert Aspect.DTYPE in verdict.compared
    assert Aspect.VALUES not in verdict.compared


def test_another_shape_that_is_inferred_is_not_the_operation() -> None:
    verdict = Trial(inputs=INPUT).judge(**inferred("float32", (1, 1, 1, 1)))
    assert (verdict.outcome, verdict.kind, verdict.subject) == (Outcome.DIVERGES, Kind.SHAPE, "output")


def test_another_dtype_that_is_inferred_is_a_difference() -> None:
    shape = Trial(inputs=INPUT).conforming().output.values.shape  # type: ignore[union-attr]
    verdict = Trial(inputs=INPUT).judge(**inferred("float16", shape))
    assert (verdict.outcome, verdict.kind, verdict.direction) == (Outcome.DIFFERS, Kind.DTYPE, Direction.OTHER_DTYPE)


def test_parameters_are_compared_before_what_is_inferred() -> None:
    shape = Trial(inputs=INPUT).conforming().output.values.shape  # type: ignore[union-attr]
    verdict = Trial(inputs=INPUT).judge(**inferred("float32", shape), parameters={})
    assert verdict.outcome is Outcome.DIVERGES


def test_inference_accepts_no_invalid_call() -> None:
    """The check may be the operation's own, which was not reached."""
    trial = Trial(INVALID, INPUT, stride=0)
    assert trial.judge(**inferred("float32", (1, 1, 1, 1))).outcome is Outcome.UNAVAILABLE


# What is printed


def test_two_layers_that_print_the_same_are_a_difference_and_no_failure() -> None:
    verdict = Trial(UNLIKE).judge(texts=("Conv2d(2, 3)", "Conv2d(2, 3)"))
    assert (verdict.outcome, verdict.kind, verdict.direction) == (Outcome.DIFFERS, Kind.TEXT, Direction.OTHER_LAYER)
    assert (verdict.expected, verdict.observed) == ("another text than with stride=2, padding=1", "Conv2d(2, 3)")
    assert verdict.authority is None


def test_two_layers_that_print_two_texts_conform() -> None:
    verdict = Trial(UNLIKE).judge(texts=("Conv2d(2, 3)", "Conv2d(2, 3, stride=2)"))
    assert verdict.outcome is Outcome.CONFORMS
    assert Aspect.TEXT in verdict.compared


def test_a_layer_that_is_printed_before_its_first_input_may_have_no_parameters_yet() -> None:
    trial = Trial(UNLIKE)
    trial.contract = replace(trial.contract, awaits_input=True)
    verdict = trial.judge(texts=("Conv2D()", "Conv2D(strides=2)"), parameters={})
    assert verdict.outcome is Outcome.CONFORMS
    assert Aspect.PARAMETERS not in verdict.compared


def test_a_layer_that_was_called_has_its_parameters() -> None:
    trial = Trial(inputs=INPUT)
    trial.contract = replace(trial.contract, awaits_input=True)
    verdict = trial.judge(parameters={})
    assert (verdict.outcome, verdict.kind, verdict.observed) == (Outcome.DIVERGES, Kind.SHAPE, "absent")


def test_of_a_layer_that_is_not_told_from_another_one_no_text_is_compared() -> None:
    verdict = Trial().judge()
    assert verdict.outcome is Outcome.CONFORMS
    assert Aspect.TEXT not in verdict.compared


def test_a_layer_that_cannot_be_printed_is_stricter_than_others() -> None:
    verdict = Trial(UNLIKE).judge(**{**rejection(Phase.THEN, "TypeError"), "texts": None})
    assert (verdict.outcome, verdict.direction, verdict.phase) == (Outcome.DIFFERS, Direction.STRICTER, Phase.THEN)
