"""How values and arrays travel: in builtin types, the only ones that execnet moves.

    array                       (common name of the dtype, shape, elements in C order as bytes);
                                bfloat16 as its 16-bit patterns, complex32 as those of 32 bits
    None, bool, int, float,     themselves; a frozenset arrives as a set
    str, list, tuple, frozenset
    int below -2**31            {"integer": its digits}, as execnet has no notation for it
    NumPy scalar or array       {"numpy": dtype, "value": a builtin value, "array": whether it is an array}
    a framework's own dtype     {"dtype": common name}
    tensor                      {"tensor": shape}; the worker fills it
    bytes, dict, generator      {"items": its items, "kind": which of them}

The other end is `remote/worker/values.py`: its `decode_value` reads what `encode_value` writes here, and arrays have
`encode_array` and `decode_array` at both ends.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from conformance.case import Array, DType, Items, Numpy, Tensor, TypedArray, Value
from conformance.oracle.rounding import from_bfloat16, from_complex32, to_bfloat16, to_complex32

WireArray: TypeAlias = tuple[str, tuple[int, ...], bytes]  # dtype, shape, elements


def encode_value(value: Value) -> Any:
    """A value as it travels."""
    match value:
        case Numpy(dtype, inner, is_array):
            return {"numpy": dtype, "value": inner, "array": is_array}
        case DType(name):
            return {"dtype": name}
        case Tensor(shape):
            return {"tensor": shape}
        case int() if value < -(2**31):
            return {"integer": str(value)}
        case Items(kind, items):
            return {"items": items, "kind": kind}
        case tuple():
            return tuple(encode_value(item) for item in value)
        case list():
            return [encode_value(item) for item in value]
        case _:
            return value


def encode_array(array: Array, dtype: str) -> WireArray:
    """An array as it travels, converted to the dtype of that common name."""
    match dtype:
        case "bfloat16":
            typed = to_bfloat16(array)
        case "complex32":
            typed = to_complex32(array)
        case _:
            typed = array.astype(dtype)
    return dtype, array.shape, typed.tobytes()


def decode_array(wire: WireArray) -> TypedArray:
    """An array that has arrived, bfloat16 widened to float32 and complex32 to complex64.

    Raises:
        TypeError, ValueError: it is none.
    """
    dtype, shape, data = wire
    if dtype == "bfloat16":
        return TypedArray(dtype, from_bfloat16(np.frombuffer(data, np.uint16).reshape(shape)))
    if dtype == "complex32":
        return TypedArray(dtype, from_complex32(np.frombuffer(data, np.uint32).reshape(shape)))
    return TypedArray(dtype, np.frombuffer(data, dtype).reshape(shape))
