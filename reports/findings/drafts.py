"""What a new cluster shows, API by API, and in which cases: what of a catalogue's entry can be written for it."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..results.loaded import LoadedRun
from ..results.records import Verdict
from .clusters import Finding
from .patterns import Patterns, find_patterns

MAX_MESSAGE = 100

# What differs between two runs of the same divergence: addresses, the order of a set, numbered operators, folders.
_UNSTABLE = re.compile(r"\{|0x[0-9a-fA-F]{4}|-op\d|/tmp/|\n")
_MEASURED = frozenset({"value", "gradient", "distribution"})
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_TEMPLATE = 60  # characters by which messages are told apart


@dataclass(frozen=True)
class Sighting:
    """One way in which one API shows a cluster.

    Attributes:
        message: how the observed text begins in every run.
        cases: patterns of the cases, each with how many it fits.
    """

    api: str
    kind: str
    subject: str
    message: str
    cases: Patterns


def find_sightings(run: LoadedRun, finding: Finding) -> Iterator[Sighting]:
    """The ways in which a finding shows, API by API."""
    conforming = _list_conforming(run)
    groups: dict[tuple[str, str, str, str], list[Verdict]] = defaultdict(list)
    for index in finding.members:
        judged = run.judged[index]
        verdict = judged.verdict
        template = _NUMBER.sub("#", _cut_unstable(judged.word, verdict.observed))[:_TEMPLATE]
        groups[verdict.api, judged.word, verdict.subject, template].append(verdict)
    for (api, kind, subject, _), verdicts in sorted(groups.items()):
        message = find_beginning(kind, [verdict.observed for verdict in verdicts])
        cases = find_patterns([verdict.case for verdict in verdicts], conforming[api])
        yield Sighting(api, kind, subject, message, cases)


def _list_conforming(run: LoadedRun) -> Mapping[str, Sequence[str]]:
    """By API, the cases that conform: no pattern may fit them."""
    conforming: dict[str, list[str]] = defaultdict(list)
    for judged in run.judged:
        if judged.conforms:
            conforming[judged.verdict.api].append(judged.verdict.case)
    return conforming


def find_beginning(kind: str, observed: Sequence[str]) -> str:
    """The longest beginning that what was observed shares, cut where it is the same in every run."""
    texts = [_cut_unstable(kind, text) for text in observed]
    common = _common_beginning(min(texts), max(texts))  # what these two share, all between them share
    if any(text != common for text in texts):
        common = re.sub(r"[-+.\d]+$", "", common)  # half a number tells nothing
    if len(common) <= MAX_MESSAGE:
        return common
    return common[:MAX_MESSAGE].rpartition(" ")[0]


def _cut_unstable(kind: str, observed: str) -> str:
    """The beginning that is the same in every run."""
    text = _UNSTABLE.split(observed, maxsplit=1)[0]
    if kind in _MEASURED:
        text = re.split(r"[-+(]*(?:\d|inf)", text, maxsplit=1)[0]
    return "".join(itertools.takewhile(str.isprintable, text))


def _common_beginning(first: str, second: str) -> str:
    length = 0
    for a, b in zip(first, second, strict=False):
        if a != b:
            break
        length += 1
    return first[:length]
