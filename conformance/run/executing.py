"""What the catalogue's scripts come to, those of each entry that a run has seen in the target that showed it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from conformance.case import Entry, Execution, Target
from conformance.reproducers.confirm import NO_END, End, Executor, NotExecutedError
from conformance.run.scripts import execute_in_targets


def execute_entries(
    entries: Mapping[str, Sequence[Entry]],
    targets: Sequence[Target],
    case_timeout: float,
    report: Callable[[str, Entry, Execution], None],
) -> None:
    """Execute the scripts of entries, by the name of a target, and report what came of each."""
    execute_in_targets(entries, targets, case_timeout, execute, report)


def execute(executor: Executor, entry: Entry) -> Execution:
    """Execute the scripts of one entry."""
    try:
        end = find_end(executor, entry.script, entry.ends)
        workaround = None if entry.workaround is None else find_end(executor, entry.workaround.script, "")
    except NotExecutedError as error:
        return Execution(False, f"not executed: {error}")
    return Execution(end.begins(entry.ends), end.how, None if workaround is None else workaround.how)


def find_end(executor: Executor, script: str, expected: str) -> End:
    """How a script ends. One that does not end as expected among others has a process of its own.

    One that ends its process, or has no end, is not tried among others at all.
    """
    if expected != NO_END and not End(expected).is_death:
        end = executor.end_of(script, together=True)
        if end.begins(expected):
            return end
    return executor.end_of(script)
