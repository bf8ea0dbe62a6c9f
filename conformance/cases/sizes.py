"""What a call would allocate and compute: a spec may not ask for what ends the machine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.apis import NoEquivalent, common, contracts
from conformance.case import MAX_ELEMENTS, Arguments, Inputs, LayerName
from conformance.case.values import Tensor
from conformance.oracle.expectation import unwrap
from conformance.oracle.inputs import CLASSES
from conv_reference import LAYERS, Work, estimate_work

SMALL = 10_000_000  # products; to estimate more closely than that takes longer than it saves

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Limits:
    """What a call may take of the host. The largest of the shipped cases is estimated at 16 s and 0.4 GB.

    Attributes:
        elements: of one array.
        seconds: of the oracle, on one slow core.
        bytes: of all that the oracle holds at a time.
    """

    elements: int = MAX_ELEMENTS
    seconds: float = 100.0
    bytes: int = 2**31


LISTED = Limits()  # of a case that somebody wrote


def explain_oversize(
    layer: LayerName, api: str | None, arguments: Arguments, inputs: Inputs | None, limits: Limits = LISTED
) -> str | None:
    """Why a call is too large to be asked, and the remedy; None where it is not, or is invalid and computes nothing.

    Args:
        api: the API in whose own arguments the call is written; None for canonical ones.
    """
    for name, value in arguments.items():
        if isinstance(value, Tensor) and math.prod(value.shape) > limits.elements:
            return _describe_array(name, value.shape, limits)
    try:
        canonical = _translate(layer, api, arguments, inputs)
        weight = None if canonical is None else common.weight_shape(layer, canonical)
        if canonical is None or weight is None:
            return None
        if math.prod(weight) > limits.elements:
            return _describe_array("a weight", weight, limits)
        shapes = _find_shapes(layer, canonical, weight, inputs)
        for name, shape in shapes.items():
            if _count_positions(shape) > limits.elements:
                return _describe_array(name, shape, limits)
        if inputs is None or _is_small(shapes):
            return None
        return _explain_work(layer, canonical, weight, inputs, limits)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None  # an invalid call


def _count_positions(shape: Shape) -> int:
    """The elements of an array, as if no axis were empty: the oracle goes through the positions of a padded axis."""
    return math.prod(max(size, 1) for size in shape)


def _describe_array(name: str, shape: Shape, limits: Limits) -> str:
    return f"{name} of shape {shape} has more than {limits.elements} elements; it would not be allocated"


def _translate(layer: LayerName, api: str | None, arguments: Arguments, inputs: Inputs | None) -> dict[str, Any] | None:
    """A call in canonical arguments as the oracle takes them, defaults included; None where it names no layer."""
    canonical = arguments if api is None else contracts()[api].to_canonical(arguments, inputs)
    if isinstance(canonical, NoEquivalent):
        return None
    return {**LAYERS[layer].defaults, **{name: unwrap(value) for name, value in canonical.items()}}


def _find_shapes(layer: LayerName, canonical: Arguments, weight: Shape, inputs: Inputs | None) -> dict[str, Shape]:
    """The arrays that a call would allocate."""
    shapes = {"a weight": weight}
    if inputs is not None:
        shapes["an output"] = _find_output_shape(layer, canonical, inputs.shape, weight)
        shapes["a padded input"] = _find_padded_shape(canonical, inputs.shape, weight[-2:])
    return shapes


def _is_small(shapes: Mapping[str, Shape]) -> bool:
    """Whether a call is cheap beyond doubt: no element of input or output meets a weight more than once."""
    weight, output, padded = map(math.prod, shapes.values())
    return (output + padded) * weight < SMALL


def _find_output_shape(layer: LayerName, canonical: Arguments, shape: Shape, weight: Shape) -> Shape:
    names = ("stride", "padding", "dilation", "output_padding")
    geometry = {name: canonical[name] for name in names if name in LAYERS[layer].keywords}
    height, width = LAYERS[layer].output_size(shape[-2:], weight[-2:], **geometry)
    return *shape[:-3], int(canonical["out_channels"]), height, width  # or NumPy would multiply, modulo 2**64


def _find_padded_shape(canonical: Arguments, shape: Shape, kernel: Shape) -> Shape:
    """The input with its padding. The zeros of "same" are not written out, so that its dilation may be of any size."""
    padding = canonical["padding"]
    if padding == "same" and canonical.get("padding_mode", "zeros") != "zeros":
        rows, columns = common.pair(canonical["dilation"]) or (1, 1)
        return *shape[:-2], shape[-2] + rows * (kernel[0] - 1), shape[-1] + columns * (kernel[1] - 1)
    height, width = common.pair(padding) or (0, 0)
    top, bottom, left, right = common.four_sided(padding) or (height, height, width, width)
    return *shape[:-2], shape[-2] + top + bottom, shape[-1] + left + right


def _explain_work(layer: LayerName, canonical: Arguments, weight: Shape, inputs: Inputs, limits: Limits) -> str | None:
    """Why the oracle would not come to an end with the call, or take all memory; None where it would do neither."""
    parts = [_estimate(layer, canonical, weight, inputs, gradients=False)]
    if inputs.gradients:
        parts.append(_estimate(layer, canonical, weight, inputs, gradients=True))
    seconds = sum(work.seconds for work in parts)
    size = max(work.bytes for work in parts)
    if seconds <= limits.seconds and size <= limits.bytes:
        return None
    return (
        f"x of shape {inputs.shape} and a weight of shape {weight} would cost the oracle about {seconds:.0f} s and "
        f"{size / 2**30:.1f} GiB, more than the {limits.seconds:.0f} s and {limits.bytes / 2**30:.1f} GiB that are "
        "allowed; "
        "make the input or the kernel smaller"
    )


def _estimate(layer: LayerName, canonical: Arguments, weight: Shape, inputs: Inputs, gradients: bool) -> Work:
    return estimate_work(
        layer,
        inputs.shape,
        weight,
        gradients=gradients,
        bounded=CLASSES[inputs.values].sums != "exact",
        dtype=inputs.dtype,
        **{name: canonical[name] for name in LAYERS[layer].keywords},
    )
