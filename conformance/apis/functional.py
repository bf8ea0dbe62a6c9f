"""Functions whose weight and bias are arguments: what such APIs of several frameworks have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from conformance.apis.common import DEFAULTS, is_default, is_int, weight_shape
from conformance.apis.contract import NoEquivalent
from conformance.apis.padding import TWICE, needs_output_padding_twice
from conformance.case import LayerName, Tensor
from conformance.case.values import Arguments, Value

KEYWORDS = ("stride", "padding", "output_padding", "dilation", "groups")

TranslatePadding: TypeAlias = Callable[[LayerName, Arguments], Arguments | NoEquivalent]


def functional_to_vendor(
    layer: LayerName, arguments: Arguments, translate_padding: TranslatePadding
) -> Arguments | NoEquivalent:
    """The function's keyword arguments; weight and bias are tensors in the oracle's layout."""
    if not is_default(arguments, "padding_mode"):
        return NoEquivalent("there is no padding_mode")
    bias = arguments.get("bias", True)
    if not isinstance(bias, bool):
        return NoEquivalent("bias is a tensor, not a bool")
    weight = find_weight(layer, arguments)
    if weight is None:
        return NoEquivalent("channels and kernel size are the weight's shape, not arguments")
    padding = translate_padding(layer, arguments)
    if isinstance(padding, NoEquivalent):
        return padding
    if needs_output_padding_twice(arguments, padding):
        return TWICE
    tensors = {"weight": weight}
    if bias:
        tensors["bias"] = Tensor((arguments["out_channels"],))
    passed_on = {name: arguments[name] for name in KEYWORDS if name in arguments}
    return {**tensors, **passed_on, **padding}


def functional_to_canonical(layer: LayerName, arguments: Arguments) -> Arguments:
    """Canonical arguments; what is neither weight nor bias is passed on.

    Raises:
        KeyError, AttributeError: there is no weight, or it is no tensor.
    """
    implied = read_weight(layer, arguments["weight"].shape, arguments.get("groups", 1))
    passed_on = {name: value for name, value in arguments.items() if name not in ("weight", "bias")}
    has_bias = arguments.get("bias") is not None
    return {**DEFAULTS, **implied, **passed_on, "bias": has_bias}


def find_weight(layer: LayerName, arguments: Arguments) -> Tensor | None:
    """The weight argument, in the oracle's layout; None where the arguments define none.

    An invalid `groups` is still an argument of its own: the weight is then that of one group.
    """
    shape = weight_shape(layer, arguments) or weight_shape(layer, {**arguments, "groups": 1})
    return None if shape is None else Tensor(shape)


def read_weight(layer: LayerName, shape: tuple[int, ...], groups: Value) -> Arguments:
    """The canonical arguments that a weight of the oracle's layout implies."""
    factor = groups if is_int(groups) else 1
    first, second, *kernel = shape
    channels_in = first
    channels_out = second * factor
    if layer == "conv2d":
        channels_in = second * factor
        channels_out = first
    return {"in_channels": channels_in, "out_channels": channels_out, "kernel_size": tuple(kernel)}
