"""A baseline's text, edited line by line, so that comments stay where people wrote them.

A YAML library that keeps comments hangs them on what stands above them, so that they go with the wrong neighbour.
Here a comment belongs to the entry or the case below it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from conformance import safe_yaml
from conformance.records.baseline import BaselineError
from conformance.records.patterns import Patterns

# What YAML reads as it stands, and as a string: words, paths, case ids.
PLAIN = re.compile(r"[A-Za-z](?:[\w./=\[\]*+;(),'<>-]|:(?=\S)| (?=[\w(]))*", re.ASCII)
RESERVED = frozenset({"null", "true", "false", "yes", "no", "on", "off"})
# A case and its number: what is kept of the line stands before and after the number.
COUNTED = re.compile(r"(?P<indent>\s*)(?P<case>.*?:\s+)(?P<count>\d+)(?P<rest>\s*|\s+#.*\n)")
NOTHING_LISTED = re.compile(r"(?m)^(\s*divergences:)\s*(?:\[\s*\]|\s)*$")
NO_ENTRIES = "  []\n"


@dataclass(frozen=True)
class Edits:
    """What is to change.

    Attributes:
        counts: by entry and pattern the new number; 0 takes the pattern out, and with its last one the entry.
        more: by entry further patterns.
        entries: the text of further entries.
    """

    counts: Mapping[tuple[int, str], int] = field(default_factory=dict)
    more: Mapping[int, Patterns] = field(default_factory=dict)
    entries: Sequence[str] = ()


@dataclass(frozen=True)
class _Block:
    """Lines of an entry, from the comments above it to its last line that is no comment."""

    start: int
    end: int


def edit(text: str, file: str, edits: Edits) -> str:
    """The text of a baseline with these edits.

    Raises:
        BaselineError: the text is no baseline, or is not laid out one case a line.
    """
    document = safe_yaml.parse(file, text.encode(), BaselineError)
    entries = document.data["divergences"]
    if not entries:
        text = NOTHING_LISTED.sub(r"\1\n", text, count=1)
        return text.rstrip("\n") + "\n" + ("".join(edits.entries) or NO_ENTRIES)
    lines = text.splitlines(keepends=True)
    lines[-1] = lines[-1].rstrip("\n") + "\n"
    first = document.positions["divergences",][0]
    kept: list[str] = []
    last = first
    for number, block in enumerate(_find_blocks(document, lines, len(entries), first)):
        kept += _edit_entry(document, lines, block, number, edits)
        last = block.end
    kept += edits.entries
    return "".join(lines[:first] + (kept or [NO_ENTRIES]) + lines[last:])


def _find_blocks(document: safe_yaml.Document, lines: Sequence[str], count: int, start: int) -> Iterator[_Block]:
    firsts = [document.positions["divergences", number][0] - 1 for number in range(count)]
    for number, first in enumerate(firsts):
        if not re.match(r"\s*- ", lines[first]) or (number and first < start):
            raise document.error(("divergences", number), "an entry begins with - on a line of its own")
        end = firsts[number + 1] if number + 1 < count else len(lines)
        while _is_comment(lines[end - 1]):
            end -= 1
        yield _Block(start, end)
        start = end


def _is_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _edit_entry(
    document: safe_yaml.Document, lines: Sequence[str], block: _Block, number: int, edits: Edits
) -> Sequence[str]:
    """The lines of an entry with its edits; none where nothing of it is left."""
    present: Patterns = document.data["divergences"][number]["cases"]
    counts = {pattern: edits.counts.get((number, pattern), count) for pattern, count in present.items()}
    more = edits.more.get(number, {})
    if counts == present and not more:
        return lines[block.start : block.end]
    if not any(counts.values()) and not more:
        return []
    return _edit_cases(document, lines, block, number, counts, more)


def _edit_cases(
    document: safe_yaml.Document, lines: Sequence[str], block: _Block, number: int, counts: Patterns, more: Patterns
) -> list[str]:
    path = ("divergences", number, "cases")
    by_line = {document.positions[*path, pattern][0] - 1: pattern for pattern in counts}
    if len(by_line) < len(counts) or document.positions[path][0] - 1 in by_line:
        raise document.error(path, "write the cases below each other, one a line, to have them written anew")
    output: list[str] = []
    comments: list[str] = []  # they go with the line below them
    for position in range(block.start, block.end):
        line = lines[position]
        pattern = by_line.get(position)
        if pattern is None:
            comments.append(line)
            if not _is_comment(line):
                output += comments
                comments = []
            continue
        counted = COUNTED.fullmatch(line)
        if counted is None:
            raise document.error(
                (*path, pattern), "write the case and its number on one line, to have them written anew"
            )
        indent = counted["indent"]
        if counts[pattern]:
            output += [*comments, f"{indent}{counted['case']}{counts[pattern]}{counted['rest']}"]
        comments = []
        if position == max(by_line):
            output += [f"{indent}{write_scalar(text)}: {count}\n" for text, count in more.items()]
    return output + comments


def write_entry(fields: Mapping[str, str], patterns: Patterns) -> str:
    """The text of an entry; a field that is empty is left out."""
    lines = [f"{name}: {write_scalar(value)}" for name, value in fields.items() if value]
    lines += ["cases:", *(f"  {write_scalar(text)}: {count}" for text, count in patterns.items())]
    first, *others = lines
    return "\n".join([f"  - {first}", *(f"    {line}" for line in others)]) + "\n"


def write_scalar(text: str) -> str:
    """A string as YAML: bare where YAML reads it back as it stands, else in quotes."""
    if PLAIN.fullmatch(text) and text.lower() not in RESERVED:
        return text
    return json.dumps(text, ensure_ascii=False)
