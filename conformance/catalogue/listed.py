"""An entry as its file lists it: the cause, the places where it is known, and the cases that show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from conformance.case import Entry, Outcome
from conformance.catalogue.fact import Fact, Place
from conv_reports import fits


@dataclass(frozen=True)
class Where:
    """The places where a cause is known.

    Attributes:
        versions: of the framework.
        environment: by what a target says of its environment, patterns of which one has to fit.
    """

    versions: SpecifierSet
    environment: Mapping[str, tuple[str, ...]]

    def covers(self, place: Place) -> bool:
        try:
            version = Version(place.version)
        except InvalidVersion:
            return False
        return self.versions.contains(version, prereleases=True) and all(
            any(fits(pattern, place.tell(name)) for pattern in patterns) for name, patterns in self.environment.items()
        )

    @property
    def is_of_mode(self) -> bool:
        """Whether it is known of a mode, or of several, and not of the framework by itself."""
        return "mode" in self.environment

    def __str__(self) -> str:
        conditions = [str(self.versions)]
        conditions += [f"{name} {' or '.join(patterns)}" for name, patterns in self.environment.items()]
        return ", ".join(conditions)


@dataclass(frozen=True)
class Pattern:
    """Cases in which an entry shows.

    Attributes:
        text: a case id, in which ``*`` stands for any text.
        count: how many cases that fit show it so.
        file, line: where it stands.
    """

    text: str
    count: int
    file: str
    line: int

    @property
    def name(self) -> str:
        """The part of the text before ``[``; empty where that part has a ``*`` and fits several names."""
        name = self.text.partition("[")[0]
        return "" if "*" in name else name

    @property
    def spec(self) -> str:
        """The spec file of the cases."""
        return self.text.partition("::")[0]


@dataclass(frozen=True)
class Sighting:
    """One way in which one API shows an entry.

    Attributes:
        kind: how its cases diverge, as `Fact.kind`.
        subject: what diverges; None for anything.
        message: how the observed text begins.
        patterns: the cases.
    """

    api: str
    kind: str
    subject: str | None
    message: str
    patterns: tuple[Pattern, ...]

    def shows(self, fact: Fact) -> bool:
        """Whether a fact is what the sighting describes."""
        return (
            fact.kind == self.kind and self.subject in (None, fact.subject) and fact.observed.startswith(self.message)
        )

    @property
    def is_failure(self) -> bool:
        """Whether its cases fail; a difference shows in cases that pass."""
        return self.kind not in (Outcome.CONFORMS, Outcome.DIFFERS)

    @property
    def described(self) -> str:
        """The divergence in a few words."""
        words = self.kind.replace("_", " ")
        if self.subject:
            words += f" of {self.subject}"
        if self.message:
            words += f", {self.message!r}"
        return words


@dataclass(frozen=True)
class ListedEntry:
    """An entry of a catalogue's file.

    Attributes:
        unstable: where the cause is known to vary, the outcomes that were seen; empty where it does not.
        file, line: where it stands.
    """

    entry: Entry
    where: Where
    unstable: frozenset[Outcome]
    sightings: tuple[Sighting, ...]
    file: str
    line: int

    def explains(self, sighting: Sighting, fact: Fact) -> bool:
        """Whether a fact, whose case a pattern of the sighting fits, is this entry's cause."""
        if fact.outcome in self.unstable and fact.outcome is not Outcome.DIVERGES:
            return True
        return sighting.shows(fact)

    def patterns_of(self, api: str) -> Iterator[tuple[Sighting, Pattern]]:
        for sighting in self.sightings:
            if sighting.api == api:
                for pattern in sighting.patterns:
                    yield sighting, pattern

    @property
    def apis(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(sighting.api for sighting in self.sightings))

    @property
    def specs(self) -> frozenset[str]:
        """The spec files whose cases show it."""
        return frozenset(pattern.spec for sighting in self.sightings for pattern in sighting.patterns)
