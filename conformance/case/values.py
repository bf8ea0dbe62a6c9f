"""Argument values: what a spec may write, what travels to a target, what a person would type.

A spec writes plain YAML; what YAML has no notation for is a mapping with one key:

    {list: [3, 3]}               a list (a plain YAML sequence is a tuple)
    {set: [1, 2]}                a set
    {bytes: [2, 1]}              bytes; {dict: [2, 1]} a dict with these keys, {generator: [2, 1]} a generator
    {numpy: int64, value: 3}     a NumPy scalar
    {numpy: int64, array: 3}     a NumPy array (0-d here)
    {dtype: float16}             the framework's own dtype object
    {tensor: [8, 4, 3, 3]}       a tensor of that shape, filled by the case's inputs
    {float: nan}                 nan, inf or -inf
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

# None | bool | int | float | str | tuple | list | frozenset | Items | Numpy | DType | Tensor, and whatever a contract
# makes of them: a case may be about a wrong argument, so that no narrower type holds.
Value: TypeAlias = Any
Arguments: TypeAlias = Mapping[str, Value]
# What a JSON file holds.
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

NUMPY_DTYPES = frozenset(
    {
        "bool",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float16",
        "float32",
        "float64",
        "complex64",
        "complex128",
        "str_",
    }
)
MAX_AXES = 32  # of one array of a case, which NumPy 1 takes
KINDS_OF_ITEMS = ("bytes", "dict", "generator")
NOTATIONS = "{list}, {set}, {bytes}, {dict}, {generator}, {dtype}, {tensor}, {float}, {numpy, value}, {numpy, array}"


@dataclass(frozen=True)
class Numpy:
    """A NumPy scalar, or an array when ``is_array``."""

    dtype: str
    value: Value
    is_array: bool = False


@dataclass(frozen=True)
class Items:
    """What holds or gives numbers and is neither tuple, list nor set: a kind of `KINDS_OF_ITEMS`."""

    kind: str
    items: tuple[int, ...]


@dataclass(frozen=True)
class DType:
    """A framework's own dtype object, by its common name."""

    name: str


@dataclass(frozen=True)
class Tensor:
    """A tensor argument of the given shape; the case's inputs say what fills it."""

    shape: tuple[int, ...]


def from_yaml(node: object, text: Callable[[str], Value] = str) -> Value:
    """Turn plain YAML data into a value.

    Args:
        text: turns a string into its value; a spec evaluates expressions here.

    Raises:
        ValueError: a mapping that is none of the notations above.
    """
    if isinstance(node, str):
        return text(node)
    if isinstance(node, list):
        return tuple(from_yaml(item, text) for item in node)
    if isinstance(node, Mapping):
        return read_notation(node, text)
    return node


def read_notation(node: Mapping[str, Any], text: Callable[[str], Value]) -> Value:
    """The value that a mapping stands for. Raises ValueError as `from_yaml`."""
    keys = set(node)
    if keys == {"list"}:
        return list(read_items(node, "list", text))
    if keys == {"set"}:
        try:
            return frozenset(read_items(node, "set", text))
        except TypeError as error:
            raise ValueError(f"set: {error}") from error
    if len(keys) == 1 and keys <= set(KINDS_OF_ITEMS):
        return read_numbers(node, min(keys), text)
    if keys == {"dtype"}:
        return DType(str(text(node["dtype"])))
    if keys == {"tensor"}:
        return read_tensor(node, text)
    if keys == {"float"} and str(node["float"]) in ("nan", "inf", "-inf"):
        return float(node["float"])
    if keys == {"numpy", "value"}:
        return read_numpy(node["numpy"], from_yaml(node["value"], text), is_array=False)
    if keys == {"numpy", "array"}:
        return read_numpy(node["numpy"], from_yaml(node["array"], text), is_array=True)
    raise ValueError(f"unknown value notation with the keys {sorted(map(str, keys))}; expected one of {NOTATIONS}")


