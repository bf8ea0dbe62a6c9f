"""Writing a baseline anew: known divergences that still show stay as people wrote them, the others go, new ones come.

The text is edited line by line, because a YAML library that keeps comments hangs them on what stands above them, so
that they go with the wrong neighbour. A comment belongs to the entry or the case below it.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.version import Version

from conformance import safe_yaml
from conformance.case import Kind, Outcome
from conformance.records import baseline
from conformance.records.baseline import BaselineError, Fact, fits

HEADER = """\
# The divergences that are known: an audit with --baseline expects each of them, and fails where one is missing, is
# new, or shows another way. Below `cases` stands how many cases diverge so; * is any text. `--write-baseline` keeps
# this file's comments (each belongs to what is below it), reasons and addresses, and corrects the rest.
divergences:
"""
UNREVIEWED = "unreviewed"
MAX_MESSAGE = 100

# What differs between two runs of the same divergence: addresses, the order of a set, numbered operators, folders.
UNSTABLE_TEXT = re.compile(r"\{|0x[0-9a-fA-F]{4}|-op\d|/tmp/|\n")
MEASURED = frozenset({Kind.VALUE, Kind.GRADIENT, Kind.DISTRIBUTION})
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")

Patterns = Mapping[str, int]


def rewrite(text: str, file: str, facts: Sequence[Fact]) -> str:
    """A baseline's text such that it describes these facts; what they do not touch stays as it is.

    Args:
        text: the present one, empty for a new file.
        facts: of a whole run.

    Raises:
        BaselineError: the present text is no baseline, or is not laid out one case a line.
    """
    text = text if text.strip() else HEADER + "  []\n"
    known = _read(text, file)
    places = {(found.api, found.where) for found in facts}
    shown = Counter(match.pattern for match in map(known.match, facts) if match is not None and match.explains)
    conforming = [found for found in facts if found.outcome is Outcome.CONFORMS]
    counts: dict[tuple[int, str], int] = {}
    for number, entry in enumerate(known.entries):
        if not any(entry.covers(api, place) for api, place in places):
            continue
        for pattern in entry.patterns:
            pure = not any(entry.covers(f.api, f.where) and fits(pattern.text, f.case) for f in conforming)
            counts[number, pattern.text] = shown[pattern] if pure else 0
    text = _edited(text, file, counts, {}, ())
    text = _with_new(text, file, facts)
    # An entry may explain what a later one was written for: count again, in the file's own order.
    final = _read(text, file)
    shown = Counter(match.pattern for match in map(final.match, facts) if match is not None and match.explains)
    counts = {
        (number, pattern.text): shown[pattern]
        for number, entry in enumerate(final.entries)
        if any(entry.covers(api, place) for api, place in places)
        for pattern in entry.patterns
    }
    return _edited(text, file, counts, {}, ())


def _read(text: str, file: str) -> baseline.Baseline:
    return baseline.read(safe_yaml.parse(file, text.encode(), BaselineError))


def _with_new(text: str, file: str, facts: Sequence[Fact]) -> str:
    """The text with what it does not explain yet: more cases of its entries, and new entries."""
    known = _read(text, file)
    more: dict[int, list[Fact]] = {}
    new: dict[tuple[str, ...], list[Fact]] = {}
    for found in facts:
        match = known.match(found)
        if not found.diverges or (match is not None and match.explains):
            continue
        for number, entry in enumerate(known.entries):
            if entry.covers(found.api, found.where) and entry.explains(found):
                more.setdefault(number, []).append(found)
                break
        else:
            place = found.where
            key = (found.api, place.version, place.platform, found.kind, found.subject, _template(found))
            new.setdefault(key, []).append(found)
    entries = [_entry(group, facts) for _, group in sorted(new.items())]
    added = {number: patterns(group, facts) for number, group in more.items()}
    return _edited(text, file, {}, added, entries)


def _template(found: Fact) -> str:
    """What the messages of one divergence have in common."""
    return NUMBER.sub("#", _stable(found))[:60]


def _stable(found: Fact) -> str:
    """The part of a message that is the same in every run."""
    text = UNSTABLE_TEXT.split(found.observed, maxsplit=1)[0]
    if found.kind in MEASURED:
        text = re.split(r"[-+(]*(?:\d|inf)", text, maxsplit=1)[0]
    return "".join(itertools.takewhile(str.isprintable, text))


def beginning(group: Sequence[Fact]) -> str:
    """The longest beginning that the messages of one divergence share, cut where it is the same in every run."""
    texts = [_stable(found) for found in group]
    least, most = min(texts), max(texts)  # what these share, all between them share
    common = "".join(a for a, _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(least, most, strict=False)))
    if any(text != common for text in texts):
        common = re.sub(r"[-+.\d]+$", "", common)  # half a number tells nothing
    return common if len(common) <= MAX_MESSAGE else common[:MAX_MESSAGE].rpartition(" ")[0]


def _entry(group: Sequence[Fact], facts: Sequence[Fact]) -> str:
    found = group[0]
    expected = {f.expected for f in group}
    rulings = {f.ruling for f in group}
    reason = [UNREVIEWED, *(f"{r.replace('_', ' ')}" for r in rulings if len(rulings) == 1 and r)]
    reason += [f"expected {e}" for e in expected if len(expected) == 1 and e]
    fields = {
        "api": found.api,
        "versions": f"=={Version(found.where.version).public}",
        "platform": found.where.platform,
        "kind": found.kind,
        "subject": found.subject,
        "message": beginning(group),
        "reason": "; ".join(reason)[:200],
    }
    lines = [f"    {name}: {_scalar(value)}" for name, value in fields.items() if value]
    lines += ["    cases:", *(f"      {_scalar(text)}: {count}" for text, count in patterns(group, facts).items())]
    return "\n".join(["  - " + lines[0].lstrip(), *lines[1:]]) + "\n"


def _scalar(text: str) -> str:
    if re.fullmatch(r"[A-Za-z](?:[\w./=\[\]*+;(),'<>-]|:(?=\S)| (?=[\w(]))*", text, re.ASCII) and text.lower() not in (
        "null", "true", "false", "yes", "no", "on", "off"
    ):  # fmt: skip
        return text
    return json.dumps(text, ensure_ascii=False)


def patterns(group: Iterable[Fact], facts: Iterable[Fact]) -> Patterns:
    """The cases of a divergence as few patterns, none of which a conforming case fits: by values, or one by one."""
    diverging: dict[str, list[str]] = {}
    apis = set()
    for found in group:
        diverging.setdefault(found.case.partition("[")[0], []).append(found.case)
        apis.add(found.api)
    conforming: dict[str, list[str]] = {}
    for found in facts:
        if found.api in apis and found.outcome is Outcome.CONFORMS:
            conforming.setdefault(found.case.partition("[")[0], []).append(found.case)
    result: dict[str, int] = {}
    for name in sorted(diverging):
        result |= _patterns(name, diverging[name], conforming.get(name, []))
    return result


def _patterns(name: str, diverging: Sequence[str], conforming: Sequence[str]) -> dict[str, int]:
    left = dict.fromkeys(sorted(diverging))
    result: dict[str, int] = {}
    for width in (0, 1, 2):
        wrong = {choice for case in conforming for choice in _choices(name, case, width)}
        found: dict[str, list[str]] = {}
        for case in left:
            for choice in _choices(name, case, width):
                if choice not in wrong:
                    found.setdefault(choice, []).append(case)
        while found:
            best = max(found, key=lambda choice: (len(found[choice]), choice))
            cases = found.pop(best)
            if len(cases) < 2:
                break
            if any(fits(best, case) for case in conforming):
                continue
            result[best] = len(cases)
            for case in cases:
                del left[case]
            found = {choice: [case for case in cases if case in left] for choice, cases in found.items()}
    return result | dict.fromkeys(left, 1)


def _choices(name: str, case: str, width: int) -> Iterator[str]:
    """Patterns that keep `width` of a case's ``key:value`` and leave the others open."""
    if not case.startswith(f"{name}[") or not case.endswith("]"):
        return
    tokens = re.split(r"-(?=[a-z][a-z0-9_]*:)", case[len(name) + 1 : -1])
    for kept in itertools.combinations(range(len(tokens)), min(width, len(tokens))):
        parts = [tokens[i] if i in kept else "*" for i in range(len(tokens))]
        yield f"{name}[{'-'.join(part for part, _ in itertools.groupby(parts))}]"


