"""How an API answers an invalid call, value by value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from ..results.loaded import JudgedCase, LoadedRun
from ..results.records import Case
from ..results.values import to_source

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


def name_invalid(case: Case) -> str:
    """What an invalid case gets wrong, as source: ``stride=0``; its name where no argument of it is wrong."""
    if case.wrong is not None and case.wrong in case.arguments:
        return f"{case.wrong}={to_source(case.arguments[case.wrong])}"
    return case.name


def find_invalid(run: LoadedRun, asked: str) -> Mapping[str, Sequence[JudgedCase]]:
    """By the label of its API, the canonical verdicts on an invalid value.

    Raises:
        ValueError: no case tries it; the message has what is tried of that argument.
    """
    wanted = _squeeze(asked)
    found: dict[str, list[JudgedCase]] = {}
    tried: dict[str, None] = {}
    for judged in run.judged:
        case = judged.case
        if not case.invalid or case.api is not None:
            continue
        label = name_invalid(case)
        if _squeeze(label) == wanted:
            found.setdefault(run.column(judged).label, []).append(judged)
        elif label.partition("=")[0] == asked.partition("=")[0].strip():
            tried[label] = None
    if not found:
        others = f"; tried were {', '.join(list(tried)[:_LISTED])}" if tried else ""
        raise ValueError(f"no case has {asked!r}{others}")
    return found


def list_invalid(run: LoadedRun) -> Mapping[str, Mapping[str, Sequence[JudgedCase]]]:
    """By layer and invalid value, the canonical verdicts on it."""
    found: dict[str, dict[str, list[JudgedCase]]] = {}
    for judged in run.judged:
        if judged.case.invalid and judged.case.api is None:
            values = found.setdefault(judged.case.layer, {})
            values.setdefault(name_invalid(judged.case), []).append(judged)
    return found


_LISTED = 20


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text).replace('"', "'")


def list_answers(judgeds: Sequence[JudgedCase]) -> Iterator[JudgedCase]:
    """One verdict for each way in which an API answered."""
    seen = set()
    for judged in judgeds:
        way = (judge_manner(judged), judged.verdict.error_class, judged.verdict.phase)
        if way not in seen:
            seen.add(way)
            yield judged
