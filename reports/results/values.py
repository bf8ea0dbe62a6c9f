"""Argument values of a results file (the notation of a spec) as a person would write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# The layers' own defaults: a canonical case leaves out what has its default.
CANONICAL_DEFAULTS: Mapping[str, Any] = {
    "stride": 1,
    "padding": 0,
    "output_padding": 0,
    "dilation": 1,
    "groups": 1,
    "bias": True,
    "padding_mode": "zeros",
}


def to_source(value: Any) -> str:
    """The value as Python source: a JSON array is a tuple, ``{"list": ...}`` a list, and so on."""
    if value is None or isinstance(value, int | float | str):
        return repr(value)
    match value:
        case list() if len(value) == 1:
            return f"({to_source(value[0])},)"
        case list():
            return f"({_join_sources(value)})"
        case {"list": list(items)}:
            return f"[{_join_sources(items)}]"
        case {"set": list(items)}:
            return f"{{{_join_sources(items)}}}" if items else "set()"
        case {"bytes": list(items)}:
            return repr(bytes(items))
        case {"dict": list(items)}:
            return f"dict.fromkeys({items!r})"
        case {"generator": list(items)}:
            return f"(item for item in {items!r})"
        case {"dtype": name}:
            return str(name)
        case {"tensor": shape}:
            return f"<tensor {to_source(shape)}>"
        case {"float": text}:
            return f"float({str(text)!r})"
        case {"numpy": dtype, "array": inner}:
            return f"np.array({to_source(inner)}, np.{dtype})"
        case {"numpy": dtype, "value": inner}:
            return f"np.{dtype}({to_source(inner)})"
        case Mapping():
            pairs = (f"{key}: {to_source(item)}" for key, item in value.items())
            return f"{{{', '.join(pairs)}}}"
        case _:
            return repr(value)


def to_bare_text(value: Any) -> str:
    """A text as it is, anything else as source."""
    return value if isinstance(value, str) else to_source(value)


def _join_sources(values: Iterable[Any]) -> str:
    return ", ".join(to_source(value) for value in values)


def describe_type(value: Any) -> str:
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


def to_integers(value: Any) -> tuple[int, ...] | None:
    """The integers of an int, or of a tuple or list of them; None for anything else, a bool too."""
    if type(value) is int:
        return (value,)
    match value:
        case {"list": list(items)}:
            return to_integers(items)
        case list() if value and all(type(item) is int for item in value):
            return tuple(value)
        case _:
            return None
