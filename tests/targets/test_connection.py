"""What a worker said is heard, even if it has ended before that arrived."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import execnet
import pytest

from conformance.case import Target
from conformance.targets.connection import Connection

pytestmark = pytest.mark.process

TARGET = Target("a", "torch", "popen")


class Ended:
    """An interpreter whose process has ended, and of which nothing arrives at first."""

    def __init__(self, later: Iterator[str]) -> None:
        self._later = later
        self._asked = 0

    def receive(self, channel: object, limit: float) -> Any:
        self._asked += 1
        said = next(self._later, None) if self._asked > 1 else None
        if said is None:
            raise execnet.TimeoutError
        return said

    def has_ended(self) -> bool:
        return True


def take(*later: str) -> Any:
    connection = Connection(TARGET)
    connection._interpreter = cast(Any, Ended(iter(later)))
    connection._channel = cast(Any, object())
    return connection._take(20.0)


def test_a_last_answer_is_heard_of_a_process_that_has_ended() -> None:
    """As of a busy machine's: the end is seen before the answer, which was on its way."""
    assert take("answer") == "answer"


def test_a_process_that_has_ended_without_an_answer_is_lost() -> None:
    with pytest.raises(EOFError):
        take()