def read_items(node: Mapping[str, Any], key: str, text: Callable[[str], Value]) -> tuple[Value, ...]:
    items = from_yaml(node[key], text)
    if not isinstance(items, tuple):
        raise ValueError(f"{key}: expected a list, got {node[key]!r}")
    return items


def read_numbers(node: Mapping[str, Any], kind: str, text: Callable[[str], Value]) -> Items:
    items = read_items(node, kind, text)
    if not all(type(item) is int and 0 <= item < 256 for item in items):
        raise ValueError(f"{kind}: expected integers from 0 to 255, got {list(items)!r}")
    return Items(kind, items)


def read_tensor(node: Mapping[str, Any], text: Callable[[str], Value]) -> Tensor:
    shape = read_items(node, "tensor", text)
    # A bool is an int to Python, and no size.
    if not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(f"tensor: expected a list of integers >= 0, got {list(shape)!r}")
    if len(shape) > MAX_AXES:
        raise ValueError(f"tensor: a shape has at most {MAX_AXES} axes, this one {len(shape)}; leave some out")
    return Tensor(shape)


def read_numpy(dtype: object, value: Value, is_array: bool) -> Numpy:
    if not isinstance(dtype, str) or dtype not in NUMPY_DTYPES:
        raise ValueError(f"numpy: unknown dtype {dtype!r}, expected one of {', '.join(sorted(NUMPY_DTYPES))}")
    try:
        array = np.asarray(value, dtype=dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"numpy: {value!r} is no {dtype}: {error}") from error
    if array.ndim and not is_array:
        raise ValueError(f"numpy: value is one scalar, got {value!r}; write array for an array")
    return Numpy(dtype, value, is_array)


def to_source(value: Value, dtype: Callable[[str], str]) -> str:
    """The Python source that a person would type for a value.

    Args:
        dtype: the vendor's spelling of a dtype name, such as ``"torch.float16"`` for ``"float16"``.
    """
    match value:
        case Numpy(name, inner, True):
            return f"np.array({to_source(inner, dtype)}, dtype=np.{name})"
        case Numpy(name, inner, False):
            return f"np.{name}({to_source(inner, dtype)})"
        case DType(name):
            return dtype(name)
        case Tensor(shape):
            return f"<tensor of shape {shape}>"
        case tuple() if len(value) == 1:
            return f"({to_source(value[0], dtype)},)"
        case tuple():
            return f"({', '.join(items_to_source(value, dtype))})"
        case list():
            return f"[{', '.join(items_to_source(value, dtype))}]"
        case Items("bytes", items):
            return repr(bytes(items))
        case Items("dict", items):
            return f"dict.fromkeys({list(items)!r})"
        case Items(_, items):
            return f"(item for item in {list(items)!r})"
        case frozenset() if not value:
            return "set()"
        case frozenset():
            # In an order of its own a set would be told differently in every run.
            return f"{{{', '.join(sorted(items_to_source(value, dtype)))}}}"
        case float() if not math.isfinite(value):
            return f"float({str(value)!r})"
        case _:
            return repr(value)


def items_to_source(items: Iterable[Value], dtype: Callable[[str], str]) -> list[str]:
    return [to_source(item, dtype) for item in items]


def to_json(value: Value) -> Json:
    """A value as JSON data for the results file, in the notation of a spec.

    The one notation kept implicit is a tuple: a JSON array is a tuple unless it stands in ``{"list": ...}``.
    """
    match value:
        case Numpy(dtype, inner, is_array):
            return {"numpy": dtype, "array" if is_array else "value": to_json(inner)}
        case DType(name):
            return {"dtype": name}
        case Tensor(shape):
            return {"tensor": list(shape)}
        case tuple():
            return [to_json(item) for item in value]
        case list():
            return {"list": [to_json(item) for item in value]}
        case Items(kind, items):
            return {kind: list(items)}
        case frozenset():
            return {"set": sorted((to_json(item) for item in value), key=repr)}
        case float() if not math.isfinite(value):
            return {"float": str(value)}
        case np.generic():
            return to_json(value.item())
        case _:
            json: Json = value
            return json
