"""The environments of the frameworks, as their modules in ``conformance/apis`` describe them.

Standard library alone, and no module is imported: the two commands and tox ask before anything is installed.
"""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

MODULES = Path(__file__).resolve().parent / "apis"


class UnusableEnvironmentError(Exception):
    """An environment that cannot be used: where it is written, and the mend."""


@dataclass(frozen=True)
class Environment:
    """What has to be installed for a framework, and into what.

    A module writes it as ``ENVIRONMENT = Environment(...)``, with literals alone, so that it can be read without NumPy.

    Attributes:
        title: the framework's name as its makers write it.
        requires: pip's requirements, the audited version first.
        python: the interpreters that it has wheels for; the first that is found is taken.
        alone: requirements that are installed after those, without their own dependencies.
        is_default: whether an audit asks it that names no framework.
        modes: those in which an audit asks it that names it, besides without.
    """

    title: str
    requires: tuple[str, ...]
    python: tuple[str, ...] = ("python3.11", "python3.12", "python3.13")
    alone: tuple[str, ...] = ()
    is_default: bool = False
    modes: tuple[str, ...] = ()

    @property
    def install(self) -> str:
        """What a person has to have who makes it by hand: pip's arguments, and the interpreters."""
        versions = ", ".join(name.removeprefix("python") for name in self.python)
        return f"{shlex.join([*self.alone, *self.requires])} on CPython {versions}"


def read_environments(folder: Path = MODULES) -> Mapping[str, Environment]:
    """By the framework's name, those of the modules that have one: the default ones first, then by name.

    Raises:
        UnusableEnvironmentError: a module's is not written in literals, or lacks a field.
    """
    found = {}
    for path in sorted(folder.glob("*.py")):
        call = _find_call(ast.parse(path.read_text(encoding="utf-8")))
        if call is not None:
            found[path.stem] = _read_call(path, call)
    return dict(sorted(found.items(), key=lambda item: not item[1].is_default))


def choose_environments(asked: str | None, known: Mapping[str, Environment]) -> list[str]:
    """The names in a list with commas; the default ones where nothing is asked.

    Raises:
        UnusableEnvironmentError: nobody has a framework of such a name, or the list is empty.
    """
    if asked is None:
        return [name for name, environment in known.items() if environment.is_default]
    names = [name for name in asked.split(",") if name]
    for name in names:
        if name not in known:
            raise UnusableEnvironmentError(f"no framework is called {name!r}; known are {', '.join(known)}")
    if not names:
        raise UnusableEnvironmentError(f"no framework is named; known are {', '.join(known)}")
    return list(dict.fromkeys(names))


def join_titles(environments: Iterable[Environment]) -> str:
    """``A, B and C``."""
    titles = [environment.title for environment in environments]
    return " and ".join(part for part in (", ".join(titles[:-1]), titles[-1]) if part)


def _find_call(module: ast.Module) -> ast.Call | None:
    """What a module assigns to ENVIRONMENT."""
    for statement in module.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="ENVIRONMENT")], value=ast.Call() as call):
                return call
    return None


def _read_call(path: Path, call: ast.Call) -> Environment:
    try:
        fields = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
        return Environment(*map(ast.literal_eval, call.args), **fields)
    except (ValueError, TypeError) as error:
        place = f"{path}:{call.lineno}"
        raise UnusableEnvironmentError(f"{place}: ENVIRONMENT is written in literals alone: {error}") from error
