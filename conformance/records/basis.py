"""What a verdict came from, as digests: another digest, and the verdict has to be asked for anew.

It came from its case, promises included; from the code that it went through, on this machine and in the target; and
from the target, its packages and environment, and how it was asked.
"""

from __future__ import annotations

import functools
import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

import conformance.apis
from conformance.case import Case, Greeting, Target
from conformance.certificate.fingerprint import ReadSource, imported_modules, travelling_modules
from conformance.targets.sources import source_of

# What makes a verdict, by name: these rooms are below this one. The expansion of specs is not among them, as a case
# that it makes otherwise is another case.
MAKES_VERDICTS = (
    "conformance.audit",
    "conformance.verdicts.repeat",
    "conformance.verdicts.twin",
    "conformance.reproducers.script",
)
PLAIN = frozenset({str, int, float, bool, type(None)})
LENGTH = 20  # of a digest, in hexadecimal digits


@dataclass(frozen=True)
class Basis:
    """What all verdicts of a run on a target came from, besides their cases.

    Attributes:
        code: digest of the modules that they went through.
        target: digest of the target, and of how it was asked.
    """

    code: str
    target: str


def find_basis(target: Target, greeting: Greeting, asked: Mapping[str, Any], read: ReadSource = source_of) -> Basis:
    """The basis of a target's verdicts.

    Args:
        greeting: of a worker of the target; where its process is does not matter.
        asked: the settings of a run that may change a verdict.
        read: gives the source of a module by its dotted name.
    """
    host = [platform.python_version(), np.__version__]
    there = [target.framework, target.spec, target.device, target.memory, greeting.version, dict(greeting.environment)]
    code = _digest_code(target.framework, target.mode, read)
    return Basis(code, _digest([host, there, target.mode, dict(asked)]))


def digest_case(case: Case) -> str:
    """The digest of a case, all of it but the line on which it stands."""
    return _digest(_describe(case))


def _describe(value: Any) -> Any:
    """A value as JSON data, different for different values, and the same in every process."""
    cls: Any = type(value)
    kind = cls.__name__
    if cls in PLAIN:
        return [kind, repr(value)]
    names = _list_fields(cls)
    if names is not None:
        return [kind, {name: _describe(getattr(value, name)) for name in names}]
    if isinstance(value, Mapping):
        return ["mapping", [[_describe(key), _describe(item)] for key, item in value.items()]]
    if isinstance(value, list | tuple):
        return [kind, [_describe(item) for item in value]]
    if isinstance(value, frozenset):
        return [kind, sorted((_describe(item) for item in value), key=repr)]
    return [kind, repr(value)]


@functools.cache
def _list_fields(kind: type) -> Sequence[str] | None:
    """The fields of a class of ours that count; None of any other."""
    return [field.name for field in fields(kind) if field.name != "line"] if is_dataclass(kind) else None


def _digest(data: Any) -> str:
    return hashlib.sha256(json.dumps(data).encode()).hexdigest()[:LENGTH]


@functools.cache
def _digest_code(framework: str, mode: str, read: ReadSource) -> str:
    """The digest of every module that a verdict on a framework goes through."""
    modules = sorted(modules_behind(framework, read, mode))
    return _digest([[module, read(module)] for module in modules])


def modules_behind(framework: str, read: ReadSource = source_of, mode: str = "") -> set[str]:
    """The modules that a verdict on a framework goes through, run in a mode."""
    # The contracts of a framework are imported by its name, which no import statement shows.
    waiting = [*MAKES_VERDICTS, f"{conformance.apis.__name__}.{framework}"]
    found = set(travelling_modules(framework, mode))
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += imported_modules(module, read)
    return found
