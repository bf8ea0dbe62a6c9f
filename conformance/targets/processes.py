"""Ends the processes that this one has started, and whatever those have started in turn.

Every process that is started carries a mark in its environment. Its descendants inherit the mark, whatever session they
move to and whoever becomes their parent, and are found by it where the system has ``/proc``. A descendant that is
started with another environment is not found.

A guard, which is this file executed as a script, waits for the end of the process that started it, and ends what that
one has left.
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
from dataclasses import dataclass

VARIABLE = "CONFORMANCE_PROCESS"


def mark() -> str:
    """A new mark: the value of `VARIABLE` for one process. Starts the guard, the first time."""
    return f"{_guard().beginning}{secrets.token_hex(4)}"


@dataclass(frozen=True)
class _Guard:
    """The guard of this process, and how all marks of this process begin. The guard's standard input is held open."""

    beginning: str
    process: subprocess.Popen[bytes]


@functools.cache
def _guard() -> _Guard:
    beginning = f"{secrets.token_hex(8)}."
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, beginning],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={},
        start_new_session=True,  # a terminal's Ctrl-C is not for it
    )
    return _Guard(beginning, process)


def end_all(beginning: str) -> None:
    """Kill every process whose mark begins so."""
    killed: set[int] = set()
    while True:
        alive = set(find_marked(beginning)) - killed
        if not alive:
            return
        for process in alive:
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        killed |= alive  # and look again, for what was being started meanwhile


def find_marked(beginning: str) -> Iterator[int]:
    """The ids of the processes whose mark begins so; none where there is no ``/proc``."""
    if not os.path.isdir("/proc"):
        return
    assignment = f"{VARIABLE}={beginning}".encode()
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                variables = file.read().split(b"\0")
        except OSError:  # it has ended, or is another user's
            continue
        if any(variable.startswith(assignment) for variable in variables):
            yield int(name)


if __name__ == "__main__":
    sys.stdin.read()
    end_all(sys.argv[1])
