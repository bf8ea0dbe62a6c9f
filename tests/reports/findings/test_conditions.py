"""What makes a call fail is told as it was planted, and never falsely."""

from __future__ import annotations

import itertools
import random
import re
from typing import Any

import pytest

from conv_reports.findings.clusters import cluster
from conv_reports.findings.features import EVERY, Atoms
from conv_reports.output import words
from conv_reports.results.loaded import load

NUMPY = {"numpy": "int64", "value": 2}
GRID: dict[str, list[Any]] = {
    "kernel_size": [1, 3, [2, 3]],
    "stride": [1, 2, [1, 3]],
    "padding": [0, 1, [1, 0, 2, 1]],
    "dilation": [1, 2, [1, 2]],
}
VALUE = {"outcome": "diverges", "kind": "value", "subject": "output", "expected": "1", "observed": "2"}
SHAPE = VALUE | {"kind": "shape"}


def rejected(phase, message="no"):
    raised = {"phase": phase, "cls": "TypeError", "bases": [], "message": message}
    return {"outcome": "diverges", "kind": "wrongly_rejected", "subject": "call", "phase": phase, "raised": raised}


def records(synthetic, layer, verdict, grid, api=None):
    """A run on one API of every combination of the grid, whose verdicts `verdict` says."""
    target, column = "torch", api or "torch.nn.Conv2d"
    yield synthetic.header()
    yield from synthetic.targets()
    combinations = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    for number, given in enumerate(combinations):
        given = {name: value for name, value in given.items() if value is not None}
        given = {"in_channels": 4, "out_channels": 4, **given}
        dtype = given.pop("dtype", "float32")
        inputs = {"shape": [2, 4, 9, 8], "dtype": dtype, "values": "exact", "layout": "contiguous", "gradients": False}
        yield {
            "record": "case", "id": f"{layer}/made.yaml::{number}", "layer": layer, "arguments": given, "api": api,
            "inputs": inputs, "clause": "", "claim": api and "all",
        }  # fmt: skip
        yield {
            "record": "verdict", "case": f"{layer}/made.yaml::{number}", "target": target, "api": column,
            "outcome": "conforms", **(verdict(given | {"dtype": dtype}) or {}),
        }  # fmt: skip
    yield {"record": "footer", "complete": True, "finished": "", "verdicts": len(combinations)}


def told(results, *made, **options):
    run = load([results(list(records(*made, **options)))])
    return [words.circumstance("en", run, one) for one in cluster(run)]


def first(value):
    return value[0] if isinstance(value, list) else value


def last(value):
    return value[-1] if isinstance(value, list) else value


def test_an_axis_is_told_where_it_matters(results, synthetic):
    grid = GRID | {"output_padding": [0, 1, [0, 1], [0, 2], [1, 0], [2, 1]]}
    fails = lambda given: VALUE if first(given["output_padding"]) > 0 and first(given["stride"]) > 1 else None  # noqa: E731
    said = told(results, synthetic, "conv_transpose2d", fails, grid)
    assert said == ["whenever output_padding[0] > 0 and stride = 2"]


def test_both_axes_are_told_where_one_need_not_be(results, synthetic):
    def fails(given):
        return VALUE if first(given["dilation"]) > 1 or last(given["dilation"]) > 1 else None

    assert told(results, synthetic, "conv2d", fails, GRID) == ["whenever dilation > 1"]


def test_padding_that_differs_from_side_to_side(results, synthetic):
    grid = GRID | {"padding": [0, 1, [1, 1, 2, 2], [1, 0, 2, 2], [1, 1, 0, 2], [2, 1, 1, 0]]}

    def fails(given):
        p = given["padding"]
        return SHAPE if isinstance(p, list) and (p[0] != p[1] or p[2] != p[3]) else None

    assert told(results, synthetic, "conv2d", fails, grid) == ["whenever padding is asymmetric"]


def room(given, axis):
    """What the padded input has left beside one window, the dilated kernel's reach taken off."""
    pick = first if axis == 0 else last
    reach = pick(given["dilation"]) * (pick(given["kernel_size"]) - 1) + 1
    p = given["padding"]
    return (9, 8)[axis] + (sum(p[2 * axis : 2 * axis + 2]) if isinstance(p, list) else 2 * p) - reach, reach


def test_a_stride_that_leaves_a_remainder(results, synthetic):
    def fails(given):
        left = [room(given, axis)[0] % pick(given["stride"]) for axis, pick in ((0, first), (1, last))]
        return VALUE if any(left) else None

    assert told(results, synthetic, "conv2d", fails, GRID) == ["whenever the stride leaves a remainder"]


def test_a_stride_beyond_the_dilated_kernel(results, synthetic):
    def fails(given):
        gaps = [pick(given["stride"]) > room(given, axis)[1] for axis, pick in ((0, first), (1, last))]
        return VALUE if any(gaps) else None

    assert told(results, synthetic, "conv_transpose2d", fails, GRID) == ["whenever stride > dilated kernel"]


