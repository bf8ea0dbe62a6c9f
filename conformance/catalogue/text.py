"""A catalogue's text, edited line by line, so that everything else in it stays as people wrote it.

A YAML library that keeps comments hangs them on what stands above them, so that they go with the wrong neighbour.
Here a comment belongs to the case below it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from conformance.safe_yaml import Document, InputError, YamlPath

# What YAML reads as it stands, and as a string: words, paths, case ids.
PLAIN = re.compile(r"[A-Za-z](?:[\w./=\[\]*+;(),'<>-]|:(?=\S)| (?=[\w(]))*", re.ASCII)
RESERVED = frozenset({"null", "true", "false", "yes", "no", "on", "off"})
# A case and its number: what is kept of the line stands before and after the number.
COUNTED = re.compile(r"(?P<indent>\s*)(?P<case>.*?:\s+)(?P<count>\d+)(?P<rest>\s*|\s+#.*\n)")

Counts: TypeAlias = Mapping[str, int]  # by pattern


@dataclass(frozen=True)
class Recount:
    """The new numbers of a sighting.

    Attributes:
        counts: of its present patterns; 0 takes one out.
        more: further patterns.
    """

    counts: Counts
    more: Counts = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not any(self.counts.values()) and not self.more


def edit(document: Document, text: str, recounts: Mapping[YamlPath, Recount]) -> str:
    """The text with the cases of these sightings counted anew; a sighting without cases goes.

    Args:
        document: as it was read from the text.
        recounts: by the place of a sighting, such as ``("entries", 0, "seen", 1)``.

    Raises:
        InputError: the cases of a sighting do not stand below each other, one a line.
    """
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    # From the end, so that the lines above stay where the document found them.
    for path in sorted(recounts, key=lambda path: document.positions[path], reverse=True):
        recount = recounts[path]
        cases = _find_cases(document, path)
        last = max(cases)
        start = document.positions[path][0] - 1 if recount.is_empty else min(cases)
        start = _include_comments(lines, start)
        kept = [] if recount.is_empty else _edit_cases(document, path, lines[start : last + 1], start, cases, recount)
        lines[start : last + 1] = kept
    return "".join(lines)


def _find_cases(document: Document, path: YamlPath) -> Mapping[int, str]:
    """By line, from 0, the case that stands there."""
    node = document.data
    for key in path:
        node = node[key]
    place = (*path, "cases")
    by_line = {document.positions[*place, pattern][0] - 1: pattern for pattern in node["cases"]}
    if len(by_line) < len(node["cases"]) or document.positions[place][0] - 1 in by_line:
        raise document.error(place, "write the cases below each other, one a line, to have them counted anew")
    return by_line


def _include_comments(lines: Sequence[str], start: int) -> int:
    while start > 0 and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start


def _edit_cases(
    document: Document, path: YamlPath, lines: Sequence[str], first: int, cases: Mapping[int, str], recount: Recount
) -> list[str]:
    output: list[str] = []
    comments: list[str] = []  # they go with the line below them
    indent = ""
    for number, line in enumerate(lines, first):
        pattern = cases.get(number)
        if pattern is None:
            comments.append(line)
            continue
        counted = COUNTED.fullmatch(line)
        if counted is None:
            raise _complain(document, path, pattern)
        indent = counted["indent"]
        count = recount.counts[pattern]
        if count:
            output += [*comments, f"{indent}{counted['case']}{count}{counted['rest']}"]
        comments = []
    return output + list(write_cases(recount.more, indent))


def _complain(document: Document, path: YamlPath, pattern: str) -> InputError:
    message = "write the case and its number on one line, to have them counted anew"
    return document.error((*path, "cases", pattern), message)


def write_cases(counts: Counts, indent: str) -> Iterator[str]:
    """Lines of cases with their numbers."""
    for text, count in counts.items():
        yield f"{indent}{write_scalar(text)}: {count}\n"


def write_scalar(text: str) -> str:
    """A string as YAML: bare where YAML reads it back as it stands, else in quotes."""
    if PLAIN.fullmatch(text) and text.lower() not in RESERVED:
        return text
    return json.dumps(text, ensure_ascii=False)
