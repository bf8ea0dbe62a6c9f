"""The page's data: everything that its scripts draw from, packed small.

Texts are made visible here, once, and referred to by number; the scripts turn them into text nodes.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..findings.clusters import Finding
from ..findings.features import EVERY
from ..results.loaded import Run
from ..results.read import Case, Contract, Target
from ..results.values import source
from ..views import porting
from ..views.diff import Diff, groups, summary
from ..views.errors import manner
from ..views.query import ratio_text
from . import words
from .visible import visible

_SCRIPT_LIMIT = 64_000
_CHUNK = 64  # verdicts
_PICTURES = 5  # a finding
_SIDE = 64  # elements of an array's axis
_LISTED = 40  # cases of a group of changes


def packed(data: Any) -> str:
    """JSON, gzip, base64: text that is markup nowhere."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    packer = zlib.compressobj(6, wbits=31)
    return base64.b64encode(packer.compress(text.encode()) + packer.flush()).decode()


class _Strings(dict[str, int]):
    """Each text once, made visible; index 0 is the empty one. A text is looked up as in any dict, which is fast."""

    def __init__(self) -> None:
        super().__init__({"": 0})
        self.texts: list[str] = [""]

    def __missing__(self, text: str) -> int:
        index = self[text] = len(self.texts)
        self.texts.append(visible(text))
        return index


class Details:
    """Script, arrays and stderr of the failures, in chunks that the page unpacks when asked.

    Pictures are of a finding's smallest cases alone.
    """

    def __init__(self, run: Run, found: Sequence[Finding]) -> None:
        self._run = run
        self._pictured = {index for finding in found for index in finding.entries[:_PICTURES]}
        self._order = [index for finding in found for index in finding.entries]
        self.place = {index: place for place, index in enumerate(self._order)}

    def chunks(self) -> Iterator[list[dict[str, Any]]]:
        for start in range(0, len(self._order), _CHUNK):
            yield [self._detail(index) for index in self._order[start : start + _CHUNK]]

    def _detail(self, index: int) -> dict[str, Any]:
        entry = self._run.entries[index]
        raw = entry.details() if entry.verdict.has else {}
        found: dict[str, Any] = {}
        if isinstance(raw.get("script"), str):
            found["script"] = visible(raw["script"], _SCRIPT_LIMIT)
        if isinstance(raw.get("stderr"), str):
            found["stderr"] = visible(raw["stderr"])
        if index in self._pictured and isinstance(raw.get("arrays"), dict):
            found["arrays"] = {visible(str(name), 40): _numbers(array) for name, array in raw["arrays"].items()}
        confirmation = self._run.confirmation(entry)
        if confirmation is not None:
            found |= {"confirmed": confirmation.confirmed, "printed": visible(confirmation.printed)}
        return found


def core(run: Run, found: Sequence[Finding], details: Details, changes: Diff | None) -> dict[str, Any]:
    """All but the details. Lists are rows whose places data.js names."""
    strings = _Strings()
    text = strings.__getitem__
    verdicts = list(_verdicts(run, found, details, changes, text))
    return {
        "languages": {language: words.messages(language) for language in words.LANGUAGES},
        "chunk": _CHUNK,
        "columns": [_seen(column.label, column.api, *_target(column.target)) for column in run.columns],
        "findings": [_finding(run, finding) for finding in found],
        "statements": [
            [*_seen(one.document, one.api, one.claim, one.section, one.says), one.unchecked and visible(one.unchecked)]
            for one in run.statements
        ],
        "porting": [_porting(run, table) for table in porting.tables(run, found)],
        "changes": changes and _changes(changes),
        "cases": [_case(case, text) for case in run.cases.values()],
        "verdicts": verdicts,
        "strings": strings.texts,
    }


def _seen(*texts: str) -> list[str]:
    return [visible(text) for text in texts]


def _target(target: Target) -> tuple[str, str, str]:
    return target.name, target.framework, target.version


def _finding(run: Run, finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "entries": finding.entries,
        "columns": finding.columns,
        "exceptions": finding.exceptions,
        "told": finding.condition not in ((), (EVERY,)),
        "short": {language: words.brief(language, run, finding) for language in words.LANGUAGES},
        "headline": {language: words.headline(language, run, finding) for language in words.LANGUAGES},
        "when": {language: words.circumstance(language, run, finding) for language in words.LANGUAGES},
    }


