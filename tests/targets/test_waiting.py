"""Time that a process waited for a processor does not count as its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

import execnet
import pytest

from conformance.case import Target
from conformance.targets import connection
from conformance.targets.connection import Connection
from conformance.targets.waiting import Waiting

pytestmark = pytest.mark.process

needs_schedstat = pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(), reason="only Linux tells how long a thread waited"
)
BUSY = "while True: pass"
IDLE = "import time; time.sleep(1000)"
# In a thread, while the one that was started sleeps.
BUSY_THREAD = f"import threading; threading.Thread(target=exec, args=({BUSY!r},)).start(); {IDLE}"


@contextmanager
def start(*programs: str) -> Iterator[list[int]]:
    """Processes that all have to do with one processor."""
    pinned = f"import os\nos.sched_setaffinity(0, {{{min(os.sched_getaffinity(0))}}})\nprint(flush=True)\n"
    with ExitStack() as stack:
        found = []
        for program in programs:
            process = stack.enter_context(
                subprocess.Popen([sys.executable, "-c", pinned + program], stdout=subprocess.PIPE)
            )
            stack.callback(process.kill)
            assert process.stdout is not None
            process.stdout.readline()  # Python has started
            found.append(process.pid)
        yield found


@needs_schedstat
@pytest.mark.parametrize("program", [BUSY, BUSY_THREAD], ids=["its only thread", "another thread"])
def test_who_shares_a_processor_with_two_others_waits_for_it(program: str) -> None:
    with start(program, BUSY, BUSY) as (process, *_others):
        waiting = Waiting(process)
        before = time.monotonic()
        time.sleep(1.0)
        assert 0.3 < waiting.look() <= time.monotonic() - before + 0.1


@needs_schedstat
def test_who_sleeps_waits_for_no_processor() -> None:
    with start(IDLE, BUSY, BUSY) as (process, *_others):
        waiting = Waiting(process)
        time.sleep(1.0)
        assert waiting.look() < 0.1


def test_nothing_is_known_of_a_process_that_is_not_there_or_elsewhere() -> None:
    assert Waiting(2**31 - 1).look() == 0.0
    assert Waiting(None).look() == 0.0


class Clock:
    """Seconds that pass with a call that waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


class Starved:
    """An interpreter that answers after so many seconds of its own, and has a share of the time to itself."""

    def __init__(self, clock: Clock, needs: float, share: float) -> None:
        self._clock = clock
        self._needs = needs
        self._share = share
        self._waited = 0.0

    def receive(self, channel: object, limit: float) -> str:
        seconds = max(1e-6, min(limit, self._needs / self._share))  # a clock that stands would never be late
        self._clock.now += seconds
        self._needs -= seconds * self._share
        self._waited += seconds * (1 - self._share)
        if self._needs > 1e-9:
            raise execnet.TimeoutError
        return "answer"

    def has_ended(self) -> bool:
        return False

    def watch(self) -> Starved:
        self._waited = 0.0
        return self

    def look(self) -> float:
        waited, self._waited = self._waited, 0.0
        return waited


def take(monkeypatch: pytest.MonkeyPatch, needs: float, share: float) -> float:
    """When an answer was there, of a process with a limit of 5 seconds."""
    clock = Clock()
    monkeypatch.setattr(connection, "time", clock)
    asked = Connection(Target("a", "torch", "popen"))
    asked._interpreter = cast(Any, Starved(clock, needs, share))
    asked._channel = cast(Any, object())
    asked._take(5.0)
    return clock.now


@pytest.mark.parametrize(("needs", "share"), [(4.9, 1.0), (4.0, 0.25), (1.0, 0.1)])
def test_who_answers_within_its_own_time_has_answered(
    monkeypatch: pytest.MonkeyPatch, needs: float, share: float
) -> None:
    assert take(monkeypatch, needs, share) == pytest.approx(needs / share)


@pytest.mark.parametrize(("needs", "share"), [(5.1, 1.0), (5.6, 0.25), (6.0, 0.01)])
def test_who_does_not_is_late(monkeypatch: pytest.MonkeyPatch, needs: float, share: float) -> None:
    with pytest.raises(execnet.TimeoutError):
        take(monkeypatch, needs, share)


def test_it_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that wait for each other by spinning hold each other up too."""
    with pytest.raises(execnet.TimeoutError):
        take(monkeypatch, 1.0, 0.015)
