"""The baseline: divergences that are known, in a YAML file that people review. Schema: ``specs/schema/baseline.json``.

An entry is one divergence of one API. Its `cases` name where it shows: a case id, or a pattern in which ``*`` stands
for any text, each with the number of cases that diverge so.
"""

from __future__ import annotations

import itertools
import platform
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from conformance import safe_yaml
from conformance.case import Outcome
from conformance.records.record import TargetRecord, VerdictRecord
from conformance.safe_yaml import YamlPath

DIVERGENT = frozenset({Outcome.DIVERGES, Outcome.CRASHED, Outcome.TIMED_OUT, Outcome.UNSTABLE})
MACHINE = re.compile(r"x86_64|amd64|aarch64|arm64|i[3-6]86|ppc64le|riscv64|s390x|loongarch64", re.IGNORECASE)


class BaselineError(safe_yaml.InputError):
    """A baseline that cannot be used or rewritten: where, and what was expected."""


@dataclass(frozen=True)
class Place:
    """Where a verdict was observed: the properties of a target that an entry may be bound to.

    Attributes:
        platform: system and machine, such as ``"linux-x86_64"``.
        processor: the processor's name as its system tells it.
        instructions: the instruction sets in use that the target's adapter names.
    """

    target: str
    version: str
    platform: str
    processor: str
    device: str
    instructions: str = ""


def describe_place(target: TargetRecord) -> Place:
    """Where the verdicts of a target are observed."""
    environment = target.environment
    return Place(
        target.name,
        target.version,
        _describe_platform(environment.get("platform", platform.platform())),
        environment.get("processor", ""),
        environment.get("device", ""),
        environment.get("instructions", ""),
    )


def _describe_platform(system: str) -> str:
    """``"linux-x86_64"`` of ``"Linux-6.1-x86_64-with-glibc2.31"``."""
    name = system.partition("-")[0]
    machine = MACHINE.search(system)
    if machine is None:
        return name.lower()
    return f"{name}-{machine.group()}".lower()


@dataclass(frozen=True)
class Fact:
    """A verdict, as far as a baseline speaks of verdicts.

    Attributes:
        kind: how the case diverges. An outcome that says so by itself (crashed, timed_out) is its own kind.
        subject, expected, observed: as the verdict has them.
    """

    case: str
    api: str
    place: Place
    outcome: Outcome
    kind: str = ""
    subject: str = ""
    expected: str = ""
    observed: str = ""
    ruling: str = ""

    @property
    def diverges(self) -> bool:
        return self.outcome in DIVERGENT


def describe_fact(record: VerdictRecord, place: Place) -> Fact:
    """What a baseline may say of a verdict that was observed there."""
    verdict = record.verdict
    return Fact(
        record.question.case,
        record.question.api,
        place,
        verdict.outcome,
        str(verdict.kind or "") if verdict.outcome is Outcome.DIVERGES else str(verdict.outcome),
        verdict.subject,
        verdict.expected,
        verdict.observed,
        str(verdict.ruling or ""),
    )


@dataclass(frozen=True)
class Pattern:
    """The cases in which an entry shows.

    Attributes:
        text: a case id, in which ``*`` stands for any text.
        count: how many cases that fit diverge as the entry says.
        line: where the file says so.
    """

    text: str
    count: int
    line: int

    @property
    def name(self) -> str:
        """The part of the text before ``[``; empty where that part has a ``*`` and fits several names."""
        name = self.text.partition("[")[0]
        return "" if "*" in name else name


@dataclass(frozen=True)
class Entry:
    """One known divergence of one API.

    Attributes:
        versions, platform, processor, device, instructions: the places where it is known; None for any.
        kind: how the cases diverge, as `Fact.kind`.
        subject: what diverges; None for anything.
        message: how the observed text begins.
        reason, upstream: why it is known, and where it was reported.
        patterns: the cases in which it shows.
        line: where it begins in the file.
    """

    api: str
    versions: SpecifierSet
    platform: str | None
    processor: str | None
    device: str | None
    instructions: str | None
    kind: str
    subject: str | None
    message: str
    reason: str
    upstream: str
    patterns: tuple[Pattern, ...]
    line: int

    def covers(self, api: str, place: Place) -> bool:
        """Whether the entry speaks of this API at this place."""
        try:
            version = Version(place.version)
        except InvalidVersion:
            return False
        return (
            api == self.api
            and self.versions.contains(version, prereleases=True)
            and self.platform in (None, place.platform)
            and (self.processor is None or fits(self.processor, place.processor))
            and (self.device is None or fits(self.device, place.device))
            and (self.instructions is None or fits(self.instructions, place.instructions))
        )

    def explains(self, fact: Fact) -> bool:
        """Whether a fact is the divergence that the entry describes."""
        return (
            fact.diverges
            and fact.kind == self.kind
            and self.subject in (None, fact.subject)
            and fact.observed.startswith(self.message)
        )

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
class Match:
    """The entry whose pattern fits the case of a fact.

    Attributes:
        explains: whether the entry describes the fact as well. If not, the case diverges another way, or not at all.
    """

    entry: Entry
    pattern: Pattern
    explains: bool


