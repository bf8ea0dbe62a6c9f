"""Ends the processes that this one has started, and whatever those have started in turn.

Every process that is started carries a mark in its environment. Its descendants inherit the mark, whatever session they
move to and whoever becomes their parent, and are found by it where the system has ``/proc``. A descendant that is
started with another environment is not found.

What they leave in files is below one temporary folder, which is locked while this process lives. A guard, which is this
file executed as a script, waits for the end of the process that started it, and ends and removes what that one left.
Where the guard was ended too, the next run finds the folder, and that nobody has locked it.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import functools
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass

VARIABLE = "CONFORMANCE_PROCESS"
FOLDER = "CONFORMANCE_FOLDER"  # the variable with the folder in which a process here makes its own
PREFIX = "conformance-run-"  # of the names of such folders


def mark() -> str:
    """A new mark: the value of `VARIABLE` for one process. Starts the guard, the first time."""
    return f"{_guard().beginning}{secrets.token_hex(4)}"


@dataclass(frozen=True)
class _Guard:
    """The guard of this process. Its standard input is held open.

    Attributes:
        beginning: of all marks of this process.
        folder: where the processes of this one make their folders.
    """

    beginning: str
    folder: str
    process: subprocess.Popen[bytes]


def folder() -> str:
    """The folder in which the processes that this one starts make theirs. It ends with this process."""
    return _guard().folder


_starting = threading.Lock()  # targets start side by side, each in a thread of its own


def _guard() -> _Guard:
    with _starting:
        return _start_guard()


@functools.cache
def _start_guard() -> _Guard:
    beginning = f"{secrets.token_hex(8)}."
    remove_abandoned(tempfile.gettempdir())
    folder = _make_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, beginning, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={},
        start_new_session=True,  # a terminal's Ctrl-C is not for it
    )
    return _Guard(beginning, folder, process)


def _make_folder() -> str:
    """A folder that is locked until this process ends, however it does.

    Another run may take it for an abandoned one, and remove it, before it is locked: then there is a next one.
    """
    while True:
        folder = tempfile.mkdtemp(prefix=PREFIX)
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(folder, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.path.isdir(folder):
                return folder
            os.close(descriptor)


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


def remove_abandoned(place: str) -> None:
    """Remove the folders that killed processes of this user have left in a place."""
    with os.scandir(place) as entries:
        candidates = [entry for entry in entries if entry.name.startswith(PREFIX)]
    for entry in candidates:
        with contextlib.suppress(OSError):  # it is another user's, or locked, or was removed meanwhile
            if entry.stat(follow_symlinks=False).st_uid == os.getuid() and entry.is_dir(follow_symlinks=False):
                _remove_if_free(entry.path)


def _remove_if_free(folder: str) -> None:
    """Remove a folder, unless a process has locked it. Raises OSError where one has."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    sys.stdin.read()
    end_all(sys.argv[1])
    shutil.rmtree(sys.argv[2], ignore_errors=True)
