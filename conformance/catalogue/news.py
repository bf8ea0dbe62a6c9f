"""What a run's verdicts say that the catalogue does not, and what of it they bear out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from conformance.catalogue.catalogue import Catalogue, Novelty
from conformance.catalogue.fact import Fact


@dataclass(frozen=True)
class News:
    """A run's verdicts, held against the catalogue.

    Attributes:
        new: divergences that no entry lists.
        gone, changed: by entry, how many cases conform that it lists, or diverge another way.
        known: by target and entry, how many verdicts it explains.
    """

    new: tuple[Fact, ...]
    gone: Counter[str]
    changed: Counter[str]
    known: Counter[tuple[str, str]]


def find_news(catalogue: Catalogue, facts: Iterable[Fact]) -> News:
    """Hold the verdicts of a run against a catalogue."""
    new = []
    gone: Counter[str] = Counter()
    changed: Counter[str] = Counter()
    known: Counter[tuple[str, str]] = Counter()
    for fact in facts:
        match = catalogue.match(fact)
        novelty = catalogue.tell_novelty(fact, match)
        if novelty is Novelty.NEW:
            new.append(fact)
        elif match is not None and novelty is not None:
            counted = gone if novelty is Novelty.GONE else changed
            counted[match.listed.entry.id] += 1
        elif match is not None and match.explains:
            known[fact.place.target, match.listed.entry.id] += 1
    return News(tuple(new), gone, changed, known)
