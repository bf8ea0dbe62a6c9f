"""Arrays are written exactly: dtype, shape and every bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.case import TypedArray
from conformance.reproducers.arrays import LISTED, write_array

FLOATS = ("float16", "float32", "float64", "complex64", "bfloat16")


def evaluate(source: str) -> np.ndarray[Any, Any]:
    namespace: dict[str, Any] = {"np": np}
    exec(f"import base64, zlib\narray = {source}", namespace)
    array: np.ndarray[Any, Any] = namespace["array"]
    return array


def check_written_exactly(dtype: str, values: np.ndarray[Any, Any]) -> None:
    array = evaluate(write_array(TypedArray(dtype, values)))
    assert array.dtype == values.dtype
    assert array.shape == values.shape
    assert array.tobytes() == values.tobytes()


@pytest.mark.parametrize("dtype", [*FLOATS, "int8", "int64"])
@pytest.mark.parametrize("shape", [(0,), (3,), (LISTED,), (LISTED + 1,), (2, 0, 3), (2, 3, 4)], ids=str)
def test_any_size_is_written_exactly(dtype: str, shape: tuple[int, ...]) -> None:
    held = "float32" if dtype == "bfloat16" else dtype
    thirds = np.arange(np.prod(shape)) / 3
    check_written_exactly(dtype, thirds.astype(held).reshape(shape))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("size", [6, LISTED + 1])
def test_special_values_are_written_exactly(dtype: str, size: int) -> None:
    held = "float32" if dtype == "bfloat16" else dtype
    values = np.ones(size, held)
    values[:5] = [np.nan, np.inf, -np.inf, -0.0, 0.0]
    check_written_exactly(dtype, values)


def test_the_sign_of_an_imaginary_zero_is_kept() -> None:
    values = np.array([complex(1.0, -0.0), complex(-0.0, 0.0)], "complex64")
    check_written_exactly("complex64", values)
