"""However a run ends, its results are kept and its processes end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.targets.conftest import SuiteProcess, crowding, starting, wait_for

pytestmark = pytest.mark.process

TARGETS = {"one": {"FAKEFLOW": "slow"}, "two": {"FAKEFLOW": "holds_the_lock"}}


@pytest.mark.parametrize("options", [(), ("-n2",)], ids=["one process", "two processes"])
def test_ctrl_c_ends_within_two_seconds_and_keeps_the_results(start: Callable, options: tuple[str, ...]) -> None:
    # Target two is in an endless call that holds the interpreter's lock; target one has still cases to go.
    going = start(TARGETS, ["", "", *["own"] * 40], *options)
    wait_for(lambda: len(going.records("verdict")) >= 2 and (going.temporary / "held").exists())
    limit = 2.0 * crowding()
    began = time.monotonic()
    os.killpg(going.process.pid, signal.SIGINT)  # as a terminal does; the targets are in sessions of their own
    # With xdist, its own processes have to end before there is a footer.
    wait_for(lambda: not going.workers() and (options or going.records("footer")))
    taken = time.monotonic() - began
    going.finish()
    assert taken < limit, (taken, going.output)
    assert going.returncode == 2, going.output
    assert going.records("footer")[0]["complete"] is False
    assert len(going.records("verdict")) >= 2
    assert (going.folder / "report.html").exists()
    wait_for(lambda: not going.processes())
    assert going.left_folders() == []


def test_ctrl_c_ends_the_scripts_that_are_executed_last_too(start: Callable) -> None:
    going = start({"one": {"FAKEFLOW": "script_hangs"}}, ["", "own"])
    wait_for((going.temporary / "script").exists)
    limit = 2.0 * crowding()
    began = time.monotonic()
    os.killpg(going.process.pid, signal.SIGINT)
    wait_for(lambda: not going.workers() and going.records("footer"))
    taken = time.monotonic() - began
    going.finish()
    assert taken < limit, (taken, going.output)
    assert going.returncode == 2, going.output
    assert going.records("footer")[0]["complete"] is False
    assert len(going.records("verdict")) == 2
    assert "report.html" in going.output
    assert going.left_folders() == []


@pytest.mark.parametrize("options", [(), ("-n2",)], ids=["one process", "two processes"])
def test_no_process_outlives_a_killed_pytest(start: Callable, options: tuple[str, ...]) -> None:
    going = start(TARGETS, ["", *["own"] * 40], *options)
    wait_for(lambda: len(going.records("verdict")) >= 2 and len(going.workers()) >= 2)
    os.kill(going.process.pid, signal.SIGKILL)
    wait_for(lambda: not going.processes())
    going.finish()
    assert len(going.records("verdict")) >= 2
    wait_for(lambda: not going.left_folders())


def test_a_killed_xdist_worker_loses_one_case(start: Callable) -> None:
    going = start({"one": {"FAKEFLOW": "slow"}}, ["", *["slow"] * 8], "-n2")
    wait_for(lambda: len(going.records("verdict")) >= 2)
    targets = going.workers()
    parents = {int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) for pid in targets}
    victim = next(pid for pid in parents if pid != going.process.pid)
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: not set(targets) <= set(going.processes()))
    going.finish()
    assert len(going.verdicts("one")) >= 8, going.output
    assert "node down: Not properly terminated" in going.output
    wait_for(lambda: not going.processes())


def test_a_killed_worker_costs_no_verdict(start: Callable) -> None:
    going = start({"one": {"FAKEFLOW": "slow"}}, ["", *["slow"] * 8])
    wait_for(lambda: len(going.records("verdict")) >= 2)
    (victim,) = going.workers()
    os.kill(victim, signal.SIGKILL)
    going.finish()
    verdicts = going.verdicts("one")
    assert len(verdicts) == 9, going.output
    assert {verdict["outcome"] for verdict in verdicts.values()} == {"conforms"}


@pytest.fixture(scope="module")
def unstartable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SuiteProcess]:
    """A run of a good target, and of those that crash at their start, or at their second, or are killed at the first."""
    folder = tmp_path_factory.mktemp("unstartable")
    targets = {
        "good": {},
        "crashes": {"FAKEFLOW_START": "crash"},
        "once": {"FAKEFLOW_ONCE": str(tmp_path_factory.mktemp("once")), "FAKEFLOW": "segfault"},
        "killed": {"FAKEFLOW_ONCE": str(tmp_path_factory.mktemp("killed")), "FAKEFLOW_START": "killed"},
    }
    with starting(folder) as start:
        yield start(targets, ["", "segfault", "", ""]).finish()


def test_a_target_that_cannot_start_is_unavailable_for_its_own_reason(unstartable: SuiteProcess) -> None:
    verdicts = list(unstartable.verdicts("crashes").values())
    assert [verdict["outcome"] for verdict in verdicts] == ["unavailable"] * 4
    for verdict in verdicts:
        assert "illegal instruction ahead (SIGILL)" in verdict["observed"]


def test_what_is_imported_late_is_a_part_of_the_start(start: Callable) -> None:
    going = start({"one": {"FAKEFLOW_IMPORTS": "4"}}, [""], "--case-timeout", "2").finish()
    assert [verdict["outcome"] for verdict in going.verdicts("one").values()] == ["conforms"], going.output


def test_a_target_that_cannot_start_again_is_unavailable_from_there_on(unstartable: SuiteProcess) -> None:
    verdicts = list(unstartable.verdicts("once").values())
    assert [verdict["outcome"] for verdict in verdicts] == ["conforms", "crashed", "unavailable", "unavailable"]
    assert "no second start" in verdicts[3]["observed"]


def test_a_target_that_is_killed_from_outside_at_its_start_is_started_again(unstartable: SuiteProcess) -> None:
    outcomes = [verdict["outcome"] for verdict in unstartable.verdicts("killed").values()]
    assert outcomes == ["conforms", "crashed", "conforms", "conforms"]


def test_the_others_go_on_without_the_target_that_cannot_start(unstartable: SuiteProcess) -> None:
    outcomes = [verdict["outcome"] for verdict in unstartable.verdicts("good").values()]
    assert outcomes == ["conforms", "crashed", "conforms", "conforms"]
    wait_for(lambda: not unstartable.processes())
