"""Argument values of a results file (the notation of a spec) as a person would write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# The layers' own defaults: a canonical case leaves out what has its default.
CANONICAL: Mapping[str, Any] = {
    "stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1, "bias": True, "padding_mode": "zeros",
}  # fmt: skip


def source(value: Any) -> str:
    """The value as Python source: a JSON array is a tuple, ``{"list": ...}`` a list, and so on."""
    if value is None or isinstance(value, int | float | str):
        return repr(value)
    match value:
        case list():
            inside = ", ".join(source(item) for item in value)
            return f"({inside},)" if len(value) == 1 else f"({inside})"
        case {"list": list(items)}:
            return "[" + ", ".join(source(item) for item in items) + "]"
        case {"set": list(items)}:
            return "{" + ", ".join(source(item) for item in items) + "}" if items else "set()"
        case {"dtype": name}:
            return str(name)
        case {"tensor": shape}:
            return f"<tensor {source(shape)}>"
        case {"float": text}:
            return f"float({str(text)!r})"
        case {"numpy": dtype, "array": inner}:
            return f"np.array({source(inner)}, np.{dtype})"
        case {"numpy": dtype, "value": inner}:
            return f"np.{dtype}({source(inner)})"
        case Mapping():
            return "{" + ", ".join(f"{key}: {source(item)}" for key, item in value.items()) + "}"
        case _:
            return repr(value)


def form(value: Any) -> str:
    """What sort of value it is, in a word or two: ``int``, ``tuple of 2``, ``NumPy int64``, ..."""
    match value:
        case None:
            return "None"
        case bool() | int() | float() | str():
            return type(value).__name__
        case list():
            return f"tuple of {len(value)}"
        case {"list": list(items)}:
            return f"list of {len(items)}"
        case {"numpy": dtype, "array": _}:
            return f"NumPy array of {dtype}"
        case {"numpy": dtype, "value": _}:
            return f"NumPy {dtype}"
        case {"float": _}:
            return "float"
        case Mapping() if len(value) == 1:
            return str(next(iter(value)))
        case _:
            return type(value).__name__


def integers(value: Any) -> tuple[int, ...] | None:
    """The integers of an int, or of a tuple or list of them; None for anything else."""
    if type(value) is int:
        return (value,)
    match value:
        case bool():
            return None
        case {"list": list(items)}:
            return integers(items)
        case list() if value and all(isinstance(item, int) and not isinstance(item, bool) for item in value):
            return tuple(value)
        case _:
            return None
