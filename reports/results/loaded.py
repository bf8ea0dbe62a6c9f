"""What one or more results files say together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import read
from .read import Case, Confirmation, Contract, Damage, Footer, Header, Statement, Target, Verdict

FAILURES = frozenset({"diverges", "crashed", "timed_out", "unstable"})
ASKED = FAILURES | {"conforms"}


@dataclass(frozen=True, slots=True)
class Column:
    """One API of one target. `label` is the API, with the target's name where the API alone is ambiguous."""

    api: str
    target: Target
    label: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One verdict with what it is about."""

    case: Case
    column: int
    verdict: Verdict
    source: Path

    @property
    def failed(self) -> bool:
        return self.verdict.outcome in FAILURES

    @property
    def word(self) -> str:
        """What became of it in one word: the kind of a divergence, else the outcome."""
        verdict = self.verdict
        return verdict.kind if verdict.outcome == "diverges" and verdict.kind else verdict.outcome

    def details(self) -> Mapping[str, Any]:
        return read.details(self.source, self.verdict.offset)


@dataclass(frozen=True)
class Source:
    """One results file. `incomplete` says why in words, and is empty when it is whole."""

    path: Path
    header: Header
    footer: Footer | None
    incomplete: str


@dataclass(frozen=True)
class Run:
    sources: tuple[Source, ...]
    targets: tuple[Target, ...]
    columns: tuple[Column, ...]
    cases: Mapping[str, Case]
    entries: tuple[Entry, ...]
    confirmations: Mapping[tuple[Path, str, str, str], Confirmation]
    statements: tuple[Statement, ...]
    contracts: Mapping[tuple[str, str], Contract]

    def column(self, entry: Entry) -> Column:
        return self.columns[entry.column]

    def confirmation(self, entry: Entry) -> Confirmation | None:
        verdict = entry.verdict
        return self.confirmations.get((entry.source, verdict.case, verdict.target, verdict.api))


def load(paths: Sequence[Path]) -> Run:
    """Read results files together.

    Targets of the same name are one when version and environment agree too; otherwise the later is kept apart
    as ``name (file)``.

    Raises:
        ResultsError: a file is no results file, or judges what another one has judged.
    """
    if not paths:
        raise ValueError("no results file was given")
    sources: list[Source] = []
    targets: dict[str, Target] = {}
    cases: dict[str, Case] = {}
    confirmations: dict[tuple[Path, str, str, str], Confirmation] = {}
    statements: dict[Statement, None] = {}
    contracts: dict[tuple[str, str], Contract] = {}
    columns: dict[tuple[str, str], int] = {}
    found: list[Entry] = []
    seen: dict[tuple[str, str, str], Path] = {}
    for path in paths:
        header: Header | None = None
        footer: Footer | None = None
        damage: Damage | None = None
        names: dict[str, str] = {}
        count = 0
        for record in read.records(path):
            match record:
                case Verdict():
                    count += 1
                    name = names.get(record.target, record.target)
                    key = (record.case, name, record.api)
                    if key in seen:
                        raise read.DuplicateVerdictError(
                            path,
                            0,
                            f"{record.case} on {record.api} of {name} was already judged in {seen[key]}; "
                            "give each run once",
                        )
                    seen[key] = path
                    if record.case not in cases:
                        damage = Damage(0, f"a verdict on {record.case!r:.100}, which no case record describes")
                        break
                    column = columns.setdefault((name, record.api), len(columns))
                    found.append(Entry(cases[record.case], column, record, path))
                case Case():
                    known = cases.setdefault(record.id, record)
                    if _asked(known) != _asked(record):
                        what = f"{record.id} asks something else than in an earlier file; give runs of the same specs"
                        raise read.InconsistentCaseError(path, 0, what)
                case Target():
                    name = names[record.name] = _name(record, targets, path)
                    targets.setdefault(name, replace(record, name=name))
                case Confirmation():
                    confirmations[path, record.case, record.target, record.api] = record
                case Statement():
                    statements.setdefault(record)
                case Contract():
                    contracts[names.get(record.target, record.target), record.api] = record
                case Header():
                    header = record
                case Footer():
                    footer = record
                case Damage():
                    damage = record
        assert header is not None, "records() begins with the header or raises"
        sources.append(Source(path, header, footer, _incomplete(footer, damage, count)))
    for name, _api in columns:
        targets.setdefault(name, Target(name, name, True))
    names_in_order = list(targets)
    order = sorted(columns, key=lambda key: (names_in_order.index(key[0]), "transpose" in key[1].lower(), key[1]))
    place = {columns[key]: position for position, key in enumerate(order)}
    apis = [api for _, api in order]
    return Run(
        tuple(sources),
        tuple(targets.values()),
        tuple(Column(api, targets[name], api if apis.count(api) == 1 else f"{api} @ {name}") for name, api in order),
        cases,
        tuple(Entry(entry.case, place[entry.column], entry.verdict, entry.source) for entry in found),
        confirmations,
        tuple(statements),
        contracts,
    )


def _asked(case: Case) -> tuple[Any, ...]:
    """What a case asks; where it is written may change."""
    return case.layer, case.api, case.arguments, case.inputs, case.invalid


def _name(target: Target, targets: Mapping[str, Target], path: Path) -> str:
    known = targets.get(target.name)
    if known is None or (known.version, known.environment) == (target.version, target.environment):
        return target.name
    return f"{target.name} ({path.name})"


def _incomplete(footer: Footer | None, damage: Damage | None, count: int) -> str:
    if damage is not None:
        where = f"line {damage.line}: " if damage.line else ""
        return f"damaged, read up to {where}{damage.problem}"
    if footer is None:
        return "no footer: the run was interrupted or is still going on"
    if not footer.complete:
        return "the run was interrupted, and says so"
    if footer.verdicts != count:
        return f"the footer counts {footer.verdicts} verdicts, the file holds {count}"
    return ""
