"""Items that are run without pytest's set-up and tear-down around them, and items that are not."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from conformance.engine import schedule
from conformance.plugin import bare
from tests.fakes.suite import CASES, Result, Suite

pytest_plugins = ("pytester",)

LISTENERS = """\
import json
import pytest

def tell(*words):
    with open("told", "a") as file:
        file.write(" ".join(map(str, words)) + "\\n")

def pytest_runtest_logstart(nodeid, location):
    tell("start", nodeid)

def pytest_runtest_logreport(report):
    tell("report", report.nodeid, report.when, report.outcome)

def pytest_runtest_logfinish(nodeid, location):
    tell("finish", nodeid)

def pytest_exception_interact(node, call, report):
    tell("interact", node.nodeid)
"""
PHASES = """\
import pytest

def pytest_runtest_logreport(report):
    if report.when == "setup":
        with open("told", "a") as file:
            file.write("setup in no time\\n" if report.duration == 0 else "setup\\n")
"""
SET_UP = """
def pytest_runtest_setup(item):
    pass
"""
MARK = """\
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.skip("not today"))
"""
ORDINARY = "def test_ordinary(tmp_path): pass\n"


@dataclass(frozen=True)
class Told:
    """A run, and the lines that its conftest was told."""

    result: Result
    lines: list[str]


def run(suite: Suite, conftest: str, *options: str) -> Told:
    """A run in which a kernel diverges, one is lacking, and one ends its process."""
    suite.behave(k2="wrong", k3="abort", k4="unregistered")
    told = suite.write("told", "")
    suite.write("conftest.py", conftest)
    result = suite.run("--tb=short", *options)
    return Told(result, told.read_text().splitlines())


def test_listeners_are_told_the_same_of_items_that_are_run_bare(suite: Suite) -> None:
    fast = run(suite, LISTENERS)
    whole = run(suite, LISTENERS + SET_UP)
    assert fast.lines == whole.lines
    assert any(line.startswith("interact") for line in fast.lines)
    assert fast.result.status == whole.result.status


def test_verdicts_are_those_of_one_call_at_a_time(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = run(suite, "").result
    monkeypatch.setattr(schedule, "WINDOW", 1)
    monkeypatch.setattr(schedule, "BATCH", 1)
    slow = run(suite, SET_UP).result
    assert {"conforms", "diverges", "crashed", "unavailable"} <= set(fast.outcomes().values())
    assert fast.stable() == slow.stable()


@pytest.mark.parametrize(
    ("conftest", "options", "is_bare"),
    [
        ("", [], True),
        (SET_UP, [], False),
        ("", ["--setup-show"], False),
    ],
    ids=["nobody", "another plugin", "an option"],
)
def test_items_are_run_bare_unless_somebody_would_see_it(
    suite: Suite, conftest: str, options: list[str], is_bare: bool
) -> None:
    lines = run(suite, PHASES + conftest, *options).lines
    assert (lines[0] == "setup in no time") == is_bare


def test_a_phase_in_which_nothing_is_done_is_reported_only_to_who_takes_notice(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed = run(suite, "", "--durations=0", "--durations-min=0").result
    timed.lines.fnmatch_lines(["*s setup *stride*", "*s teardown *stride*"])
    made: list[str] = []
    make = bare._make_passed
    monkeypatch.setattr(bare, "_make_passed", lambda report, when: made.append(when) or make(report, when))
    assert len(run(suite, "").result.verdicts()) == CASES
    assert not made
    run(suite, LISTENERS)
    assert made == ["setup", "teardown"] * CASES


def test_marks_are_obeyed(suite: Suite) -> None:
    run(suite, MARK).result.lines.fnmatch_lines(f"{CASES} skipped in *")


def test_ordinary_items_before_and_behind_are_set_up_and_torn_down(suite: Suite) -> None:
    for folder in ("one", "other"):
        (suite.folder / folder).mkdir()
        suite.write(f"{folder}/test_{folder}.py", ORDINARY)
    told = run(suite, LISTENERS, "one", "specs/conv2d/invalid.yaml", "other")
    told.result.lines.fnmatch_lines("4 passed in *")
