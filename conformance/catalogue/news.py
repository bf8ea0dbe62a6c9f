"""What a run's verdicts say that the catalogue does not, and what of it they bear out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from conformance.case import Outcome
from conformance.catalogue.catalogue import Catalogue, Novelty
from conformance.catalogue.fact import Fact

NOT_ASKED = frozenset({Outcome.NO_EQUIVALENT, Outcome.UNAVAILABLE, Outcome.FAULT})


@dataclass(frozen=True)
class News:
    """A run's verdicts, held against the catalogue.

    Attributes:
        new: divergences that no entry lists.
        gone, changed: by entry, how many cases conform that it lists, or diverge another way.
        known: by target and entry, how many verdicts show it.
        asked: by target and entry, how many verdicts are on its cases, whether or not it holds there.
    """

    new: tuple[Fact, ...]
    gone: Counter[str]
    changed: Counter[str]
    known: Counter[tuple[str, str]]
    asked: Counter[tuple[str, str]]


def find_news(catalogue: Catalogue, facts: Iterable[Fact]) -> News:
    """Hold the verdicts of a run against a catalogue."""
    new = []
    gone: Counter[str] = Counter()
    changed: Counter[str] = Counter()
    known: Counter[tuple[str, str]] = Counter()
    asked: Counter[tuple[str, str]] = Counter()
    for fact in facts:
        if fact.outcome not in NOT_ASKED:
            asked.update((fact.place.target, listed.entry.id) for listed in catalogue.find_listing(fact))
        match = catalogue.match(fact)
        novelty = catalogue.tell_novelty(fact, match)
        if novelty is Novelty.NEW:
            new.append(fact)
        elif match is not None and novelty is not None:
            counted = gone if novelty is Novelty.GONE else changed
            counted[match.listed.entry.id] += 1
        elif match is not None and match.is_seen(fact):
            known[fact.place.target, match.listed.entry.id] += 1
    return News(tuple(new), gone, changed, known, asked)
