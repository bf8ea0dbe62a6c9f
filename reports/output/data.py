"""The page's data: everything that its scripts draw from, packed small.

Texts are made visible here, once, and referred to by number; the scripts turn them into text nodes. A list is a row:
assets/data.js names its places.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..findings.clusters import Finding
from ..findings.features import EVERY
from ..results.loaded import Column, JudgedCase, LoadedRun
from ..results.records import Case, Confirmation, Contract, Entry, Further, Statement, Text, Worst
from ..results.values import to_bare_text, to_source
from ..views.diff import Diff, Group, group_changes, summarize
from ..views.errors import judge_manner
from ..views.initial import InitialValues, list_initial_values
from ..views.modes import ComparedMode, compare_modes
from ..views.porting import Cell, Pair, Shared, Table
from ..views.query import format_ratio
from ..views.topics import Topics
from . import known, words
from .visible import visible

_SCRIPT_LIMIT = 64_000  # characters
_CHUNK = 64  # verdicts whose details are unpacked together
_PICTURES = 5  # a finding
_SIDE = 64  # elements of an array's axis
_LISTED = 40  # cases of a group of changes
_RESTS = 12  # sentences that a finding rests on
_ODD = frozenset({"huge", "numpy", "any", "is"})  # predicates of conditions


def pack(data: Any) -> str:
    """JSON, gzip, base64: text that is markup nowhere."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    packer = zlib.compressobj(6, wbits=31)
    return base64.b64encode(packer.compress(text.encode()) + packer.flush()).decode()


class Details:
    """Script, arrays and stderr of the failures, in chunks that the page unpacks when asked.

    Arrays, which make pictures, are of a finding's smallest cases alone.

    Attributes:
        place: by the index of a verdict, where its details stand in the row of all.
    """

    def __init__(self, run: LoadedRun, findings: Sequence[Finding]) -> None:
        self._run = run
        # Finding by finding, so that the details of one lie in few chunks.
        self._order = [index for finding in findings for index in finding.members]
        self._pictured = {index for finding in findings for index in finding.members[:_PICTURES]}
        self.place = {index: place for place, index in enumerate(self._order)}

    def chunks(self) -> Iterator[list[dict[str, Any]]]:
        for start in range(0, len(self._order), _CHUNK):
            yield [self._build_detail(index) for index in self._order[start : start + _CHUNK]]

    def _build_detail(self, index: int) -> dict[str, Any]:
        judged = self._run.judged[index]
        raw = judged.details() if judged.verdict.has else {}
        detail: dict[str, Any] = {}
        script = self._run.read_script(judged)
        if script:
            detail["script"] = visible(script, _SCRIPT_LIMIT)
        if isinstance(raw.get("stderr"), str):
            detail["stderr"] = visible(raw["stderr"])
        if index in self._pictured and isinstance(raw.get("arrays"), dict):
            detail["arrays"] = {visible(str(name), 40): _clean_numbers(array) for name, array in raw["arrays"].items()}
        confirmation = self._run.confirmation(judged)
        if confirmation is not None:
            detail["confirmed"] = confirmation.confirmed
            detail["printed"] = visible(confirmation.printed)
        return detail


def _clean_numbers(array: Any) -> Any:
    """Nested lists of numbers; the strings inf and -inf pass, anything else becomes nan."""
    if isinstance(array, list):
        return [_clean_numbers(item) for item in array[:_SIDE]]
    return array if isinstance(array, int | float) or array in ("inf", "-inf") else "nan"


