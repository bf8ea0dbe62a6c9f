"""Values and arrays in builtin types, the only ones that execnet moves; `remote/worker.py` has the inverses."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from conformance.case import Array, DType, Numpy, Tensor, TypedArray, Value
from conformance.oracle.inputs import from_bfloat16, to_bfloat16

WireArray: TypeAlias = tuple[str, tuple[int, ...], bytes]  # dtype, shape, elements


def value_to_wire(value: Value) -> Any:
    """Encode a value in builtin types, the only ones that execnet moves. `worker.decode` is its inverse."""
    match value:
        case Numpy(dtype, inner, is_array):
            return {"numpy": dtype, "value": inner, "array": is_array}
        case DType(name):
            return {"dtype": name}
        case Tensor(shape):
            return {"tensor": shape}
        case int() if value < -(2**31):  # execnet has no notation for it
            return {"integer": str(value)}
        case tuple():
            return tuple(value_to_wire(item) for item in value)
        case list():
            return [value_to_wire(item) for item in value]
        case _:
            return value


def array_to_wire(array: Array, dtype: str) -> WireArray:
    """(dtype, shape, bytes), as the worker reads it."""
    typed = to_bfloat16(array) if dtype == "bfloat16" else array.astype(dtype)
    return dtype, array.shape, typed.tobytes()


def array_from_wire(wire: WireArray) -> TypedArray:
    """What the worker sent, bfloat16 widened to float32."""
    dtype, shape, data = wire
    if dtype == "bfloat16":
        return TypedArray(dtype, from_bfloat16(np.frombuffer(data, np.uint16).reshape(shape)))
    return TypedArray(dtype, np.frombuffer(data, dtype).reshape(shape))
