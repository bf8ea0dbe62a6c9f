"""Under which condition on its parameters an API fails, learnt from the cases that fail and those that conform.

Greedily the conjunction of atoms that shortens the description of the failures most (minimum description length;
Rissanen, *Modeling by shortest data description*, 1978): naming a case costs the logarithm of how many there are, an
atom that of how many it is chosen from, and a conforming case that meets the condition counts as two exceptions.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.features import EVERY, PREDICATES, Atom

_LONGEST = 3
_BEAM = 12
_MANY = 12  # values that a joined atom lists
_VALUED = frozenset({"equal", "valued", "dtype", "weight_dtype", "values", "layout", "is", "any", "empty"})


@dataclass(frozen=True)
class Part:
    """What one condition explains: () is no condition. `exceptions` counts the conforming verdicts that meet it too."""

    condition: tuple[Atom, ...]
    covered: tuple[int, ...]
    exceptions: int


class Universe:
    """The verdicts that a condition is measured against, by their indices.

    Args:
        of: the atoms of each verdict's case.
        conforming: those that conform.
        invalid: those of invalid calls.
    """

    def __init__(self, of: Mapping[int, frozenset[Atom]], conforming: Sequence[int], invalid: Sequence[int]) -> None:
        self._indices = tuple(of)
        self._place = {index: bit for bit, index in enumerate(of)}
        holds: dict[Atom, list[int]] = defaultdict(list)
        for index, atoms in of.items():
            for atom in atoms:
                holds[atom].append(index)
        self._holds = {atom: self._mask(indices) for atom, indices in holds.items()}
        self._rarity = {atom: int(math.log2(len(indices))) // 2 for atom, indices in holds.items()}
        self._conforming, self._invalid = self._mask(conforming), self._mask(invalid)

    def explain(self, failed: Sequence[int], *, valid: bool) -> list[Part]:
        """One part a condition, the last without one for what is left.

        Args:
            valid: only valid calls fail like this, so that only valid calls can refute a condition.
        """
        conforming = self._conforming & ~self._invalid if valid else self._conforming
        left = self._mask(failed)
        parts = []
        while left:
            rule, mask = self._best(left, conforming)
            covered = left & mask if rule else left
            exceptions = (conforming & mask).bit_count() if rule else 0
            parts.append(Part(rule, self._unmask(covered), exceptions))
            left &= ~covered
        return _joined(parts)

    def _mask(self, indices: Sequence[int]) -> int:
        mask = bytearray(len(self._indices) // 8 + 1)
        for index in indices:
            bit = self._place[index]
            mask[bit >> 3] |= 1 << (bit & 7)
        return int.from_bytes(mask, "little")

    def _unmask(self, mask: int) -> tuple[int, ...]:
        bits = reversed(f"{mask:0{len(self._indices)}b}")
        return tuple(index for index, bit in zip(self._indices, bits, strict=True) if bit == "1")

    def _best(self, failed: int, conforming: int) -> tuple[tuple[Atom, ...], int]:
        candidates = {atom: mask for atom, mask in self._holds.items() if mask & failed}
        choices = Counter(atom[0] for atom in candidates)
        cost = {atom: math.log2(len(choices)) + math.log2(choices[atom[0]]) + 1 for atom in candidates}
        per_case = math.log2(len(self._indices) + 1)
        everything = (1 << len(self._indices)) - 1

        def gain(mask: int) -> float:
            return ((mask & failed).bit_count() - 2 * (mask & conforming).bit_count()) * per_case

        best: tuple[float, tuple[Atom, ...], int] = (0.0, (), everything)
        if failed.bit_count() > 1 and gain(everything) > 0:
            best = (gain(everything), (EVERY,), everything)
        beam: list[tuple[tuple[Atom, ...], int]] = [((), everything)]
        for _ in range(_LONGEST if failed.bit_count() > 1 else 1):
            grown: dict[tuple[Atom, ...], tuple[float, int]] = {}
            for rule, mask in beam:
                paid = sum(cost[atom] for atom in rule)
                for atom, holds in candidates.items():
                    both = mask & holds
                    if both & failed and both != mask:
                        grown[tuple(sorted((*rule, atom), key=_preference))] = gain(both) - paid - cost[atom], both
            ranked = sorted(grown.items(), key=self._rank)[:_BEAM]
            if ranked and ranked[0][1][0] > best[0]:
                best = ranked[0][1][0], ranked[0][0], ranked[0][1][1]
            beam = [(rule, mask) for rule, (_, mask) in ranked]
        return best[1], best[2]

    def _rank(self, grown: tuple[tuple[Atom, ...], tuple[float, int]]) -> tuple[object, ...]:
        """The greatest saving first; of equal ones much rarer atoms, then those that PREDICATES prefers."""
        rule, (saving, _) = grown
        return -saving, sum(self._rarity[atom] for atom in rule), [_preference(atom) for atom in rule]


def _preference(atom: Atom) -> tuple[int, Atom]:
    return PREDICATES.index(atom[0]), atom


def _joined(parts: Sequence[Part]) -> list[Part]:
    """Conditions that differ in one value of one atom as one condition that lists the values."""
    several: dict[tuple[str, ...], list[Part]] = defaultdict(list)
    for part in parts:
        alone = len(part.condition) == 1 and part.condition[0][0] in _VALUED
        several[part.condition[0][:-1] if alone else (repr(part.condition),)].append(part)
    return [
        together[0]
        if len(together) == 1
        else merged(together, ((*stem, listed([part.condition[0][-1] for part in together])),))
        for stem, together in several.items()
    ]


def listed(values: Sequence[str]) -> str:
    """Values as one operand, in order, the surplus counted."""
    told = sorted(set(values), key=lambda value: (len(value), value))
    return ", ".join(told[:_MANY]) + (f", … (+{len(told) - _MANY})" if len(told) > _MANY else "")


def merged(parts: Sequence[Part], condition: tuple[Atom, ...]) -> Part:
    exceptions = sum(part.exceptions for part in parts) if condition else 0
    return Part(condition, tuple(index for part in parts for index in part.covered), exceptions)
