"""Outside text made harmless to read: what cannot be seen, or reorders what is seen, is spelled out.

Markup is no concern of this module: the page never parses outside text as markup.
"""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)

LIMIT = 4_000


def visible(text: str, limit: int = LIMIT) -> str:
    """Spell out control, bidirectional, invisible characters and lone surrogates as ``⟨U+202E⟩``; cut what is long.

    Newlines and tabs stay. A cut text ends in ``… (+N)``, N the number of characters left out.
    """
    left_out = len(text) - limit
    if left_out > 0:
        text = text[:limit]
    text = _HIDDEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text.replace("\r\n", "\n"))
    return f"{text}… (+{left_out:,})" if left_out > 0 else text
