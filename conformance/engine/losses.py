"""What is made of a worker that was lost: an observation of the call that it owed, a fault, or a suspicion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.case import Observation, Outcome, Phase, Verdict
from conformance.engine.jobs import Attempt
from conformance.targets.errors import Cause
from conformance.targets.memory import complains_of_memory

MAX_STDERR = 2000  # characters


@dataclass(frozen=True)
class Loss:
    """A worker that was lost before it gave an answer.

    Attributes:
        attempt: the call that it owed.
        cause: how it was lost.
        detail: the signal or exit code; the seconds that it was given; what it sent instead; the traceback of its loop.
        folder: where it worked, and left its last words.
        first: whether it had answered no other call.
    """

    attempt: Attempt
    cause: Cause
    detail: str
    folder: str | None
    first: bool

    @property
    def is_ambiguous(self) -> bool:
        """Whether the call may be without blame, and is to be tried alone.

        Another call may be to blame: one that was answered, and spoiled the process. Or nobody is: who was killed from
        outside is tried a second time.
        """
        if self.cause is Cause.KILLED:
            return not self.attempt.killed
        return not self.first and self.cause is not Cause.FAILED

    @property
    def end(self) -> str:
        """How the process ended, for people."""
        if self.cause is Cause.TIMED_OUT:
            return "no answer in time"
        if self.cause is Cause.SPOILED:
            return f"killed after an answer that is no result: {self.detail}"
        return self.detail

    def observe(self, words: Mapping[str, str]) -> Observation:
        """What was seen of the call, given the last words that the worker left; none where they were not read."""
        phase = words.get("progress", "").rpartition(" ")[2]
        stderr = words.get("stderr", "")[-MAX_STDERR:]
        timed_out = self.cause is Cause.TIMED_OUT
        end = f"{self.end}, as memory ran out" if complains_of_memory(stderr) else self.end
        return Observation(
            Phase(phase) if phase in set(Phase) else Phase.START,
            died=None if timed_out else end,
            timed_out=timed_out,
            stderr=stderr,
            alone=True if self.first else None,
            seconds=float(self.detail or 0) if timed_out else 0.0,
        )

    def describe_killed(self) -> Verdict:
        """The verdict on a call whose process was killed from outside before it was answered: it accuses nobody."""
        times = "twice" if self.attempt.killed else "once"
        observed = f"its process was killed from outside {times} ({self.detail}); free some memory, and ask again"
        return Verdict(Outcome.UNSTABLE, subject="call", observed=observed)

    def had_begun(self, words: Mapping[str, str]) -> bool:
        """Whether the worker had begun with the call: if not, the call is not what ended it."""
        return words.get("progress", "").startswith(f"{self.attempt.number} ")
