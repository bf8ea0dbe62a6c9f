"""The catalogue: every cause that is known, and how verdicts are held against it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from conformance.case import Outcome
from conformance.catalogue.fact import Fact, Place
from conformance.catalogue.listed import ListedEntry, Pattern, Sighting
from conv_reports import fits

ENDS = (Outcome.CRASHED, Outcome.TIMED_OUT)


class Novelty(StrEnum):
    """How a verdict is not as the catalogue has it."""

    NEW = "new"  # a divergence that no entry lists
    GONE = "gone"  # listed as diverging, it conforms
    CHANGED = "changed"  # listed as another divergence


@dataclass(frozen=True)
class Match:
    """The entry one of whose patterns fits the case of a fact.

    Attributes:
        explains: whether the fact is the entry's cause. If not, the case diverges another way, or not at all.
    """

    listed: ListedEntry
    sighting: Sighting
    pattern: Pattern
    explains: bool

    def is_seen(self, fact: Fact) -> bool:
        """Whether the fact shows the entry. A case that conforms, as it may where an entry is unstable, does not."""
        return self.explains and (fact.diverges or not self.sighting.is_failure)


@dataclass(frozen=True)
class Miscount:
    """A pattern that more or fewer cases bear out than it says; `message` says how many, and the remedy."""

    pattern: Pattern
    message: str


class Catalogue:
    """The entries of all files; without entries it knows nothing."""

    def __init__(self, path: str = "", entries: Iterable[ListedEntry] = ()) -> None:
        """`path` is the file or folder that was read."""
        self.path = path
        self.entries = tuple(entries)
        self._patterns: dict[tuple[str, Place | None], _PatternsByName] = {}

    def match(self, fact: Fact) -> Match | None:
        """The first pattern that fits the case and whose entry explains the fact, or else the first that fits."""
        first: Match | None = None
        for listed, sighting, pattern in self._candidates(fact):
            if not fits(pattern.text, fact.case):
                continue
            match = Match(listed, sighting, pattern, listed.explains(sighting, fact))
            if match.explains:
                return match
            first = first or match
        return first

    def tell_novelty(self, fact: Fact, match: Match | None) -> Novelty | None:
        """How a fact is not as this catalogue has it; None where it is.

        Args:
            match: of this fact.
        """
        if match is not None and match.explains:
            return None
        lists_failure = match is not None and match.sighting.is_failure
        if fact.diverges:
            return Novelty.CHANGED if lists_failure else Novelty.NEW
        if fact.outcome is not Outcome.CONFORMS or match is None or not lists_failure:
            return None
        # In a mode a framework may do right what it does wrong by itself: that is what the mode shows, and takes
        # nothing out.
        return None if fact.place.mode and not match.listed.where.is_of_mode else Novelty.GONE

    def explain_difference(self, fact: Fact, match: Match | None) -> str:
        """`tell_novelty` in words; empty where the fact is as this catalogue has it, or there is no catalogue."""
        novelty = self.tell_novelty(fact, match)
        if novelty is Novelty.NEW:
            return f"new: no entry of {self.path} lists it" if self.path else ""
        if novelty is None or match is None:
            return ""
        listed = f"{match.listed.entry.id} lists it at {match.pattern.file}:{match.pattern.line}"
        if novelty is Novelty.GONE:
            return f"gone: {listed} as diverging ({match.sighting.described}); it conforms, so take it out"
        return f"changed: {listed} as another divergence: {match.sighting.described}"

    def find_miscounts(self, facts: Iterable[Fact], complete: frozenset[str]) -> Iterator[Miscount]:
        """The patterns whose number is not that of the cases that show it so.

        Args:
            complete: spec files of which every case ran. Of the others only too many can be told, as of a target in a
                mode, which is asked less, unless the entry is of that mode.
        """
        counts: Counter[tuple[str, Pattern]] = Counter()
        differing: set[Pattern] = set()  # a case of theirs has failed already, and says more
        asked: dict[tuple[str, Place], set[str]] = defaultdict(set)
        for fact in facts:
            asked[fact.api, fact.place].add(fact.case.partition("::")[0])
            match = self.match(fact)
            if match is None:
                continue
            counts[fact.place.target, match.pattern] += match.explains
            if self.explain_difference(fact, match):
                differing.add(match.pattern)
        for (api, place), specs in asked.items():
            for listed, sighting, pattern in self._all_patterns(api, place):
                if pattern in differing or listed.unstable:
                    continue
                count = counts[place.target, pattern]
                is_whole = pattern.spec in complete & specs and (not place.mode or listed.where.is_of_mode)
                too_few = count < pattern.count and is_whole
                if count > pattern.count or too_few:
                    yield Miscount(pattern, _describe_miscount(listed, sighting, pattern, place, count))

    def expects_end(self, api: str, case: str) -> bool:
        """Whether a case is listed, wherever that holds, as ending its process, or as having to be ended with it."""
        listed = _select(self._index(api, None, self.entries), case)
        return any(sighting.kind in ENDS and fits(pattern.text, case) for _, sighting, pattern in listed)

    def find_listing(self, fact: Fact) -> Iterator[ListedEntry]:
        """The entries that list the case of a fact, wherever they hold."""
        patterns = self._index(fact.api, None, self.entries)
        found: dict[str, ListedEntry] = {}
        for listed, _, pattern in _select(patterns, fact.case):
            if fits(pattern.text, fact.case):
                found[listed.entry.id] = listed
        yield from found.values()

    def find_covering(self, place: Place) -> Iterator[ListedEntry]:
        """The entries that hold at a place of their framework."""
        for listed in self.entries:
            if listed.where.covers(place):
                yield listed

    def _candidates(self, fact: Fact) -> Iterator[tuple[ListedEntry, Sighting, Pattern]]:
        """Patterns that may fit the case of a fact, of entries that hold where it was observed."""
        return _select(self._covering(fact.api, fact.place), fact.case)

    def _all_patterns(self, api: str, place: Place) -> Iterator[tuple[ListedEntry, Sighting, Pattern]]:
        for patterns in self._covering(api, place).values():
            yield from patterns

    def _covering(self, api: str, place: Place) -> _PatternsByName:
        """The patterns that speak of an API at a place."""
        return self._index(api, place, self.find_covering(place))

    def _index(self, api: str, place: Place | None, entries: Iterable[ListedEntry]) -> _PatternsByName:
        """The patterns of entries that speak of an API, by `Pattern.name`. A run asks thousands of times.

        Args:
            place: where the entries hold; None for anywhere.
        """
        patterns = self._patterns.get((api, place))
        if patterns is None:
            patterns = self._patterns[api, place] = {}
            for listed in entries:
                for sighting, pattern in listed.patterns_of(api):
                    patterns.setdefault(pattern.name, []).append((listed, sighting, pattern))
        return patterns


def _select(patterns: _PatternsByName, case: str) -> Iterator[tuple[ListedEntry, Sighting, Pattern]]:
    """Patterns that may fit a case: those of its name, then those of any."""
    yield from patterns.get(case.partition("[")[0], ())
    yield from patterns.get("", ())


_PatternsByName: TypeAlias = dict[str, list[tuple[ListedEntry, Sighting, Pattern]]]


def _describe_miscount(listed: ListedEntry, sighting: Sighting, pattern: Pattern, place: Place, count: int) -> str:
    remedy = "count anew with --update-known" if count else "take it out"
    return (
        f"{pattern.file}:{pattern.line}: {listed.entry.id} lists {pattern.text} {pattern.count} times for "
        f"{sighting.api} of {place.target}, {count} show it so ({sighting.described}); {remedy}"
    )