class Baseline:
    """A loaded baseline; without entries it knows nothing."""

    def __init__(self, file: str, entries: Iterable[Entry] = ()) -> None:
        self.file = file
        self.entries = tuple(entries)
        self._patterns: dict[tuple[str, Place], _PatternsByName] = {}

    def match(self, fact: Fact) -> Match | None:
        """The first pattern that fits the case and whose entry explains the fact, or else the first that fits."""
        first: Match | None = None
        for entry, pattern in self._candidates(fact):
            if not fits(pattern.text, fact.case):
                continue
            match = Match(entry, pattern, entry.explains(fact))
            if match.explains:
                return match
            first = first or match
        return first

    def _candidates(self, fact: Fact) -> Iterator[tuple[Entry, Pattern]]:
        """Patterns that may fit the case of a fact: those of its name, then those of any."""
        patterns = self._covering(fact.api, fact.place)
        yield from patterns.get(fact.case.partition("[")[0], ())
        yield from patterns.get("", ())

    def _covering(self, api: str, place: Place) -> _PatternsByName:
        """The patterns that speak of an API at a place, by `Pattern.name`. A run asks thousands of times."""
        patterns = self._patterns.get((api, place))
        if patterns is None:
            patterns = self._patterns[api, place] = {}
            for entry in self.entries:
                if not entry.covers(api, place):
                    continue
                for pattern in entry.patterns:
                    patterns.setdefault(pattern.name, []).append((entry, pattern))
        return patterns

    def explain_difference(self, fact: Fact, match: Match | None) -> str:
        """Why a fact is not as this baseline has it; empty where it is.

        Args:
            match: of this fact.
        """
        if match is None:
            return f"not listed in {self.file}" if fact.diverges and self.file else ""
        listed_at = f"{self.file}:{match.pattern.line}"
        described = match.entry.described
        if fact.outcome is Outcome.CONFORMS:
            return f"stale: {listed_at} lists it as diverging ({described}); it conforms, so take it out"
        if fact.diverges and not match.explains:
            return f"listed at {listed_at} as another divergence: {described}"
        return ""

    def find_miscounts(self, facts: Iterable[Fact], complete: frozenset[str]) -> Iterator[Miscount]:
        """The patterns whose number is not that of the cases that diverge so.

        Args:
            complete: spec files of which every case ran. Of the others only too many can be told.
        """
        counts: Counter[tuple[str, Pattern]] = Counter()
        differing: set[Pattern] = set()  # a case of theirs has failed already, and says more
        asked: dict[tuple[str, Place], None] = {}
        for fact in facts:
            asked[fact.api, fact.place] = None
            match = self.match(fact)
            if match is None:
                continue
            counts[fact.place.target, match.pattern] += match.explains
            if self.explain_difference(fact, match):
                differing.add(match.pattern)
        for api, place in asked:
            for entry, pattern in itertools.chain(*self._covering(api, place).values()):
                if pattern in differing:
                    continue
                count = counts[place.target, pattern]
                too_few = count < pattern.count and pattern.text.partition("::")[0] in complete
                if count > pattern.count or too_few:
                    yield Miscount(pattern, self._describe_miscount(entry, pattern, place, count))

    def _describe_miscount(self, entry: Entry, pattern: Pattern, place: Place, count: int) -> str:
        remedy = "write it anew with --write-baseline" if count else "take it out"
        return (
            f"{self.file}:{pattern.line}: {pattern.text} is listed {pattern.count} times for {entry.api} of "
            f"{place.target}, {count} diverge so ({entry.described}); {remedy}"
        )


@dataclass(frozen=True)
class Miscount:
    """A pattern that more or fewer cases bear out than it says; `message` says how many, and the remedy."""

    pattern: Pattern
    message: str


_PatternsByName: TypeAlias = dict[str, list[tuple[Entry, Pattern]]]


def fits(pattern: str, text: str) -> bool:
    """Whether a text is as a pattern in which ``*`` stands for any text, and every other character for itself."""
    first, *others = pattern.split("*")
    if not others:
        return pattern == text
    if not text.startswith(first):
        return False
    *middle, last = others
    position = len(first)
    for part in middle:
        # The earliest place of each part leaves most of the text to the others.
        position = text.find(part, position)
        if position < 0:
            return False
        position += len(part)
    return text.endswith(last) and position + len(last) <= len(text)


def load(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        BaselineError: the file cannot be read, is no YAML, or no baseline.
    """
    return read(safe_yaml.load(path, BaselineError))


def read(document: safe_yaml.Document) -> Baseline:
    """`load` for a document that was read already."""
    document.validate("baseline.json")
    nodes = document.data["divergences"]
    entries = tuple(_read_entry(document, number, node) for number, node in enumerate(nodes))
    return Baseline(document.file, entries)


def _read_entry(document: safe_yaml.Document, number: int, node: Mapping[str, Any]) -> Entry:
    path = ("divergences", number)
    try:
        versions = SpecifierSet(node["versions"])
    except InvalidSpecifier as error:
        raise document.error((*path, "versions"), f"versions: {error}; write one such as ==2.13.0") from error
    return Entry(
        api=node["api"],
        versions=versions,
        platform=node.get("platform"),
        processor=node.get("processor"),
        device=node.get("device"),
        instructions=node.get("instructions"),
        kind=node["kind"],
        subject=node.get("subject"),
        message=node.get("message", ""),
        reason=node["reason"],
        upstream=node.get("upstream", ""),
        patterns=tuple(_read_patterns(document, (*path, "cases"), node["cases"])),
        line=document.positions[path][0],
    )


def _read_patterns(document: safe_yaml.Document, path: YamlPath, counts: Mapping[str, int]) -> Iterator[Pattern]:
    for text, count in counts.items():
        file, separator, _ = text.partition("::")
        if not separator or "*" in file:
            example = "conv2d/padding.yaml::same[k:3]"
            raise document.error((*path, text), f"{text!r}: expected a case id such as {example}, * after the ::")
        yield Pattern(text, count, document.positions[*path, text][0])
