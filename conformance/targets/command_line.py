"""Targets as the command line names them.

    target  = name ["=" part ("//" part)*]      without the parts, the environment that tox makes for a framework
    name    = NAME ("@" (LIMIT | MODE))*        within limits, and in one mode, that the framework's module names, such
                                                as torch@avx2, torch@channels_last
    part    = option | place | detail           in any order, but the place before the details
    option  = "device=" DEVICE                  the framework's own name of a device
            | "framework=" FRAMEWORK            which framework is asked, if the name is not the framework's
            | "memory=" BYTES                   digits, or digits and one of K, M, G, T
            | "mode=" MODE                      as "@" MODE, of a target whose name is to be another
    place   = PATH | "python=" PATH             an interpreter here
            | "popen"                           here; the detail "python=" PATH says which
            | "ssh=" USER@HOST                  there, or another of execnet's ways to a machine
    detail  = KEY "=" VALUE                     execnet's: "env:NAME=VALUE" sets an environment variable,
                                                "python=" PATH names the interpreter, here or there

So `torch=/path/to/python`, `torch@avx2@1thread`, or
`npu=ssh=user@host//python=/path//framework=mindspore//device=Ascend`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import execnet

from conformance.apis import frameworks
from conformance.case import Target
from conformance.targets.errors import UnusableNameError
from conformance.targets.interpreter import Interpreter
from conformance.targets.sources import REMOTE, source_of

PROBE_LIMIT = 30.0  # seconds for an interpreter to say which frameworks it has
OPTIONS = ("device", "framework", "memory", "mode")
# Of execnet's details those that make sense for a target.
DETAILS = ("python", "nice", "chdir", "ssh_config", "id", "via", "installvia", "dont_write_bytecode")
PLACES = ("popen", "ssh", "socket", "vagrant_ssh")  # execnet's
UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def parse(text: str, root: Path) -> Target:
    """Read a target.

    Without the option ``framework`` the name is the framework's, or the interpreter is asked which one it has.

    Args:
        root: the folder of the environments that tox makes.

    Raises:
        UnusableNameError: the text is no target, or its interpreter does not exist or has no (or several) frameworks.
    """
    name, equals, rest = text.partition("=")
    plain, *said = name.split("@")
    if equals or plain not in frameworks():
        target = read_target(name, plain, text, rest)
    else:
        target = replace(default(plain, root), name=name, given=text)
    framework = frameworks()[target.framework]
    modes = [word for word in [target.mode, *said] if word in framework.modes]
    if len(modes) > 1:
        raise UnusableNameError(name, f"a target is run in one mode, not in {' and '.join(modes)}")
    settings = find_settings(name, target, [word for word in said if word not in framework.modes])
    limited = replace(target, spec="//".join([target.spec, *settings]), mode="")
    return run_in_mode(limited, modes[0]) if modes else limited


def run_in_mode(target: Target, mode: str) -> Target:
    """A target as a mode of its framework runs it.

    Raises:
        UnusableNameError: a variable that chooses the mode is set to something else.
    """
    given = execnet.XSpec(target.spec).env
    parts = [target.spec]
    for variable, value in frameworks()[target.framework].modes[mode].variables.items():
        if given.get(variable, value) != value:
            raise UnusableNameError(target.name, f"{variable} is set twice; @{mode} sets it too")
        if variable not in given:
            parts.append(f"env:{variable}={value}")
    return replace(target, spec="//".join(parts), mode=mode)


def read_target(name: str, plain: str, text: str, rest: str) -> Target:
    """A target whose place is given. Raises UnusableNameError.

    Args:
        plain: the name without limits and mode, which may be the framework's.
        rest: of the text, what follows the name.
    """
    options: dict[str, str] = {}
    parts: list[str] = []
    for part in rest.split("//"):
        key, _, value = part.partition("=")
        if key in OPTIONS:
            options[key] = value
        else:
            parts.append(part)
    if not name or not parts or not parts[0]:
        places = "NAME=/path/to/python, NAME=ssh=user@host//python=/path"
        raise UnusableNameError(text, f"expected {places}, or one of {', '.join(frameworks())}")
    check_keys(name, parts)
    spec = "//".join(read_place(name, parts))
    check_spec(name, spec)
    memory = read_bytes(name, options["memory"]) if "memory" in options else None
    framework = options.get("framework") or find_framework(plain, spec)
    if framework not in frameworks():
        raise UnusableNameError(name, f"unknown framework {framework!r}; known are {', '.join(frameworks())}")
    mode = options.get("mode", "")
    if mode and mode not in frameworks()[framework].modes:
        raise UnusableNameError(name, explain_unknown(framework, mode))
    return Target(name, framework, spec, options.get("device"), text, memory, mode)


def find_settings(name: str, target: Target, limits: Sequence[str]) -> Iterator[str]:
    """What execnet is to set besides for the names of limits.

    Raises:
        UnusableNameError: the framework has no such limit, or a variable is set twice.
    """
    known = frameworks()[target.framework].limits
    variables = set(execnet.XSpec(target.spec).env)
    for limit in limits:
        if limit not in known:
            raise UnusableNameError(name, explain_unknown(target.framework, limit))
        for variable, value in known[limit].variables.items():
            if variable in variables:
                raise UnusableNameError(name, f"{variable} is set twice; @{limit} sets it too")
            variables.add(variable)
            yield f"env:{variable}={value}"


def explain_unknown(framework: str, word: str) -> str:
    """That a word is neither a limit nor a mode of a framework, and which are."""
    known = frameworks()[framework]
    limits = ", ".join(f"{name} ({limit.description})" for name, limit in known.limits.items())
    modes = ", ".join(known.modes)
    has = "; ".join([*([f"limits are {limits}"] if limits else []), *([f"modes are {modes}"] if modes else [])])
    return f"no limit or mode of {framework} is called {word!r}; {has or 'it has none'}"


def read_place(name: str, parts: Sequence[str]) -> list[str]:
    """The parts of execnet's specification, of a place and its details; the paths of interpreters here are absolute."""
    place, *details = parts
    key, _, value = place.partition("=")
    if key == "python":
        return ["popen", f"python={read_path(name, value)}", *details]
    if key not in PLACES:
        return ["popen", f"python={read_path(name, place)}", *details]
    if key != "popen":
        return [place, *details]  # a path there says nothing here
    read = [place]
    for detail in details:
        key, _, value = detail.partition("=")
        read.append(f"python={read_path(name, value)}" if key == "python" else detail)
    return read


