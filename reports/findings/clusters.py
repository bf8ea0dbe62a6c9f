"""Divergences clustered into findings: the same thing seen in many cases is told once, with its smallest case.

Verdicts that failed alike (same target, outcome, kind, subject; the same message shape, or claim, or wrong argument)
are split by the conditions that explain them. What several APIs of a target show under one condition is one finding.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ..results.loaded import LoadedRun
from ..results.records import PHASES, Case, Entry, Verdict
from ..results.values import CANONICAL_DEFAULTS, to_source
from .conditions import Part, Universe, join_values, merge_parts
from .features import EVERY, Atom, Atoms
from .order import SORTS, rate_complexity, rate_seriousness, rate_severity
from .signatures import Signature, sign

_OF_VALID_CALLS = frozenset({"value", "gradient", "shape", "dtype", "wrongly_rejected"})
_PICTURED = frozenset({"value", "gradient"})
_COMPUTED = frozenset({"output", "grad_input", "grad_weight", "grad_bias"})


@dataclass(frozen=True)
class Finding:
    """One thing to tell.

    Attributes:
        id: a short digest of what the finding says, the same in every run that finds the same.
        condition: atoms that hold of all its cases, () when nothing simple tells them from others.
        exceptions: how many cases meet the condition and conform.
        columns: indices of `LoadedRun.columns`.
        entry: what the catalogue says of it; None of a new one.
        members: indices of `LoadedRun.judged`, the simplest case first (before it one whose script is confirmed).
    """

    id: str
    signature: Signature
    condition: tuple[Atom, ...]
    exceptions: int
    columns: tuple[int, ...]
    members: tuple[int, ...]
    entry: Entry | None = None

    @property
    def authority(self) -> str:
        """Who says that all its cases are wrong; "" of a difference, and of a file that does not say."""
        return self.signature.authority if self.entry is None else self.entry.authority

    @property
    def representative(self) -> int:
        """The member to show where there is room for one."""
        return self.members[0]


class FindingKey(NamedTuple):
    """What makes failures one finding."""

    signature: Signature
    condition: tuple[Atom, ...]

    def without_message(self) -> FindingKey:
        """The key with any message in it; without a telling condition, the message is all that tells causes apart."""
        if self.condition in ((), (EVERY,)):
            return self
        return FindingKey(replace(self.signature, shape=""), self.condition)


class _Group(NamedTuple):
    """Verdicts of one column that look alike; their cause is not known yet."""

    column: int
    signature: Signature


def cluster(run: LoadedRun) -> tuple[Finding, ...]:
    """All failures of a run, the most serious first."""
    return _cluster(run, [index for index, judged in enumerate(run.judged) if judged.failed])


def cluster_new(run: LoadedRun) -> tuple[Finding, ...]:
    """The findings of verdicts that name no entry. Needs no entries: a run writes them when it has executed them."""
    new = [index for index, judged in enumerate(run.judged) if judged.failed and not judged.verdict.known]
    return tuple(sorted(_find_new(run, new), key=_most_serious_first))


def cluster_differences(run: LoadedRun) -> tuple[Finding, ...]:
    """What canonical cases differ in, told as findings are. No authority calls it wrong: none of it is a finding."""
    differing = []
    for index, judged in enumerate(run.judged):
        if judged.differs and judged.case.api is None:
            differing.append(index)
    return _cluster(run, differing)


def _cluster(run: LoadedRun, indices: Iterable[int]) -> tuple[Finding, ...]:
    """What the catalogue explains is one finding an entry; the rest is told by what it has in common."""
    known: dict[str, list[int]] = defaultdict(list)
    new = []
    for index in indices:
        entry = run.entry(run.judged[index])
        if entry is None:
            new.append(index)
        else:
            known[entry.id].append(index)
    findings = [_build_known(run, members) for members in known.values()]
    return tuple(sorted([*findings, *_find_new(run, new)], key=_most_serious_first))


def _build_known(run: LoadedRun, indices: Sequence[int]) -> Finding:
    members = sorted(indices, key=lambda index: _worth_showing(run, index))
    first = run.judged[members[0]]
    entry = run.entry(first)
    assert entry is not None
    columns = sorted({run.judged[index].column for index in members})
    return Finding(entry.id, sign(run, first), (), 0, tuple(columns), tuple(members), entry)


def _find_new(run: LoadedRun, indices: Iterable[int]) -> Sequence[Finding]:
    explainer = _Explainer(run)
    parts_of: dict[FindingKey, list[Part]] = defaultdict(list)
    for group, failed in _group_alike(run, indices).items():
        for part in explainer.explain(group, failed):
            parts_of[FindingKey(group.signature, part.condition)].append(part)
    return [_build_finding(run, key, parts) for key, parts in _join_messages(parts_of).items()]


def pick_foremost(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings of a first screen: of each sort the largest, one of a kind of a target."""
    room = {place: sort.room for place, sort in enumerate(SORTS)}
    shown: set[tuple[str, str, str]] = set()
    foremost = []
    for finding in sorted(findings, key=_most_serious_first):
        signature = finding.signature
        place = _rate(finding)
        alike = (signature.target, signature.outcome, signature.kind if finding.entry is None else finding.id)
        if room.get(place, 0) == 0 or alike in shown:
            continue
        shown.add(alike)
        room[place] -= 1
        foremost.append(finding)
    return tuple(foremost)


