"""Text of strangers (files, targets) as it may stand in a message: one line, printable, not endless."""

from __future__ import annotations

MOST = 500  # characters


def one_line(text: str, most: int = MOST) -> str:
    """The text on one line, its control characters written as escapes, and cut where it is long."""
    line = make_printable(" ".join(text.split()))
    return line if len(line) <= most else f"{line[:most]}..."


def make_printable(line: str) -> str:
    """A line whose characters all show themselves, and do nothing else to a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in line)
