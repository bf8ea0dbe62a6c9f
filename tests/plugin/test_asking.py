"""Items are asked ahead of their run, but no more of them than keep their target busy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from conformance.audit import Job, Task
from conformance.case import Greeting
from conformance.plugin import asking
from conformance.run import Run
from conformance.targets.connection import Connection
from tests.fakes.suite import CASES, Result, Suite

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


ZERO = """\
layer: conv2d
clause: the definition
cases:
  - name: zero
    for: {value: [0, -1]}
    arguments: {in_channels: 1, out_channels: 1, kernel_size: 3, stride: "=value"}
    input: {shape: [1, 1, 6, 8], gradients: false}
    raises: ValueError
    wrong: stride
"""
CATALOGUE = """\
framework: fakeflow
entries:
  - id: FAK-aborts
    title: {en: A kernel of three ends the process, zh: 大小为三的卷积核使进程终止}
    severity: crash
    authority: robustness
    rests_on: {en: a call returns or raises, zh: 调用要么返回，要么抛出异常}
    effect: {en: every network with such a kernel, zh: 所有使用该卷积核的网络}
    upstream: not reported
    where: {versions: "==1.5"}
    script: |
      import os
      os.abort()
    ends: SIGABRT
    seen:
      - api: fakeflow.Conv2d
        kind: crashed
        cases:
          conv2d/kernel.yaml::kernel[k:3-*]: 2
          conv2d/zero.yaml::zero[*]: 2
"""


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[Connection]:
    """The processes that are started from now on."""
    started = []
    start = Connection.start

    def count(self: Connection, *arguments: Any) -> Greeting:
        started.append(self)
        return start(self, *arguments)

    monkeypatch.setattr(Connection, "start", count)
    return started


def tell(result: Result) -> dict[str, tuple[str, str]]:
    """By the name of a case, what was made of it, and of what."""
    return {name: (verdict["outcome"], verdict.get("observed", "")) for name, verdict in result.verdicts().items()}


def test_calls_that_are_known_to_end_their_process_take_one_each(suite: Suite, starts: list[Connection]) -> None:
    suite.behave(k3="abort")
    suite.write("known.yaml", CATALOGUE)
    surprised = suite.run("-k", "kernel", version="1.5")
    assert len(starts) == 4  # the first of them is tried again, alone
    starts.clear()
    prepared = suite.run("--known", "known.yaml", "-k", "kernel", version="1.5")
    assert len(starts) == 3
    assert tell(prepared) == tell(surprised)


def test_the_twin_of_a_call_that_ends_its_process_is_not_asked(suite: Suite, starts: list[Connection]) -> None:
    suite.behave(k3="abort")
    suite.write("known.yaml", CATALOGUE)
    zero = suite.write("specs/conv2d/zero.yaml", ZERO)
    ended = suite.run("--known", "known.yaml", str(zero), version="1.5")
    assert set(ended.outcomes().values()) == {"crashed"}
    assert len(starts) == 3  # and the last is asked nothing


def test_a_call_that_ends_its_process_no_more_has_its_twin(suite: Suite) -> None:
    suite.write("known.yaml", CATALOGUE)
    zero = suite.write("specs/conv2d/zero.yaml", ZERO)
    prepared = suite.run("--known", "known.yaml", str(zero), version="1.5")
    assert tell(prepared) == tell(suite.run(str(zero), version="1.5"))


def test_of_calls_that_end_their_process_only_so_many_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "IN_A_ROW", 2)
    names: Any = "aBcDeFgH"
    assert "".join(asking._put_first(names, [name.isupper() for name in names])) == "BDaFHceg"


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
