"""bfloat16 as ml_dtypes has it, and rounding to every other dtype."""

from __future__ import annotations

import struct

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.oracle.rounding import from_bfloat16, from_complex32, round_to, to_bfloat16, to_complex32
from tests.profiles import REPEATABLE

EVERY_PATTERN = np.arange(2**16, dtype=np.uint16)
SIGNALLING = pytest.mark.filterwarnings("ignore:invalid value encountered in cast")  # every NaN there is


def corners() -> np.ndarray:
    """Every bfloat16, the middle of every two neighbours, and the float32 numbers around each middle."""
    with np.errstate(invalid="ignore"):  # every NaN there is
        every = from_bfloat16(EVERY_PATTERN).astype(np.float64)
    finite = every[np.isfinite(every)]
    middles = (finite[:-1] + finite[1:]) / 2
    below = np.nextafter(middles.astype(np.float32), np.float32(-np.inf))
    above = np.nextafter(middles.astype(np.float32), np.float32(np.inf))
    numbers = np.concatenate([every, middles, below, above]).astype(np.float32)
    return numbers[~np.isnan(numbers)]


@SIGNALLING
def test_bfloat16_is_as_ml_dtypes_has_it() -> None:
    numbers = corners()
    np.testing.assert_array_equal(to_bfloat16(numbers), numbers.astype(ml_dtypes.bfloat16).view(np.uint16))


@SIGNALLING
def test_rounding_to_bfloat16_is_as_ml_dtypes_has_it() -> None:
    numbers = corners()
    expected = numbers.astype(ml_dtypes.bfloat16).astype(np.float64)
    np.testing.assert_array_equal(round_to(numbers, "bfloat16"), expected)


@settings(REPEATABLE)
@given(st.floats(width=32, allow_nan=False))
def test_any_float32_is_rounded_to_the_bfloat16_of_ml_dtypes(number: float) -> None:
    expected = np.float32(number).astype(ml_dtypes.bfloat16).view(np.uint16)
    assert to_bfloat16(np.array(number)) == expected


@SIGNALLING
def test_every_pattern_is_the_number_of_ml_dtypes() -> None:
    expected = EVERY_PATTERN.view(ml_dtypes.bfloat16).astype(np.float32)
    np.testing.assert_array_equal(from_bfloat16(EVERY_PATTERN), expected)


@SIGNALLING
def test_every_bfloat16_number_survives() -> None:
    wide = from_bfloat16(EVERY_PATTERN)
    numbers = ~np.isnan(wide)
    np.testing.assert_array_equal(to_bfloat16(wide.astype(np.float64))[numbers], EVERY_PATTERN[numbers])


@SIGNALLING
def test_every_bfloat16_that_is_no_number_stays_none() -> None:
    wide = from_bfloat16(EVERY_PATTERN)
    assert np.isnan(from_bfloat16(to_bfloat16(wide[np.isnan(wide)]))).all()


@pytest.mark.parametrize(
    ("number", "dtype", "rounded"),
    [
        (1 + 2**-11, "float16", 1.0),
        (1 + 3 * 2**-11, "float16", 1 + 2**-9),
        (65520.0, "float16", np.inf),
        (1 + 2**-24, "float32", 1.0),
        (1 + 2**-52, "float64", 1 + 2**-52),
        (3.0, "int8", 3),
    ],
)
def test_numbers_are_rounded_to_nearest_and_ties_to_even(number: float, dtype: str, rounded: float) -> None:
    assert round_to(np.array([number]), dtype).tolist() == [rounded]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_what_is_beyond_a_type_is_infinite_and_no_error(dtype: str) -> None:
    with np.errstate(over="raise"):
        assert round_to(np.array([1e300, -1e300]), dtype).tolist() == [np.inf, -np.inf]


def test_what_is_no_number_is_one_quiet_nan_in_bfloat16_whatever_its_sign() -> None:
    rounded = round_to(np.array([-np.nan]), "bfloat16")
    assert np.isnan(rounded).all()
    assert not np.signbit(rounded).any()


@pytest.mark.parametrize(
    ("dtype", "held"),
    [
        ("bfloat16", np.float64),
        ("float16", np.float64),
        ("complex32", np.complex128),
        ("complex64", np.complex128),
        ("int8", np.int64),
        ("bool", np.int64),
    ],
)
def test_rounded_numbers_are_held_in_a_wide_type(dtype: str, held: type) -> None:
    assert round_to(np.array([1.0]), dtype).dtype == held


# complex32: two numbers of float16, the real one first


@pytest.mark.parametrize(
    "number", [1 + 2j, -0.5 + 0j, complex(-0.0, 65504), 0.1 - 0.3j, complex(1e-7, -6e-8), complex(np.inf, -np.inf)]
)
def test_complex32_is_two_numbers_as_struct_packs_float16(number: complex) -> None:
    packed = struct.pack("<ee", *(number.real, number.imag))
    assert to_complex32(np.array([[number]])).tobytes() == packed
    back = from_complex32(np.frombuffer(packed, np.uint32))
    assert back.dtype == "complex64"
    parts = struct.unpack("<ee", packed)
    assert (back[0].real, back[0].imag) == parts
    assert round_to(np.array([number]), "complex32")[0] == complex(*parts)


def test_shapes_of_complex32_stay() -> None:
    for shape in ((), (0, 3), (2, 3, 1)):
        assert from_complex32(to_complex32(np.ones(shape, complex))).shape == shape


def test_what_complex32_cannot_hold_is_infinite() -> None:
    assert round_to(np.array([1e6 - 1e6j]), "complex32")[0] == complex(np.inf, -np.inf)
