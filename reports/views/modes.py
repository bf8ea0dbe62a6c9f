"""What a mode shows that the same framework's target shows otherwise: a thousand equal answers are one number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..results.loaded import JudgedCase, LoadedRun
from ..results.records import Target
from .diff import Changed, Diff, Group, compare, group_changes

# What a mode cannot be asked is none of its answers.
_NOT_ASKED = "no_equivalent"


@dataclass(frozen=True)
class ComparedMode:
    """A target in a mode beside one of the same framework without.

    Attributes:
        cases: how many were asked of both.
        seconds: that the mode's calls took.
        groups: what came of cases otherwise; each `after` is an index of the run's own verdicts.
    """

    target: Target
    beside: Target
    cases: int
    seconds: float
    groups: tuple[Group, ...]

    @property
    def different(self) -> int:
        """How many cases came out otherwise."""
        return sum(len(group.cases) for group in self.groups)


def compare_modes(run: LoadedRun) -> Sequence[ComparedMode]:
    """Each target in a mode against the first of its framework and version that is in none; by name."""
    compared = []
    for target in run.targets:
        beside = next((one for one in run.targets if _is_beside(one, target)), None)
        if target.mode and target.available and beside is not None:
            compared.append(_compare_mode(run, target, beside))
    return sorted(compared, key=lambda one: one.target.name)


def _is_beside(one: Target, target: Target) -> bool:
    return one.available and not one.mode and (one.framework, one.version) == (target.framework, target.version)


def _compare_mode(run: LoadedRun, target: Target, beside: Target) -> ComparedMode:
    indices = [index for index, judged in enumerate(run.judged) if run.column(judged).target.name == target.name]
    diff = compare(run.restrict(beside.name), run.restrict(target.name))
    asked = [changed for changed in diff.changes if _is_asked_of_both(diff, changed)]
    groups = group_changes(replace(diff, changes=tuple(asked)))
    return ComparedMode(
        target=target,
        beside=beside,
        cases=len(asked),
        seconds=sum(run.judged[index].verdict.seconds for index in indices),
        groups=tuple(_renumber(group, indices) for group in groups),
    )


def _is_asked_of_both(diff: Diff, changed: Changed) -> bool:
    if changed.before is None or changed.after is None:
        return False
    both: tuple[JudgedCase, ...] = (changed.before, diff.after.judged[changed.after])
    return all(judged.verdict.outcome != _NOT_ASKED for judged in both)


def _renumber(group: Group, indices: Sequence[int]) -> Group:
    cases = [replace(changed, after=indices[changed.after]) for changed in group.cases if changed.after is not None]
    return replace(group, cases=tuple(cases))
