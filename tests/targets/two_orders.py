"""Run the real audit in two orders and compare the verdicts: each case has to run as if alone.

    python tests/targets/two_orders.py [--seed N] PYTEST-ARGUMENTS...

The arguments are those of an audit, such as specs and ``--target``. Prints every verdict that differs in anything
but its time; the exit status is 1 if there is one. As a pytest plugin, this module shuffles the items.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SEED = "CONFORMANCE_SHUFFLE"
MAX_SHOWN = 1000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if SEED in os.environ:
        random.Random(os.environ[SEED]).shuffle(items)


def audit(folder: Path, name: str, arguments: list[str], seed: str | None) -> dict[tuple[str, ...], dict[str, Any]]:
    """The verdicts of one run, by case, target and API."""
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    if seed is not None:
        environment[SEED] = seed
    results = folder / f"{name}.jsonl"
    command = [sys.executable, "-m", "pytest", "-p", "two_orders", "-q", "--tb=no", "--no-summary"]
    out = ["--results", str(results), "--report", str(folder / f"{name}.html")]
    subprocess.run([*command, *out, *arguments], env=environment, stdout=subprocess.DEVNULL, check=False)
    records = map(json.loads, results.read_text().splitlines())
    verdicts = [record for record in records if record["record"] == "verdict"]
    return {(v["case"], v["target"], v["api"]): {k: x for k, x in v.items() if k != "seconds"} for v in verdicts}


def main(arguments: list[str]) -> int:
    seed = "1"
    if arguments[:1] == ["--seed"]:
        seed, arguments = arguments[1], arguments[2:]
    with tempfile.TemporaryDirectory() as folder:
        written = audit(Path(folder), "written", arguments, None)
        shuffled = audit(Path(folder), "shuffled", arguments, seed)
    differing = [key for key in sorted({*written, *shuffled}) if written.get(key) != shuffled.get(key)]
    for key in differing:
        one, other = written.get(key, {}), shuffled.get(key, {})
        for name in sorted({*one, *other}):
            if one.get(name) != other.get(name):
                print(*key, name, repr(one.get(name))[:MAX_SHOWN], "->", repr(other.get(name))[:MAX_SHOWN])
    print(f"{len(written)} verdicts as written, {len(shuffled)} shuffled, {len(differing)} differ")
    return bool(differing or not written)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
