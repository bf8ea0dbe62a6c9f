"""Items are asked ahead of their run, but no more of them than keep their target busy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from conformance.audit import Job, Task
from conformance.plugin import asking
from conformance.run import Run
from tests.fakes.suite import CASES, Suite

pytest_plugins = ("pytester",)


@pytest.mark.parametrize("ahead", [1, 3, 1000])
def test_so_many_items_of_each_target_are_asked_and_have_not_run(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    waiting: Counter[str] = Counter()
    most: Counter[str] = Counter()
    submit, answer = Run.submit, Run.answer

    def count(self: Run, task: Task) -> Sequence[Job]:
        waiting[task.target.name] += 1
        most[task.target.name] = max(most[task.target.name], waiting[task.target.name])
        return submit(self, task)

    def uncount(self: Run, task: Task, *arguments: object) -> object:
        waiting[task.target.name] -= 1
        return answer(self, task, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(asking, "AHEAD", ahead)
    monkeypatch.setattr(Run, "submit", count)
    monkeypatch.setattr(Run, "answer", uncount)
    other = f"other={suite.interpreter.removeprefix('fakeflow=')}//framework=fakeflow"
    ended = suite.run("--target", other)
    assert len(ended.records("verdict")) == 2 * CASES
    # One more while an item runs, as the next is asked before it is waited for.
    assert most == dict.fromkeys(("fakeflow", "other"), min(ahead + 1, CASES))
    assert not +waiting


def test_how_many_will_be_asked_is_known_from_the_first(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    known = []
    answer = Run.answer

    def look(self: Run, *arguments: object) -> object:
        known.extend(standing.asked for standing in self.find_standings())
        return answer(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(asking, "AHEAD", 1)
    monkeypatch.setattr(Run, "answer", look)
    suite.run("--repeat", "2")
    assert set(known) == {2 * CASES}


@pytest.mark.parametrize(("options", "kept"), [((), False), (("--durations=0", "--durations-min=0"), True)])
def test_reports_of_phases_with_nothing_to_do_are_kept_for_durations_alone(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, options: Sequence[str], kept: bool
) -> None:
    stats = []
    monkeypatch.setattr(
        "conformance.plugin.writing.FileWriter._write_summary", lambda self, reporter: stats.append(reporter.stats)
    )
    ended = suite.run(*options)
    assert ("" in stats[0]) is kept
    assert len(stats[0]["passed"]) == CASES - 1
    assert ("setup" in ended.output) is kept