@dataclass(frozen=True)
class _Block:
    """Lines of an entry: from the comments above it to its last line that is no comment."""

    start: int
    first: int
    end: int


def _edited(
    text: str,
    file: str,
    counts: Mapping[tuple[int, str], int],
    added: Mapping[int, Patterns],
    new: Sequence[str],
) -> str:
    """The text with other counts (0 takes a case out, the last one its entry), more cases, and more entries."""
    document = safe_yaml.parse(file, text.encode(), BaselineError)
    entries = document.data["divergences"]
    if not entries:
        text = re.sub(r"(?m)^(\s*divergences:)\s*(?:\[\s*\]|\s)*$", r"\1\n", text, count=1)
        return text.rstrip("\n") + "\n" + ("".join(new) or "  []\n")
    lines = text.splitlines(keepends=True)
    lines[-1] = lines[-1].rstrip("\n") + "\n"
    output: list[str] = []
    done = document.positions["divergences",][0]
    output += lines[:done]
    kept = 0
    for number, block in enumerate(_blocks(document, lines, len(entries), done)):
        own = {case: counts.get((number, case), count) for case, count in entries[number]["cases"].items()}
        if own == entries[number]["cases"] and number not in added:
            output += lines[block.start : block.end]
            kept += 1
        elif any(own.values()) or number in added:
            output += _block(document, lines, block, number, own, added.get(number, {}))
            kept += 1
        done = block.end
    output += new
    if not kept and not new:
        output.append("  []\n")
    return "".join(output + lines[done:])


