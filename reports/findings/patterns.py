"""The cases of one divergence as few patterns, none of which a conforming case fits.

A case's name is its spec's name and, in brackets, ``key:value`` tokens. A pattern keeps some of the tokens, and has
``*`` in place of the others.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

# By pattern the number of cases that diverge so, as a catalogue's `cases` has them.
Patterns: TypeAlias = Mapping[str, int]

MAX_KEPT = 2  # tokens; a pattern that keeps more tells no cause that a person would see
TOKENS = re.compile(r"-(?=[a-z][a-z0-9_]*:)")


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


def find_patterns(diverging: Iterable[str], conforming: Iterable[str]) -> Patterns:
    """Patterns for the ids of the cases of a divergence; those that conform may fit none of the patterns."""
    diverging_by_name = _group_by_name(diverging)
    conforming_by_name = _group_by_name(conforming)
    patterns: dict[str, int] = {}
    for name in sorted(diverging_by_name):
        patterns |= _find_patterns_of_name(name, diverging_by_name[name], conforming_by_name.get(name, []))
    return patterns


def _group_by_name(cases: Iterable[str]) -> dict[str, list[str]]:
    by_name: dict[str, list[str]] = {}
    for case in cases:
        by_name.setdefault(_name(case), []).append(case)
    return by_name


def _name(case: str) -> str:
    return case.partition("[")[0]


def _find_patterns_of_name(name: str, diverging: Sequence[str], conforming: Sequence[str]) -> dict[str, int]:
    """Patterns for cases of one name, the widest first; a case that fits none stands by itself."""
    remaining = dict.fromkeys(sorted(diverging))
    patterns: dict[str, int] = {}
    for kept in range(MAX_KEPT + 1):
        for pattern, cases in _choose_patterns(name, remaining, conforming, kept):
            patterns[pattern] = len(cases)
            for case in cases:
                del remaining[case]
    return patterns | dict.fromkeys(remaining, 1)


def _choose_patterns(
    name: str, diverging: Iterable[str], conforming: Sequence[str], kept: int
) -> Iterator[tuple[str, list[str]]]:
    """Patterns that keep so many tokens, with the cases that each explains, while there are two of them."""
    excluded = {pattern for case in conforming for pattern in _generalise(name, case, kept)}
    candidates: dict[str, list[str]] = {}
    for case in diverging:
        for pattern in _generalise(name, case, kept):
            if pattern not in excluded:
                candidates.setdefault(pattern, []).append(case)
    while candidates:
        best = max(candidates, key=lambda pattern: (len(candidates[pattern]), pattern))
        cases = candidates.pop(best)
        if len(cases) < 2:
            return
        # `*` may fit more than one token, so that a conforming case fits a pattern that is none of its own.
        if any(fits(best, case) for case in conforming):
            continue
        yield best, cases
        explained = set(cases)
        for pattern, others in candidates.items():
            candidates[pattern] = [case for case in others if case not in explained]


def _generalise(name: str, case: str, kept: int) -> Iterator[str]:
    """Patterns that keep `kept` tokens of a case."""
    if not case.startswith(f"{name}[") or not case.endswith("]"):
        return
    tokens = TOKENS.split(case[len(name) + 1 : -1])
    for positions in itertools.combinations(range(len(tokens)), min(kept, len(tokens))):
        parts = [token if position in positions else "*" for position, token in enumerate(tokens)]
        merged = [part for part, _ in itertools.groupby(parts)]
        yield f"{name}[{'-'.join(merged)}]"
