"""What goes in and what comes out: accumulation types, exact integers, one rounding at the end."""

from typing import Any, TypeAlias

import numpy as np

from .arithmetic import Array

DType: TypeAlias = Any  # whatever names a NumPy type, ml_dtypes' bfloat16 included

_FLOATS = ("float16", "bfloat16", "float32", "float64")
_FLOAT64 = np.dtype(np.float64)
_COMPLEX = ("complex64", "complex128")


def dtype_name(dtype: DType) -> str:
    """The name of a type the oracle knows; "bfloat16" needs no ml_dtypes to be named.

    TypeError for any other type, bool and long double included.
    """
    if isinstance(dtype, str) and dtype == "bfloat16":
        return "bfloat16"
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
    arrays, kinds = [], set()
    for name, value in named.items():
        array = value if isinstance(value, np.ndarray) else np.asarray(value)
        kind = array.dtype.kind
        if kind not in "fciu" or array.dtype.itemsize > (16 if kind == "c" else 8):
            if array.dtype.name != "bfloat16":
                raise TypeError(
                    f"{name} must hold float16, bfloat16, float32, float64, complex64, complex128 "
                    f"or integers, not {array.dtype.name}"
                )
            kind = "f"
        if kind == "u" and array.dtype.itemsize == 8 and array.size and array.max() >> 63:
            raise ValueError(f"{name} holds an integer beyond int64")
        kinds.add(kind)
        arrays.append(array)
    common = np.dtype("c16" if "c" in kinds else "f8" if "f" in kinds else "i8")
    return [array.astype(common, copy=False) for array in arrays]


def choose_integer_path(terms: int, left: Array, right: Array, extra: Array | None = None) -> str:
    """The type in which a sum of `terms` products of integers is exact.

    "float64" (fast) while no partial sum can pass 2**53, else "int64"; ValueError where one could
    pass 2**63, so that nothing ever wraps around.
    """
    largest = terms * find_largest(left) * find_largest(right)
    largest += find_largest(extra) if extra is not None else 0
    if largest <= 2**53:
        return "float64"
    if largest < 2**63:
        return "int64"
    raise ValueError(f"a sum of {terms} such products may pass the range of int64")


def find_largest(array: Array) -> int:
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
    with np.errstate(over="ignore"):
        if name == "bfloat16":
            return round_to_odd_float32(value).astype(target)
        return value.astype(target, copy=False)


def round_to_odd_float32(value: Array) -> Array:
    """float32 with inexact values given an odd last bit.

    ml_dtypes goes from float64 to bfloat16 through float32; rounding to odd first makes the second
    rounding the only one that shows (Boldo and Melquiond, 2008).
    """
    wide = value.astype(np.float64)
    narrow = wide.astype(np.float32)
    bits = narrow.view(np.int32)
    even = (bits & 1 == 0) & np.isfinite(narrow) & (narrow != wide)
    towards = np.where(wide > narrow, np.float32(np.inf), np.float32(-np.inf))
    return np.where(even, np.nextafter(narrow, towards), narrow)
