"""A worker's loop and a bare one are compared over the same calls."""

from __future__ import annotations

import os
import pickle
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks import overhead

CALLS = [{"id": place} for place in range(4)]


@pytest.mark.skipif(sys.platform != "linux", reason="the clock of another process is Linux's")
def test_the_clock_of_a_process_is_its_processor_time() -> None:
    before = time.process_time()
    told = time.clock_gettime(overhead.clock_of(os.getpid()))
    assert before <= told <= time.process_time()


def test_a_call_that_ends_one_loop_is_in_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torch.calls").write_bytes(pickle.dumps(CALLS))
    made: list[tuple[str, list[int]]] = []

    def bare(_folder: Path, _framework: str, skipped: Sequence[int]) -> tuple[list[int], overhead.Turns]:
        if 0 not in skipped:
            raise overhead.EndedError(0)
        chosen = [place for place in (1, 2, 3) if place not in skipped]
        made.append(("bare", chosen))
        return chosen, overhead.Turns(first=2e-3, second=1e-3)

    def worker(_framework: str, calls: Mapping[int, Mapping[str, Any]]) -> overhead.Turns:
        # The second round's worker is ended: what the first has given is of other calls.
        if 2 in calls and len(made) > 1:
            raise overhead.EndedError(2)
        made.append(("worker", list(calls)))
        return overhead.Turns(first=3e-3, second=4e-3)

    monkeypatch.setattr(overhead, "run_bare", bare)
    monkeypatch.setattr(overhead, "run_worker", worker)
    told = overhead.measure_overhead(tmp_path, "torch")
    assert told is not None
    assert told.calls == 2
    assert made[-2 * overhead.ROUNDS :] == [("bare", [1, 3]), ("worker", [1, 3])] * overhead.ROUNDS
    assert list(told.first_ratio) == [pytest.approx(1.5)] * 3
    assert list(told.second_ratio) == [pytest.approx(4)] * 3
    assert list(told.first) == [pytest.approx(2)] * 3


def test_where_too_many_calls_end_a_loop_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torch.calls").write_bytes(pickle.dumps(CALLS))

    def bare(_folder: Path, _framework: str, skipped: Sequence[int]) -> tuple[list[int], overhead.Turns]:
        raise overhead.EndedError(len(skipped))

    monkeypatch.setattr(overhead, "run_bare", bare)
    assert overhead.measure_overhead(tmp_path, "torch") is None
