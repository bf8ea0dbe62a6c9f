"""Several processes of one target, each in a lane of its own, which share the target's jobs."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial

from conformance.case import Greeting, Verdict
from conformance.engine.jobs import Job
from conformance.engine.lane import Lane
from conformance.engine.schedule import BATCH, WINDOW

AHEAD = WINDOW + BATCH  # jobs of a lane without a verdict: what it has sent, and what it sends next
LEAST = 8  # of these where few are left to be dealt: enough that a lane does not wait for the next


class Lanes:
    """The lanes of one target. The next job goes to the lane that has the fewest, once there is room in one.

    A lane takes part when its process has started, so that one that cannot be had fails nothing while others work.

    Attributes:
        started: what the first process to start says of itself, or the error of the last one where none does.
    """

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self.started: Future[Greeting] = Future()
        self._lanes = lanes
        self._lock = threading.Lock()  # of what follows; no lane is called under it
        self._waiting: deque[Job] = deque()
        self._dealt: dict[Lane, int] = {}  # by each lane that takes part, its jobs without a verdict
        self._failed = 0
        for lane in lanes:
            lane.started.add_done_callback(partial(self._admit, lane))

    def submit(self, job: Job) -> None:
        """Queue a job."""
        with self._lock:
            self._waiting.append(job)
        self._deal()

    def stop(self) -> None:
        """Begin to end the target; `join` waits for it. What no lane has is cancelled."""
        with self._lock:
            waiting = list(self._waiting)
            self._waiting.clear()
        for job in waiting:
            job.verdict.cancel()
        for lane in self._lanes:
            lane.stop()

    def join(self, limit: float) -> None:
        """Wait for the target's end, about `limit` seconds; what has no verdict by then is cancelled."""
        end = time.monotonic() + limit
        for lane in self._lanes:
            lane.join(max(0.0, end - time.monotonic()))

    def _admit(self, lane: Lane, started: Future[Greeting]) -> None:
        """Let a lane take part whose process has started; where none has, the last one gives every job its verdict."""
        error = started.exception()
        with self._lock:
            self._failed += error is not None
            if error is None or self._failed == len(self._lanes):
                self._dealt[lane] = 0
                if error is None and not self.started.done():
                    self.started.set_result(started.result())
                elif not self.started.done():
                    self.started.set_exception(error)
        self._deal()

    def _deal(self) -> None:
        """Give out jobs while there are both a job and room."""
        while True:
            with self._lock:
                lane = self._choose()
                if lane is None or not self._waiting:
                    return
                job = self._waiting.popleft()
                self._dealt[lane] += 1
            job.verdict.add_done_callback(partial(self._mark_settled, lane))
            lane.submit(job)

    def _choose(self) -> Lane | None:
        """The lane to get the next job, a given-up one only where all are; None where each has enough."""
        working = [lane for lane in self._dealt if not lane.is_given_up] or list(self._dealt)
        lane = min(working, key=self._dealt.__getitem__, default=None)
        if lane is None:
            return None
        # Of what is left a half at most: a lane with slow jobs has not the last of them while others are idle.
        share = len(self._waiting) // (2 * len(working))
        return lane if self._dealt[lane] < min(AHEAD, max(LEAST, share)) else None

    def _mark_settled(self, lane: Lane, verdict: Future[Verdict]) -> None:
        with self._lock:
            self._dealt[lane] -= 1
        self._deal()
