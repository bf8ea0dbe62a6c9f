"""Where the catalogue's scripts are executed: of each entry that a run has seen, in the target that showed it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from conformance.case import Entry, Execution, Target
from conformance.reproducers.confirm import Executor

LIMIT = 20.0  # seconds; a script that is to have no end is given so long
NO_END = "no end"
RAISES = re.compile(r"[\w.]*(Error|Exception|Interrupt|Warning)\b")


def execute_entries(
    entries: Mapping[str, Sequence[Entry]],
    targets: Sequence[Target],
    report: Callable[[str, Entry, Execution], None],
) -> None:
    """Execute the scripts of entries, target beside target, and report what came of each.

    Args:
        entries: by the name of a target.
    """
    executors = {target.name: Executor(target, LIMIT) for target in targets if entries.get(target.name)}
    if not executors:
        return

    def execute_all(name: str) -> list[Execution]:
        with executors[name] as executor:
            return [execute(executor, entry) for entry in entries[name]]

    with ThreadPoolExecutor(len(executors)) as pool:
        try:
            for name, executions in zip(executors, pool.map(execute_all, executors), strict=True):
                for entry, execution in zip(entries[name], executions, strict=True):
                    report(name, entry, execution)
        except BaseException:  # such as Ctrl-C
            for executor in executors.values():
                executor.stop()
            raise


def execute(executor: Executor, entry: Entry) -> Execution:
    """Execute the scripts of one entry."""
    # An exception is shown by an interpreter that scripts share; the end of a process is not.
    together = RAISES.match(entry.ends) is not None
    ended = find_end(executor, entry.script, entry.ends, together)
    workaround = None
    if entry.workaround is not None:
        workaround = find_end(executor, entry.workaround.script, "", together=True)
    return Execution(ends_as(ended, entry.ends), ended, workaround)


def find_end(executor: Executor, script: str, expected: str, together: bool) -> str:
    """How a script ends. One that does not end as expected among others has a process of its own."""
    if together:
        ended = executor.end_of(script, together=True).how
        if ends_as(ended, expected):
            return ended
    return executor.end_of(script).how


def ends_as(ended: str, expected: str) -> bool:
    """Whether a script ended so; the expected end is the beginning of the last line, or empty."""
    return ended.startswith(expected) if expected else ended == ""
