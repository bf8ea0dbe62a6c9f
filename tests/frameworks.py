"""The real frameworks, in the environments that tox makes; a test that needs one skips without it.

In CI, which makes the default ones, it fails without one of those.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conformance.apis import frameworks
from conformance.case import Target
from conformance.targets.command_line import default

ROOT = Path(__file__).parents[1]


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
