"""The audit's engine: every target works side by side, cases are sent ahead, each expectation is computed once.

Whatever a target does to its process, each job gets one verdict, and those behind it are sent again.
"""

from __future__ import annotations

import itertools
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

import cachetools
import execnet
from execnet.gateway_base import RemoteError

from conformance.apis import Contract, NoEquivalent
from conformance.case import Array, Case, Greeting, Observation, Outcome, Phase, Target, Verdict
from conformance.oracle import expectation as oracle
from conformance.oracle.expectation import Expectation
from conformance.targets.connection import Connection
from conformance.targets.errors import ProtocolError, TargetError
from conformance.targets.protocol import call, observation, vendor_arguments
from conformance.verdicts import judge

WINDOW = 64  # calls sent ahead of their results
BATCH = 16  # calls in one message
CACHE = 200_000_000  # bytes of expectations kept for the targets that come to a case later
RESTARTS = 3  # failed starts in a row, before a target is given up
DEATHS = 50  # in a row without one result, before a target is given up
MAX_STDERR = 2000
STOP_LIMIT = 1.5  # seconds in which all targets end


@dataclass(frozen=True, eq=False)
class Job:
    """A case on an API of a target; `verdict` is fulfilled when it is known."""

    case: Case
    contract: Contract
    target: Target
    verdict: Future[Verdict] = field(default_factory=Future)


@dataclass(frozen=True, eq=False)
class _Attempt:
    """A job on its way: in a batch, or alone in a fresh process, with nothing sent behind it.

    `before` is how it ended a process that had answered other calls.
    """

    job: Job
    number: int
    alone: bool = False
    before: Observation | None = None


@dataclass(frozen=True)
class _Death:
    """How a worker was lost: the attempt it owed, `how` it ended (None: no answer in time), and where it worked.

    `first`: it had answered no other call. `fault`: its own loop failed, which is no fault of the framework.
    """

    attempt: _Attempt
    folder: str | None
    first: bool
    how: str | None
    fault: str | None = None

    def observation(self, words: Mapping[str, str]) -> Observation:
        """What was seen of the call, given the last words that the worker left."""
        phase = words.get("progress", "").rpartition(" ")[2]
        return Observation(
            Phase(phase) if phase in set(Phase) else Phase.START,
            died=self.how,
            timed_out=self.how is None,
            stderr=words.get("stderr", "")[-MAX_STDERR:],
            alone=True if self.first else None,
        )

    def started(self, words: Mapping[str, str]) -> bool:
        """Whether the worker had begun with the call: if not, the call is not what ended it."""
        return words.get("progress", "").startswith(f"{self.attempt.number} ")


@dataclass
class _Entry:
    expectation: Expectation
    size: int


class Oracle:
    """Expectations, each computed once for all APIs, kept while they are recent."""

    def __init__(self) -> None:
        self._cache: cachetools.LRUCache[str, _Entry] = cachetools.LRUCache(CACHE, getsizeof=lambda entry: entry.size)
        self._lock = threading.Lock()
        self._running: dict[str, Future[Expectation]] = {}

    def expect(self, case: Case) -> Expectation:
        """What the oracle says of a case. Raises whatever it raised."""
        with self._lock:
            entry = self._cache.get(case.id)
            if entry is not None:
                return entry.expectation
            running = self._running.get(case.id)
            if running is None:
                mine: Future[Expectation] = Future()
                self._running[case.id] = mine
        if running is not None:
            return running.result()
        try:
            found = oracle.expect(case)
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(found)
            with self._lock:
                size = _size(found)
                if size < CACHE:
                    self._cache[case.id] = _Entry(found, size)
            return found
        finally:
            with self._lock:
                del self._running[case.id]


def _size(found: Expectation) -> int:
    expected = [e for e in (found.output, *found.gradients.values()) if e is not None]
    arrays: list[Array | None] = [e.value for e in expected]
    arrays += [e.bound for e in expected]
    if found.arrays is not None:
        arrays += [found.arrays.x, found.arrays.weight, found.arrays.bias, found.arrays.grad_output]
    return 1000 + sum(array.nbytes for array in arrays if array is not None)


