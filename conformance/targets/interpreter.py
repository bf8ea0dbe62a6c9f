"""An interpreter in a process of its own: started, bounded, listened to, ended."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, cast

import execnet
from execnet.gateway_base import ThreadExecModel

from conformance.targets import processes
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
REMOTE = "conformance.targets.remote"  # the modules that travel


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
        limits = self._gateway.remote_exec(source_of(f"{REMOTE}.limits"))
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
