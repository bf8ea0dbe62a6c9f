"""The verdicts of a case that was asked several times, as one."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from conformance import results
from conformance.case import Outcome, Verdict
from conformance.results import Record

# What may differ between two runs of the same: how long it took, and what a dying process last said.
VARYING = ("seconds", "stderr")


_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}")


def without_addresses(verdict: Verdict) -> Verdict:
    """A verdict whose texts have no addresses in memory, which differ in every run and tell nothing."""

    def told(text: str) -> str:
        return _ADDRESS.sub("0x...", text)

    raised = None if verdict.raised is None else replace(verdict.raised, message=told(verdict.raised.message))
    return replace(
        verdict,
        raised=raised,
        expected=told(verdict.expected),
        observed=told(verdict.observed),
        stderr=told(verdict.stderr),
    )


def combined(verdicts: Sequence[Verdict]) -> Verdict:
    """The first of them where all say the same, byte for byte, and unstable where they do not."""
    verdicts = [without_addresses(verdict) for verdict in verdicts]
    said = [_record(verdict) for verdict in verdicts]
    texts = [json.dumps(record, sort_keys=True) for record in said]
    if len(set(texts)) == 1:
        return verdicts[0]
    kinds = dict(zip(texts, said, strict=True))
    names = sorted({name for record in said for name in record})
    differing = [name for name in names if len({json.dumps(record.get(name)) for record in said}) > 1]
    shown = [
        f"{texts.count(text)} times "
        + ", ".join(f"{name} {record[name]!s:.100}" for name in ("outcome", *differing) if name in record)
        for text, record in kinds.items()
    ]
    return Verdict(
        Outcome.UNSTABLE,
        subject="call",
        expected=f"the same verdict {len(verdicts)} times",
        observed=f"differs in {', '.join(differing)}: {'; '.join(shown)}",
        seconds=sum(verdict.seconds for verdict in verdicts),
    )


def _record(verdict: Verdict) -> Record:
    record = results.verdict(verdict, "", "", "", "", None)
    return {name: value for name, value in record.items() if name not in VARYING}
