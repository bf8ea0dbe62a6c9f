"""The HTML page: a first screen that needs no script, and the data that the page's scripts draw the rest from.

Outside text reaches the page in two ways only: through Jinja2's autoescape on the first screen, and inside compressed
base64 that the scripts turn into text nodes. The Content-Security-Policy names the page's own script and style by
their digests, so that nothing else could run even if some text became markup.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

from ..findings.clusters import Finding, cluster, cluster_differences, pick_foremost
from ..results.loaded import Column, LoadedRun
from ..results.records import FAILURES, KINDS
from ..views.counts import count_authorities, count_sentences, count_values_compared
from ..views.diff import Diff, compare
from ..views.modes import compare_modes
from ..views.porting import build_tables
from ..views.topics import Heat
from . import known, words
from .data import Details, build_core, pack
from .heat import list_heat
from .templates import build_environment, read_asset
from .unscripted import SIGNS, list_errors, list_porting
from .visible import visible

SCRIPTS = (
    "dom",
    "language",
    "data",
    "query",
    "facets",
    "sort",
    "picture",
    "verdict",
    "findings",
    "matrix",
    "errors",
    "documents",
    "port",
    "zip",
    "versions",
    "vendor",
    "plot",
    "accuracy",
    "changes",
    "modes",
    "main",
)
STYLES = ("base", "parts")


def write(run: LoadedRun, out: Path, since: LoadedRun | None = None) -> None:
    """Write the page, piece by piece, and put it in place when it is whole.

    Args:
        since: an earlier run, whose differences the page then shows too.
    """
    findings = cluster(run)
    diff = None if since is None else compare(since, run)
    details = Details(run, findings)
    differences = cluster_differences(run)
    tables = build_tables(run, findings, differences)
    script = join_scripts()
    style = "\n".join(_read_inline(f"{name}.css") for name in STYLES)
    page = build_environment(markup=True).get_template("page.html")
    stream = page.stream(
        run=run,
        first=_describe_first_screen(run, findings),
        views=_list_views(run, diff),
        errors=list_errors(run),
        porting=list_porting(run, tables),
        signs=SIGNS,
        failures=sorted(FAILURES),
        say=_say,
        form=lambda word: _in_every_language(lambda language: words.name_term(language, "form", word)),
        reason=lambda text: _in_every_language(lambda language: words.translate(language, visible(text))),
        term=_name_kind,
        both=lambda text: _in_every_language(lambda language: visible(text.in_language(language))),
        script=Markup(script),
        script_digest=_digest(script),
        style=Markup(style),
        style_digest=_digest(style),
        # Called where they stand in the template, so that a large run is never whole in memory as text.
        core=lambda: pack(build_core(run, findings, details, diff, differences, tables)),
        chunks=lambda: map(pack, details.chunks()),
    )
    # Nobody meets half a page, and an earlier one survives when this one fails.
    partial = out.with_name(f".{out.name}.partial")
    try:
        with partial.open("wb") as file:
            stream.dump(file, encoding="utf-8")
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def join_scripts(names: Sequence[str] = SCRIPTS) -> str:
    """The page's script: its files, which share one module scope, in order."""
    return "\n".join(_read_inline(f"{name}.js") for name in names)


def _read_inline(name: str) -> str:
    text = read_asset(name)
    assert "</s" not in text.lower(), f"{name} would end its own element"
    return text


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _say(key: str, *values: object, **named: object) -> Markup:
    return _in_every_language(lambda language: words.say(language, key, *values, **named))


def _name_kind(word: str) -> Markup:
    return _in_every_language(lambda language: words.name_kind(language, word))


def _in_every_language(speak: Callable[[str], str]) -> Markup:
    """One element a language; the style sheet shows the chosen one."""
    element = Markup('<span lang="{}">{}</span>')
    return Markup("").join(element.format(language, speak(language)) for language in words.LANGUAGES)


