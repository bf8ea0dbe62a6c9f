"""One target's lane: a thread that sends ahead, and a thread that listens, judges, and restarts the process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import execnet

from conformance.apis import NoEquivalent
from conformance.case import Case, Greeting, Observation, Outcome, Target, Verdict
from conformance.engine.jobs import Attempt, Job, describe_fault
from conformance.engine.losses import Loss
from conformance.engine.schedule import GivenUp, Schedule, State
from conformance.oracle.expectation import Expectation
from conformance.targets.connection import Connection, limit_start
from conformance.targets.errors import Cause, KilledError, LostError, TargetError
from conformance.targets.protocol import encode_call, explain_unasked, vendor_arguments
from conformance.verdicts import judge

RESTARTS = 3  # failed starts in a row, before a target is given up
DEATHS = 50  # in a row without one result, before a target is given up


class Lane:
    """One target's pipeline. Both threads change the schedule under one lock, and notify each other.

    The receiving thread is the only one that starts and ends processes, and that moves an attempt out of `sent`.

    Attributes:
        started: what the first worker says of itself, or the TargetError of a target that never worked.
    """

    def __init__(self, target: Target, expect: Callable[[Case], Expectation], limit: float) -> None:
        """Starts the target.

        Args:
            expect: what the oracle says of a case.
            limit: seconds for one answer.
        """
        self.target = target
        self.started: Future[Greeting] = Future()
        self._expect = expect
        self._limit = limit
        self._changed = threading.Condition()
        self._schedule = Schedule()
        self._process: Connection | None = None  # the last one, from before its start
        self._threads = [
            threading.Thread(target=self._receive, name=f"{target.name} receiving", daemon=True),
            threading.Thread(target=self._send, name=f"{target.name} sending", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, job: Job) -> None:
        """Queue a job."""
        with self._changed:
            self._schedule.add(job)
            self._wake()

    @property
    def is_given_up(self) -> bool:
        """Whether the target cannot be used here any more."""
        return isinstance(self._schedule.state, GivenUp)

    def stop(self) -> None:
        """Begin to end the target; `join` waits for it."""
        with self._changed:
            idle = self._schedule.worker is not None and not self._schedule.sent
            self._schedule.stop()
            self._changed.notify_all()
        if self._process is not None and not idle:  # an idle one is ended, gently, by the receiving thread
            self._process.kill()

    def join(self, limit: float) -> None:
        """Wait for the target's end, `limit` seconds for each thread; what has no verdict by then is cancelled."""
        for thread in self._threads:
            thread.join(limit)
        if self._process is not None and any(thread.is_alive() for thread in self._threads):
            self._process.abandon()
        with self._changed:
            for attempt in self._schedule.unsettled():
                attempt.job.verdict.cancel()
            if not self.started.done():
                self.started.set_exception(TargetError("the run ended before it had started"))

    # Sending

    def _wake(self) -> None:
        """Let the threads go on where they may. Those that are woken for nothing cost more than many calls."""
        if self._schedule.may_take() or self._schedule.is_worn:
            self._changed.notify_all()

    def _send(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._schedule.is_stopping or self._schedule.may_take())
                if self._schedule.is_stopping:
                    return
                state = self._schedule.state
                worker = self._schedule.worker
                taken = self._schedule.take()
            # Without the lock, because the oracle takes its time.
            prepared = self._prepare(taken, state)
            with self._changed:
                sent = self._schedule.mark_sent([attempt for attempt, _ in prepared], worker)
                self._changed.notify_all()
            if worker is None or not sent or not prepared:
                continue
            try:
                worker.send([call for _, call in prepared])
            except OSError:
                continue  # the receiving thread sees the same death, and has sent again what was on its way

    def _prepare(self, attempts: Sequence[Attempt], state: State) -> list[tuple[Attempt, Mapping[str, Any]]]:
        """The attempts that need a call, each with the call; the others are settled."""
        prepared = []
        for attempt in attempts:
            try:
                call = self._make_call(attempt, state)
            except Exception:
                attempt.job.settle(describe_fault())
                continue
            if isinstance(call, Verdict):
                attempt.job.settle(call)
            else:
                prepared.append((attempt, call))
        return prepared

    def _make_call(self, attempt: Attempt, state: State) -> Mapping[str, Any] | Verdict:
        """The call to send, or the verdict of an attempt that needs none."""
        task = attempt.job.task
        arguments = vendor_arguments(task.case, task.contract)
        if isinstance(arguments, NoEquivalent):
            return Verdict(Outcome.NO_EQUIVALENT, observed=arguments.reason)
        if isinstance(state, GivenUp):
            return state.verdict
        call = encode_call(task.case, task.contract, arguments, self._expect(task.case), attempt.number)
        unasked = explain_unasked(task.case, arguments, call)
        if unasked is not None:
            return Verdict(Outcome.NO_EQUIVALENT, observed=unasked)
        execnet.dumps([call["arguments"], call["same_as"], call["unlike"]])  # what cannot travel is refused here
        return call

    # Receiving

    def _receive(self) -> None:
        try:
            self._run_processes()
        except Exception:
            fault = describe_fault()
            self._give_up(fault)
            if not self.started.done():
                self.started.set_exception(TargetError(fault.observed))

    def _run_processes(self) -> None:
        """Run a worker until it is lost or worn, and then another one: until the lane stops or gives the target up."""
        loss: Loss | None = None
        failed = 0  # starts in a row
        barren = 0  # deaths in a row of workers that had answered nothing
        while True:
            with Connection(self.target) as worker:
                with self._changed:
                    self._process = worker
                    stopping = self._schedule.is_stopping
                if stopping:
                    if loss is not None:
                        loss.attempt.job.verdict.cancel()
                    return
                try:
                    greeting = worker.start(loss.folder if loss is not None else None, limit_start(self._limit))
                except TargetError as error:
                    failed += 1
                    # A target that never worked is tried once, unless it was not let work.
                    if failed < RESTARTS and (self.started.done() or isinstance(error, KilledError)):
                        worker.leave_folders()
                        continue
                    self._give_up_unavailable(str(error), loss)
                    return
                failed = 0
                if not self.started.done():
                    self.started.set_result(greeting)
                self._accept(worker, loss, greeting.previous)
                loss = self._listen(worker)
                if loss is None:
                    continue
                barren = barren + 1 if loss.first else 0
                if barren == DEATHS:
                    self._give_up_unavailable(f"{DEATHS} calls in a row ended its process; the last: {loss.end}", loss)
                    return
                worker.leave_folders()

    def _accept(self, worker: Connection, loss: Loss | None, words: Mapping[str, str]) -> None:
        """Let a fresh worker take calls, after a ruling on the one before it, which left its last words.

        A worker that was lost with its first call is judged by that. One that had answered others may have been
        spoiled by them: the call that it owed is tried alone, in the fresh worker, where the culprit dies too.
        """
        if loss is not None and loss.is_ambiguous:
            before, killed = loss.attempt.before, loss.cause is Cause.KILLED
            if not killed and loss.had_begun(words):
                before = loss.observe(words)
            with self._changed:
                self._schedule.retry_alone(worker, loss.attempt.job, before, killed)
                self._changed.notify_all()
            return
        if loss is not None:
            self._settle_loss(loss, words)
        with self._changed:
            self._schedule.become_ready(worker)
            self._changed.notify_all()

    def _listen(self, worker: Connection) -> Loss | None:
        """Judge what a worker answers, until it is lost; None when the lane is stopping, or it is to be replaced."""
        first = True
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._schedule.is_stopping or self._schedule.sent or self._schedule.is_worn
                )
                if self._schedule.is_stopping:
                    return None
                if self._schedule.is_worn:
                    self._schedule.mark_replaced()
                    return None
                attempt = self._schedule.sent[0]
            try:
                observed = worker.receive(attempt.number, min(self._limit, attempt.job.task.case.limit or self._limit))
            except LostError as error:
                worker.kill()
                with self._changed:
                    if self._schedule.is_stopping:
                        return None
                    self._schedule.mark_lost()
                    self._changed.notify_all()
                return Loss(attempt, error.cause, error.detail, worker.folder, first)
            with self._changed:
                self._schedule.mark_answered()
                self._wake()
            first = False
            if attempt.before is not None:
                # Alone it was answered: it is the death of before that counts, and who is to blame is not known.
                observed = replace(attempt.before, alone=False)
            self._judge(attempt.job, observed)

    def _settle_loss(self, loss: Loss, words: Mapping[str, str]) -> None:
        if loss.cause is Cause.FAILED:
            loss.attempt.job.settle(Verdict(Outcome.FAULT, observed=loss.detail))
        elif loss.cause is Cause.KILLED:
            loss.attempt.job.settle(loss.describe_killed())
        else:
            self._judge(loss.attempt.job, loss.observe(words))

    def _judge(self, job: Job, observed: Observation) -> None:
        task = job.task
        try:
            job.settle(judge.judge(task.case, task.contract, self._expect(task.case), observed))
        except Exception:
            job.settle(describe_fault())

    def _give_up_unavailable(self, reason: str, loss: Loss | None) -> None:
        """The target cannot be used any more; the last words of what was lost stay unread."""
        if loss is not None:
            self._settle_loss(loss, {})
        self._give_up(Verdict(Outcome.UNAVAILABLE, observed=reason))
        if not self.started.done():
            self.started.set_exception(TargetError(reason))

    def _give_up(self, verdict: Verdict) -> None:
        """Let every job without a verdict have this one."""
        with self._changed:
            self._schedule.give_up(verdict)
            self._changed.notify_all()
