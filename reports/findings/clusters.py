"""Divergences clustered into findings: the same thing seen in many cases is told once, with its smallest case.

Verdicts that failed alike (same target, outcome, kind, subject; the same message shape, or claim, or wrong argument)
are split by the conditions that explain them. What several APIs of a target show under one condition is one finding.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..results.loaded import Entry, Run
from ..results.read import PHASES, Case, Verdict
from ..results.values import CANONICAL, integers, source
from .conditions import Part, Universe, listed, merged
from .features import EVERY, Atom, Atoms

_OF_VALID_CALLS = frozenset({"value", "gradient", "shape", "dtype", "wrongly_rejected"})
_PICTURED = frozenset({"value", "gradient"})
_PLAIN_INPUTS = {"dtype": "float32", "values": "exact", "layout": "contiguous", "weight_dtype": None}
_COMPUTED = frozenset({"output", "grad_input", "grad_weight", "grad_bias"})
_OF_INVALID_CALLS = frozenset({"wrongly_accepted", "error_class", "error_phase"})


@dataclass(frozen=True)
class Signature:
    """In what way verdicts failed alike.

    Attributes:
        subject: what was compared; of an invalid canonical call the argument that is wrong.
        shape: the exception without what changes from call to call; "" where messages do not matter or differ.
        claim: of claims' verdicts that no message tells apart.
    """

    target: str
    outcome: str
    kind: str
    subject: str
    shape: str = ""
    claim: str = ""
    ruling: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing to tell.

    Attributes:
        id: a short digest of what it says, the same in every run that finds the same.
        condition: atoms that hold of all its cases, () when nothing simple tells them from others.
        exceptions: how many cases meet the condition and conform.
        columns: indices of `Run.columns`.
        entries: indices of `Run.entries`, the simplest case first (before it one whose script is confirmed), which
            represents it.
    """

    id: str
    signature: Signature
    condition: tuple[Atom, ...]
    exceptions: int
    columns: tuple[int, ...]
    entries: tuple[int, ...]


def cluster(run: Run) -> tuple[Finding, ...]:
    """All failures of a run, the most serious first."""
    alike: dict[tuple[int, Signature], list[int]] = defaultdict(list)
    among: dict[tuple[int, str], list[int]] = defaultdict(list)
    for index, entry in enumerate(run.entries):
        among[entry.column, ""].append(index)
        if entry.case.claim:
            among[entry.column, entry.case.claim].append(index)
        if entry.failed:
            alike[entry.column, signature(run, entry)].append(index)
    of = Atoms()
    universes: dict[tuple[int, str], Universe] = {}
    found: dict[tuple[Signature, tuple[Atom, ...]], list[Part]] = defaultdict(list)
    for (column, like), failed in alike.items():
        if like.kind in _OF_INVALID_CALLS and like.subject and not like.claim:
            found[like, ()].append(Part((), tuple(failed), 0))
            continue
        key = column, like.claim
        if key not in universes:
            universes[key] = _universe(run, column, among[key], of)
        ended = _ended(run.entries[failed[0]].verdict)
        past = len(PHASES) if ended is None else ended + 1
        parts = universes[key].explain(failed, valid=like.kind in _OF_VALID_CALLS, past=past)
        for part in [merged(parts, ())] if like.claim and len(parts) > 1 else parts:
            found[like, part.condition].append(part)
    return tuple(sorted((_finding(run, *key, parts) for key, parts in _one_cause(found).items()), key=_order))


def _universe(run: Run, column: int, indices: Sequence[int], of: Atoms) -> Universe:
    entries = [(index, run.entries[index]) for index in indices]
    contract = run.contracts.get((run.columns[column].target.name, run.columns[column].api))
    defaults = {} if contract is None else contract.defaults
    return Universe(
        {index: of(entry.case, defaults) for index, entry in entries},
        {index: _passed(entry.verdict) for index, entry in entries},
        [index for index, entry in entries if entry.case.invalid],
    )


