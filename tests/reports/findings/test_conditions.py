"""What makes a call fail is told as it was planted, and never falsely."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from conv_reports.findings.clusters import cluster
from conv_reports.findings.conditions import Universe, join_values
from conv_reports.findings.features import EVERY, Atoms
from conv_reports.output import words
from conv_reports.results.loaded import load
from conv_reports.results.records import PHASES, Case

NUMPY = {"numpy": "int64", "value": 2}
GRID: Mapping[str, list[Any]] = {
    "kernel_size": [1, 3, [2, 3]],
    "stride": [1, 2, [1, 3]],
    "padding": [0, 1, [1, 0, 2, 1]],
    "dilation": [1, 2, [1, 2]],
}
VALUE = {"outcome": "diverges", "kind": "value", "subject": "output", "expected": "1", "observed": "2"}
SHAPE = VALUE | {"kind": "shape"}
CRASH = {"outcome": "crashed", "phase": "forward", "observed": "SIGFPE"}
HEIGHT, WIDTH = 9, 8


def rejected(phase, message="no"):
    raised = {"phase": phase, "cls": "TypeError", "bases": [], "message": message}
    return {"outcome": "diverges", "kind": "wrongly_rejected", "subject": "call", "phase": phase, "raised": raised}


def combine(grid):
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


@pytest.fixture
def run_of(results, synthetic):
    """A run on one API of every combination of a grid, whose failures `fail` says: a verdict's fields, or None.

    An argument of None is left out. With `api`, the cases are a claim's.
    """

    def build(layer, fail, grid, api=None, contract=None):
        records = [synthetic.header(), *synthetic.targets(), *([contract] if contract else [])]
        for number, arguments in enumerate(combine(grid)):
            arguments = {name: value for name, value in arguments.items() if value is not None}
            fields = fail(arguments) or {"outcome": "conforms"}
            dtype = arguments.pop("dtype", "float32")
            case = f"{layer}/made.yaml::{number}"
            records.append({
                "record": "case", "id": case, "layer": layer, "api": api, "clause": "", "claim": api and "all",
                "arguments": {"in_channels": 4, "out_channels": 4, **arguments},
                "inputs": {"shape": [2, 4, HEIGHT, WIDTH], "dtype": dtype, "values": "exact"},
            })  # fmt: skip
            records.append({
                "record": "verdict", "case": case, "target": "torch", "api": api or "torch.nn.Conv2d", **fields
            })  # fmt: skip
        return load([results([*records, synthetic.footer(records)])])

    return build


@pytest.fixture
def tell(run_of):
    """When the calls of such a run fail, in words, a text a finding."""

    def circumstances(layer, fail, grid=GRID):
        run = run_of(layer, fail, grid)
        return [words.write_circumstance("en", run, finding) for finding in cluster(run)]

    return circumstances


def on_height(value):
    return value[0] if isinstance(value, list) else value


def on_width(value):
    return value[-1] if isinstance(value, list) else value


def reach(arguments, axis):
    """How far the dilated kernel reaches."""
    return axis(arguments["dilation"]) * (axis(arguments["kernel_size"]) - 1) + 1


def room(arguments, axis):
    """What the padded input has left beside one window."""
    padding = arguments["padding"]
    if not isinstance(padding, list):
        added = 2 * padding
    elif axis is on_height:
        added = padding[0] + padding[1]
    else:
        added = padding[2] + padding[3]
    return (HEIGHT if axis is on_height else WIDTH) + added - reach(arguments, axis)


def test_an_axis_is_told_where_it_matters(tell):
    grid = GRID | {"output_padding": [0, 1, [0, 1], [0, 2], [1, 0], [2, 1]]}

    def fail(arguments):
        return VALUE if on_height(arguments["output_padding"]) > 0 and on_height(arguments["stride"]) > 1 else None

    assert tell("conv_transpose2d", fail, grid) == ["whenever output_padding[0] > 0 and stride = 2"]


def test_both_axes_are_told_where_one_need_not_be(tell):
    def fail(arguments):
        return VALUE if on_height(arguments["dilation"]) > 1 or on_width(arguments["dilation"]) > 1 else None

    assert tell("conv2d", fail) == ["whenever dilation > 1"]


def test_padding_that_differs_from_side_to_side(tell):
    grid = GRID | {"padding": [0, 1, [1, 1, 2, 2], [1, 0, 2, 2], [1, 1, 0, 2], [2, 1, 1, 0]]}

    def fail(arguments):
        padding = arguments["padding"]
        return SHAPE if isinstance(padding, list) and (padding[0] != padding[1] or padding[2] != padding[3]) else None

    assert tell("conv2d", fail, grid) == ["whenever padding is asymmetric"]


def test_a_stride_that_leaves_a_remainder(tell):
    def fail(arguments):
        return (
            VALUE if any(room(arguments, axis) % axis(arguments["stride"]) for axis in (on_height, on_width)) else None
        )

    assert tell("conv2d", fail) == ["whenever the stride leaves a remainder"]


def test_a_stride_beyond_the_dilated_kernel(tell):
    def fail(arguments):
        return (
            VALUE if any(axis(arguments["stride"]) > reach(arguments, axis) for axis in (on_height, on_width)) else None
        )

    assert tell("conv_transpose2d", fail) == ["whenever stride > dilated kernel"]


def test_arguments_that_may_not_be_numpy_are_listed(tell):
    grid = {name: [1, 2, NUMPY] for name in ("kernel_size", "stride", "padding", "dilation")}

    def fail(arguments):
        return rejected("construct") if NUMPY in (arguments["stride"], arguments["dilation"]) else None

    assert tell("conv2d", fail, grid) == ["whenever NumPy is given for stride, dilation"]


def test_a_number_is_the_same_however_it_is_wrapped(tell):
    zeros = [0, {"numpy": "int64", "value": 0}, [0, 1], [{"numpy": "int64", "value": 0}, 1], {"list": [1, 0]}]

    def fail(arguments):
        return CRASH if arguments["stride"] in zeros else None

    assert tell("conv2d", fail, GRID | {"stride": [1, 2, *zeros]}) == ["whenever stride = 0"]


def test_values_of_one_atom_within_a_conjunction(tell):
    def fail(arguments):
        return VALUE if arguments["dtype"] in ("int8", "int32") and arguments["dilation"] != 1 else None

    grid = GRID | {"dtype": ["float32", "int8", "int32", "float16"]}
    assert tell("conv2d", fail, grid) == ["whenever dilation > 1 and dtype = int8, int32"]


def fail_at_stride_1(arguments):
    return VALUE if arguments.get("stride") == 1 and arguments["dilation"] == 1 else None


def test_a_canonical_default_counts_as_given(tell):
    """Calls that leave stride out have the stride 1, which therefore does not explain those that give it."""
    for circumstance in tell("conv2d", fail_at_stride_1, GRID | {"stride": [None, 1, 2]}):
        assert not circumstance.startswith("whenever") or "stride = 1" not in circumstance


def test_an_apis_default_counts_as_given(run_of):
    contract = {"record": "contract", "api": "torch.nn.Conv2d", "target": "torch", "weight": "", "bias": "",
                "defaults": {"stride": "1"}}  # fmt: skip
    run = run_of("conv2d", fail_at_stride_1, GRID | {"stride": [None, 1, 2]}, "torch.nn.Conv2d", contract)
    for finding in cluster(run):
        circumstance = words.write_circumstance("en", run, finding)
        assert finding.exceptions or "stride = 1" not in circumstance or "stride is given" in circumstance


OUTPUT_PADDINGS = GRID | {"output_padding": [0, 1, 2, [0, 1], [0, 2]]}


def reject_a_number(arguments):
    """A number raises at once; a pair gets past that, and gives the wrong shape."""
    if arguments["output_padding"] in (1, 2):
        return rejected("forward")
    return SHAPE if arguments["output_padding"] != 0 else None


def test_a_call_that_got_further_refutes_a_condition(tell):
    assert sorted(tell("conv_transpose2d", reject_a_number, OUTPUT_PADDINGS)) == [
        "whenever output_padding has unequal components",
        "whenever output_padding[0] > 0",
    ]


def test_a_call_that_raised_later_refutes_a_condition_too(tell):
    def fail(arguments):
        return reject_a_number(arguments) or (rejected("backward", "late") if arguments["dilation"] != 1 else None)

    assert "whenever output_padding[0] > 0" in tell("conv_transpose2d", fail, OUTPUT_PADDINGS)


def test_exceptions_are_not_hidden(tell):
    exempt = {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2}

    def fail(arguments):
        return None if arguments["dilation"] == 1 or arguments == exempt else VALUE

    assert tell("conv2d", fail) == ["in nearly all cases where dilation > 1"]


def test_where_nothing_is_simple_the_cases_are_named(tell):
    cases = combine(GRID)

    def fail(arguments):
        return VALUE if cases.index(arguments) in (3, 17) else None

    assert tell("conv2d", fail) == ["only in 3, 17"]


def test_a_failure_in_every_case_is_told_so(tell):
    assert tell("conv2d", lambda arguments: VALUE) == ["in every case"]


@pytest.mark.parametrize(
    ("values", "joined"),
    [
        (["int8"], "int8"),
        (["int32", "int8", "int8"], "int8, int32"),
        ([str(number) for number in range(14)], "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … (+2)"),
    ],
)
def test_values_are_joined_in_order(values, joined):
    assert join_values(values) == joined


# Conditions against brute force: whatever fails, what is said of it is so.

SMALL_GRID = {"stride": [1, 2, [1, 3]], "dilation": [1, 2, [1, 2]], "output_padding": [0, 1, [0, 1]], "groups": [1, 2]}
CASES = [
    Case(str(number), "conv_transpose2d", {"in_channels": 4, "out_channels": 4, **arguments}, "")
    for number, arguments in enumerate(combine(SMALL_GRID))
]
ATOMS = {number: Atoms().of_case(case) for number, case in enumerate(CASES)}


@st.composite
def failures(draw):
    """The cases that fail: those of a rule over two parameters, but for some noise."""
    names = draw(st.lists(st.sampled_from(sorted(SMALL_GRID)), min_size=2, max_size=2, unique=True))
    values = {name: draw(st.lists(st.sampled_from(SMALL_GRID[name]), min_size=1)) for name in names}
    noise = draw(st.sets(st.integers(0, len(CASES) - 1), max_size=6))
    ruled = {number for number, case in enumerate(CASES) if all(case.arguments[name] in values[name] for name in names)}
    return sorted(ruled ^ noise)


def explain(failed):
    passed = {number: 0 if number in failed else len(PHASES) for number in ATOMS}
    return Universe(ATOMS, passed, []).explain(failed, only_valid=True, past=len(PHASES))


def meets(atoms, condition):
    return condition == (EVERY,) or all(any(is_one_of(atom, wanted) for atom in atoms) for wanted in condition)


def is_one_of(atom, wanted):
    """Whether an atom is the wanted one, or has one of its values: a comma within a tuple parts none."""
    return atom[:-1] == wanted[:-1] and atom[-1] in [wanted[-1], *re.split(r", (?![^(]*\))", wanted[-1])]


@given(failures())
def test_every_failure_is_explained_once(failed):
    assume(failed)
    assert sorted(index for part in explain(failed) for index in part.covered) == failed


@given(failures())
def test_a_condition_holds_of_all_that_it_explains(failed):
    assume(failed)
    for part in explain(failed):
        assert all(meets(ATOMS[index], part.condition) for index in part.covered)


@given(failures())
def test_the_exceptions_of_a_condition_are_all_counted(failed):
    assume(failed)
    for part in explain(failed):
        if part.condition:
            refuting = [number for number in ATOMS if number not in failed and meets(ATOMS[number], part.condition)]
            assert part.exceptions == len(refuting)
