"""Executes reproducers in their target, to see whether they show what their verdicts say."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence

import execnet

from conformance.case import Confirmation, Outcome, Target
from conformance.targets.interpreter import REMOTE, Interpreter, ending, source_of

LIMIT = 120.0  # seconds, the framework's import included
MAX_PRINTED = 4000  # characters


class NotExecuted(Exception):  # noqa: N818
    """The target's interpreter could not be asked."""


def execute(target: Target, source: str, limit: float = LIMIT) -> tuple[int | None, str, str]:
    """Run source from a file, in a process of its own, by the target's interpreter, bounded as a target is.

    Returns the exit code (minus the signal; None when it was ended after `limit` seconds) and what it printed.

    Raises:
        NotExecuted: the interpreter could not be asked.
    """
    with Executor(target, limit) as executor:
        return executor.execute(source)


def confirm(target: Target, script: str, outcome: Outcome = Outcome.DIVERGES, limit: float = LIMIT) -> Confirmation:
    """Execute a script of `conformance.script` in a target, in a process of its own.

    Args:
        outcome: of the verdict that the script comes with. A divergence is confirmed by its last line, a crash by
            the end of the process (an exception is none), a time-out by `limit`.
        limit: seconds that the script may run.
    """
    with Executor(target, limit) as executor:
        return executor.confirm(script, outcome)


class Executor:
    """Executes scripts in a target; what a script has started ends with the interpreter that executed it.

    `stop` ends it from any thread: what is executed then, and what follows, is not executed.
    """

    def __init__(self, target: Target, limit: float) -> None:
        """`limit`: seconds that a script may run."""
        self._target, self._limit = target, limit
        self._lock = threading.Lock()
        self._stopped = False
        self._running: dict[Interpreter, str | None] = {}  # and the folder of each, to be removed in the end
        self._shared: tuple[Interpreter, execnet.Channel] | None = None

    def __enter__(self) -> Executor:
        return self

    def __exit__(self, *raised: object) -> None:
        for interpreter in list(self._running):
            self._end(interpreter)

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            for interpreter in self._running:
                interpreter.kill()

    def execute(self, source: str) -> tuple[int | None, str, str]:
        """As the function of that name."""
        interpreter = self._new()
        try:
            with interpreter.limit(self._limit + LIMIT):
                channel = self._begin(interpreter, source_of(f"{REMOTE}.run_script"))
                channel.send((source, self._limit))
                code, out, err = interpreter.receive(channel)
            return code, out, err
        except Exception as error:  # whatever it does instead of answering
            raise NotExecuted(interpreter.reason(error)[-MAX_PRINTED:]) from error
        finally:
            self._end(interpreter)

    def confirm(self, script: str, outcome: Outcome) -> Confirmation:
        """As the function of that name."""
        try:
            code, out, err = self.execute(script)
        except NotExecuted as error:
            return Confirmation(False, f"not executed: {error}")
        return Confirmation(_confirms(outcome, code, out), _shown(out, err, code))

    def confirm_all(self, scripts: Sequence[tuple[str, Outcome]]) -> Iterator[Confirmation]:
        """Execute scripts, one confirmation each, in order.

        Those of divergences share an interpreter, as import costs most of the time; one that does not show its verdict
        there (or ends it) has a process of its own, as all the others have.
        """
        for script, outcome in scripts:
            printed = self._print(script) if outcome is Outcome.DIVERGES else None
            if printed is not None and _confirms(outcome, 0, printed):
                yield Confirmation(True, printed.strip())
            else:
                yield self.confirm(script, outcome)

    def _print(self, script: str) -> str | None:
        """What a script prints in the shared interpreter; None where it gives no answer, which ends that one."""
        interpreter, channel = self._shared or (self._new(), None)
        try:
            if channel is None:
                with interpreter.limit(LIMIT):
                    channel = self._begin(interpreter, source_of(f"{REMOTE}.run_scripts"))
                self._shared = interpreter, channel
            channel.send(script)
            return str(interpreter.receive(channel, self._limit))
        except Exception:  # whatever it does instead of answering
            self._shared = None
            self._end(interpreter)
            return None

    def _new(self) -> Interpreter:
        interpreter = Interpreter(self._target.spec, self._target.memory)
        with self._lock:
            self._running[interpreter] = None
            if self._stopped:
                interpreter.kill()
        return interpreter

    def _begin(self, interpreter: Interpreter, source: str) -> execnet.Channel:
        channel = interpreter.execute(source)
        self._running[interpreter] = interpreter.receive(channel)
        return channel

    def _end(self, interpreter: Interpreter) -> None:
        with self._lock:
            folder = self._running.pop(interpreter)
        interpreter.close()
        if folder is not None and interpreter.local:
            shutil.rmtree(folder, ignore_errors=True)


def _confirms(outcome: Outcome, code: int | None, out: str) -> bool:
    """Whether a process that ended so, and printed that, shows a verdict of that outcome."""
    says = _last_line(out)
    if outcome is Outcome.TIMED_OUT:
        return code is None
    if outcome is Outcome.CRASHED:
        return code is not None and code not in (0, 1)
    return says == "DIVERGES"


def _last_line(out: str) -> str:
    return next((line.strip() for line in reversed(out.splitlines()) if line.strip()), "")


def _shown(out: str, err: str, code: int | None) -> str:
    """What it printed; how it ended, with its last words, unless it said what it had to."""
    if code == 0 and _last_line(out) in ("DIVERGES", "CONFORMS"):
        return out.strip()[-MAX_PRINTED:]
    how = "no end within the limit" if code is None else ending(code)
    return "\n".join(part for part in (out.strip(), err.strip()[-MAX_PRINTED // 2 :], how) if part)[-MAX_PRINTED:]
