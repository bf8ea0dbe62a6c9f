"""Targets: parse what the command line names, start a worker there, talk to it, end it."""

from __future__ import annotations

import contextlib
import importlib.util
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import execnet
from execnet.gateway_base import RemoteError
from execnet.gateway_bootstrap import HostNotFound

from conformance.apis import frameworks

START_LIMIT = 180.0  # seconds for an interpreter to start and import its framework
PROBE_LIMIT = 60.0
# One thread each: three frameworks and the oracle share the machine's cores.
ENVIRONMENT = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
RECEIVE_ERRORS = (EOFError, OSError, RemoteError)


class TargetError(Exception):
    """A target that cannot be used: what is wrong with it, and the mend."""


@dataclass(frozen=True)
class Target:
    """One installed framework to audit.

    Attributes:
        name: what reports call it; the framework's name for the default targets.
        framework: the framework's import name.
        spec: the execnet specification of its interpreter, such as ``popen//python=/path``.
        device: the framework's own name of a device; None for its default.
        given: what the command line said.
    """

    name: str
    framework: str
    spec: str
    device: str | None = None
    given: str = ""


@dataclass(frozen=True)
class Greeting:
    """What a started worker says of itself."""

    version: str
    environment: Mapping[str, str]
    folder: str
    pid: int
    previous: Mapping[str, str] = field(default_factory=dict)


def parse(text: str) -> Target:
    """A target as the command line names it: ``NAME=PATH`` or ``NAME=EXECNET-SPEC``.

    Keys of our own stand among execnet's: ``device=...`` and ``framework=...``; execnet's ``env:NAME=VALUE`` sets
    an environment variable. Without ``framework=`` the name is the framework's, or the interpreter is asked which
    one it has.

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
        if key in ("device", "framework"):
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
    return Target(name, framework, spec, keys.get("device"), text)


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
    source = (
        "import importlib.util\n"
        "channel.send([name for name in channel.receive() if importlib.util.find_spec(name) is not None])"
    )
    group = execnet.Group()
    try:
        channel = group.makegateway(spec).remote_exec(source)
        channel.send(list(frameworks()))
        found = channel.receive(PROBE_LIMIT)
    except (HostNotFound, ValueError, execnet.TimeoutError, *RECEIVE_ERRORS) as error:
        raise TargetError(f"--target {name}: cannot start {spec}: {_line(error)}") from error
    finally:
        group.terminate(1.0)
    if len(found) != 1:
        has = f"has {' and '.join(found)}" if found else f"has none of {', '.join(frameworks())}"
        raise TargetError(f"--target {name}: its interpreter {has}; add //framework=NAME")
    return str(found[0])




def _line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).strip().splitlines()[-1]


class Connection:
    """A started worker: send calls, receive results in the same order."""

    def __init__(self, target: Target, previous: str | None = None) -> None:
        """Start it.

        Args:
            previous: the folder of a worker that died here, to be read for its last words and removed.

        Raises:
            TargetError: the interpreter cannot be started, or the framework cannot be imported.
        """
        self.target = target
        self._group = execnet.Group()
        try:
            self._start(previous)
        except TargetError:
            self.end()
            raise
        except (HostNotFound, ValueError, execnet.TimeoutError, *RECEIVE_ERRORS) as error:
            how = self.end()
            raise TargetError(f"{target.spec} cannot be started: {_line(error)} ({how})") from error

    def _start(self, previous: str | None) -> None:
        target = self.target
        extra = "".join(f"//env:{k}={v}" for k, v in ENVIRONMENT.items() if f"env:{k}=" not in target.spec)
        python = execnet.XSpec(target.spec).python
        if target.spec.startswith("popen") and python and not Path(python).exists():
            raise TargetError(
                f"no interpreter at {target.given or python}; `python3 -m conformance audit` makes it, or name one with "
                f"--target {target.name}=/path/to/python"
            )
        self._gateway = self._group.makegateway(target.spec + extra)
        self._channel = self._gateway.remote_exec(source_of("conformance.worker"))
        adapter = source_of(f"conformance.adapters.{target.framework}")
        self._channel.send(
            {"framework": target.framework, "adapter": adapter, "device": target.device, "previous": previous}
        )
        said = self._channel.receive(START_LIMIT)
        if "failed" in said:
            install = frameworks()[target.framework].install
            raise TargetError(f"{target.framework} cannot be used there: {said['failed']}; it needs {install}")
        self.greeting = Greeting(
            said["version"], said["environment"], said["folder"], said["pid"], said.get("previous", {})
        )

    def send(self, calls: Sequence[Mapping[str, Any]]) -> None:
        """Send calls ahead. Raises OSError when the worker is gone."""
        self._channel.send(list(calls))

    def receive(self, limit: float) -> dict[str, Any]:
        """The next result. Raises one of `RECEIVE_ERRORS` when the worker died, execnet.TimeoutError after `limit` s."""
        result: dict[str, Any] = self._channel.receive(limit)
        return result

    def end(self, wait: float = 1.0) -> str:
        """End the worker, by force after `wait` seconds; say how its process ended."""
        with contextlib.suppress(OSError):
            self._group.terminate(wait)
        process = getattr(getattr(getattr(self, "_gateway", None), "_io", None), "popen", None)
        if process is None:
            return "the connection was lost"
        code = process.poll()
        if code is None:
            return "it did not end"
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    def kill(self) -> None:
        """End the worker at once."""
        process = getattr(getattr(self._gateway, "_io", None), "popen", None)
        if process is not None:
            process.kill()


def source_of(module: str) -> str:
    """A module's source, found without importing it: an adapter imports its framework, which is not installed here."""
    found = importlib.util.find_spec(module)
    assert found is not None and found.origin is not None, module
    return Path(found.origin).read_text(encoding="utf-8")


def unique(targets: Sequence[Target]) -> Iterator[Target]:
    """The targets, refusing two of one name."""
    seen: set[str] = set()
    for target in targets:
        if target.name in seen:
            raise TargetError(f"--target {target.name} is given twice; give the second another name")
        seen.add(target.name)
        yield target
