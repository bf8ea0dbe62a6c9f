"""The states of a lane, and what may be sent in each. No threads and no processes: who calls this holds a lock.

Starting       a process is being started        nothing is sent
Ready          a worker takes calls              up to `WINDOW` ahead of their results; nothing beside, before or
                                                 after a call that has its process to itself
RetryingAlone  a fresh worker, and a suspect     the suspect, and nothing behind it
GivenUp        the target cannot be used         every attempt is taken, to be given the same verdict
Stopping       the run ends                      nothing, for ever

Starting -> Ready            its worker has started, and nobody is suspected
Starting -> RetryingAlone    the worker before it died of one of several calls
RetryingAlone -> Ready       the suspect has been answered, or turns out to need no call
Ready, RetryingAlone -> Starting    the worker was lost, or a call needs another process than this one
any -> GivenUp, Stopping
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from conformance.case import Observation, Verdict
from conformance.engine.jobs import Attempt, Job
from conformance.targets.connection import Connection

WINDOW = 64  # calls sent ahead of their results
BATCH = 16  # calls in one message


@dataclass(frozen=True)
class Starting:
    """A process is being started."""


@dataclass(frozen=True)
class Ready:
    """A worker takes calls."""

    worker: Connection


@dataclass(frozen=True)
class RetryingAlone:
    """A fresh worker is sent the suspect, and nothing else until that is answered."""

    worker: Connection
    suspect: Attempt


@dataclass(frozen=True)
class GivenUp:
    """The target cannot be used; every job gets this verdict."""

    verdict: Verdict


@dataclass(frozen=True)
class Stopping:
    """The run ends."""


State: TypeAlias = Starting | Ready | RetryingAlone | GivenUp | Stopping


class Schedule:
    """A target's attempts, each in one place: pending, taken (to be made a call of), sent, or suspected.

    Attributes:
        state: changed by the methods named after the new state. Stopping is final.
        sent: in the order in which the worker answers.
    """

    def __init__(self) -> None:
        self.state: State = Starting()
        self.sent: deque[Attempt] = deque()
        self._pending: deque[Attempt] = deque()
        self._taken: list[Attempt] = []
        self._numbers = itertools.count(1)
        self._asked = False  # whether the worker was sent anything
        self._spoiled = False  # whether the last that it was sent had it to itself

    @property
    def worker(self) -> Connection | None:
        """The worker that takes calls, if one does."""
        if isinstance(self.state, Ready | RetryingAlone):
            return self.state.worker
        return None

    @property
    def is_stopping(self) -> bool:
        return isinstance(self.state, Stopping)

    def add(self, job: Job) -> None:
        """A job to be attempted after all others."""
        self._pending.append(Attempt(job, next(self._numbers)))

    def unsettled(self) -> list[Attempt]:
        """All attempts that are pending, taken or sent; none is anywhere else once the lane is stopping."""
        return [*self._pending, *self._taken, *self.sent]

    # What the sending thread does: take some, then say which of them were sent.

    def may_take(self) -> bool:
        """Whether there is something to take in this state."""
        match self.state:
            case Starting() | Stopping():
                return False
            case Ready():
                return bool(self._pending) and len(self.sent) < WINDOW and not self._needs_other_worker()
            case RetryingAlone():
                return not self.sent
            case GivenUp():
                return bool(self._pending)

    def take(self) -> Sequence[Attempt]:
        """The attempts to go next, where `may_take` says that there are such."""
        if isinstance(self.state, RetryingAlone):
            self._taken = [self.state.suspect]
        elif self._pending[0].job.own_process:
            self._taken = [self._pending.popleft()]
        else:
            batch = itertools.islice(self._pending, BATCH)
            self._taken = list(itertools.takewhile(lambda attempt: not attempt.job.own_process, batch))
            for _ in self._taken:
                self._pending.popleft()
        return self._taken

    def mark_sent(self, attempts: Sequence[Attempt], worker: Connection | None) -> bool:
        """Those of the taken attempts that go to a worker; the others have their verdicts already.

        Returns False where the worker has been lost since: then they are pending again.
        """
        self._taken = []
        if worker is not self.worker:
            self._put_back(attempts)
            return False
        self.sent.extend(attempts)
        if attempts:
            self._asked = True
            self._spoiled = attempts[-1].job.own_process
        if not attempts and isinstance(self.state, RetryingAlone):
            self.state = Ready(self.state.worker)
        return True

    def _needs_other_worker(self) -> bool:
        """Whether this worker may not be sent what is pending: one of the two is to have a process to itself."""
        return bool(self._pending) and (self._spoiled or (self._asked and self._pending[0].job.own_process))

    def _put_back(self, attempts: Sequence[Attempt]) -> None:
        self._pending.extendleft(reversed(attempts))

    # What the receiving thread does.

    def mark_answered(self) -> None:
        """The first of the sent attempts has its answer."""
        self.sent.popleft()
        if isinstance(self.state, RetryingAlone):
            self.state = Ready(self.state.worker)

    def mark_lost(self) -> None:
        """The worker was lost, which owed the first of the sent attempts. The others are to be sent again."""
        self.sent.popleft()
        self._recall()
        self._change(Starting())

    @property
    def is_worn(self) -> bool:
        """Whether the worker has answered all that it may be asked, while there is more to ask."""
        is_ready = isinstance(self.state, Ready)
        return is_ready and not self.sent and not self._taken and self._needs_other_worker()

    def mark_replaced(self) -> None:
        """A worn worker is ended."""
        self._change(Starting())

    def become_ready(self, worker: Connection) -> None:
        self._change(Ready(worker))

    def retry_alone(self, worker: Connection, job: Job, before: Observation | None, killed: bool = False) -> None:
        """Try a job in a worker that has answered nothing yet; `before` and `killed` as an attempt has them."""
        self._change(RetryingAlone(worker, Attempt(job, next(self._numbers), before, killed)))

    def give_up(self, verdict: Verdict) -> None:
        self._release_suspect()
        self._recall()
        self._change(GivenUp(verdict))

    def stop(self) -> None:
        self._release_suspect()
        self._change(Stopping())

    def _release_suspect(self) -> None:
        """A suspect that has not been taken is pending again, as any other attempt."""
        if not isinstance(self.state, RetryingAlone):
            return
        suspect = self.state.suspect
        if suspect not in self._taken and suspect not in self.sent:
            self._put_back([suspect])

    def _recall(self) -> None:
        """What was sent is pending again, before all else."""
        self._put_back(self.sent)
        self.sent.clear()

    def _change(self, state: State) -> None:
        if not self.is_stopping:
            self.state = state
        if isinstance(state, Starting):
            self._asked = self._spoiled = False