def _most_serious_first(finding: Finding) -> tuple[int, int, str]:
    return _rate(finding), -len(finding.members), finding.id


def _rate(finding: Finding) -> int:
    """The place among SORTS."""
    entry = finding.entry
    return rate_seriousness(finding.signature) if entry is None else rate_severity(entry.severity)


def _group_alike(run: LoadedRun, indices: Iterable[int]) -> Mapping[_Group, Sequence[int]]:
    groups: dict[_Group, list[int]] = defaultdict(list)
    for index in indices:
        judged = run.judged[index]
        groups[_Group(judged.column, sign(run, judged))].append(index)
    return groups


class _Explainer:
    """Finds the conditions of a group's failures among the verdicts of the same column (and claim)."""

    def __init__(self, run: LoadedRun) -> None:
        self._run = run
        self._atoms = Atoms()
        self._universes: dict[tuple[int, str], Universe] = {}
        self._verdicts_of: dict[tuple[int, str], list[int]] = defaultdict(list)
        for index, judged in enumerate(run.judged):
            self._verdicts_of[judged.column, ""].append(index)
            if judged.case.claim:
                self._verdicts_of[judged.column, judged.case.claim].append(index)

    def explain(self, group: _Group, failed: Sequence[int]) -> Sequence[Part]:
        signature = group.signature
        if signature.is_of_wrong_argument:
            return [Part((), tuple(failed), 0)]
        universe = self._universe(group.column, signature.claim)
        # Who got past the phase in which these failed shows that a condition is not what makes them fail.
        ended = _phase_that_ended(self._run.judged[failed[0]].verdict)
        past = len(PHASES) if ended is None else ended + 1
        parts = universe.explain(failed, only_valid=signature.kind in _OF_VALID_CALLS, past=past)
        # A claim is told as the document's sentence. Several conditions of it would tell that sentence several times.
        if signature.claim and len(parts) > 1:
            return [merge_parts(parts, ())]
        return parts

    def _universe(self, column: int, claim: str) -> Universe:
        key = (column, claim)
        if key not in self._universes:
            self._universes[key] = self._build_universe(column, self._verdicts_of[key])
        return self._universes[key]

    def _build_universe(self, column: int, indices: Sequence[int]) -> Universe:
        contract = self._run.contract(column)
        defaults = contract.defaults if contract else {}
        atoms_of = {}
        passed = {}
        invalid = []
        for index in indices:
            judged = self._run.judged[index]
            atoms_of[index] = self._atoms.of_case(judged.case, defaults)
            passed[index] = _count_passed_phases(judged.verdict)
            if judged.case.invalid:
                invalid.append(index)
        return Universe(atoms_of, passed, invalid)


