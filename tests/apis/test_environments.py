"""The environments that a framework's module names are variables that its target obeys, and says so."""

from __future__ import annotations

import re

import pytest

from conformance.apis import frameworks
from conformance.targets.remote.limits import CORES
from conformance.targets.remote.worker.machine import OBEYED

NAMED = [
    pytest.param(name, environment, id=f"{framework.name}@{name}")
    for framework in frameworks().values()
    for name, environment in framework.environments.items()
]


@pytest.mark.parametrize(("name", "environment"), NAMED)
def test_an_environment_has_a_short_name_a_description_and_variables(name, environment):
    assert re.fullmatch(r"[a-z0-9]+", name)
    assert environment.description
    assert environment.variables


@pytest.mark.parametrize(("name", "environment"), NAMED)
def test_a_results_file_tells_the_variables(name, environment):
    for variable in environment.variables:
        assert variable == CORES or variable.startswith(OBEYED)
