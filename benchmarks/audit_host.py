"""A pytest plugin that counts an audit's processor time by part, on the host and in its workers.

`benchmarks.audit` runs pytest with it. The environment names the folder that takes what is counted, and how many calls
of each API are kept there for the floor.
"""

from __future__ import annotations

import os
import pickle
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import conformance.engine.lane as lane
import conformance.oracle.expectation as expectation
import conformance.targets.connection as connection
from benchmarks.remote.stopwatch import Stopwatch
from conformance.run.recording import Recording
from conformance.run.run import Run
from conformance.targets.sources import WORKER, source_of
from conformance.verdicts import judge

FOLDER = "BENCHMARK_FOLDER"
KEPT = 1200  # calls of each target that the floor is measured on, evenly among the first
PARTS: tuple[tuple[Any, str, str], ...] = (
    (expectation, "expect", "oracle"),
    (lane, "encode_call", "encode"),
    (connection.Connection, "send", "wire"),
    (connection.Connection, "_take", "wire"),
    (connection, "decode_answer", "decode"),
    (judge, "judge", "judge"),
    (Run, "submit", "submit"),
    (Run, "answer", "record"),
    (Recording, "add", "write"),
    (Run, "_confirm", "confirm"),
    (Run, "_write_report", "report"),
)


def pytest_configure(config: pytest.Config) -> None:
    watch = Stopwatch(time.thread_time)
    folder = Path(os.environ[FOLDER])
    for owner, name, part in PARTS:
        watch.watch(owner, name, part)
    send_stopwatch(folder)
    keep_calls(folder)
    config.pluginmanager.register(Watcher(watch, folder), "benchmark")


def send_stopwatch(folder: Path) -> None:
    """Have the workers count too."""
    modules = connection.modules_of_worker
    more = {f"{WORKER}/{name}.py": f"benchmarks.remote.{name}" for name in ("stopwatch", "timing")}

    def read(module: str) -> str:
        source = source_of(module)
        if not module.endswith(".worker.main"):
            return source
        begin = "        from .loop import answer_calls\n"
        assert begin in source
        return source.replace(begin, f"        from .timing import install\n        install({str(folder)!r})\n{begin}")

    connection.modules_of_worker = lambda: {**modules(), **more}
    connection.source_of = read


def keep_calls(folder: Path) -> None:
    """Keep calls as they are sent, by target."""
    kept: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    send: Callable[..., None] = connection.Connection.send

    def keeping(self: connection.Connection, calls: Sequence[Mapping[str, Any]]) -> None:
        known = kept[self.target.name]
        if len(known) < KEPT:
            known.extend(calls)
            (folder / f"{self.target.framework}.calls").write_bytes(pickle.dumps(known))
        send(self, calls)

    connection.Connection.send = keeping  # type: ignore[method-assign]


class Watcher:
    """Counts what pytest's own hooks take, and writes it all in the end."""

    def __init__(self, watch: Stopwatch, folder: Path) -> None:
        self._watch = watch
        self._folder = folder

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        with self._watch.part("collect"):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        self._watch.calls["items"] = len(session.items)
        with self._watch.part("pytest"):
            return (yield)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        self._watch.write(str(self._folder / "host.json"))