def _blocks(document: safe_yaml.Document, lines: Sequence[str], count: int, start: int) -> Iterator[_Block]:
    firsts = [document.positions["divergences", number][0] - 1 for number in range(count)]
    for number, first in enumerate(firsts):
        if not re.match(r"\s*- ", lines[first]) or (number and first < start):
            raise document.error(("divergences", number), "an entry begins with - on a line of its own")
        end = firsts[number + 1] if number + 1 < count else len(lines)
        while _is_comment(lines[end - 1]):
            end -= 1
        yield _Block(start, first, end)
        start = end


def _is_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _block(
    document: safe_yaml.Document, lines: Sequence[str], block: _Block, number: int, counts: Patterns, added: Patterns
) -> list[str]:
    path = ("divergences", number, "cases")
    own = {document.positions[*path, case][0] - 1: case for case in counts}
    indent = ""
    if len(own) < len(counts) or document.positions[path][0] - 1 in own:
        raise document.error(path, "write the cases below each other, one a line, to have them written anew")
    output: list[str] = []
    pending: list[str] = []
    for at in range(block.start, block.end):
        if at not in own:
            pending.append(lines[at])
            if not _is_comment(lines[at]):
                output += pending
                pending = []
            continue
        written = re.fullmatch(r"(\s*)(.*?:\s+)(\d+)(\s*|\s+#.*\n)", lines[at])
        if written is None:
            raise document.error(
                (*path, own[at]), "write the case and its number on one line, to have them written anew"
            )
        indent = written[1]
        if counts[own[at]]:
            output += [*pending, f"{indent}{written[2]}{counts[own[at]]}{written[4]}"]
        pending = []
        if at == max(own):
            output += (f"{indent}{_scalar(text)}: {count}\n" for text, count in added.items())
    return output + pending
