"""For machines: the run in numbers, and as a badge."""

from __future__ import annotations

from collections import Counter
from typing import Any

from jinja2 import Environment, PackageLoader

from ..findings.clusters import cluster
from ..results.loaded import Run
from .visible import visible


def summary(run: Run) -> dict[str, Any]:
    """JSON data: what was audited, and per API the verdicts by outcome, failures by kind, number of findings."""
    found = cluster(run)
    rows = []
    for index, column in enumerate(run.columns):
        verdicts = [entry.verdict for entry in run.entries if entry.column == index]
        rows.append(
            {
                "api": visible(column.api),
                "target": visible(column.target.name),
                "framework": visible(column.target.framework),
                "version": visible(column.target.version),
                "verdicts": len(verdicts),
                "outcomes": dict(sorted(Counter(verdict.outcome for verdict in verdicts).items())),
                "kinds": dict(
                    sorted(Counter(verdict.kind for verdict in verdicts if verdict.outcome == "diverges").items())
                ),
                "findings": sum(index in finding.columns for finding in found),
            }
        )
    return {
        "format": 1,
        "complete": not any(source.incomplete for source in run.sources),
        "started": [visible(source.header.started) for source in run.sources],
        "unavailable": {visible(target.name): visible(target.reason) for target in run.targets if not target.available},
        "findings": len(found),
        "apis": rows,
    }


def badge(run: Run, api: str | None = None) -> str:
    """An SVG badge that counts failing cases, of one API (its label) or of all.

    Raises:
        ValueError: the run has no such API.
    """
    columns = [index for index, column in enumerate(run.columns) if api in (None, column.api, column.label)]
    if not columns:
        raise ValueError(f"no verdicts on {api!r}; the run has {', '.join(column.label for column in run.columns)}")
    entries = [entry for entry in run.entries if entry.column in columns]
    failures = sum(entry.failed for entry in entries)
    incomplete = any(source.incomplete for source in run.sources)
    label = visible(api or "conformance", 80)
    said = f"{failures:,} failing of {sum(entry.failed or entry.verdict.outcome == 'conforms' for entry in entries):,}"
    said += ", incomplete" if incomplete else ""
    environment = Environment(loader=PackageLoader(__package__, "assets"), autoescape=True)
    widths = [_WIDTH * len(text) + 12 for text in (label, said)]
    colour = "#57606a" if incomplete else "#a63a00" if failures else "#0b5a83"
    return environment.get_template("badge.svg").render(label=label, said=said, widths=widths, colour=colour)


_WIDTH = 6.7  # of a character at 11 px, for fonts of common width