def _case(case: Case, text: Callable[[str], int]) -> list[Any]:
    def pairs(values: Mapping[str, Any], bare: bool) -> list[list[int]]:
        return [
            [text(name), text(value if bare and isinstance(value, str) else source(value))]
            for name, value in values.items()
        ]

    return [
        text(case.spec), text(case.name), text(case.layer), case.line, text(case.clause), text(case.claim or ""),
        int(case.invalid), pairs(case.arguments, False), pairs(case.inputs or {}, True), text(case.api or ""),
    ]  # fmt: skip


def _verdicts(
    run: Run, found: Sequence[Finding], details: Details, changes: Diff | None, text: Callable[[str], int]
) -> Iterator[list[Any]]:
    case_place = {case: place for place, case in enumerate(run.cases)}
    finding_of = {index: number for number, finding in enumerate(found) for index in finding.entries}
    changed = {one.after: one for one in changes.changes} if changes else {}
    for index, entry in enumerate(run.entries):
        v, raised, worst, change = entry.verdict, entry.verdict.raised, entry.verdict.worst, changed.get(index)
        confirmation = run.confirmation(entry)
        yield [
            case_place[entry.case.id], entry.column, *map(text, (
                v.outcome, v.kind, v.subject, v.expected, v.observed, v.phase,
                raised.cls if raised else "", raised.message if raised else "", ratio_text(v.ratio),
            )), int(v.exact),
            _seen(", ".join(map(str, worst.index)), worst.expected, worst.observed, worst.bound) if worst else 0,
            text(v.ruling), int(v.inferred), text(v.call), text(v.known),
            finding_of.get(index, -1), details.place.get(index, -1), text(manner(entry)),
            text(change.change if change else ""), text(summary(change.before) if change else ""),
            text("" if confirmation is None else "yes" if confirmation.confirmed else "no"),
        ]  # fmt: skip


def _porting(run: Run, table: porting.Table) -> dict[str, Any]:
    pairs = [(a, b) for a in table.columns for b in table.columns if a < b]
    return {
        "layer": visible(table.layer),
        "columns": table.columns,
        "rows": [
            {
                "parameter": visible(aspect.parameter),
                "form": visible(aspect.form),
                "cells": {
                    column: [*_cell(table.cells[row, column]), int((row, column) in table.unsaid)]
                    for column in table.columns
                },
                "proven": {f"{a} {b}": table.proven[row, a, b] for a, b in pairs},
                "shared": {f"{a} {b}": _shared(table.shared.get((row, a, b))) for a, b in pairs},
            }
            for row, aspect in enumerate(table.aspects)
        ],
        "defaults": {f"{a} {b}": [_seen(*row) for row in table.defaults[a, b]] for a, b in pairs},
        "general": table.general,
        "examples": {f"{a} {b}": table.examples[a, b] for a, b in pairs if (a, b) in table.examples},
        "contracts": {column: _contract(said) for column in table.columns if (said := porting.said(run, column))},
    }


def _cell(cell: porting.Cell) -> list[Any]:
    return [visible(cell.code), cell.example, cell.conforms, cell.fails, cell.findings, visible(cell.reason)]


def _shared(shared: porting.Shared | None) -> list[Any] | None:
    if shared is None:
        return None
    return [*_seen(shared.first_code, shared.second_code), shared.first, shared.second, visible(shared.where)]


def _contract(said: Contract) -> dict[str, Any]:
    return {"weight": visible(said.weight), "bias": visible(said.bias)}


def _changes(changes: Diff) -> dict[str, Any]:
    return {
        "before": [
            _seen(earlier.path.name, earlier.header.started, earlier.incomplete) for earlier in changes.before.sources
        ],
        "targets": [_seen(target.name, target.version) for target in changes.before.targets],
        "counts": changes.counts,
        "groups": [
            [
                *_seen(group.change, group.api, group.before, group.after), len(group.cases),
                [[visible(one.case), -1 if one.after is None else one.after] for one in group.cases[:_LISTED]],
            ]
            for group in groups(changes)
        ],
    }  # fmt: skip


def _numbers(array: Any) -> Any:
    """Nested lists of numbers; the strings inf and -inf pass, anything else becomes nan."""
    if isinstance(array, list):
        return [_numbers(item) for item in array[:_SIDE]]
    return array if isinstance(array, int | float) or array in ("inf", "-inf") else "nan"
