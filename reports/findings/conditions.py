"""Under which condition on its parameters an API fails, learnt from the cases that fail and those that conform.

Greedily the conjunction of atoms, one of which may have several values, that shortens the description of the failures
most (minimum description length; Rissanen, *Modeling by shortest data description*, 1978): naming a case costs the
logarithm of how many there are, an atom or a further value that of how many it is chosen from, and a case that meets
the condition and refutes it counts as two exceptions.

Sets of verdicts are bit masks, so that a condition is weighed against thousands of verdicts in a few machine words.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..results.records import PHASES
from .bits import to_mask
from .features import EVERY, PREDICATES, Atom

_LONGEST = 3  # atoms of a conjunction
_BEAM = 8  # of the best conditions, and of those most worth making narrower
_AXIS_COST = 3  # bits that an atom of one axis costs besides, so that an atom of both is told where that will do
_LISTED = 12  # values that a joined atom lists

# Predicates whose last operand is a value that others could stand beside: "dtype = int8, int32".
_VALUED = frozenset({"numpy", "equal", "valued", "dtype", "weight_dtype", "values", "layout", "is", "any", "empty"})


@dataclass(frozen=True)
class Part:
    """What one condition explains.

    Attributes:
        condition: atoms that hold together; () is no condition.
        covered: the verdicts that the condition explains.
        exceptions: how many verdicts meet the condition and refute it.
    """

    condition: tuple[Atom, ...]
    covered: tuple[int, ...]
    exceptions: int


def merge_parts(parts: Sequence[Part], condition: tuple[Atom, ...]) -> Part:
    covered = tuple(index for part in parts for index in part.covered)
    exceptions = sum(part.exceptions for part in parts) if condition else 0
    return Part(condition, covered, exceptions)


class Universe:
    """The verdicts that a condition is measured against, by their indices.

    Args:
        atoms_of: the atoms of each verdict's case.
        passed: how many phases of the call each got through, `len(PHASES)` where it conforms.
        invalid: those of invalid calls.
    """

    def __init__(
        self, atoms_of: Mapping[int, frozenset[Atom]], passed: Mapping[int, int], invalid: Sequence[int]
    ) -> None:
        self._indices = tuple(atoms_of)
        self._bit_of = {index: bit for bit, index in enumerate(atoms_of)}
        self.size = len(self._indices)

        having_atom: dict[Atom, list[int]] = defaultdict(list)
        for index, atoms in atoms_of.items():
            for atom in atoms:
                having_atom[atom].append(index)
        self.holds = {atom: self._to_mask(indices) for atom, indices in having_atom.items()}
        self.frequency = {atom: int(math.log2(len(indices))) // 2 for atom, indices in having_atom.items()}

        having_passed: dict[int, list[int]] = defaultdict(list)
        for index, phases in passed.items():
            having_passed[phases].append(index)
        self._passed = {phases: self._to_mask(indices) for phases, indices in having_passed.items()}
        self._invalid = self._to_mask(invalid)

    def explain(self, failed: Sequence[int], *, only_valid: bool, past: int) -> list[Part]:
        """One part a condition, the last without one for what is left.

        Args:
            only_valid: only valid calls fail like this, so that only valid calls can refute a condition.
            past: a verdict that got through so many phases refutes a condition that it meets.
        """
        refuting = 0
        for phases in range(past, len(PHASES) + 1):
            refuting |= self._passed.get(phases, 0)
        if only_valid:
            refuting &= ~self._invalid

        parts = []
        left = self._to_mask(failed)
        while left:
            rule = _Search(self, left, refuting).run()
            if not rule.atoms:
                parts.append(Part((), self._to_indices(left), 0))
                break
            exceptions = (rule.mask & refuting).bit_count()
            parts.append(Part(rule.atoms, self._to_indices(left & rule.mask), exceptions))
            left &= ~rule.mask
        return parts

    def _to_mask(self, indices: Iterable[int]) -> int:
        return to_mask(self._bit_of[index] for index in indices)

    def _to_indices(self, mask: int) -> tuple[int, ...]:
        bits = reversed(f"{mask:0{self.size}b}")
        return tuple(index for index, bit in zip(self._indices, bits, strict=True) if bit == "1")


class _Rule(NamedTuple):
    """A condition under trial.

    `mask` has the verdicts that meet it, `saving` is by how many bits it shortens the description of the failures.
    """

    atoms: tuple[Atom, ...]
    mask: int
    saving: float


class _Search:
    """A beam search for the rule that saves most: rules grow atom by atom, and the most hopeful ones grow further.

    Every rule that is kept is also tried with further values of one atom. The empty rule saves nothing; it is the
    answer where no other saves anything.
    """

    def __init__(self, universe: Universe, failed: int, refuting: int) -> None:
        self._failed = failed
        self._refuting = refuting
        self._failed_count = failed.bit_count()
        self._refuting_count = refuting.bit_count()
        self._everything = (1 << universe.size) - 1
        self._bits_per_case = math.log2(universe.size + 1)
        self._frequency = universe.frequency
        self._candidates = {atom: mask for atom, mask in universe.holds.items() if mask & failed}
        self._choices = Counter(predicate for predicate, *_ in self._candidates)
        self._cost = {atom: self._price(atom) for atom in self._candidates}
        self._siblings = self._group_siblings()

    def run(self) -> _Rule:
        best = self._start()
        beam = [_Rule((), self._everything, 0.0)]
        # One failure is no pattern: a single atom may name it, and no more.
        for _ in range(_LONGEST if self._failed_count > 1 else 1):
            beam = self._select(self._grow(beam))
            for rule in beam:
                wide = self._widen(rule)
                if wide.saving > best.saving:
                    best = wide
        return best

    def _start(self) -> _Rule:
        always = self._weigh(self._everything)
        if self._failed_count > 1 and always > 0:
            return _Rule((EVERY,), self._everything, always)
        return _Rule((), self._everything, 0.0)

    # What a rule is worth.

    def _price(self, atom: Atom) -> float:
        """The bits that naming the atom costs: which predicate, and which of those with that predicate."""
        bits = math.log2(len(self._choices)) + math.log2(self._choices[atom[0]]) + 1
        return bits + _AXIS_COST * _is_of_one_axis(atom)

    def _weigh(self, mask: int) -> float:
        """The bits that a rule saves before it is paid for: cases not named, less exceptions named."""
        return ((mask & self._failed).bit_count() - 2 * (mask & self._refuting).bit_count()) * self._bits_per_case

    def _promise(self, rule: _Rule) -> float:
        """How much a rule tells of failing, were its exceptions excluded (FOIL's gain; Quinlan, 1990)."""
        met = (rule.mask & self._failed).bit_count()
        refuted = (rule.mask & self._refuting).bit_count()
        everywhere = self._failed_count + self._refuting_count
        return met * math.log2(met * everywhere / ((met + refuted) * self._failed_count))

    def _rank(self, rule: _Rule) -> tuple[object, ...]:
        """The greatest saving first; of equal ones much rarer atoms, then those that PREDICATES prefers."""
        frequency = sum(self._frequency[atom] for atom in rule.atoms)
        return -rule.saving, frequency, [_preference(atom) for atom in rule.atoms]

    # The beam.

    def _grow(self, beam: Sequence[_Rule]) -> Sequence[_Rule]:
        """Every rule of the beam with every atom that narrows it and leaves a failure."""
        grown: dict[tuple[Atom, ...], _Rule] = {}
        for rule in beam:
            paid = sum(self._cost[atom] for atom in rule.atoms)
            for atom, holds in self._candidates.items():
                mask = rule.mask & holds
                if not mask & self._failed or mask == rule.mask:
                    continue
                atoms = tuple(sorted((*rule.atoms, atom), key=_preference))
                grown[atoms] = _Rule(atoms, mask, self._weigh(mask) - paid - self._cost[atom])
        return list(grown.values())

    def _select(self, grown: Sequence[_Rule]) -> list[_Rule]:
        """The rules that save most and those that promise most: a poor start may still have a good end."""
        ranked = sorted(grown, key=self._rank)
        promising = sorted(grown, key=lambda rule: (-self._promise(rule), *self._rank(rule)))
        return list(dict.fromkeys([*ranked[:_BEAM], *promising[:_BEAM]]))

    # One atom of several values.

    def _group_siblings(self) -> Mapping[Atom, Sequence[Atom]]:
        """The atoms that differ in their value alone, by what they share."""
        siblings: dict[Atom, list[Atom]] = defaultdict(list)
        for atom in self._candidates:
            # "True, False" would say nothing.
            if atom[0] in _VALUED and atom[-1] not in ("True", "False"):
                siblings[atom[:-1]].append(atom)
        return siblings

    def _widen(self, rule: _Rule) -> _Rule:
        """The rule with further values of its last valued atom, as long as each pays for itself."""
        atom = self._last_valued(rule)
        if atom is None:
            return rule
        rest = [other for other in rule.atoms if other != atom]
        mask_of_rest = self._everything
        for other in rest:
            mask_of_rest &= self._candidates[other]

        mask = rule.mask
        saving = rule.saving
        values = [atom[-1]]
        left = [sibling for sibling in self._siblings[atom[:-1]] if sibling != atom]
        price = math.log2(self._choices[atom[0]])
        while left:
            weight, best = max((self._weigh(mask | (mask_of_rest & self._candidates[one])), one) for one in left)
            gained = weight - self._weigh(mask)
            if gained <= price:
                break
            mask |= mask_of_rest & self._candidates[best]
            saving += gained - price
            values.append(best[-1])
            left.remove(best)
        joined = (*atom[:-1], join_values(values))
        return _Rule(tuple(sorted([*rest, joined], key=_preference)), mask, saving)

    def _last_valued(self, rule: _Rule) -> Atom | None:
        for atom in reversed(rule.atoms):
            if atom in self._siblings.get(atom[:-1], ()):
                return atom
        return None


def _preference(atom: Atom) -> tuple[int, Atom]:
    return PREDICATES.index(atom[0]), atom


def _is_of_one_axis(atom: Atom) -> bool:
    return len(atom) > 1 and atom[1].endswith("]")


def join_values(values: Iterable[str]) -> str:
    """Values as one operand, in order, the surplus counted."""
    ordered = sorted(set(values), key=lambda value: (len(value), value))
    surplus = len(ordered) - _LISTED
    joined = ", ".join(ordered[:_LISTED])
    return f"{joined}, … (+{surplus})" if surplus > 0 else joined
