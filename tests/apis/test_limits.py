"""The limits that a framework's module names are variables, which a results file and the README tell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.apis import frameworks
from conformance.targets.remote.limits import CORES
from conformance.targets.remote.worker.machine import OBEYED

NAMED = [
    pytest.param(name, limit, id=f"{framework.name}@{name}")
    for framework in frameworks().values()
    for name, limit in framework.limits.items()
]


@pytest.mark.parametrize(("name", "limit"), NAMED)
def test_a_limit_has_a_short_name_a_description_and_variables(name, limit):
    assert re.fullmatch(r"[a-z0-9]+", name)
    assert limit.description
    assert limit.variables


@pytest.mark.parametrize(("name", "limit"), NAMED)
def test_a_results_file_tells_the_variables(name, limit):
    for variable in limit.variables:
        assert variable == CORES or variable.startswith(OBEYED)


def test_the_readme_lists_those_of_the_default_frameworks():
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for framework in frameworks().values():
        if not framework.environment.is_default:
            continue
        rows = [line for line in readme.splitlines() if line.startswith((f"| `{framework.name}@", "| `@"))]
        listed = {name for row in rows for name in re.findall("@([a-z0-9]+)", row)}
        assert listed == framework.limits.keys()
