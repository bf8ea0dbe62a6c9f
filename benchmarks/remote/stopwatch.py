"""Processor time by part: what a function takes counts for its part, less what others take within it.

Standard library only, CPython 3.8 and later: `benchmarks.audit` uses it on the host, and sends it to the workers.
"""

import contextlib
import functools
import json
import os
import resource
import threading
import time
from collections import defaultdict
from typing import Any, Callable, Dict, Iterator


class Stopwatch:
    """Seconds and calls of each part, summed over all threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives the seconds of the thread that asks, or of the process where one thread does the work."""
        self.seconds: Dict[str, float] = defaultdict(float)
        self.calls: Dict[str, int] = defaultdict(int)
        self._clock = clock
        self._within = threading.local()  # seconds of other parts, within the function that runs
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def part(self, part: str) -> Iterator[None]:
        """Count what the block takes."""
        outside = getattr(self._within, "seconds", 0.0)
        self._within.seconds = 0.0
        start = self._clock()
        try:
            yield
        finally:
            taken = self._clock() - start
            with self._lock:
                self.seconds[part] += taken - self._within.seconds
                self.calls[part] += 1
            self._within.seconds = outside + taken

    def watch(self, owner: Any, name: str, part: str) -> None:
        """From now on, count what a function of a module or class takes."""
        function = getattr(owner, name)

        @functools.wraps(function)
        def watched(*arguments: Any, **keywords: Any) -> Any:
            with self.part(part):
                return function(*arguments, **keywords)

        setattr(owner, name, watched)

    def write(self, path: str) -> None:
        """Write what was counted, and the time and memory of the whole process. Whole or not at all."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        counted = {"seconds": self.seconds, "calls": self.calls, "process": time.process_time(), "peak": peak}
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(counted, file)
        os.replace(path + ".new", path)
