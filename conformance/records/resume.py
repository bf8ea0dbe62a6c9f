"""What an earlier run's results file has settled already, for a run that does only what is missing."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance import __version__
from conformance.case import Case, Greeting, Outcome
from conformance.records.record import (
    CaseRecord,
    ConfirmationRecord,
    Data,
    Question,
    Record,
    RecordError,
    StatementRecord,
    TargetRecord,
    VerdictRecord,
    describe_case,
    read_record,
)
from conv_reports.results import read

# What makes a case another case; its line and its clause may change.
_ASKED = ("layer", "api", "arguments", "inputs", "invalid")
# Kinds of records that are taken over. The run writes a header, contracts and a footer of its own.
_TAKEN_OVER = frozenset({"target", "case", "statement", "verdict", "confirmation"})


class ResumeError(Exception):
    """An earlier run that this one cannot go on with: which file, what differs, and the remedy."""


@dataclass(frozen=True)
class Earlier:
    """The records of an earlier run that hold: not its faults, and nothing of a target that could not be used."""

    path: Path
    targets: Mapping[str, TargetRecord]
    cases: Mapping[str, CaseRecord]
    verdicts: Mapping[Question, VerdictRecord]
    others: tuple[Record, ...]

    def find_verdict(self, case: Case, target: str, api: str) -> VerdictRecord | None:
        """The verdict on a case on an API of a target, if there is one.

        Raises:
            ResumeError: its case is another one now.
        """
        verdict = self.verdicts.get(Question(case.id, target, api))
        if verdict is None:
            return None
        then = self.cases[case.id]
        now = describe_case(case)
        changed = [name for name in _ASKED if getattr(then, name) != getattr(now, name)]
        if changed:
            raise ResumeError(f"{self.path}: {case.id} has another {' and '.join(changed)} now; run without --resume")
        return verdict

    def check_target(self, name: str, greeting: Greeting) -> None:
        """Raises ResumeError when the target is not the one that the earlier run asked."""
        then = self.targets.get(name)
        if then is None:
            return
        before = {"version": then.version, **then.environment}
        now = {"version": greeting.version, **greeting.environment}
        for key in sorted(before.keys() | now.keys()):
            if before.get(key) != now.get(key):
                raise ResumeError(
                    f"{self.path}: target {name} had {key} {before.get(key)!r}, now {now.get(key)!r}; "
                    "run without --resume, and give the report both files"
                )

    def records(self) -> list[Record]:
        """All of them, each before what refers to it."""
        return [*self.targets.values(), *self.others, *self.cases.values(), *self.verdicts.values()]


@dataclass
class _Gathered:
    """The records of a file so far."""

    path: Path
    targets: dict[str, TargetRecord] = field(default_factory=dict)
    cases: dict[str, CaseRecord] = field(default_factory=dict)
    verdicts: dict[Question, VerdictRecord] = field(default_factory=dict)
    statements: list[StatementRecord] = field(default_factory=list)
    confirmations: list[ConfirmationRecord] = field(default_factory=list)

    def add(self, line: int, record: Record) -> None:
        match record:
            case TargetRecord(available=True):
                self.targets[record.name] = record
            case CaseRecord():
                self.cases[record.id] = record
            case StatementRecord():
                self.statements.append(record)
            case ConfirmationRecord():
                self.confirmations.append(record)
            case VerdictRecord():
                self.add_verdict(line, record)

    def add_verdict(self, line: int, record: VerdictRecord) -> None:
        question = record.question
        if question in self.verdicts:
            problem = (
                f"{question.case} on {question.api} of {question.target} was judged before; give the file of one run"
            )
            raise read.DuplicateVerdictError(self.path, line, problem)
        self.verdicts[question] = record

    def earlier(self) -> Earlier:
        verdicts = {question: record for question, record in self.verdicts.items() if self.holds(record)}
        confirmations = [record for record in self.confirmations if record.question in verdicts]
        return Earlier(self.path, self.targets, self.cases, verdicts, (*self.statements, *confirmations))

    def holds(self, record: VerdictRecord) -> bool:
        question = record.question
        if record.verdict.outcome is Outcome.FAULT:
            return False
        return question.target in self.targets and question.case in self.cases


def load(path: Path) -> Earlier:
    """Read an earlier run's file, a damaged one up to the damage.

    Raises:
        ResultsError: it is no results file, or judges a case twice.
        ResumeError: another version of this suite wrote it, or nobody did.
    """
    undamaged = _check_readable(path)
    gathered = _Gathered(path)
    for number, data in enumerate(_read_lines(path, undamaged), start=1):
        if data.get("record") not in _TAKEN_OVER:
            continue
        try:
            gathered.add(number, read_record(data))
        except RecordError as error:
            raise ResumeError(f"{path}:{number}: {error}; run without --resume") from error
    return gathered.earlier()


def _check_readable(path: Path) -> int | None:
    """How many lines are before the damage; None where there is none. Raises as `load`."""
    undamaged = None
    for record in read.records(path):
        if isinstance(record, read.Header) and record.suite != __version__:
            raise ResumeError(f"{path}: written by suite {record.suite}, this is {__version__}; run without --resume")
        if isinstance(record, read.Damage):
            undamaged = record.line - 1
    return undamaged


def _read_lines(path: Path, count: int | None) -> Iterator[Data]:
    with path.open("rb") as file:
        for line in itertools.islice(file, count):
            yield json.loads(line)
