"""Whether memory ended a process: the kernel, which counts such, or a limit, of which the process complains."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")
MACHINE = Path("/proc/vmstat")
# What native code and Python say that are refused memory, and do not go on.
COMPLAINTS = re.compile(r"bad_alloc|MemoryError|out of memory|cannot allocate memory|can't allocate memory", re.I)


def count_kills() -> int | None:
    """How many processes the kernel has ended for want of memory here; None where that cannot be read.

    Of this process's control group, where it says so, or else of the whole machine.
    """
    for file in [*_find_counters(), MACHINE]:
        try:
            match = re.search(r"^oom_kill (\d+)$", file.read_text(encoding="ascii"), re.MULTILINE)
        except (OSError, ValueError):
            continue
        if match is not None:
            return int(match[1])
    return None


def _find_counters() -> Iterator[Path]:
    """The files that may count for this process's control group; a container may see its own as the root."""
    try:
        lines = OWN_GROUPS.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        lines = []
    for line in lines:
        _, controllers, group = [*line.split(":", 2), "", ""][:3]
        group = group.lstrip("/")
        if not controllers:
            yield GROUPS / group / "memory.events"
        elif "memory" in controllers.split(","):
            yield GROUPS / "memory" / group / "memory.oom_control"
    yield GROUPS / "memory.events"
    yield GROUPS / "memory" / "memory.oom_control"


def complains_of_memory(text: str) -> bool:
    """Whether the last words of a process are that it was refused memory."""
    return COMPLAINTS.search(text) is not None
