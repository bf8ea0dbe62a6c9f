"""Which elements an infinity may reach by a zero of the padding alone, against loops over every pair that meets."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from conformance.case import Array, Arrays, LayerName
from conformance.oracle.zeros import find_open

Place = tuple[int, int, int, int]
KERNEL, STRIDE, PADDING, DILATION, GROUPS = (2, 3), (1, 2), (1, 2), (2, 1), 2
SHARED = {"stride": STRIDE, "padding": PADDING, "dilation": DILATION, "groups": GROUPS}
SETTINGS: dict[LayerName, Any] = {"conv2d": SHARED, "conv_transpose2d": {**SHARED, "output_padding": (0, 1)}}
# Of a convolution; a transposed one has them exchanged.
IMAGE, OUTPUT, WEIGHT = (2, 4, 5, 4), (2, 6, 5, 3), (6, 2, *KERNEL)


def meet() -> Iterator[tuple[Place, Place, Place, bool]]:
    """Each product: its elements of the image, the output and the weight; and whether the image's is in the padding."""
    per_group = WEIGHT[0] // GROUPS
    for batch, o, row, column in np.ndindex(*OUTPUT):
        for c, i, j in np.ndindex(*WEIGHT[1:]):
            y = row * STRIDE[0] - PADDING[0] + i * DILATION[0]
            x = column * STRIDE[1] - PADDING[1] + j * DILATION[1]
            padded = not (0 <= y < IMAGE[2] and 0 <= x < IMAGE[3])
            yield (batch, o // per_group * WEIGHT[1] + c, y, x), (batch, o, row, column), (o, c, i, j), padded


def expect_open(special: Array, of: str, at: str) -> Array:
    """Where a zero of the padding meets what is special of one operand, in the sums of an element of the other."""
    marks = np.zeros({"output": OUTPUT, "weight": WEIGHT}[at], bool)
    for _, output, weight, padded in meet():
        place = {"output": output, "weight": weight}
        if padded and special[place[of]]:
            marks[place[at]] = True
    return marks


def arrays(layer: LayerName, special: str, place: Place) -> Arrays:
    """Ones, with an infinity in an operand, whose name is that of a convolution of this shape."""
    made = {"image": np.ones(IMAGE), "output": np.ones(OUTPUT), "weight": np.ones(WEIGHT)}
    made[special][place] = np.inf
    if layer == "conv2d":
        return Arrays(made["image"], made["weight"], None, made["output"], exact=True)
    return Arrays(made["output"], made["weight"], None, made["image"], exact=True)


PLACES = [(0, 0, 0, 0), (5, 1, 1, 2), (2, 0, 0, 1)]
# What a convolution calls its output is the transposed one's x, and its weight is laid out alike.
NAMES: dict[LayerName, dict[str, str]] = {
    "conv2d": {"output": "output", "weight": "weight"},
    "conv_transpose2d": {"output": "input", "weight": "weight"},
}


@pytest.mark.parametrize(("layer", "place"), list(itertools.product(NAMES, PLACES)))
def test_a_special_weight_is_open_where_it_meets_padding(layer: LayerName, place: Place) -> None:
    given = arrays(layer, "weight", place)
    assert given.weight is not None
    expected = expect_open(~np.isfinite(given.weight), of="weight", at="output")
    found = find_open(layer, given, SETTINGS[layer])
    assert set(found) == ({NAMES[layer]["output"]} if expected.any() else set())
    for marks in found.values():
        np.testing.assert_array_equal(marks, expected)


@pytest.mark.parametrize(
    ("layer", "place"), list(itertools.product(NAMES, [(0, 0, 0, 0), (1, 5, 4, 2), (1, 2, 2, 1), (0, 3, 0, 1)]))
)
def test_a_special_element_is_open_in_the_weights_that_meet_padding_with_it(layer: LayerName, place: Place) -> None:
    given = arrays(layer, "output", place)
    special = np.zeros(OUTPUT, bool)
    special[place] = True
    expected = expect_open(special, of="output", at="weight")
    found = find_open(layer, given, SETTINGS[layer])
    assert set(found) == ({"weight"} if expected.any() else set())
    for marks in found.values():
        np.testing.assert_array_equal(marks, expected)


@pytest.mark.parametrize("layer", NAMES)
def test_without_padding_nothing_is_open(layer: LayerName) -> None:
    given = Arrays(np.ones((1, 2, 4, 4)), np.full((2, 2, 1, 1), np.inf), None, np.ones((1, 2, 4, 4)), exact=True)
    assert find_open(layer, given, {}) == {}


def test_a_transposed_layer_without_gradients_has_nothing_open() -> None:
    """Its output pads nothing."""
    given = Arrays(np.full((1, 2, 4, 4), np.inf), np.full((2, 2, 3, 3), np.inf), None, None, exact=True)
    assert find_open("conv_transpose2d", given, {"padding": 1}) == {}


def test_without_gradients_only_the_output_of_a_convolution_is_open() -> None:
    given = Arrays(np.ones((1, 1, 2, 2)), np.full((1, 1, 3, 3), np.inf), None, None, exact=True)
    assert set(find_open("conv2d", given, {"padding": 1})) == {"output"}


def test_an_image_without_a_batch_is_as_one_with() -> None:
    made = arrays("conv2d", "output", (0, 0, 0, 0))
    assert made.grad_output is not None
    alone = Arrays(made.x[0], made.weight, None, made.grad_output[0], exact=True)
    batch = Arrays(made.x[:1], made.weight, None, made.grad_output[:1], exact=True)
    found, expected = (find_open("conv2d", given, SHARED)["weight"] for given in (alone, batch))
    np.testing.assert_array_equal(found, expected)
