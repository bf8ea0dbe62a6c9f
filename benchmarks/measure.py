"""Timing two interpreters in turns, so that whatever slows the machine slows both."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from .layers import Benchmark

REST = 0.03  # seconds; GNU OpenMP spins for some milliseconds, others for longer
WORKER = Path(__file__).with_name("worker.py")


class Spread(NamedTuple):
    """A median with its quartiles."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        """The quartiles of `values`, one value standing for all three."""
        if len(values) < 2:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(low, median, high)


class Side:
    """One interpreter of the pair, its operands made, waiting to be asked."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, call: str, repeat: int) -> float:
        """Seconds for each of `repeat` runs of a call; for 0, bytes of peak growth of one."""
        answer = self._exchange({"call": call, "repeat": repeat})
        assert isinstance(answer, (int, float))
        return answer

    def prepare(self, benchmark: Benchmark, threads: int) -> None:
        """Make the operands of a layer."""
        self._exchange({**benchmark._asdict(), "threads": threads})

    def _exchange(self, message: object) -> object:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(message), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended; its message is above")
        return json.loads(line)


@contextmanager
def side(python: str, name: str, threads: int) -> Iterator[Side]:
    """A worker in an interpreter, ended afterwards.

    NumPy's BLAS gets one thread: the oracle spreads its blocks over threads itself.
    """
    environment = os.environ | {
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": str(threads if name == "torch" else 1),
        # This checkout's packages, whatever is installed.
        "PYTHONPATH": os.pathsep.join([str(WORKER.parents[1]), str(WORKER.parents[1] / "src")]),
    }
    with subprocess.Popen(
        [python, str(WORKER), name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        try:
            yield Side(process)
        finally:
            process.kill()


def interleaved(ours: Side, theirs: Side, calls: tuple[str, str], budget: float) -> tuple[Spread, Spread, Spread]:
    """Seconds of our call, of theirs, and our time over theirs, within about `budget` seconds.

    Each round times both calls one after the other, at least 5 times each, and gives one ratio; at
    least 5 rounds. Before each a rest, as the threads of a library that has just been called still
    spin for work; a rest leaves caches cold, so that a few calls alone would time the waking.
    """
    once = max(ours.ask(calls[0], 3) + theirs.ask(calls[1], 3), 1e-6)
    repeat = max(5, int(0.1 / once))
    rounds = min(100, max(5, int(budget / (once * repeat + 2 * REST))))
    own, other = [], []
    for _ in range(rounds):
        time.sleep(REST)
        own.append(ours.ask(calls[0], repeat))
        time.sleep(REST)
        other.append(theirs.ask(calls[1], repeat))
    ratios = [a / b for a, b in zip(own, other, strict=True)]
    return Spread.of(own), Spread.of(other), Spread.of(ratios)


def default_torch() -> str:
    """tox's interpreter with torch, where `tox -e torch` made one."""
    return str(Path(".tox", "torch", "Scripts" if sys.platform == "win32" else "bin", "python"))
