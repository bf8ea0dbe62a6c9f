"""Text and Markdown: the diff for a terminal or a pull request, the porting tables for a wiki."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from jinja2 import Environment

from ..findings.clusters import Finding, cluster, cluster_differences
from ..results.loaded import LoadedRun
from ..views.aspects import Aspect
from ..views.diff import Change, Diff, compare_entries, group_changes
from ..views.porting import Cell, Pair, Table, build_tables
from . import words
from .escaping import escape, tick, to_code_line
from .templates import build_environment
from .visible import visible

_MEANING: Mapping[Change, str] = {
    "worse": "conforms no more, or fails harder",
    "lost": "can no longer be observed",
    "other": "another outcome, neither better nor worse",
    "better": "fails no more, or less hard",
    "added": "not in the earlier run",
    "removed": "not in the later run",
    "unchanged": "the same",
}
_DIFF_TEMPLATES = {"text": "diff.txt", "markdown": "diff.md"}
_LISTED = 20  # cases of a group


def build_markdown_environment() -> Environment:
    """Templates whose outside text shows as it is."""
    environment = build_environment(markup=False)
    environment.filters["md"] = escape
    environment.filters["tick"] = tick
    environment.filters["code"] = to_code_line
    environment.filters["cell"] = lambda cell: tick(cell.code) if cell.code else escape(cell.remark)
    return environment


def write_diff(diff: Diff, form: Literal["text", "markdown"]) -> str:
    template = build_markdown_environment().get_template(_DIFF_TEMPLATES[form])
    return template.render(
        diff=diff,
        groups=group_changes(diff),
        entries=compare_entries(diff),
        names=_name_run,
        warnings=_warn(diff),
        meaning=_MEANING,
        listed=_LISTED,
    )


def _name_run(run: LoadedRun) -> str:
    paths = ", ".join(visible(file.path.name, 80) for file in run.files)
    available = [target for target in run.targets if target.available]
    targets = ", ".join(visible(f"{target.name} {target.version}".strip(), 80) for target in available)
    return f"{paths} ({targets})"


def _warn(diff: Diff) -> list[str]:
    warnings = []
    for file in (*diff.before.files, *diff.after.files):
        if file.incomplete:
            warnings.append(f"{visible(file.path.name, 80)} is incomplete: {visible(file.incomplete, 300)}")
    return warnings


@dataclass(frozen=True)
class Route:
    """From one API to another, by their names or labels."""

    source: str
    target: str


def write_porting_tables(run: LoadedRun, language: str, route: Route | None = None) -> str:
    """Markdown of the porting tables between every two frameworks' APIs of a layer, or along one route."""
    findings = cluster(run)
    differences = cluster_differences(run)
    pairs = []
    for table in build_tables(run, findings, differences):
        writer = _PairWriter(run, table, (*findings, *differences), language)
        for source, target in _list_routes(run, table, route):
            pairs.append(writer.describe(source, target))

    def say(key: str, **named: object) -> str:
        return words.say(language, key, **named)

    return build_markdown_environment().get_template("porting.md").render(pairs=pairs, say=say).strip() + "\n"


def _list_routes(run: LoadedRun, table: Table, route: Route | None) -> Iterator[tuple[int, int]]:
    for source in table.columns:
        for target in table.columns:
            first = run.columns[source]
            second = run.columns[target]
            if route is None:
                is_asked = source < target and first.target.framework != second.target.framework
            else:
                is_source = route.source in (first.api, first.label)
                is_target = route.target in (second.api, second.label)
                is_asked = is_source and is_target and source != target
            if is_asked:
                yield source, target


class _CellText(NamedTuple):
    """The code of a cell, or what to say where there is none."""

    code: str
    remark: str


class _PairWriter:
    """Says the pairs of a table in a language, as the template wants them."""

    def __init__(self, run: LoadedRun, table: Table, findings: Sequence[Finding], language: str) -> None:
        self._run = run
        self._table = table
        self._findings = {finding.id: finding for finding in findings}
        self._language = language

    def describe(self, source: int, target: int) -> dict[str, Any]:
        pair = self._table.pair(source, target)
        return {
            "source": self._run.columns[source].label,
            "target": self._run.columns[target].label,
            "rows": [self._describe_row(row, pair, source, target) for row in range(len(self._table.aspects))],
            "general": self._describe_general({*self._table.general[source], *self._table.general[target]}),
            "example": pair.example and [self._run.judged[index].verdict.call for index in pair.example],
            "arrays": self._compare_arrays(source, target),
            "defaults": pair.defaults,
        }

    def _describe_row(self, row: int, pair: Pair, source: int, target: int) -> dict[str, Any]:
        first = self._table.cells[row, source]
        second = self._table.cells[row, target]
        # Where both were asked the same case, both speak of that; else each of its own simplest one.
        shared = pair.shared[row]
        remaining = [self._describe_failures(source, first), self._describe_failures(target, second)]
        return {
            "name": self._name_aspect(self._table.aspects[row]),
            "where": shared.where if shared else "",
            "source": self._describe_cell(first, shared.first_code if shared else first.code),
            "target": self._describe_cell(second, shared.second_code if shared else second.code),
            "proven": pair.proven[row] or words.name_term(self._language, "standing", pair.standings[row]),
            "remaining": "; ".join(text for text in remaining if text),
        }

    def _name_aspect(self, aspect: Aspect) -> str:
        form = words.name_term(self._language, "form", aspect.form)
        return f"{aspect.parameter} {form}".strip()

    def _describe_cell(self, cell: Cell, code: str) -> _CellText:
        if cell.example is None:
            return _CellText("", cell.reason or words.say(self._language, "porting.unasked"))
        return _CellText(code, words.say(self._language, "porting.arrays_say" if cell.unsaid else "porting.nothing"))

    def _describe_failures(self, column: int, cell: Cell) -> str:
        """How many cases of a cell fail or differ, and what is behind that in a few words each; "" where none does."""
        parts = []
        if cell.fails:
            parts.append(self._count_cases("porting.fails", column, cell.fails, cell.findings))
        if cell.differs:
            parts.append(self._count_cases("porting.differs", column, cell.differs, cell.differences))
        return "; ".join(parts)

    def _count_cases(self, key: str, column: int, count: int, ids: Sequence[str]) -> str:
        brief = [words.write_brief(self._language, self._run, self._findings[identity]) for identity in ids]
        api = self._run.columns[column].label
        return words.say(self._language, key, count=count, api=api, findings="; ".join(brief))

    def _describe_general(self, ids: set[str]) -> list[tuple[str, str]]:
        """The findings that no row names, the most serious first, with their authority; then such differences."""
        described = []
        for finding in self._findings.values():
            if finding.id in ids:
                headline = words.write_headline(self._language, self._run, finding)
                circumstance = words.write_circumstance(self._language, self._run, finding)
                basis = words.write_basis(self._language, self._run, finding)
                described.append((finding.id, " ".join(text for text in (headline, circumstance, basis) if text)))
        return described

    def _compare_arrays(self, source: int, target: int) -> list[tuple[str, str, str]]:
        first = self._run.contract(source)
        second = self._run.contract(target)
        if first is None or second is None:
            return []
        return [("weight", first.weight, second.weight), ("bias", first.bias, second.bias)]
