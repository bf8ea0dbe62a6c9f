"""Writing a baseline anew: known divergences that still show stay as people wrote them, the others go, new ones come.

`rewrite` works in steps, each from one text to the next, because a new count may free an entry and a new entry may
explain what a later one was written for: correct the counts; add what is not explained yet; count again.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from packaging.version import Version

from conformance import safe_yaml
from conformance.case import Kind, Outcome
from conformance.records import baseline
from conformance.records.baseline import Baseline, BaselineError, Entry, Fact, Pattern, Place, fits
from conformance.records.baseline_text import NO_ENTRIES, Edits, edit, write_entry
from conformance.records.patterns import find_patterns

HEADER = """\
# The divergences that are known: an audit with --baseline expects each of them, and fails where one is missing, is
# new, or shows another way. Below `cases` stands how many cases diverge so; * is any text. `--write-baseline` keeps
# this file's comments (each belongs to what is below it), reasons and addresses, and corrects the rest.
divergences:
"""
UNREVIEWED = "unreviewed"
MAX_MESSAGE = 100
MAX_REASON = 200
MAX_TEMPLATE = 60

# What differs between two runs of the same divergence: addresses, the order of a set, numbered operators, folders.
UNSTABLE_TEXT = re.compile(r"\{|0x[0-9a-fA-F]{4}|-op\d|/tmp/|\n")
MEASURED = frozenset({Kind.VALUE, Kind.GRADIENT, Kind.DISTRIBUTION})
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


class _Divergence(NamedTuple):
    """What facts have in common that are one divergence, in the order in which entries are written."""

    api: str
    version: str
    platform: str
    kind: str
    subject: str
    template: str


def rewrite(text: str, file: str, facts: Sequence[Fact]) -> str:
    """A baseline's text such that it describes these facts; what they do not touch stays as it is.

    Args:
        text: the present one, empty for a new file.
        facts: of a whole run.

    Raises:
        BaselineError: the present text is no baseline, or is not laid out one case a line.
    """
    text = text if text.strip() else HEADER + NO_ENTRIES
    text = edit(text, file, Edits(_count_anew(_read(text, file), facts, drop_conforming=True)))
    text = edit(text, file, _add_unexplained(_read(text, file), facts))
    return edit(text, file, Edits(_count_anew(_read(text, file), facts, drop_conforming=False)))


def _read(text: str, file: str) -> Baseline:
    return baseline.read(safe_yaml.parse(file, text.encode(), BaselineError))


def _count_anew(known: Baseline, facts: Sequence[Fact], drop_conforming: bool) -> dict[tuple[int, str], int]:
    """By entry and pattern, how many facts bear it out; entries that speak of nothing that was asked are left out.

    Args:
        drop_conforming: whether a pattern that a conforming case fits counts as borne out by none.
    """
    explained = Counter(match.pattern for match in map(known.match, facts) if match is not None and match.explains)
    asked = {(fact.api, fact.place) for fact in facts}
    conforming = [fact for fact in facts if fact.outcome is Outcome.CONFORMS]
    counts: dict[tuple[int, str], int] = {}
    for number, entry in enumerate(known.entries):
        if not _covers_any(entry, asked):
            continue
        for pattern in entry.patterns:
            dropped = drop_conforming and _fits_any(entry, pattern, conforming)
            counts[number, pattern.text] = 0 if dropped else explained[pattern]
    return counts


def _covers_any(entry: Entry, asked: Iterable[tuple[str, Place]]) -> bool:
    return any(entry.covers(api, place) for api, place in asked)


def _fits_any(entry: Entry, pattern: Pattern, facts: Iterable[Fact]) -> bool:
    return any(fits(pattern.text, fact.case) and entry.covers(fact.api, fact.place) for fact in facts)


def _add_unexplained(known: Baseline, facts: Sequence[Fact]) -> Edits:
    """What a baseline does not explain yet: more cases of its entries, and new entries."""
    more: dict[int, list[Fact]] = {}
    new: dict[_Divergence, list[Fact]] = {}
    for fact in facts:
        match = known.match(fact)
        if not fact.diverges or (match is not None and match.explains):
            continue
        number = _find_entry(known, fact)
        if number is not None:
            more.setdefault(number, []).append(fact)
        else:
            new.setdefault(_classify(fact), []).append(fact)
    return Edits(
        more={number: find_patterns(group, facts) for number, group in more.items()},
        entries=[_write_entry(group, facts) for _, group in sorted(new.items())],
    )


def _find_entry(known: Baseline, fact: Fact) -> int | None:
    """The number of the first entry that describes a fact, whatever cases the entry lists."""
    for number, entry in enumerate(known.entries):
        if entry.covers(fact.api, fact.place) and entry.explains(fact):
            return number
    return None


def _classify(fact: Fact) -> _Divergence:
    template = NUMBER.sub("#", _cut_unstable(fact))[:MAX_TEMPLATE]
    return _Divergence(fact.api, fact.place.version, fact.place.platform, fact.kind, fact.subject, template)


def _cut_unstable(fact: Fact) -> str:
    """The beginning of what was observed that is the same in every run."""
    text = UNSTABLE_TEXT.split(fact.observed, maxsplit=1)[0]
    if fact.kind in MEASURED:
        text = re.split(r"[-+(]*(?:\d|inf)", text, maxsplit=1)[0]
    return "".join(itertools.takewhile(str.isprintable, text))


def find_beginning(divergence: Sequence[Fact]) -> str:
    """The longest beginning that the messages of a divergence share, cut where it is the same in every run."""
    texts = [_cut_unstable(fact) for fact in divergence]
    common = _common_beginning(min(texts), max(texts))  # what these two share, all between them share
    if any(text != common for text in texts):
        common = re.sub(r"[-+.\d]+$", "", common)  # half a number tells nothing
    if len(common) <= MAX_MESSAGE:
        return common
    return common[:MAX_MESSAGE].rpartition(" ")[0]


def _common_beginning(first: str, second: str) -> str:
    length = 0
    for a, b in zip(first, second, strict=False):
        if a != b:
            break
        length += 1
    return first[:length]


def _write_entry(divergence: Sequence[Fact], facts: Sequence[Fact]) -> str:
    fact = divergence[0]
    fields = {
        "api": fact.api,
        "versions": f"=={Version(fact.place.version).public}",
        "platform": fact.place.platform,
        "kind": fact.kind,
        "subject": fact.subject,
        "message": find_beginning(divergence),
        "reason": _write_reason(divergence),
    }
    return write_entry(fields, find_patterns(divergence, facts))


def _write_reason(divergence: Sequence[Fact]) -> str:
    """That nobody reviewed the divergence, and what all of its facts say."""
    parts = [UNREVIEWED]
    rulings = {fact.ruling for fact in divergence}
    if len(rulings) == 1:
        parts.append(rulings.pop().replace("_", " "))
    expected = {fact.expected for fact in divergence}
    if len(expected) == 1 and expected != {""}:
        parts.append(f"expected {expected.pop()}")
    return "; ".join(filter(None, parts))[:MAX_REASON]
