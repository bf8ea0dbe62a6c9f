"""However a run ends, its results are kept and its processes end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

TARGETS = {"one": {"FAKEFLOW": "slow"}, "two": {"FAKEFLOW": "holds_the_lock"}}


def wait_for(condition: Callable[[], object], limit: float = 60.0) -> float:
    """Seconds until the condition held."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < limit, "it did not come about"
        time.sleep(0.02)
    return time.monotonic() - start


def crowded() -> float:
    """How much longer everything takes, as others work on this machine too."""
    return max(1.0, os.getloadavg()[0] / len(os.sched_getaffinity(0)))


@pytest.mark.parametrize("options", [(), ("-n2",)], ids=["one process", "two processes"])
def test_ctrl_c_ends_within_two_seconds_and_keeps_the_results(run: Callable, options: tuple[str, ...]) -> None:
    # Target two is in an endless call that holds the interpreter's lock; target one has still cases to go.
    going = run(TARGETS, ["", "", *["own"] * 40], *options)
    wait_for(lambda: len(going.records("verdict")) >= 2)
    time.sleep(0.5)
    start = time.monotonic()
    os.killpg(going.process.pid, signal.SIGINT)  # as a terminal does; the targets are in sessions of their own
    # With xdist, its own processes have to end before there is a footer.
    wait_for(lambda: not going.workers() and (options or going.records("footer")))
    taken = time.monotonic() - start
    going.finish()
    assert taken < 2.0 * crowded(), (taken, going.output)
    assert going.returncode == 2, going.output
    assert going.records("footer")[0]["complete"] is False
    assert len(going.records("verdict")) >= 2
    assert (going.folder / "report.html").exists()
    wait_for(lambda: not going.processes(), 1.0)
    assert list((going.folder / "tmp").glob("conformance-*")) == []


def test_ctrl_c_ends_the_scripts_that_are_executed_last_too(run: Callable) -> None:
    going = run({"one": {"FAKEFLOW": "script_hangs"}}, ["", "own"])
    wait_for((going.folder / "tmp" / "script").exists)
    start = time.monotonic()
    os.killpg(going.process.pid, signal.SIGINT)
    wait_for(lambda: not going.workers() and going.records("footer"))
    taken = time.monotonic() - start
    going.finish()
    assert taken < 2.0 * crowded(), (taken, going.output)
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
    wait_for(lambda: not going.processes(), 10.0)
    going.finish()
    assert len(going.records("verdict")) >= 2


def test_a_killed_xdist_worker_loses_one_case(run: Callable) -> None:
    going = run({"one": {"FAKEFLOW": "slow"}}, ["", *["slow"] * 12], "-n2")
    wait_for(lambda: len(going.records("verdict")) >= 2)
    targets = going.workers()
    parents = {int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) for pid in targets}
    victim = next(pid for pid in parents if pid != going.process.pid)
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: not set(targets) <= set(going.processes()), 5.0)
    going.finish()
    assert len(going.verdicts("one")) >= 12, going.output
    assert "node down: Not properly terminated" in going.output
    assert going.processes() == []


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
    assert done.processes() == []
