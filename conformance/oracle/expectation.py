"""What the oracle says of a case: values with their bounds, or the exception that it raises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

import conv_reference as reference
from conformance.apis import Contract, NoEquivalent, common, contracts
from conformance.case import MAX_ELEMENTS, Array, Arrays, Case, Inputs, LayerName
from conformance.case.values import Arguments, Numpy, Tensor, Value
from conformance.oracle import inputs as inputs_
from conv_reference.convolution import prepare


@dataclass(frozen=True)
class Expected:
    """An array and how far each element may lie from it; a bound of None is zero everywhere."""

    value: Array
    bound: Array | None


@dataclass(frozen=True)
class Expectation:
    """The oracle's voice.

    Attributes:
        canonical: the layer in canonical arguments; None where the vendor's arguments name none.
        arrays: what the layer was given.
        raised: (class name, message) of the oracle's exception.
        parameters: shapes of weight and bias in the oracle's layout, where there is a layer.
        output, gradients: what to compare with; gradients by ``input``, ``weight`` and ``bias``.
    """

    canonical: Arguments | None
    arrays: Arrays | None = None
    raised: tuple[str, str] | None = None
    parameters: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    output: Expected | None = None
    gradients: Mapping[str, Expected] = field(default_factory=dict)


def expect(case: Case) -> Expectation:
    """Ask the oracle.

    Raises:
        ValueError: the case asks for exact inputs, or for bounded results, that do not exist.
    """
    canonical = _canonical(case)
    if isinstance(canonical, NoEquivalent):
        return Expectation(None)
    arrays = None if case.inputs is None else inputs_.make(case.layer, canonical, case.inputs, case.id)
    refused = _construct(case.layer, canonical) or _bias_of_another_shape(case, canonical) or _mixed(case.inputs)
    if refused is not None:
        return Expectation(canonical, arrays, refused)
    weight = common.weight_shape(case.layer, canonical)
    parameters: dict[str, tuple[int, ...]] = {}
    if weight is not None:
        parameters["weight"] = weight
        if canonical["bias"]:
            parameters["bias"] = (canonical["out_channels"],)
    if case.inputs is None or arrays is None or arrays.weight is None:
        return Expectation(canonical, arrays, None, parameters)
    # Apart from the rest, whose errors (no bound exists for so many terms) are no rejection of the call.
    refused = _apply(case.layer, canonical, arrays)
    if refused is not None:
        return Expectation(canonical, arrays, refused, parameters)
    output, gradients = _compute(case, canonical, arrays)
    return Expectation(canonical, arrays, None, parameters, output, gradients)


def _mixed(inputs: Inputs | None) -> tuple[str, str] | None:
    """A layer's operands have one dtype: no document says that it converts an input of another."""
    if inputs is None or inputs.weight_dtype in (None, inputs.dtype):
        return None
    return "TypeError", f"x is {inputs.dtype}, the parameters are {inputs.weight_dtype}"


def _canonical(case: Case) -> Arguments | NoEquivalent:
    if case.api is None:
        return {**common.DEFAULTS, **{k: plain(v) for k, v in case.arguments.items()}}
    contract: Contract = contracts()[case.api]
    try:
        found = contract.to_canonical(case.arguments)
    except (KeyError, TypeError, ValueError, AttributeError):
        return NoEquivalent("the arguments name no layer")
    if not isinstance(found, NoEquivalent) and not {"in_channels", "out_channels", "kernel_size"} <= set(found):
        return NoEquivalent("a required argument is missing")
    return found if isinstance(found, NoEquivalent) else {k: plain(v) for k, v in found.items()}


def _bias_of_another_shape(case: Case, canonical: Arguments) -> tuple[str, str] | None:
    """A functional API is given its bias, which may be of a shape that the layer has no use for."""
    given = case.arguments.get("bias")
    if case.api is None or not isinstance(given, Tensor):
        return None
    needed = contracts()[case.api].bias.to_vendor(np.empty(canonical["out_channels"]), 1).shape
    return None if given.shape == needed else ("ValueError", f"bias must be of shape {needed}, not {given.shape}")


