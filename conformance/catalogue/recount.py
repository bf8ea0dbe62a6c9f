"""Counting a catalogue anew after a whole run: numbers are corrected, cases that show an entry come in, others go.

What people wrote stays. Nothing is added for a cause that no entry describes: ``python -m reports known --draft``
writes a draft of each such cluster.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from conformance import safe_yaml
from conformance.case import Outcome
from conformance.catalogue.catalogue import Catalogue
from conformance.catalogue.fact import Fact, Place
from conformance.catalogue.listed import ListedEntry, Pattern, Sighting
from conformance.catalogue.load import CatalogueError, read
from conformance.catalogue.text import Recount, edit
from conformance.safe_yaml import YamlPath
from conv_reports import find_patterns, fits


@dataclass(frozen=True)
class Recounted:
    """A catalogue's text, counted anew.

    Attributes:
        gone: ids of entries that nothing shows any more; they stay for a person to take out.
    """

    text: str
    gone: tuple[str, ...] = ()


def recount(text: str, file: str, facts: Sequence[Fact]) -> Recounted:
    """The text of a catalogue's file whose numbers are those of these facts; what they do not touch stays as it is.

    Args:
        facts: of a whole run.

    Raises:
        CatalogueError: the text is no catalogue, or is not laid out one case a line.
    """
    document = safe_yaml.parse(file, text.encode(), CatalogueError)
    written = tuple(read(document))
    counted = _count(_add(_drop(written, facts), facts), facts)
    recounts: dict[YamlPath, Recount] = {}
    gone = []
    for number, (before, after) in enumerate(zip(written, counted, strict=True)):
        if not any(sighting.patterns for sighting in after.sightings):
            gone.append(before.entry.id)
            continue
        for place, (old, new) in enumerate(zip(before.sightings, after.sightings, strict=True)):
            if old != new:
                recounts["entries", number, "seen", place] = _compare(old, new)
    return Recounted(edit(document, text, recounts), tuple(gone))


def _compare(old: Sighting, new: Sighting) -> Recount:
    counts = {pattern.text: pattern.count for pattern in new.patterns}
    return Recount({pattern.text: counts.pop(pattern.text, 0) for pattern in old.patterns}, counts)


_Entries: TypeAlias = Sequence[ListedEntry]
_Places: TypeAlias = frozenset[tuple[str, Place]]


def _is_asked(listed: ListedEntry, sighting: Sighting, places: _Places) -> bool:
    """Whether the API was asked where the entry holds."""
    return any(api == sighting.api and listed.where.covers(place) for api, place in places)


def _change(entries: _Entries, change: Callable[[ListedEntry, Sighting], Iterable[Pattern]]) -> _Entries:
    """Entries whose sightings have other patterns. What is unstable is not counted, and stays."""
    changed = []
    for listed in entries:
        sightings = tuple(replace(sighting, patterns=tuple(change(listed, sighting))) for sighting in listed.sightings)
        changed.append(listed if listed.unstable else replace(listed, sightings=sightings))
    return changed


def _drop(entries: _Entries, facts: Sequence[Fact]) -> _Entries:
    """Without the patterns of failures that a conforming case fits as well."""
    conforming = [fact for fact in facts if fact.outcome is Outcome.CONFORMS]

    def change(listed: ListedEntry, sighting: Sighting) -> Iterator[Pattern]:
        for pattern in sighting.patterns:
            if not (sighting.is_failure and _fits_any(listed, sighting, pattern, conforming)):
                yield pattern

    return _change(entries, change)


def _fits_any(listed: ListedEntry, sighting: Sighting, pattern: Pattern, facts: Iterable[Fact]) -> bool:
    return any(
        fact.api == sighting.api and fits(pattern.text, fact.case) and listed.where.covers(fact.place) for fact in facts
    )


def _add(entries: _Entries, facts: Sequence[Fact]) -> _Entries:
    """With further cases of what the entries describe."""
    catalogue = Catalogue("", entries)
    more: dict[Sighting, list[str]] = {}
    for fact in facts:
        match = catalogue.match(fact)
        if fact.diverges and (match is None or not match.explains):
            sighting = _find_sighting(entries, fact)
            if sighting is not None:
                more.setdefault(sighting, []).append(fact.case)

    def change(listed: ListedEntry, sighting: Sighting) -> Iterator[Pattern]:
        yield from sighting.patterns
        if sighting in more:
            conforming = [fact.case for fact in facts if fact.api == sighting.api and fact.outcome is Outcome.CONFORMS]
            for text, count in find_patterns(more[sighting], conforming).items():
                yield Pattern(text, count, listed.file, 0)

    return _change(entries, change)


def _find_sighting(entries: _Entries, fact: Fact) -> Sighting | None:
    """The first sighting that describes a fact.

    Wrong values have many causes and no message: their sightings take in cases of the names that they list already.
    """
    name = fact.case.partition("[")[0]
    for listed in entries:
        if not listed.where.covers(fact.place):
            continue
        for sighting in listed.sightings:
            tells = sighting.message or any(pattern.name == name for pattern in sighting.patterns)
            if sighting.api == fact.api and sighting.shows(fact) and tells:
                return sighting
    return None


def _count(entries: _Entries, facts: Sequence[Fact]) -> _Entries:
    """With the numbers of what was asked; a pattern that nothing bears out goes."""
    catalogue = Catalogue("", entries)
    counts: Counter[tuple[Sighting, str]] = Counter()
    for match in map(catalogue.match, facts):
        if match is not None and match.explains:
            counts[match.sighting, match.pattern.text] += 1
    places = frozenset((fact.api, fact.place) for fact in facts)

    def change(listed: ListedEntry, sighting: Sighting) -> Iterator[Pattern]:
        asked = _is_asked(listed, sighting, places)
        for pattern in sighting.patterns:
            count = counts[sighting, pattern.text] if asked else pattern.count
            if count:
                yield replace(pattern, count=count)

    return _change(entries, change)
