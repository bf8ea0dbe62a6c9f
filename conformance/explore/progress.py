"""How fast a search goes, and how far it came."""

from __future__ import annotations

import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Callable

from conformance.case import Outcome, Verdict
from conformance.explore.traits import Traits

UNASKED = frozenset({Outcome.NO_EQUIVALENT, Outcome.FAULT})


class Progress:
    """Counts calls by target, the time that they took there, and combinations of traits.

    Attributes:
        calls, seconds: by target, the calls that were made, and how long they took there.
        shrinking: seconds in which only smaller calls were asked than those that were drawn; they count.
        recovered: calls that were late or lost on a busy machine, and were answered when they were asked again.
        faults: errors of this suite itself, each with its number.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.calls: Counter[str] = Counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.shrinking = 0.0
        self.recovered = 0
        self.faults: Counter[str] = Counter()
        self._clock = clock
        self._started = clock()
        self._pairs: set[object] = set()
        self._triples: set[object] = set()

    def count(self, target: str, verdict: Verdict) -> None:
        """Count a verdict."""
        if verdict.outcome is Outcome.FAULT:
            self.faults[verdict.observed.strip().rpartition("\n")[2]] += 1
        if verdict.outcome not in UNASKED:
            self.calls[target] += 1
            self.seconds[target] += verdict.seconds

    def count_traits(self, traits: Traits) -> None:
        """Count a call's combinations of two and three traits."""
        items = sorted(traits.items())
        self._pairs.update(itertools.combinations(items, 2))
        self._triples.update(itertools.combinations(items, 3))

    def describe(self, clusters: int) -> str:
        """The state in one line."""
        elapsed = self._clock() - self._started
        rates = [
            f"{target} {60 * calls / elapsed:,.0f} calls a minute ({self.seconds[target] / elapsed:.0%} of its time)"
            for target, calls in sorted(self.calls.items())
        ]
        reached = f"{len(self._pairs):,} pairs and {len(self._triples):,} triples of traits"
        faults = "".join(f"; {count} times {fault}" for fault, count in self.faults.items())
        recovered = f"; {self.recovered} late calls were answered when asked again" if self.recovered else ""
        spent = f"{elapsed:,.0f} s, {self.shrinking:,.0f} of them shrinking"
        return f"{spent}: {', '.join(rates)}; {reached}; {clusters} new clusters{recovered}{faults}"
