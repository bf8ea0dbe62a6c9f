"""Text and Markdown: the diff for a terminal or a pull request, the porting tables for a wiki."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..findings.clusters import Finding, cluster
from ..results.loaded import Run
from ..views import porting
from ..views.diff import Change, Diff, groups
from . import words
from .visible import visible

MEANING: dict[Change, str] = {
    "worse": "conforms no more, or fails harder",
    "lost": "can no longer be observed",
    "other": "another outcome, neither better nor worse",
    "better": "fails no more, or less hard",
    "added": "not in the earlier run",
    "removed": "not in the later run",
    "unchanged": "the same",
}
_LISTED = 20
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~&@-])")


def escape(text: str, limit: int = 300) -> str:
    """Text as one line of Markdown that shows exactly it: no markup, no HTML, no mention of anybody."""
    line = re.sub(r"\s+", " ", visible(text, limit))
    return _SPECIAL.sub(
        lambda match: {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"}.get(match[0], "\\" + match[0]), line
    )


def tick(text: str, limit: int = 300) -> str:
    """Text as inline code, in a table cell too."""
    line = re.sub(r"\s+", " ", visible(text, limit)).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    pad = " " if "`" in line else ""
    return f"{fence}{pad}{line}{pad}{fence}" if line else ""


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__, "assets"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.filters |= {
        "visible": visible,
        "md": escape,
        "tick": tick,
        "code": lambda text: re.sub(r"\s+", " ", visible(text)).replace("```", "'''"),
    }
    environment.filters["cell"] = lambda cell: tick(cell[0]) if cell[0] else escape(cell[1])
    return environment


def diff(changes: Diff, form: str) -> str:
    """The diff as ``text`` or ``markdown``."""
    template = _environment().get_template({"text": "diff.txt", "markdown": "diff.md"}[form])
    return template.render(
        diff=changes, groups=groups(changes), names=_names, warnings=_warnings(changes), meaning=MEANING, listed=_LISTED
    )


def _names(run: Run) -> str:
    targets = ", ".join(
        visible(f"{target.name} {target.version}".strip(), 80) for target in run.targets if target.available
    )
    return f"{', '.join(visible(source.path.name, 80) for source in run.sources)} ({targets})"


def _warnings(changes: Diff) -> list[str]:
    return [
        f"{visible(source.path.name, 80)} is incomplete: {visible(source.incomplete, 300)}"
        for run in (changes.before, changes.after)
        for source in run.sources
        if source.incomplete
    ]


def porting_tables(run: Run, language: str, chosen: Sequence[str] = ()) -> str:
    """Markdown of the porting tables between every two frameworks' APIs of a layer, or between the two chosen APIs."""
    found = cluster(run)
    pairs = [
        _pair(run, table, found, a, b, language)
        for table in porting.tables(run, found)
        for a in table.columns
        for b in table.columns
        if _wanted(run, a, b, chosen)
    ]
    template = _environment().get_template("porting.md")
    return template.render(pairs=pairs, say=lambda key, **named: words.say(language, key, **named)).strip() + "\n"


def _wanted(run: Run, a: int, b: int, chosen: Sequence[str]) -> bool:
    first, second = run.columns[a], run.columns[b]
    if chosen:
        return [chosen[0] in (first.api, first.label), chosen[1] in (second.api, second.label)] == [
            True,
            True,
        ] and a != b
    return a < b and first.target.framework != second.target.framework


def _pair(run: Run, table: porting.Table, found: Sequence[Finding], a: int, b: int, language: str) -> dict[str, Any]:
    rows = []
    by_id = {one.id: one for one in found}
    for row, aspect in enumerate(table.aspects):
        cells = [(run.columns[column].label, table.cells[row, column]) for column in (a, b)]
        codes = _codes(table, row, a, b)
        rows.append({
            "name": f"{aspect.parameter} {form(language, aspect)}".strip(),
            "where": shared.where if (shared := table.shared.get((row, min(a, b), max(a, b)))) else "",
            "source": _said(language, cells[0][1], codes[0], (row, a) in table.unsaid),
            "target": _said(language, cells[1][1], codes[1], (row, b) in table.unsaid),
            "proven": table.proven[row, min(a, b), max(a, b)] or words.say(language, "porting.unproven"),
            "remaining": "; ".join(
                _fails(language, run, label, cell, by_id) for label, cell in cells if cell.fails
            ),
        })  # fmt: skip
    example = table.examples.get((min(a, b), max(a, b)))
    example = example[::-1] if example and a > b else example
    first, second = porting.said(run, a), porting.said(run, b)
    arrays = [("weight", first.weight, second.weight), ("bias", first.bias, second.bias)] if first and second else []
    defaults = [(name, *(sides if a < b else sides[::-1])) for name, *sides in table.defaults[min(a, b), max(a, b)]]
    return {
        "source": run.columns[a].label,
        "target": run.columns[b].label,
        "rows": rows,
        "general": [
            (one.id, f"{words.headline(language, run, one)} {words.circumstance(language, run, one)}")
            for one in found
            if one.id in table.general[a] + table.general[b]
        ],
        "example": example and [run.entries[index].verdict.call for index in example],
        "arrays": arrays,
        "defaults": defaults,
    }


def form(language: str, aspect: porting.Aspect) -> str:
    """How the parameter is given, in words where we have them."""
    return words.term(language, "form", aspect.form)


def _codes(table: porting.Table, row: int, a: int, b: int) -> tuple[str | None, str | None]:
    """How both say the row of the same case; None for an API that was never called so."""
    shared = table.shared.get((row, min(a, b), max(a, b)))
    if shared is not None:
        return (shared.first_code, shared.second_code) if a < b else (shared.second_code, shared.first_code)
    first, second = table.cells[row, a], table.cells[row, b]
    return first.code if first.example is not None else None, second.code if second.example is not None else None


def _fails(language: str, run: Run, api: str, cell: porting.Cell, by_id: Mapping[str, Finding]) -> str:
    """How many cases of a cell fail, and the findings behind it in a few words each."""
    told = "; ".join(words.brief(language, run, by_id[one]) for one in cell.findings)
    return words.say(language, "porting.fails", count=cell.fails, api=api, findings=told)


def _said(language: str, cell: porting.Cell, code: str | None, unsaid: bool) -> tuple[str, str]:
    """The code, or why there is none."""
    if code is not None:
        return code, words.say(language, "porting.arrays_say" if unsaid else "porting.nothing")
    return "", cell.reason or words.say(language, "porting.unasked")
