"""Claims: each promise, each ruling, and what cannot be observed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.apis import contracts
from conformance.case import Aspect, Distribution, Kind, Outcome, Phase, Ruling, TypedArray
from conformance.case.values import DType
from conformance.oracle.expectation import Expectation
from tests.verdicts.trial import INPUT, LACKING, Trial, change_first, claim, raised, rejection, zeros

Result = tuple[Outcome, Ruling | None, Kind | None]

HOLDS = (Outcome.CONFORMS, Ruling.HOLDS, None)
AGAINST_THE_ORACLE = (Outcome.CONFORMS, Ruling.ORACLE_APART, None)
NOT_SEEN = (Outcome.UNAVAILABLE, Ruling.NOT_OBSERVABLE, None)


def wrong(kind: Kind) -> Result:
    return Outcome.DIVERGES, Ruling.IMPLEMENTATION_WRONG, kind


def document_wrong(kind: Kind) -> Result:
    return Outcome.DIVERGES, Ruling.DOCUMENT_WRONG, kind


def parting(kind: Kind) -> Result:
    return Outcome.DIVERGES, Ruling.DOCUMENT_AND_IMPLEMENTATION_PART, kind


def all_different(kind: Kind) -> Result:
    return Outcome.DIVERGES, Ruling.ALL_DIFFER, kind


def rule_on(trial: Trial, **changes: Any) -> Result:
    verdict = trial.judge(**changes)
    return verdict.outcome, verdict.ruling, verdict.kind


BACKWARD_RAISES = {"raised": raised(Phase.BACKWARD), "gradients": {}}
INFERRED = {**LACKING, "inferred": ("float32", (2, 3, 4, 2))}

# The output's shape and dtype


@pytest.mark.parametrize(
    ("promised", "changes", "result"),
    [
        pytest.param((2, 3, 4, 2), {}, HOLDS, id="all agree"),
        pytest.param((2, 3, 4, 2), {"output": zeros(9)}, wrong(Kind.SHAPE), id="implementation apart"),
        pytest.param((2, 3, 5, 4), {}, document_wrong(Kind.SHAPE), id="document apart"),
        pytest.param((2, 3, 5, 4), {"output": zeros(2, 3, 5, 4)}, AGAINST_THE_ORACLE, id="oracle apart"),
        pytest.param((2, 3, 5, 4), {"output": zeros(9)}, all_different(Kind.SHAPE), id="all differ"),
        pytest.param((2, 3, 4, 2), BACKWARD_RAISES, HOLDS, id="gradients fail"),
        pytest.param((2, 3, 4, 2), {**BACKWARD_RAISES, "lacking": True}, HOLDS, id="gradients lack"),
        pytest.param((2, 3, 4, 2), INFERRED, HOLDS, id="inferred"),
        pytest.param(
            (2, 3, 4, 2), {**LACKING, "inferred": ("float32", (2, 3, 4, 3))}, wrong(Kind.SHAPE), id="inferred wrongly"
        ),
    ],
)
def test_a_shape_of_three_voices(promised: tuple[int, ...], changes: dict[str, Any], result: Result) -> None:
    assert rule_on(claim(shape=promised), **changes) == result


def test_a_shape_tells_what_document_and_oracle_say_where_they_part() -> None:
    expected = claim(shape=(2, 3, 5, 4)).judge().expected
    assert expected == "document: shape (2, 3, 5, 4); oracle: shape (2, 3, 4, 2)"


def test_a_shape_is_told_once_where_document_and_oracle_agree() -> None:
    assert claim(shape=(2, 3, 4, 2)).judge(output=zeros(9)).expected == "document: shape (2, 3, 4, 2)"


def test_a_shape_of_what_the_oracle_rejects_is_between_document_and_implementation() -> None:
    assert rule_on(claim(shape=(1,), arguments={"stride": 0}), output=zeros(1)) == HOLDS


@pytest.mark.parametrize(("dtype", "result"), [("float32", HOLDS), ("float64", parting(Kind.DTYPE))])
@pytest.mark.parametrize("changes", [{}, INFERRED], ids=["run", "inferred"])
def test_a_dtype_has_no_oracle(dtype: str, result: Result, changes: dict[str, Any]) -> None:
    assert rule_on(claim(dtype=dtype), **changes) == result


@pytest.mark.parametrize(
    "promise",
    [
        {"shape": (2, 3, 4, 2)},
        {"dtype": "float32"},
        {"accepts": True},
        {"operation": True},
        {"same_as": {}},
    ],
    ids=lambda promise: next(iter(promise)),
)
def test_what_the_device_lacks_is_not_observable(promise: dict[str, Any]) -> None:
    assert rule_on(claim(**promise), **LACKING) == NOT_SEEN


@pytest.mark.parametrize(
    "promise", [{"shape": (2, 3, 4, 2), "operation": True}, {"accepts": True}], ids=["values", "acceptance"]
)
def test_inference_shows_neither_values_nor_acceptance(promise: dict[str, Any]) -> None:
    assert rule_on(claim(**promise), **INFERRED) == NOT_SEEN


@pytest.mark.parametrize(
    "promise", [{"shape": (2, 3, 4, 2)}, {"dtype": "float32"}, {"operation": True}], ids=lambda p: next(iter(p))
)
@pytest.mark.parametrize("inputs", [INPUT, None], ids=["run", "constructed"])
def test_a_claim_of_which_nothing_was_seen_never_holds(promise: dict[str, Any], inputs: Any) -> None:
    assert claim(inputs, **promise).judge(output=None).outcome is Outcome.FAULT


def test_parameters_explain_why_nothing_was_run() -> None:
    verdict = claim(shape=(2, 3, 4, 2)).judge(output=None, parameters={"weight": ("float32", (1,))})
    assert (verdict.outcome, verdict.ruling) == (Outcome.DIVERGES, Ruling.DOCUMENT_SILENT)
    assert verdict.subject == "bias"


def test_the_first_promise_that_is_not_kept_decides() -> None:
    verdict = claim(shape=(1,), dtype="float64", operation=True).judge()
    assert (verdict.kind, verdict.subject) == (Kind.SHAPE, "output")


# The operation


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        pytest.param({}, HOLDS, id="all agree"),
        pytest.param({"gradients": {}}, wrong(Kind.GRADIENT), id="no gradients"),
        pytest.param(BACKWARD_RAISES, wrong(Kind.WRONGLY_REJECTED), id="gradients fail"),
        pytest.param({**BACKWARD_RAISES, "lacking": True}, NOT_SEEN, id="gradients lack"),
    ],
)
def test_an_operation_is_the_oracles(changes: dict[str, Any], result: Result) -> None:
    assert rule_on(claim(operation=True), **changes) == result


def test_an_operation_has_the_oracles_values() -> None:
    trial = claim(operation=True)
    assert rule_on(trial, output=change_first(trial.conforming().output)) == wrong(Kind.VALUE)


def test_an_operation_on_exact_arrays_is_called_exact() -> None:
    assert claim(operation=True).judge().exact


def test_an_operation_is_as_exact_whatever_else_is_promised() -> None:
    trial = claim(operation=True, same_as={})
    verdict = trial.judge(other=trial.conforming().output)
    assert (verdict.outcome, verdict.ratio, verdict.exact) == (Outcome.CONFORMS, 0.0, True)


def test_a_bounded_claim_is_not_called_exact() -> None:
    trial = claim(replace(INPUT, values="real"), operation=True)
    expectation = trial.expectation
    output = TypedArray("float32", expectation.output.value)
    gradients = {name: TypedArray("float32", expected.value) for name, expected in expectation.gradients.items()}
    verdict = trial.judge(output=output, gradients=gradients)
    assert (verdict.outcome, verdict.ratio) == (Outcome.CONFORMS, 0.0)
    assert not verdict.exact


def test_an_operation_that_the_oracle_rejects_stands_against_it() -> None:
    rejected = claim(operation=True, arguments={"stride": 0})
    assert rejected.expectation.raised is not None
    assert rule_on(rejected, output=zeros(1)) == AGAINST_THE_ORACLE
    assert rule_on(rejected, **INFERRED) == NOT_SEEN


def test_an_operation_that_the_oracle_does_not_know_never_passes_for_compared() -> None:
    unknown = claim(operation=True)
    unknown.expectation = replace(unknown.expectation, canonical=None, output=None, gradients={})
    assert unknown.judge(output=zeros(1)).outcome is Outcome.FAULT


# Acceptance


@pytest.mark.parametrize("inputs", [INPUT, None], ids=["run", "constructed"])
def test_an_accepted_call_holds(inputs: Any) -> None:
    assert rule_on(claim(inputs, accepts=True)) == HOLDS


@pytest.mark.parametrize(
    "promise",
    [{"accepts": True}, {"shape": (2, 3, 4, 2)}, {"operation": True}, {"dtype": "float32"}, {"same_as": {}}],
    ids=lambda promise: next(iter(promise)),
)
def test_a_call_with_a_documented_result_is_documented_as_accepted(promise: dict[str, Any]) -> None:
    assert rule_on(claim(**promise), **rejection(Phase.CONSTRUCT)) == wrong(Kind.WRONGLY_REJECTED)


def test_a_call_that_only_the_document_accepts() -> None:
    trial = claim(accepts=True, arguments={"stride": 0})
    assert rule_on(trial, **rejection(Phase.CONSTRUCT)) == document_wrong(Kind.WRONGLY_REJECTED)


def test_a_call_that_names_no_layer_is_between_document_and_implementation() -> None:
    unknown = claim(accepts=True)
    unknown.expectation = Expectation(None)
    assert rule_on(unknown, **rejection(Phase.CONSTRUCT)) == parting(Kind.WRONGLY_REJECTED)


def test_a_call_that_only_the_oracle_rejects() -> None:
    assert rule_on(claim(accepts=True, arguments={"stride": 0}), output=zeros(1)) == AGAINST_THE_ORACLE


# Documented exceptions

STRIDE_0 = {"stride": 0}  # for which the oracle raises ValueError


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        pytest.param(rejection(Phase.CONSTRUCT), HOLDS, id="class and phase"),
        pytest.param(rejection(Phase.CONSTRUCT, "vendor.Special", "builtins.ValueError"), HOLDS, id="a subclass"),
        pytest.param(rejection(Phase.FORWARD), parting(Kind.ERROR_PHASE), id="another phase"),
        pytest.param(rejection(Phase.CONSTRUCT, "RuntimeError"), wrong(Kind.ERROR_CLASS), id="another class"),
        pytest.param({"output": zeros(1)}, wrong(Kind.WRONGLY_ACCEPTED), id="none"),
        pytest.param(LACKING, wrong(Kind.WRONGLY_ACCEPTED), id="constructed, whatever came then"),
    ],
)
def test_a_documented_exception(changes: dict[str, Any], result: Result) -> None:
    trial = claim(raises=("ValueError",), phase=Phase.CONSTRUCT, arguments=STRIDE_0)
    assert rule_on(trial, **changes) == result


def test_a_documented_check_of_a_construction_that_is_lacking_was_not_reached() -> None:
    lacking = {**rejection(Phase.CONSTRUCT), "lacking": True}
    assert rule_on(claim(raises=("ValueError",), phase=Phase.CONSTRUCT, arguments=STRIDE_0), **lacking) == NOT_SEEN


def test_a_documented_exception_in_its_phase_may_stand_against_the_oracle() -> None:
    trial = claim(raises=("ValueError",), phase=Phase.FORWARD)
    assert rule_on(trial, **rejection(Phase.FORWARD)) == AGAINST_THE_ORACLE


@pytest.mark.parametrize(
    ("promise", "expected"),
    [
        ({"raises": ("ValueError", "TypeError")}, "ValueError or TypeError"),
        ({"raises": ("ValueError",), "phase": Phase.CONSTRUCT}, "ValueError in construct"),
    ],
    ids=["classes", "phase"],
)
def test_a_documented_exception_is_told(promise: dict[str, Any], expected: str) -> None:
    assert claim(arguments=STRIDE_0, **promise).judge(output=zeros(1)).expected == expected


@pytest.mark.parametrize(
    ("api", "inputs"),
    [("torch.nn.Conv2d", INPUT), ("torch.nn.Conv2d", None), ("torch.nn.functional.conv2d", INPUT)],
    ids=["a layer", "a construction", "a function"],
)
def test_an_accepted_call_that_is_documented_to_raise(api: str, inputs: Any) -> None:
    trial = claim(inputs, raises=("ValueError",), arguments=STRIDE_0)
    trial.contract = contracts()[api]
    assert rule_on(trial) == wrong(Kind.WRONGLY_ACCEPTED)


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        pytest.param(LACKING, NOT_SEEN, id="the check may stand in the kernel that is lacking"),
        pytest.param(
            {**LACKING, "inferred": ("float32", (1,))}, NOT_SEEN, id="inference that ends there accepts nothing"
        ),
    ],
)
def test_a_documented_exception_of_any_phase(changes: dict[str, Any], result: Result) -> None:
    assert rule_on(claim(raises=("ValueError",), arguments=STRIDE_0), **changes) == result


@pytest.mark.parametrize(
    ("arguments", "promised", "changes", "result"),
    [
        pytest.param({}, "ValueError", {}, document_wrong(Kind.WRONGLY_ACCEPTED), id="both accept"),
        pytest.param({}, "ValueError", rejection(Phase.FORWARD), AGAINST_THE_ORACLE, id="the oracle accepts"),
        pytest.param(
            {},
            "ValueError",
            rejection(Phase.FORWARD, "RuntimeError"),
            parting(Kind.ERROR_CLASS),
            id="the oracle accepts, another class",
        ),
        pytest.param(
            STRIDE_0, "TypeError", rejection(Phase.CONSTRUCT), document_wrong(Kind.ERROR_CLASS), id="the oracle's class"
        ),
        pytest.param(
            STRIDE_0,
            "TypeError",
            rejection(Phase.CONSTRUCT, "KeyError", "LookupError"),
            all_different(Kind.ERROR_CLASS),
            id="three classes",
        ),
    ],
)
def test_a_documented_exception_against_the_oracle(
    arguments: dict[str, Any], promised: str, changes: dict[str, Any], result: Result
) -> None:
    assert rule_on(claim(raises=(promised,), arguments=arguments), **changes) == result


# What the mathematics leaves open

FOUR_STRIDES = {"stride": (1, 1, 2, 2)}  # a notation that the oracle does not share
A_LIST = {"stride": [1, 2]}  # which the oracle takes
A_FLOAT = {"groups": 1.0}  # for which the oracle raises TypeError
SAME_STRIDED = {"padding": "same", "stride": 2}
SAME = {"padding": "same", "stride": 1}


@pytest.mark.parametrize(
    ("promise", "arguments", "changes", "result"),
    [
        pytest.param({"accepts": True}, FOUR_STRIDES, {"output": zeros(1)}, HOLDS, id="notation, accepted"),
        pytest.param(
            {"accepts": True},
            FOUR_STRIDES,
            rejection(Phase.CONSTRUCT, "TypeError"),
            parting(Kind.WRONGLY_REJECTED),
            id="notation, rejected",
        ),
        pytest.param(
            {"raises": ("TypeError",)}, A_LIST, rejection(Phase.CONSTRUCT, "TypeError"), HOLDS, id="list, rejected"
        ),
        pytest.param({"raises": ("TypeError",)}, A_LIST, {}, parting(Kind.WRONGLY_ACCEPTED), id="list, accepted"),
        pytest.param({"raises": ("ValueError",)}, SAME_STRIDED, rejection(Phase.CONSTRUCT), HOLDS, id="same, rejected"),
        pytest.param(
            {"raises": ("ValueError",)}, SAME_STRIDED, {}, parting(Kind.WRONGLY_ACCEPTED), id="same, accepted"
        ),
        pytest.param({"accepts": True}, A_FLOAT, {"output": zeros(1)}, HOLDS, id="type, accepted"),
        pytest.param(
            {"accepts": True},
            A_FLOAT,
            rejection(Phase.CONSTRUCT, "TypeError"),
            parting(Kind.WRONGLY_REJECTED),
            id="type, rejected",
        ),
    ],
)
def test_what_the_mathematics_leaves_open_is_between_document_and_implementation(
    promise: dict[str, Any], arguments: dict[str, Any], changes: dict[str, Any], result: Result
) -> None:
    assert rule_on(claim(arguments=arguments, **promise), **changes) == result


def test_what_same_padding_means_without_strides_is_mathematics() -> None:
    assert rule_on(claim(raises=("ValueError",), arguments=SAME)) == document_wrong(Kind.WRONGLY_ACCEPTED)


def test_the_order_of_arguments_is_between_document_and_implementation() -> None:
    trial = claim(shape=(2, 3, 4, 2))
    trial.case = replace(trial.case, positional=("in_channels",))
    assert rule_on(trial, output=zeros(9)) == parting(Kind.SHAPE)


# Defaults, parameters, initial values

DEFAULTS = {"stride": "1", "padding_mode": "'zeros'", "axes": "(1, 2)", "dtype": "torch.float16"}


@pytest.mark.parametrize(
    ("observed", "result"),
    [
        pytest.param(DEFAULTS, HOLDS, id="all"),
        pytest.param({**DEFAULTS, "stride": "2"}, parting(Kind.DEFAULT), id="another"),
        pytest.param({**DEFAULTS, "stride": "True"}, parting(Kind.DEFAULT), id="an equal of another type"),
        pytest.param({**DEFAULTS, "dtype": "torch.float32"}, parting(Kind.DEFAULT), id="another dtype"),
        pytest.param({"stride": "1", "axes": "(1, 2)"}, parting(Kind.DEFAULT), id="none"),
    ],
)
def test_defaults(observed: dict[str, str], result: Result) -> None:
    documented = {"stride": 1, "padding_mode": "zeros", "axes": (1, 2), "dtype": DType("float16")}
    trial = claim(None, defaults=documented)
    assert rule_on(trial, defaults=observed) == result


def test_a_signature_that_cannot_be_read_is_not_observable() -> None:
    assert rule_on(claim(None, defaults={"stride": 1}), raised=raised(Phase.CONSTRUCT)) == NOT_SEEN


WEIGHT = ("float32", (3, 2, 2, 3))


@pytest.mark.parametrize(
    ("parameters", "result"),
    [
        pytest.param({"weight": WEIGHT}, HOLDS, id="as documented"),
        pytest.param({"weight": WEIGHT, "bias": ("float32", (3,))}, wrong(Kind.SHAPE), id="one too many"),
        pytest.param({}, wrong(Kind.SHAPE), id="one too few"),
        pytest.param({"weight": ("float32", (2, 3, 2, 3))}, wrong(Kind.SHAPE), id="another shape"),
        pytest.param({"weight": ("float64", (3, 2, 2, 3))}, parting(Kind.DTYPE), id="another dtype"),
    ],
)
def test_documented_parameters(parameters: dict[str, Any], result: Result) -> None:
    promised = {"weight": ((3, 2, 2, 3), "float32"), "bias": None}
    trial = claim(None, parameters=promised, arguments={"bias": False})
    assert rule_on(trial, parameters=parameters, phase=Phase.PARAMETERS) == result


@pytest.mark.parametrize(
    ("promised", "result"),
    [
        pytest.param({"weight": ((1, 2), None)}, document_wrong(Kind.SHAPE), id="another shape"),
        pytest.param({"bias": None}, document_wrong(Kind.SHAPE), id="absent"),
        pytest.param({"bias": (None, None)}, HOLDS, id="only that it is there"),
    ],
)
def test_parameters_as_the_oracle_has_them(promised: dict[str, Any], result: Result) -> None:
    assert rule_on(claim(None, parameters=promised)) == result


@pytest.mark.parametrize(
    ("promised", "observed", "texts"),
    [
        ({"bias": ((3,), None)}, {}, ("shape (3,)", "absent")),
        ({"bias": (None, None)}, {}, ("present", "absent")),
        ({"bias": None}, {"bias": ("float32", (3,))}, ("absent", "shape (3,)")),
    ],
    ids=["a shape", "presence", "absence"],
)
def test_the_presence_of_a_parameter_is_told(
    promised: dict[str, Any], observed: dict[str, Any], texts: tuple[str, str]
) -> None:
    verdict = claim(None, parameters=promised).judge(parameters=observed)
    assert (verdict.expected, verdict.observed) == texts


def test_without_a_layer_nobody_but_the_document_says_which_parameters_there_are() -> None:
    unknown = claim(None, parameters={"weight": None})
    unknown.expectation = Expectation(None)
    assert rule_on(unknown, parameters={"weight": WEIGHT}) == parting(Kind.SHAPE)


STATE = {"weight": (3, 2, 2, 3), "bias": (3,)}


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"state": STATE}, HOLDS),
        ({"state": dict(reversed(STATE.items()))}, HOLDS),
        ({"state": {**STATE, "bias": (1, 3, 1, 1)}}, parting(Kind.SHAPE)),
        ({"state": {"weight": STATE["weight"]}}, parting(Kind.SHAPE)),
        ({"state": {**STATE, "running": ()}}, parting(Kind.SHAPE)),
        ({"state": {"layer.weight": STATE["weight"], "layer.bias": STATE["bias"]}}, parting(Kind.SHAPE)),
        ({"state": None}, NOT_SEEN),
        ({"state": None, "raised": raised(Phase.THEN)}, wrong(Kind.WRONGLY_REJECTED)),
    ],
    ids=["as promised", "in another order", "shape", "missing", "more", "names", "none is saved", "refused"],
)
def test_what_is_saved_is_all_that_is_promised_and_no_more(changes: dict[str, Any], result: Result) -> None:
    assert rule_on(claim(None, state=STATE), **changes) == result


def test_what_is_saved_is_told_by_name() -> None:
    verdict = claim(None, state=STATE).judge(state={})
    assert (verdict.expected, verdict.observed) == ("bias (3,), weight (3, 2, 2, 3)", "nothing")
    assert verdict.subject == "state"


# Of construction: parameters and initial values
OF_CONSTRUCTION = pytest.mark.parametrize(
    "promise",
    [{"parameters": {"weight": (None, None)}}, {"distribution": Distribution("weight", "constant", (0.0,))}],
    ids=["parameters", "initial values"],
)


@OF_CONSTRUCTION
def test_a_construction_that_is_refused_breaks_its_promises_by_that(promise: dict[str, Any]) -> None:
    assert rule_on(claim(None, **promise), **rejection(Phase.CONSTRUCT)) == wrong(Kind.WRONGLY_REJECTED)


@OF_CONSTRUCTION
def test_a_construction_that_is_lacking_has_broken_no_promise(promise: dict[str, Any]) -> None:
    assert rule_on(claim(None, **promise), **rejection(Phase.CONSTRUCT), lacking=True) == NOT_SEEN


@OF_CONSTRUCTION
@pytest.mark.parametrize("later", [rejection(Phase.FORWARD), LACKING, INFERRED], ids=["refused", "lacking", "inferred"])
def test_a_construction_keeps_its_promises_whatever_becomes_of_the_call(
    promise: dict[str, Any], later: dict[str, Any]
) -> None:
    assert rule_on(claim(**promise), **later, values={"weight": zeros(3, 2, 2, 3)}) == HOLDS


def test_a_construction_that_breaks_its_promise_does_so_whatever_becomes_of_the_call() -> None:
    trial = claim(parameters={"weight": ((1, 2), None)})
    assert rule_on(trial, **rejection(Phase.FORWARD)) == document_wrong(Kind.SHAPE)


UNIFORM = Distribution("weight", "uniform", (-1.0, 1.0))


@pytest.mark.parametrize(("scale", "result"), [(1, HOLDS), (2, parting(Kind.DISTRIBUTION))])
def test_a_distribution_of_a_parameter(scale: int, result: Result) -> None:
    drawn = np.random.default_rng(0).uniform(-1, 1, 500) * scale
    assert rule_on(claim(None, distribution=UNIFORM), values={"weight": TypedArray("float32", drawn)}) == result


def test_a_distribution_of_a_parameter_that_is_absent() -> None:
    verdict = claim(None, distribution=UNIFORM).judge()
    assert (verdict.kind, verdict.observed) == (Kind.DISTRIBUTION, "absent")


# An equivalent call

NAN = TypedArray("float32", np.array([np.nan, 1.0], np.float32))
ONE = TypedArray("float32", np.array([1.0], np.float32))


@pytest.mark.parametrize(
    ("output", "other", "result"),
    [
        pytest.param(ONE, ONE, HOLDS, id="the same"),
        pytest.param(NAN, NAN, HOLDS, id="not a number"),
        pytest.param(ONE, change_first(ONE), parting(Kind.VALUE), id="another element"),
        pytest.param(ONE, replace(ONE, dtype="float64"), parting(Kind.VALUE), id="another dtype"),
        pytest.param(ONE, None, NOT_SEEN, id="none"),
    ],
)
def test_the_same_output(output: TypedArray, other: TypedArray | None, result: Result) -> None:
    assert rule_on(claim(same_as={}), output=output, other=other) == result


@pytest.mark.parametrize(("lacking", "result"), [(False, wrong(Kind.WRONGLY_REJECTED)), (True, NOT_SEEN)])
def test_an_equivalent_call_that_raises(lacking: bool, result: Result) -> None:
    trial = claim(same_as={})
    assert rule_on(trial, raised=raised(Phase.FORWARD), lacking=lacking, other=None, gradients={}) == result


def test_an_output_that_was_inferred_is_not_compared_with_that_of_the_equivalent_call() -> None:
    assert rule_on(claim(same_as={}), **INFERRED, other=ONE) == NOT_SEEN


# What was compared


@pytest.mark.parametrize(
    ("promise", "compared"),
    [
        ({"defaults": {"stride": 1}}, (Aspect.DEFAULTS,)),
        ({"parameters": {"weight": ((3, 2, 2, 3), None)}}, (Aspect.PARAMETERS,)),
        ({"parameters": {"weight": (None, "float32")}}, (Aspect.PARAMETERS,)),
        ({"parameters": {"weight": (None, None)}}, (Aspect.PARAMETERS,)),
        ({"distribution": Distribution("weight", "constant", (0.0,))}, (Aspect.INITIAL_VALUES,)),
        ({"same_as": {}}, (Aspect.CALL, Aspect.VALUES)),
        ({"accepts": True}, (Aspect.CALL,)),
    ],
    ids=["defaults", "a shape", "a dtype", "presence", "initial values", "sameness", "acceptance"],
)
def test_what_a_promise_compares(promise: dict[str, Any], compared: tuple[Aspect, ...]) -> None:
    verdict = claim(**promise).judge(
        defaults={"stride": "1"}, values={"weight": zeros(3, 2, 2, 3)}, output=ONE, other=ONE
    )
    assert (verdict.outcome, verdict.compared) == (Outcome.CONFORMS, compared)


def test_an_operation_compares_what_a_canonical_case_does() -> None:
    assert claim(operation=True).judge().compared == Trial(inputs=INPUT).judge().compared


def test_a_function_that_there_was_nothing_to_call_with_has_accepted_nothing() -> None:
    trial = claim(INPUT, raises=("Exception",))
    trial.contract = contracts()["torch.nn.functional.conv2d"]
    trial.expectation = Expectation(None)
    verdict = trial.judge()
    assert verdict.outcome is Outcome.FAULT
    assert "nothing to call" in verdict.observed
