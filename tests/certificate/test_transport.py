"""The strides that an input is checked against are NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.case import LAYOUTS
from conformance.certificate.checks.transport import strides_of

Array = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
SHAPES = [(2, 3, 5, 4), (1, 3, 5, 4), (2, 1, 5, 4), (2, 3, 1, 4), (2, 3, 5, 1), (1, 1, 1, 1)]


def lay_out(shape: tuple[int, int, int, int], layout: str) -> Array:
    """An array that lies in memory so, made by its axes."""
    images, channels, height, width = shape
    match layout:
        case "contiguous":
            return np.empty(shape, "float32")
        case "strided":
            return np.empty((images, channels, height, 2 * width), "float32")[..., ::2]
        case "transposed":
            return np.empty((images, channels, width, height), "float32").transpose(0, 1, 3, 2)
        case "channels_last":
            return np.empty((images, height, width, channels), "float32").transpose(0, 3, 1, 2)
    raise AssertionError(layout)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_strides_are_those_of_an_array_that_lies_so(layout: str, shape: tuple[int, int, int, int]) -> None:
    made = lay_out(shape, layout)
    assert made.shape == shape
    assert tuple(step // made.itemsize for step in made.strides) == strides_of(shape, layout)
