"""Where an audit's time goes: `python -m benchmarks.audit [SPEC ...] [--cases N]`.

Processor time of the host and of each target's workers by part, and the same calls in a bare loop as the floor. On a
busy machine wall time says nothing, and processor time little more than a tenth.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.measure import Spread
from benchmarks.overhead import Overhead, measure_overhead

ROOT = Path(__file__).parents[1]
FRAMEWORKS = ("torch", "mindspore", "megengine")
FOLDER = "BENCHMARK_FOLDER"
AS_IN_TOX = {"OPENBLAS_NUM_THREADS": "1"}  # or a thread of the oracle waits by spinning
# As tox starts an audit, without what differs from run to run: certificates that are cached, and calls that are shrunk.
PYTEST = ("-m", "pytest", "-q", "-s", "--tb=no", "-p", "no:cacheprovider", "-p", "benchmarks.audit_host")
OPTIONS = ("--no-certify", "--shrink=0", f"--known={ROOT / 'specs' / 'known'}")
SYNTHETIC = """\
layer: conv2d
clause: the definition
cases:
  - name: configuration
    for:
      out: {outs}
      kernel: [1, 2, 3, [1, 2], [3, 2]]
      stride: [1, 2, [2, 1], [1, 3]]
      padding: [0, 1, [1, 0], [0, 1], [0, 0]]
      dilation: [1, 2, [2, 1], [1, 2], [3, 1]]
    arguments:
      in_channels: 2
      out_channels: =out
      kernel_size: =kernel
      stride: =stride
      padding: =padding
      dilation: =dilation
    input: {shape: [1, 2, 9, 8]}
"""
CONFIGURATIONS = 500  # of each number of output channels


@dataclass(frozen=True)
class Counted:
    """What a stopwatch has written: seconds and calls by part, the seconds of the process, its most memory in bytes.

    Of several processes together, the sums, and the most that one has had.
    """

    seconds: Mapping[str, float]
    calls: Mapping[str, int]
    process: float
    peak: int


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit", description=__doc__)
    parser.add_argument("specs", nargs="*", help="spec files, default all of specs")
    parser.add_argument("--cases", type=int, default=0, metavar="N", help="as many synthetic configurations instead")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        specs = [write_synthetic(folder, options.cases)] if options.cases else options.specs or [str(ROOT / "specs")]
        wall = run_audit(folder, specs)
        if wall is None:
            return 1
        report(folder, wall)
    return 0


def write_synthetic(folder: Path, cases: int) -> str:
    """A spec file of about as many configurations."""
    path = folder / "specs" / "conv2d" / "synthetic.yaml"
    path.parent.mkdir(parents=True)
    outs = list(range(1, 1 + max(1, cases // CONFIGURATIONS)))
    path.write_text(SYNTHETIC.replace("{outs}", str(outs)), encoding="utf-8")
    return str(path)


def run_audit(folder: Path, specs: Sequence[str]) -> float | None:
    """Run an audit that counts; its seconds on the clock, or None where it could not be run."""
    files = f"--results={folder / 'results.jsonl'}", f"--report={folder / 'report.html'}"
    # Named, as pytest looks for it where the specs are.
    command = [sys.executable, *PYTEST, f"--config-file={ROOT / 'pyproject.toml'}", *OPTIONS, *files, *specs]
    start = time.perf_counter()
    with (folder / "output").open("w", encoding="utf-8") as output:
        done = subprocess.run(
            command, env={**os.environ, **AS_IN_TOX, FOLDER: str(folder)}, stdout=output, stderr=output, check=False
        )
    if done.returncode not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        print((folder / "output").read_text(encoding="utf-8"), file=sys.stderr)
        return None
    return time.perf_counter() - start


def report(folder: Path, wall: float) -> None:
    """Print the tables."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    host = read(folder / "host.json")
    items = host.calls["items"]
    processor = used.ru_utime + used.ru_stime
    print(f"{items:,} items, {wall:.1f} s on the clock, {processor:.1f} s of processor")
    print_parts("host", host, items, "item")
    for framework in FRAMEWORKS:
        counted = add(map(read, folder.glob(f"{framework}-*.json")))
        if not counted.calls.get("calls"):
            continue
        print_parts(framework, counted, counted.calls["calls"], "call")
        overhead = measure_overhead(folder, framework)
        if overhead is None:
            print("  every loop was ended by its calls")
        else:
            print_overhead(overhead)


def read(path: Path) -> Counted:
    return Counted(**json.loads(path.read_text(encoding="utf-8")))


def add(several: Iterable[Counted]) -> Counted:
    """Of several processes together."""
    seconds: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    process = 0.0
    peak = 0
    for counted in several:
        seconds.update(counted.seconds)
        calls.update(counted.calls)
        process += counted.process
        peak = max(peak, counted.peak)
    return Counted(seconds, calls, process, peak)


def print_parts(title: str, counted: Counted, count: int, unit: str) -> None:
    each = 1e3 * counted.process / count
    print(f"{title:11} {counted.process:8.2f} s {each:9.3f} ms/{unit}, at most {counted.peak / 1e6:.0f} MB")
    rest = counted.process - sum(counted.seconds.values())
    for part, seconds in [*sorted(counted.seconds.items(), key=lambda item: -item[1]), ("rest", rest)]:
        print(f"  {part:10}{seconds:8.2f} s {1e3 * seconds / count:9.3f}")


def print_overhead(overhead: Overhead) -> None:
    """A worker's loop against a bare one over the same calls, in turns."""
    for turn, bare, ratio in (
        ("first", overhead.first, overhead.first_ratio),
        ("again", overhead.second, overhead.second_ratio),
    ):
        print(f"  {turn:10}{show(bare, 3)} ms in a bare loop, the worker's ratio {show(ratio, 2)}")
    print(f"  compared  {overhead.calls:,} calls")


def show(spread: Spread, digits: int) -> str:
    low, median, high = (f"{value:.{digits}f}" for value in spread)
    return f"{median} ({low}-{high})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
