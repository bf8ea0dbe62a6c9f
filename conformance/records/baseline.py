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
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from conformance import safe_yaml
from conformance.case import Kind, Outcome

DIVERGENT = frozenset({Outcome.DIVERGES, Outcome.CRASHED, Outcome.TIMED_OUT, Outcome.UNSTABLE})
MACHINE = re.compile(r"x86_64|amd64|aarch64|arm64|i[3-6]86|ppc64le|riscv64|s390x|loongarch64", re.IGNORECASE)


class BaselineError(safe_yaml.InputError):
    """A baseline that cannot be used or rewritten: where, and what was expected."""


@dataclass(frozen=True)
class Where:
    """What of a target a baseline is bound to."""

    target: str
    version: str
    platform: str
    processor: str
    device: str


@dataclass(frozen=True)
class Fact:
    """What of a verdict a baseline is bound to. `kind` is the outcome's name where the outcome says how it differs."""

    case: str
    api: str
    where: Where
    outcome: Outcome
    kind: str = ""
    subject: str = ""
    expected: str = ""
    observed: str = ""
    ruling: str = ""

    @property
    def diverges(self) -> bool:
        return self.outcome in DIVERGENT


def where(target: Mapping[str, Any]) -> Where:
    """From a target's record in a results file."""
    environment: Mapping[str, str] = target.get("environment", {})
    system = environment.get("platform", platform.platform())
    machine = MACHINE.search(system)
    return Where(
        target["name"],
        target.get("version", ""),
        "-".join(part for part in (system.partition("-")[0], machine and machine.group()) if part).lower(),
        environment.get("processor", ""),
        environment.get("device", ""),
    )


def fact(verdict: Mapping[str, Any], place: Where) -> Fact:
    """From a verdict's record in a results file."""
    outcome = Outcome(verdict["outcome"])
    kind = verdict.get("kind", "") if outcome is Outcome.DIVERGES else str(outcome)
    texts = {name: verdict.get(name, "") for name in ("subject", "expected", "observed", "ruling")}
    return Fact(verdict["case"], verdict["api"], place, outcome, str(kind), **texts)


@dataclass(frozen=True)
class Pattern:
    """Case ids and how many of them diverge; `line` is where the file says so."""

    text: str
    count: int
    line: int

    @property
    def name(self) -> str:
        """The case's name without its [...], where the pattern has it in full; empty where it does not."""
        name = self.text.partition("[")[0]
        return "" if "*" in name else name


@dataclass(frozen=True)
class Entry:
    """One known divergence of one API."""

    api: str
    versions: SpecifierSet
    platform: str | None
    processor: str | None
    device: str | None
    kind: str
    subject: str | None
    message: str
    reason: str
    upstream: str
    patterns: tuple[Pattern, ...]
    line: int

    def covers(self, api: str, place: Where) -> bool:
        """Whether it speaks of this API of this target."""
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
        )

    def explains(self, found: Fact) -> bool:
        """Whether a divergence is the one that it describes."""
        return (
            found.diverges
            and found.kind == self.kind
            and self.subject in (None, found.subject)
            and found.observed.startswith(self.message)
        )

    @property
    def described(self) -> str:
        what = self.kind.replace("_", " ") + (f" of {self.subject}" if self.subject else "")
        return what + (f", {self.message!r}" if self.message else "")


@dataclass(frozen=True)
class Match:
    """A pattern that names a fact's case. `explains`: and its entry describes what the fact says."""

    entry: Entry
    pattern: Pattern
    explains: bool


