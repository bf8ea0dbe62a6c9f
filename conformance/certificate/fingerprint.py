"""What a certificate rests on, as one number: another number, and it has to be made anew.

It rests on the target (its interpreter with its packages, its device, mode and environment), on what is installed
here, on every module that makes it (the checks, and what they
import: contracts, oracle, judge, protocol), and on the modules that travel to the target.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import json
import pkgutil
import platform
from collections.abc import Callable, Iterator

import conformance.apis
import conformance.targets.remote
from conformance.case import Greeting, Target
from conformance.targets.remote.worker.machine import digest_packages
from conformance.targets.sources import source_of

PACKAGES = ("conformance", "conv_reference")
MAKES_CERTIFICATES = "conformance.certificate.certify"

ReadSource = Callable[[str], str]  # a module's dotted name -> its source


def compute_fingerprint(target: Target, greeting: Greeting, read: ReadSource = source_of) -> str:
    """The fingerprint, in hexadecimal.

    Args:
        greeting: of a worker of the target; where its process is does not matter.
        read: gives the source of a module by its dotted name.
    """
    host = [platform.python_version(), digest_packages()]
    there = [target.spec, target.device, target.mode, greeting.version, dict(greeting.environment)]
    digest = hashlib.sha256(json.dumps([host, there]).encode())
    for module in sorted(modules_behind(target.framework, read, target.mode)):
        digest.update(f"\n{module}\n".encode())
        digest.update(read(module).encode())
    return digest.hexdigest()


def modules_behind(framework: str, read: ReadSource = source_of, mode: str = "") -> set[str]:
    """The modules that a certificate of a framework rests on, run in a mode."""
    # The contracts of a framework are imported by its name, which no import statement shows.
    contracts = f"{conformance.apis.__name__}.{framework}"
    found = set(travelling_modules(framework, mode))
    waiting = [MAKES_CERTIFICATES, contracts]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += imported_modules(module, read)
    return found


def travelling_modules(framework: str, mode: str = "") -> Iterator[str]:
    """The modules that are sent to a target of a framework: no other framework's adapter, and modes where one is."""
    remote = conformance.targets.remote
    adapters = f"{remote.__name__}.adapters"
    modes = f"{remote.__name__}.modes"
    for info in pkgutil.walk_packages(remote.__path__, f"{remote.__name__}."):
        if not info.name.startswith((f"{adapters}.", f"{modes}.")):
            yield info.name
    yield f"{adapters}.{framework}"
    if mode:
        yield f"{modes}.{framework}"


@functools.cache
def imported_modules(module: str, read: ReadSource) -> frozenset[str]:
    """This project's modules that a module imports, the packages around them among them."""
    spec = importlib.util.find_spec(module)
    assert spec is not None, module
    package = module if spec.submodule_search_locations is not None else module.rpartition(".")[0]
    named = {package}
    for node in ast.walk(ast.parse(read(module))):
        if isinstance(node, ast.Import):
            named.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            origin = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            named.add(origin)
            # What is imported from a package may be a module of it.
            named.update(f"{origin}.{alias.name}" for alias in node.names)
    found: set[str] = set()
    for name in named:
        parts = name.split(".")
        if parts[0] in PACKAGES:
            found.update(".".join(parts[:count]) for count in range(1, len(parts) + 1))
    return frozenset(name for name in found if is_module(name))


def is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # what seems to be the package around it is a module
        return False
