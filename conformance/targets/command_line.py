"""Targets as the command line names them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from conformance.apis import frameworks
from conformance.case import Target
from conformance.targets.errors import TargetError
from conformance.targets.interpreter import REMOTE, Interpreter, source_of

PROBE_LIMIT = 60.0  # seconds for an interpreter to say which frameworks it has
UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def parse(text: str) -> Target:
    """A target as the command line names it: ``NAME=PATH`` or ``NAME=EXECNET-SPEC``.

    Keys of our own stand among execnet's: ``device=...``, ``framework=...`` and ``memory=4G``; execnet's
    ``env:NAME=VALUE`` sets an environment variable. Without ``framework=`` the name is the framework's, or the
    interpreter is asked which one it has.

    Raises:
        TargetError: it names nothing, or its interpreter does not exist or has no (or several) frameworks.
    """
    name, separator, rest = text.partition("=")
    if not name or not separator or not rest:
        raise TargetError(f"--target {text}: expected NAME=/path/to/python or NAME=ssh=user@host//python=/path")
    keys: dict[str, str] = {}
    kept: list[str] = []
    for number, part in enumerate(rest.split("//")):
        key, _, value = part.partition("=")
        if key in ("device", "framework", "memory"):
            keys[key] = value
        elif number == 0 and key not in ("popen", "ssh", "socket", "vagrant_ssh", "python"):
            kept += ["popen", f"python={_existing(name, part)}"]
        elif key == "python" and number == 0:
            kept += ["popen", f"python={_existing(name, value)}"]
        elif key == "python" and kept[:1] == ["popen"]:
            kept.append(f"python={_existing(name, value)}")
        else:
            kept.append(part)
    spec = "//".join(kept)
    framework = keys.get("framework") or (name if name in frameworks() else _probe(name, spec))
    if framework not in frameworks():
        raise TargetError(f"--target {name}: unknown framework {framework!r}; known are {', '.join(frameworks())}")
    memory = _bytes(name, keys["memory"]) if "memory" in keys else None
    return Target(name, framework, spec, keys.get("device"), text, memory)


def _bytes(name: str, text: str) -> int:
    found = re.fullmatch(r"([1-9][0-9]{0,14})([KMGT]?)", text)
    if found is None:
        raise TargetError(f"--target {name}: memory={text} is no size; write bytes, or 512M, 4G, 1T")
    return int(found[1]) * UNITS[found[2]]


def default(framework: str, root: Path) -> Target:
    """The target in the environment that tox makes."""
    python = root / ".tox" / framework / "bin" / "python"
    return Target(framework, framework, f"popen//python={python}", None, str(python.relative_to(root)))


def _existing(name: str, path: str) -> str:
    found = Path(path).expanduser().absolute()
    if not found.is_file():
        raise TargetError(f"--target {name}: no interpreter at {path}; give the path of a Python interpreter")
    return str(found)


def _probe(name: str, spec: str) -> str:
    """Ask an interpreter which of the frameworks it has."""
    interpreter = Interpreter(spec)
    try:
        with interpreter.limit(PROBE_LIMIT):
            channel = interpreter.execute(source_of(f"{REMOTE}.probe"))
            channel.send(list(frameworks()))
            found = interpreter.receive(channel)
    except Exception as error:  # whatever it does instead of answering
        raise TargetError(f"--target {name}: cannot start {spec}: {interpreter.reason(error)}") from error
    finally:
        interpreter.close()
    if len(found) != 1:
        has = f"has {' and '.join(found)}" if found else f"has none of {', '.join(frameworks())}"
        raise TargetError(f"--target {name}: its interpreter {has}; add //framework=NAME")
    return str(found[0])


def unique(targets: Sequence[Target]) -> Iterator[Target]:
    """The targets, refusing two of one name."""
    seen: set[str] = set()
    for target in targets:
        if target.name in seen:
            raise TargetError(f"--target {target.name} is given twice; give the second another name")
        seen.add(target.name)
        yield target
