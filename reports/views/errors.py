"""How an API answers an invalid call."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from ..results.loaded import JudgedCase
from ..results.records import Raised

Manner: TypeAlias = Literal["clean", "internal", "crash", "hang", "accepted", "none", ""]

# What a message shows of the inside: a failed assertion, a source position of compiled code, a native stack, a request
# to report. No vendor's own words.
_INTERNAL = re.compile(
    r"\binternal\b.{0,20}\b(assert|error)|\bassert(ion)?\b.{0,40}\bfail|\.(c|cc|cpp|cxx|h|hpp|cu)[:(]\s?\d+"
    r"|call stack|backtrace|core dumped|please (report|file) |unreachable|bad_alloc|nullptr|segmentation",
    re.I | re.S,
)
_INTERNAL_CLASSES = frozenset(
    {"AssertionError", "SystemError", "UnboundLocalError", "NameError", "RecursionError", "MemoryError"}
)
_READ = 20_000  # characters of a message


def judge_manner(judged: JudgedCase) -> Manner:
    """Of an invalid call: a clean message, an internal error, a crash, a hang, acceptance; "none" was not asked."""
    if not judged.case.invalid:
        return ""
    verdict = judged.verdict
    match verdict.outcome:
        case "crashed":
            return "crash"
        case "timed_out":
            return "hang"
        case "no_equivalent" | "unavailable" | "fault":
            return "none"
    if verdict.raised is None:
        return "accepted" if verdict.outcome == "diverges" else "clean"
    return "internal" if _shows_inside(verdict.raised) else "clean"


def _shows_inside(raised: Raised) -> bool:
    return raised.class_name in _INTERNAL_CLASSES or _INTERNAL.search(raised.message[:_READ]) is not None
