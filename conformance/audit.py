"""The audit's engine: every target works side by side, cases are sent ahead, each expectation is computed once."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import cachetools
import execnet

from conformance import expectation as oracle
from conformance import inputs, judge, values
from conformance.apis import Contract, NoEquivalent
from conformance.case import Array, Case, Observation, Outcome, Phase, Raised, Verdict
from conformance.expectation import Expectation
from conformance.target import RECEIVE_ERRORS, Connection, Greeting, Target, TargetError

WINDOW = 64  # calls sent ahead of their results
BATCH = 16  # calls in one message
CACHE = 200_000_000  # bytes of expectations kept for the targets that come to a case later
RESTARTS = 3  # in a row without a result, before a target is given up
MAX_STDERR = 2000


@dataclass(frozen=True, eq=False)
class Job:
    """A case on an API of a target; `verdict` is fulfilled when it is known."""

    case: Case
    contract: Contract
    target: Target
    verdict: Future[Verdict] = field(default_factory=Future)


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
    arrays: list[Array | None] = [e.value for e in expected] + [e.bound for e in expected]
    if found.arrays is not None:
        arrays += [found.arrays.x, found.arrays.weight, found.arrays.bias, found.arrays.grad_output]
    return 1000 + sum(array.nbytes for array in arrays if array is not None)


class Lane:
    """One target's pipeline: a thread that sends ahead and a thread that receives, judges and restarts."""

    def __init__(self, target: Target, expect: Callable[[Case], Expectation], limit: float) -> None:
        self.target, self._expect, self._limit = target, expect, limit
        self.started: Future[Greeting] = Future()
        self._changed = threading.Condition()
        self._pending: deque[Job] = deque()
        self._sent: deque[Job] = deque()
        self._connection: Connection | None = None
        self._closing = False
        self._given_up: str | None = None
        self._threads = [
            threading.Thread(target=run, name=f"{target.name} {run.__name__}", daemon=True)
            for run in (self._receive, self._send)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, job: Job) -> None:
        with self._changed:
            self._pending.append(job)
            self._changed.notify_all()

    def close(self) -> None:
        """End the target; what has no verdict yet is cancelled."""
        with self._changed:
            self._closing = True
            connection = self._connection
            for job in (*self._pending, *self._sent):
                job.verdict.cancel()
            idle = not self._sent
            self._changed.notify_all()
        if connection is not None:
            if not idle:
                connection.kill()
            connection.end()
        for thread in self._threads:
            thread.join(5.0)

    # sending

    def _send(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closing
                    or (self._pending and (self._given_up or (self._connection and len(self._sent) < WINDOW)))
                )
                if self._closing:
                    return
                jobs = [self._pending.popleft() for _ in range(min(BATCH, len(self._pending)))]
                connection, given_up = self._connection, self._given_up
            calls: list[dict[str, Any]] = []
            ready: list[Job] = []
            for job in jobs:
                call = self._call(job, given_up)
                if call is not None:
                    calls.append(call)
                    ready.append(job)
            if not ready:
                continue
            with self._changed:
                if connection is not self._connection:  # it died meanwhile: to be sent again
                    self._pending.extendleft(reversed(ready))
                    continue
                self._sent.extend(ready)
                self._changed.notify_all()
            assert connection is not None
            try:
                connection.send(calls)
            except OSError:
                pass  # the receiving thread sees the same death, and sends again what was on its way

    def _call(self, job: Job, given_up: str | None) -> dict[str, Any] | None:
        """The call to send; None when the verdict needs none."""
        try:
            arguments = vendor_arguments(job.case, job.contract)
            if isinstance(arguments, NoEquivalent):
                return _settle(job, Verdict(Outcome.NO_EQUIVALENT, observed=arguments.reason))
            if given_up is not None:
                return _settle(job, Verdict(Outcome.UNAVAILABLE, observed=given_up))
            return call(job.case, job.contract, arguments, self._expect(job.case), id(job) % 2**31)
        except Exception:
            return _settle(job, Verdict(Outcome.FAULT, observed=traceback.format_exc(limit=-6)))

    # receiving

    def _receive(self) -> None:
        connection = self._connect(None)
        while connection is not None:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._sent)
                if self._closing:
                    return
                job = self._sent[0]
            try:
                result = connection.receive(self._limit)
            except (execnet.TimeoutError, *RECEIVE_ERRORS) as error:
                if self._closing:
                    return
                connection = self._died(connection, isinstance(error, execnet.TimeoutError))
                continue
            with self._changed:
                if self._sent and self._sent[0] is job:
                    self._sent.popleft()
                self._changed.notify_all()
            self._judge(job, observation(result))

    def _connect(self, previous: str | None) -> Connection | None:
        """A fresh worker, or None when the target has to be given up."""
        reason = ""
        for _ in range(RESTARTS):
            try:
                connection = Connection(self.target, previous)
            except TargetError as error:
                reason = str(error)
                if not self.started.done():
                    break  # it never worked: once is enough
                continue
            with self._changed:
                if self._closing:
                    connection.end()
                    return None
                self._connection = connection
                self._changed.notify_all()
            if not self.started.done():
                self.started.set_result(connection.greeting)
            return connection
        with self._changed:
            self._given_up = reason
            self._changed.notify_all()
        if not self.started.done():
            self.started.set_exception(TargetError(reason))
        return None

    def _died(self, dead: Connection, timed_out: bool) -> Connection | None:
        """Judge the call that ended its process, after trying it alone in a fresh one; queue the others again."""
        if timed_out:
            dead.kill()
        how = dead.end()
        with self._changed:
            self._connection = None
            job = self._sent.popleft()
            self._pending.extendleft(reversed(self._sent))
            self._sent.clear()
        try:
            fresh = Connection(self.target, dead.greeting.folder)
        except TargetError:
            self._judge(job, _ended(how, timed_out, {}, None))
            return self._connect(None)
        words = fresh.greeting.previous
        alone, again = self._alone(fresh, job)
        self._judge(job, _ended(how, timed_out, words, alone))
        if alone:
            fresh.end()
            return self._connect(again)
        with self._changed:
            self._connection = fresh
            self._changed.notify_all()
        return fresh

    def _alone(self, fresh: Connection, job: Job) -> tuple[bool | None, str | None]:
        """Whether a call ends a fresh process too, and that process's folder if so."""
        sent = self._call(job, None)
        if sent is None:
            return None, None
        try:
            fresh.send([sent])
            fresh.receive(self._limit)
        except execnet.TimeoutError:
            fresh.kill()
            return True, fresh.greeting.folder
        except RECEIVE_ERRORS:
            return True, fresh.greeting.folder
        return False, None

    def _judge(self, job: Job, observed: Observation) -> None:
        try:
            _settle(job, judge.judge(job.case, job.contract, self._expect(job.case), observed))
        except Exception:
            _settle(job, Verdict(Outcome.FAULT, observed=traceback.format_exc(limit=-6)))


