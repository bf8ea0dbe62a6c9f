"""Arrays are written exactly: dtype, shape and every bit; and as shortly as a person would."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.case import TypedArray
from conformance.reproducers.arrays import LISTED, write_array

FLOATS = ("float16", "float32", "float64", "complex64", "bfloat16")


def evaluate(source: str) -> np.ndarray[Any, Any]:
    array: np.ndarray[Any, Any] = eval(source, {"np": np})
    return array


def check_written_exactly(dtype: str, values: np.ndarray[Any, Any]) -> None:
    source = write_array(TypedArray(dtype, values))
    assert source is not None
    array = evaluate(source)
    assert array.dtype == values.dtype
    assert array.shape == values.shape
    assert array.tobytes() == values.tobytes()


@pytest.mark.parametrize("dtype", [*FLOATS, "int8", "int64"])
@pytest.mark.parametrize("shape", [(0,), (1,), (3,), (LISTED,), (2, 0, 3), (2, 3, 4)], ids=str)
@pytest.mark.parametrize("start", [1 / 3, 2])
def test_any_number_is_written_exactly(dtype: str, shape: tuple[int, ...], start: float) -> None:
    held = "float32" if dtype == "bfloat16" else dtype
    numbers = start * (1 + np.arange(np.prod(shape)))
    check_written_exactly(dtype, numbers.astype(held).reshape(shape))


@pytest.mark.parametrize("dtype", FLOATS)
def test_special_values_are_written_exactly(dtype: str) -> None:
    held = "float32" if dtype == "bfloat16" else dtype
    values = np.ones(6, held)
    values[:5] = [np.nan, np.inf, -np.inf, -0.0, 0.0]
    check_written_exactly(dtype, values)


@pytest.mark.parametrize("special", [np.nan, np.inf, -0.0])
def test_one_special_value_everywhere_is_written_exactly(special: float) -> None:
    check_written_exactly("float32", np.full((2, 3), special, "float32"))


def test_the_sign_of_an_imaginary_zero_is_kept() -> None:
    values = np.array([complex(1.0, -0.0), complex(-0.0, 0.0)], "complex64")
    check_written_exactly("complex64", values)


LARGE = (5, 5, 5, 5)


@pytest.mark.parametrize(
    ("values", "source"),
    [
        (np.ones(LARGE), 'np.ones((5, 5, 5, 5), dtype="float32")'),
        (np.zeros(LARGE), 'np.zeros((5, 5, 5, 5), dtype="float32")'),
        (np.full(LARGE, 0.5), 'np.full((5, 5, 5, 5), 0.5, dtype="float32")'),
        (np.arange(-3, 622).reshape(LARGE), 'np.arange(-3, 622).reshape(5, 5, 5, 5).astype("float32")'),
        (np.arange(625).reshape(LARGE) ** 2, None),
        (np.ones((1, 1)), 'np.ones((1, 1), dtype="float32")'),
        (np.array([[1, 2]]), 'np.array([[1., 2.]], dtype="float32")'),
        (np.array([[1, 2, 3]]), 'np.arange(1, 4).reshape(1, 3).astype("float32")'),
        (np.array([[1, 3, 2]]), 'np.array([[1., 3., 2.]], dtype="float32")'),
    ],
)
def test_an_array_is_written_as_short_as_it_goes(values: np.ndarray[Any, Any], source: str | None) -> None:
    assert write_array(TypedArray("float32", values)) == source
