"""The verdicts of a case that was asked several times, as one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields, replace

from conformance.case import Authority, Outcome, Verdict

MAX_SHOWN = 100  # characters of one field's value
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}")


def combine(verdicts: Sequence[Verdict]) -> Verdict:
    """The first of them where all say the same, and unstable where they do not.

    How long a call took, and what a dying process last said, may differ.
    """
    verdicts = [without_addresses(verdict) for verdict in verdicts]
    groups = group_alike(verdicts) if len(verdicts) > 1 else [verdicts]
    if len(groups) == 1:
        return verdicts[0]
    names = find_differing_fields([group[0] for group in groups])
    descriptions = [f"{len(group)} times {describe(group[0], names)}" for group in groups]
    return Verdict(
        Outcome.UNSTABLE,
        subject="call",
        expected=f"the same verdict {len(verdicts)} times",
        observed=f"differs in {', '.join(sorted(names))}: {'; '.join(descriptions)}",
        authority=Authority.ROBUSTNESS,
        rests_on="the same call gives the same answer",
        seconds=sum(verdict.seconds for verdict in verdicts),
    )


def without_addresses(verdict: Verdict) -> Verdict:
    """A verdict whose texts have no addresses in memory, which differ in every run and tell nothing."""
    raised = verdict.raised
    texts = [verdict.expected, verdict.observed, verdict.stderr, "" if raised is None else raised.message]
    if not any(map(ADDRESS.search, texts)):
        return verdict
    if raised is not None:
        raised = replace(raised, message=hide_addresses(raised.message))
    expected, observed, stderr = map(hide_addresses, texts[:3])
    return replace(verdict, raised=raised, expected=expected, observed=observed, stderr=stderr)


def hide_addresses(text: str) -> str:
    return ADDRESS.sub("0x...", text)


def group_alike(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    """The verdicts in groups that say the same, in the order of their first ones."""
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        # By their repr, in which NaN is equal to itself.
        groups.setdefault(repr(without_chance(verdict)), []).append(verdict)
    return list(groups.values())


def without_chance(verdict: Verdict) -> Verdict:
    """A verdict without what may differ between two runs of the same."""
    return replace(verdict, seconds=0.0, stderr="")


def find_differing_fields(verdicts: Sequence[Verdict]) -> list[str]:
    """Names of the fields that are not the same in all verdicts."""
    names = []
    for field in fields(Verdict):
        values = {repr(getattr(without_chance(verdict), field.name)) for verdict in verdicts}
        if len(values) > 1:
            names.append(field.name)
    return names


def describe(verdict: Verdict, names: Sequence[str]) -> str:
    """The outcome, and those of the named fields that say something."""
    parts = [f"outcome {verdict.outcome}"]
    for name in names:
        value = getattr(verdict, name)
        if name != "outcome" and value not in (None, "", False):
            parts.append(f"{name} {value!s:.{MAX_SHOWN}}")
    return ", ".join(parts)
