"""Targets: parse what the command line names, start a worker there, talk to it, end it."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, cast

import execnet
from execnet.gateway_base import ThreadExecModel

from conformance import processes
from conformance.apis import frameworks
from conformance.protocol import ProtocolError
from conformance.wire import OversizeError, Wire

START_LIMIT = 180.0  # seconds for an interpreter to start and import its framework
PROBE_LIMIT = 60.0
LOOK = 0.5  # seconds between looks at the process itself while it is silent
LAST_MOMENT = 1.0  # seconds for a process to end by itself, once its connection is closed
# One thread each: three frameworks and the oracle share the machine's cores. Sets, which messages show, in one order.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
NOT_INHERITED = ("PYTHONPATH", "PYTHONHOME")  # they are about the host's interpreter
UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


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
        memory: bytes that its process may use; None for half of its machine's.
    """

    name: str
    framework: str
    spec: str
    device: str | None = None
    given: str = ""
    memory: int | None = None


@dataclass(frozen=True)
class Greeting:
    """What a started worker says of itself.

    Attributes:
        previous: the last words of the worker before it.
        defaults: by API, the repr of each default in its signature, where that can be read.
    """

    version: str
    environment: Mapping[str, str]
    folder: str
    pid: int
    previous: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


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
    source = (
        "import importlib.util\n"
        "channel.send([name for name in channel.receive() if importlib.util.find_spec(name) is not None])"
    )
    interpreter = Interpreter(spec)
    try:
        with interpreter.limit(PROBE_LIMIT):
            channel = interpreter.execute(source)
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


class _Execution(ThreadExecModel):
    """execnet's threads, and processes that another function starts."""

    def __init__(self, popen: Any) -> None:
        self._popen = popen

    @property
    def subprocess(self) -> Any:
        return SimpleNamespace(PIPE=subprocess.PIPE, Popen=self._popen)


class Interpreter:
    """An interpreter with a process of its own (for a remote one: the ssh that leads there), bounded by `limits`.

    `kill` ends it from any thread at any moment, even while it is being started. The thread that starts it has to
    outlive it, because it asks the kernel to end it with that thread.
    """

    def __init__(self, spec: str, memory: int | None = None) -> None:
        """`memory` are the bytes that it may use; None for half of its machine's, until it is started."""
        extra = [f"env:{name}={value}" for name, value in ENVIRONMENT.items() if f"env:{name}=" not in spec]
        self.spec = execnet.XSpec("//".join([spec, *extra]))
        self.memory = memory
        # Without this, what is executed second may run in another thread, where signals mean something else.
        self.spec.execmodel = "main_thread_only"
        self.local = bool(self.spec.popen)
        self._group = execnet.Group(execmodel=_Execution(self._popen))  # type: ignore[arg-type]
        self._gateway: execnet.Gateway | None = None
        self._lock = threading.Lock()
        self._killed = False
        self._mark = processes.mark()
        self._process: subprocess.Popen[bytes] | None = None
        self._wire: Wire | None = None
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  # what it says until its worker redirects it

    def _popen(self, arguments: Sequence[str], **pipes: Any) -> subprocess.Popen[bytes]:
        environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        environment.update({name: value for name, value in self.spec.env.items() if isinstance(value, str)})
        environment[processes.VARIABLE] = self._mark
        with self._lock:
            if self._killed:
                raise OSError("ended before it was started")
            # In a session of its own: a terminal's Ctrl-C is the host's affair, and what it forked ends with it.
            self._process = subprocess.Popen(
                arguments, stderr=self._stderr, start_new_session=True, env=environment, **pipes
            )
            assert self._process.stdout is not None
            self._wire = Wire(self._process.stdout)
            self._process.stdout = cast(IO[bytes], self._wire)  # which execnet reads
            return self._process

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """End the interpreter when the block takes longer; what it waits for then fails."""

        def too_long() -> None:
            self._stderr.write(f"\nno answer in {seconds:g} seconds\n".encode())
            self._stderr.flush()
            self.kill()

        timer = threading.Timer(seconds, too_long)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def execute(self, source: str) -> execnet.Channel:
        """Start it, bound it, and start source in it. Raises whatever comes of that."""
        self._gateway = self._group.makegateway(self.spec)
        limits = self._gateway.remote_exec(source_of("conformance.limits"))
        limits.send(self.memory)
        self.memory = self.receive(limits)
        limits.waitclose()
        return self._gateway.remote_exec(source)

    def receive(self, channel: execnet.Channel, limit: float | None = None) -> Any:
        """As the channel's: every item that it executes something for has to be taken from here."""
        item = channel.receive(limit)
        assert self._wire is not None
        self._wire.taken()
        return item

    def reason(self, error: BaseException) -> str:
        """Why it could not be started, in one line: its own last one, where it has said something."""
        how = self.ended()
        with contextlib.suppress(OSError, ValueError):
            self._stderr.seek(0)
            lines = self._stderr.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
            if lines:
                return f"{lines[-1].strip()} ({how})"
        return f"{(str(error) or type(error).__name__).strip().splitlines()[-1]} ({how})"

    def exited(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def ended(self) -> str:
        """How the process ended whose connection is closed; it is made to end if it has not."""
        if self._process is None:
            return "not started"
        try:
            code = self._process.wait(LAST_MOMENT)
        except subprocess.TimeoutExpired:
            self.kill()
            return "killed, as its connection was broken"
        return ending(code)

    def kill(self) -> None:
        """End it at once, and what it has started, but for what has left its session, which `close` ends."""
        with self._lock:
            self._killed = True
            process, wire = self._process, self._wire
        if wire is not None:
            wire.release()
        if process is not None:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)

    def close(self, wait: float = 0.0) -> None:
        """End it, allowing an idle one `wait` seconds to end by itself, and forget it."""
        if wait and self._gateway is not None and self._process is not None:
            self._gateway.exit()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(wait)
        self.kill()
        processes.end_all(self._mark)
        with contextlib.suppress(OSError):
            self._group.terminate(LAST_MOMENT)
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(LAST_MOMENT)
        self._stderr.close()


