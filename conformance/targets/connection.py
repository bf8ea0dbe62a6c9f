"""A worker in a target: started, sent calls, its answers received, ended."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import execnet

from conformance.apis import frameworks
from conformance.case import Greeting, Target
from conformance.targets.errors import OversizeError, ProtocolError, TargetError
from conformance.targets.interpreter import LAST_MOMENT, REMOTE, Interpreter, source_of

START_LIMIT = 180.0  # seconds for an interpreter to start and import its framework
LOOK = 0.5  # seconds between looks at the process itself while it is silent


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
                self._channel = self._interpreter.execute(source_of(f"{REMOTE}.worker"))
                self._channel.send(
                    {
                        "framework": target.framework,
                        "adapter": source_of(f"{REMOTE}.adapters.{target.framework}"),
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