def build_core(
    run: LoadedRun,
    findings: Sequence[Finding],
    details: Details,
    diff: Diff | None,
    differences: Sequence[Finding],
    tables: Sequence[Table],
) -> dict[str, Any]:
    """All but the details."""
    strings = _Strings()
    # The verdicts come first, so that the texts that they share have small numbers.
    verdicts = list(zip(*_VerdictRows(run, findings, details, diff, strings).build(), strict=True))
    return {
        "languages": {language: words.messages(language) for language in words.LANGUAGES},
        "sentences": words.sentences(),
        "chunk": _CHUNK,
        "columns": [_build_column(column) for column in run.columns],
        "findings": [_build_finding(run, finding) for finding in findings],
        "known": {cause.entry.id: _build_cause(run, cause) for cause in known.list_seen(run)},
        "statements": [_build_statement(statement) for statement in run.statements],
        "differences": [_build_difference(run, difference) for difference in differences],
        "frameworks": _list_frameworks(run),
        "initial": [_build_initial(one) for one in list_initial_values(run)],
        "porting": [_build_table(run, table) for table in tables],
        "changes": None if diff is None else _build_changes(diff),
        "modes": [_build_mode(mode) for mode in compare_modes(run)],
        "cases": [_build_case(case, strings) for case in run.cases.values()],
        # By column, not by row: the file is a tenth smaller, and 30 long lists are made faster than 50,000 short ones.
        "verdicts": verdicts,
        "strings": strings.texts,
    }


def _list_frameworks(run: LoadedRun) -> list[list[str]]:
    """Name and version of each target that was audited."""
    return [_make_visible(target.name, target.framework, target.version) for target in run.targets if target.available]


def _build_initial(initial: InitialValues) -> list[Any]:
    return [initial.column, _build_text(initial.says), initial.index]


class _Strings(dict[str, int]):
    """Numbers of texts, ``strings[text]``. Each text is kept once, made visible; number 0 is the empty one.

    A dict that fills itself: a text that is known is looked up without a call of ours, a million times a page.
    """

    def __init__(self) -> None:
        super().__init__({"": 0})
        self.texts: list[str] = [""]

    def __missing__(self, text: str) -> int:
        number = self[text] = len(self.texts)
        self.texts.append(visible(text))
        return number


class _VerdictRows:
    """One row a verdict."""

    def __init__(
        self, run: LoadedRun, findings: Sequence[Finding], details: Details, diff: Diff | None, strings: _Strings
    ) -> None:
        self._run = run
        self._details = details
        self._strings = strings
        self._topics = Topics(run)
        self._case_place = {case: place for place, case in enumerate(run.cases)}
        self._finding_of = {index: number for number, finding in enumerate(findings) for index in finding.members}
        # Removed verdicts stand under None, which is the index of no verdict of this run.
        self._change_of = {changed.after: changed for changed in diff.changes} if diff else {}

    def build(self) -> Iterator[list[Any]]:
        for index, judged in enumerate(self._run.judged):
            yield self._build_row(index, judged)

    def _build_row(self, index: int, judged: JudgedCase) -> list[Any]:
        number_of = self._strings
        verdict = judged.verdict
        change, before = self._describe_change(index)
        return [
            self._case_place[judged.case.id],
            judged.column,
            number_of[verdict.outcome],
            number_of[verdict.kind],
            number_of[verdict.subject],
            number_of[verdict.expected],
            number_of[verdict.observed],
            number_of[verdict.phase],
            number_of[verdict.error_class],
            number_of[verdict.error_message],
            number_of[format_ratio(verdict.ratio)],
            int(verdict.exact),
            _build_worst(verdict.worst),
            number_of[verdict.ruling],
            int(verdict.inferred),
            number_of[verdict.call],
            number_of[verdict.known],
            self._finding_of.get(index, -1),
            self._details.place.get(index, -1),
            number_of[judge_manner(judged)],
            number_of[change],
            number_of[before],
            number_of[_say_confirmed(self._run.confirmation(judged))],
            number_of[verdict.authority or ""],
            number_of[verdict.rests_on],
            number_of[verdict.direction or ""],
            number_of[", ".join(verdict.compared)],
            int(verdict.accident),
            [_build_further(further) for further in verdict.further] or 0,
            number_of[", ".join(self._topics.list(judged))],
        ]

    def _describe_change(self, index: int) -> tuple[str, str]:
        """How a verdict changed and what it was before, "" in a run that is not compared."""
        changed = self._change_of.get(index)
        if changed is None:
            return "", ""
        return changed.change, summarize(changed.before)


def _build_worst(worst: Worst | None) -> list[str] | int:
    if worst is None:
        return 0
    index = ", ".join(str(place) for place in worst.index)
    return _make_visible(index, worst.expected, worst.observed, worst.bound)


