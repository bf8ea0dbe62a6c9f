"""What a mode shows that the same framework's target shows otherwise: a thousand equal answers are one number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..results.loaded import LoadedRun
from ..results.records import Target, Verdict
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
    otherwise = tuple(changed for changed in asked if not _is_alike(diff, changed))
    groups = group_changes(replace(diff, changes=otherwise))
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
    before = changed.before.verdict
    after = diff.after.judged[changed.after].verdict
    if _NOT_ASKED in (before.outcome, after.outcome):
        return False
    # A mode without gradients says nothing of what only they showed.
    return after.phase == "backward" or not _is_of_gradients(before)


def _is_of_gradients(verdict: Verdict) -> bool:
    return verdict.subject.startswith("grad") and verdict.outcome != "conforms"


def _is_alike(diff: Diff, changed: Changed) -> bool:
    """Whether a value is wrong on both sides: a call without gradients ends in an earlier phase, and means the same."""
    assert changed.before is not None
    assert changed.after is not None
    before = changed.before.verdict
    after = diff.after.judged[changed.after].verdict
    if before.raised is not None or after.raised is not None:
        return False
    return (before.outcome, before.kind, before.subject) == (after.outcome, after.kind, after.subject)


def _renumber(group: Group, indices: Sequence[int]) -> Group:
    cases = [replace(changed, after=indices[changed.after]) for changed in group.cases if changed.after is not None]
    return replace(group, cases=tuple(cases))
