"""The fake framework in ``tests/fakes``, for tests that run the suite in their own process."""

from __future__ import annotations

import platform
import signal
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

import pytest

import conformance.apis
import conformance.targets.remote.adapters
from tests import profiles
from tests.fakes.suite import shared_suite, suite
from tests.frameworks import execute, target

__all__ = ["execute", "fakes", "shared_suite", "suite", "target"]

FAKES = Path(__file__).parent / "fakes"

# Whoever asks for one of these has started a framework, an interpreter, a browser or a pytest.
STARTING = frozenset(
    {"audits", "browser", "execute", "interpreters", "pytester", "python38", "shared_suite", "start", "target"}
)
STARTS = ("subprocess.Popen", "os.fork", "os.posix_spawn")  # as audit hooks name them
PROCESS = pytest.StashKey[bool]()

profiles.load_default()

# A shell's background job ignores Ctrl-C, and whatever it starts inherits that: here it means what it means to a person.
if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder with the fake framework, whose contract and adapter the suite finds."""
    monkeypatch.syspath_prepend(str(FAKES))
    for room in (conformance.apis, conformance.targets.remote.adapters):
        monkeypatch.setattr(room, "__path__", [*room.__path__, str(FAKES / room.__name__.rpartition(".")[2])])
    cached = (conformance.apis.frameworks, conformance.apis.contracts)
    for function in cached:
        function.cache_clear()
    yield FAKES
    for function in cached:
        function.cache_clear()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[PROCESS] = True
    platform.platform()  # asks `uname`, once

    def watch(event: str, arguments: Sequence[object]) -> None:
        if event in STARTS and not config.stash[PROCESS]:
            raise AssertionError("mark this test with `process`, as it starts one")

    sys.addaudithook(watch)


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark the tests that start a process: the others are what a developer runs again and again."""
    for item in items:
        if STARTING.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("process")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """The mark stays true: a test without it that starts a process fails."""
    item.config.stash[PROCESS] = item.get_closest_marker("process") is not None
    try:
        return (yield)
    finally:
        item.config.stash[PROCESS] = True
