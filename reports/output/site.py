"""Several runs as a folder to publish: a page each, compared with the run before, and their history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from markupsafe import Markup

from ..findings.clusters import cluster
from ..results.loaded import LoadedRun, load
from ..results.records import Text
from ..views.diff import compare
from . import known, page, words
from .known import Cause
from .templates import build_environment, read_asset
from .visible import visible

_ADDRESSES = {"en": "index.html", "zh": "index.zh.html"}


@dataclass(frozen=True)
class _Cause:
    """What was found in several runs.

    Attributes:
        counts: by run, the verdicts that show it; None where nobody looked for it.
    """

    id: str
    title: Text
    counts: tuple[int | None, ...]


@dataclass(frozen=True)
class _Row:
    """A run in the history. `worse` and `better` count verdicts, against the run before it; None in the first."""

    address: str
    started: str
    targets: str
    failures: int
    findings: int
    new: int
    worse: int | None
    better: int | None


def write_site(paths: Sequence[Path], folder: Path) -> None:
    """Write a page a results file and ``index.html``, the latest run first; ``index.zh.html`` is the same in Chinese.

    Raises:
        ResultsError: a file is no results file.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    runs = sorted((load([path]) for path in paths), key=lambda run: run.files[0].header.started)
    rows = []
    seen = []
    before: LoadedRun | None = None
    for number, run in enumerate(runs, start=1):
        address = f"run-{number}.html"
        page.write(run, folder / address, before)
        rows.append(_describe(run, before, address))
        seen.append({cause.entry.id: cause for cause in known.list_causes(run)})
        before = run
    template = build_environment(markup=True).get_template("site.html")
    for language, address in _ADDRESSES.items():
        text = template.render(
            rows=rows[::-1],
            runs=rows,
            causes=list(_trace_causes(seen)),
            language=language,
            addresses=_ADDRESSES,
            style=Markup(read_asset("base.css")),
            say=partial(words.say, language),
        )
        (folder / address).write_text(text, encoding="utf-8")


def _trace_causes(seen: Sequence[Mapping[str, Cause]]) -> Iterator[_Cause]:
    """Every entry that any run showed, through all of them, the oldest run first."""
    titles = {entry: cause.entry.title for run in seen for entry, cause in run.items() if cause.verdicts}
    for entry, title in titles.items():
        counts = tuple(run[entry].verdicts if entry in run else None for run in seen)
        yield _Cause(visible(entry, 80), title, counts)


def _describe(run: LoadedRun, before: LoadedRun | None, address: str) -> _Row:
    findings = cluster(run)
    counts = None if before is None else compare(before, run).counts
    available = [target for target in run.targets if target.available]
    return _Row(
        address=address,
        started=visible(run.files[0].header.started, 100),
        targets=", ".join(visible(f"{target.name} {target.version}".strip(), 80) for target in available),
        failures=sum(judged.failed for judged in run.judged),
        findings=len(findings),
        new=sum(finding.entry is None for finding in findings),
        worse=None if counts is None else counts["worse"] + counts["lost"],
        better=None if counts is None else counts["better"],
    )
