"""What the oracle says of a case: values with their bounds, or the exception by which it refuses the call."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

import conv_reference as reference
from conformance.apis import NoEquivalent, common, contracts
from conformance.case import MAX_ELEMENTS, Added, Array, Arrays, Case, Inputs, LayerName, Phase, Returned
from conformance.case.values import Arguments, Items, Numpy, Tensor, Value
from conformance.oracle import inputs, sequence
from conformance.oracle.zeros import find_open
from conv_reference import LAYERS

IMAGE = 64  # rows and columns of an image by which layers are told from each other
# The operands of a layer, in the order of its gradients.
OPERANDS = ("input", "weight", "bias")


@dataclass(frozen=True)
class Expected:
    """An array and how far each element may lie from it; a bound of None is zero everywhere."""

    value: Array
    bound: Array | None


@dataclass(frozen=True)
class Refusal:
    """The oracle's exception.

    Attributes:
        cls: the name of its class.
        phase: construct where the arguments alone are wrong, forward where it takes an input to see it.
    """

    cls: str
    message: str
    phase: Phase = Phase.CONSTRUCT

    def __str__(self) -> str:
        return f"{self.cls}: {self.message}"


@dataclass(frozen=True)
class Expectation:
    """The oracle's voice.

    Attributes:
        canonical: the layer in canonical arguments; None where the vendor's arguments name none.
        arrays: what the layer was given.
        raised: the exception by which the oracle refuses the call.
        parameters: shapes of weight and bias in the oracle's layout, where there is a layer.
        output, gradients: what to compare with; gradients by ``input``, ``weight`` and ``bias``.
        given: what the layer is given before its last call, in a case that goes on; the other fields are of that call.
        stale: what the last call would give had no attribute been changed; None where none was, or where it gave none.
        fault: why the oracle has no answer, which is a fault of this suite; nothing else is there then.
    """

    canonical: Arguments | None
    arrays: Arrays | None = None
    raised: Refusal | None = None
    parameters: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    output: Expected | None = None
    gradients: Mapping[str, Expected] = field(default_factory=dict)
    given: sequence.Given | None = None
    stale: Expectation | None = None
    fault: str | None = None


def expect(case: Case, seconds: float = math.inf) -> Expectation:
    """Ask the oracle.

    Args:
        seconds: what it may take; then the expectation is a fault.

    Raises:
        ValueError: the case asks for exact inputs, or for bounded results, that do not exist.
    """
    try:
        with reference.time_limit(seconds):
            return ask(case)
    except TimeoutError:
        return Expectation(None, fault=f"the oracle needed longer than the {seconds:g} s that a case may take")


def ask(case: Case) -> Expectation:
    """What the oracle says, however long it takes."""
    canonical = read_layer(sequence.find_last(case))
    if canonical is None:
        return Expectation(None, make_unknown(case))
    if case.then:
        return ask_at_last(case, canonical)
    arrays = None if case.inputs is None else inputs.make(case.layer, canonical, case.inputs, case.seed)
    return apply(case, canonical, arrays)


def make_unknown(case: Case) -> Arrays | None:
    """The x of a call that is documented and of which the oracle knows nothing; None where it is to be refused."""
    if case.inputs is None or case.promise.raises:
        return None
    return inputs.make(case.layer, {}, case.inputs, case.id)


def ask_at_last(case: Case, canonical: Arguments) -> Expectation:
    """What the oracle says of the last call of a layer, and what comes before it."""
    arrays = sequence.make_last(case, canonical)
    before = [read_layer(call) for call in sequence.find_calls(case)[:-1]]
    if None in before:
        return Expectation(None)
    given = sequence.give(case, before, arrays)
    stale = apply_as_constructed(case, arrays) if sequence.has_assigned(case) else None
    last = sequence.find_last(case)
    if sequence.find_step(case, Returned) is not None:
        arrays = add_upstream(last, canonical, given)
    expectation = replace(apply(last, canonical, arrays), given=given, stale=stale)
    if sequence.find_step(case, Added) is not None:
        gradients = add_gradients(last, canonical, given, expectation.gradients)
        expectation = replace(expectation, gradients=gradients)
    return expectation


def add_upstream(case: Case, canonical: Arguments, given: sequence.Given) -> Arrays:
    """What a graph gives that is gone back through twice: the gradients are linear in what comes from above."""
    before, last = given.steps[-2:]
    assert before is not None
    assert last is not None
    check_exactness_of_sum(case, canonical, (before, last))
    assert before.grad_output is not None
    assert last.grad_output is not None
    return replace(last, grad_output=before.grad_output + last.grad_output)


def add_gradients(
    case: Case, canonical: Arguments, given: sequence.Given, gradients: Mapping[str, Expected]
) -> dict[str, Expected]:
    """Those of the parameters are of two calls; that of the input is of the last."""
    before, last = given.steps[-2:]
    assert before is not None
    assert last is not None
    check_exactness_of_sum(case, canonical, (before, last))
    _, of_first = compute(case, canonical, before)
    added = {name: Expected(gradients[name].value + of_first[name].value, None) for name in of_first if name != "input"}
    return {**gradients, **added}


def check_exactness_of_sum(case: Case, canonical: Arguments, calls: Sequence[Arrays]) -> None:
    """Raise ValueError unless the gradients of several calls add up exactly, in whatever order."""
    totals: dict[str, Array] = {}
    for arrays in calls:
        assert arrays.weight is not None
        if arrays.grad_output is None:
            raise ValueError("no gradients are asked for, which could be added up")
        magnitudes = [np.abs(array) for array in (arrays.x, arrays.weight, arrays.grad_output)]
        terms = LAYERS[case.layer].gradients(*magnitudes, **select_keywords(case.layer, canonical))
        for operand, one in zip(OPERANDS, terms, strict=True):
            if operand != "input" or one.shape == totals.get(operand, one).shape:
                totals[operand] = totals.get(operand, 0) + one
    assert case.inputs is not None
    limit = 2.0 ** reference.number_format(case.inputs.dtype).precision
    if not all(arrays.exact for arrays in calls) or any(
        total.size and total.max() > limit for total in totals.values()
    ):
        raise ValueError(f"the gradients of {len(calls)} calls do not add up exactly in {case.inputs.dtype}")


def apply_as_constructed(case: Case, arrays: Arrays) -> Expectation | None:
    """The last call as if no attribute had been changed; None where that is no valid call.

    No gradients where the output is of another shape.
    """
    constructed = sequence.find_constructed(case)
    if find_refusal(constructed) is not None:
        return None
    canonical = read_layer(constructed)
    assert canonical is not None
    assert arrays.weight is not None
    geometry = reference.find_geometry(
        case.layer, arrays.x.shape, arrays.weight.shape, **select_keywords(case.layer, canonical)
    )
    if arrays.grad_output is not None and geometry.like_x(geometry.output_shape) != arrays.grad_output.shape:
        arrays = replace(arrays, grad_output=None)
    return apply(constructed, canonical, arrays)


def apply(case: Case, canonical: Arguments, arrays: Arrays | None) -> Expectation:
    """What the oracle says of a layer and these arrays."""
    refusal = refuse_layer(case, canonical)
    if refusal is not None:
        return Expectation(canonical, arrays, refusal)
    parameters = find_parameter_shapes(case.layer, canonical)
    if arrays is None or arrays.weight is None:
        return Expectation(canonical, arrays, parameters=parameters)
    refusal = refuse_arrays(case.layer, canonical, arrays)
    if refusal is not None:
        return Expectation(canonical, arrays, refusal, parameters)
    output, gradients = compute(case, canonical, arrays)
    return Expectation(canonical, arrays, None, parameters, output, gradients)


def find_refusal(case: Case) -> Refusal | None:
    """The exception by which the oracle refuses a call, without its arrays; None where it takes it, or cannot tell.

    Of a case that goes on, that is any of its calls.
    """
    if case.then:
        refusals = map(find_refusal, sequence.find_calls(case))
        return next((refusal for refusal in refusals if refusal is not None), None)
    canonical = read_layer(case)
    if canonical is None:
        return None
    refusal = refuse_layer(case, canonical)
    weight = common.weight_shape(case.layer, canonical)
    if refusal is not None or case.inputs is None or weight is None:
        return refusal
    return refuse_shapes(case.layer, canonical, case.inputs.shape, weight)


# Which layer the arguments name


def read_layer(case: Case) -> Arguments | None:
    """The layer of a case in canonical arguments; None where the vendor's arguments name none."""
    if case.api is None:
        arguments: Arguments | NoEquivalent = {**common.DEFAULTS, **case.arguments}
    else:
        try:
            arguments = contracts()[case.api].to_canonical(case.arguments, case.inputs)
        except (KeyError, TypeError, ValueError, AttributeError):
            # A case may be about arguments of which nothing can be made.
            return None
    if isinstance(arguments, NoEquivalent):
        return None
    if case.api is not None and any(name not in arguments for name in LAYERS[case.layer].required):
        return None
    return {name: unwrap(value) for name, value in arguments.items()}


