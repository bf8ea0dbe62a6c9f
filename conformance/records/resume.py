"""What an earlier run's results file has settled already, for a run that asks only what is missing or has changed.

A verdict is settled while all that it came from is the same: see `basis`.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.case import Outcome
from conformance.records.basis import Basis
from conformance.records.record import (
    CaseRecord,
    Data,
    Question,
    Record,
    RecordError,
    TargetRecord,
    VerdictRecord,
    read_record,
)
from conv_reports.results import read

# Kinds of records that are read. The run describes its own targets, contracts, cases and statements.
_READ = frozenset({"target", "case", "verdict"})


class ResumeError(Exception):
    """An earlier run that this one cannot go on with: which file, what is wrong with it, and the remedy."""


@dataclass(frozen=True)
class Earlier:
    """What an earlier run says: not its faults, and nothing of a target that could not be used.

    Attributes:
        bases: by target, what its verdicts came from besides their cases.
        digests: by the id of a case, the digest of the case.
    """

    path: Path
    bases: Mapping[str, Basis]
    digests: Mapping[str, str]
    verdicts: Mapping[Question, VerdictRecord]

    def find_verdict(self, question: Question, basis: Basis, digest: str) -> VerdictRecord | None:
        """The verdict on a question, if all that it came from is the same now."""
        return None if self.explain_asking(question, basis, digest) else self.verdicts[question]

    def explain_asking(self, question: Question, basis: Basis | None, digest: str) -> str:
        """In a word or two, why a question is to be asked; empty where it is settled."""
        if question not in self.verdicts:
            return "not settled before"
        then = self.bases[question.target]
        if basis is None or then.target != basis.target:
            return "another target"
        if then.code != basis.code:
            return "other code"
        return "" if self.digests[question.case] == digest else "another case"


class Tally:
    """Counts what a run took over and what it asked, as its records arrive."""

    def __init__(self, earlier: Earlier) -> None:
        self._earlier = earlier
        self._bases: dict[str, Basis | None] = {}
        self._digests: dict[str, str] = {}
        self._asked = Counter[str]()  # by the reason
        self._taken_over = 0

    def add(self, record: Record) -> None:
        match record:
            case TargetRecord():
                self._bases[record.name] = record.basis
            case CaseRecord():
                self._digests[record.id] = record.digest
            case VerdictRecord():
                self._count(record.question)

    def _count(self, question: Question) -> None:
        basis, digest = self._bases[question.target], self._digests[question.case]
        reason = self._earlier.explain_asking(question, basis, digest)
        if reason:
            self._asked[reason] += 1
        else:
            self._taken_over += 1

    def describe(self, left_out: int = 0) -> str:
        """A line that says what came of the earlier run. `left_out`: verdicts that hold and were not asked for."""
        counts = []
        if self._taken_over:
            counts.append(f"{self._taken_over} verdicts taken over")
        if left_out:
            counts.append(f"{left_out} verdicts hold and were left out")
        reasons = ", ".join(f"{reason}: {count}" for reason, count in sorted(self._asked.items()))
        counts.append(f"{self._asked.total()} asked" + (f" ({reasons})" if reasons else ""))
        unused = len(self._earlier.verdicts) - self._taken_over - left_out - self._count_asked_again()
        if unused:
            counts.append(f"{unused} of its verdicts not asked for")
        return f"{self._earlier.path}: {'; '.join(counts)}"

    def _count_asked_again(self) -> int:
        return self._asked.total() - self._asked["not settled before"]


@dataclass
class _Gathered:
    """The records of a file so far."""

    path: Path
    bases: dict[str, Basis] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    verdicts: dict[Question, VerdictRecord] = field(default_factory=dict)

    def add(self, line: int, record: Record) -> None:
        match record:
            case TargetRecord(available=True, basis=Basis() as basis):
                self.bases[record.name] = basis
            case CaseRecord():
                self.digests[record.id] = record.digest
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
        return Earlier(self.path, self.bases, self.digests, verdicts)

    def holds(self, record: VerdictRecord) -> bool:
        verdict = record.verdict
        # Unavailable without a phase is a target that was given up, not an operation that a device lacks.
        if verdict.outcome is Outcome.FAULT or (verdict.outcome is Outcome.UNAVAILABLE and verdict.phase is None):
            return False
        return record.question.target in self.bases and bool(self.digests.get(record.question.case))


def load(path: Path) -> Earlier:
    """Read an earlier run's file, a damaged one up to the damage.

    Raises:
        ResultsError: it is no results file, or judges a case twice.
        ResumeError: it has records that nobody writes.
    """
    undamaged = _find_damage(path)
    gathered = _Gathered(path)
    for number, data in enumerate(_read_lines(path, undamaged), start=1):
        if data.get("record") not in _READ:
            continue
        try:
            gathered.add(number, read_record(data))
        except RecordError as error:
            raise ResumeError(f"{path}:{number}: {error}; run without it") from error
    return gathered.earlier()


def _find_damage(path: Path) -> int | None:
    """How many lines are before the damage; None where there is none. Raises as `load`."""
    undamaged = None
    for record in read.records(path):
        if isinstance(record, read.Damage):
            undamaged = record.line - 1
    return undamaged


def _read_lines(path: Path, count: int | None) -> Iterator[Data]:
    with path.open("rb") as file:
        for line in itertools.islice(file, count):
            yield json.loads(line)
