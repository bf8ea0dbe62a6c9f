"""A pytest plugin that counts an audit's processor time by part, on the host and in its workers.

`benchmarks.audit` runs pytest with it. The environment names the folder that takes what is counted, and some of the
calls, for the floor.
"""

from __future__ import annotations

import os
import pickle
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import execnet.gateway_base as gateway
import pytest

import conformance.engine.lane as lane
import conformance.oracle.expectation as expectation
import conformance.targets.connection as connection
from benchmarks.remote.stopwatch import Stopwatch
from conformance.engine.schedule import BATCH, WINDOW
from conformance.run.recording import Recording
from conformance.run.run import Run
from conformance.targets.sources import WORKER, source_of
from conformance.verdicts import judge

FOLDER = "BENCHMARK_FOLDER"
EVERY = 8  # messages, of which the calls of one are kept for the floor
FIRST = WINDOW // BATCH  # messages of a process, which are not: they have the calls that are known to end it
PARTS: tuple[tuple[Any, str, str], ...] = (
    (expectation, "expect", "oracle"),
    (lane, "encode_call", "encode"),
    (connection.Connection, "send", "wire"),
    (connection.Connection, "_take", "wire"),
    (gateway.Message, "from_io", "wire"),
    (gateway.Message, "received", "wire"),
    (connection, "decode_answer", "decode"),
    (judge, "judge", "judge"),
    (lane.Lane, "_send", "lane"),
    (lane.Lane, "_receive", "lane"),
    (Run, "submit", "submit"),
    (Run, "answer", "record"),
    (Recording, "add", "write"),
    (Run, "_confirm", "confirm"),
    (Run, "_write_report", "report"),
)


def pytest_configure(config: pytest.Config) -> None:
    watch = Stopwatch(time.thread_time)
    watch.seconds["start"] = time.process_time()
    folder = Path(os.environ[FOLDER])
    for owner, name, part in PARTS:
        watch.watch(owner, name, part)
    send_stopwatch(folder)
    config.pluginmanager.register(Watcher(watch, folder, keep_calls()), "benchmark")


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


def keep_calls() -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """From now on, calls as they are sent, by framework: those of some messages, evenly among all."""
    kept: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    messages: Counter[str] = Counter()
    sent: Counter[connection.Connection] = Counter()
    send: Callable[..., None] = connection.Connection.send

    def keeping(self: connection.Connection, calls: Sequence[Mapping[str, Any]]) -> None:
        sent[self] += 1
        if sent[self] > FIRST:
            messages[self.target.name] += 1
            if messages[self.target.name] % EVERY == 1:
                kept[self.target.framework].extend(calls)
        send(self, calls)

    connection.Connection.send = keeping  # type: ignore[method-assign]
    return kept


class Watcher:
    """Counts what pytest's own hooks take, and writes it all in the end."""

    def __init__(self, watch: Stopwatch, folder: Path, kept: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        self._watch = watch
        self._folder = folder
        self._kept = kept

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
        for framework, calls in self._kept.items():
            (self._folder / f"{framework}.calls").write_bytes(pickle.dumps(calls))
