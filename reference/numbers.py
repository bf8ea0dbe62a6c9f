"""What goes in and what comes out: accumulation types, exact integers, one rounding at the end."""

from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from .arithmetic import Array

DType: TypeAlias = Any  # whatever names a NumPy type, ml_dtypes' bfloat16 included

_FLOATS = ("float16", "bfloat16", "float32", "float64")
_COMPLEX = ("complex64", "complex128")
_UNKNOWN_TO_NUMPY = ("bfloat16", "complex32")
_FLOAT64 = np.dtype(np.float64)
_ACCUMULATORS = {"c": np.dtype(np.complex128), "f": _FLOAT64, "i": np.dtype(np.int64)}
_WRAPS = 2**63  # the first integer beyond int64
_INEXACT = 2**53 + 1  # the first integer that float64 does not hold


def dtype_name(dtype: DType) -> str:
    """The name of a type the oracle knows; "bfloat16" needs no ml_dtypes to be named, "complex32" is a pair of float16.

    TypeError for any other type, bool and long double included.
    """
    if str(dtype) in _UNKNOWN_TO_NUMPY:
        return str(dtype)
    name = np.dtype(dtype).name
    if name in _FLOATS or name in _COMPLEX or np.dtype(dtype).kind in "iu":
        return name
    raise TypeError(f"dtype {name} is not one of {', '.join(_FLOATS + _COMPLEX)} or an integer type")


def read_operands(**named: object) -> list[Array]:
    """The named arguments as arrays of one accumulation type.

    complex128 where any is complex, else float64 where any is a float, else int64: each holds
    every value of the narrower types exactly, except integers beyond 2**53 beside floats.
    TypeError for what is no array of numbers; ValueError for an unsigned integer beyond int64.
    """
    values = list(named.values())
    if all(type(value) is np.ndarray and value.dtype is _FLOAT64 for value in values):
        return values  # type: ignore[return-value]  # as usual, and quickly
    arrays = [np.asarray(value) for value in values]
    kinds = list(map(check_operand, named, arrays))
    common = _ACCUMULATORS["c" if "c" in kinds else "f" if "f" in kinds else "i"]
    return [np.asarray(array, common) for array in arrays]


def check_operand(name: str, array: Array) -> str:
    """The kind of numbers that an operand holds. TypeError and ValueError as `read_operands` promises."""
    try:
        kind = find_kind(array.dtype)
    except TypeError:
        types = ", ".join(_FLOATS + _COMPLEX)
        raise TypeError(f"{name} must hold {types} or integers, not {array.dtype.name}") from None
    if array.dtype.kind == "u" and find_largest(array) >= _WRAPS:
        raise ValueError(f"{name} holds an integer beyond int64")
    return kind


@lru_cache(maxsize=64)
def find_kind(dtype: DType) -> str:
    """Whether a type is of complex numbers ("c"), floats ("f") or integers ("i"). TypeError as `dtype_name`."""
    name = dtype_name(dtype)
    return "c" if name in _COMPLEX else "f" if name in _FLOATS else "i"


def choose_integer_path(terms: int, left: Array, right: Array, extra: Array | None = None) -> str:
    """The type in which a sum of `terms` products of integers is exact.

    "float64" (fast) while no partial sum can pass 2**53, else "int64"; ValueError where one could
    pass 2**63, so that nothing ever wraps around.
    """
    largest = terms * find_largest(left) * find_largest(right)
    largest += find_largest(extra) if extra is not None else 0
    if largest < _INEXACT:
        return "float64"
    if largest < _WRAPS:
        return "int64"
    raise ValueError(f"a sum of {terms} such products may pass the range of int64")


def find_largest(array: Array) -> int:
    """The largest magnitude of integers, 0 where there are none."""
    return max(abs(int(array.max())), abs(int(array.min()))) if array.size else 0


def round_once(value: Array, dtype: DType) -> Array:
    """`value` rounded once, to nearest even, to `dtype`; None leaves it as it was accumulated.

    Integers round to floats, and go to narrower integers where they fit (ValueError where one does
    not); a float result does not go to integers, nor a complex one to reals (TypeError).
    """
    if dtype is None:
        return value
    target = np.dtype(dtype)
    name, kind = dtype_name(target), target.kind
    if kind in "iu":
        if value.dtype.kind != "i":
            raise TypeError(f"a {value.dtype} result does not round to {name}")
        limits = np.iinfo(name)
        if value.size and (value.min() < limits.min or value.max() > limits.max):
            raise ValueError(f"the result does not fit {name}")
    elif value.dtype.kind == "c" and kind != "c":
        raise TypeError(f"a complex result does not round to {name}")
    with np.errstate(all="ignore"):  # infinity is an answer here
        if name == "bfloat16":
            return round_to_odd_float32(value).astype(target)
        return np.asarray(value, target)


def round_to_odd_float32(value: Array) -> Array:
    """float32 with inexact values given an odd last bit.

    ml_dtypes goes from float64 to bfloat16 through float32; rounding to odd first makes the second
    rounding the only one that shows (Boldo and Melquiond, 2008).
    """
    wide = (mark_lost_bits(value) if value.dtype.kind == "i" else value).astype(np.float64)
    narrow = wide.astype(np.float32)
    is_even = narrow.view(np.int32) & 1 == 0
    towards = np.copysign(np.inf, wide - narrow).astype(np.float32)
    return np.where(is_even & (narrow != wide), np.nextafter(narrow, towards), narrow)


def mark_lost_bits(value: Array) -> Array:
    """Integers that float64 holds, each on the same side of every number of float32 and of every tie between two.

    Of a long one the last eleven bits become one that says whether any was set.
    """
    marked = value & -2048 | np.where(value & 2047, 1024, 0)
    return np.where(np.abs(value) < _INEXACT, value, marked)
