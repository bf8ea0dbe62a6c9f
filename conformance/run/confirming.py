"""Where the scripts of divergences are executed: one of each finding, in the target where it was observed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from conformance.case import Target
from conformance.records.record import ConfirmationRecord, Question
from conformance.reproducers.confirm import Executor
from conformance.run.recording import Script
from conv_reports import representatives

MARGIN = 20.0  # seconds beyond the limit of a case: a script imports its framework first


def confirm_findings(
    results: Path,
    scripts: Mapping[Question, Script],
    targets: Sequence[Target],
    case_timeout: float,
    write: Callable[[ConfirmationRecord], None],
) -> None:
    """Execute one script of each finding in a results file, target beside target, and write what came of it."""
    chosen = _choose_scripts(results, scripts)
    if not chosen:
        return
    executors = {target.name: Executor(target, case_timeout + MARGIN) for target in targets if target.name in chosen}

    def confirm_target(name: str) -> list[ConfirmationRecord]:
        return _confirm_all(executors[name], chosen[name])

    with ThreadPoolExecutor(len(chosen)) as pool:
        try:
            for records in pool.map(confirm_target, chosen):
                for record in records:
                    write(record)
        except BaseException:  # such as Ctrl-C
            for executor in executors.values():
                executor.stop()
            raise


def _choose_scripts(results: Path, scripts: Mapping[Question, Script]) -> dict[str, dict[Question, Script]]:
    """By target, the scripts that stand for a finding each."""
    chosen: dict[str, dict[Question, Script]] = {}
    for case, target, api in representatives([results]):
        question = Question(case, target, api)
        if question in scripts:
            chosen.setdefault(target, {})[question] = scripts[question]
    return chosen


def _confirm_all(executor: Executor, scripts: Mapping[Question, Script]) -> list[ConfirmationRecord]:
    with executor:
        confirmations = executor.confirm_all([(script.text, script.outcome) for script in scripts.values()])
        return [
            ConfirmationRecord(question, confirmation)
            for question, confirmation in zip(scripts, confirmations, strict=True)
        ]
