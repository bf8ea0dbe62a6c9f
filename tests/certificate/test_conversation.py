"""A worker of a certificate that is killed from outside is started and asked again: that says nothing of an adapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from conformance.case import Greeting, Observation, Phase, Target
from conformance.certificate import conversation
from conformance.certificate.conversation import Conversation
from conformance.certificate.errors import CheckFailedError
from conformance.targets.errors import Cause, KilledError, LostError, TargetError

TARGET = Target("fake", "fake", "popen")


class Worker:
    """In the place of a `Connection`; `ends` says how those to come start and answer: None is well."""

    ends: list[Exception | None] = []  # noqa: RUF012  # of all workers together

    def __init__(self, target: Target) -> None:
        pass

    def start(self) -> Greeting:
        self.end("start")
        return Greeting("1.0", {}, "/tmp/none", 1)

    def send(self, calls: Sequence[Mapping[str, Any]]) -> None:
        pass

    def receive(self, number: int, limit: float) -> Observation:
        self.end("receive")
        return Observation(Phase.FORWARD)

    def end(self, step: str) -> None:
        error = Worker.ends.pop(0) if Worker.ends else None
        if error is not None:
            raise error

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "Connection", Worker)


def killed() -> LostError:
    return LostError(Cause.KILLED, "SIGKILL")


def test_who_is_killed_from_outside_is_asked_again() -> None:
    Worker.ends = [None, None, killed()]  # it starts, and answers one of two calls
    assert len(Conversation(TARGET).answer([{}, {}])) == 2


@pytest.mark.parametrize(
    "ends", [[None, killed(), None, killed()], [None, LostError(Cause.DIED, "SIGSEGV")]], ids=["again", "a crash"]
)
def test_who_gives_no_answer_fails_the_check(ends: list[Exception | None]) -> None:
    Worker.ends = ends
    with pytest.raises(CheckFailedError, match="the worker gave no answer"):
        Conversation(TARGET).answer([{}])


def test_who_is_killed_at_its_start_is_started_again() -> None:
    Worker.ends = [KilledError("popen", "SIGKILL"), KilledError("popen", "SIGKILL"), None]
    assert len(Conversation(TARGET).answer([{}])) == 1


@pytest.mark.parametrize("error", [KilledError("popen", "SIGKILL"), TargetError("none")], ids=["killed", "none"])
def test_who_never_starts_is_a_target_that_cannot_be_used(error: Exception) -> None:
    Worker.ends = [error] * 3
    with pytest.raises(TargetError):
        Conversation(TARGET)