class Lane:
    """One target's pipeline: a thread that sends ahead, and a thread that receives, judges and restarts.

    An attempt is pending, being sent, or sent; the receiving thread alone takes one from `_sent` and settles it.
    """

    def __init__(self, target: Target, expect: Callable[[Case], Expectation], limit: float) -> None:
        self.target, self._expect, self._limit = target, expect, limit
        self.started: Future[Greeting] = Future()
        self._changed = threading.Condition()
        self._numbers = itertools.count(1)
        self._pending: deque[_Attempt] = deque()
        self._retry: _Attempt | None = None  # goes first and alone
        self._sent: deque[_Attempt] = deque()
        self._worker: Connection | None = None  # from before its start until its end
        self._ready: Connection | None = None  # the same while it takes calls
        self._stopping = False
        self._given_up: Verdict | None = None
        self._threads = [
            threading.Thread(target=run, name=f"{target.name} {run.__name__}", daemon=True)
            for run in (self._receive, self._send)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, job: Job) -> None:
        with self._changed:
            self._pending.append(_Attempt(job, next(self._numbers)))
            self._changed.notify_all()

    def stop(self) -> None:
        """Begin to end the target; `join` waits for it."""
        with self._changed:
            self._stopping = True
            worker = self._worker if self._sent or self._ready is None else None
            self._changed.notify_all()
        if worker is not None:  # it is starting or busy; an idle one is ended by the receiving thread
            worker.kill()

    def join(self, limit: float) -> None:
        """Wait for the target's end; what has no verdict by then is cancelled."""
        for thread in self._threads:
            thread.join(limit)
        if self._worker is not None and any(thread.is_alive() for thread in self._threads):
            self._worker.abandon()
        with self._changed:
            for attempt in (*self._pending, *self._sent, *([self._retry] if self._retry else ())):
                attempt.job.verdict.cancel()
            if not self.started.done():
                self.started.set_exception(TargetError("the run ended before it had started"))

    # sending

    def _send(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._can_send)
                if self._stopping:
                    return
                ready, given_up, attempts = self._ready, self._given_up, self._take()
            calls = [(attempt, self._call(attempt, given_up)) for attempt in attempts]
            sendable = [(attempt, call) for attempt, call in calls if call is not None]
            with self._changed:
                lost = ready is not self._ready  # the worker died meanwhile
                if lost:
                    self._put_back([attempt for attempt, _ in sendable])
                else:
                    self._sent.extend(attempt for attempt, _ in sendable)
                self._changed.notify_all()
            if ready is None or lost or not sendable:
                continue
            try:
                ready.send([call for _, call in sendable])
            except OSError:
                continue  # the receiving thread sees the same death, and has sent again what was on its way

    def _can_send(self) -> bool:
        if self._stopping:
            return True
        if self._given_up is not None:
            return bool(self._pending or self._retry)
        if self._ready is None or (self._sent and self._sent[0].alone):
            return False
        return not self._sent if self._retry else bool(self._pending) and len(self._sent) < WINDOW

    def _take(self) -> list[_Attempt]:
        if self._retry is not None:
            attempt, self._retry = self._retry, None
            return [attempt]
        return [self._pending.popleft() for _ in range(min(BATCH, len(self._pending)))]

    def _put_back(self, attempts: Sequence[_Attempt]) -> None:
        for attempt in reversed(attempts):
            if attempt.alone:
                self._retry = attempt
            else:
                self._pending.appendleft(attempt)

    def _call(self, attempt: _Attempt, given_up: Verdict | None) -> dict[str, Any] | None:
        """The call to send; None when the verdict needs none."""
        job = attempt.job
        try:
            arguments = vendor_arguments(job.case, job.contract)
            if isinstance(arguments, NoEquivalent):
                _settle(job, Verdict(Outcome.NO_EQUIVALENT, observed=arguments.reason))
            elif given_up is not None:
                _settle(job, given_up)
            else:
                made = call(job.case, job.contract, arguments, self._expect(job.case), attempt.number)
                execnet.dumps([made["arguments"], made["same_as"]])  # what cannot travel is refused here
                return made
        except Exception:
            _settle(job, _fault())
        return None

    # receiving

    def _receive(self) -> None:
        try:
            death: _Death | None = None
            barren = 0
            while self._connect(death):
                death = self._listen()
                if death is None:
                    return
                barren = barren + 1 if death.first else 0
                if barren == DEATHS:
                    self._judge(death.attempt, death.observation({}))
                    reason = f"{DEATHS} calls in a row ended its process; the last: {death.how or 'no answer in time'}"
                    self._give_up(Verdict(Outcome.UNAVAILABLE, observed=reason))
                    return
        except Exception:
            self._give_up(_fault())
        finally:
            if self._worker is not None:
                self._worker.finish()

    def _connect(self, death: _Death | None) -> bool:
        """Start a worker that takes calls, and rule on how the last one died; whether there is one."""
        reason, failed = "", 0
        while failed < RESTARTS:
            worker = Connection(self.target)
            with self._changed:
                if self._stopping:
                    return False
                self._worker = worker
            try:
                greeting = worker.start(death.folder if death else None)
            except TargetError as error:
                worker.close()
                reason = str(error)
                failed = failed + 1 if self.started.done() else RESTARTS  # it never worked: once is enough
                continue
            if not self.started.done():
                self.started.set_result(greeting)
            if death is not None:
                self._rule(death, greeting.previous)
            with self._changed:
                self._ready = worker
                self._changed.notify_all()
            return True
        if death is not None:
            self._judge(death.attempt, death.observation({}))
        self._give_up(Verdict(Outcome.UNAVAILABLE, observed=reason))
        if not self.started.done():
            self.started.set_exception(TargetError(reason))
        return False

    def _give_up(self, verdict: Verdict) -> None:
        """Let every job without a verdict have this one."""
        with self._changed:
            self._ready, self._given_up = None, verdict
            self._put_back(list(self._sent))
            self._sent.clear()
            self._changed.notify_all()

    def _listen(self) -> _Death | None:
        """Judge what the worker answers, until it dies; None when the lane is stopping."""
        worker = self._ready
        assert worker is not None
        first = True
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or self._sent)
                if self._stopping:
                    return None
                attempt = self._sent[0]
            how, fault = None, None
            try:
                observed = observation(worker.receive(self._limit), attempt.number)
            except execnet.TimeoutError:
                pass
            except RemoteError as error:
                fault = str(error)
            except ProtocolError as error:
                how = f"killed after an answer that is no result: {error}"
            except (EOFError, OSError):
                how = worker.ended()
            else:
                with self._changed:
                    self._sent.popleft()
                    self._changed.notify_all()
                first = False
                self._judge(attempt, observed if attempt.before is None else replace(attempt.before, alone=False))
                continue
            if self._stopping:
                return None
            return self._bury(worker, _Death(attempt, worker.folder, first, how, fault))

    def _bury(self, worker: Connection, death: _Death) -> _Death:
        """End what is left of a worker; what was sent behind the attempt that it owed is to be sent again."""
        worker.kill()
        with self._changed:
            self._ready = None
            self._sent.popleft()
            self._put_back(list(self._sent))
            self._sent.clear()
            self._changed.notify_all()
        worker.close()
        return death

    def _rule(self, death: _Death, words: Mapping[str, str]) -> None:
        """Settle the attempt that a dead worker owed, or have it tried alone: the culprit dies there too."""
        attempt, observed = death.attempt, death.observation(words)
        if death.fault is not None:
            _settle(attempt.job, Verdict(Outcome.FAULT, observed=death.fault))
        elif death.first:
            self._judge(attempt, observed)
        else:
            before = observed if death.started(words) else None
            with self._changed:
                self._retry = _Attempt(attempt.job, next(self._numbers), alone=True, before=before)

    def _judge(self, attempt: _Attempt, observed: Observation) -> None:
        job = attempt.job
        try:
            _settle(job, judge.judge(job.case, job.contract, self._expect(job.case), observed))
        except Exception:
            _settle(job, _fault())


