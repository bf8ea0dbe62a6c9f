"""Executes a reproducer in its target, to see whether it shows what its verdict says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import execnet

from conformance.case import Outcome
from conformance.target import ENVIRONMENT, Target

LIMIT = 120.0  # seconds, the framework's import included
MAX_PRINTED = 4000  # characters

# Runs in the target's interpreter; the script in one of its own, from a file, as a person would run it.
_RUN = """
import os, shutil, subprocess, sys, tempfile
script, limit = channel.receive()
folder = tempfile.mkdtemp(prefix="conformance-")
path = os.path.join(folder, "script.py")
with open(path, "w", encoding="utf-8") as file:
    file.write(script)
process = subprocess.Popen([sys.executable, path], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
try:
    out, err = process.communicate(timeout=limit)
    code = process.returncode
except subprocess.TimeoutExpired:
    process.kill()
    (out, err), code = process.communicate(), None
shutil.rmtree(folder, ignore_errors=True)
channel.send((code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")))
"""


# Runs script after script in one interpreter, which imports its framework once.
_RUN_MANY = """
import contextlib, io, os, shutil, tempfile
folder = tempfile.mkdtemp(prefix="conformance-")
os.chdir(folder)
null = os.open(os.devnull, os.O_WRONLY)
os.dup2(null, 1)
os.dup2(null, 2)
for number, script in enumerate(channel):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(script, "script.py", "exec"), {"__name__": "__main__"})
        except BaseException as error:
            print(type(error).__name__, error)
    channel.send(printed.getvalue().encode("utf-8", "backslashreplace").decode("utf-8"))
os.chdir("/")
shutil.rmtree(folder, ignore_errors=True)
"""


class Confirmation(NamedTuple):
    """Whether a script showed what its verdict says, and the end of what it printed."""

    confirmed: bool
    printed: str


class NotExecuted(Exception):  # noqa: N818
    """The target's interpreter could not be asked."""


def execute(target: Target, source: str, limit: float = LIMIT) -> tuple[int | None, str, str]:
    """Run source from a file, in a process of its own, by the target's interpreter.

    Returns the exit code (minus the signal; None when it was ended after `limit` seconds) and what it printed.
    """
    group = execnet.Group()
    try:
        channel = group.makegateway(with_environment(target.spec)).remote_exec(_RUN)
        channel.send((source, limit))
        code, out, err = channel.receive(limit + LIMIT)
        return code, out, err
    except (execnet.HostNotFound, execnet.RemoteError, execnet.TimeoutError, EOFError, OSError, ValueError) as error:
        raise NotExecuted(str(error).strip()[-MAX_PRINTED:] or type(error).__name__) from error
    finally:
        group.terminate(1.0)


def confirm(target: Target, script: str, outcome: Outcome = Outcome.DIVERGES, limit: float = LIMIT) -> Confirmation:
    """Execute a script of `conformance.script` in a target.

    Args:
        outcome: of the verdict that the script comes with. A divergence is confirmed by its last line, a crash by
            the end of the process (an exception is none), a time-out by `limit`.
        limit: seconds that the script may run.
    """
    try:
        code, out, err = execute(target, script, limit)
    except NotExecuted as error:
        return Confirmation(False, f"not executed: {error}")
    lines = out.strip().splitlines()
    says = lines[-1].strip() if lines else ""
    if outcome is Outcome.TIMED_OUT:
        return Confirmation(code is None, _shown(out, err, code, says))
    if outcome is Outcome.CRASHED:
        return Confirmation(code is not None and code not in (0, 1), _shown(out, err, code, says))
    return Confirmation(says == "DIVERGES", _shown(out, err, code, says))


def confirm_all(target: Target, scripts: Sequence[tuple[str, Outcome]], limit: float) -> Iterator[Confirmation]:
    """Execute scripts in a target, one confirmation each, in order.

    Those of divergences share an interpreter, as import costs most of the time; one that does not show its verdict
    there (or ends it) has a process of its own, as all the others have.
    """
    group = execnet.Group()
    channel = None
    try:
        for script, outcome in scripts:
            if outcome is Outcome.DIVERGES:
                try:
                    if channel is None:
                        channel = group.makegateway(with_environment(target.spec)).remote_exec(_RUN_MANY)
                    channel.send(script)
                    printed = str(channel.receive(limit)).strip()
                except (execnet.HostNotFound, execnet.RemoteError, execnet.TimeoutError, EOFError, OSError, ValueError):
                    group.terminate(1.0)
                    channel = None
                else:
                    if printed.splitlines()[-1:] == ["DIVERGES"]:
                        yield Confirmation(True, printed[-MAX_PRINTED:])
                        continue
            yield confirm(target, script, outcome, limit)
    finally:
        group.terminate(1.0)


def with_environment(spec: str) -> str:
    """An execnet specification with the thread limits that every target has."""
    return spec + "".join(f"//env:{k}={v}" for k, v in ENVIRONMENT.items() if f"env:{k}=" not in spec)


def _shown(out: str, err: str, code: int | None, says: str) -> str:
    """What it printed; how it ended, with its last words, unless it said what it had to."""
    if code == 0 and says in ("DIVERGES", "CONFORMS"):
        return out.strip()[-MAX_PRINTED:]
    how = "no end within the limit" if code is None else f"exit code {code}" if code >= 0 else f"signal {-code}"
    return "\n".join(part for part in (out.strip(), err.strip()[-MAX_PRINTED // 2 :], how) if part)[-MAX_PRINTED:]