def unwrap(value: Value) -> Value:
    """A value as the oracle takes it: what the notation wraps becomes the NumPy object itself."""
    if isinstance(value, Numpy):
        array = np.asarray(value.value, dtype=value.dtype)
        return array if value.is_array else array[()]
    if isinstance(value, Items):
        return dict.fromkeys(value.items)  # of any kind that no layer takes
    if isinstance(value, tuple | list):
        return type(value)(unwrap(item) for item in value)
    return value


def find_parameter_shapes(layer: LayerName, canonical: Arguments) -> dict[str, tuple[int, ...]]:
    """Shapes of weight and bias in the oracle's layout."""
    weight = common.weight_shape(layer, canonical)
    if weight is None:
        return {}
    if not canonical["bias"]:
        return {"weight": weight}
    return {"weight": weight, "bias": (canonical["out_channels"],)}


# What the oracle refuses


def refuse_layer(case: Case, canonical: Arguments) -> Refusal | None:
    """The exception that the layer's arguments raise, if they do."""
    return (
        refuse_foreign_arguments(case.layer, canonical)
        or refuse_size(case.layer, canonical)
        or refuse_arguments(case.layer, canonical)
        or refuse_weight_tensor(case, canonical)
        or refuse_bias_tensor(case, canonical)
        or refuse_mixed_dtypes(case.inputs)
    )


