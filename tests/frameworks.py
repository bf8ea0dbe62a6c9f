"""The real frameworks, in the environments that tox makes; a test that needs one skips without it.

In CI, which makes the default ones, it fails without one of those.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest

from conformance.apis import frameworks
from conformance.case import Target
from conformance.reproducers.confirm import End, Executor
from conformance.targets.command_line import default

ROOT = Path(__file__).parents[1]

Execute: TypeAlias = Callable[[str, str], End]


def target_of(framework: str) -> Target:
    target = default(framework, ROOT)
    python = Path(target.spec.removeprefix("popen//python="))
    if not python.exists():
        reason = f"no environment .tox/{framework}: `tox -e {framework}` makes it"
        is_needed = os.environ.get("CI") and frameworks()[framework].environment.is_default
        (pytest.fail if is_needed else pytest.skip)(reason)
    return target


@pytest.fixture(params=sorted(frameworks()))
def target(request: pytest.FixtureRequest) -> Target:
    return target_of(request.param)


@pytest.fixture(scope="module")
def execute() -> Iterator[Execute]:
    """How a script ends in a framework, which is started once for all scripts of a module's tests."""
    executors: dict[str, Executor] = {}
    with ExitStack() as stack:

        def execute_in(framework: str, script: str) -> End:
            if framework not in executors:
                executors[framework] = stack.enter_context(Executor(target_of(framework), 60.0))
            end = executors[framework].execute_together(script)
            assert end is not None, "the interpreter was lost"
            return end

        yield execute_in
