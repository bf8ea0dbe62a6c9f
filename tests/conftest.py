"""The fake framework in ``tests/fakes``, for tests that run the suite in their own process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import conformance.apis
import conformance.targets.remote.adapters
from tests import profiles
from tests.fakes.suite import shared_suite, suite
from tests.frameworks import execute, target

__all__ = ["execute", "fakes", "shared_suite", "suite", "target"]

FAKES = Path(__file__).parent / "fakes"

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