def _ended(verdict: Verdict) -> int | None:
    """The place of the phase that an exception, a crash or a time limit ended; None where nothing did."""
    if verdict.raised is None and verdict.outcome not in ("crashed", "timed_out"):
        return None
    phase = verdict.raised.phase if verdict.raised else verdict.phase
    return PHASES.index(phase) if phase in PHASES else None


def _passed(verdict: Verdict) -> int:
    """How many phases of its call were got through, as far as that can be told."""
    if verdict.outcome == "conforms":
        return len(PHASES)
    ended = _ended(verdict)
    if ended is not None:
        return ended
    return PHASES.index("backward") if verdict.subject in _COMPUTED else 0


def _one_cause(
    found: Mapping[tuple[Signature, tuple[Atom, ...]], list[Part]],
) -> Mapping[tuple[Signature, tuple[Atom, ...]], list[Part]]:
    """Rejections under one condition are one finding, however many messages a target has for it."""
    several: dict[tuple[Signature, tuple[Atom, ...]], list[tuple[Signature, list[Part]]]] = defaultdict(list)
    for (like, condition), parts in found.items():
        key = replace(like, shape="") if condition not in ((), (EVERY,)) else like
        several[key, condition].append((like, parts))
    return {
        (together[0][0] if len(together) == 1 else key[0], key[1]): [part for _, parts in together for part in parts]
        for key, together in several.items()
    }


def signature(run: Run, entry: Entry) -> Signature:
    verdict = entry.verdict
    target, outcome, kind = run.column(entry).target.name, verdict.outcome, verdict.kind
    if kind in _OF_INVALID_CALLS and entry.case.invalid and entry.case.api is None:
        cls = verdict.raised.cls if verdict.raised else ""
        return Signature(target, outcome, kind, wrong_argument(entry.case), cls)
    if verdict.raised is not None and kind in ("wrongly_rejected", "error_class", "error_phase"):
        shape = f"{verdict.raised.phase} {verdict.raised.cls}: {message_shape(verdict.raised.message, verdict.api)}"
        return Signature(target, outcome, kind, "", shape[:300])
    if outcome in ("crashed", "timed_out"):
        shape = f"{verdict.phase} {message_shape(verdict.observed, verdict.api)}"
        return Signature(target, outcome, kind, "", shape[:300])
    claim = entry.case.claim or ""
    return Signature(target, outcome, kind, verdict.subject, "", claim, verdict.ruling if claim else "")


def wrong_argument(case: Case) -> str:
    """What an invalid canonical case gets wrong: the argument that its name begins with, or that beginning itself."""
    return re.split(r"[.\[]", case.name, maxsplit=1)[0]


_CHANGING = re.compile(r"0x[0-9a-fA-F]+|[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|'[^'\n]{0,200}'|\"[^\"\n]{0,200}\"")
_GROUP = re.compile(r"[\[({][^\[\](){}\n]{0,200}[\])}]")
_GOT = re.compile(r"\b(got|given|received|found)\b.*", re.I)


def first_line(message: str) -> str:
    """The first line of a message that has words in it; the next one too where it ends in a colon."""
    lines = [line.strip().removeprefix("- ") for line in message[:4000].splitlines()]
    told = [line for line in lines if re.search(r"[^\W\d_]{2}", line)][:2] or [message[:200].strip()]
    return " ".join(told) if told[0].endswith(":") else told[0]


def message_shape(message: str, api: str = "") -> str:
    """The first line of a message with its numbers, addresses, quotations and sequences made alike.

    What follows "got" is what was given, which changes from call to call.
    """
    line = first_line(message)
    if api:
        line = line.replace(api.rpartition(".")[2], "API")
    line = _CHANGING.sub("#", line)
    while (less := _GROUP.sub("#", line)) != line:
        line = less
    return re.sub(r"\s+", " ", _GOT.sub("got", line))[:160]


