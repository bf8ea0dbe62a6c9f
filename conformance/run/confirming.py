"""Where the scripts of divergences are executed: one of each finding, in the target where it was observed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from conformance.case import Target, Verdict
from conformance.records.record import ConfirmationRecord, Question, VerdictRecord
from conformance.reproducers.confirm import Executor

MARGIN = 20.0  # seconds beyond the limit of a case: a script imports its framework first


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


def list_scripts(record: VerdictRecord, shrunk: Script | None) -> list[Script]:
    """The shrunk script of a finding, then the verdict's own, those that there are."""
    own = None if record.script is None else Script(record.script, record.verdict)
    return [script for script in (shrunk, own) if script is not None]


def confirm_findings(
    scripts: Scripts, targets: Sequence[Target], case_timeout: float, write: Callable[[ConfirmationRecord], None]
) -> None:
    """Execute a script of each finding, target beside target, and write what came of it."""
    by_target: dict[str, dict[Question, Sequence[Script]]] = {}
    for question, of_finding in scripts.items():
        if of_finding:
            by_target.setdefault(question.target, {})[question] = of_finding
    if not by_target:
        return
    executors = {target.name: Executor(target, case_timeout + MARGIN) for target in targets if target.name in by_target}

    def confirm_target(name: str) -> list[ConfirmationRecord]:
        with executors[name] as executor:
            return [_confirm(executor, question, of_finding) for question, of_finding in by_target[name].items()]

    with ThreadPoolExecutor(len(by_target)) as pool:
        try:
            for records in pool.map(confirm_target, by_target):
                for record in records:
                    write(record)
        except BaseException:  # such as Ctrl-C
            for executor in executors.values():
                executor.stop()
            raise


def _confirm(executor: Executor, question: Question, scripts: Sequence[Script]) -> ConfirmationRecord:
    """What came of the first script that shows its verdict, or of the last one."""
    for script in scripts:
        confirmation = executor.confirm(script.text, script.verdict, together=True)
        if confirmation.confirmed:
            break
    return ConfirmationRecord(question, confirmation, script.text if script.shrunk else None)
