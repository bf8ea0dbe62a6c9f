"""Divergences clustered into findings: the same thing seen in many cases is told once, with its smallest case.

Verdicts that failed alike (same target, outcome, kind and subject; the same message shape, or else the same claim) are
explained by conditions on the
case's parameters: greedily, the conjunction of atoms that shortens the description most (minimum description length;
Rissanen, *Modeling by shortest data description*, 1978), counting each case that it covers wrongly as an exception.
Equal findings of several APIs of one target are one finding.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reports.features import EVERY, PREDICATES, Atom, atoms
from reports.read import Case
from reports.run import ASKED, Entry, Run
from reports.values import integers

_OF_VALID_CALLS = frozenset({"value", "gradient", "shape", "dtype", "wrongly_rejected"})
_LONGEST = 3
_BEAM = 12


@dataclass(frozen=True)
class Signature:
    """In what way verdicts failed alike. `shape` is the message without what changes from call to call."""

    target: str
    outcome: str
    kind: str
    subject: str
    shape: str
    claim: str
    ruling: str


@dataclass(frozen=True)
class Finding:
    """Attributes:
    id: a short digest of what it says, the same in every run that finds the same.
    condition: atoms that hold of all its cases, () when nothing simple tells them from others.
    exceptions: how many cases meet the condition and conform.
    columns: indices of `Run.columns`.
    entries: indices of `Run.entries`, the smallest case first, which represents it.
    """

    id: str
    signature: Signature
    condition: tuple[Atom, ...]
    exceptions: int
    columns: tuple[int, ...]
    entries: tuple[int, ...]


def cluster(run: Run) -> tuple[Finding, ...]:
    """All failures of a run, most serious first: crashes, then wrong results, then documents, then errors."""
    alike: dict[tuple[int, Signature], list[int]] = defaultdict(list)
    asked: dict[tuple[int, str], list[int]] = defaultdict(list)
    for index, entry in enumerate(run.entries):
        if entry.verdict.outcome in ASKED:
            asked[entry.column, ""].append(index)
            if entry.case.claim:
                asked[entry.column, entry.case.claim].append(index)
        if entry.failed:
            alike[entry.column, signature(entry)].append(index)
    of_case: dict[str, frozenset[Atom]] = {}
    universes: dict[tuple[int, str], _Universe] = {}
    merged: dict[tuple[Signature, tuple[Atom, ...]], list[_Part]] = defaultdict(list)
    for (column, like), failed in alike.items():
        key = column, like.claim
        if key not in universes:
            universes[key] = _Universe(run, asked[key], of_case)
        for part in _joined(universes[key].explain(failed, like.kind in _OF_VALID_CALLS), bool(like.claim)):
            merged[like, part.condition].append(replace(part, column=column))
    found = (_finding(run, like, condition, parts) for (like, condition), parts in merged.items())
    return tuple(sorted(found, key=_order))


@dataclass(frozen=True)
class _Part:
    """What one condition explains in one column; `exceptions` counts the conforming verdicts that meet it too."""

    condition: tuple[Atom, ...]
    covered: tuple[int, ...]
    exceptions: int
    column: int = -1


def _joined(parts: Sequence[_Part], whole: bool) -> Sequence[_Part]:
    """Conditions on single values of one argument as one condition; when `whole`, everything as one part."""
    values: dict[str, list[_Part]] = defaultdict(list)
    rest = []
    for part in parts:
        if len(part.condition) == 1 and part.condition[0][0] in ("equal", "valued"):
            values[part.condition[0][1]].append(part)
        else:
            rest.append(part)
    for name, several in values.items():
        told = sorted(part.condition[0][2] for part in several)
        condition = several[0].condition if len(several) == 1 else (("among", name, ", ".join(told)),)
        rest.append(_sum(several, condition))
    return [_sum(rest, ())] if whole and len(rest) > 1 else rest


def _sum(parts: Sequence[_Part], condition: tuple[Atom, ...]) -> _Part:
    exceptions = sum(part.exceptions for part in parts) if condition else 0
    return _Part(condition, tuple(index for part in parts for index in part.covered), exceptions)


def signature(entry: Entry) -> Signature:
    verdict = entry.verdict
    if verdict.raised is not None and verdict.kind in ("wrongly_rejected", "error_class", "error_phase"):
        shape = f"{verdict.raised.phase} {verdict.raised.cls}: {message_shape(verdict.raised.message, verdict.api)}"
    elif verdict.outcome in ("crashed", "timed_out"):
        shape = f"{verdict.phase} {message_shape(verdict.observed, verdict.api)}"
    else:
        shape = ""
    claim = entry.case.claim if entry.case.claim and not shape else ""
    subject = "" if shape else verdict.subject
    return Signature(
        verdict.target, verdict.outcome, verdict.kind, subject, shape[:300], claim, verdict.ruling if claim else ""
    )


_CHANGING = re.compile(r"0x[0-9a-fA-F]+|[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|'[^'\n]{0,200}'|\"[^\"\n]{0,200}\"")


def message_shape(message: str, api: str = "") -> str:
    """The first line of a message with its numbers, addresses, quotations and sequences made alike."""
    lines = message[:2000].strip().splitlines()
    line = lines[0] if lines else ""
    if api:
        line = line.replace(api.rpartition(".")[2], "API")
    line = _CHANGING.sub("#", line)
    line = re.sub(r"[\[({]\s*#(?:\s*,\s*#)*\s*,?\s*[\])}]", "#", line)
    return re.sub(r"\s+", " ", line)[:160]


class _Universe:
    """The verdicts of one column that a condition is measured against: those that failed, and those that conform."""

    def __init__(self, run: Run, asked: Sequence[int], of_case: dict[str, frozenset[Atom]]) -> None:
        self._place = {index: bit for bit, index in enumerate(asked)}
        self._asked = asked
        conforming, invalid = [], []
        holds: dict[Atom, list[int]] = defaultdict(list)
        for bit, index in enumerate(asked):
            case = run.entries[index].case
            if case.id not in of_case:
                of_case[case.id] = atoms(case)
            if case.invalid:
                invalid.append(bit)
            if run.entries[index].verdict.outcome == "conforms":
                conforming.append(bit)
            for atom in of_case[case.id]:
                holds[atom].append(bit)
        self._conforming, self._invalid = self._mask(conforming), self._mask(invalid)
        self._holds = {atom: self._mask(bits) for atom, bits in holds.items()}

    def _mask(self, bits: Sequence[int]) -> int:
        mask = bytearray(len(self._asked) // 8 + 1)
        for bit in bits:
            mask[bit >> 3] |= 1 << (bit & 7)
        return int.from_bytes(mask, "little")

    def explain(self, failed: Sequence[int], valid: bool) -> list[_Part]:
        """One part a condition, the last with () for what is left.

        Only valid calls can refute a condition of failures that only valid calls show.
        """
        conforming = self._conforming & ~self._invalid if valid else self._conforming
        left = self._mask([self._place[index] for index in failed])
        explained = []
        while left:
            rule, mask = self._best(left, conforming)
            covered = left & mask if rule else left
            explained.append(_Part(rule, self._indices(covered), (conforming & mask).bit_count() if rule else 0))
            left &= ~covered
        return explained

    def _best(self, failed: int, conforming: int) -> tuple[tuple[Atom, ...], int]:
        candidates = {atom: mask for atom, mask in self._holds.items() if mask & failed}
        everything = (1 << len(self._asked)) - 1
        per_atom, per_case = math.log2(len(candidates) + 1), math.log2(len(self._asked) + 1)

        def saving(length: int, mask: int) -> float:
            return ((mask & failed).bit_count() - 2 * (mask & conforming).bit_count()) * per_case - length * per_atom

        best: tuple[float, tuple[Atom, ...], int] = (saving(0, everything), (EVERY,), everything)
        if failed.bit_count() < 2 or best[0] <= 0:
            best = (0.0, (), everything)
        beam: list[tuple[tuple[Atom, ...], int]] = [((), everything)]
        for length in range(1, _LONGEST + 1):
            grown: dict[tuple[Atom, ...], tuple[float, int]] = {}
            for rule, mask in beam:
                for atom, holds in candidates.items():
                    both = mask & holds
                    if atom in rule or not both & failed or both == mask:
                        continue
                    grown[tuple(sorted((*rule, atom), key=_preference))] = (saving(length, both), both)
            ranked = sorted(grown.items(), key=lambda item: (-item[1][0], [_preference(atom) for atom in item[0]]))[
                :_BEAM
            ]
            if ranked and ranked[0][1][0] > best[0]:
                best = (ranked[0][1][0], ranked[0][0], ranked[0][1][1])
            beam = [(rule, mask) for rule, (_, mask) in ranked]
        return best[1], best[2]

    def _indices(self, mask: int) -> tuple[int, ...]:
        return tuple(
            index
            for index, bit in zip(self._asked, reversed(f"{mask:0{len(self._asked)}b}"), strict=True)
            if bit == "1"
        )


def _preference(atom: Atom) -> tuple[int, Atom]:
    return PREDICATES.index(atom[0]), atom


def size(case: Case) -> tuple[int, int, int, str]:
    """Order cases from the smallest: elements of x, arguments away from 1, 0 and False, length, id."""
    elements = math.prod(integers((case.inputs or {}).get("shape")) or (0,))
    unusual = sum(value not in (0, 1, False, None, "zeros") for value in case.arguments.values())
    return elements, unusual, len(str(case.arguments)), case.id


def _finding(run: Run, like: Signature, condition: tuple[Atom, ...], parts: Sequence[_Part]) -> Finding:
    def order(index: int) -> tuple[object, ...]:
        verdict = run.entries[index].verdict
        return "script" not in verdict.has, *size(run.entries[index].case), verdict.api

    columns = tuple(sorted({part.column for part in parts}))
    said = repr((like, condition, tuple(run.columns[column].api for column in columns)))
    return Finding(
        hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()[:10],
        like,
        condition,
        sum(part.exceptions for part in parts),
        columns,
        tuple(sorted((index for part in parts for index in part.covered), key=order)),
    )


# What a reader should see first: crashes, then wrong results, then what is accepted or rejected, documents, errors.
_SERIOUS: Mapping[str, int] = {
    "crashed": 0,
    "timed_out": 1,
    "unstable": 2,
    "value": 3,
    "gradient": 4,
    "shape": 5,
    "dtype": 6,
    "wrongly_accepted": 7,
    "wrongly_rejected": 8,
    "default": 10,
    "distribution": 11,
    "error_class": 12,
    "error_phase": 13,
}
_DOCUMENT = 9  # the document alone stands apart


def seriousness(finding: Finding) -> int:
    """Its place among the kinds, 0 the most serious."""
    if finding.signature.ruling == "document_wrong":
        return _DOCUMENT
    return _SERIOUS.get(finding.signature.kind or finding.signature.outcome, len(_SERIOUS) + 1)


def _order(finding: Finding) -> tuple[int, int, str]:
    return seriousness(finding), -len(finding.entries), finding.id


def foremost(found: Sequence[Finding], count: int) -> tuple[Finding, ...]:
    """The findings of a first screen: the most serious, but two of one sort of one target while others wait."""
    seen: dict[tuple[str, int], int] = defaultdict(int)
    first: list[Finding] = []
    later: list[Finding] = []
    for finding in found:
        sort = finding.signature.target, seriousness(finding)
        seen[sort] += 1
        (first if seen[sort] <= 2 else later).append(finding)
    return tuple(sorted([*first, *later][:count], key=_order))
