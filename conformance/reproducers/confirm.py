"""Executes scripts in their target, to see whether they show what their verdicts say."""

from __future__ import annotations

import shutil
import threading
from dataclasses import dataclass

import execnet

from conformance.case import Confirmation, Kind, Outcome, Target, Verdict
from conformance.targets.interpreter import Interpreter, describe_exit
from conformance.targets.sources import REMOTE, source_of

LIMIT = 120.0  # seconds for a script, the framework's import included
MAX_PRINTED = 4000  # characters
NO_END = "no end"  # within the limit
ENDING_AS_RAISED = frozenset({Kind.WRONGLY_REJECTED, Kind.INTERNAL_ERROR, Kind.ERROR_CLASS})


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
    printed: str = ""

    def begins(self, text: str) -> bool:
        """Whether it is what a text says, which has the exception alone or the beginning of its message too."""
        return self.how == text or self.how.startswith(text if ":" in text else f"{text}:")

    @property
    def is_death(self) -> bool:
        """Whether the process ended before the script; an exception that is caught by nobody ends it with code 1."""
        return self.how.startswith(("SIG", "signal ", "exit code ")) and self.how != "exit code 1"


def shows(verdict: Verdict, end: End) -> bool:
    """Whether the end of its script is what a verdict says.

    A call that should be accepted ends with the exception that was observed, and so does one that raises another class
    than it should; whatever else diverges ends in the assertion of what should be.
    """
    match verdict.outcome:
        case Outcome.CRASHED:
            return end.is_death
        case Outcome.TIMED_OUT:
            return end.how == NO_END
    if verdict.kind in ENDING_AS_RAISED and verdict.raised is not None:
        return end.begins(verdict.raised.cls)
    return end.begins("AssertionError")


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

    @property
    def end(self) -> End:
        printed = self.printed.strip()[-MAX_PRINTED:]
        if self.code is None:
            return End(NO_END, printed)
        if self.code == 0:
            return End("", printed)
        raised = find_raised(self.complaints) if self.code == 1 else ""
        return End(raised or describe_exit(self.code), printed)

    def describe(self) -> str:
        """What it printed, and how it ended; of one that did not end by itself, its last words too."""
        end = self.end
        words = self.complaints.strip()[-MAX_PRINTED // 2 :] if self.code not in (0, 1) else ""
        return join_texts(end.printed, words, end.how)


def join_texts(*texts: str) -> str:
    """Those that say something, a line each, and no more than is kept."""
    return "\n".join(text for text in texts if text)[-MAX_PRINTED:]


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

    def confirm(self, script: str, verdict: Verdict, together: bool = False) -> Confirmation:
        """Execute a script in a process of its own, and see whether it shows its verdict.

        Args:
            together: try that of a divergence in the interpreter that scripts share first. One that does not show its
                verdict there (or ends it) is executed again, by itself.
        """
        if together and verdict.outcome is Outcome.DIVERGES:
            end = self.execute_together(script)
            if end is not None and shows(verdict, end):
                return Confirmation(True, join_texts(end.printed, end.how))
        try:
            execution = self.execute(script)
        except NotExecutedError as error:
            return Confirmation(False, f"not executed: {error}")
        return Confirmation(shows(verdict, execution.end), execution.describe())

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
