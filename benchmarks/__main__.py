"""`python -m benchmarks`: one table of times, ratios and peak memory."""

import argparse
import math
import sys
from math import prod

from rich.console import Console
from rich.table import Table

import conv_reference as reference

from .layers import LAYERS, SMALL, Benchmark
from .measure import Side, Spread, default_torch, interleaved, side

SLOW = 10**8  # multiplications from which ONNX's evaluator and SciPy take too long to wait for


def milliseconds(spread: Spread) -> str:
    """A median in milliseconds with its quartiles' half distance in percent."""
    half = (spread.high - spread.low) / 2 / spread.median
    return f"{spread.median * 1e3:.3f} ±{half:.0%}"


def ratio(spread: Spread) -> str:
    """A median ratio with its quartiles."""
    return f"{spread.median:.2f} ({spread.low:.2f}-{spread.high:.2f})"


def against(ours: Side, theirs: Side, row: list[str], pair: tuple[str, str], budget: float) -> tuple[float, float]:
    """Add our time and both ratios of a pair of calls to a row; the float64 ratio and our seconds."""
    own, _, double = interleaved(ours, theirs, (pair[0], f"torch64 {pair[1]}"), budget)
    _, _, single = interleaved(ours, theirs, (pair[0], f"torch32 {pair[1]}"), budget / 2)
    row += [milliseconds(own), ratio(double), ratio(single)]
    return double.median, own.median


HEADINGS = (
    *("layer", "forward ms", "/torch64", "/torch32", "BLAS alone", "gradients ms", "/torch64", "/torch32"),
    *("with bound ms", "/onnx", "/scipy", "of dgemm", "memory", "torch's"),
)
LEGEND = (
    "BLAS alone: the layer's multiplications as one NumPy product on each of two threads, over torch float64. "
    "of dgemm: multiplications a second over those of a 1024x1024 product on each thread. memory: peak of a first "
    "call, x and weight included, over x, weight and output; torch's likewise."
)


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--torch", default=default_torch(), metavar="PYTHON", help="an interpreter that has torch")
    parser.add_argument("--threads", type=int, default=2, help="torch's threads (default: 2)")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each pair of calls (default: 2)")
    parser.add_argument("--only", default="", metavar="TEXT", help="layers whose names contain TEXT")
    parser.add_argument("--slow", action="store_true", help="wait for ONNX and SciPy on large layers too")
    return parser.parse_args()


def measure_layer(
    name: str, benchmark: Benchmark, options: argparse.Namespace, ours: Side, theirs: Side
) -> tuple[list[str], tuple[float, float, float]]:
    """A row of the table, and the ratios to torch float64: forward, its products alone, gradients."""
    ours.prepare(benchmark, 1)
    theirs.prepare(benchmark, options.threads)
    memory = [ours.ask("oracle forward", 0), theirs.ask("torch64 forward", 0)]
    row = [name]
    forward, seconds = against(ours, theirs, row, ("oracle forward", "forward"), options.seconds)
    _, _, blas = interleaved(ours, theirs, ("products", "torch64 forward"), options.seconds / 2)
    row.append(ratio(blas))
    gradients, _ = against(ours, theirs, row, ("oracle gradients", "gradients"), options.seconds)
    own, _, _ = interleaved(ours, ours, ("oracle with bound", "dgemm"), options.seconds / 2)
    row.append(milliseconds(own))
    geometry = reference.find_geometry(benchmark.layer, benchmark.x, benchmark.weight, **benchmark.parameters)
    rows, columns = geometry.plane
    multiplications = geometry.batch * rows.output * columns.output * prod(benchmark.weight)
    for peer in ("onnx", "scipy"):
        if multiplications > SLOW and not options.slow:
            row.append("-")
        else:
            row.append(compare_with_peer(ours, peer, options.seconds / 2))
    _, dgemm, _ = interleaved(ours, ours, ("oracle forward", "dgemm"), options.seconds / 4)
    row.append(f"{multiplications / seconds / (options.threads * 1024**3 / dgemm.median):.0%}")
    operands = 8 * (prod(benchmark.x) + prod(benchmark.weight))
    whole = operands + 8 * prod(geometry.output_shape)
    row += [f"{(operands + grown) / whole:.1f}x" for grown in memory]
    return row, (forward, blas.median, gradients)


def compare_with_peer(ours: Side, peer: str, seconds: float) -> str:
    """Our time over that of a slow peer, as a fraction."""
    try:
        _, _, beside = interleaved(ours, ours, ("oracle forward", peer), seconds)
    except RuntimeError:
        return "failed"
    return f"1/{1 / beside.median:.0f}"


def main() -> None:
    """Measure and print."""
    options = read_options()
    table = Table(title="the oracle's time, and that time over its peers': median (quartiles)")
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == "layer" else "right")
    large = []
    for name, benchmark in LAYERS.items():
        if options.only not in name:
            continue
        with side(sys.executable, "numpy", 1) as ours, side(options.torch, "torch", options.threads) as theirs:
            row, ratios = measure_layer(name, benchmark, options, ours, theirs)
        if name not in SMALL:
            large.append(ratios)
        table.add_row(*row)
        print(*row, sep=" | ", file=sys.stderr, flush=True)
    console = Console(width=max(200, Console().width))
    console.print(table)
    if large:
        for kind, values in zip(("forward", "forward, BLAS alone", "gradients"), zip(*large, strict=True), strict=True):
            mean = math.exp(sum(map(math.log, values)) / len(values))
            console.print(f"large layers, {kind}: geometric mean {mean:.2f} of torch float64, worst {max(values):.2f}")
    console.print(LEGEND)


if __name__ == "__main__":
    main()
