"""What changed between two runs: two versions, two devices, before and after.

Verdicts are matched by case and API, and by target name where an API has several targets. What is compared is stable:
outcome, kind, subject, phase, exception class and ruling, never a message.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..results.loaded import FAILURES, Entry, Run

Change: TypeAlias = Literal["worse", "better", "lost", "other", "added", "removed", "unchanged"]
CHANGES: tuple[Change, ...] = ("worse", "lost", "other", "better", "added", "removed", "unchanged")

_RANK: Mapping[str, int] = {"conforms": 0, "diverges": 1, "unstable": 1, "timed_out": 2, "crashed": 2}


@dataclass(frozen=True)
class Changed:
    """One case on one API. `before` is None when added; `after`, an index of the later run's entries, when removed."""

    change: Change
    case: str
    api: str
    before: Entry | None
    after: int | None


@dataclass(frozen=True)
class Diff:
    before: Run
    after: Run
    changes: tuple[Changed, ...]

    @property
    def counts(self) -> Mapping[Change, int]:
        found = Counter(changed.change for changed in self.changes)
        return {change: found[change] for change in CHANGES}

    @property
    def worse(self) -> bool:
        """Whether a verdict got worse or can no longer be had."""
        return any(changed.change in ("worse", "lost") for changed in self.changes)


def compare(before: Run, after: Run) -> Diff:
    old, new = _keyed(before, after), _keyed(after, before)
    changes = [
        Changed(
            _change(old[key][1], entry) if key in old else "added",
            key[0],
            key[1],
            old[key][1] if key in old else None,
            index,
        )
        for key, (index, entry) in new.items()
    ]
    changes += [Changed("removed", key[0], key[1], entry, None) for key, (_, entry) in old.items() if key not in new]
    return Diff(before, after, tuple(changes))


def _keyed(run: Run, other: Run) -> dict[tuple[str, str, str], tuple[int, Entry]]:
    """Entries by case, API and target, the target "" where the API has one target only on both sides."""
    targets: dict[str, set[str]] = defaultdict(set)
    for column in (*run.columns, *other.columns):
        targets[column.api].add(column.target.name)
    single = {
        api for api in targets if all(sum(column.api == api for column in one.columns) <= 1 for one in (run, other))
    }
    return {
        (entry.case.id, entry.verdict.api, "" if entry.verdict.api in single else run.column(entry).target.name): (
            index,
            entry,
        )
        for index, entry in enumerate(run.entries)
    }


def look(entry: Entry) -> tuple[str, str, str, str, str, str]:
    """What is compared of a verdict."""
    verdict = entry.verdict
    return (
        verdict.outcome, verdict.kind, verdict.subject, verdict.phase if entry.failed else "",
        verdict.raised.cls if verdict.raised else "", verdict.ruling,
    )  # fmt: skip


def _change(before: Entry, after: Entry) -> Change:
    if look(before) == look(after):
        return "unchanged"
    old, new = _RANK.get(before.verdict.outcome), _RANK.get(after.verdict.outcome)
    if old == new:
        return "other"
    if new is None:
        return "lost" if before.verdict.outcome == "conforms" or before.verdict.outcome in FAILURES else "other"
    if old is None:
        return "other"
    return "worse" if new > old else "better"


@dataclass(frozen=True)
class Group:
    """Changes alike: the same API, from the same look to the same look."""

    change: Change
    api: str
    before: str
    after: str
    cases: tuple[Changed, ...]


def groups(diff: Diff) -> Sequence[Group]:
    """The changes that are none of "unchanged", the worst first, large groups first."""
    found: dict[tuple[Change, str, str, str], list[Changed]] = defaultdict(list)
    for changed in diff.changes:
        if changed.change != "unchanged":
            after = None if changed.after is None else diff.after.entries[changed.after]
            found[changed.change, changed.api, summary(changed.before), summary(after)].append(changed)
    made = [Group(change, api, before, after, tuple(cases)) for (change, api, before, after), cases in found.items()]
    return sorted(
        made, key=lambda group: (CHANGES.index(group.change), -len(group.cases), group.api, group.before, group.after)
    )


def summary(entry: Entry | None) -> str:
    """A verdict in a few words of the vocabulary: ``diverges wrongly_rejected forward TypeError``."""
    if entry is None:
        return ""
    outcome, kind, subject, phase, cls, ruling = look(entry)
    parts = [
        outcome,
        kind,
        subject if kind not in ("wrongly_accepted", "wrongly_rejected") else "",
        phase,
        cls.rpartition(".")[2],
    ]
    return " ".join(part for part in (*parts, "" if ruling == "holds" else ruling) if part)
