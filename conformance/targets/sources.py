"""The source of what travels: programs of one file, and the files of a worker."""

from __future__ import annotations

import importlib.util
import pkgutil
from collections.abc import Mapping
from pathlib import Path

REMOTE = "conformance.targets.remote"  # the modules that travel
WORKER = "conformance_worker"  # what the package `remote.worker` is called there


def source_of(module: str) -> str:
    """A module's source, found without importing it: an adapter imports its framework, which is not installed here."""
    spec = importlib.util.find_spec(module)
    assert spec is not None, module
    assert spec.origin is not None, module
    return Path(spec.origin).read_text(encoding="utf-8")


def modules_of_worker() -> Mapping[str, str]:
    """The modules of the worker: for the path of each file there, relative to the worker's folder, its name here."""
    package = f"{REMOTE}.worker"
    spec = importlib.util.find_spec(package)
    assert spec is not None, package
    modules = {f"{WORKER}/__init__.py": package}
    for module in pkgutil.iter_modules(spec.submodule_search_locations):
        modules[f"{WORKER}/{module.name}.py"] = f"{package}.{module.name}"
    return modules


def name_adapter(framework: str) -> str:
    """What the adapter of a framework is called there. Stack traces in recorded verdicts have this name."""
    return f"conformance_adapter_{framework}"


def name_modes(framework: str) -> str:
    """What the modes of a framework are called there."""
    return f"{name_adapter(framework)}_modes"
