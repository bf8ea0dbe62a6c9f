"""Whether the scripts of divergences show them: one of each finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from conformance.case import Kind, Target, Verdict
from conformance.records.record import ConfirmationRecord, Question, VerdictRecord
from conformance.reproducers.confirm import Executor
from conformance.run.scripts import execute_in_targets

# What a worker does with its memory, for a script that shows nothing without: what is not written is zero by luck.
PERTURB = """import ctypes
ctypes.CDLL(None).mallopt(-6, 128)  # M_PERTURB of glibc: memory that nobody writes is not zero
"""
OF_NUMBERS = frozenset({Kind.VALUE, Kind.GRADIENT})


@dataclass(frozen=True)
class Script:
    """A script, and the verdict that it shows.

    Attributes:
        shrunk: whether it is of a smaller case than the one that was asked.
    """

    text: str
    verdict: Verdict
    shrunk: bool = False


Scripts = Mapping[Question, Sequence[Script]]  # those of a finding, the best one first
Finding = tuple[Question, Sequence[Script]]


def list_scripts(record: VerdictRecord, shrunk: Script | None) -> list[Script]:
    """The shrunk script of a finding, then the verdict's own, those that there are."""
    own = None if record.script is None else Script(record.script, record.verdict)
    return [script for script in (shrunk, own) if script is not None]


def confirm_findings(
    scripts: Scripts, targets: Sequence[Target], case_timeout: float, write: Callable[[ConfirmationRecord], None]
) -> None:
    """Execute a script of each finding, and write what came of it."""
    findings: dict[str, list[Finding]] = {}
    for question, of_finding in scripts.items():
        if of_finding:
            findings.setdefault(question.target, []).append((question, of_finding))
    execute_in_targets(findings, targets, case_timeout, _confirm, lambda _target, _finding, record: write(record))


def _confirm(executor: Executor, finding: Finding) -> ConfirmationRecord:
    """What came of the first script that shows its verdict, or of the last one.

    Numbers may be wrong because nobody writes them: where no script shows that, each is tried with its memory filled.
    """
    question, scripts = finding
    for script in scripts:
        confirmation = executor.confirm(script.text, script.verdict, together=True)
        if confirmation.confirmed:
            break
    else:
        for filled in scripts:
            if filled.verdict.kind in OF_NUMBERS:
                text = PERTURB + filled.text
                shown = executor.confirm(text, filled.verdict)
                if shown.confirmed:
                    return ConfirmationRecord(question, shown, text)
    return ConfirmationRecord(question, confirmation, script.text if script.shrunk else None)