def size(case: Case) -> tuple[int, int, str]:
    """Order cases from the simplest: by what is unusual in them, eight times as many elements of x as one such thing.

    An input without elements is unusual, not small.
    """
    inputs = case.inputs or {}
    elements = math.prod(integers(inputs.get("shape")) or (1,))
    unusual = sum(value not in (0, 1, False, None, "zeros") for value in case.arguments.values())
    unusual += sum(isinstance(value, (list, dict)) for value in case.arguments.values())
    unusual += sum(inputs.get(name, plain) != plain for name, plain in _PLAIN_INPUTS.items())
    return 3 * (elements == 0) + unusual + elements.bit_length() // 3, len(str(case.arguments)), case.id


def _finding(run: Run, like: Signature, condition: tuple[Atom, ...], parts: Sequence[Part]) -> Finding:
    def order(index: int) -> tuple[object, ...]:
        verdict = run.entries[index].verdict
        confirmation = run.confirmation(run.entries[index])
        confirmed = confirmation is not None and confirmation.confirmed
        pictured = "arrays" in verdict.has or verdict.kind not in _PICTURED
        return not confirmed, "script" not in verdict.has, not pictured, *size(run.entries[index].case), verdict.api

    entries = tuple(sorted((index for part in parts for index in part.covered), key=order))
    columns = tuple(sorted({run.entries[index].column for index in entries}))
    said = repr((like, condition, [run.columns[column].api for column in columns]))
    digest = hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()[:10]
    if like.kind in _OF_INVALID_CALLS and like.subject and not like.claim:
        condition = _tried(like.subject, [run.entries[index].case for index in entries])
    return Finding(digest, like, condition, sum(part.exceptions for part in parts), columns, entries)


def _tried(argument: str, cases: Sequence[Case]) -> tuple[Atom, ...]:
    """The values that an argument, or else the input, had."""
    if all(argument in case.arguments for case in cases):
        values = [source(case.arguments[argument]) for case in cases]
    elif argument in CANONICAL or not all((case.inputs or {}).get("shape") for case in cases):
        return ()
    else:
        argument, values = "input", [_input(case.inputs or {}) for case in cases]
    return (("tried", argument, listed(values)),)


def _input(inputs: Mapping[str, Any]) -> str:
    """The shape of an invalid input; its dtype where that is what is unusual."""
    dtype, weight = inputs.get("dtype", "float32"), inputs.get("weight_dtype")
    if weight not in (None, dtype):
        return f"x {dtype} / weight {weight}"
    return source(inputs["shape"]) if dtype == "float32" else str(dtype)


# What a reader should see first, and how many of each sort a first screen has room for.
_SORTS: Sequence[tuple[frozenset[str], int]] = (
    (frozenset({"crashed", "timed_out", "unstable"}), 3),
    (frozenset({"value", "gradient", "shape", "dtype"}), 4),
    (frozenset({"wrongly_accepted", "wrongly_rejected"}), 4),
    (frozenset({"document_wrong"}), 2),
    (frozenset({"default", "distribution", "error_class", "error_phase"}), 1),
)


def sort(finding: Finding) -> int:
    """Its place among the sorts, 0 the most serious; where the document alone stands apart, that is its sort."""
    like = finding.signature
    word = like.ruling if like.ruling == "document_wrong" else like.kind or like.outcome
    return next((place for place, (sorts, _) in enumerate(_SORTS) if word in sorts), len(_SORTS))


def _order(finding: Finding) -> tuple[int, int, str]:
    return sort(finding), -len(finding.entries), finding.id


def foremost(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings of a first screen: of each sort the largest, one of a kind of a target."""
    room = Counter({place: room for place, (_, room) in enumerate(_SORTS)})
    seen: set[tuple[str, str, str]] = set()
    first = []
    for finding in sorted(found, key=_order):
        like = finding.signature
        if room[sort(finding)] and (like.target, like.outcome, like.kind) not in seen:
            seen.add((like.target, like.outcome, like.kind))
            room[sort(finding)] -= 1
            first.append(finding)
    return tuple(first)
