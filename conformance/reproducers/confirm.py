"""Executes scripts in their target, to see whether they show what their verdicts say."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import execnet

from conformance.case import Confirmation, Outcome, Target
from conformance.targets.interpreter import Interpreter, describe_exit
from conformance.targets.sources import REMOTE, source_of

LIMIT = 120.0  # seconds for a script, the framework's import included
MAX_PRINTED = 4000  # characters


class NotExecutedError(Exception):
    """The target's interpreter could not be asked to execute a script."""


@dataclass(frozen=True)
class End:
    """How a script ended.

    Attributes:
        how: "" where it ran to its end; else the last line of its traceback ("AssertionError: ..."), the signal that
            ended it ("SIGFPE"), its exit code ("exit code 3"), or "no end" within the limit.
        printed: the end of what it printed.
    """

    how: str
    printed: str


@dataclass(frozen=True)
class Execution:
    """How a script ran that had a process of its own.

    Attributes:
        code: the exit code, minus the signal where one ended it; None when it was ended at its limit.
        printed: the end of what it printed.
        complaints: the end of what it said on stderr.
    """

    code: int | None
    printed: str
    complaints: str

    def shows(self, outcome: Outcome) -> bool:
        """Whether that is what a verdict of this outcome says.

        A divergence is shown by the last line, a crash by the end of the process (an exception is none), a time-out
        by the limit.
        """
        if outcome is Outcome.TIMED_OUT:
            return self.code is None
        if outcome is Outcome.CRASHED:
            return self.code is not None and self.code not in (0, 1)
        return last_line(self.printed) == "DIVERGES"

    @property
    def end(self) -> End:
        printed = self.printed.strip()[-MAX_PRINTED:]
        if self.code is None:
            return End("no end", printed)
        if self.code == 0:
            return End("", printed)
        raised = find_raised(self.complaints) if self.code == 1 else ""
        return End(raised or describe_exit(self.code), printed)

    def describe(self) -> str:
        """What it printed; and its last words and how it ended, unless it came to its last line."""
        printed = self.printed.strip()
        if self.code == 0 and last_line(printed) in ("DIVERGES", "CONFORMS"):
            return printed[-MAX_PRINTED:]
        complaints = self.complaints.strip()[-MAX_PRINTED // 2 :]
        end = "no end within the limit" if self.code is None else describe_exit(self.code)
        return "\n".join(part for part in (printed, complaints, end) if part)[-MAX_PRINTED:]


def last_line(printed: str) -> str:
    lines = printed.strip().splitlines()
    return lines[-1].strip() if lines else ""


def find_raised(complaints: str) -> str:
    """The line of a traceback that names the exception; "" where there is none.

    A message may have several lines, and a framework may have the last word: it is the first line behind the last
    traceback's frames that counts. A syntax error of the script itself has no heading.
    """
    traceback = complaints.rpartition("Traceback (most recent call last):")[2].strip("\n")
    lines = [line for line in traceback.splitlines() if line and not line.startswith(" ")]
    return lines[0].strip() if lines else ""


@dataclass(frozen=True)
class Shared:
    """An interpreter that executes script after script, each sent on the channel and answered by how it ended."""

    interpreter: Interpreter
    channel: execnet.Channel


class Executor:
    """Executes scripts in a target; what a script has started ends with the interpreter that executed it.

    It is a context manager, whose end is that of everything in it. `stop` ends it from any thread: what is executed
    then, and what follows, is not executed.
    """

    def __init__(self, target: Target, limit: float = LIMIT) -> None:
        """`limit`: seconds that a script may run."""
        self._target = target
        self._limit = limit
        self._lock = threading.Lock()
        self._stopped = False
        self._running: dict[Interpreter, str | None] = {}  # and the folder of each, to be removed in the end
        self._shared: Shared | None = None

    def __enter__(self) -> Executor:
        return self

    def __exit__(self, *raised: object) -> None:
        for interpreter in list(self._running):
            self._end(interpreter)

    def stop(self) -> None:
        """Execute nothing more, and end at once what is executed now."""
        with self._lock:
            self._stopped = True
            for interpreter in self._running:
                interpreter.kill()

    def execute(self, source: str) -> Execution:
        """Run source from a file, in a process of its own, by the target's interpreter, bounded as a target is.

        Raises:
            NotExecutedError: the interpreter could not be asked.
        """
        interpreter = self._new()
        try:
            with interpreter.limit(self._limit + LIMIT):
                channel = self._begin(interpreter, "run_script")
                channel.send((source, self._limit))
                code, printed, complaints = interpreter.receive(channel)
            return Execution(code, printed, complaints)
        except Exception as error:  # whatever it does instead of answering
            raise NotExecutedError(interpreter.explain(error)[-MAX_PRINTED:]) from error
        finally:
            self._end(interpreter)

    def execute_together(self, script: str) -> End | None:
        """How a script ends in the interpreter that scripts share, as import costs most of the time.

        None where it gives no answer, which ends that interpreter.
        """
        interpreter = self._new() if self._shared is None else self._shared.interpreter
        try:
            if self._shared is None:
                with interpreter.limit(LIMIT):
                    self._shared = Shared(interpreter, self._begin(interpreter, "run_scripts"))
            self._shared.channel.send(script)
            printed, raised = interpreter.receive(self._shared.channel, self._limit)
            return End(find_raised(raised), printed.strip())
        except Exception:  # whatever it does instead of answering
            self._shared = None
            self._end(interpreter)
            return None

    def end_of(self, script: str, together: bool = False) -> End:
        """How a script ends, in a process of its own.

        Args:
            together: try the interpreter that scripts share first; a script that gives no answer there is executed
                again, by itself.

        Raises:
            NotExecutedError: the interpreter could not be asked.
        """
        end = self.execute_together(script) if together else None
        return self.execute(script).end if end is None else end

    def confirm(self, script: str, outcome: Outcome = Outcome.DIVERGES) -> Confirmation:
        """Execute a script in a process of its own, and see whether it shows a verdict of this outcome."""
        try:
            execution = self.execute(script)
        except NotExecutedError as error:
            return Confirmation(False, f"not executed: {error}")
        return Confirmation(execution.shows(outcome), execution.describe())

    def confirm_all(self, scripts: Sequence[tuple[str, Outcome]]) -> Iterator[Confirmation]:
        """Execute scripts, one confirmation each, in order.

        Those of divergences share an interpreter. One that does not show its verdict there (or ends it) has a process
        of its own, as all the others have.
        """
        for script, outcome in scripts:
            end = None
            if outcome is Outcome.DIVERGES:
                end = self.execute_together(script)
            if end is not None and Execution(0, end.printed, "").shows(outcome):
                yield Confirmation(True, end.printed)
            else:
                yield self.confirm(script, outcome)

    def _new(self) -> Interpreter:
        interpreter = Interpreter(self._target.spec, self._target.memory)
        with self._lock:
            self._running[interpreter] = None
            if self._stopped:
                interpreter.kill()
        return interpreter

    def _begin(self, interpreter: Interpreter, program: str) -> execnet.Channel:
        """Start a program of `targets.remote`, whose first message is its folder."""
        channel = interpreter.execute(source_of(f"{REMOTE}.{program}"))
        self._running[interpreter] = interpreter.receive(channel)
        return channel

    def _end(self, interpreter: Interpreter) -> None:
        with self._lock:
            folder = self._running.pop(interpreter)
        interpreter.close()
        if folder is not None and interpreter.local:
            shutil.rmtree(folder, ignore_errors=True)
