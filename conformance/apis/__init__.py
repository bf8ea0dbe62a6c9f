"""The contracts: what each vendor's API takes and holds, and how that translates to the canonical layer and back.

One module per framework, one `Contract` per API. A module defines ``FRAMEWORK``, a `Framework`, and ``ENVIRONMENT``, an
`Environment` in literals, and nothing else need know of it: `frameworks` finds the one here, and
`conformance.environments` the other. The adapter of the same name is in ``conformance/targets/remote/adapters``.

What several frameworks share stands in modules of its own name: `padding` (strings and sides), `torch_style` (classes
with torch's arguments), `functional` (functions whose weight and bias are arguments), `common` (sizes and shapes).
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import replace

from conformance.apis.contract import (
    AS_THE_ORACLE,
    Contract,
    Framework,
    Layout,
    Limit,
    Mode,
    NoEquivalent,
    Source,
    StepSource,
)
from conformance.case import Target
from conformance.environments import Environment

__all__ = [
    "AS_THE_ORACLE",
    "Contract",
    "Environment",
    "Framework",
    "Layout",
    "Limit",
    "Mode",
    "NoEquivalent",
    "Source",
    "StepSource",
    "contracts",
    "framework_of",
    "framework_of_target",
    "frameworks",
]


@functools.cache
def frameworks() -> Mapping[str, Framework]:
    """Every framework that has a module here, by name."""
    by_name = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        if hasattr(module, "FRAMEWORK"):
            framework: Framework = module.FRAMEWORK
            by_name[framework.name] = framework
    return by_name


@functools.cache
def contracts() -> Mapping[str, Contract]:
    """Every contract by API."""
    return {contract.api: contract for framework in frameworks().values() for contract in framework.contracts}


def framework_of(api: str) -> Framework:
    """The framework that an API belongs to. KeyError where none has it."""
    for framework in frameworks().values():
        if any(contract.api == api for contract in framework.contracts):
            return framework
    raise KeyError(api)


def framework_of_target(target: Target) -> Framework:
    """The framework of a target, as the target runs it."""
    return _run_in(target.framework, target.mode, target.spec)


@functools.cache
def _run_in(name: str, mode: str, spec: str) -> Framework:
    framework = frameworks()[name].run_in(mode)
    variables = dict(_read_variables(spec))
    return replace(framework, source=replace(framework.source, variables=variables)) if variables else framework


def _read_variables(spec: str) -> Iterator[tuple[str, str]]:
    """The environment variables that execnet is to set, but for those that only this suite or Python itself reads."""
    for part in spec.split("//"):
        name, _, value = part.removeprefix("env:").partition("=")
        if part.startswith("env:") and not name.startswith(("CONFORMANCE_", "PYTHON")):
            yield name, value
