"""What stays of an error message when the call changes."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_]{2}")
_CHANGING = re.compile(r"0x[0-9a-fA-F]+|[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|'[^'\n]{0,200}'|\"[^\"\n]{0,200}\"")
_SEQUENCE = re.compile(r"[\[({][^\[\](){}\n]{0,200}[\])}]")
_GIVEN = re.compile(r"\b(got|given|received|found)\b.*", re.I)

# A message may be megabytes of native stack.
_READ = 4_000
_SHAPE_LIMIT = 160


def first_line(message: str) -> str:
    """The first line of a message that has words in it; the next one too where it ends in a colon."""
    lines = [line.strip().removeprefix("- ") for line in message[:_READ].splitlines()]
    worded = [line for line in lines if _WORD.search(line)]
    if not worded:
        return message[:200].strip()
    return " ".join(worded[:2]) if worded[0].endswith(":") else worded[0]


def message_shape(message: str, api: str = "") -> str:
    """The first line of a message with its numbers, addresses, quotations and sequences made alike.

    What follows "got" is what was given, which changes from call to call.
    """
    line = first_line(message)
    if api:
        line = line.replace(api.rpartition(".")[2], "API")
    line = _CHANGING.sub("#", line)
    line = _replace_sequences(line)
    line = _GIVEN.sub("got", line)
    return re.sub(r"\s+", " ", line)[:_SHAPE_LIMIT]


def _replace_sequences(line: str) -> str:
    """From the inside out, as sequences are nested."""
    while True:
        replaced = _SEQUENCE.sub("#", line)
        if replaced == line:
            return line
        line = replaced
