"""How an API answers an invalid call."""

from __future__ import annotations

from typing import Literal, TypeAlias

from ..results.loaded import JudgedCase

Manner: TypeAlias = Literal["checked", "accident", "internal", "crash", "hang", "accepted", "none", ""]


def judge_manner(judged: JudgedCase) -> Manner:
    """Of an invalid call: refused by a check, by accident, with an error that asks to be reported; or otherwise.

    Otherwise is a crash, a hang, acceptance, and "none" where it was not asked. A valid call has no manner.
    """
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
    if verdict.kind == "internal_error":
        return "internal"
    if verdict.raised is None:
        return "accepted" if judged.failed or judged.differs else "checked"
    return "accident" if verdict.accident else "checked"
