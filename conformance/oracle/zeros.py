"""Elements of which no document says whether they are numbers: where an infinity or NaN meets a zero of the padding.

Padding zeros may be operands (0 * inf is NaN), or stand for products that are left out. A convolution pads its input,
and a transposed one, backward, the gradient of what it has cropped.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from conformance.case import Array, Arrays, LayerName
from conformance.case.values import Value
from conv_reference import LAYERS


def find_open(layer: LayerName, arrays: Arrays, keywords: Mapping[str, Value]) -> dict[str, Array]:
    """By ``output``, or the operand of a gradient, marks of the elements that may be anything."""
    assert arrays.weight is not None
    find = find_open_of_convolution if layer == "conv2d" else find_open_of_transposed
    return {name: marks for name, marks in find(arrays, arrays.weight, keywords).items() if marks.any()}


def find_open_of_convolution(arrays: Arrays, weight: Array, keywords: Mapping[str, Value]) -> dict[str, Array]:
    layer = LAYERS["conv2d"]
    found = {}
    x = np.ones(arrays.x.shape)
    if is_special(weight):
        special = mark_special(weight)
        met = layer.forward(x, special, None, **keywords)
        found["output"] = met < special.sum(axis=(1, 2, 3))[:, None, None]
    if is_special(arrays.grad_output):
        special = mark_special(arrays.grad_output)
        met = layer.gradients(x, np.ones(weight.shape), special, **keywords).weight
        found["weight"] = met < count_by_channel(special)[:, None, None, None]
    return found


def find_open_of_transposed(arrays: Arrays, weight: Array, keywords: Mapping[str, Value]) -> dict[str, Array]:
    layer = LAYERS["conv_transpose2d"]
    found: dict[str, Array] = {}
    if arrays.grad_output is None:
        return found
    upstream = np.ones(arrays.grad_output.shape)
    if is_special(weight):
        special = mark_special(weight)
        met = layer.gradients(np.ones(arrays.x.shape), special, upstream, **keywords).x
        found["input"] = met < special.sum(axis=(1, 2, 3))[:, None, None]
    if is_special(arrays.x):
        special = mark_special(arrays.x)
        met = layer.gradients(special, np.ones(weight.shape), upstream, **keywords).weight
        found["weight"] = met < count_by_channel(special)[:, None, None, None]
    return found


def is_special(array: Array | None) -> bool:
    """Whether an infinity or NaN is in an array."""
    return array is not None and not np.isfinite(array).all()


def mark_special(array: Array | None) -> Array:
    """Ones where an array is not finite."""
    assert array is not None
    marks: Array = ~np.isfinite(array)
    return marks.astype(np.float64)


def count_by_channel(image: Array) -> Array:
    """The sums over all but the channels, of an image with a batch or without."""
    sums: Array = image.reshape(-1, *image.shape[-3:]).sum(axis=(0, 2, 3))
    return sums
