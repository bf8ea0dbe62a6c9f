"""What the contracts share: pure functions over canonical arguments."""

from __future__ import annotations

import numpy as np

from conformance.apis import NoEquivalent
from conformance.case import Inputs, LayerName
from conformance.case.values import Arguments, DType, Tensor, Value

DEFAULTS: Arguments = {
    "stride": 1,
    "padding": 0,
    "output_padding": 0,
    "dilation": 1,
    "groups": 1,
    "bias": True,
    "padding_mode": "zeros",
}


def is_int(value: Value) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def pair(value: Value) -> tuple[int, int] | None:
    """(height, width) of an int or a pair of ints; None for anything else."""
    if is_int(value):
        return value, value
    if isinstance(value, tuple | list) and len(value) == 2 and all(map(is_int, value)):
        return value[0], value[1]
    return None


def four_sided(padding: Value) -> tuple[int, int, int, int] | None:
    """(top, bottom, left, right) of a four-sided padding; None for anything else."""
    if isinstance(padding, tuple | list) and len(padding) == 4 and all(map(is_int, padding)):
        return padding[0], padding[1], padding[2], padding[3]
    return None


def two_sided(padding: Value) -> Value | NoEquivalent:
    """A four-sided padding as the (height, width) that vendors take, where its sides are alike."""
    sides = four_sided(padding)
    if sides is None:
        return padding
    top, bottom, left, right = sides
    if top != bottom or left != right:
        return NoEquivalent("padding is the same on opposite sides")
    return top, left


def cropped(arguments: Arguments) -> Arguments | NoEquivalent:
    """A transposed layer's four-sided padding, and its output_padding, for an API whose padding has two sides.

    Output padding wins back rows at the bottom and right, so the top and left may be cropped more than they are,
    by less than stride or dilation.
    """
    given = {**DEFAULTS, **arguments}
    sides = four_sided(given["padding"])
    stride, dilation, added = (pair(given[name]) for name in ("stride", "dilation", "output_padding"))
    if sides is None or stride is None or dilation is None or added is None:
        return two if isinstance(two := two_sided(given["padding"]), NoEquivalent) else {"padding": two}
    top, bottom, left, right = sides
    more = (top - bottom, left - right)
    if more == (0, 0):
        return {"padding": (top, left)}
    output_padding = (added[0] + more[0], added[1] + more[1])
    if min(more) < 0 or any(o >= max(s, d) for o, s, d in zip(output_padding, stride, dilation, strict=True) if o):
        return NoEquivalent("padding is the same on opposite sides, and output_padding wins back less than a step")
    return {"padding": (top, left), "output_padding": output_padding}


def same_padding(layer: LayerName, arguments: Arguments) -> Arguments | NoEquivalent:
    """padding="same" as explicit padding and output_padding, for an API that has no such string.

    A convolution of stride 1 keeps its size with a total of dilation * (kernel - 1); a transposed one multiplies
    its size by the stride when dilation * (kernel - 1) + 1 - stride is cropped (or, negative, added).
    """
    given = {**DEFAULTS, **arguments}
    kernel, stride, dilation = (pair(given[name]) for name in ("kernel_size", "stride", "dilation"))
    if kernel is None or stride is None or dilation is None:
        return NoEquivalent("padding has no string")
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    if layer == "conv2d":
        if stride != (1, 1):
            return NoEquivalent("padding has no string, and what it means at stride > 1 depends on the input's size")
        totals = [e - 1 for e in extents]
    else:
        totals = [e - s for e, s in zip(extents, stride, strict=True)]
    if any(total > 0 and total % 2 for total in totals):
        return NoEquivalent("padding has no string, and the same on opposite sides cannot make an odd total")
    padding = tuple(max(total, 0) // 2 for total in totals)
    if layer == "conv2d" or not any(total < 0 for total in totals):
        return {"padding": padding}
    added = tuple(max(-total, 0) for total in totals)
    return {"padding": padding, "output_padding": added}


def weight_shape(layer: LayerName, arguments: Arguments) -> tuple[int, ...] | None:
    """The oracle's weight shape, or None where the arguments define none.

    conv2d: (C_out, C_in / groups, kh, kw); conv_transpose2d: (C_in, C_out / groups, kh, kw).
    """
    given = {**DEFAULTS, **arguments}
    kernel = pair(given.get("kernel_size"))
    c_in, c_out, groups = (_positive(given.get(name)) for name in ("in_channels", "out_channels", "groups"))
    if kernel is None or min(kernel) < 1 or c_in is None or c_out is None or groups is None:
        return None
    if c_in % groups or c_out % groups:
        return None
    first, second = (c_out, c_in) if layer == "conv2d" else (c_in, c_out)
    return first, second // groups, *kernel


def _positive(value: Value) -> int | None:
    return value if is_int(value) and value >= 1 else None


def weight_tensor(layer: LayerName, arguments: Arguments) -> Tensor | NoEquivalent:
    """The weight argument of a functional API, in the oracle's layout.

    An invalid `groups` is still an argument of its own: the weight is then that of one group.
    """
    shape = weight_shape(layer, arguments) or weight_shape(layer, {**arguments, "groups": 1})
    return Tensor(shape) if shape else NoEquivalent("channels and kernel size are the weight's shape, not arguments")


def from_weight(layer: LayerName, shape: tuple[int, ...], groups: Value) -> Arguments:
    """The canonical arguments that a weight of the oracle's layout implies."""
    g = groups if is_int(groups) else 1
    first, second, *kernel = shape
    channels = (second * g, first) if layer == "conv2d" else (first, second * g)
    return {"in_channels": channels[0], "out_channels": channels[1], "kernel_size": tuple(kernel)}


def dtype_argument(inputs: Inputs | None) -> Arguments:
    """The dtype argument of an API that has one, float32 being every vendor's default."""
    dtype = "float32" if inputs is None else inputs.weight_dtype or inputs.dtype
    return {} if dtype == "float32" else {"dtype": DType(dtype)}


def unbatched(inputs: Inputs | None) -> bool:
    return inputs is not None and len(inputs.shape) == 3


def default(arguments: Arguments, name: str) -> bool:
    """Whether an argument is left at, or given, the canonical default."""
    return name not in arguments or (
        type(arguments[name]) is type(DEFAULTS[name]) and bool(arguments[name] == DEFAULTS[name])
    )


NOT_BATCHED = NoEquivalent("the document takes only batched (N, C, H, W) input")
