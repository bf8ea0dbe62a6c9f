"""What pytest runs: a case on an API of a target, or a statement that no case can check."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from conformance.audit import Job, Task
from conformance.case import Case, Outcome, Statement
from conformance.catalogue.fact import DIVERGENT
from conformance.plugin.state import RUN
from conformance.printable import make_printable, one_line
from conformance.records.record import Record, StatementRecord, VerdictRecord
from conformance.run import Answer, Run

MAX_LINE = 2000  # characters of a line on the terminal
SKIPPED = (Outcome.NO_EQUIVALENT, Outcome.UNAVAILABLE)


class DivergenceError(Exception):
    """A verdict that does not conform, or not as the catalogue has it."""


class FaultError(Exception):
    """An error in this suite's own code."""


class StatementItem(pytest.Item):
    """A statement that no case can check: reported as skipped, with the reason."""

    statement: Statement

    def runtest(self) -> None:
        reason = self.statement.unchecked
        pytest.skip(f"not checkable: {reason.en if reason else ''}")

    @property
    def records(self) -> Sequence[Record]:
        return [StatementRecord(self.statement)]

    def forget(self) -> None:
        """There is nothing to let go of."""

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


class CaseItem(pytest.Item):
    """A case on an API of a target.

    Attributes:
        settled: an earlier run's verdict on it.
        repeats: its jobs, once it is submitted.
        records: what the results file gets, once it has run.
    """

    task: Task
    statement: Statement | None
    settled: VerdictRecord | None
    repeats: Sequence[Job]
    records: Sequence[Record]

    def runtest(self) -> None:
        run = self.config.stash[RUN]
        answer = self.answer()
        verdict = answer.verdict.verdict
        outcome = verdict.outcome
        if outcome is Outcome.FAULT:
            raise FaultError("\n".join(map(make_printable, verdict.observed.splitlines())))
        if outcome in DIVERGENT and run.settings.recounts:
            pytest.xfail(f"for {run.settings.known}: {one_line(verdict.observed)}")
        if outcome in DIVERGENT and answer.title:
            pytest.xfail(answer.title)
        if answer.complaint or outcome in DIVERGENT:
            raise DivergenceError(explain(self.task.case, answer.verdict, answer.complaint, _locate(run, self.task)))
        if outcome in SKIPPED:
            pytest.skip(f"{outcome.replace('_', ' ')}: {one_line(verdict.observed)}")

    def answer(self) -> Answer:
        """What came of the task, which is kept as `records` too."""
        answer = self.config.stash[RUN].answer(self.task, self.repeats, self.settled)
        self.records = answer.records
        if self.statement is not None:
            self.records = [StatementRecord(self.statement), *answer.records]
        return answer

    def forget(self) -> None:
        """Let go of what came of it, once that is reported."""
        self.repeats = ()
        self.records = ()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, FaultError):
            return f"an error in the suite itself, not in {self.task.contract.api}:\n{excinfo.value}"
        if isinstance(excinfo.value, DivergenceError | pytest.xfail.Exception):
            return str(excinfo.value)  # without a traceback, which takes pytest long to make
        return super().repr_failure(excinfo)

    @property
    def location(self) -> tuple[str, int | None, str]:
        """As pytest finds it, which keeps it: with that, an item weighs twice as much."""
        found: tuple[str, int | None, str] = vars(pytest.Item)["location"].func(self)
        return found

    @property
    def extra_keyword_matches(self) -> set[str]:
        """Names for `-k` that a plugin may add. pytest gives each item a set, which weighs more than the item."""
        found: set[str] = vars(self).setdefault("extra_keyword_matches", set())
        return found

    @extra_keyword_matches.setter
    def extra_keyword_matches(self, names: set[str]) -> None:
        if names:
            vars(self)["extra_keyword_matches"] = names

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, self.task.case.line - 1, self.name


def explain(case: Case, record: VerdictRecord, complaint: str, place: str) -> str:
    """A verdict in a few lines for the terminal; at `place` the report will have its script."""
    verdict = record.verdict
    heading = verdict.outcome.replace("_", " ")
    if verdict.kind is not None:
        heading += f": {verdict.kind.replace('_', ' ')}"
    lines = [f"{case.id} on {record.question.api}", f"  {heading}"]
    details = {
        "expected": verdict.expected,
        "observed": verdict.observed,
        "ruling": verdict.ruling.replace("_", " ") if verdict.ruling is not None else "",
        "authority": verdict.authority.replace("_", " ") if verdict.authority is not None else "",
        "rests on": verdict.rests_on,
        "clause": case.clause if case.clause != verdict.rests_on else "",
        "known": complaint,
        "call": record.call or "",
        "script": place if record.script is not None else "",
    }
    lines += [f"  {name:8}  {one_line(text, MAX_LINE)}" for name, text in details.items() if text]
    return "\n".join(lines)


def _locate(run: Run, task: Task) -> str:
    """The address of a verdict in the report."""
    api = task.contract.api
    several = sum(target.framework == task.target.framework for target in run.targets) > 1
    column = f"{api} @ {task.target.name}" if several else api
    return f"{run.settings.report_path}#verdict/{quote(task.case.id, safe='')}/{quote(column, safe='')}"
