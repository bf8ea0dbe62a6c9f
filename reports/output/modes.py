"""Modes on the terminal: a line for each, and a line for each way in which something came out otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from ..results.loaded import LoadedRun
from ..views.modes import ComparedMode, compare_modes


def write_modes(run: LoadedRun) -> Iterator[str]:
    """The lines of a run's modes."""
    for mode in compare_modes(run):
        yield _write_mode(mode)
        for group in mode.groups:
            yield f"  {len(group.cases):5}  {group.api}: {group.before} -> {group.after}, {group.cases[0].case}"


def _write_mode(mode: ComparedMode) -> str:
    difference = "no difference" if not mode.groups else f"{mode.different} otherwise"
    return f"{mode.target.name}: {difference} in {mode.cases} cases beside {mode.beside.name} ({mode.seconds:.0f} s)"
