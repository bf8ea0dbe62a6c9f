"""The HTML page: a first screen that needs no script, and the data that the page's scripts draw the rest from.

Outside text reaches the page in two ways only: through Jinja2's autoescape on the first screen, and inside compressed
base64 that the scripts turn into text nodes. The Content-Security-Policy names the page's own script and style by
their digests, so that nothing else could run even if some text became markup.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..findings.clusters import Finding, cluster, foremost
from ..results.loaded import FAILURES, Run
from ..results.read import KINDS
from ..views.diff import Diff, compare
from . import words
from .data import Details, core, packed
from .visible import visible

SCRIPTS = (
    "dom", "language", "data", "query", "picture", "verdict", "findings", "matrix", "errors", "documents", "porting",
    "accuracy", "changes", "main",
)  # fmt: skip
STYLES = ("base", "parts")


def write(run: Run, out: Path, since: Run | None = None) -> None:
    """Write the page, piece by piece, and put it in place when it is whole.

    Args:
        since: an earlier run, whose differences the page then shows too.
    """
    found = cluster(run)
    changes = None if since is None else compare(since, run)
    script = script_source()
    style = "\n".join(_file(f"{name}.css") for name in STYLES)
    environment = Environment(
        loader=PackageLoader(__package__, "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = visible
    details = Details(run, found)
    stream = environment.get_template("page.html").stream(
        run=run, first=_first_screen(run, found), views=_views(run, changes), script=Markup(script),
        style=Markup(style), script_digest=_digest(script), style_digest=_digest(style), say=_both, term=_term,
        failures=sorted(FAILURES), core=lambda: packed(core(run, found, details, changes)),
        chunks=lambda: map(packed, details.chunks()),
    )  # fmt: skip
    partial = out.with_name(f".{out.name}.partial")
    try:
        with partial.open("wb") as file:
            stream.dump(file, encoding="utf-8")
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def _views(run: Run, changes: Diff | None) -> list[str]:
    """The views that this run has something to show in."""
    shown = {
        "overview": True, "findings": True, "matrix": True,
        "errors": any(case.invalid and case.api is None for case in run.cases.values()),
        "documents": bool(run.statements),
        "porting": any(case.api is None and not case.invalid for case in run.cases.values()),
        "accuracy": True, "changes": changes is not None,
    }  # fmt: skip
    return [view for view, wanted in shown.items() if wanted]


def script_source(names: Sequence[str] = SCRIPTS) -> str:
    """The page's script: its files, which share one module scope, in order."""
    return "\n".join(_file(f"{name}.js") for name in names)


def _file(name: str) -> str:
    text = files(__package__).joinpath("assets", name).read_text(encoding="utf-8")
    assert "</s" not in text.lower(), f"{name} would end its own element"
    return text


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _both(key: str, *values: object, **named: object) -> Markup:
    """Our sentence in every language; the style sheet shows the chosen one."""
    return Markup("").join(
        Markup('<span lang="{}">{}</span>').format(language, words.say(language, key, *values, **named))
        for language in words.LANGUAGES
    )


def _term(word: str) -> Markup:
    """Our word for a kind or an outcome in every language."""
    return Markup("").join(
        Markup('<span lang="{}">{}</span>').format(language, words.kind(language, word)) for language in words.LANGUAGES
    )


def _first_screen(run: Run, found: Sequence[Finding]) -> dict[str, Any]:
    outcomes = Counter(entry.verdict.outcome for entry in run.entries)
    counts = Counter((entry.column, entry.word) for entry in run.entries if entry.failed)
    kinds = [
        kind
        for kind in (*KINDS, "crashed", "timed_out", "unstable")
        if any(counts[c, kind] for c in range(len(run.columns)))
    ]
    asked = Counter(entry.column for entry in run.entries if entry.failed or entry.verdict.outcome == "conforms")
    return {
        "title": words.say("en", "title"),
        "judged": outcomes["conforms"] + sum(outcomes[outcome] for outcome in FAILURES),
        "failures": sum(outcomes[outcome] for outcome in FAILURES),
        "faults": outcomes["fault"],
        "incomplete": [(source.path.name, source.incomplete) for source in run.sources if source.incomplete],
        "kinds": kinds,
        "rows": [
            (column, [counts[index, kind] for kind in kinds], sum(counts[index, kind] for kind in kinds), asked[index])
            for index, column in enumerate(run.columns)
        ],
        "totals": [sum(counts[c, kind] for c in range(len(run.columns))) for kind in kinds],
        "findings": [
            {
                "id": finding.id,
                "kind": run.entries[finding.entries[0]].word,
                "count": len(finding.entries),
                "headline": {language: words.headline(language, run, finding) for language in words.LANGUAGES},
                "when": {language: words.circumstance(language, run, finding) for language in words.LANGUAGES},
            }
            for finding in foremost(found)
        ],
        "count": len(found),
    }
