"""What scripts show that the real frameworks execute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TypeAlias

import pytest

from conformance.case import Verdict
from conformance.reproducers.asked import AskedCase
from conformance.reproducers.confirm import Executor, shows
from conformance.reproducers.script import write_script
from tests.frameworks import target_of

Says: TypeAlias = Callable[[AskedCase, Verdict], str]


@pytest.fixture(scope="module")
def says() -> Iterator[Says]:
    """What the script of a verdict shows: one interpreter for all scripts of a framework."""
    executors: dict[str, Executor] = {}
    with ExitStack() as stack:

        def execute(asked: AskedCase, verdict: Verdict) -> str:
            name = asked.framework.name
            if name not in executors:
                executors[name] = stack.enter_context(Executor(target_of(name), 60.0))
            script = write_script(asked, verdict)
            assert script is not None
            end = executors[name].execute_together(script)
            assert end is not None, "the interpreter was lost"
            if shows(verdict, end):
                return "DIVERGES"
            return "CONFORMS" if end.how == "" else end.how

        yield execute