class Connection:
    """A worker in a target: send calls, receive results in the same order."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._interpreter = Interpreter(target.spec, target.memory)
        self._channel: execnet.Channel | None = None
        self.folder: str | None = None
        self._folders: list[str] = []  # to be removed in the end

    def start(self, previous: str | None = None) -> Greeting:
        """Start the worker.

        Args:
            previous: the folder of a worker that died here, to be read for its last words and removed.

        Raises:
            TargetError: the interpreter cannot be started, or the framework cannot be imported.
        """
        target, python = self.target, self._interpreter.spec.python
        self._folders += [previous] if previous is not None else []
        if self._interpreter.local and python and not Path(python).exists():
            raise TargetError(
                f"no interpreter at {target.given or python}; `python3 -m conformance audit` makes it, "
                f"or name one with --target {target.name}=/path/to/python"
            )
        try:
            with self._interpreter.limit(START_LIMIT):
                self._channel = self._interpreter.execute(source_of("conformance.worker"))
                self._channel.send(
                    {
                        "framework": target.framework,
                        "adapter": source_of(f"conformance.adapters.{target.framework}"),
                        "device": target.device,
                        "apis": [contract.api for contract in frameworks()[target.framework].contracts],
                        "memory": self._interpreter.memory,
                        "previous": previous,
                    }
                )
                said = self._interpreter.receive(self._channel)
            if "failed" not in said:
                self.folder = said["folder"]
                self._folders.append(said["folder"])
                return Greeting(
                    said["version"],
                    said["environment"],
                    said["folder"],
                    said["pid"],
                    said["previous"],
                    said["defaults"],
                )
        except Exception as error:  # whatever a foreign interpreter does instead of starting is that target's failure
            raise TargetError(f"{target.spec} cannot be started: {self._interpreter.reason(error)}") from error
        install = frameworks()[target.framework].install
        raise TargetError(f"{target.framework} cannot be used there: {said['failed']}; it needs {install}")

    def send(self, calls: Sequence[Mapping[str, Any]]) -> None:
        """Send calls ahead. Raises OSError when the worker is gone."""
        assert self._channel is not None
        self._channel.send(list(calls))

    def receive(self, limit: float) -> Any:
        """The next answer.

        Raises:
            EOFError, OSError: the worker is gone.
            ProtocolError: what came was no message, or is too large.
            RemoteError: the worker's own loop has ended.
            execnet.TimeoutError: there is none within `limit` seconds.
        """
        assert self._channel is not None
        end = time.monotonic() + limit
        while True:
            left = end - time.monotonic()
            try:
                return self._interpreter.receive(self._channel, max(0.0, min(LOOK, left)))
            except execnet.TimeoutError:
                if self._interpreter.exited():  # what it has forked may hold the connection open
                    raise EOFError("the process has exited") from None
                if left <= LOOK:
                    raise
            except OversizeError as error:
                raise ProtocolError(str(error)) from error
            except EOFError as error:
                if error.args:
                    raise
                raise ProtocolError("what came was no message") from None  # execnet closed the connection itself

    def ended(self) -> str:
        """How the process ended, which has closed the connection."""
        return self._interpreter.ended()

    def kill(self) -> None:
        """End the worker at once, from any thread, even while it is being started."""
        self._interpreter.kill()

    def close(self) -> None:
        """End a worker that is lost; its folder stays for the next one to read."""
        self._interpreter.close()

    def finish(self) -> None:
        """End a worker for good, gently where it is idle, so that it leaves nothing behind."""
        self._interpreter.close(LAST_MOMENT / 2)
        self.abandon()

    def abandon(self) -> None:
        """End a worker for good, from any thread, without waiting for anything."""
        self._interpreter.kill()
        for folder in self._folders if self._interpreter.local else ():
            shutil.rmtree(folder, ignore_errors=True)


def source_of(module: str) -> str:
    """A module's source, found without importing it: an adapter imports its framework, which is not installed here."""
    found = importlib.util.find_spec(module)
    assert found is not None, module
    assert found.origin is not None, module
    return Path(found.origin).read_text(encoding="utf-8")


def ending(code: int) -> str:
    """How a process ended, by its exit code: minus the signal where one ended it."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def unique(targets: Sequence[Target]) -> Iterator[Target]:
    """The targets, refusing two of one name."""
    seen: set[str] = set()
    for target in targets:
        if target.name in seen:
            raise TargetError(f"--target {target.name} is given twice; give the second another name")
        seen.add(target.name)
        yield target