def _settle(job: Job, verdict: Verdict) -> None:
    if job.verdict.set_running_or_notify_cancel():
        job.verdict.set_result(verdict)


def _ended(how: str, timed_out: bool, words: Mapping[str, str], alone: bool | None) -> Observation:
    phase = words.get("progress", "").split(" ")[-1]
    return Observation(
        Phase(phase) if phase in set(Phase) else Phase.START,
        died=None if timed_out else how,
        timed_out=timed_out,
        stderr=words.get("stderr", "")[-MAX_STDERR:],
        alone=alone,
    )


def vendor_arguments(case: Case, contract: Contract) -> values.Arguments | NoEquivalent:
    return case.arguments if case.api is not None else contract.to_vendor(case.arguments, case.inputs)


def call(
    case: Case, contract: Contract, arguments: values.Arguments, expectation: Expectation, identity: int
) -> dict[str, Any]:
    """A call as it travels to the worker."""
    arrays = arrays_to_vendor(case, contract, arguments, expectation)
    promise = case.promise
    return {
        "id": identity,
        "api": contract.api,
        "functional": contract.functional,
        "arguments": {k: values.to_wire(v) for k, v in arguments.items() if not isinstance(v, values.Tensor)},
        "same_as": None if promise.same_as is None else {k: values.to_wire(v) for k, v in promise.same_as.items() if not isinstance(v, values.Tensor)},
        "arrays": arrays,
        "layout": case.inputs.layout if case.inputs is not None else "contiguous",
        "defaults": bool(promise.defaults),
        "values": promise.distribution is not None,
        "infer": case.claim is not None and bool(promise.shape),
    }


def arrays_to_vendor(
    case: Case, contract: Contract, arguments: values.Arguments, expectation: Expectation
) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """The arrays of a call in the vendor's layout, as they travel."""
    arrays = expectation.arrays
    if arrays is None or case.inputs is None:
        return {}
    groups = expectation.canonical["groups"] if expectation.canonical is not None else 1
    dtype, weight_dtype = case.inputs.dtype, case.inputs.weight_dtype or case.inputs.dtype
    found = {"x": inputs.to_wire(arrays.x, dtype)}
    named = {"weight": (arrays.weight, contract.weight), "bias": (arrays.bias, contract.bias)}
    for name, (array, layout) in named.items():
        if array is None or (expectation.raised is not None and not contract.functional):
            continue  # a layer that should not exist keeps the parameters that it was constructed with
        wanted = arguments.get(name)
        if contract.functional and not isinstance(wanted, values.Tensor):
            continue
        vendor = layout.to_vendor(array, groups) if expectation.raised is None else array.reshape(wanted.shape)
        found[name] = inputs.to_wire(vendor, weight_dtype)
    if contract.functional:
        for name in ("weight", "bias"):
            wanted = arguments.get(name)
            if isinstance(wanted, values.Tensor) and name not in found:
                found[name] = inputs.to_wire(inputs.small(wanted.shape), weight_dtype)
    if arrays.grad_output is not None and expectation.output is not None:
        found["grad_output"] = inputs.to_wire(arrays.grad_output, dtype)
    return found


def observation(result: Mapping[str, Any]) -> Observation:
    """What the worker sent, as an observation."""
    raised = result.get("raised")
    lacking = "lacking" in result
    if raised is None and lacking:
        raised = {"phase": result["phase"], "class": "Lacking", "bases": [], "message": result["lacking"]}
    return Observation(
        phase=Phase(result["phase"]),
        parameters={name: (dtype, tuple(shape)) for name, (dtype, shape) in result["parameters"].items()},
        values={name: inputs.from_wire(array) for name, array in result["values"].items()},
        defaults=result.get("defaults", {}),
        output=inputs.from_wire(result["output"]) if "output" in result else None,
        other=inputs.from_wire(result["other"]) if "other" in result else None,
        gradients={name: inputs.from_wire(array) for name, array in result["gradients"].items()},
        raised=None
        if raised is None
        else Raised(Phase(raised["phase"]), raised["class"], tuple(raised["bases"]), raised["message"]),
        lacking=lacking,
        inferred=(result["inferred"][0], tuple(result["inferred"][1])) if "inferred" in result else None,
        seconds=result["seconds"],
    )


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
        for lane in self._lanes.values():
            lane.close()