def _phase_that_ended(verdict: Verdict) -> int | None:
    """The place of the phase that an exception, a crash or a time limit ended; None where nothing did."""
    if verdict.raised is not None:
        phase = verdict.raised.phase
    elif verdict.outcome in ("crashed", "timed_out"):
        phase = verdict.phase
    else:
        return None
    return PHASES.index(phase) if phase in PHASES else None


def _count_passed_phases(verdict: Verdict) -> int:
    """How many phases of its call were got through, as far as that can be told."""
    if verdict.outcome == "conforms" or verdict.direction == "other_dtype":
        return len(PHASES)
    ended = _phase_that_ended(verdict)
    if ended is not None:
        return ended
    return PHASES.index("backward") if verdict.subject in _COMPUTED else 0


def _join_messages(parts_of: Mapping[FindingKey, list[Part]]) -> Mapping[FindingKey, list[Part]]:
    """Rejections under one condition are one finding, however many messages a target has for it."""
    keys_of_cause: dict[FindingKey, list[FindingKey]] = defaultdict(list)
    for key in parts_of:
        keys_of_cause[key.without_message()].append(key)
    joined = {}
    for cause, keys in keys_of_cause.items():
        # A message that stands alone stays in the key, and so in the finding's id.
        shared = keys[0] if len(keys) == 1 else cause
        joined[shared] = [part for key in keys for part in parts_of[key]]
    return joined


def _build_finding(run: LoadedRun, key: FindingKey, parts: Sequence[Part]) -> Finding:
    members = [index for part in parts for index in part.covered]
    members.sort(key=lambda index: _worth_showing(run, index))
    cases = [run.judged[index].case for index in members]
    columns = sorted({run.judged[index].column for index in members})
    condition = key.condition
    if key.signature.is_of_wrong_argument:
        condition = _list_tried_values(key.signature.subject, cases)
    return Finding(
        id=_digest(key, [run.columns[column].api for column in columns]),
        signature=key.signature,
        condition=condition,
        exceptions=sum(part.exceptions for part in parts),
        columns=tuple(columns),
        members=tuple(members),
    )


def _digest(key: FindingKey, apis: Sequence[str]) -> str:
    text = repr((key.signature, key.condition, apis))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:10]


def _worth_showing(run: LoadedRun, index: int) -> tuple[object, ...]:
    """Order a finding's members: what was executed and shows, what has a script, what has a picture, what is simple."""
    judged = run.judged[index]
    verdict = judged.verdict
    confirmation = run.confirmation(judged)
    confirmed = confirmation is not None and confirmation.confirmed
    scripted = "script" in verdict.has
    pictured = "arrays" in verdict.has or verdict.kind not in _PICTURED
    return not confirmed, not scripted, not pictured, rate_complexity(judged.case), verdict.api


def _list_tried_values(argument: str, cases: Sequence[Case]) -> tuple[Atom, ...]:
    """The values that an argument, or else the input, had, as a condition; () where there are none to list."""
    if all(argument in case.arguments for case in cases):
        values = [to_source(case.arguments[argument]) for case in cases]
        return (("tried", argument, join_values(values)),)
    has_input = all((case.inputs or {}).get("shape") for case in cases)
    if argument in CANONICAL_DEFAULTS or not has_input:
        return ()
    values = [_describe_input(case.inputs or {}) for case in cases]
    return (("tried", "input", join_values(values)),)


def _describe_input(inputs: Mapping[str, Any]) -> str:
    """The shape of an invalid input; its dtype where that is what is unusual."""
    dtype = inputs.get("dtype", "float32")
    weight_dtype = inputs.get("weight_dtype")
    if weight_dtype not in (None, dtype):
        return f"x {dtype} / weight {weight_dtype}"
    return to_source(inputs["shape"]) if dtype == "float32" else str(dtype)