def plain(value: Value) -> Value:
    """A value as the oracle takes it: what the notation wraps becomes the NumPy object itself."""
    if isinstance(value, Numpy):
        inner = np.asarray(value.value, dtype=value.dtype)
        return inner if value.is_array else inner[()]
    if isinstance(value, tuple | list):
        return type(value)(plain(item) for item in value)
    return value


_CONSTRUCTED = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias")


def _construct(layer: str, canonical: Arguments) -> tuple[str, str] | None:
    """The exception that the oracle's layer class raises, if it does."""
    names = (*_CONSTRUCTED, "padding_mode" if layer == "conv2d" else "output_padding")
    arguments: dict[str, Any] = {name: canonical[name] for name in names if name in canonical}
    for name in set(canonical) - set(names):
        if not common.default(canonical, name):
            return "TypeError", f"{name} is no argument of {layer}"
    if layer == "conv2d" and isinstance(arguments["padding"], str) and arguments["padding"] == "same":
        # Which stride "same" goes with is a matter of each document, not of the operation.
        arguments["stride"] = 1 if common.pair(arguments["stride"]) else arguments["stride"]
    if isinstance(arguments.get("in_channels"), int) and isinstance(arguments.get("out_channels"), int):
        shape = common.weight_shape("conv2d" if layer == "conv2d" else "conv_transpose2d", canonical)
        if shape is not None and int(np.prod(shape)) > MAX_ELEMENTS:
            return "ValueError", f"a weight of shape {shape} is larger than this suite allocates"
    try:
        (reference.Conv2d if layer == "conv2d" else reference.Conv2dTranspose)(**arguments)
    except (TypeError, ValueError) as error:
        return type(error).__name__, str(error)
    except (MemoryError, OverflowError) as error:
        return "ValueError", str(error)
    return None


def _apply(layer: LayerName, canonical: Arguments, arrays: Arrays) -> tuple[str, str] | None:
    """The exception that the oracle raises on applying the layer to these arrays, if it does."""
    assert arrays.weight is not None
    try:
        call = prepare(layer, arrays.x, arrays.weight, arrays.bias, **_parameters(layer, canonical))
        _ = call.gradient_terms  # padding that reaches beyond what the input can supply
    except (TypeError, ValueError) as error:
        return type(error).__name__, str(error)
    return None


def _parameters(layer: LayerName, canonical: Arguments) -> Any:
    names = ("stride", "padding", "dilation", "groups", "padding_mode" if layer == "conv2d" else "output_padding")
    return {name: canonical[name] for name in names}


def _compute(case: Case, canonical: Arguments, arrays: Arrays) -> tuple[Expected, dict[str, Expected]]:
    assert case.inputs is not None
    assert arrays.weight is not None
    parameters = _parameters(case.layer, canonical)
    forward = reference.conv2d if case.layer == "conv2d" else reference.conv_transpose2d
    backward = reference.conv2d_gradients if case.layer == "conv2d" else reference.conv_transpose2d_gradients
    dtype = case.inputs.dtype
    keys: tuple[Literal["input", "weight", "bias"], ...] = ("input", "weight", "bias")
    gradients: dict[str, Expected] = {}
    with np.errstate(invalid="ignore", over="ignore"):
        if arrays.exact:
            output = Expected(forward(arrays.x, arrays.weight, arrays.bias, **parameters), None)
            if arrays.grad_output is not None:
                found = backward(arrays.x, arrays.weight, arrays.grad_output, **parameters)
                gradients = {key: Expected(value, None) for key, value in zip(keys, found, strict=True)}
        else:
            bounded = reference.with_bound(case.layer, arrays.x, arrays.weight, arrays.bias, dtype=dtype, **parameters)
            output = Expected(bounded.value, bounded.bound)
            if arrays.grad_output is not None:
                several = reference.gradients_with_bound(
                    case.layer, arrays.x, arrays.weight, arrays.grad_output, dtype=dtype, **parameters
                )
                gradients = {key: Expected(b.value, b.bound) for key, b in zip(keys, several, strict=True)}
    if arrays.bias is None:
        gradients.pop("bias", None)
    return output, gradients
