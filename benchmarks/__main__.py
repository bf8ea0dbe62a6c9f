"""`python -m benchmarks`: one table of times, ratios and peak memory."""

import argparse
import math
import sys
from math import prod

from rich.console import Console
from rich.table import Table

import conv_reference as reference

from .layers import LAYERS, SMALL, STRATEGIES, Benchmark
from .measure import Side, Spread, default_torch, interleaved, side

SLOW = 10**8  # multiplications from which ONNX's evaluator and SciPy take too long to wait for


def multiplications(benchmark: Benchmark, output: int) -> int:
    """Products that the layer's definition sums (padding counted)."""
    positions = output if benchmark.layer == "conv2d" else prod(benchmark.x[2:])
    return benchmark.x[0] * positions * prod(benchmark.weight)


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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--torch", default=default_torch(), metavar="PYTHON", help="an interpreter that has torch")
    parser.add_argument("--threads", type=int, default=2, help="torch's threads (default: 2)")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each pair of calls (default: 2)")
    parser.add_argument("--only", default="", metavar="TEXT", help="layers whose names contain TEXT")
    parser.add_argument("--slow", action="store_true", help="wait for ONNX and SciPy on large layers too")
    options = parser.parse_args()
    table = Table(title="the oracle's time, and that time over its peers': median (quartiles)")
    for heading in (
        "layer",
        "forward ms",
        "/torch64",
        "/torch32",
        "BLAS alone",
        "gradients ms",
        "/torch64",
        "/torch32",
    ):
        table.add_column(heading, justify="left" if heading == "layer" else "right")
    for heading in ("with bound ms", "/onnx", "/scipy", "of dgemm", "memory", "torch's"):
        table.add_column(heading, justify="right")
    ways = Table(
        title="forward, forced to a strategy: its time over that of the oracle's own choice, median (quartiles)"
    )
    for heading in ("layer", *STRATEGIES):
        ways.add_column(heading, justify="left" if heading == "layer" else "right")
    ratios: dict[str, tuple[float, float, float]] = {}
    for name, benchmark in LAYERS.items():
        if options.only not in name:
            continue
        with side(sys.executable, "numpy", 1) as ours, side(options.torch, "torch", options.threads) as theirs:
            ours.prepare(benchmark, 1)
            theirs.prepare(benchmark, options.threads)
            memory = [ours.ask("oracle forward", 0), theirs.ask("torch64 forward", 0)]
            row = [name]
            forward, seconds = against(ours, theirs, row, ("oracle forward", "forward"), options.seconds)
            _, _, products = interleaved(ours, theirs, ("products", "torch64 forward"), options.seconds / 2)
            row.append(ratio(products))
            gradients, _ = against(ours, theirs, row, ("oracle gradients", "gradients"), options.seconds)
            ratios[name] = forward, products.median, gradients
            own, _, _ = interleaved(ours, ours, ("oracle with bound", "dgemm"), options.seconds / 2)
            row.append(milliseconds(own))
            positions = output_positions(benchmark)
            products = multiplications(benchmark, positions)
            for peer in ("onnx", "scipy"):
                if products > SLOW and not options.slow:
                    row.append("-")
                    continue
                try:
                    _, _, beside = interleaved(ours, ours, ("oracle forward", peer), options.seconds / 2)
                    row.append(f"1/{1 / beside.median:.0f}")
                except RuntimeError:
                    row.append("failed")
            _, dgemm, _ = interleaved(ours, ours, ("oracle forward", "dgemm"), options.seconds / 4)
            cores = options.threads
            row.append(f"{products / seconds / (cores * 1024**3 / dgemm.median):.0%}")
            operands = 8 * (prod(benchmark.x) + prod(benchmark.weight))
            whole = operands + 8 * benchmark.x[0] * channels(benchmark) * positions
            row += [f"{(operands + grown) / whole:.1f}x" for grown in memory]
            forced = [
                interleaved(ours, ours, (f"oracle {strategy}", "oracle forward"), options.seconds / 4)[2]
                for strategy in STRATEGIES
            ]
            ways.add_row(name, *map(ratio, forced))
        table.add_row(*row)
        print(*row, sep=" | ", file=sys.stderr, flush=True)
    console = Console(width=max(200, Console().width))
    console.print(table)
    console.print(ways)
    large = [three for name, three in ratios.items() if name not in SMALL]
    if large:
        for what, values in zip(("forward", "forward, BLAS alone", "gradients"), zip(*large, strict=True), strict=True):
            mean = math.exp(sum(map(math.log, values)) / len(values))
            console.print(f"large layers, {what}: geometric mean {mean:.2f} of torch float64, worst {max(values):.2f}")
    console.print(
        "BLAS alone: the layer's multiplications as one NumPy product on each of two threads, over torch float64. "
        "of dgemm: multiplications a second over those of a 1024x1024 product on each thread. memory: peak of a first "
        "call, x and weight included, over x, weight and output; torch's likewise."
    )


def channels(benchmark: Benchmark) -> int:
    """Output channels."""
    groups = int(benchmark.parameters.get("groups", 1))
    return benchmark.weight[0] if benchmark.layer == "conv2d" else benchmark.weight[1] * groups


def output_positions(benchmark: Benchmark) -> int:
    """Output elements of one channel of one image."""
    sizes = {key: value for key, value in benchmark.parameters.items() if key != "groups"}
    height, width = reference.output_size(benchmark.layer, benchmark.x[2:], benchmark.weight[2:], **sizes)
    return height * width


if __name__ == "__main__":
    main()
