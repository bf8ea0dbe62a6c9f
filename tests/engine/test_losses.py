"""A crash, a time-out, a spoiled connection and a fault of the worker's own loop are told apart."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.case import Observation, Phase
from conformance.engine.jobs import Attempt
from conformance.engine.losses import MAX_STDERR, Loss
from conformance.targets.errors import Cause

ATTEMPT: Any = Attempt(job=None, number=12)
WORDS = {"progress": "12 forward", "stderr": "last words"}


def lose(cause: Cause, detail: str = "", first: bool = True) -> Loss:
    return Loss(ATTEMPT, cause, detail, None, first)


def test_a_crash_is_how_the_process_ended() -> None:
    observation = lose(Cause.DIED, "SIGSEGV").observe(WORDS)
    assert observation == Observation(Phase.FORWARD, died="SIGSEGV", stderr="last words", alone=True)


def test_a_time_out_is_no_crash() -> None:
    observation = lose(Cause.TIMED_OUT).observe(WORDS)
    assert observation == Observation(Phase.FORWARD, timed_out=True, stderr="last words", alone=True)


def test_a_spoiled_connection_is_told_as_a_crash_with_what_arrived() -> None:
    observation = lose(Cause.SPOILED, "what came was no message").observe(WORDS)
    assert observation.died == "killed after an answer that is no result: what came was no message"


def test_in_a_worker_that_has_answered_it_is_not_known_who_is_to_blame() -> None:
    assert lose(Cause.DIED, first=False).observe(WORDS).alone is None


@pytest.mark.parametrize(
    ("cause", "first", "ambiguous"),
    [
        (Cause.DIED, True, False),
        (Cause.DIED, False, True),
        (Cause.TIMED_OUT, False, True),
        (Cause.SPOILED, False, True),
        (Cause.FAILED, False, False),
        (Cause.KILLED, True, True),
        (Cause.KILLED, False, True),
    ],
)
def test_another_call_may_be_to_blame_if_one_was_answered(cause: Cause, first: bool, ambiguous: bool) -> None:
    assert lose(cause, first=first).is_ambiguous is ambiguous


@pytest.mark.parametrize("first", [True, False])
def test_who_was_killed_from_outside_twice_is_not_tried_again(first: bool) -> None:
    attempt: Any = Attempt(job=None, number=12, killed=True)
    assert not Loss(attempt, Cause.KILLED, "SIGKILL", None, first).is_ambiguous


@pytest.mark.parametrize(
    "stderr", ["terminate called after ... std::bad_alloc", "MemoryError", "mmap: Cannot allocate memory"]
)
def test_a_crash_names_memory_where_that_was_refused(stderr: str) -> None:
    assert lose(Cause.DIED, "SIGABRT").observe({"stderr": stderr}).died == "SIGABRT, as memory ran out"


@pytest.mark.parametrize("progress", ["", "12", "12 nowhere", "rubbish"])
def test_without_a_phase_it_is_the_start(progress: str) -> None:
    assert lose(Cause.DIED, "SIGKILL").observe({"progress": progress}).phase is Phase.START


@pytest.mark.parametrize(("progress", "begun"), [("12 construct", True), ("1 construct", False), ("", False)])
def test_a_call_that_was_not_begun_is_known_by_its_number(progress: str, begun: bool) -> None:
    assert lose(Cause.DIED).had_begun({"progress": progress}) is begun


def test_last_words_are_cut_to_the_last() -> None:
    stderr = "x" * MAX_STDERR + "the end"
    assert lose(Cause.DIED).observe({"stderr": stderr}).stderr == stderr[-MAX_STDERR:]
