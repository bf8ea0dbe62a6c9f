"""What comes of executing an entry's scripts, whatever an interpreter does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from conformance.case import Entry, Execution, Severity, Text, Workaround
from conformance.reproducers.confirm import End, Executor, NotExecutedError
from conformance.run.executing import execute

TEXT = Text("a text", "文")
ENTRY = Entry("FAK-entry", "fakeflow", TEXT, Severity.CRASH, None, "", TEXT, None, "", "script")


@dataclass
class Ends:
    """An executor whose scripts end as they are told to: among others, and by themselves."""

    together: str
    alone: str
    asked: list[bool] = field(default_factory=list)

    def end_of(self, script: str, together: bool = False) -> End:
        self.asked.append(together)
        how = self.together if together else self.alone
        if how == "lost":
            raise NotExecutedError("no interpreter")
        return End(how)


def run(ends: Ends, entry: Entry) -> Execution:
    return execute(cast(Executor, ends), entry)


@pytest.mark.parametrize(
    ("expected", "together", "alone", "shown", "asked"),
    [
        ("AssertionError", "AssertionError: 3", "", True, [True]),
        ("AssertionError", "ValueError: 3", "AssertionError: 3", True, [True, False]),
        ("AssertionError", "", "", False, [True, False]),
        ("AssertionError: 3", "AssertionError: 3 of 4", "", True, [True]),
        ("ValueError", "ValueErrors: 3", "ValueErrors: 3", False, [True, False]),
        ("SIGFPE", "", "SIGFPE", True, [False]),
        ("exit code 3", "", "exit code 3", True, [False]),
        ("no end", "", "no end", True, [False]),
    ],
)
def test_a_script_that_does_not_end_as_expected_is_tried_by_itself(
    expected: str, together: str, alone: str, shown: bool, asked: list[bool]
) -> None:
    ends = Ends(together, alone)
    execution = run(ends, replace(ENTRY, ends=expected))
    assert (execution.shown, ends.asked) == (shown, asked)


def test_a_workaround_runs_to_its_end() -> None:
    entry = replace(ENTRY, workaround=Workaround(TEXT, "other"))
    assert run(Ends("AssertionError: 3", "AssertionError: 4"), entry).workaround == "AssertionError: 4"


def test_an_interpreter_that_cannot_be_asked_shows_nothing() -> None:
    assert run(Ends("lost", "lost"), ENTRY) == Execution(False, "not executed: no interpreter")
