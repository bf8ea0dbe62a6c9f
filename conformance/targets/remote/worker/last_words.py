"""What survives this process, in files of its folder: the call and phase that it was in, and what it printed."""

import os
import re
from typing import Dict

from .texts import clean, make_repeatable

LAST_LINES = 20  # of what a call printed
MAX_PROGRESS = 64  # bytes that are read back
MAX_STDERR = 8000  # bytes that are read back

# Lines of a stack that are of this worker or of what started it, and say nothing of the framework.
PACKAGE = re.escape(__name__.rpartition(".")[0].replace(".", "/"))
OURS = re.compile(rf'Extension modules: |  File "(?:<remote exec>|<string>|[^"]*/{PACKAGE}/[^"]*)"')


class Progress:
    """Writes which call is in which phase, where it survives a crash of this process."""

    def __init__(self, path: str) -> None:
        self.file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def mark(self, call: int, phase: str) -> None:
        """The call of that number enters a phase."""
        os.pwrite(self.file, f"{call} {phase}".ljust(40).encode(), 0)


def open_noise(path: str) -> int:
    """A file for what a framework prints, which must reach neither the wire nor the terminal: its descriptor."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def read_last_words(folder: str) -> Dict[str, str]:
    """What the worker that died in a folder left behind: its call and phase, and the call's last lines of output."""
    progress = read_end(os.path.join(folder, "progress"), MAX_PROGRESS)
    stderr = read_end(os.path.join(folder, "stderr"), MAX_STDERR)
    return {"progress": clean(progress), "stderr": clean(select_lines(stderr))}


def read_end(path: str, length: int) -> str:
    """The last `length` bytes of a file; nothing where there is none."""
    try:
        with open(path, "rb") as file:
            file.seek(max(os.path.getsize(path) - length, 0))
            return file.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""


def select_lines(text: str) -> str:
    """The last lines that say something of the framework, without what differs from run to run."""
    lines = [line for line in text.splitlines() if line.strip() and not OURS.match(line)]
    return make_repeatable("\n".join(lines[-LAST_LINES:]))
