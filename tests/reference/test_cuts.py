"""Plans: every element once, blocks that fit, nothing that depends on the machine."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conv_reference import cuts
from conv_reference.cuts import CACHE, SHARES, SMALL, cut, cut_plane, plan_inputs, plan_outputs, plan_weight
from conv_reference.windows import Window, Windows

# name: images, groups, kernels, channels, (input, kernel, output) of both axes
SIZES = {
    "small": (2, 1, 4, 4, (8, 3, 6), (8, 3, 6)),
    "3x3": (1, 1, 64, 64, (58, 3, 56), (58, 3, 56)),
    "deep": (1, 1, 256, 256, (58, 3, 56), (58, 3, 56)),
    "few positions": (1, 1, 512, 256, (11, 4, 8), (11, 4, 8)),
    "depthwise": (1, 32, 1, 1, (114, 3, 112), (114, 3, 112)),
    "few channels": (1, 1, 64, 3, (230, 7, 224), (230, 7, 224)),
    "enormous kernel": (1, 1, 1, 1, (4000, 900, 3101), (4000, 900, 3101)),
    "long kernel": (1, 1, 1, 1, (1, 1, 1), (20000, 4000, 16001)),
    "wide": (1, 1, 1, 1, (3, 3, 1), (10**6, 3, 999998)),
    "many images": (1000, 2, 8, 8, (12, 3, 10), (12, 3, 10)),
}
LARGE = [size for size in SIZES if size != "small"]
PLANS = {"outputs": plan_outputs, "weight": plan_weight, "inputs": plan_inputs}


def make_plan(plan: str, size: str) -> cuts.Plan:
    *channels, rows, columns = SIZES[size]
    return PLANS[plan](*channels, Windows(*(make_window(*axis) for axis in (rows, columns))))


def make_window(size: int, kernel: int, output: int) -> Window:
    return Window(size, kernel, 1, 1, 0, 0, output)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("plan", PLANS)
def test_pieces_cover_each_axis_once_and_in_order(plan, size):
    made = make_plan(plan, size)
    for pieces in (*made.shares, *made.blocks):
        assert pieces[0].start == 0
        assert all(before.stop == after.start for before, after in pairwise(pieces))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("plan", PLANS)
def test_counts_are_those_of_the_pieces(plan, size):
    made = make_plan(plan, size)
    assert made.count_shares() == np.prod([len(pieces) for pieces in made.shares])
    if made.count_shares() < 10**4:
        assert made.count_shares() == len(list(made.each_share()))
    if made.count_blocks() < 10**4:
        assert made.count_blocks() == len(list(made.each_block()))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_itself_is_small_whatever_its_layer(plan, size):
    made = make_plan(plan, size)
    assert sum(map(len, (*made.shares, *made.blocks))) < 20_000


@pytest.mark.parametrize("size", LARGE)
def test_what_a_correlation_gathers_fits_the_cache(size):
    _, _, _, channels, (_, _, _), (_, width, _) = SIZES[size]
    made = make_plan("outputs", size)
    _, groups, _, rows, columns = (pieces[0].stop for pieces in made.shares)
    (kernel_rows,) = (pieces[0].stop for pieces in made.blocks)
    assert groups * channels * kernel_rows * width * rows * columns <= max(CACHE, channels * width)


@pytest.mark.parametrize("size", LARGE)
def test_what_a_weight_gradient_gathers_fits_the_cache(size):
    _, _, _, channels, _, (_, width, _) = SIZES[size]
    made = make_plan("weight", size)
    groups, some_channels, kernel_rows = (pieces[0].stop for pieces in made.shares)
    _, rows, columns = (pieces[0].stop for pieces in made.blocks)
    assert groups * some_channels * kernel_rows * width * rows * columns <= max(CACHE, channels * width)


@pytest.mark.parametrize("size", LARGE)
def test_what_taps_multiply_out_fits_the_cache(size):
    width = SIZES[size][5][2]
    made = make_plan("inputs", size)
    _, groups, channels = (pieces[0].stop for pieces in made.shares)
    rows, taps = (pieces[0].stop for pieces in made.blocks)
    assert groups * channels * rows * taps * width <= max(CACHE, width)


axes = st.tuples(st.just(0), st.integers(1, 300), st.integers(1, 1500))
few_or_many = st.one_of(st.integers(1, 8), st.integers(1, 500))


@given(few_or_many, few_or_many, st.integers(0, 600), st.integers(0, 600), axes, axes)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_layer_is_cut_into_all_its_pieces_of_which_the_first_is_the_largest(
    images, groups, kernels, channels, rows, columns
):
    """The estimates of memory take the first piece for the largest."""
    plane = Windows(make_window(*rows), make_window(*columns))
    taps, outputs = rows[1] * columns[1], (rows[2], columns[2])
    for plan, shares, blocks in [
        (plan_outputs, (images, groups, kernels, *outputs), (rows[1],)),
        (plan_weight, (groups, channels, rows[1]), (images, *outputs)),
        (plan_inputs, (images, groups, channels), (rows[2], taps)),
    ]:
        made = plan(images, groups, kernels, channels, plane)
        for pieces, count in zip((*made.shares, *made.blocks), (*shares, *blocks), strict=True):
            ends = [piece.stop for piece in pieces]
            assert [piece.start for piece in pieces] == [0, *ends][: len(ends)]
            assert ends[-1] == count
            lengths = [piece.stop - piece.start for piece in pieces]
            assert all(0 < length <= lengths[0] for length in lengths) or count == 0
        size = [pieces[0].stop for pieces in (*made.shares, *made.blocks)]
        if plan is plan_outputs:
            gathered, least = (
                size[0] * size[1] * channels * size[5] * columns[1] * size[3] * size[4],
                channels * columns[1],
            )
            everything = images * groups * channels * taps * outputs[0] * outputs[1]
        elif plan is plan_weight:
            gathered, least = (
                size[0] * size[1] * size[2] * columns[1] * size[3] * size[4] * size[5],
                channels * columns[1],
            )
        else:
            gathered, least = size[0] * size[1] * size[2] * size[4] * size[3] * columns[2], columns[2]
        is_whole = everything * max(kernels, 1) <= SMALL
        assert gathered <= (SMALL if is_whole else max(CACHE, least))
        assert not is_whole or made.count_shares() * made.count_blocks() <= 1


@pytest.mark.parametrize("plan", PLANS)
def test_a_small_layer_is_one_share(plan):
    made = make_plan(plan, "small")
    assert made.count_shares() == made.count_blocks() == 1


@pytest.mark.parametrize("size", ["3x3", "deep", "few positions", "depthwise", "few channels"])
@pytest.mark.parametrize("plan", PLANS)
def test_a_large_layer_keeps_several_threads_busy(plan, size):
    assert make_plan(plan, size).count_shares() >= SHARES - 1


@pytest.mark.parametrize(("count", "most", "sizes"), [
    (10, 4, [4, 4, 2]),
    (9, 4, [3, 3, 3]),
    (5, 100, [5]),
    (3, 0, [1, 1, 1]),
    (0, 3, [0]),
])  # fmt: skip
def test_pieces_are_even(count, most, sizes):
    assert [piece.stop - piece.start for piece in cut(count, most)] == sizes


def test_a_plane_is_cut_in_whole_rows_where_one_fits():
    assert cut_plane(6, 10, 35) == ((slice(0, 3), slice(3, 6)), (slice(0, 10),))
    assert cut_plane(2, 10, 5) == ((slice(0, 1), slice(1, 2)), (slice(0, 5), slice(5, 10)))


def test_small_counts_multiplications():
    assert cuts.is_small(SMALL // 10, 10)
    assert not cuts.is_small(SMALL, 2)
    assert cuts.is_small(0, 10**9)
    for partners in (0, 1):
        assert cuts.is_small(SMALL, partners)
        assert not cuts.is_small(SMALL + 1, partners)