def check_keys(name: str, parts: Sequence[str]) -> None:
    """Raises UnusableNameError where a detail has a key that nobody reads: execnet would take it without a word."""
    for detail in parts[1:]:
        key = detail.partition("=")[0]
        if key and not key.startswith(("env:", "_")) and key not in DETAILS:
            known = ", ".join([*OPTIONS, "env:NAME", *DETAILS])
            raise UnusableNameError(name, f"unknown key {key!r}; known are {known}")


def read_path(name: str, path: str) -> str:
    """The absolute path of an interpreter. Raises UnusableNameError where there is none."""
    absolute = Path(path).expanduser().absolute()
    if not absolute.is_file():
        raise UnusableNameError(name, f"no interpreter at {path}; give the path of a Python interpreter")
    return str(absolute)


def check_spec(name: str, spec: str) -> None:
    """Raises UnusableNameError where execnet cannot read a specification: an empty key, or one that is there twice."""
    try:
        execnet.XSpec(spec)
    except (ValueError, LookupError, AttributeError) as error:
        raise UnusableNameError(name, f"{spec} is no specification for execnet ({error})") from error


def read_bytes(name: str, text: str) -> int:
    """A size in bytes. Raises UnusableNameError where it is none."""
    match = re.fullmatch(r"([1-9][0-9]{0,14})([KMGT]?)", text)
    if match is None:
        raise UnusableNameError(name, f"memory={text} is no size; write bytes, or 512M, 4G, 1T")
    return int(match[1]) * UNITS[match[2]]


def find_framework(name: str, spec: str) -> str:
    """The framework of that name, or the one that the interpreter has. Raises UnusableNameError."""
    if name in frameworks():
        return name
    installed = ask_frameworks(name, spec)
    if len(installed) != 1:
        has = f"has {' and '.join(installed)}" if installed else f"has none of {', '.join(frameworks())}"
        raise UnusableNameError(name, f"its interpreter {has}; add //framework=NAME")
    return installed[0]


def ask_frameworks(name: str, spec: str) -> list[str]:
    """Which of the frameworks an interpreter has. Raises UnusableNameError where it cannot be asked."""
    needed = {framework.name: {framework.name, *framework.needs} for framework in frameworks().values()}
    with Interpreter(spec) as interpreter:
        try:
            with interpreter.limit(PROBE_LIMIT):
                channel = interpreter.execute(source_of(f"{REMOTE}.probe"))
                channel.send(sorted(set().union(*needed.values())))
                installed = set(interpreter.receive(channel))
        except Exception as error:  # whatever it does instead of answering
            raise UnusableNameError(name, f"cannot start {spec}: {interpreter.explain(error)}") from error
    return [framework for framework, modules in needed.items() if modules <= installed]


def default(framework: str, root: Path) -> Target:
    """The target in the environment that tox makes."""
    python = root / ".tox" / framework / "bin" / "python"
    return Target(framework, framework, f"popen//python={python}", None, str(python.relative_to(root)))


def unique(targets: Sequence[Target]) -> Iterator[Target]:
    """The targets. Raises UnusableNameError where two have one name."""
    names: set[str] = set()
    for target in targets:
        if target.name in names:
            raise UnusableNameError(target.name, "given twice; give the second another name")
        names.add(target.name)
        yield target
