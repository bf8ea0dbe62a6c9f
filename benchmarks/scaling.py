"""What `--processes N` gives: `python -m benchmarks.scaling [--cost MS ...] [--processes N ...] [--calls N]`.

An audit of a fake framework whose calls sleep for a known time, and take next to no processor time: so two cores can
show what sixteen would give. A row tells how long the calls took, how many times as fast that was as one process can be
at best, and what of the processor the host spent on each, which is the limit however many processes there are.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FAKES = Path(__file__).parent / "fakes"
FOLDER = "BENCHMARK_FOLDER"
SPEC = """\
layer: conv2d
clause: the definition
cases:
  - name: of_known_cost
    for: {{height: {sizes}, width: {sizes}}}
    arguments: {{in_channels: 1, out_channels: 2, kernel_size: 2}}
    input: {{shape: [1, 1, =height, =width], gradients: false}}
"""
PLUGIN = "benchmarks.scaling_host"
PYTEST = ("-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-q", "-s", "-p", "no:cacheprovider", "-p", PLUGIN)


@dataclass(frozen=True)
class Measured:
    """Seconds on the clock from the first call to the last verdict, and of the host's processor time; of so many."""

    calls: int
    seconds: float
    processor: float


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--cost", nargs="+", type=float, default=[4.0, 20.0], metavar="MS", help="of a call")
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 4, 16, 64], metavar="N")
    parser.add_argument("--calls", type=int, default=0, metavar="N", help="of each run; default: 5 s of one process")
    parser.add_argument("--hosts", type=int, default=0, metavar="N", help="processes of pytest-xdist that ask (-n)")
    options = parser.parse_args(arguments)
    print("cost ms  processes  calls  seconds  calls/s  of one  at best  host ms/call", flush=True)
    for cost in options.cost:
        for processes in options.processes:
            calls = options.calls or round(min(processes, 16) * 5e3 / cost)
            measured = run(cost / 1e3, processes, calls, options.hosts)
            each = measured.seconds / measured.calls
            host = measured.processor / measured.calls
            print(
                f"{cost:7g} {processes:10} {measured.calls:6} {measured.seconds:8.2f} {1 / each:8.0f}"
                f" {cost / 1e3 / each:7.1f} {processes:8} {1e3 * host:13.2f}",
                flush=True,
            )
    return 0


def run(cost: float, processes: int, calls: int, hosts: int) -> Measured:
    """An audit of about so many calls, each of which takes `cost` seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec = folder / "specs" / "conv2d" / "scaling.yaml"
        spec.parent.mkdir(parents=True)
        sizes = list(range(3, 3 + round(calls**0.5)))
        spec.write_text(SPEC.format(sizes=sizes), encoding="utf-8")
        target = f"sleeping={sys.executable}//env:PYTHONPATH={FAKES}//env:SLEEPING_SECONDS={cost}"
        files = f"--results={folder / 'results.jsonl'}", f"--report={folder / 'report.html'}"
        settings = "--no-certify", "--shrink=0", f"--processes={processes}", f"--target={target}"
        command = [sys.executable, *PYTEST, *settings, *files, *([f"-n{hosts}"] if hosts else []), str(spec)]
        environment = {**os.environ, FOLDER: name}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
        return read(folder)


def read(folder: Path) -> Measured:
    """What every process of the host has counted: xdist's workers ask, and report to the first one."""
    counted = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return Measured(
        calls=max(one["items"] for one in counted),
        seconds=max(one["ended"] for one in counted) - min(one["begun"] for one in counted if one["begun"]),
        processor=sum(one["processor"] for one in counted),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
