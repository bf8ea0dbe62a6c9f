"""Under which condition on its parameters an API fails, learnt from the cases that fail and those that conform.

Greedily the conjunction of atoms, one of which may have several values, that shortens the description of the failures
most (minimum description length; Rissanen, *Modeling by shortest data description*, 1978): naming a case costs the
logarithm of how many there are, an atom or a further value that of how many it is chosen from, and a case that meets
the condition and refutes it counts as two exceptions.
"""

from __future__ import annotations

import functools
import math
import operator
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..results.read import PHASES
from .features import EVERY, PREDICATES, Atom

_LONGEST = 3
_BEAM = 8  # of the best conditions, and of those most worth making narrower
_AXIS = 3  # bits that an atom of one axis costs besides, so that an atom of both is told where that will do
_MANY = 12  # values that a joined atom lists
_VALUED = frozenset({"numpy", "equal", "valued", "dtype", "weight_dtype", "values", "layout", "is", "any", "empty"})


@dataclass(frozen=True)
class Part:
    """What one condition explains: () is no condition. `exceptions` counts the verdicts that meet and refute it."""

    condition: tuple[Atom, ...]
    covered: tuple[int, ...]
    exceptions: int


class Universe:
    """The verdicts that a condition is measured against, by their indices.

    Args:
        of: the atoms of each verdict's case.
        passed: how many phases of the call each got through, `len(PHASES)` where it conforms.
        invalid: those of invalid calls.
    """

    def __init__(self, of: Mapping[int, frozenset[Atom]], passed: Mapping[int, int], invalid: Sequence[int]) -> None:
        self._indices = tuple(of)
        self._everything = (1 << len(self._indices)) - 1
        self._place = {index: bit for bit, index in enumerate(of)}
        holds: dict[Atom, list[int]] = defaultdict(list)
        for index, atoms in of.items():
            for atom in atoms:
                holds[atom].append(index)
        self._holds = {atom: self._mask(indices) for atom, indices in holds.items()}
        self._rarity = {atom: int(math.log2(len(indices))) // 2 for atom, indices in holds.items()}
        through: dict[int, list[int]] = defaultdict(list)
        for index, phases in passed.items():
            through[phases].append(index)
        self._passed = {phases: self._mask(indices) for phases, indices in through.items()}
        self._invalid = self._mask(invalid)

    def explain(self, failed: Sequence[int], *, valid: bool, past: int) -> list[Part]:
        """One part a condition, the last without one for what is left.

        Args:
            valid: only valid calls fail like this, so that only valid calls can refute a condition.
            past: a verdict that got through so many phases refutes a condition that it meets.
        """
        refuting = functools.reduce(
            operator.or_, (self._passed.get(place, 0) for place in range(past, len(PHASES) + 1))
        )
        if valid:
            refuting &= ~self._invalid
        left = self._mask(failed)
        parts = []
        while left:
            rule, mask = self._best(left, refuting)
            covered = left & mask if rule else left
            exceptions = (refuting & mask).bit_count() if rule else 0
            parts.append(Part(rule, self._unmask(covered), exceptions))
            left &= ~covered
        return parts

    def _mask(self, indices: Sequence[int]) -> int:
        mask = bytearray(len(self._indices) // 8 + 1)
        for index in indices:
            bit = self._place[index]
            mask[bit >> 3] |= 1 << (bit & 7)
        return int.from_bytes(mask, "little")

    def _unmask(self, mask: int) -> tuple[int, ...]:
        bits = reversed(f"{mask:0{len(self._indices)}b}")
        return tuple(index for index, bit in zip(self._indices, bits, strict=True) if bit == "1")

    def _best(self, failed: int, refuting: int) -> tuple[tuple[Atom, ...], int]:
        candidates = {atom: mask for atom, mask in self._holds.items() if mask & failed}
        choices = Counter(atom[0] for atom in candidates)
        cost = {
            atom: math.log2(len(choices)) + math.log2(choices[atom[0]]) + 1 + _AXIS * _of_component(atom)
            for atom in candidates
        }
        siblings: dict[Atom, list[Atom]] = defaultdict(list)
        for atom in candidates:
            if atom[0] in _VALUED and atom[-1] not in ("True", "False"):  # both together would say nothing
                siblings[atom[:-1]].append(atom)
        per_case = math.log2(len(self._indices) + 1)
        everything = self._everything
        alike, against = failed.bit_count(), refuting.bit_count()

        def gain(mask: int) -> float:
            return ((mask & failed).bit_count() - 2 * (mask & refuting).bit_count()) * per_case

        def promise(mask: int) -> float:
            """How much a condition tells of failing, were its exceptions excluded (FOIL's gain; Quinlan, 1990)."""
            met, refuted = (mask & failed).bit_count(), (mask & refuting).bit_count()
            return met * math.log2(met * (alike + against) / ((met + refuted) * alike))

        def widened(rule: tuple[Atom, ...], saving: float, mask: int) -> tuple[float, tuple[Atom, ...], int]:
            """The rule with further values of its last valued atom that pay for themselves."""
            valued = next((atom for atom in reversed(rule) if atom in siblings.get(atom[:-1], ())), None)
            if valued is None:
                return saving, rule, mask
            rest = [atom for atom in rule if atom != valued]
            within = functools.reduce(operator.and_, (candidates[atom] for atom in rest), everything)
            values, others = [valued[-1]], [atom for atom in siblings[valued[:-1]] if atom != valued]
            while others:
                more, best = max((gain(mask | (within & candidates[atom])), atom) for atom in others)
                if more - gain(mask) <= math.log2(choices[valued[0]]):
                    break
                saving += more - gain(mask) - math.log2(choices[valued[0]])
                mask |= within & candidates[best]
                values.append(best[-1])
                others.remove(best)
            return saving, tuple(sorted([*rest, (*valued[:-1], listed(values))], key=_preference)), mask

        best: tuple[float, tuple[Atom, ...], int] = (0.0, (), everything)
        if alike > 1 and gain(everything) > 0:
            best = (gain(everything), (EVERY,), everything)
        beam: list[tuple[tuple[Atom, ...], int]] = [((), everything)]
        for _ in range(_LONGEST if alike > 1 else 1):
            grown: dict[tuple[Atom, ...], tuple[float, int]] = {}
            for rule, mask in beam:
                paid = sum(cost[atom] for atom in rule)
                for atom, holds in candidates.items():
                    both = mask & holds
                    if both & failed and both != mask:
                        grown[tuple(sorted((*rule, atom), key=_preference))] = gain(both) - paid - cost[atom], both
            ranked = sorted(grown.items(), key=self._rank)
            promising = sorted(grown.items(), key=lambda one: (-promise(one[1][1]), *self._rank(one)))
            kept = dict([*ranked[:_BEAM], *promising[:_BEAM]])
            for rule, (saving, mask) in kept.items():
                wide = widened(rule, saving, mask)
                if wide[0] > best[0]:
                    best = wide
            beam = [(rule, mask) for rule, (_, mask) in kept.items()]
        return best[1], best[2]

    def _rank(self, grown: tuple[tuple[Atom, ...], tuple[float, int]]) -> tuple[object, ...]:
        """The greatest saving first; of equal ones much rarer atoms, then those that PREDICATES prefers."""
        rule, (saving, _) = grown
        return -saving, sum(self._rarity[atom] for atom in rule), [_preference(atom) for atom in rule]


def _preference(atom: Atom) -> tuple[int, Atom]:
    return PREDICATES.index(atom[0]), atom


def _of_component(atom: Atom) -> bool:
    return any(operand.endswith("]") for operand in atom[1:2])


def listed(values: Sequence[str]) -> str:
    """Values as one operand, in order, the surplus counted."""
    told = sorted(set(values), key=lambda value: (len(value), value))
    return ", ".join(told[:_MANY]) + (f", … (+{len(told) - _MANY})" if len(told) > _MANY else "")


def merged(parts: Sequence[Part], condition: tuple[Atom, ...]) -> Part:
    exceptions = sum(part.exceptions for part in parts) if condition else 0
    return Part(condition, tuple(index for part in parts for index in part.covered), exceptions)
