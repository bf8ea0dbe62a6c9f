"""Outside text in Markdown: it shows as it is, and does nothing."""

from __future__ import annotations

import re

from .visible import visible

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~&@-])")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"}


def escape(text: str, limit: int = 300) -> str:
    """Text as one line of Markdown that shows exactly it: no markup, no HTML, no mention of anybody."""
    return _SPECIAL.sub(lambda special: _ENTITIES.get(special[0], f"\\{special[0]}"), _to_line(visible(text, limit)))


def tick(text: str, limit: int = 300) -> str:
    """Text as inline code, in a table cell too."""
    line = _to_line(visible(text, limit)).replace("|", "\\|")
    if not line:
        return ""
    # A fence is longer than any run of backticks in the text, and kept apart from them.
    longest = max((len(ticks) for ticks in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def to_code_line(text: str) -> str:
    """Text as one line of a fenced block."""
    return _to_line(visible(text)).replace("```", "'''")


def _to_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)
