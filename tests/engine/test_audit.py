"""Expectations are computed once, whoever asks and however many at a time."""

from __future__ import annotations

import threading
import weakref
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from conformance import audit
from conformance.audit import Job, Task, measure
from conformance.oracle import expectation as oracle
from conformance.oracle.expectation import Expectation, Expected

LIMIT = 20.0  # seconds for a case
CASE: Any = SimpleNamespace(id="a.yaml::a", limit=None, own_process=False)


def sized(count: int) -> Expectation:
    """An expectation with an array of so many bytes."""
    return Expectation(None, output=Expected(np.zeros(count, "int8"), None))


def test_threads_that_ask_at_once_wait_for_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    meet = threading.Barrier(4, timeout=10.0)

    def expect(case: Any, limit: float) -> Expectation:
        asked.append(case.id)
        return sized(1)

    def ask(expect: Any) -> Expectation:
        meet.wait()
        return expect(CASE)

    monkeypatch.setattr(oracle, "expect", expect)
    cached = audit.Audit([], LIMIT).expect
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, [cached] * 4))
    assert asked == [CASE.id]
    assert len({id(answer) for answer in answers}) == 1


def test_what_the_oracle_raises_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def expect(case: Any, limit: float) -> Expectation:
        raise ValueError("no exact inputs")

    monkeypatch.setattr(oracle, "expect", expect)
    cached = audit.Audit([], LIMIT).expect
    for _ in range(2):
        with pytest.raises(ValueError, match="^no exact inputs$"):
            cached(CASE)


def test_what_is_larger_than_the_cache_is_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def expect(case: Any, limit: float) -> Expectation:
        asked.append(case.id)
        return sized(5000)

    monkeypatch.setattr(oracle, "expect", expect)
    monkeypatch.setattr(audit, "CACHE", 4000)
    cached = audit.Audit([], LIMIT).expect
    cached(CASE)
    cached(CASE)
    assert asked == [CASE.id, CASE.id]


def test_what_was_kept_is_let_go_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[weakref.ref[Expected]] = []

    def expect(case: Any, limit: float) -> Expectation:
        expectation = sized(1)
        assert expectation.output is not None
        kept.append(weakref.ref(expectation.output))
        return expectation

    monkeypatch.setattr(oracle, "expect", expect)
    audited = audit.Audit([], LIMIT)
    audited.expect(CASE)
    assert kept[0]() is not None
    audited.close()
    assert kept[0]() is None


def test_an_expectation_takes_what_its_arrays_take() -> None:
    assert measure(sized(5000)) - measure(sized(0)) == 5000
    assert measure(Expectation(None)) > 0


@pytest.mark.parametrize("processes", [1, 3])
def test_a_target_has_as_many_lanes_as_processes(monkeypatch: pytest.MonkeyPatch, processes: int) -> None:
    started: list[Any] = []

    class StandIn:
        """In the place of a lane."""

        def __init__(self, *given: Any) -> None:
            self.started: Future[Any] = Future()
            started.append(given)

        def submit(self, job: Any) -> None:
            """It takes every job, and settles none."""

    monkeypatch.setattr(audit, "Lane", StandIn)
    target = SimpleNamespace(name="fake")
    audited = audit.Audit([], LIMIT, processes)
    for _ in range(2):
        audited.submit(Job(Task(CASE, cast(Any, None), cast(Any, target))))
    assert started == [(target, audited.expect, LIMIT)] * processes
