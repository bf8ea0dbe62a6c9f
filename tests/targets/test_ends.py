"""However a run ends, its results are kept and its processes end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.targets.conftest import crowding, wait_for

TARGETS = {"one": {"FAKEFLOW": "slow"}, "two": {"FAKEFLOW": "holds_the_lock"}}


@pytest.mark.parametrize("options", [(), ("-n2",)], ids=["one process", "two processes"])
def test_ctrl_c_ends_within_two_seconds_and_keeps_the_results(run: Callable, options: tuple[str, ...]) -> None:
    # Target two is in an endless call that holds the interpreter's lock; target one has still cases to go.
    going = run(TARGETS, ["", "", *["own"] * 40], *options)
    wait_for(lambda: len(going.records("verdict")) >= 2 and (going.folder / "tmp" / "held").exists())
    limit = 2.0 * crowding()
    start = time.monotonic()
    os.killpg(going.process.pid, signal.SIGINT)  # as a terminal does; the targets are in sessions of their own
    # With xdist, its own processes have to end before there is a footer.
    wait_for(lambda: not going.workers() and (options or going.records("footer")))
    taken = time.monotonic() - start
    going.finish()
    assert taken < limit, (taken, going.output)
    assert going.returncode == 2, going.output
    assert going.records("footer")[0]["complete"] is False
    assert len(going.records("verdict")) >= 2
    assert (going.folder / "report.html").exists()
    wait_for(lambda: not going.processes())
    assert list((going.folder / "tmp").glob("conformance-*")) == []


def test_ctrl_c_ends_the_scripts_that_are_executed_last_too(run: Callable) -> None:
    going = run({"one": {"FAKEFLOW": "script_hangs"}}, ["", "own"])
    wait_for((going.folder / "tmp" / "script").exists)
    limit = 2.0 * crowding()
    start = time.monotonic()
    os.killpg(going.process.pid, signal.SIGINT)
    wait_for(lambda: not going.workers() and going.records("footer"))
    taken = time.monotonic() - start
    going.finish()
    assert taken < limit, (taken, going.output)
    assert going.returncode == 2, going.output
    assert going.records("footer")[0]["complete"] is False
    assert len(going.records("verdict")) == 2
    assert "report.html" in going.output
    assert list((going.folder / "tmp").glob("conformance-*")) == []


@pytest.mark.parametrize("options", [(), ("-n2",)], ids=["one process", "two processes"])
def test_no_process_outlives_a_killed_pytest(run: Callable, options: tuple[str, ...]) -> None:
    going = run(TARGETS, ["", *["own"] * 40], *options)
    wait_for(lambda: len(going.records("verdict")) >= 2 and len(going.workers()) >= 2)
    os.kill(going.process.pid, signal.SIGKILL)
    wait_for(lambda: not going.processes())
    going.finish()
    assert len(going.records("verdict")) >= 2


def test_a_killed_xdist_worker_loses_one_case(run: Callable) -> None:
    going = run({"one": {"FAKEFLOW": "slow"}}, ["", *["slow"] * 8], "-n2")
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


def test_a_killed_worker_costs_no_verdict_and_a_case_only_if_it_was_running(run: Callable) -> None:
    going = run({"one": {"FAKEFLOW": "slow"}}, ["", *["slow"] * 8])
    wait_for(lambda: len(going.records("verdict")) >= 2)
    (victim,) = going.workers()
    os.kill(victim, signal.SIGKILL)
    going.finish()
    verdicts = going.verdicts("one")
    assert len(verdicts) == 9, going.output
    others = [verdict for verdict in verdicts.values() if verdict["outcome"] != "conforms"]
    assert len(others) == 1, others
    assert "SIGKILL; not so alone in a fresh process" in others[0]["observed"]


def test_a_target_that_cannot_start_is_unavailable_and_the_rest_goes_on(run: Callable, tmp_path) -> None:
    targets = {
        "good": {},
        "crashes": {"FAKEFLOW_START": "crash"},
        "once": {"FAKEFLOW_ONCE": str(tmp_path), "FAKEFLOW": "segfault"},
    }
    done = run(targets, ["", "segfault", "", ""]).finish()
    assert [v["outcome"] for v in done.verdicts("good").values()] == ["conforms", "crashed", "conforms", "conforms"]
    crashes = done.verdicts("crashes").values()
    assert [v["outcome"] for v in crashes] == ["unavailable"] * 4
    assert all("illegal instruction ahead (SIGILL)" in v["observed"] for v in crashes)
    once = list(done.verdicts("once").values())
    assert [v["outcome"] for v in once] == ["conforms", "crashed", "unavailable", "unavailable"]
    assert "no second start" in once[3]["observed"]
    wait_for(lambda: not done.processes())