def test_arguments_that_may_not_be_numpy_are_listed(results, synthetic):
    grid = {name: [1, 2, NUMPY] for name in ("kernel_size", "stride", "padding", "dilation")}

    def fails(given):
        return rejected("construct") if NUMPY in (given["stride"], given["dilation"]) else None

    assert told(results, synthetic, "conv2d", fails, grid) == ["whenever NumPy is given for stride, dilation"]


def test_a_number_is_the_same_however_it_is_wrapped(results, synthetic):
    zeros = [0, {"numpy": "int64", "value": 0}, [0, 1], [{"numpy": "int64", "value": 0}, 1], {"list": [1, 0]}]
    grid = GRID | {"stride": [1, 2, *zeros]}

    def fails(given):
        crash = {"outcome": "crashed", "phase": "forward", "observed": "SIGFPE"}
        return crash if given["stride"] in zeros else None

    assert told(results, synthetic, "conv2d", fails, grid) == ["whenever stride = 0"]


def test_values_of_one_atom_within_a_conjunction(results, synthetic):
    grid = GRID | {"dtype": ["float32", "int8", "int32", "float16"]}

    def fails(given):
        return VALUE if given["dtype"] in ("int8", "int32") and given["dilation"] != 1 else None

    assert told(results, synthetic, "conv2d", fails, grid) == ["whenever dilation > 1 and dtype = int8, int32"]


def test_a_default_counts_as_given(results, synthetic):
    """Calls that leave stride out have the stride 1, which therefore does not explain those that give it."""
    grid = GRID | {"stride": [None, 1, 2]}

    def fails(given):
        return VALUE if given.get("stride") == 1 and given["dilation"] == 1 else None

    said = told(results, synthetic, "conv2d", fails, grid)
    assert not any(one.startswith("whenever") and "stride = 1" in one for one in said)
    contract = {"record": "contract", "api": "torch.nn.Conv2d", "target": "torch", "weight": "", "bias": "",
                "defaults": {"stride": "1"}}  # fmt: skip
    made = list(records(synthetic, "conv2d", fails, grid, api="torch.nn.Conv2d"))
    run = load([results([*made[:-1], contract, made[-1]])])
    for one in cluster(run):
        said = words.circumstance("en", run, one)
        assert one.exceptions or "stride = 1" not in said or "stride is given" in said


def test_a_call_that_got_further_refutes_a_condition(results, synthetic):
    """A pair is past the exception that a number raises, though it fails later: it is not what makes the call raise."""
    grid = GRID | {"output_padding": [0, 1, 2, [0, 1], [0, 2]]}

    def fails(given):
        if given["output_padding"] in (1, 2):
            return rejected("forward")
        return SHAPE if given["output_padding"] != 0 else None

    assert sorted(told(results, synthetic, "conv_transpose2d", fails, grid)) == [
        "whenever output_padding has unequal components",
        "whenever output_padding[0] > 0",
    ]
    later = lambda given: fails(given) or (rejected("backward", "late") if given["dilation"] != 1 else None)  # noqa: E731
    assert "whenever output_padding[0] > 0" in told(results, synthetic, "conv_transpose2d", later, grid)


def test_exceptions_are_not_hidden(results, synthetic):
    once = iter([True])

    def fails(given):
        return None if given["dilation"] == 1 or next(once, False) else VALUE

    assert told(results, synthetic, "conv2d", fails, GRID) == ["in nearly all cases where dilation > 1"]


def test_where_nothing_is_simple_the_cases_are_named(results, synthetic):
    chosen = iter(range(10_000))
    fails = lambda given: VALUE if next(chosen) in (3, 17) else None  # noqa: E731
    assert told(results, synthetic, "conv2d", fails, GRID) == ["only in 3, 17"]


@pytest.mark.parametrize("seed", range(12))
def test_no_condition_without_exceptions_is_false(results, synthetic, seed):
    """Calls fail at random, by a random rule, with random noise; `whenever` is then looked up in the run by brute force."""
    draw = random.Random(seed)
    grid = GRID | {"output_padding": [0, 1, [0, 1]], "groups": [1, 2], "dtype": ["float32", "int8"]}
    rule = [(name, draw.sample(grid[name], 2)) for name in draw.sample(list(grid), 2)]

    def fails(given):
        chosen = all(given[name] in values for name, values in rule)
        if draw.random() < (0.02 if not chosen else 0.97):
            return draw.choice([VALUE, rejected("construct"), rejected("forward", "late")])
        return None

    run = load([results(list(records(synthetic, "conv_transpose2d", fails, grid)))])
    of = Atoms()

    def meets(entry, condition):
        atoms = of(entry.case)
        return condition == (EVERY,) or all(
            any(atom[:-1] == one[:-1] and among(atom[-1], one[-1]) for atom in atoms) for one in condition
        )

    def among(value, values):
        return value in re.split(r", (?![^(]*\))", values)

    told = 0
    for one in cluster(run):
        if not one.condition:
            continue
        assert all(meets(run.entries[index], one.condition) for index in one.entries)
        refuting = [entry for entry in run.entries if entry.verdict.outcome == "conforms"]
        met = sum(meets(entry, one.condition) for entry in refuting if entry.column in one.columns)
        assert met <= one.exceptions
        told += 1
    assert told
