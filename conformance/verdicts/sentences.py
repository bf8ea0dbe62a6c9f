"""How a shape, a message and an exception are told in one line."""

from __future__ import annotations

from conformance.case import Raised

MAX_LINE = 300  # characters of a message


def describe_shape(shape: tuple[int, ...] | None) -> str:
    return "absent" if shape is None else f"shape {tuple(shape)}"


def describe_exception(raised: Raised) -> str:
    return f"{raised.cls} in {raised.phase}: {first_line(raised.message)}"


def first_line(message: str) -> str:
    """The first line that is not blank, cut to `MAX_LINE`; "" where there is none."""
    for line in message.splitlines():
        if line.strip():
            return line.strip()[:MAX_LINE]
    return ""
