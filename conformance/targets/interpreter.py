"""An interpreter in a process of its own: started, bounded, listened to, ended."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any, cast

import execnet
from execnet.gateway_base import ThreadExecModel

from conformance.targets import processes
from conformance.targets.memory import count_kills
from conformance.targets.sources import REMOTE, source_of
from conformance.targets.waiting import Waiting
from conformance.targets.wire import Wire

LAST_MOMENT = 1.0  # seconds for a process to end by itself, once its connection is closed
# One thread each: three frameworks and the oracle share the machine's cores. Sets, which messages show, in one order.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
NOT_INHERITED = ("PYTHONPATH", "PYTHONHOME")  # they are about the host's interpreter
OLDEST = (3, 8)  # the version that the sources which travel are written for
WRITE_VERSION = "import sys; sys.stdout.write('%d %d' % tuple(sys.version_info[:2]))"
VERSION_LIMIT = 5.0  # seconds for an interpreter to say its version
MAX_REASON = 4000  # bytes of what a process said that are read for the reason

Start = Callable[..., "subprocess.Popen[bytes]"]


class Interpreter:
    """An interpreter with a process of its own (for a remote one: the ssh that leads there), bounded by `limits`.

    It is a context manager, whose end is the process's: `with Interpreter(spec) as interpreter`. Another thread may
    `kill` it at any moment, even while it is being started. The thread that starts it has to outlive it, because it
    asks the kernel to end it with that thread.
    """

    def __init__(self, spec: str, memory: int | None = None) -> None:
        """Nothing is started yet.

        Args:
            spec: execnet's specification, such as ``popen//python=/path``.
            memory: bytes that it may use; None for half of its machine's, which is known once it is started.
        """
        extra = [f"env:{name}={value}" for name, value in ENVIRONMENT.items() if f"env:{name}=" not in spec]
        self.spec = execnet.XSpec("//".join([spec, *extra]))
        # Without this, what is executed second may run in another thread, where signals mean something else.
        self.spec.execmodel = "main_thread_only"
        self.memory = memory
        self.local = bool(self.spec.popen)
        self._mark = processes.mark()
        self._group = execnet.Group(execmodel=_Threads(self._start))  # type: ignore[arg-type]
        self._gateway: execnet.Gateway | None = None
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  # what it says until its worker redirects it
        # What `kill` needs; the lock is held while a process is being started.
        self._lock = threading.Lock()
        self._killed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._ask_version: Sequence[str] = ()  # the command that starts it, with another line for it to execute
        self._kills: int | None = None  # for want of memory, before this one was started
        self._wire: Wire | None = None

    def __enter__(self) -> Interpreter:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def execute(self, source: str) -> execnet.Channel:
        """Start the process, bound it, and start source in it. Raises whatever comes of that."""
        self._gateway = self._group.makegateway(self.spec)
        limits = self._gateway.remote_exec(source_of(f"{REMOTE}.limits"))
        limits.send(self.memory)
        self.memory = self.receive(limits)
        limits.waitclose()
        return self._gateway.remote_exec(source)

    def _start(self, arguments: Sequence[str], **pipes: Any) -> subprocess.Popen[bytes]:
        """As `subprocess.Popen`, called by execnet: a marked process in a session of its own, its answers bounded."""
        environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        environment.update({name: value for name, value in self.spec.env.items() if isinstance(value, str)})
        environment[processes.VARIABLE] = self._mark
        if "TMPDIR" not in self.spec.env:
            environment[processes.FOLDER] = processes.folder()
        self._ask_version = [*arguments[:-1], WRITE_VERSION]
        if self.spec.ssh:
            self._ask_version = [*arguments[:-1], f'{self.spec.python or "python"} -c "{WRITE_VERSION}"']
            arguments = keep_signal(arguments)
        with self._lock:
            if self._killed:
                raise OSError("ended before it was started")
            self._kills = count_kills()
            self._process = subprocess.Popen(
                arguments, stderr=self._stderr, start_new_session=True, env=environment, **pipes
            )
            assert self._process.stdout is not None
            self._wire = Wire(self._process.stdout)
            self._process.stdout = cast(IO[bytes], self._wire)  # which execnet reads
            return self._process

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Kill the process when the block takes longer; what the block waits for then fails."""

        def give_up() -> None:
            self._stderr.write(f"\nno answer in {seconds:g} seconds\n".encode())
            self._stderr.flush()
            self.kill()

        timer = threading.Timer(seconds, give_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def receive(self, channel: execnet.Channel, limit: float | None = None) -> Any:
        """As the channel's `receive`. Whatever the process sends has to be received here, or the wire stops reading."""
        item = channel.receive(limit)
        assert self._wire is not None
        self._wire.mark_taken()
        return item

    def explain(self, error: BaseException) -> str:
        """Why the process could not be started, in one line: its own last one, where it has said something."""
        end = self.wait_for_end()
        version = find_version(self._ask_version) if self._ask_version else None
        if version is not None and version < OLDEST:
            return f"it is Python {version[0]}.{version[1]}, and needs CPython {OLDEST[0]}.{OLDEST[1]} or newer ({end})"
        with contextlib.suppress(OSError, ValueError):
            self._stderr.seek(0)
            lines = self._stderr.read()[-MAX_REASON:].decode("utf-8", "replace").strip().splitlines()
            if lines:
                return f"{lines[-1].strip()} ({end})"
        message = str(error) or type(error).__name__
        return f"{message.strip().splitlines()[-1]} ({end})"

    def watch(self) -> Waiting:
        """How long the process waits for a processor from now on."""
        return Waiting(self._process.pid if self.local and self._process is not None else None)

    def has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def wait_for_end(self) -> str:
        """How the process ended, whose connection is closed: within `LAST_MOMENT` seconds, or by being killed."""
        if self._process is None:
            return "not started"
        try:
            self._process.wait(LAST_MOMENT)
        except subprocess.TimeoutExpired:
            self.kill()
            return "killed, as its connection was broken"
        code = self._exit_code()
        assert code is not None
        end = describe_exit(code)
        return f"{end}, as memory ran out" if self.was_killed_from_outside() and count_kills() != self._kills else end

    def was_killed_from_outside(self) -> bool:
        """Whether the process was ended by SIGKILL, and not from here: the kernel does so when memory runs out."""
        return self._exit_code() == -signal.SIGKILL and not self._killed

    def _exit_code(self) -> int | None:
        """Minus the signal where one ended the interpreter; None while it lives. Over ssh a shell says 128 + signal."""
        code = None if self._process is None else self._process.poll()
        if code is None or self.local or code - 128 not in set(signal.Signals):
            return code
        return 128 - code

    def kill(self) -> None:
        """End the process at once, from any thread, and what it has started, but for what has left its session.

        `close`, which the owner still has to call, ends that too.
        """
        with self._lock:
            self._killed = True
            process = self._process
            wire = self._wire
        if wire is not None:
            wire.shut()
        if process is not None:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)

    def close(self, patience: float = 0.0) -> None:
        """End the process and all that it has started, and release what it held.

        Args:
            patience: seconds that an idle process has to end by itself.
        """
        if patience and self._gateway is not None and self._process is not None:
            self._gateway.exit()
            self._wait(patience)
        self.kill()
        processes.end_all(self._mark)
        with contextlib.suppress(OSError):
            self._group.terminate(LAST_MOMENT)
        self._wait(LAST_MOMENT)
        self._stderr.close()

    def _wait(self, limit: float) -> None:
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(limit)


class _Threads(ThreadExecModel):
    """execnet's threads, and processes that we start: it asks its model for the module `subprocess`."""

    def __init__(self, start: Start) -> None:
        self._subprocess = _Subprocess(start)

    @property
    def subprocess(self) -> Any:
        return self._subprocess


class _Subprocess:
    """What execnet uses of the module `subprocess`."""

    PIPE = subprocess.PIPE

    def __init__(self, start: Start) -> None:
        self.Popen = start


def keep_signal(arguments: Sequence[str]) -> list[str]:
    """An ssh's arguments with a shell around the command, whose exit code tells a signal, of which ssh says 255."""
    *before, command = arguments
    return [*before, f"exec sh -c {shlex.quote(f'{command}; exit $?')}"]


def find_version(command: Sequence[str]) -> tuple[int, int] | None:
    """The version that an interpreter says it has when asked by a command; None where it says none."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=VERSION_LIMIT, check=False
        )
        major, minor = map(int, done.stdout.split())
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return major, minor


def describe_exit(code: int) -> str:
    """How a process ended, by its exit code: minus the signal where one ended it."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
