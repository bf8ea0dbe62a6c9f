"""Names of cases, in the characters that pytest's ``-k`` takes as they stand.

A name is the spec's own, and in brackets the values that `for` binds: ``same[k:3-d:2]``, ``stride[value:2x0]``.
Whatever part of an id a person copies can be given to ``-k``: letters, digits and ``_ : + - . [ ] / \\`` are all that
pytest's expressions know outside of operators, so every other character is escaped as Python would (``\\x20``).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from conformance.case import DType, Items, Numpy, Tensor, Value

MAX_LABEL = 80  # characters of one value
FOREIGN = re.compile(r"[^\w:+\-.\[\]/]")  # what -k does not take, and the backslash, which begins an escape


def case_name(name: str, binding: Mapping[str, Value]) -> str:
    """The name of a case: the spec's name for it, and what `for` binds."""
    if not binding:
        return name
    labels = [f"{key}:{value_label(value)}" for key, value in binding.items()]
    return f"{name}[{'-'.join(labels)}]"


def item_name(case: str, api: str, target: str = "") -> str:
    """The name of pytest's item for a case on an API, of a target where the framework's name does not tell which.

    The ``@`` of a target's environment is a ``+``, as no expression takes it.
    """
    return "/".join(part for part in (target.replace("@", "+"), api, case) if part)


def value_label(value: Value) -> str:
    """A value in a case's name: short, printable, and different for different values but for rare types."""
    text = FOREIGN.sub(_escape, _text(value))
    if len(text) <= MAX_LABEL:
        return text
    return f"{text[:MAX_LABEL]}...{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _text(value: Value) -> str:
    match value:
        case None:
            return "none"
        case str():
            return value.replace("::", ":") or "empty"
        case bool() | int() | float():
            return str(value).lower()
        case tuple():
            return _joined(value)
        case list():
            return f"list.{_joined(value)}"
        case Items(kind, items):
            return f"{kind}.{_joined(items)}"
        case frozenset():
            return f"set.{'x'.join(sorted(map(_text, value))) or 'empty'}"
        case Numpy(dtype, tuple() as items, True):
            return f"{dtype}.array.[{_joined(items)}]"
        case Numpy(dtype, inner, is_array):
            return f"{dtype}.array.{_text(inner)}" if is_array else f"{dtype}.{_text(inner)}"
        case DType(name):
            return f"dtype.{name}"
        case Tensor(shape):
            return f"tensor.{_joined(shape)}"
        case _:
            return str(value)


def _joined(values: tuple[Value, ...] | list[Value]) -> str:
    return "x".join(map(_text, values)) or "empty"


def _escape(character: re.Match[str]) -> str:
    code = ord(character.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