def _build_further(further: Further) -> list[str]:
    return _make_visible(further.kind, further.subject, further.expected, further.observed)


def _say_confirmed(confirmation: Confirmation | None) -> str:
    if confirmation is None:
        return ""
    return "yes" if confirmation.confirmed else "no"


def _make_visible(*texts: str) -> list[str]:
    return [visible(text) for text in texts]


def _build_text(text: Text) -> dict[str, str]:
    return words.in_every_language(lambda language: visible(text.in_language(language)))


def _build_column(column: Column) -> list[str]:
    target = column.target
    return _make_visible(column.label, column.api, target.name, target.framework, target.version, target.mode)


def _build_statement(statement: Statement) -> list[Any]:
    texts = _make_visible(statement.document, statement.api, statement.claim)
    source = statement.source
    place = None
    if source is not None:
        place = [
            visible(source.kind, 80),
            words.in_every_language(lambda language: visible(words.translate(language, source.version), 200)),
            visible(source.address, 400),
        ]
    return [
        *texts,
        words.in_every_language(lambda language: words.name_document(language, statement)),
        words.in_every_language(lambda language: words.name_section(language, statement.section)),
        _build_text(statement.says),
        statement.unchecked and _build_text(statement.unchecked),
        place,
        statement.docstring or "",
        visible(statement.announced),
    ]


def _build_finding(run: LoadedRun, finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "known": "" if finding.entry is None else visible(finding.entry.id),
        "entries": finding.members,
        "columns": finding.columns,
        "exceptions": finding.exceptions,
        "authority": finding.authority,
        "rests": words.in_every_language(
            lambda language: _make_visible(*words.list_sentences(language, run, finding)[:_RESTS])
        ),
        "basis": words.in_every_language(lambda language: words.write_basis(language, run, finding)),
        "told": finding.condition not in ((), (EVERY,)),
        "odd": _is_odd(finding),
        "short": words.in_every_language(lambda language: words.write_brief(language, run, finding)),
        "headline": words.in_every_language(lambda language: words.write_headline(language, run, finding)),
        "when": words.in_every_language(lambda language: words.write_circumstance(language, run, finding)),
    }


def _build_cause(run: LoadedRun, cause: known.Cause) -> dict[str, Any]:
    """What the catalogue says, and on which targets it was seen; `page` is ready to be posted as an issue."""
    entry = cause.entry
    correction = entry.correction
    workaround = entry.workaround
    return {
        "id": visible(entry.id),
        "severity": entry.severity,
        "title": words.in_every_language(lambda language: visible(entry.title.in_language(language), 200)),
        "effect": _build_text(entry.effect),
        "rests": _build_text(entry.rests_on),
        "authority": entry.authority,
        "framework": visible(entry.framework),
        "apis": _make_visible(*entry.apis),
        "where": visible(entry.where),
        "upstream": visible(entry.upstream),
        "script": visible(entry.script, _SCRIPT_LIMIT),
        "correction": correction and _build_text(correction),
        "workaround": workaround and _build_text(workaround.text),
        "instead": workaround and visible(workaround.script, _SCRIPT_LIMIT),
        "sights": [_build_sight(sight) for sight in cause.sights],
        "page": words.in_every_language(lambda language: known.write_page(run, cause, language)),
    }


def _build_sight(entry: Entry) -> list[Any]:
    """A target that was asked the cases of an entry: its name, how many verdicts show it, whether the script does and
    how it ended, how many cases there are, and whether the entry is known to hold there."""
    execution = entry.execution
    shown = -1 if execution is None else int(execution.shown)
    ended = "" if execution is None else visible(execution.ended)
    return [visible(entry.target), entry.verdicts, shown, ended, entry.asked, int(entry.holds)]


def _build_difference(run: LoadedRun, difference: Finding) -> dict[str, Any]:
    """What the porting tables tell of a difference; it is no finding and has no card."""
    return {
        "id": difference.id,
        "first": difference.representative,
        "known": "" if difference.entry is None else visible(difference.entry.id),
        "columns": difference.columns,
        "odd": _is_odd(difference),
        "count": len(difference.members),
        "short": words.in_every_language(lambda language: words.write_brief(language, run, difference)),
        "headline": words.in_every_language(lambda language: words.write_headline(language, run, difference)),
        "when": words.in_every_language(lambda language: words.write_circumstance(language, run, difference)),
    }


