"""Functions whose weight and bias are arguments: what such APIs of several frameworks have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from conformance.apis.common import DEFAULTS, is_default, is_int, weight_shape
from conformance.apis.contract import NoEquivalent
from conformance.case import Inputs, LayerName, Tensor
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
        return NoEquivalent("channels and kernel size are the weight's shape, and no tensor has this one")
    padding = translate_padding(layer, arguments)
    if isinstance(padding, NoEquivalent):
        return padding
    tensors = {"weight": weight}
    if bias:
        tensors["bias"] = Tensor((arguments["out_channels"],))
    passed_on = {name: arguments[name] for name in KEYWORDS if name in arguments}
    return {**tensors, **passed_on, **padding}


def functional_to_canonical(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments:
    """Canonical arguments; what is neither weight nor bias is passed on.

    Raises:
        KeyError, AttributeError: there is no weight, or it or the bias is no tensor.
    """
    implied = read_weight(layer, arguments["weight"].shape, arguments.get("groups", 1))
    passed_on = {name: value for name, value in arguments.items() if name not in ("weight", "bias")}
    bias = arguments.get("bias")
    has_bias = bias is not None and bias.shape is not None
    return {**DEFAULTS, **implied, **passed_on, "bias": has_bias}


def find_weight(layer: LayerName, arguments: Arguments) -> Tensor | None:
    """The weight argument, in the oracle's layout; None where no tensor has such a shape.

    An invalid `groups` is still an argument of its own: the weight is then that of one group.
    """
    shape = weight_shape(layer, arguments) or weight_shape(layer, {**arguments, "groups": 1})
    if shape is None:
        shape = find_invalid_shape(layer, arguments)
    return None if shape is None else Tensor(shape)


def find_invalid_shape(layer: LayerName, arguments: Arguments) -> tuple[int, ...] | None:
    """The shape of a weight that no layer has, but a tensor may: with a size of zero, or not with two kernel sizes."""
    kernel: Value = arguments.get("kernel_size")
    if is_int(kernel):
        kernel = (kernel, kernel)
    groups: Value = arguments.get("groups", 1)
    channels = [arguments.get("out_channels"), arguments.get("in_channels")]
    if layer == "conv_transpose2d":
        channels.reverse()
    if not isinstance(kernel, tuple | list) or not is_int(groups) or groups < 1:
        return None
    if not all(is_int(size) and size >= 0 for size in (*channels, *kernel)):
        return None
    first, second = channels
    return (first, second // groups, *kernel)


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
