"""What a worker adds to calls: its own loop and a bare one over the same calls, in turns, processor time alone."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import Spread
from conformance.case import Target
from conformance.engine.schedule import BATCH
from conformance.targets.connection import Connection
from conformance.targets.errors import LostError

ROOT = Path(__file__).parents[1]
REMOTE = ROOT / "conformance" / "targets" / "remote"
LOST = 30  # calls that may end a process
LOOP = 300.0  # seconds that a bare loop may take
CALL = 60.0  # seconds that a worker may take for one call
ROUNDS = 3  # a fresh process of each kind in every one
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}  # as a worker is started


@dataclass(frozen=True)
class Turns:
    """Seconds a call: in a process's first turn over them all, and in its second."""

    first: float
    second: float


@dataclass(frozen=True)
class Overhead:
    """Both loops over so many calls: milliseconds a call, and a worker's over those of the bare loop beside it."""

    calls: int
    first: Spread
    second: Spread
    first_ratio: Spread
    second_ratio: Spread


class EndedError(Exception):
    """A call has ended the process."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


def measure_overhead(folder: Path, framework: str) -> Overhead | None:
    """Both loops over the calls kept in a folder, less those that end a process; None where too many do.

    Makes files in the folder.
    """
    calls = pickle.loads((folder / f"{framework}.calls").read_bytes())
    skipped: set[int] = set()
    pairs: list[tuple[Turns, Turns]] = []
    while len(pairs) < ROUNDS:
        try:
            chosen, bare = run_bare(folder, framework, sorted(skipped))
            pairs.append((bare, run_worker(framework, {place: calls[place] for place in chosen})))
        except EndedError as ended:
            skipped.add(ended.place)
            pairs.clear()  # every round is of the same calls
            if len(skipped) > LOST:
                return None
    return Overhead(
        calls=len(chosen),
        first=Spread.of([1e3 * bare.first for bare, _ in pairs]),
        second=Spread.of([1e3 * bare.second for bare, _ in pairs]),
        first_ratio=Spread.of([worker.first / bare.first for bare, worker in pairs]),
        second_ratio=Spread.of([worker.second / bare.second for bare, worker in pairs]),
    )


def run_bare(folder: Path, framework: str, skipped: Sequence[int]) -> tuple[list[int], Turns]:
    """The bare loop in a process of its own, and the places of the calls that it could make."""
    script = Path(__file__).parent / "remote" / "floor.py"
    command = [
        str(find_python(framework)),
        str(script),
        framework,
        str(folder / f"{framework}.calls"),
        str(REMOTE),
        *map(str, skipped),
    ]
    environment = {**os.environ, **ONE_THREAD}
    environment.pop("PYTHONPATH", None)
    # A call may end the process, or not come back.
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, cwd=folder, timeout=LOOP
        )
        if done.returncode == 0:
            told = json.loads(done.stdout.splitlines()[-1])
            first, second = (turn / len(told["chosen"]) for turn in told["turns"])
            return told["chosen"], Turns(first, second)
    raise EndedError(int((folder / "place").read_text(encoding="ascii")))


def run_worker(framework: str, calls: Mapping[int, Mapping[str, Any]]) -> Turns:
    """The same calls, by their places, sent to a worker as an audit sends them."""
    turns = []
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")  # or it makes room for itself by ending
    target = Target(framework, framework, f"popen//python={find_python(framework)}", memory=memory)
    with Connection(target) as worker:
        clock = clock_of(worker.start().pid)
        for _ in range(2):
            start = time.clock_gettime(clock)
            send_all(worker, calls)
            turns.append((time.clock_gettime(clock) - start) / len(calls))
    return Turns(*turns)


def send_all(worker: Connection, calls: Mapping[int, Mapping[str, Any]]) -> None:
    """Have all calls made, a message at a time."""
    places = list(calls)
    for begin in range(0, len(places), BATCH):
        batch = places[begin : begin + BATCH]
        worker.send([calls[place] for place in batch])
        for place in batch:
            try:
                worker.receive(calls[place]["id"], CALL)
            except LostError:
                raise EndedError(place) from None


def clock_of(process: int) -> int:
    """The clock of another process's processor time, to the nanosecond: Linux numbers it by the process."""
    return ~process << 3 | 2


def find_python(framework: str) -> Path:
    """The interpreter that tox has made for a framework."""
    return ROOT / ".tox" / framework / "bin" / "python"
