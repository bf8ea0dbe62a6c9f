"""What a run comes to in numbers that say what they rest on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from ..findings.clusters import Finding
from ..results.loaded import JudgedCase, LoadedRun
from ..results.records import AUTHORITIES

UNNAMED = "unnamed"  # of a results file that names no authorities


def count_authorities(findings: Sequence[Finding]) -> Mapping[str, int]:
    """How many findings rest on each authority, 0 included; `UNNAMED` only where some rest on none."""
    counts = Counter(finding.authority or UNNAMED for finding in findings)
    shown: dict[str, int] = {authority: counts[authority] for authority in AUTHORITIES}
    if counts[UNNAMED]:
        shown[UNNAMED] = counts[UNNAMED]
    return shown


def count_sentences(run: LoadedRun, ruling: Literal["copy_outdated", "announced"]) -> int:
    """How many sentences do not hold of what is installed, though no vendor says them of that."""
    sentences = {(judged.case.api, judged.case.claim) for judged in run.judged if judged.verdict.ruling == ruling}
    return len(sentences)


def count_values_compared(verdicts: Iterable[JudgedCase]) -> int:
    """How many of the conforming verdicts compared values."""
    return sum(judged.conforms and "values" in judged.verdict.compared for judged in verdicts)
