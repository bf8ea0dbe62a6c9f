"""An audit: every target works side by side, cases are sent ahead, each expectation is computed once.

Whatever a target does to its process, each job gets one verdict, and those behind it are sent again: see `engine`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

import cachetools

from conformance.case import Array, Case, Greeting, Target
from conformance.engine.jobs import Job, Task
from conformance.engine.lane import Lane
from conformance.engine.lanes import Lanes
from conformance.oracle import expectation as oracle
from conformance.oracle.expectation import Expectation

__all__ = ["Audit", "Job", "Task"]

CACHE = 50_000_000  # bytes of expectations kept for the targets that come to a case later
OVERHEAD = 1000  # bytes of an expectation without its arrays
STOP_LIMIT = 1.5  # seconds in which all targets end

Cache: TypeAlias = cachetools.LRUCache[str, Expectation]  # by the ids of cases


class Audit:
    """Every target of a run, each in its own lane.

    Attributes:
        expect: what the oracle says of a case; computed once for all APIs, and kept while it is recent.
    """

    def __init__(self, targets: Sequence[Target], limit: float, processes: int = 1) -> None:
        """
        Args:
            limit: seconds for one answer, of a target or of the oracle.
            processes: how many of each target share its jobs.
        """
        self._expectations: Cache = cachetools.LRUCache(CACHE, getsizeof=measure)
        self._changed = threading.Condition()  # of the expectations
        self.expect = make_cached_oracle(limit, self._expectations, self._changed)
        self._limit = limit
        self._processes = processes
        self._lanes: dict[str, Lane | Lanes] = {}

    def submit(self, job: Job) -> None:
        """Queue a job; its target starts with the first one."""
        self._lane(job.task.target).submit(job)

    def greeting(self, target: Target, limit: float | None = None) -> Greeting:
        """What the target says of itself.

        Raises:
            TargetError: it cannot be used.
            TimeoutError: it has not started within `limit` seconds.
        """
        return self._lane(target).started.result(limit)

    def _lane(self, target: Target) -> Lane | Lanes:
        if target.name not in self._lanes:
            lanes = [Lane(target, self.expect, self._limit) for _ in range(self._processes)]
            self._lanes[target.name] = lanes[0] if len(lanes) == 1 else Lanes(lanes)
        return self._lanes[target.name]

    def close(self) -> None:
        """End every target, together, within `STOP_LIMIT` seconds; what has no verdict yet is cancelled."""
        end = time.monotonic() + STOP_LIMIT
        for lane in self._lanes.values():
            lane.stop()
        for lane in self._lanes.values():
            lane.join(max(0.0, end - time.monotonic()))
        with self._changed:
            self._expectations.clear()  # before a report is made, which needs the memory


def make_cached_oracle(limit: float, cache: Cache, condition: threading.Condition) -> Callable[[Case], Expectation]:
    """The oracle, asked by any thread. While one asks of a case, the others who ask of it wait for the same answer."""

    @cachetools.cached(cache, key=lambda case: case.id, condition=condition)
    def expect(case: Case) -> Expectation:
        return oracle.expect(case, min(limit, case.limit or limit))

    return expect


def measure(expectation: Expectation) -> int:
    """Bytes that an expectation takes, roughly."""
    arrays: list[Array | None] = []
    for expected in (expectation.output, *expectation.gradients.values()):
        if expected is not None:
            arrays += [expected.value, expected.bound]
    if expectation.arrays is not None:
        inputs = expectation.arrays
        arrays += [inputs.x, inputs.weight, inputs.bias, inputs.grad_output]
    return OVERHEAD + sum(array.nbytes for array in arrays if array is not None)
