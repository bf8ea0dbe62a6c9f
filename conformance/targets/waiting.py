"""How long a process has waited for a processor, as its machine served others: time in which it could do nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

PROCESSES = Path("/proc")


class Waiting:
    """The waiting of a process, from look to look. Linux alone tells it; elsewhere none is seen."""

    def __init__(self, process: int | None) -> None:
        """None is a process of another machine."""
        self._process = process
        self._before = self._read()

    def look(self) -> float:
        """Seconds since the last look that a thread of it waited: that of its threads which waited longest."""
        before, self._before = self._before, self._read()
        return max((waited - before.get(thread, 0.0) for thread, waited in self._before.items()), default=0.0)

    def _read(self) -> Mapping[str, float]:
        """By thread, the seconds that it has waited: the second number of its schedstat, in nanoseconds."""
        found = {}
        if self._process is not None:
            for file in PROCESSES.glob(f"{self._process}/task/*/schedstat"):
                try:
                    found[file.parent.name] = int(file.read_text(encoding="ascii").split()[1]) / 1e9
                except (OSError, ValueError, IndexError):  # the thread has ended
                    continue
        return found