def _list_views(run: LoadedRun, diff: Diff | None) -> list[str]:
    """The views that this run has something to show in, in the order of the navigation."""
    canonical = [case for case in run.cases.values() if case.api is None]
    shown = {
        "overview": True,
        "findings": True,
        "matrix": True,
        "errors": any(case.invalid for case in canonical),
        "documents": bool(run.statements),
        "port": any(not case.invalid for case in canonical),
        "vendor": any(target.available for target in run.targets),
        "accuracy": True,
        "modes": bool(compare_modes(run)),
        "changes": diff is not None,
    }
    return [view for view, has_content in shown.items() if has_content]


def _describe_first_screen(run: LoadedRun, findings: Sequence[Finding]) -> dict[str, Any]:
    outcomes = Counter(judged.verdict.outcome for judged in run.judged)
    failures = sum(outcomes[outcome] for outcome in FAILURES)
    return {
        "title": words.say("en", "title"),
        "judged": outcomes["conforms"] + failures,
        "failures": failures,
        "authorities": words.in_every_language(
            lambda language: words.list_authorities(language, count_authorities(findings))
        ),
        "ways": words.say("en", "ways.title"),
        "heat": list_heat(run),
        "causes": known.list_seen(run),
        "say_heat": _say_heat,
        "differs": outcomes["differs"],
        "outdated": count_sentences(run, "copy_outdated"),
        "announced": count_sentences(run, "announced"),
        "conforming": outcomes["conforms"],
        "values_compared": count_values_compared(run.judged),
        "faults": outcomes["fault"],
        "incomplete": [(file.path.name, file.incomplete) for file in run.files if file.incomplete],
        **_count_failures(run),
        "findings": [_describe_finding(run, finding) for finding in pick_foremost(findings)],
        "count": len(findings),
    }


def _say_heat(heat: Heat) -> str:
    """A cell of the heat map in words, for who points at it."""
    counts = {"fails": heat.fails, "differs": heat.differs, "conforms": heat.conforms, "unasked": heat.unasked}
    said = words.in_every_language(
        lambda language: ", ".join(
            words.say(language, f"heat.{name}", count=f"{count:,}") for name, count in counts.items() if count
        )
    )
    return " / ".join(said.values())


class _Row(NamedTuple):
    """An API in the table of failures.

    `counts` has the failures by kind, `judged` what conforms or fails, `values_compared` how many of the `conforming`
    verdicts compared values.
    """

    column: Column
    counts: list[int]
    failures: int
    judged: int
    conforming: int
    values_compared: int
    differs: int


def _count_failures(run: LoadedRun) -> dict[str, Any]:
    """The table of failures: a row an API, a column a kind that occurs."""
    failing = Counter((judged.column, judged.word) for judged in run.judged if judged.failed)
    occurring = {kind for _, kind in failing}
    kinds = [kind for kind in (*KINDS, "crashed", "timed_out", "unstable") if kind in occurring]
    rows = []
    for index, column in enumerate(run.columns):
        asked = [judged for judged in run.judged if judged.column == index]
        counts = [failing[index, kind] for kind in kinds]
        conforming = sum(judged.conforms for judged in asked)
        row = _Row(
            column=column,
            counts=counts,
            failures=sum(counts),
            judged=sum(counts) + conforming,
            conforming=conforming,
            values_compared=count_values_compared(asked),
            differs=sum(judged.differs for judged in asked),
        )
        rows.append(row)
    totals = [sum(row.counts[place] for row in rows) for place in range(len(kinds))]
    return {"kinds": kinds, "rows": rows, "totals": totals}


def _describe_finding(run: LoadedRun, finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "severity": "" if finding.entry is None else finding.entry.severity,
        "kind": run.judged[finding.representative].word,
        "count": len(finding.members),
        "frameworks": ", ".join(dict.fromkeys(visible(run.columns[at].target.framework) for at in finding.columns)),
        "headline": words.in_every_language(lambda language: words.write_headline(language, run, finding)),
        "when": words.in_every_language(lambda language: words.write_circumstance(language, run, finding)),
    }
