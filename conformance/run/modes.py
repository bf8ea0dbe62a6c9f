"""Every framework in all of its modes: the targets, and the cases that are chosen for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from conformance.apis import frameworks
from conformance.case import LAYERS, Target
from conformance.targets.command_line import run_in_mode

# By name, in the folder of each layer. What compiles for seconds is asked the first alone: every pair of values in few
# rows. The others are the layers of known networks, and every combination of three values.
CHOSEN = ("modes", "networks", "space")
OF_COMPILING = CHOSEN[:1]
CASE_LIMIT = 20.0  # seconds for one case
COMPILING_LIMIT = 300.0  # where a mode compiles: the first case loads the compiler


def with_modes(targets: Iterable[Target]) -> Iterator[Target]:
    """Targets, each before itself in every mode of its framework; one that is named with a mode stays in that."""
    for target in targets:
        yield target
        modes = () if target.mode else frameworks()[target.framework].modes
        for mode in modes:
            named = replace(target, name=f"{target.name}@{mode}", given=f"{target.given}@{mode}")
            yield run_in_mode(named, mode)


def limit_cases(targets: Iterable[Target]) -> float:
    """Seconds that one case may take, where nobody says otherwise."""
    modes = [frameworks()[target.framework].modes.get(target.mode) for target in targets]
    return COMPILING_LIMIT if any(mode is not None and mode.compiles for mode in modes) else CASE_LIMIT


def is_chosen(spec: str, target: Target) -> bool:
    """Whether the cases of a spec file, relative to the specs folder, are asked of a target."""
    path = PurePosixPath(spec)
    mode = frameworks()[target.framework].modes.get(target.mode)
    names = OF_COMPILING if mode is not None and mode.compiles else CHOSEN
    return path.parent.name in LAYERS and path.stem in names
