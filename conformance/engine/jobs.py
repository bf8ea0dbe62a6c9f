"""What is to be settled: a case on an API of a target, and the attempts at it."""

from __future__ import annotations

import traceback
from concurrent.futures import Future
from dataclasses import dataclass, field

from conformance.apis import Contract
from conformance.case import Case, Observation, Outcome, Target, Verdict


@dataclass(frozen=True, eq=False, slots=True)
class Task:
    """A case on an API of a target. There is one for each item of a run, so it holds nothing else."""

    case: Case
    contract: Contract
    target: Target


@dataclass(frozen=True, eq=False, slots=True)
class Job:
    """A task that is asked; `verdict` is fulfilled when it is known."""

    task: Task
    verdict: Future[Verdict] = field(default_factory=Future)

    @property
    def own_process(self) -> bool:
        """Whether it is to be the first and the last call of a process."""
        return self.task.case.own_process

    def settle(self, verdict: Verdict) -> None:
        """Fulfil the verdict, unless it has been cancelled."""
        if self.verdict.set_running_or_notify_cancel():
            self.verdict.set_result(verdict)


@dataclass(frozen=True, eq=False)
class Attempt:
    """A job on its way to a target.

    Attributes:
        number: identifies the attempt; the worker's answer has it too.
        before: how an earlier attempt ended a process that had answered other calls, if this one repeats it.
        killed: whether the process of an earlier attempt was killed from outside.
    """

    job: Job
    number: int
    before: Observation | None = None
    killed: bool = False


def describe_fault() -> Verdict:
    """The verdict for the exception that is being handled: an error in this suite's own code."""
    return Verdict(Outcome.FAULT, observed=traceback.format_exc(limit=-6))
