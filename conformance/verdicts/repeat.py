"""The verdicts of a case that was asked several times, as one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace

from conformance.case import Outcome, Verdict

MAX_SHOWN = 100  # characters of one field's value
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}")


def combine(verdicts: Sequence[Verdict]) -> Verdict:
    """The first of them where all say the same, and unstable where they do not.

    How long a call took, and what a dying process last said, may differ.
    """
    verdicts = [without_addresses(verdict) for verdict in verdicts]
    counts = Counter(repr(_comparable(verdict)) for verdict in verdicts)
    if len(counts) == 1:
        return verdicts[0]
    different = {repr(_comparable(verdict)): verdict for verdict in verdicts}
    names = _differing_fields(list(different.values()))
    descriptions = [f"{counts[text]} times {_describe(verdict, names)}" for text, verdict in different.items()]
    return Verdict(
        Outcome.UNSTABLE,
        subject="call",
        expected=f"the same verdict {len(verdicts)} times",
        observed=f"differs in {', '.join(sorted(names))}: {'; '.join(descriptions)}",
        seconds=sum(verdict.seconds for verdict in verdicts),
    )


def without_addresses(verdict: Verdict) -> Verdict:
    """A verdict whose texts have no addresses in memory, which differ in every run and tell nothing."""
    raised = verdict.raised
    if raised is not None:
        raised = replace(raised, message=ADDRESS.sub("0x...", raised.message))
    return replace(
        verdict,
        raised=raised,
        expected=ADDRESS.sub("0x...", verdict.expected),
        observed=ADDRESS.sub("0x...", verdict.observed),
        stderr=ADDRESS.sub("0x...", verdict.stderr),
    )


def _comparable(verdict: Verdict) -> Verdict:
    """A verdict without what may differ between two runs of the same.

    Verdicts are compared by their repr, in which NaN is equal to itself.
    """
    return replace(verdict, seconds=0.0, stderr="")


def _differing_fields(verdicts: Sequence[Verdict]) -> list[str]:
    """Names of the fields that are not the same in all verdicts."""
    names = [field.name for field in fields(Verdict)]
    return [name for name in names if len({repr(getattr(_comparable(verdict), name)) for verdict in verdicts}) > 1]


def _describe(verdict: Verdict, names: Sequence[str]) -> str:
    """The outcome and the fields of those names that say something."""
    shown = ["outcome", *(name for name in names if name != "outcome")]
    values = {name: getattr(verdict, name) for name in shown}
    return ", ".join(
        f"{name} {value!s:.{MAX_SHOWN}}" for name, value in values.items() if value not in (None, "", False)
    )
