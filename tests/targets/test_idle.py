"""A worker that waits for calls leaves the processor to others."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.targets.connection import Connection
from tests.frameworks import target_of

pytestmark = pytest.mark.process


def test_threads_that_megengine_wakes_by_a_timer_may_come_late() -> None:
    """Not its main thread: a call that sleeps, or waits for somebody, is timed by that one."""
    with Connection(target_of("megengine")) as worker:
        pid = worker.start().pid
        slack = {int(task.name): read_slack(int(task.name)) for task in Path(f"/proc/{pid}/task").iterdir()}
        looking = [thread for thread in slack if Path(f"/proc/{thread}/comm").read_text() == "CompNodeSync\n"]
        assert [slack[thread] for thread in looking] == [20_000_000]
        assert slack[pid] == read_slack_of_this_process()


def read_slack(thread: int) -> int:
    """Nanoseconds by which the timers of a thread may come late."""
    return int(Path(f"/proc/{thread}/timerslack_ns").read_text())


def read_slack_of_this_process() -> int:
    return int(Path("/proc/self/timerslack_ns").read_text())
