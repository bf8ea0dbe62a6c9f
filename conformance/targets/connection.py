"""A worker in a target: started, sent calls, its answers received, ended."""

from __future__ import annotations

import marshal
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import execnet
from execnet.gateway_base import RemoteError

from conformance.apis import framework_of_target
from conformance.case import Greeting, Observation, Target
from conformance.targets.errors import (
    Cause,
    KilledError,
    LostError,
    MissingFrameworkError,
    NoInterpreterError,
    NotStartedError,
    OversizeError,
    ProtocolError,
)
from conformance.targets.interpreter import LAST_MOMENT, Interpreter
from conformance.targets.protocol import decode_answer
from conformance.targets.sources import REMOTE, WORKER, modules_of_worker, name_adapter, name_modes, source_of

START_LIMIT = 90.0  # seconds for an interpreter to start and import its framework
MARSHAL = 4  # the version of its format that every Python from 3.4 on reads
LOOK = 0.5  # seconds between looks at the process itself while it is silent
MOST = 10  # times its limit that a call may take in all, where its process waits for a processor


def limit_start(limit: float) -> float:
    """Seconds for a start beside calls of this limit: where those are given long, as many targets work at once."""
    return max(START_LIMIT, limit)


class Connection:
    """A worker in a target: send calls, receive results in the same order.

    It is a context manager, whose end is the worker's and its folder's: `with Connection(target) as worker`. Other
    threads may `kill` or `abandon` the worker, even while it is being started.
    """

    def __init__(self, target: Target) -> None:
        """Nothing is started yet."""
        self.target = target
        self.folder: str | None = None  # where the worker works
        self._interpreter = Interpreter(target.spec, target.memory)
        self._channel: execnet.Channel | None = None
        self._folders: list[str] = []  # to be removed in the end

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """End the worker, gently where it is idle, so that it leaves nothing behind."""
        self._interpreter.close(patience=LAST_MOMENT / 2)
        self._remove_folders()

    def start(self, previous: str | None = None, limit: float = START_LIMIT) -> Greeting:
        """Start the worker.

        Args:
            previous: the folder of a worker that died here, to be read for its last words and removed.
            limit: seconds to wait.

        Raises:
            TargetError: the interpreter cannot be started, or the framework cannot be imported.
        """
        if previous is not None:
            self._folders.append(previous)
        self._check_interpreter()
        try:
            with self._interpreter.limit(limit):
                answer = self._converse(previous)
            if "failed" not in answer:
                self.folder = answer["folder"]
                self._folders.append(answer["folder"])
                return decode_greeting(answer)
        except Exception as error:  # whatever a foreign interpreter does instead of starting is that target's failure
            reason = self._interpreter.explain(error)
            if self._interpreter.was_killed_from_outside():
                raise KilledError(self.target.spec, self._interpreter.wait_for_end()) from error
            raise NotStartedError(self.target.spec, reason) from error
        framework = framework_of_target(self.target)
        reason = str(answer["failed"])
        lacks_numpy = "No module named 'numpy'" in reason
        raise MissingFrameworkError(framework.name, reason, "NumPy" if lacks_numpy else framework.environment.install)

    def _check_interpreter(self) -> None:
        """Raises NoInterpreterError where a file is named, and is not there."""
        python = self._interpreter.spec.python
        if self._interpreter.local and python and not Path(python).exists():
            raise NoInterpreterError(self.target.name, self.target.framework, self.target.given or python)

    def _converse(self, previous: str | None) -> Any:
        """The worker's answer to its files and settings."""
        framework = self.target.framework
        adapter = name_adapter(framework)
        files = {path: source_of(module) for path, module in modules_of_worker().items()}
        files[f"{adapter}.py"] = source_of(f"{REMOTE}.adapters.{framework}")
        modes = name_modes(framework)
        if self.target.mode:
            files[f"{modes}.py"] = source_of(f"{REMOTE}.modes.{framework}")
        self._channel = self._interpreter.execute(source_of(f"{REMOTE}.boot"))
        self._channel.send((files, f"{WORKER}.main"))
        self._channel.send(
            {
                "adapter": adapter,
                "device": self.target.device,
                "modes": modes,
                "mode": self.target.mode,
                "apis": [contract.api for contract in framework_of_target(self.target).contracts],
                "memory": self._interpreter.memory,
                "previous": previous,
            }
        )
        return self._interpreter.receive(self._channel)

    def send(self, calls: Sequence[Mapping[str, Any]]) -> None:
        """Send calls ahead. Raises OSError when the worker is gone."""
        assert self._channel is not None
        self._channel.send(marshal.dumps(list(calls), MARSHAL))

    def receive(self, number: int, limit: float) -> Observation:
        """The next answer, which has to be that to the call of this number.

        Args:
            limit: seconds to wait, besides those in which the process waits for a processor.

        Raises:
            LostError: there is no such answer; here a crash is told from a time-out.
        """
        try:
            return decode_answer(self._take(limit), number)
        except execnet.TimeoutError:
            raise LostError(Cause.TIMED_OUT, f"{limit:g}") from None
        except RemoteError as error:
            raise LostError(Cause.FAILED, str(error)) from error
        except (ProtocolError, OversizeError) as error:
            raise LostError(Cause.SPOILED, str(error)) from error
        except (EOFError, OSError) as error:
            end = self._interpreter.wait_for_end()
            cause = Cause.KILLED if self._interpreter.was_killed_from_outside() else Cause.DIED
            raise LostError(cause, end) from error

    def _take(self, limit: float) -> Any:
        """Whatever arrives next.

        Raises:
            execnet.TimeoutError: nothing does within `limit` seconds of the process's own.
            EOFError, OSError: the process has ended, or closed its end of the connection.
            RemoteError: the worker's own loop has ended.
            OversizeError, ProtocolError: it was too large, or no message.
        """
        assert self._channel is not None
        start = time.monotonic()
        end = start + limit
        waiting = None
        while True:
            left = end - time.monotonic()
            try:
                return self._interpreter.receive(self._channel, max(0.0, min(LOOK, left)))
            except execnet.TimeoutError:
                if self._interpreter.has_ended():
                    return self._take_last()
                # A framework is not slow because others work on its machine. Most answers are there before this.
                if waiting is None:
                    waiting = self._interpreter.watch()
                end = min(end + waiting.look(), start + MOST * limit)
                if time.monotonic() >= end:
                    raise
            except OversizeError:
                raise
            except EOFError as error:
                if error.args:
                    raise
                raise ProtocolError("what came was no message") from None  # execnet closed the connection itself

    def _take_last(self) -> Any:
        """What a process has said that has ended: it may still be on its way here. Raises as `_take`."""
        assert self._channel is not None
        try:
            return self._interpreter.receive(self._channel, LAST_MOMENT)
        except execnet.TimeoutError:  # what it has forked may hold the connection open
            raise EOFError("the process has ended") from None

    def kill(self) -> None:
        """End the worker at once, from any thread."""
        self._interpreter.kill()

    def abandon(self) -> None:
        """End the worker and remove its folder, from any thread, without waiting for anything."""
        self.kill()
        self._remove_folders()

    def leave_folders(self) -> None:
        """Let the folders stay when this ends: there are last words in them, for the next worker to read."""
        self._folders.clear()

    def _remove_folders(self) -> None:
        if self._interpreter.local:
            for folder in self._folders:
                shutil.rmtree(folder, ignore_errors=True)


def decode_greeting(answer: Mapping[str, Any]) -> Greeting:
    """What a started worker says of itself."""
    return Greeting(
        version=answer["version"],
        environment=answer["environment"],
        folder=answer["folder"],
        pid=answer["pid"],
        previous=answer["previous"],
        defaults=answer["defaults"],
    )
