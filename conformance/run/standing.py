"""How far a target has come, for who waits."""

from __future__ import annotations

import enum
import threading
from dataclasses import dataclass


class State(enum.StrEnum):
    """What a target does."""

    STARTS = "starts"
    IS_CERTIFIED = "is being certified"
    ANSWERS = "answers"
    ENDED = "cannot be used"


@dataclass(frozen=True)
class Standing:
    """A target's part of a run, at one moment.

    Attributes:
        version: the framework's own, once it has started.
        settled: how many of its `asked` calls have their verdict.
    """

    target: str
    state: State
    version: str
    settled: int
    asked: int


class Tally:
    """Counts the calls of a target. They are settled by the threads of its lane.

    Attributes:
        planned: how many it will be asked in all, where that is known.
    """

    def __init__(self) -> None:
        self.planned = 0
        self.asked = 0
        self.settled = 0
        self._lock = threading.Lock()

    def settle(self, _: object) -> None:
        """Count one more that has its verdict."""
        with self._lock:
            self.settled += 1
