"""How fast a search goes: ``python -m benchmarks.explore [--seconds N] [FRAMEWORK ...]``.

Each framework alone, then all of them together: calls a minute, and the share of its time that a target spends in them.
The calls of shrinking count. On a busy machine the figures say little.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from conformance.apis import frameworks
from conformance.case import Case
from conformance.cases import spec
from conformance.catalogue import load
from conformance.environments import choose_environments, read_environments
from conformance.explore import Question, Settings, explore
from conformance.targets.command_line import default

ROOT = Path(__file__).parents[1]
# What is drawn from: enough for every source, and loaded quickly.
FILES = ("padding", "dtype", "invalid", "values", "hazards", "integers")
SEED = 1


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explore", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="FRAMEWORK", help="default: those that an audit asks")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each search, default 60")
    options = parser.parse_args(arguments)
    names = options.names or list(choose_environments(None, read_environments()))
    cases = read_cases()
    for chosen in [*([name] for name in names), *([names] if len(names) > 1 else [])]:
        measure(chosen, cases, options.seconds)
    return 0


def read_cases() -> list[Case]:
    files = [f"{layer}/{name}.yaml" for layer in ("conv2d", "conv_transpose2d") for name in FILES]
    return [case for file in files for case in spec.load(ROOT / "specs" / file, file).cases]


def measure(names: Sequence[str], cases: Sequence[Case], seconds: float) -> None:
    """Search in frameworks together, and print how that went."""
    questions = []
    for name in names:
        target = default(name, ROOT)
        questions += [Question(target, contract) for contract in frameworks()[name].contracts]
    known = load.load(ROOT / "specs" / "known")
    told: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        explore(Settings(seconds, SEED, Path(folder)), questions, cases, known, told.append)
    print(f"{' + '.join(names)}: {told[-1].removeprefix('explore: ')}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