def refuse_foreign_arguments(layer: LayerName, canonical: Arguments) -> Refusal | None:
    """An argument of the other layer, or of none, may be there at its default alone."""
    for name in canonical:
        if name in LAYERS[layer].parameters:
            continue
        if name not in common.DEFAULTS or not common.is_default(canonical, name):
            return Refusal("TypeError", f"{name} is no argument of {layer}")
    return None


def refuse_size(layer: LayerName, canonical: Arguments) -> Refusal | None:
    shape = common.weight_shape(layer, canonical)
    if shape is None or math.prod(shape) <= MAX_ELEMENTS:
        return None
    return Refusal("ValueError", f"a weight of shape {shape} is larger than this suite allocates")


def refuse_arguments(layer: LayerName, canonical: Arguments) -> Refusal | None:
    """The exception that the oracle raises on checking the layer's arguments."""
    arguments = {name: canonical[name] for name in LAYERS[layer].parameters if name in canonical}
    padding = arguments["padding"]
    if isinstance(padding, str) and padding == "same":
        # Which stride "same" goes with is a matter of each document, not of the operation.
        del arguments["padding"]
    try:
        LAYERS[layer].check(**arguments)
    except (TypeError, ValueError) as error:
        return Refusal(type(error).__name__, str(error))
    return None


def refuse_weight_tensor(case: Case, canonical: Arguments) -> Refusal | None:
    """A functional API is given its weight, whose axes may be those that it has for other groups."""
    if case.api is None:
        return None
    contract = contracts()[case.api]
    weight = case.arguments.get(contract.operands["weight"])
    shape = common.weight_shape(case.layer, canonical)
    if not isinstance(weight, Tensor) or shape is None:
        return None
    shape = contract.weight.to_vendor(np.empty(shape), canonical["groups"]).shape
    if weight.shape == shape:
        return None
    return Refusal("ValueError", f"weight must be of shape {shape}, not {weight.shape}", Phase.FORWARD)


def refuse_bias_tensor(case: Case, canonical: Arguments) -> Refusal | None:
    """A functional API is given its bias, which may be of a shape that the layer has no use for."""
    if case.api is None:
        return None
    contract = contracts()[case.api]
    bias = case.arguments.get(contract.operands.get("bias", ""))
    if not isinstance(bias, Tensor):
        return None
    shape = contract.bias.to_vendor(np.empty(canonical["out_channels"]), canonical["groups"]).shape
    if bias.shape == shape:
        return None
    return Refusal("ValueError", f"bias must be of shape {shape}, not {bias.shape}", Phase.FORWARD)


def refuse_mixed_dtypes(asked: Inputs | None) -> Refusal | None:
    """A layer's operands have one dtype: no document says that it converts an input of another."""
    if asked is None or asked.weight_dtype in (None, asked.dtype):
        return None
    return Refusal("TypeError", f"x is {asked.dtype}, the parameters are {asked.weight_dtype}", Phase.FORWARD)


