"""Who says that something is wrong: the vendor's own document, mathematics, robustness; and what is a difference."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.case import Aspect, Authority, Direction, Kind, Outcome, Phase, Promise, Raised, Ruling, Standing
from conformance.verdicts.refusals import asks_to_be_reported, is_accident, refuses_dtype
from tests.verdicts.trial import INPUT, LACKING, Trial, change_first, claim, raised, rejection, zeros

INVALID = Promise(raises=("ValueError",))
BUG_REPORT = Raised(Phase.FORWARD, "RuntimeError", (), "x INTERNAL ASSERT FAILED at a.h:1, please report a bug to us.")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"output": zeros(9)}, id="shape"),
        pytest.param({"parameters": {"weight": ("float32", (1,))}}, id="parameters"),
        pytest.param({"gradients": {}}, id="gradients"),
    ],
)
def test_a_call_that_was_accepted_is_the_operation(changes: dict[str, Any]) -> None:
    verdict = Trial(inputs=INPUT).judge(**changes)
    assert (verdict.outcome, verdict.authority) == (Outcome.DIVERGES, Authority.MATHEMATICS)
    assert verdict.rests_on == "the definition of conv2d"


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [({"died": "SIGSEGV"}, Outcome.CRASHED), ({"timed_out": True}, Outcome.TIMED_OUT)],
    ids=["crash", "time-out"],
)
def test_a_process_that_dies_or_hangs_is_not_robust(changes: dict[str, Any], outcome: Outcome) -> None:
    verdict = Trial(inputs=INPUT).judge(output=None, gradients={}, **changes)
    assert (verdict.outcome, verdict.authority) == (outcome, Authority.ROBUSTNESS)


@pytest.mark.parametrize("trial", [Trial(inputs=INPUT), Trial(INVALID, INPUT, stride=0)], ids=["valid", "invalid"])
def test_an_error_that_asks_to_be_reported_is_not_robust_whatever_the_call(trial: Trial) -> None:
    verdict = trial.judge(raised=BUG_REPORT, output=None, gradients={})
    assert (verdict.outcome, verdict.kind) == (Outcome.DIVERGES, Kind.INTERNAL_ERROR)
    assert (verdict.authority, verdict.accident) == (Authority.ROBUSTNESS, True)


def test_a_claim_rests_on_its_own_documents_clause() -> None:
    trial = claim(shape=(2, 3, 5, 4))
    trial.case = replace(trial.case, clause="the document, Shape: five by four")
    verdict = trial.judge()
    assert (verdict.outcome, verdict.authority) == (Outcome.DIVERGES, Authority.OWN_DOCUMENT)
    assert verdict.rests_on == "the document, Shape: five by four"


@pytest.mark.parametrize("phase", [Phase.CONSTRUCT, Phase.FORWARD])
def test_refusing_what_others_take_is_stricter_and_no_failure(phase: Phase) -> None:
    verdict = Trial(inputs=INPUT).judge(**rejection(phase))
    assert (verdict.outcome, verdict.direction, verdict.authority) == (Outcome.DIFFERS, Direction.STRICTER, None)


def test_refusing_what_its_own_document_accepts_is_wrong() -> None:
    verdict = claim(accepts=True).judge(**rejection(Phase.FORWARD))
    assert (verdict.outcome, verdict.authority) == (Outcome.DIVERGES, Authority.OWN_DOCUMENT)


@pytest.mark.parametrize("operand", ["output", "input"])
def test_right_numbers_in_another_dtype_are_a_difference(operand: str) -> None:
    trial = Trial(inputs=INPUT)
    observation = trial.conforming()
    if operand == "output":
        changes: dict[str, Any] = {"output": replace(observation.output, dtype="float64")}
    else:
        gradient = replace(observation.gradients[operand], dtype="float64")
        changes = {"gradients": {**observation.gradients, operand: gradient}}
    verdict = trial.judge(**changes)
    assert (verdict.outcome, verdict.direction) == (Outcome.DIFFERS, Direction.OTHER_DTYPE)


def test_wrong_numbers_in_another_dtype_are_wrong() -> None:
    trial = Trial(inputs=INPUT)
    wrong = change_first(trial.conforming().output)
    verdict = trial.judge(output=replace(wrong, dtype="float64"))
    assert (verdict.outcome, verdict.kind) == (Outcome.DIVERGES, Kind.VALUE)


def test_a_wrong_gradient_is_wrong_although_the_output_comes_in_another_dtype() -> None:
    trial = Trial(inputs=INPUT)
    observation = trial.conforming()
    gradients = {**observation.gradients, "input": change_first(observation.gradients["input"])}
    verdict = trial.judge(output=replace(observation.output, dtype="float64"), gradients=gradients)
    assert (verdict.outcome, verdict.kind) == (Outcome.DIVERGES, Kind.GRADIENT)


# What was compared


def test_a_whole_call_compares_everything() -> None:
    compared = Trial(inputs=INPUT).judge().compared
    assert compared == (
        Aspect.CALL,
        Aspect.PARAMETERS,
        Aspect.SHAPE,
        Aspect.DTYPE,
        Aspect.VALUES,
        Aspect.GRADIENTS,
    )


def test_an_empty_output_compares_no_values() -> None:
    empty = Trial(inputs=replace(INPUT, shape=(0, *INPUT.shape[1:]))).judge()
    assert empty.outcome is Outcome.CONFORMS
    assert Aspect.VALUES not in empty.compared


def test_a_construction_compares_no_values() -> None:
    assert Trial(inputs=None).judge().compared == (Aspect.CALL, Aspect.PARAMETERS)


def test_a_rejection_compares_the_call_alone() -> None:
    verdict = Trial(INVALID, INPUT, stride=0).judge(**rejection(Phase.CONSTRUCT))
    assert (verdict.outcome, verdict.compared) == (Outcome.CONFORMS, (Aspect.CALL,))


def test_a_claim_compares_what_it_promises() -> None:
    assert claim(shape=(2, 3, 4, 2), dtype="float32").judge().compared == (Aspect.SHAPE, Aspect.DTYPE)


def test_what_was_only_inferred_compares_no_values() -> None:
    inferred = {**LACKING, "inferred": ("float32", (2, 3, 4, 2))}
    verdict = claim(shape=(2, 3, 4, 2)).judge(**inferred)
    assert (verdict.outcome, verdict.inferred, verdict.compared) == (Outcome.CONFORMS, True, (Aspect.SHAPE,))


# Checks and accidents


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        ("ZeroDivisionError", "integer division or modulo by zero"),
        ("IndexError", "tuple index out of range"),
        ("builtins.IndexError", "tuple index out of range"),
        ("AssertionError", ""),
        ("AssertionError", " \n"),
        ("TypeError", "'int' object is not subscriptable"),
        ("RuntimeError", "Unable to cast Python instance to C++ type (compile in debug mode for details)"),
        ("RuntimeError", "Cast failed, original value: 1, type: FP32Imm"),
        ("TypeError", "unsupported operand type(s) for %: 'NoneType' and 'int'"),
        ("TypeError", "'<' not supported between instances of 'NoneType' and 'int'"),
        ("TypeError", "not all arguments converted during string formatting"),
        ("TypeError", "unhashable type: 'list'"),
        ("RuntimeError", "Resize failed for kernel: Default/Conv2DBackpropInput-op0"),
        ("RuntimeError", "could not create a primitive descriptor for the convolution forward propagation primitive."),
        ("RuntimeError", "could not construct a memory descriptor using a format tag"),
        ("RuntimeError", 'PyList_Check(arg) INTERNAL ASSERT FAILED at "python_arg_parser.h":761'),
    ],
)
def test_an_error_from_deep_within_is_an_accident(cls: str, message: str) -> None:
    assert is_accident(Raised(Phase.FORWARD, cls, ("Exception",), message))


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        ("AssertionError", "output_padding[1] should be less than stride[1]"),
        ("vendor.ZeroDivision", "stride must not be zero"),
        ("TypeError", ""),
        ("RuntimeError", "non-positive stride is not supported"),
        ("TypeError", "stride must be an int, not float"),
        ("TypeError", "'float' object cannot be interpreted as an integer"),
    ],
)
def test_a_readable_message_is_a_check_whatever_its_class(cls: str, message: str) -> None:
    assert not is_accident(Raised(Phase.FORWARD, cls, ("Exception",), message))


@pytest.mark.parametrize(
    "message",
    [
        "a bug in it. Please report a bug to us.",
        "Please file an issue.",
        "This exception is caused by framework's unexpected error. Please create an issue at https://a.b/issues to get",
    ],
)
def test_a_request_to_report_it_in_any_words(message: str) -> None:
    assert asks_to_be_reported(Raised(Phase.FORWARD, "RuntimeError", ("Exception",), message))


def test_a_report_of_something_is_no_request_to_report_it() -> None:
    assert not asks_to_be_reported(raised(Phase.FORWARD))
    message = "An async error is reported. See above for the actual cause."
    assert not asks_to_be_reported(Raised(Phase.FORWARD, "AsyncError", (), message))


# Refused dtypes

REFUSALS_OF_DTYPES = [
    "\"slow_conv2d_cpu\" not implemented for 'Half'",
    "- Kernel select failed:\nSelect CPU operator[Conv2D] fail! Unsupported data type!",
    "runtime does not support input / filter DType: Int32 x Int32now support case list: FLOAT x FLOAT",
    "The kernel Conv2DExt unregistered.",
    "For primitive[Conv2D], the input argument[w] must be a type of {Tensor[BFloat16], Tensor[Float32]}",
]


@pytest.mark.parametrize("message", REFUSALS_OF_DTYPES)
@pytest.mark.parametrize("phase", [Phase.FORWARD, Phase.BACKWARD])
def test_a_dtype_that_no_document_promises_is_unavailable(message: str, phase: Phase) -> None:
    refused = Raised(phase, "RuntimeError", ("Exception",), message)
    ended: dict[str, Any] = {"gradients": {}} if phase is Phase.BACKWARD else {"output": None, "gradients": {}}
    assert Trial(inputs=INPUT).judge(raised=refused, phase=phase, **ended).outcome is Outcome.UNAVAILABLE


@pytest.mark.parametrize("promise", [{"accepts": True}, {"operation": True}], ids=["accepts", "operation"])
@pytest.mark.parametrize("phase", [Phase.FORWARD, Phase.BACKWARD])
def test_a_dtype_that_the_document_promises_is_a_broken_claim(promise: dict[str, Any], phase: Phase) -> None:
    refused = Raised(phase, "RuntimeError", ("Exception",), REFUSALS_OF_DTYPES[0])
    ended: dict[str, Any] = {"gradients": {}} if phase is Phase.BACKWARD else {"output": None, "gradients": {}}
    verdict = claim(**promise).judge(raised=refused, phase=phase, **ended)
    assert (verdict.outcome, verdict.authority) == (Outcome.DIVERGES, Authority.OWN_DOCUMENT)


@pytest.mark.parametrize("message", ["stride must be an int", "expected a tensor of dtype float32, got a list"])
def test_other_refusals_are_not_about_what_there_is_no_kernel_for(message: str) -> None:
    assert not refuses_dtype(Raised(Phase.FORWARD, "TypeError", ("Exception",), message))


# All that is wrong


def test_a_wrong_value_hides_no_wrong_gradient() -> None:
    trial = Trial(inputs=INPUT)
    observation = trial.conforming()
    gradients = {**observation.gradients, "weight": change_first(observation.gradients["weight"])}
    verdict = trial.judge(output=change_first(observation.output), gradients=gradients)
    assert (verdict.kind, verdict.subject) == (Kind.VALUE, "output")
    assert [(one.kind, one.subject) for one in verdict.further] == [(Kind.GRADIENT, "grad_weight")]


def test_a_wrong_shape_says_nothing_of_gradients_that_were_not_asked_for() -> None:
    verdict = Trial(inputs=INPUT).judge(output=zeros(9), gradients={})
    assert (verdict.kind, verdict.further) == (Kind.SHAPE, ())


def test_a_time_limit_is_told_as_a_time_limit() -> None:
    verdict = Trial(inputs=INPUT).judge(output=None, gradients={}, timed_out=True, seconds=20.0, phase=Phase.BACKWARD)
    assert verdict.observed == "no answer in 20 s, in backward"


def test_a_time_limit_in_no_known_phase_is_told_without_one() -> None:
    """The start is a phase of the worker's, which no call is in."""
    verdict = Trial(inputs=INPUT).judge(output=None, gradients={}, timed_out=True, seconds=20.0, phase=Phase.START)
    assert verdict.observed == "no answer in 20 s"


@pytest.mark.parametrize(
    ("standing", "ruling"), [(Standing.COPY, Ruling.COPY_OUTDATED), (Standing.ANNOUNCED, Ruling.ANNOUNCED)]
)
def test_a_copys_sentence_accuses_nobody(standing: Standing, ruling: Ruling) -> None:
    trial = claim(shape=(2, 3, 5, 4))
    trial.case = replace(trial.case, standing=standing)
    verdict = trial.judge()
    assert (verdict.outcome, verdict.ruling, verdict.authority) == (Outcome.DIFFERS, ruling, None)


def test_a_copys_sentence_that_is_kept_holds() -> None:
    trial = claim(shape=(2, 3, 4, 2))
    trial.case = replace(trial.case, standing=Standing.COPY)
    assert trial.judge().ruling is Ruling.HOLDS