def _is_odd(finding: Finding) -> bool:
    """Whether it is about huge numbers or values of odd types, which no model gives."""
    return bool(_ODD & {predicate for predicate, *_ in finding.condition})


def _build_case(case: Case, number_of: _Strings) -> list[Any]:
    return [
        number_of[case.spec],
        number_of[case.name],
        number_of[case.layer],
        case.line,
        number_of[case.clause],
        number_of[case.claim or ""],
        int(case.invalid),
        [[number_of[name], number_of[to_source(value)]] for name, value in case.arguments.items()],
        [[number_of[name], number_of[to_bare_text(value)]] for name, value in (case.inputs or {}).items()],
        number_of[case.api or ""],
        number_of[case.wrong or ""],
    ]


def _build_table(run: LoadedRun, table: Table) -> dict[str, Any]:
    """A porting table. A pair of columns is called ``"first second"``."""
    pairs = {f"{first} {second}": pair for (first, second), pair in table.pairs.items()}
    contracts = {column: run.contract(column) for column in table.columns}
    return {
        "layer": visible(table.layer),
        "columns": table.columns,
        "rows": [_build_row(table, row, pairs) for row in range(len(table.aspects))],
        "defaults": {name: [_make_visible(*default) for default in pair.defaults] for name, pair in pairs.items()},
        "general": table.general,
        "examples": {name: pair.example for name, pair in pairs.items() if pair.example},
        "contracts": {column: _build_contract(contract) for column, contract in contracts.items() if contract},
    }


def _build_row(table: Table, row: int, pairs: Mapping[str, Pair]) -> dict[str, Any]:
    aspect = table.aspects[row]
    return {
        "parameter": visible(aspect.parameter),
        "form": visible(aspect.form),
        "cells": {column: _build_cell(table.cells[row, column]) for column in table.columns},
        "proven": {name: pair.proven[row] for name, pair in pairs.items()},
        "standings": {name: pair.standings[row] for name, pair in pairs.items()},
        "shared": {name: _build_shared(pair.shared[row]) for name, pair in pairs.items()},
    }


def _build_cell(cell: Cell) -> list[Any]:
    return [
        visible(cell.code),
        cell.example,
        cell.conforms,
        cell.fails,
        cell.findings,
        cell.differs,
        cell.differences,
        visible(cell.reason),
        int(cell.unsaid),
    ]


def _build_shared(shared: Shared | None) -> list[Any] | None:
    if shared is None:
        return None
    codes = _make_visible(shared.first_code, shared.second_code)
    return [*codes, shared.first, shared.second, visible(shared.where)]


def _build_contract(contract: Contract) -> dict[str, Any]:
    return {
        "weight": visible(contract.weight),
        "bias": visible(contract.bias),
        "weight_back": visible(contract.weight_back),
        "bias_back": visible(contract.bias_back),
        "instead": {visible(name): visible(source) for name, source in contract.instead.items()},
    }


def _build_changes(diff: Diff) -> dict[str, Any]:
    before = diff.before
    return {
        "before": [_make_visible(file.path.name, file.header.started, file.incomplete) for file in before.files],
        "targets": [_make_visible(target.name, target.version) for target in before.targets],
        "counts": diff.counts,
        "groups": [_build_group(group) for group in group_changes(diff)],
    }


def _build_mode(mode: ComparedMode) -> dict[str, Any]:
    return {
        "names": _make_visible(mode.target.name, mode.beside.name),
        "cases": mode.cases,
        "different": mode.different,
        "seconds": round(mode.seconds, 1),
        "groups": [_build_group(group) for group in mode.groups],
    }


def _build_group(group: Group) -> list[Any]:
    texts = _make_visible(group.change, group.api, group.before, group.after)
    cases = []
    for changed in group.cases[:_LISTED]:
        cases.append([visible(changed.case), -1 if changed.after is None else changed.after])
    return [*texts, len(group.cases), cases]