def refuse_arrays(layer: LayerName, canonical: Arguments, arrays: Arrays) -> Refusal | None:
    """The exception that the oracle raises on applying the layer to these arrays, if it does.

    This stands apart from computing, whose errors (no bound exists for so many terms) are no rejection of the call.
    """
    assert arrays.weight is not None
    return refuse_shapes(layer, canonical, arrays.x.shape, arrays.weight.shape)


def refuse_shapes(
    layer: LayerName, canonical: Arguments, shape: tuple[int, ...], weight: tuple[int, ...]
) -> Refusal | None:
    """The exception that the oracle raises on applying the layer to arrays of these shapes, if it does."""
    keywords = select_keywords(layer, canonical)
    try:
        geometry = reference.find_geometry(layer, shape, weight, **keywords)
        # Asked for because they do not exist where padding reaches beyond what the input can supply.
        _ = geometry.gradient_terms
    except (TypeError, ValueError) as error:
        return Refusal(type(error).__name__, str(error), Phase.FORWARD)
    return None


def compute_the_same(layer: LayerName, one: Arguments, other: Arguments) -> bool:
    """Whether two valid layers have the same parameters, and do the same with an image.

    Args:
        one, other: canonical; what they leave out is as the layer has it.
    """
    first, second = {**common.DEFAULTS, **one}, {**common.DEFAULTS, **other}
    return describe_layer(layer, first) == describe_layer(layer, second)


def describe_layer(layer: LayerName, canonical: Arguments) -> object:
    """What a layer does with an image, equal where two do the same however their arguments are written."""
    weight = common.weight_shape(layer, canonical)
    assert weight is not None
    image = (1, canonical["in_channels"], IMAGE, IMAGE)
    geometry = reference.find_geometry(layer, image, weight, **select_keywords(layer, canonical))
    return canonical["bias"], geometry


# What the oracle computes


def compute(case: Case, canonical: Arguments, arrays: Arrays) -> tuple[Expected, dict[str, Expected]]:
    """Output and gradients: exact ones for exact arrays, others with their bounds."""
    assert case.inputs is not None
    if arrays.exact:
        output, gradients = compute_exactly(case.layer, canonical, arrays)
    else:
        output, gradients = compute_with_bounds(case.layer, canonical, arrays, case.inputs.dtype)
    if arrays.bias is None:
        gradients.pop("bias", None)
    return output, gradients


def allow_roundings(case: Case, expectation: Expectation) -> Expectation:
    """The expectation of a call with the bounds of rounded sums, although its exact arrays need no rounding."""
    assert expectation.canonical is not None
    assert expectation.arrays is not None
    output, gradients = compute(case, expectation.canonical, replace(expectation.arrays, exact=False))
    return replace(expectation, output=output, gradients=gradients)


def compute_exactly(layer: LayerName, canonical: Arguments, arrays: Arrays) -> tuple[Expected, dict[str, Expected]]:
    keywords = select_keywords(layer, canonical)
    output = Expected(LAYERS[layer].forward(arrays.x, arrays.weight, arrays.bias, **keywords), None)
    gradients: dict[str, Expected] = {}
    if arrays.grad_output is not None:
        values = LAYERS[layer].gradients(arrays.x, arrays.weight, arrays.grad_output, **keywords)
        for operand, value in zip(OPERANDS, values, strict=True):
            gradients[operand] = Expected(value, None)
    expected = {"output": output, **gradients}
    for name, marks in find_open(layer, arrays, keywords).items():
        expected[name] = Expected(expected[name].value, np.where(marks, np.inf, 0.0))
    return expected.pop("output"), expected


def compute_with_bounds(
    layer: LayerName, canonical: Arguments, arrays: Arrays, dtype: str
) -> tuple[Expected, dict[str, Expected]]:
    """Bounds of a computation in `dtype`."""
    assert arrays.weight is not None
    keywords = select_keywords(layer, canonical)
    bounded = LAYERS[layer].with_bound(arrays.x, arrays.weight, arrays.bias, dtype=dtype, **keywords)
    output = Expected(bounded.value, bounded.bound)
    gradients: dict[str, Expected] = {}
    if arrays.grad_output is not None:
        several = LAYERS[layer].gradients_with_bound(
            arrays.x, arrays.weight, arrays.grad_output, dtype=dtype, **keywords
        )
        for operand, gradient in zip(OPERANDS, several, strict=True):
            gradients[operand] = Expected(gradient.value, gradient.bound)
    return output, gradients


def select_keywords(layer: LayerName, canonical: Arguments) -> dict[str, Value]:
    """The arguments that the layer's functions take by keyword."""
    return {name: canonical[name] for name in LAYERS[layer].keywords}
