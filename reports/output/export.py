"""Verdicts as tables for other programs (CSV, Parquet), and findings as annotations of a pull request."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path

from ..findings.clusters import Finding, cluster
from ..results.loaded import JudgedCase, LoadedRun
from ..results.values import to_source
from ..views.topics import Topics
from . import words
from .visible import visible

COLUMNS = (
    "case", "layer", "framework", "version", "target", "mode", "api", "outcome", "kind", "subject", "severity",
    "authority", "direction", "known", "ruling", "phase", "error", "message", "expected", "observed", "ratio",
    "exact", "compared", "topics", "invalid", "wrong", "claim", "clause", "dtype", "shape", "arguments", "call",
    "seconds",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for one


def list_rows(run: LoadedRun) -> Iterator[tuple[str, ...]]:
    """A row a verdict, in the order of COLUMNS; numbers of any size are text, as a person would write them."""
    topics = Topics(run)
    for judged in run.judged:
        yield tuple(visible(cell) for cell in _list_cells(run, judged, topics))


def _list_cells(run: LoadedRun, judged: JudgedCase, topics: Topics) -> Iterator[str]:
    case = judged.case
    verdict = judged.verdict
    target = run.column(judged).target
    entry = run.entry(judged)
    inputs = case.inputs or {}
    yield from (case.id, case.layer, target.framework, target.version, target.name, target.mode, verdict.api)
    yield from (verdict.outcome, verdict.kind, verdict.subject, entry.severity if entry else "")
    yield from (verdict.authority or "", verdict.direction or "", verdict.known, verdict.ruling, verdict.phase)
    yield from (verdict.error_class, verdict.error_message, verdict.expected, verdict.observed)
    yield "" if verdict.ratio is None else repr(verdict.ratio)
    yield from (str(verdict.exact), " ".join(verdict.compared), " ".join(topics.list(judged)))
    yield from (str(case.invalid), case.wrong or "", case.claim or "", case.clause)
    yield from (str(inputs.get("dtype", "")), to_source(inputs["shape"]) if "shape" in inputs else "")
    yield ", ".join(f"{name}={to_source(value)}" for name, value in case.arguments.items())
    yield from (verdict.call, repr(verdict.seconds))


def write_csv(run: LoadedRun) -> str:
    """With a header; a text that a spreadsheet would compute stands behind an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in list_rows(run):
        writer.writerow([_disarm(cell) for cell in row])
    return out.getvalue()


def _disarm(cell: str) -> str:
    if not cell.startswith(_FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


# What is no text where a table has types; an empty cell has no value.
_READ: Mapping[str, Callable[[str], object]] = {
    "ratio": float, "seconds": float, "exact": "True".__eq__, "invalid": "True".__eq__,
}  # fmt: skip


def write_parquet(run: LoadedRun, output: Path) -> None:
    """Raises: ValueError where pyarrow is not installed."""
    try:
        pyarrow = import_module("pyarrow")
        parquet = import_module("pyarrow.parquet")
    except ImportError:
        raise ValueError("Parquet needs pyarrow; install it, or write CSV") from None
    columns = zip(*list_rows(run), strict=True)
    table = pyarrow.table({name: _type(name, cells) for name, cells in zip(COLUMNS, columns, strict=True)})
    parquet.write_table(table, output)


def _type(name: str, cells: Sequence[str]) -> list[object]:
    read = _READ.get(name)
    return list(cells) if read is None else [read(cell) if cell else None for cell in cells]


def write_annotations(run: LoadedRun, language: str) -> str:
    """GitHub's workflow commands, shown beside the specs: an error a new finding, a notice a known one."""
    return "".join(_annotate(run, finding, language) + "\n" for finding in cluster(run))


def _annotate(run: LoadedRun, finding: Finding, language: str) -> str:
    case = run.judged[finding.representative].case
    level = "error" if finding.entry is None else "notice"
    headline = words.write_headline(language, run, finding)
    text = f"{words.write_circumstance(language, run, finding)} {words.write_basis(language, run, finding)}"
    properties = {"file": f"specs/{case.spec}", "line": str(case.line or 1), "title": f"{finding.id}: {headline}"}
    shown = ",".join(f"{name}={_escape_property(visible(value, 300))}" for name, value in properties.items())
    return f"::{level} {shown}::{_escape(visible(text, 1000).strip())}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
