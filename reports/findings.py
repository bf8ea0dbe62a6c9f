"""Divergences clustered into findings: the same thing seen in many cases is told once, with its smallest case.

Verdicts that failed alike (same target, outcome, kind, subject, message shape, claim) are explained by conditions on the
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
from dataclasses import dataclass

from reports.features import EVERY, PREDICATES, Atom, atoms
from reports.read import Case
from reports.run import ASKED, FAILURES, Entry, Run
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
    asked: dict[int, list[int]] = defaultdict(list)
    for index, entry in enumerate(run.entries):
        if entry.verdict.outcome in ASKED:
            asked[entry.column].append(index)
        if entry.verdict.outcome in FAILURES:
            alike[entry.column, signature(entry)].append(index)
    of_case: dict[str, frozenset[Atom]] = {}
    universes: dict[int, _Universe] = {}
    merged: dict[tuple[Signature, tuple[Atom, ...]], list[tuple[int, int, list[int]]]] = defaultdict(list)
    for (column, like), failed in alike.items():
        if column not in universes:
            universes[column] = _Universe(run, asked[column], of_case)
        for condition, covered, exceptions in universes[column].explain(failed, like.kind in _OF_VALID_CALLS):
            merged[like, condition].append((column, exceptions, covered))
    return tuple(
        sorted((_finding(run, like, condition, parts) for (like, condition), parts in merged.items()), key=_order)
    )


def signature(entry: Entry) -> Signature:
    verdict = entry.verdict
    if verdict.raised is not None and verdict.kind in ("wrongly_rejected", "error_class", "error_phase"):
        shape = f"{verdict.raised.phase} {verdict.raised.cls}: {message_shape(verdict.raised.message, verdict.api)}"
    elif verdict.outcome in ("crashed", "timed_out"):
        shape = f"{verdict.phase} {message_shape(verdict.observed, verdict.api)}"
    elif verdict.kind in ("default", "distribution"):
        shape = verdict.observed
    else:
        shape = ""
    ruling = "" if verdict.ruling == "holds" else verdict.ruling
    return Signature(
        verdict.target, verdict.outcome, verdict.kind, verdict.subject, shape[:300], entry.case.claim or "", ruling
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
        self._conforming = self._invalid = 0
        self._holds: dict[Atom, int] = defaultdict(int)
        for bit, index in enumerate(asked):
            case = run.entries[index].case
            if case.id not in of_case:
                of_case[case.id] = atoms(case)
            if case.invalid:
                self._invalid |= 1 << bit
            if run.entries[index].verdict.outcome == "conforms":
                self._conforming |= 1 << bit
            for atom in of_case[case.id]:
                self._holds[atom] |= 1 << bit

    def explain(self, failed: Sequence[int], valid: bool) -> list[tuple[tuple[Atom, ...], list[int], int]]:
        """(condition, verdicts it covers, conforming verdicts it covers too), the last with () for what is left.

        Only valid calls can refute a condition of failures that only valid calls show.
        """
        conforming = self._conforming & ~self._invalid if valid else self._conforming
        left = sum(1 << self._place[index] for index in failed)
        explained = []
        while left:
            rule, mask = self._best(left, conforming)
            covered = left & mask if rule else left
            explained.append((rule, self._indices(covered), (conforming & mask).bit_count() if rule else 0))
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
            ranked = sorted(grown.items(), key=lambda item: (-item[1][0], [_preference(atom) for atom in item[0]]))[:_BEAM]
            if ranked and ranked[0][1][0] > best[0]:
                best = (ranked[0][1][0], ranked[0][0], ranked[0][1][1])
            beam = [(rule, mask) for rule, (_, mask) in ranked]
        return best[1], best[2]

    def _indices(self, mask: int) -> list[int]:
        found = []
        while mask:
            low = mask & -mask
            found.append(self._asked[low.bit_length() - 1])
            mask ^= low
        return found


def _preference(atom: Atom) -> tuple[int, Atom]:
    return PREDICATES.index(atom[0]), atom


def size(case: Case) -> tuple[int, int, int, str]:
    """Order cases from the smallest: elements of x, arguments away from 1, 0 and False, length, id."""
    elements = math.prod(integers((case.inputs or {}).get("shape")) or (0,))
    unusual = sum(value not in (0, 1, False, None, "zeros") for value in case.arguments.values())
    return elements, unusual, len(str(case.arguments)), case.id


def _finding(run: Run, like: Signature, condition: tuple[Atom, ...], parts: Sequence[tuple[int, int, list[int]]]) -> Finding:
    def order(index: int) -> tuple[object, ...]:
        verdict = run.entries[index].verdict
        return "script" not in verdict.has, *size(run.entries[index].case), verdict.api

    entries = tuple(sorted((index for _, _, covered in parts for index in covered), key=order))
    columns = tuple(sorted({column for column, _, _ in parts}))
    said = repr((like, condition, tuple(run.columns[column].api for column in columns)))
    return Finding(
        hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()[:10],
        like, condition, sum(exceptions for _, exceptions, _ in parts), columns, entries,
    )  # fmt: skip


_SERIOUS: Mapping[str, int] = {
    "value": 2, "gradient": 3, "shape": 4, "dtype": 5, "wrongly_accepted": 6, "wrongly_rejected": 7,
    "default": 8, "distribution": 9, "error_class": 10, "error_phase": 11,
}  # fmt: skip


def _order(finding: Finding) -> tuple[int, int, str]:
    outcome = finding.signature.outcome
    serious = {"crashed": 0, "timed_out": 1, "unstable": 2}.get(outcome, _SERIOUS.get(finding.signature.kind, 12))
    return serious, -len(finding.entries), finding.id
