"""A pytest plugin that tells when an audit of the fake framework began to ask, and when it was done.

`benchmarks.scaling` runs pytest with it. The environment names the folder that takes what is counted.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator
from pathlib import Path

import pytest

import conformance.apis
import conformance.targets.remote.adapters
from conformance.engine.lanes import Lanes
from conformance.plugin.state import RUN

FOLDER = "BENCHMARK_FOLDER"
EVERY = 32  # items, after which the processor's time is asked for: the kernel adds up all threads' for an answer
FAKES = Path(__file__).parent / "fakes"

for room in (conformance.apis, conformance.targets.remote.adapters):
    folder = str(FAKES / room.__name__.rpartition(".")[2])
    if folder not in room.__path__:
        room.__path__.append(folder)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Clock(config), "benchmark")


class Clock:
    """Takes the time from when all processes of the target have started to the last report."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._begun = 0.0
        self._taken = 0.0
        self._ended = 0.0
        self._spent = 0.0
        self._items = 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        run = self._config.stash[RUN]
        for target in run.targets:
            lanes = run._asking._start_audit()._lane(target)
            for lane in lanes._lanes if isinstance(lanes, Lanes) else [lanes]:
                lane.started.result()
        self._begun, self._taken = time.time(), time.process_time()
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._items += report.when == "call" and report.passed
        self._ended = time.time()
        if self._items % EVERY == 1:
            self._spent = time.process_time()

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        counted = {
            "begun": self._begun,
            "ended": self._ended,
            "items": self._items,
            "processor": self._spent - self._taken,
        }
        Path(os.environ[FOLDER], f"{os.getpid()}.json").write_text(json.dumps(counted), encoding="utf-8")
