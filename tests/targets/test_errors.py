"""Every error keeps its facts as fields, and shows them in one sentence with the remedy."""

from __future__ import annotations

import copy
import pickle

import pytest

from conformance.targets.errors import (
    Cause,
    KilledError,
    LostError,
    MissingFrameworkError,
    NoInterpreterError,
    NotStartedError,
    OversizeError,
    TargetError,
    UnusableNameError,
)

ERRORS = [
    (UnusableNameError("npu", "no interpreter at x"), "--target npu: no interpreter at x"),
    (
        NoInterpreterError("old", "torch", ".tox/torch/bin/python"),
        "no interpreter at .tox/torch/bin/python; `python3 -m conformance audit --frameworks torch` makes one, "
        "or name one with --target old=/path/to/python",
    ),
    (
        NotStartedError("popen//python=x", "last words (SIGILL)"),
        "popen//python=x cannot be started: last words (SIGILL)",
    ),
    (
        KilledError("popen//python=x", "SIGKILL, as memory ran out"),
        "popen//python=x was killed from outside while it started (SIGKILL, as memory ran out); "
        "run again, with more memory free",
    ),
    (
        MissingFrameworkError("torch", "ModuleNotFoundError: No module named 'torch'", "torch==2.13.0"),
        "torch cannot be used there: ModuleNotFoundError: No module named 'torch'; it needs torch==2.13.0",
    ),
    (LostError(Cause.TIMED_OUT), "timed out"),
    (LostError(Cause.DIED, "SIGSEGV"), "died: SIGSEGV"),
    (OversizeError(20, 10), "a message of 20 bytes, of which at most 10 are read"),
]


@pytest.mark.parametrize(("error", "sentence"), ERRORS, ids=lambda value: type(value).__name__)
def test_an_error_shows_its_facts(error: Exception, sentence: str) -> None:
    assert str(error) == sentence


HOSTILE = "first\nsecond\r\x1b[2J\u202eand on" + "x" * 10_000


@pytest.mark.parametrize(
    "error",
    [
        UnusableNameError("a", HOSTILE),
        NotStartedError("popen", HOSTILE),
        MissingFrameworkError("torch", HOSTILE, "torch"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_a_target_says_is_one_clean_line(error: Exception) -> None:
    assert "first second \\x1b[2J\\u202eand on" in str(error)
    assert str(error).isprintable()
    assert len(str(error)) < 700


@pytest.mark.parametrize("error", [error for error, _ in ERRORS], ids=lambda error: type(error).__name__)
def test_an_error_may_travel_between_processes(error: Exception) -> None:
    for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (type(other), str(other)) == (type(error), str(error))


@pytest.mark.parametrize(
    "cls", [UnusableNameError, NoInterpreterError, NotStartedError, KilledError, MissingFrameworkError]
)
def test_whatever_keeps_a_target_from_being_used_is_a_target_error(cls: type) -> None:
    assert issubclass(cls, TargetError)
