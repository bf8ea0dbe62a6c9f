"""How a conversation with a target fails. Its steps, and the error of each:

1. A person names a target.                                       UnusableNameError
2. An interpreter is started, bounded, and imports the framework. NoInterpreterError, NotStartedError, KilledError,
                                                                  MissingFrameworkError
3. Calls are sent; answers are awaited.                           LostError, whose cause says how
   - what arrives is read,                                        OversizeError
   - and understood as the answer to a call.                      ProtocolError

The errors of steps 1 and 2 are `TargetError`s: the target cannot be used, and the message has the remedy. The two under
step 3 are read as a `LostError` by everybody but the connection itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from conformance.printable import one_line


class TargetError(Exception):
    """A target that cannot be used: what is wrong with it, and the remedy."""


@dataclass(eq=False)
class UnusableNameError(TargetError):
    """The command line names no target that can be used. `target` is its name, or all that was written if none."""

    target: str
    problem: str

    def __str__(self) -> str:
        return f"--target {one_line(self.target)}: {one_line(self.problem)}"


@dataclass(eq=False)
class NotStartedError(TargetError):
    """The interpreter of an execnet specification cannot be started; `reason` is what it said itself."""

    spec: str
    reason: str

    def __str__(self) -> str:
        return f"{self.spec} cannot be started: {one_line(self.reason)}"


@dataclass(eq=False)
class KilledError(TargetError):
    """The interpreter was killed from outside while it started, which says nothing of it; `end` is how."""

    spec: str
    end: str

    def __str__(self) -> str:
        return f"{self.spec} was killed from outside while it started ({self.end}); run again, with more memory free"


@dataclass(eq=False)
class NoInterpreterError(TargetError):
    """There is no file at the path of a target's interpreter."""

    target: str
    framework: str
    path: str

    def __str__(self) -> str:
        return (
            f"no interpreter at {self.path}; `python3 -m conformance audit --frameworks {self.framework}` makes one, "
            f"or name one with --target {self.target}=/path/to/python"
        )


@dataclass(eq=False)
class MissingFrameworkError(TargetError):
    """An interpreter in which the framework cannot be imported. `install` is what it needs."""

    framework: str
    reason: str
    install: str

    def __str__(self) -> str:
        return f"{self.framework} cannot be used there: {one_line(self.reason)}; it needs {self.install}"


class Cause(StrEnum):
    """How a worker came to owe an answer."""

    DIED = "died"  # its process ended, by itself or by a signal
    KILLED = "killed"  # its process was ended by SIGKILL, which nobody here sent: no fault of the call
    TIMED_OUT = "timed out"  # it gave none within the limit
    SPOILED = "spoiled"  # it sent what is no answer: a framework may have written on the wire itself
    FAILED = "failed"  # its own loop raised, which is no fault of the framework


@dataclass(eq=False)
class LostError(Exception):
    """A worker that owes an answer and cannot give it.

    Attributes:
        cause: how that came.
        detail: the signal or exit code, what arrived instead of an answer, or the loop's own traceback; empty for a
            time-out.
    """

    cause: Cause
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.cause}: {self.detail}" if self.detail else str(self.cause)


class ProtocolError(Exception):
    """A worker's message that is not of the protocol's form."""


@dataclass(eq=False)
class OversizeError(EOFError):
    """A message too large to be read; the connection ends with it."""

    size: int
    most: int

    def __str__(self) -> str:
        return f"a message of {self.size} bytes, of which at most {self.most} are read"
