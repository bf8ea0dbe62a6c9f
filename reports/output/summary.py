"""For machines: the run in numbers, and as a badge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from ..findings.clusters import Finding, cluster
from ..results.loaded import LoadedRun
from ..views.counts import count_authorities, count_sentences, count_values_compared
from .templates import build_environment
from .visible import visible

_CHARACTER_WIDTH = 6.7  # pixels at 11 px, for fonts of common width
_MARGIN = 12  # pixels, of both sides together
_INCOMPLETE_COLOUR = "#57606a"
_FAILING_COLOUR = "#a63a00"
_CONFORMING_COLOUR = "#0b5a83"


def summarize_run(run: LoadedRun) -> dict[str, Any]:
    """JSON data: what was audited, what its findings rest on, and the numbers of every API.

    Of an API: its verdicts by outcome; its failures by kind and by authority; how its differences differ; of how many
    conforming verdicts the values were compared; in how many findings it is.
    """
    findings = cluster(run)
    return {
        "format": 1,
        "complete": not any(file.incomplete for file in run.files),
        "started": [visible(file.header.started) for file in run.files],
        "unavailable": {visible(target.name): visible(target.reason) for target in run.targets if not target.available},
        "findings": len(findings),
        "authorities": dict(count_authorities(findings)),
        "outdated_sentences": count_sentences(run, "copy_outdated"),
        "announced_sentences": count_sentences(run, "announced"),
        "differs": sum(judged.differs for judged in run.judged),
        "conforming": sum(judged.conforms for judged in run.judged),
        "values_compared": count_values_compared(run.judged),
        "apis": [_summarize_column(run, index, findings) for index in range(len(run.columns))],
    }


def _summarize_column(run: LoadedRun, index: int, findings: Sequence[Finding]) -> dict[str, Any]:
    column = run.columns[index]
    asked = [judged for judged in run.judged if judged.column == index]
    verdicts = [judged.verdict for judged in asked]
    failing = [judged.verdict for judged in asked if judged.failed]
    diverging = [verdict for verdict in verdicts if verdict.outcome == "diverges"]
    return {
        "api": visible(column.api),
        "target": visible(column.target.name),
        "framework": visible(column.target.framework),
        "version": visible(column.target.version),
        "verdicts": len(verdicts),
        "outcomes": _count(verdict.outcome for verdict in verdicts),
        "kinds": _count(verdict.kind for verdict in diverging),
        "authorities": _count(verdict.authority for verdict in failing if verdict.authority),
        "directions": _count(verdict.direction for verdict in verdicts if verdict.direction),
        "values_compared": count_values_compared(asked),
        "findings": sum(index in finding.columns for finding in findings),
    }


def _count(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def draw_badge(run: LoadedRun, api: str | None = None) -> str:
    """An SVG badge that counts failing cases, of one API (its label) or of all.

    Raises:
        ValueError: the run has no such API.
    """
    columns = [index for index, column in enumerate(run.columns) if api in (None, column.api, column.label)]
    if not columns:
        labels = ", ".join(column.label for column in run.columns)
        raise ValueError(f"no verdicts on {api!r}; the run has {labels}")
    counted = [judged for judged in run.judged if judged.column in columns]
    failures = sum(judged.failed for judged in counted)
    conforming = sum(judged.conforms for judged in counted)
    incomplete = any(file.incomplete for file in run.files)

    label = visible(api or "conformance", 80)
    count = f"{failures:,} failing of {failures + conforming:,}"
    if incomplete:
        count += ", incomplete"
    template = build_environment(markup=True).get_template("badge.svg")
    return template.render(
        label=label,
        count=count,
        widths=[_CHARACTER_WIDTH * len(text) + _MARGIN for text in (label, count)],
        colour=_choose_colour(failures, incomplete),
    )


def _choose_colour(failures: int, incomplete: bool) -> str:
    if incomplete:
        return _INCOMPLETE_COLOUR
    return _FAILING_COLOUR if failures else _CONFORMING_COLOUR
