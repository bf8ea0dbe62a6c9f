"""A pytest plugin that runs the collected tests against one slip after another, each in a process forked for it.

What calls a function is known from a first run without a mistake; a slip in it is shown to those tests alone, the
fastest first, until one fails.
"""

from __future__ import annotations

import functools
import gc
import importlib
import inspect
import math
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, TypeAlias

import pytest
from _pytest.runner import runtestprotocol

from tests.machine.equivalent import EQUIVALENT
from tests.machine.generate import Slip, generate

SECONDS = 10  # more than its tests take without a slip is noticed: it does not end
TIMES = 10  # or so many times longer, as neighbours and fresh caches slow them down


class Machine:
    """Runs tests against the slips of modules; prints those that nothing notices and that are not known as such."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = modules

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        sources = {module: Path(str(importlib.import_module(module).__file__)) for module in self._modules}
        callers = find_callers(session.items, {str(path) for path in sources.values()})
        for module, path in sources.items():
            slips = list(generate(module, path.read_text(encoding="utf-8")))
            asked = ((slip, callers.get((str(path), slip.within), [])) for slip in slips)
            unnoticed = unexplained = 0
            for slip in find_unnoticed(asked):
                unnoticed += 1
                if not is_explained(slip):
                    unexplained += 1
                    print(f"survives: {slip}", flush=True)
            print(f"{module}: {len(slips)} slips, {unnoticed} unnoticed, {unexplained} unexplained", flush=True)
            session.testsfailed += unexplained
        return True


def is_explained(slip: Slip) -> bool:
    return any(one.explains(slip) for one in EQUIVALENT)


@dataclass(frozen=True)
class Timed:
    """A test, and the seconds that it takes without a slip."""

    item: pytest.Item
    seconds: float


Callers: TypeAlias = Mapping[tuple[str, str], Sequence[Timed]]


def find_callers(items: Sequence[pytest.Item], files: Set[str]) -> Callers:
    """The tests that enter each function, the fastest first, by its file and qualified name."""
    callers: dict[tuple[str, str], list[Timed]] = defaultdict(list)
    for item, following in pairs(items):
        entered: set[tuple[str, str]] = set()

        def note(frame: FrameType, event: str, argument: Any, entered: set[tuple[str, str]] = entered) -> None:
            if event == "call" and frame.f_code.co_filename in files:
                entered.add((frame.f_code.co_filename, frame.f_code.co_qualname.partition(".<locals>")[0]))

        started = time.perf_counter()
        clear_caches()
        sys.setprofile(note)
        try:
            passed = run(item, following)
        finally:
            sys.setprofile(None)
        if not passed:
            raise pytest.UsageError(f"{item.nodeid} fails without a mistake")
        for function in entered:
            callers[function].append(Timed(item, time.perf_counter() - started))
    return {function: sorted(found, key=lambda timed: timed.seconds) for function, found in callers.items()}


def pairs(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    yield from zip(items, [*items, None][1:], strict=True)


def run(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Whether a test passes, or is skipped."""
    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))


def find_unnoticed(asked: Iterable[tuple[Slip, Sequence[Timed]]]) -> Iterator[Slip]:
    """The slips that none of their tests notices; as many are asked at once as there are cores."""
    running: dict[int, Slip] = {}
    for slip, tests in asked:
        if len(running) == len(os.sched_getaffinity(0)):
            yield from wait(running)
        running[start(slip, tests)] = slip
    while running:
        yield from wait(running)


def wait(running: dict[int, Slip]) -> Iterator[Slip]:
    process, status = os.wait()
    slip = running.pop(process)
    if os.waitstatus_to_exitcode(status) == 0:
        yield slip


def start(slip: Slip, tests: Sequence[Timed]) -> int:
    """A process that ends with 0 where no test fails with a slip, and otherwise if one fails, dies or does not end."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(SECONDS + math.ceil(TIMES * sum(test.seconds for test in tests)))
        noticed = True
        try:
            put(slip)
            clear_caches()
            noticed = not all(run(item, following) for item, following in pairs([test.item for test in tests]))
        finally:
            os._exit(int(noticed))
    return child


def put(slip: Slip) -> None:
    """Let a function that is imported already, wherever to, be the one with the slip."""
    module = importlib.import_module(slip.module)
    held: Any = module
    for name in slip.within.split("."):
        held = inspect.getattr_static(held, name)
    code = find_code(compile(slip.source, str(module.__file__), "exec"), slip.within)
    function_of(held).__code__ = code


def function_of(held: Any) -> FunctionType:
    """The function within a property, a method of a class, or what is wrapped."""
    while not isinstance(held, FunctionType) or hasattr(held, "__wrapped__"):
        names = ("__wrapped__", "__func__", "fget", "func")
        held = next(getattr(held, name) for name in names if getattr(held, name, None) is not None)
    return held


def find_code(code: CodeType, name: str) -> CodeType:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_qualname == name:
                return constant
            if name.startswith(f"{constant.co_qualname}."):
                return find_code(constant, name)
    raise LookupError(name)


def clear_caches() -> None:
    """Forget what functions of this project have kept."""
    for held in gc.get_objects():
        if isinstance(held, functools._lru_cache_wrapper) and is_ours(held):
            held.cache_clear()


def is_ours(held: Callable[..., object]) -> bool:
    return str(getattr(held, "__module__", "")).partition(".")[0] in ("conformance", "conv_reference")
