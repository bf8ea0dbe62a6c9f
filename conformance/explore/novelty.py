"""Whether a divergence is known: as an entry of the catalogue lists it, or as this search has found it already.

A cause is told by how it looks (the kind and message of the divergence) and by its condition: the traits that all the
cases have which show it. A call that looks so and has these traits is taken for it, and costs nothing more. What is
left is shrunk, and then it is known too where a listed case that looks so has all the traits that the smallest call
needs. So another cause that looks the same, and shows in such calls alone, stays hidden behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from conformance.case import VALUES, Case, Kind, Outcome, Verdict
from conformance.catalogue.listed import ListedEntry, Sighting
from conformance.explore.traits import ORDINARY, Traits, describe
from conformance.reproducers.shrink import begin
from conv_reports import fits

LOST = frozenset({Outcome.CRASHED, Outcome.TIMED_OUT})
# Classes of values that a cause may need.
SPECIAL = frozenset(VALUES) - {"exact", "real", "ones", "arange", "all_ones", "all_counted", "apart"}
USUAL = frozenset({ORDINARY, "ordinary of 4", "uneven", "asked"})  # classes of which most listed cases have some
OF_NUMBERS = frozenset({Kind.VALUE, Kind.GRADIENT})
Condition: TypeAlias = Mapping[str, frozenset[str]]  # by name of a trait, its classes


@dataclass(frozen=True)
class Cause:
    """What is known of a cause.

    Attributes:
        title: an entry's id, or the name of a cluster.
        shows: whether a divergence looks so.
        seen: the traits of cases that show it.
        conditions: what of them it needs, as far as that is known; one has to hold.
        is_loss: whether it costs the process.
    """

    title: str
    shows: Callable[[Verdict], bool]
    seen: tuple[Traits, ...]
    conditions: tuple[Condition, ...]
    is_loss: bool

    def holds(self, traits: Traits) -> bool:
        """Whether a call has what the cause needs."""
        return any(_has(traits, condition) for condition in self.conditions)

    def contains(self, traits: Traits) -> bool:
        """Whether a case that shows it has all of these traits."""
        return any(all(seen.get(name) == kind for name, kind in traits.items()) for seen in self.seen)


def _has(traits: Traits, condition: Condition) -> bool:
    return all(traits.get(name) in classes for name, classes in condition.items())


Place: TypeAlias = tuple[str, str]  # a target and an API


@dataclass
class Known:
    """The causes that are known at each place; more become known in a search."""

    causes: dict[Place, list[Cause]] = field(default_factory=dict)

    def add(self, place: Place, cause: Cause) -> None:
        self.causes.setdefault(place, []).append(cause)

    def explain(self, place: Place, verdict: Verdict, traits: Traits) -> Cause | None:
        """The cause that a divergence is taken for; None of a new one."""
        for cause in self.causes.get(place, ()):
            if cause.shows(verdict) and cause.holds(traits):
                return cause
        return None

    def explain_smallest(self, place: Place, verdict: Verdict, traits: Traits) -> Cause | None:
        """The cause of the smallest call that shows a divergence, of which nothing can be left out."""
        for cause in self.causes.get(place, ()):
            if cause.shows(verdict) and (cause.holds(traits) or cause.contains(traits)):
                return cause
        return None

    def expects_loss(self, place: Place, traits: Traits) -> bool:
        """Whether the call is known to end its process, or not to end: that costs seconds and tells nothing new."""
        return any(cause.is_loss and cause.holds(traits) for cause in self.causes.get(place, ()))


def list_causes(entries: Iterable[ListedEntry], cases: Iterable[Case]) -> Iterator[tuple[str, Cause]]:
    """By API, the causes that entries of the catalogue have, as far as listed cases tell what they need."""
    by_name: dict[str, list[Case]] = {}
    for case in cases:
        by_name.setdefault(case.id.partition("[")[0], []).append(case)
    for listed in entries:
        for sighting in listed.sightings:
            seen = tuple(_select(sighting, describe(case)) for case in _find_cases(sighting, by_name))
            if sighting.is_failure and seen:
                conditions = tuple(_find_conditions(seen))
                is_loss = sighting.kind in LOST and {} not in conditions
                yield sighting.api, Cause(listed.entry.id, _look_as(sighting), seen, conditions, is_loss)


def _select(sighting: Sighting, traits: Traits) -> Traits:
    """The traits that may matter: where the numbers of a listed case are special, wrong numbers come of these alone."""
    if sighting.kind in OF_NUMBERS and traits.get("values") in SPECIAL:
        return {name: traits[name] for name in ("dtype", "values") if name in traits}
    return traits


def _find_conditions(seen: Sequence[Traits]) -> Iterator[Condition]:
    """What a call needs to be like one of several.

    Of a case that has something unusual it is that. The others need what all of them have.
    """
    ordinary = []
    for traits in seen:
        unusual = {name: frozenset({kind}) for name, kind in traits.items() if kind not in USUAL}
        if unusual:
            yield unusual
        else:
            ordinary.append(traits)
    if ordinary:
        shared = set.intersection(*map(set, ordinary)) - {"gradients"}
        yield {name: frozenset(traits[name] for traits in ordinary) for name in shared}


def _find_cases(sighting: Sighting, by_name: Mapping[str, list[Case]]) -> Iterator[Case]:
    for pattern in sighting.patterns:
        names = [pattern.name] if pattern.name else list(by_name)
        for name in names:
            yield from (case for case in by_name.get(name, ()) if fits(pattern.text, case.id))


def _look_as(sighting: Sighting) -> Callable[[Verdict], bool]:
    message = begin(sighting.message).rstrip()

    def shows(verdict: Verdict) -> bool:
        kind = str(verdict.kind if verdict.outcome is Outcome.DIVERGES else verdict.outcome)
        if kind in OF_NUMBERS:
            # Which of output and gradients is wrong depends on the call, and what it was on the numbers.
            return sighting.kind in OF_NUMBERS
        return kind == sighting.kind and begin(verdict.observed).startswith(message)

    return shows
