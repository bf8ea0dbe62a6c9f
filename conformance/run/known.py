"""Where verdicts are held against the baseline, and where a baseline is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.case import Target
from conformance.records import baseline, rebaseline
from conformance.records.baseline import Baseline, Fact, Match, Place
from conformance.records.record import VerdictRecord
from conformance.run.settings import Settings, UnusableError


def load_baseline(settings: Settings, targets: Sequence[Target]) -> Baseline:
    """The baseline of a run, empty where there is none yet.

    Raises:
        UnusableError: a baseline is to be written, but which one, or from what, is not clear.
        BaselineError: the file cannot be used.
    """
    if not settings.writes_baseline:
        return Baseline("") if settings.baseline is None else baseline.load(Path(settings.baseline))
    if settings.baseline is None:
        raise UnusableError("--write-baseline needs the file to write: --baseline FILE")
    if len({target.framework for target in targets}) < len(targets):
        raise UnusableError("--write-baseline takes one target of each framework; write them one after the other")
    path = Path(settings.baseline)
    return baseline.load(path) if path.exists() else Baseline(settings.baseline)


@dataclass(frozen=True)
class Held:
    """A verdict, held against the baseline.

    Attributes:
        record: the verdict, with what is known of it.
        complaint: why the verdict is not as the baseline has it; empty where it is.
    """

    record: VerdictRecord
    complaint: str


def hold(known: Baseline, record: VerdictRecord, place: Place) -> Held:
    """Hold a verdict that was observed at a place against the baseline."""
    fact = baseline.describe_fact(record, place)
    match = known.match(fact)
    return Held(replace(record, known=_describe_known(match)), known.explain_difference(fact, match))


def _describe_known(match: Match | None) -> str | None:
    if match is None or not match.explains:
        return None
    entry = match.entry
    return f"{entry.reason} ({entry.upstream})" if entry.upstream else entry.reason


def write_baseline(file: str, facts: Sequence[Fact]) -> None:
    """Write a baseline anew from the facts of a whole run.

    Raises:
        BaselineError: the present file is not laid out so that it can be rewritten.
        OSError: it cannot be read or written.
    """
    path = Path(file)
    present = path.read_text(encoding="utf-8") if path.exists() else ""
    text = rebaseline.rewrite(present, file, facts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
