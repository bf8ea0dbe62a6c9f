"""What a call would allocate and compute: a spec may not ask for what ends the machine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from conformance.apis import NoEquivalent, common, contracts
from conformance.case import MAX_ELEMENTS, Arguments, Inputs, LayerName
from conformance.case.values import Tensor
from conv_reference import LAYERS


def explain_oversize(layer: LayerName, api: str | None, arguments: Arguments, inputs: Inputs | None) -> str | None:
    """Why a call is too large to be asked; None where it is not, or is invalid and computes nothing.

    Args:
        api: the API in whose own arguments the call is written; None for canonical ones.
    """
    try:
        for name, shape in _find_shapes(layer, api, arguments, inputs):
            if math.prod(shape) > MAX_ELEMENTS:
                return f"{name} of shape {shape} has more than {MAX_ELEMENTS} elements; it would not be allocated"
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None  # an invalid call
    return None


def _find_shapes(
    layer: LayerName, api: str | None, arguments: Arguments, inputs: Inputs | None
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The arrays that a call would allocate, as far as its arguments define any."""
    for name, value in arguments.items():
        if isinstance(value, Tensor):
            yield name, value.shape
    canonical = _translate(layer, api, arguments)
    if canonical is None:
        return
    weight = common.weight_shape(layer, canonical)
    if weight is None:
        return
    yield "a weight", weight
    if inputs is None:
        return
    yield "an output", _find_output_shape(layer, canonical, inputs.shape, weight)
    yield "a padded input", _find_padded_shape(canonical, inputs.shape)


def _translate(layer: LayerName, api: str | None, arguments: Arguments) -> dict[str, Any] | None:
    """A call in canonical arguments, defaults included; None where it names no layer."""
    canonical = arguments if api is None else contracts()[api].to_canonical(arguments)
    if isinstance(canonical, NoEquivalent):
        return None
    return {**LAYERS[layer].defaults, **canonical}


def _find_output_shape(
    layer: LayerName, canonical: Arguments, shape: tuple[int, ...], weight: tuple[int, ...]
) -> tuple[int, ...]:
    names = ("stride", "padding", "dilation", "output_padding")
    geometry = {name: canonical[name] for name in names if name in LAYERS[layer].keywords}
    height, width = LAYERS[layer].output_size(shape[-2:], weight[-2:], **geometry)
    return *shape[:-3], canonical["out_channels"], height, width


def _find_padded_shape(canonical: Arguments, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The input with its padding; a padding that is a string adds less than the kernel."""
    padding = canonical["padding"]
    height, width = common.pair(padding) or (0, 0)
    top, bottom, left, right = common.four_sided(padding) or (height, height, width, width)
    return *shape[:-2], shape[-2] + top + bottom, shape[-1] + left + right