class Baseline:
    """A loaded baseline; without entries it knows nothing."""

    def __init__(self, file: str, entries: Iterable[Entry] = ()) -> None:
        self.file, self.entries = file, tuple(entries)
        self._index: dict[tuple[str, Where], dict[str, list[tuple[Entry, Pattern]]]] = {}

    def match(self, found: Fact) -> Match | None:
        """The first pattern that names the case and explains the divergence, or else the first that names the case."""
        other: Match | None = None
        index = self._covering(found.api, found.where)
        for entry, pattern in (*index.get(found.case.partition("[")[0], ()), *index.get("", ())):
            if fits(pattern.text, found.case):
                match = Match(entry, pattern, entry.explains(found))
                if match.explains:
                    return match
                other = other or match
        return other

    def _covering(self, api: str, place: Where) -> Mapping[str, list[tuple[Entry, Pattern]]]:
        """The patterns that speak of an API of a target, by `Pattern.name`."""
        index = self._index.get((api, place))
        if index is None:
            index = self._index[api, place] = {}
            for entry in self.entries:
                if entry.covers(api, place):
                    for pattern in entry.patterns:
                        index.setdefault(pattern.name, []).append((entry, pattern))
        return index

    def complaint(self, found: Fact, match: Match | None) -> str:
        """Why a fact is not as this baseline has it; empty where it is."""
        if match is None:
            return f"not listed in {self.file}" if found.diverges and self.file else ""
        place = f"{self.file}:{match.pattern.line}"
        if found.diverges:
            return "" if match.explains else f"listed at {place} as another divergence: {match.entry.described}"
        if found.outcome is Outcome.CONFORMS:
            return f"stale: {place} lists it as diverging ({match.entry.described}); it conforms, so take it out"
        return ""

    def miscounts(self, facts: Iterable[Fact], complete: frozenset[str]) -> Iterator[tuple[Pattern, str]]:
        """The patterns whose number is not that of the cases that diverge so, and how.

        Args:
            complete: spec files of which every case ran. Of the others only too many can be told.
        """
        counts: Counter[tuple[str, Pattern]] = Counter()
        blamed: set[Pattern] = set()  # a case of theirs says more
        asked: dict[tuple[str, Where], None] = {}
        for found in facts:
            asked[found.api, found.where] = None
            match = self.match(found)
            if match is not None:
                counts[found.where.target, match.pattern] += match.explains
                blamed |= {match.pattern} if self.complaint(found, match) else set()
        for api, place in asked:
            for entry, pattern in itertools.chain(*self._covering(api, place).values()):
                count = counts[place.target, pattern]
                stale = count < pattern.count and pattern.text.partition("::")[0] in complete
                if (stale or count > pattern.count) and pattern not in blamed:
                    mend = "write it anew with --write-baseline" if count else "take it out"
                    said = f"{pattern.text} is listed {pattern.count} times for {entry.api} of {place.target}"
                    how = f"{count} diverge so ({entry.described})"
                    yield pattern, f"{self.file}:{pattern.line}: {said}, {how}; {mend}"


def fits(pattern: str, text: str) -> bool:
    """Whether a text is as a pattern in which ``*`` stands for any text, and every other character for itself."""
    first, *others = pattern.split("*")
    if not others:
        return pattern == text
    *middle, last = others
    if not text.startswith(first):
        return False
    at = len(first)
    for part in middle:  # the earliest place of each leaves most to the others
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return text.endswith(last) and at + len(last) <= len(text)


def load(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        BaselineError: the file cannot be read, is no YAML, or no baseline.
    """
    return read(safe_yaml.load(path, BaselineError))


def read(document: safe_yaml.Document) -> Baseline:
    """`load` for a document that was read already."""
    document.validate("baseline.json")
    entries = tuple(_entry(document, number, node) for number, node in enumerate(document.data["divergences"]))
    return Baseline(document.file, entries)


def _entry(document: safe_yaml.Document, number: int, node: Mapping[str, Any]) -> Entry:
    path = ("divergences", number)
    try:
        versions = SpecifierSet(node["versions"])
    except InvalidSpecifier as error:
        raise document.error((*path, "versions"), f"versions: {error}; write one such as ==2.13.0") from error
    patterns = []
    for text, count in node["cases"].items():
        line, _ = document.positions[*path, "cases", text]
        file, separator, _ = text.partition("::")
        if not separator or "*" in file:
            raise document.error(
                (*path, "cases", text),
                f"{text!r}: expected a case id such as conv2d/padding.yaml::same[k=3], * after the ::",
            )
        patterns.append(Pattern(text, count, line))
    return Entry(
        node["api"],
        versions,
        node.get("platform"),
        node.get("processor"),
        node.get("device"),
        str(Kind(node["kind"])) if node["kind"] in set(Kind) else node["kind"],
        node.get("subject"),
        node.get("message", ""),
        node["reason"],
        node.get("upstream", ""),
        tuple(patterns),
        document.positions[path][0],
    )