def _settle(job: Job, verdict: Verdict) -> None:
    if job.verdict.set_running_or_notify_cancel():
        job.verdict.set_result(verdict)


def _fault() -> Verdict:
    return Verdict(Outcome.FAULT, observed=traceback.format_exc(limit=-6))


class Audit:
    """Every target of a run, each in its own lane."""

    def __init__(self, targets: Sequence[Target], limit: float) -> None:
        self._oracle = Oracle()
        self._limit = limit
        self._targets = {target.name: target for target in targets}
        self._lanes: dict[str, Lane] = {}

    def submit(self, job: Job) -> None:
        """Queue a job; its target starts with the first one."""
        self._lane(job.target).submit(job)

    def greeting(self, target: Target) -> Greeting:
        """What the target says of itself. Raises TargetError when it cannot be used."""
        return self._lane(target).started.result()

    def expect(self, case: Case) -> Expectation:
        """What the oracle says of a case."""
        return self._oracle.expect(case)

    def _lane(self, target: Target) -> Lane:
        if target.name not in self._lanes:
            self._lanes[target.name] = Lane(target, self._oracle.expect, self._limit)
        return self._lanes[target.name]

    def close(self) -> None:
        """End every target, together, within `STOP_LIMIT` seconds; what has no verdict yet is cancelled."""
        end = time.monotonic() + STOP_LIMIT
        for lane in self._lanes.values():
            lane.stop()
        for lane in self._lanes.values():
            lane.join(max(0.0, end - time.monotonic()))
