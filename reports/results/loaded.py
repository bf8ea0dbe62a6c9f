"""What one or more results files say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, assert_never

from . import read
from .records import (
    FAILURES,
    Case,
    Confirmation,
    Contract,
    Damage,
    Entry,
    Footer,
    Header,
    Record,
    Statement,
    Target,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Column:
    """One API of one target. `label` is the API, with the target's name where the API alone is ambiguous."""

    api: str
    target: Target
    label: str


@dataclass(frozen=True, slots=True)
class JudgedCase:
    """One verdict with the case that it is about.

    Attributes:
        column: index of `LoadedRun.columns`.
        path: the results file that the verdict stands in.
    """

    case: Case
    column: int
    verdict: Verdict
    path: Path

    @property
    def failed(self) -> bool:
        return self.verdict.outcome in FAILURES

    @property
    def conforms(self) -> bool:
        return self.verdict.outcome == "conforms"

    @property
    def differs(self) -> bool:
        """Whether it does otherwise than others, which no authority calls wrong."""
        return self.verdict.outcome == "differs"

    @property
    def word(self) -> str:
        """What became of the case in one word: the kind of a divergence, else the outcome."""
        verdict = self.verdict
        return verdict.kind if verdict.outcome == "diverges" and verdict.kind else verdict.outcome

    def details(self) -> Mapping[str, Any]:
        return read.details(self.path, self.verdict.offset)


@dataclass(frozen=True)
class ResultsFile:
    """One results file. `incomplete` says why in words, and is empty when the file is whole."""

    path: Path
    header: Header
    footer: Footer | None
    incomplete: str


@dataclass(frozen=True)
class LoadedRun:
    """All that the results files hold.

    Attributes:
        columns: the APIs that have a verdict, target by target, the transposed layer's last.
        cases: by id.
        judged: every verdict, in the order of the files. Its indices stand for verdicts everywhere else.
        confirmations: by file, case id, target as the file names it, and API.
        contracts: by target and API.
        entries: by target and id, what the catalogue says of the causes that were looked for.
    """

    files: tuple[ResultsFile, ...]
    targets: tuple[Target, ...]
    columns: tuple[Column, ...]
    cases: Mapping[str, Case]
    judged: tuple[JudgedCase, ...]
    confirmations: Mapping[tuple[Path, str, str, str], Confirmation]
    statements: tuple[Statement, ...]
    contracts: Mapping[tuple[str, str], Contract]
    entries: Mapping[tuple[str, str], Entry]

    def column(self, judged: JudgedCase) -> Column:
        return self.columns[judged.column]

    def confirmation(self, judged: JudgedCase) -> Confirmation | None:
        verdict = judged.verdict
        return self.confirmations.get((judged.path, verdict.case, verdict.target, verdict.api))

    def read_script(self, judged: JudgedCase) -> str:
        """The script that shows a verdict: what was executed, of a smaller call, or its own; "" where there is none."""
        confirmation = self.confirmation(judged)
        if confirmation is not None and confirmation.script:
            return confirmation.script
        script = judged.details().get("script") if judged.verdict.has else None
        return script if isinstance(script, str) else ""

    def entry(self, judged: JudgedCase) -> Entry | None:
        """The entry of the catalogue that explains a verdict."""
        known = judged.verdict.known
        return self.entries.get((self.column(judged).target.name, known)) if known else None

    def restrict(self, target: str) -> LoadedRun:
        """What one target said, as a run of its own.

        Raises:
            ValueError: the run has no such target.
        """
        places = {place: index for index, place in enumerate(self._list_columns(target))}
        if not places:
            raise ValueError(f"no target {target!r}; the run has {', '.join(one.name for one in self.targets)}")
        judged = [replace(one, column=places[one.column]) for one in self.judged if one.column in places]
        return replace(
            self,
            targets=tuple(one for one in self.targets if one.name == target),
            columns=tuple(replace(self.columns[place], label=self.columns[place].api) for place in places),
            judged=tuple(judged),
            entries={(name, known): entry for (name, known), entry in self.entries.items() if name == target},
        )

    def _list_columns(self, target: str) -> list[int]:
        return [place for place, column in enumerate(self.columns) if column.target.name == target]

    def contract(self, column: int) -> Contract | None:
        """What the run says of a column's weight, bias and defaults."""
        api = self.columns[column]
        return self.contracts.get((api.target.name, api.api))


def load(paths: Sequence[Path]) -> LoadedRun:
    """Read results files together.

    Targets of the same name are one when version and environment agree too; otherwise the later is kept apart
    as ``name (file)``.

    Raises:
        ResultsError: a file is no results file, or judges what another one has judged.
    """
    if not paths:
        raise ValueError("no results file was given")
    builder = _Builder()
    for path in paths:
        builder.read_file(path)
    return builder.build()


class _VerdictKey(NamedTuple):
    """What may be judged once. `target` is the name that the run gives the target."""

    case: str
    target: str
    api: str


class _ColumnKey(NamedTuple):
    target: str
    api: str


