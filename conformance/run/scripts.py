"""Where a run's scripts are executed: in the targets they are of, target beside target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from conformance.case import Target
from conformance.reproducers.confirm import Executor

MARGIN = 20.0  # seconds beyond the limit of a case: a script imports its framework first

Work = TypeVar("Work")
Result = TypeVar("Result")


def execute_in_targets(
    work: Mapping[str, Sequence[Work]],
    targets: Sequence[Target],
    case_timeout: float,
    execute: Callable[[Executor, Work], Result],
    report: Callable[[str, Work, Result], None],
) -> None:
    """Execute what there is to execute in each target, and report what came of each piece.

    Args:
        work: by the name of a target.
        case_timeout: seconds that a case may take; a script is given its framework's import besides.
        report: called in this thread, with the target's name.
    """
    executors = {target.name: Executor(target, case_timeout + MARGIN) for target in targets if work.get(target.name)}
    if not executors:
        return

    def execute_all(name: str) -> list[Result]:
        with executors[name] as executor:
            return [execute(executor, piece) for piece in work[name]]

    with ThreadPoolExecutor(len(executors)) as pool:
        try:
            for name, results in zip(executors, pool.map(execute_all, executors), strict=True):
                for piece, result in zip(work[name], results, strict=True):
                    report(name, piece, result)
        except BaseException:  # such as Ctrl-C
            for executor in executors.values():
                executor.stop()
            raise
