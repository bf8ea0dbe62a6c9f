"""What people read, in the languages that the report speaks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """A text of ours: English, and the same in Chinese."""

    en: str
    zh: str
