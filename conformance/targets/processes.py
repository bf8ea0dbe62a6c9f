"""Ends what this process has started, and what that has started in turn, wherever it has gone since.

Every process that is started carries a mark in its environment, which its descendants inherit, in whatever session
they are and whoever has become their parent. They are found by it where the system has ``/proc``; what was started
with another environment is not.

Executed as a script, this waits for the end of the process that started it and ends what that one has left.
"""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator

VARIABLE = "CONFORMANCE_PROCESS"


def mark() -> str:
    """A new mark, the value of `VARIABLE` for one process; whoever carries it when this process ends, ends too."""
    return f"{_guard()[0]}{secrets.token_hex(4)}"


@functools.cache
def _guard() -> tuple[str, subprocess.Popen[bytes]]:
    """How this process's marks begin, and the guard that waits for its end: of its standard input, which we hold."""
    beginning = f"{secrets.token_hex(8)}."
    return beginning, subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, beginning],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={},
        start_new_session=True,  # a terminal's Ctrl-C is not for it
    )


def end_all(beginning: str) -> None:
    """Kill every process whose mark begins so."""
    wanted = f"{VARIABLE}={beginning}".encode()
    killed: set[int] = set()
    while found := set(_marked(wanted)) - killed:  # once more: for what was being started meanwhile
        for process in found:
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        killed |= found


def _marked(wanted: bytes) -> Iterator[int]:
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    variables = file.read().split(b"\0")
            except OSError:  # it has ended, or is another user's
                continue
            if any(variable.startswith(wanted) for variable in variables):
                yield int(name)


if __name__ == "__main__":
    sys.stdin.read()
    end_all(sys.argv[1])
