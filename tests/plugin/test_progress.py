"""What a person sees while a run lasts, and how its end is told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import unquote

import pytest

from conformance.plugin.progress import Lines, Table, list_changes, write_left, write_line
from conformance.plugin.watching import make_progress
from conformance.run import Standing, State
from tests.fakes.suite import Result, Suite

pytest_plugins = ("pytester",)

TORCH = Standing("torch", State.ANSWERS, "2.13.0", 300, 400)
MINDSPORE = Standing("mindspore", State.IS_CERTIFIED, "2.10.0", 100, 400)
MEGENGINE = Standing("megengine", State.STARTS, "", 0, 200)
DOTS = re.compile(r"[.sxF]{3,}")


def test_a_line_has_percent_time_left_and_what_each_target_does() -> None:
    line = write_line([TORCH, MINDSPORE], 30)
    # The slowest has a quarter after 30 s, so three quarters take 90 s more.
    assert line == " 50 % of 800, 1:30 left: torch 75 %, mindspore 25 % and is being certified"


def test_no_time_is_promised_while_a_target_has_not_begun() -> None:
    assert write_line([TORCH, MEGENGINE], 30) == " 50 % of 600: torch 75 %, megengine starts"


def test_no_time_is_promised_by_the_first_answers() -> None:
    # Calls that end their process come first: two in 30 s are no 75 hours for the other 18,000.
    begun = Standing("torch", State.ANSWERS, "2.13.0", 2, 18_000)
    assert write_line([begun], 30) == "  0 % of 18,000: torch 0 %"
    assert write_left([Standing("torch", State.ANSWERS, "2.13.0", 180, 18_000)], 30) == "49:30 left"


def test_no_time_is_promised_while_only_a_certificate_is_waited_for() -> None:
    answered = Standing("mindspore", State.IS_CERTIFIED, "2.10.0", 400, 400)
    assert write_left([TORCH, answered], 30) == ""


def test_a_target_that_cannot_be_used_holds_nobody_up() -> None:
    lost = Standing("megengine", State.ENDED, "", 0, 200)
    assert write_left([TORCH, lost], 30) == "0:10 left"
    assert write_left([lost], 30) == ""


def test_100_percent_is_the_end() -> None:
    almost = Standing("torch", State.ANSWERS, "2.13.0", 999, 1000)
    assert write_line([almost], 1).startswith(" 99 % of 1,000")


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        (None, MEGENGINE, "0:07 megengine starts"),
        (State.STARTS, MINDSPORE, "0:07 mindspore 2.10.0 has started, and its adapter is being certified meanwhile"),
        (State.STARTS, TORCH, "0:07 torch 2.13.0 has started"),
        (State.IS_CERTIFIED, TORCH, "0:07 torch 2.13.0 is certified"),
        (State.STARTS, Standing("torch", State.ENDED, "", 0, 1), "0:07 torch cannot be used"),
    ],
    ids=["new", "started", "started without certificate", "certified", "lost"],
)
def test_a_change_of_a_target_is_a_line(before: State | None, after: Standing, line: str) -> None:
    earlier = {} if before is None else {after.target: before}
    assert list_changes(earlier, [after], 7) == [line]
    assert list_changes({after.target: after.state}, [after], 7) == []


def test_lines_tell_each_change_once() -> None:
    lines: list[str] = []
    progress = Lines(lambda: [MEGENGINE], lines.append)
    progress.start()
    progress.say("something else")
    progress.stop()
    assert sorted(lines) == ["0:00 megengine starts", "something else"]


def test_a_pipe_does_not_hold_a_line_back() -> None:
    said: list[str] = []
    reporter = SimpleNamespace(isatty=False, write_line=said.append, flush=lambda: said.append("flushed"))
    make_progress(lambda: [TORCH], cast(Any, reporter)).say("torch has started")
    assert said == ["torch has started", "flushed"]


def test_a_terminal_has_a_row_a_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    written: list[str] = []
    standings: Sequence[Standing] = [TORCH, MINDSPORE]
    progress = Table(lambda: standings, written.append)
    progress.start()
    progress.say("a line that stays")
    progress.stop()
    plain = re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", "".join(written))
    assert re.search(r"torch +[━╸]+ +75 % 300 / 400 answers", plain)
    assert re.search(r"mindspore +[━╸]+ +25 % 100 / 400 is being certified", plain)
    assert "50 % of 800 in 0:0" in plain
    assert "a line that stays" in plain


# In a run


@pytest.fixture(scope="module")
def wrong(shared_suite: Suite) -> Result:
    """A run with a failure, told in full."""
    shared_suite.behave(k2="wrong")
    return shared_suite.run("--tb=short", results="wrong.jsonl")


@pytest.mark.parametrize("options", [[], ["-s"]], ids=" ".join)
def test_no_dot_is_printed_an_item(suite: Suite, options: list[str]) -> None:
    result = suite.run(*options)
    assert not DOTS.search(result.output.replace("...", ""))
    result.lines.fnmatch_lines(["*fakeflow 1.5 has started", "* passed, * skipped in *"])


def test_with_v_pytest_names_the_items(suite: Suite) -> None:
    result = suite.run("-vv", "-k", "other")
    result.lines.fnmatch_lines("*fakeflow*Conv2d/other SKIPPED*")
    assert "has started" not in result.output


def test_the_summary_stands_behind_the_failures(wrong: Result) -> None:
    lines = [line for line in wrong.output.splitlines() if line.strip()]
    last_failure = max(place for place, line in enumerate(lines) if line.startswith("FAILED "))
    title = next(place for place, line in enumerate(lines) if line.strip("= ") == "conformance")
    assert title > last_failure
    assert lines[-2].startswith("report: ")
    assert " failed, " in lines[-1]


def test_a_failure_has_the_vendors_call_and_the_place_of_its_script(wrong: Result) -> None:
    (call,) = {line.split("call")[1].strip() for line in wrong.output.splitlines() if line.startswith("  call ")}
    assert call == "fakeflow.Conv2d(in_channels=1, out_channels=2, kernel_size=2)"
    # Once each: where CI is set, pytest's short summary repeats the failures' whole text.
    places = list(
        dict.fromkeys(
            line.split("script")[1].strip() for line in wrong.output.splitlines() if line.startswith("  script ")
        )
    )
    diverging = [verdict["case"] for verdict in wrong.records("verdict") if verdict["outcome"] == "diverges"]
    report, _, _ = places[0].partition("#")
    assert report == str(wrong.results.with_suffix(".html"))
    assert [unquote(place) for place in places] == [f"{report}#verdict/{case}/fakeflow.Conv2d" for case in diverging]
