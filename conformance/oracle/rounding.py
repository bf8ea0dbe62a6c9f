"""Numbers as a dtype holds them, bfloat16 and complex32 included, which NumPy lacks."""

from __future__ import annotations

import numpy as np

from conformance.case import BOOL, COMPLEX, INTEGERS, Array


def round_to(array: Array, dtype: str) -> Array:
    """Numbers rounded to `dtype` (to nearest, ties to even), held in float64, complex128 or int64.

    Integers beyond it are told modulo 2**n of its n bits.
    """
    if dtype in INTEGERS:
        return array.astype(np.int64).astype(dtype).astype(np.int64)
    if dtype == BOOL:
        return array.astype(bool).astype(np.int64)
    if dtype == "bfloat16":
        return from_bfloat16(to_bfloat16(array)).astype(np.float64)
    if dtype == "complex32":
        return from_complex32(to_complex32(array)).astype(np.complex128)
    with np.errstate(over="ignore"):
        return array.astype(dtype).astype(np.complex128 if dtype in COMPLEX else np.float64)


def to_bfloat16(array: Array) -> Array:
    """The 16-bit patterns of the nearest bfloat16, ties to even, by way of float32; every NaN becomes one quiet NaN."""
    with np.errstate(over="ignore"):
        bits = np.ascontiguousarray(array, dtype=np.float32).view(np.uint32)
    # Half of what is cut is added, less one where the last bit that stays is even: a tie then stays below.
    upper = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return np.where(np.isnan(array), 0x7FC0, upper).astype(np.uint16).reshape(array.shape)


def from_bfloat16(bits: Array) -> Array:
    """The 16-bit patterns of bfloat16 -> float32."""
    return (bits.astype(np.uint32) << 16).view(np.float32).reshape(bits.shape)


def to_complex32(array: Array) -> Array:
    """The patterns of the nearest numbers whose two parts are float16's, as one integer of 32 bits each."""
    parts = np.ascontiguousarray(array, np.complex128).view(np.float64)
    with np.errstate(over="ignore"):
        return parts.astype(np.float16).view(np.uint32).reshape(array.shape)


def from_complex32(patterns: Array) -> Array:
    """The patterns of complex32 -> complex64."""
    parts = np.ascontiguousarray(patterns).view(np.float16)
    return parts.astype(np.float32).view(np.complex64).reshape(patterns.shape)
