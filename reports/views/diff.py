"""What changed between two runs: two versions, two devices, before and after.

Verdicts are matched by case and API, and by target name where an API has several targets. What is compared is stable:
outcome, kind, subject, phase, exception class and ruling, never a message.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from ..results.loaded import JudgedCase, LoadedRun

Change: TypeAlias = Literal["worse", "better", "lost", "other", "added", "removed", "unchanged"]
CHANGES: tuple[Change, ...] = ("worse", "lost", "other", "better", "added", "removed", "unchanged")

# How bad an outcome is; one that is not here tells nothing of the API.
_RANK: Mapping[str, int] = {"conforms": 0, "differs": 0, "diverges": 1, "unstable": 1, "timed_out": 2, "crashed": 2}


@dataclass(frozen=True)
class Changed:
    """One case on one API.

    Attributes:
        before: None when added.
        after: index of the later run's verdict, None when removed.
    """

    change: Change
    case: str
    api: str
    before: JudgedCase | None
    after: int | None


@dataclass(frozen=True)
class Diff:
    before: LoadedRun
    after: LoadedRun
    changes: tuple[Changed, ...]

    @property
    def counts(self) -> Mapping[Change, int]:
        counts = Counter(changed.change for changed in self.changes)
        return {change: counts[change] for change in CHANGES}

    @property
    def worse(self) -> bool:
        """Whether a verdict got worse or can no longer be had."""
        return any(changed.change in ("worse", "lost") for changed in self.changes)


class _Key(NamedTuple):
    """What a verdict of one run and a verdict of the other have in common.

    `target` is "" where the API has one target only on both sides: then its name may change between the runs.
    """

    case: str
    api: str
    target: str


def compare(before: LoadedRun, after: LoadedRun) -> Diff:
    named = _apis_of_several_targets(before) | _apis_of_several_targets(after)
    earlier = {key: before.judged[index] for key, index in _key_verdicts(before, named).items()}
    later = _key_verdicts(after, named)
    changes = []
    for key, index in later.items():
        old = earlier.get(key)
        change = _rate_change(old, after.judged[index]) if old else "added"
        changes.append(Changed(change, key.case, key.api, old, index))
    for key, old in earlier.items():
        if key not in later:
            changes.append(Changed("removed", key.case, key.api, old, None))
    return Diff(before, after, tuple(changes))


def _apis_of_several_targets(run: LoadedRun) -> frozenset[str]:
    targets = Counter(column.api for column in run.columns)
    return frozenset(api for api, count in targets.items() if count > 1)


def _key_verdicts(run: LoadedRun, named: frozenset[str]) -> Mapping[_Key, int]:
    """The indices of a run's verdicts.

    Args:
        named: the APIs whose targets are told apart.
    """
    indices = {}
    for index, judged in enumerate(run.judged):
        api = judged.verdict.api
        target = run.column(judged).target.name if api in named else ""
        indices[_Key(judged.case.id, api, target)] = index
    return indices


class _Look(NamedTuple):
    """What is compared of a verdict."""

    outcome: str
    kind: str
    subject: str
    phase: str
    cls: str
    ruling: str


def _look_at(judged: JudgedCase) -> _Look:
    verdict = judged.verdict
    return _Look(
        outcome=verdict.outcome,
        kind=verdict.kind,
        subject=verdict.subject,
        phase=verdict.phase if judged.failed or judged.differs else "",
        cls=verdict.error_class,
        ruling=verdict.ruling,
    )


def _rate_change(before: JudgedCase, after: JudgedCase) -> Change:
    if _look_at(before) == _look_at(after):
        return "unchanged"
    old = _RANK.get(before.verdict.outcome)
    new = _RANK.get(after.verdict.outcome)
    # What told nothing before cannot have got better or worse.
    if old == new or old is None:
        return "other"
    if new is None:
        return "lost"
    return "worse" if new > old else "better"


@dataclass(frozen=True)
class ChangedEntry:
    """An entry of the catalogue that explains more or fewer verdicts of the later run than of the earlier one."""

    id: str
    title: str
    before: int
    after: int


def compare_entries(diff: Diff) -> Sequence[ChangedEntry]:
    """The entries whose numbers changed, those that came or went first."""
    before = _count_verdicts(diff.before)
    after = _count_verdicts(diff.after)
    titles = {entry.id: entry.title.en for run in (diff.before, diff.after) for entry in run.entries.values()}
    changed = [
        ChangedEntry(id, title, before[id], after[id]) for id, title in titles.items() if before[id] != after[id]
    ]
    return sorted(changed, key=lambda entry: (bool(entry.before and entry.after), entry.id))


def _count_verdicts(run: LoadedRun) -> Counter[str]:
    """By entry, how many verdicts it explains, over all targets."""
    counts: Counter[str] = Counter()
    for entry in run.entries.values():
        counts[entry.id] += entry.verdicts
    return counts


@dataclass(frozen=True)
class Group:
    """Changes alike: the same API, from the same look to the same look."""

    change: Change
    api: str
    before: str
    after: str
    cases: tuple[Changed, ...]


def group_changes(diff: Diff) -> Sequence[Group]:
    """The changes that are none of "unchanged", the worst first, large groups first."""
    groups: dict[tuple[Change, str, str, str], list[Changed]] = defaultdict(list)
    for changed in diff.changes:
        if changed.change == "unchanged":
            continue
        after = None if changed.after is None else diff.after.judged[changed.after]
        key = (changed.change, changed.api, summarize(changed.before), summarize(after))
        groups[key].append(changed)
    return sorted((Group(*key, tuple(cases)) for key, cases in groups.items()), key=_worst_first)


def _worst_first(group: Group) -> tuple[int, int, str, str, str]:
    return CHANGES.index(group.change), -len(group.cases), group.api, group.before, group.after


def summarize(judged: JudgedCase | None) -> str:
    """A verdict in a few words of the vocabulary: ``diverges wrongly_rejected forward TypeError``."""
    if judged is None:
        return ""
    look = _look_at(judged)
    subject = "" if look.kind in ("wrongly_accepted", "wrongly_rejected") else look.subject
    class_name = look.cls.rpartition(".")[2]
    ruling = "" if look.ruling == "holds" else look.ruling
    words = (look.outcome, look.kind, subject, look.phase, class_name, ruling)
    return " ".join(word for word in words if word)