class _File:
    """What is known of the file that is being read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header: Header | None = None
        self.footer: Footer | None = None
        self.damage: Damage | None = None
        self.verdicts = 0
        self._renamed: dict[str, str] = {}

    def rename_target(self, name: str, name_in_run: str) -> None:
        self._renamed[name] = name_in_run

    def name_in_run(self, target: str) -> str:
        return self._renamed.get(target, target)

    def finish(self) -> ResultsFile:
        assert self.header is not None, "records() begins with the header or raises"
        return ResultsFile(self.path, self.header, self.footer, self._describe_gap())

    def _describe_gap(self) -> str:
        """Why the file is not whole, "" when it is."""
        if self.damage is not None:
            where = f"line {self.damage.line}: " if self.damage.line else ""
            return f"damaged, read up to {where}{self.damage.problem}"
        if self.footer is None:
            return "no footer: the run was interrupted or is still going on"
        if not self.footer.complete:
            return "the run was interrupted, and says so"
        if self.footer.verdicts != self.verdicts:
            return f"the footer counts {self.footer.verdicts} verdicts, the file holds {self.verdicts}"
        return ""


class _Builder:
    """Takes in the records of all files, one method a type of record, and makes a run of them."""

    def __init__(self) -> None:
        self._files: list[ResultsFile] = []
        self._targets: dict[str, Target] = {}
        self._cases: dict[str, Case] = {}
        self._verdicts: dict[_VerdictKey, tuple[Verdict, Path]] = {}
        self._confirmations: dict[tuple[Path, str, str, str], Confirmation] = {}
        self._statements: dict[Statement, None] = {}  # as an ordered set: every file repeats them
        self._contracts: dict[tuple[str, str], Contract] = {}
        self._entries: dict[tuple[str, str], Entry] = {}

    def read_file(self, path: Path) -> None:
        file = _File(path)
        for record in read.records(path):
            self._add(record, file)
            if file.damage is not None:
                break
        self._files.append(file.finish())

    def _add(self, record: Record, file: _File) -> None:
        match record:
            case Verdict():
                self._add_verdict(record, file)
            case Case():
                self._add_case(record, file)
            case Target():
                self._add_target(record, file)
            case Contract():
                self._contracts[file.name_in_run(record.target), record.api] = record
            case Entry():
                self._entries[file.name_in_run(record.target), record.id] = record
            case Confirmation():
                self._confirmations[file.path, record.case, record.target, record.api] = record
            case Statement():
                self._statements[record] = None
            case Header():
                file.header = record
            case Footer():
                file.footer = record
            case Damage():
                file.damage = record
            case _:
                assert_never(record)

    def _add_verdict(self, verdict: Verdict, file: _File) -> None:
        file.verdicts += 1
        key = _VerdictKey(verdict.case, file.name_in_run(verdict.target), verdict.api)
        if key in self._verdicts:
            _, earlier = self._verdicts[key]
            problem = f"{key.case} on {key.api} of {key.target} was already judged in {earlier}; give each run once"
            raise read.DuplicateVerdictError(file.path, 0, problem)
        # Without its case a verdict says nothing, and what follows is no better.
        if key.case not in self._cases:
            file.damage = Damage(0, f"a verdict on {key.case!r:.100}, which no case record describes")
            return
        self._verdicts[key] = (verdict, file.path)

    def _add_case(self, case: Case, file: _File) -> None:
        known = self._cases.setdefault(case.id, case)
        if not _ask_the_same(known, case):
            problem = f"{case.id} asks something else than in an earlier file; give runs of the same specs"
            raise read.InconsistentCaseError(file.path, 0, problem)

    def _add_target(self, target: Target, file: _File) -> None:
        # Records that follow in this file call the target by its own name.
        name = self._choose_name(target, file.path)
        file.rename_target(target.name, name)
        self._targets.setdefault(name, replace(target, name=name))

    def _choose_name(self, target: Target, path: Path) -> str:
        known = self._targets.get(target.name)
        if known is None or (known.version, known.environment) == (target.version, target.environment):
            return target.name
        return f"{target.name} ({path.name})"

    def build(self) -> LoadedRun:
        keys = self._order_columns()
        place = {key: index for index, key in enumerate(keys)}
        judged = []
        for key, (verdict, path) in self._verdicts.items():
            column = place[_ColumnKey(key.target, key.api)]
            judged.append(JudgedCase(self._cases[key.case], column, verdict, path))
        return LoadedRun(
            files=tuple(self._files),
            targets=tuple(self._targets.values()),
            columns=self._build_columns(keys),
            cases=self._cases,
            judged=tuple(judged),
            confirmations=self._confirmations,
            statements=tuple(self._statements),
            contracts=self._contracts,
            entries=self._entries,
        )

    def _order_columns(self) -> list[_ColumnKey]:
        keys = dict.fromkeys(_ColumnKey(key.target, key.api) for key in self._verdicts)
        for key in keys:  # a damaged file may have lost the record of a target
            self._targets.setdefault(key.target, Target(key.target, key.target, available=True))
        places = {name: place for place, name in enumerate(self._targets)}
        return sorted(keys, key=lambda key: (places[key.target], "transpose" in key.api.lower(), key.api))

    def _build_columns(self, keys: Sequence[_ColumnKey]) -> tuple[Column, ...]:
        targets_with = Counter(key.api for key in keys)
        columns = []
        for name, api in keys:
            label = api if targets_with[api] == 1 else f"{api} @ {name}"
            columns.append(Column(api, self._targets[name], label))
        return tuple(columns)


def _ask_the_same(first: Case, second: Case) -> bool:
    """Whether two cases ask the same; where they are written may differ."""
    return (first.layer, first.api, first.arguments, first.inputs, first.invalid) == (
        second.layer,
        second.api,
        second.arguments,
        second.inputs,
        second.invalid,
    )
