"""One axis: what each tap reaches, what padding repeats, and the windows of adjoints."""

from collections import Counter
from itertools import product

import numpy as np
import pytest

import conv_reference as reference
from conv_reference.windows import Window, Windows, find_reaches, padding_source, repeats
from tests.reference import naive
from tests.reference.cases import CASES

# input, kernel, stride, dilation, before, after
SIZES = list(product((1, 2, 5), (1, 2, 4), (1, 2, 3), (1, 2, 5), (0, 1, 6), (0, 2)))


def make_windows():
    for size, kernel, stride, dilation, before, after in SIZES:
        output = (before + size + after - dilation * (kernel - 1) - 1) // stride + 1
        if output > 0:
            yield Window(size, kernel, stride, dilation, before, after, output)


WINDOWS = list(make_windows())


def meetings(window):
    """(output, tap, input) wherever a real input is met, by the definition."""
    for output, tap in product(range(window.output), range(window.kernel)):
        position = output * window.stride + tap * window.dilation - window.before
        if 0 <= position < window.input:
            yield output, tap, position


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_reaches_are_the_meetings_of_each_tap(parts):
    for window in WINDOWS:
        due = set(meetings(window))
        found = []
        for part in range(parts):
            start, stop = part * window.output // parts, (part + 1) * window.output // parts
            reaches = find_reaches(window, start, stop)
            assert len(reaches) == window.kernel
            for tap, (outputs, inputs) in enumerate(reaches):
                some_outputs = range(start, stop)[outputs]
                some_inputs = range(window.input)[inputs]
                found += zip(some_outputs, [tap] * len(some_outputs), some_inputs, strict=True)
        assert len(found) == len(due)
        assert set(found) == due


def test_taps_are_the_most_that_meet_one_position():
    """Of padded positions: real or not."""
    attained = set()
    for window in WINDOWS:
        met = Counter(position for _, _, position in meetings(window.whole))
        assert window.taps >= max(met.values())
        attained.add(window.taps == max(met.values()))
    assert attained == {True, False}
    for kernel, stride, dilation, output, due in [(3, 1, 1, 9, 3), (3, 2, 1, 9, 2), (4, 4, 6, 9, 2), (5, 1, 1, 2, 2)]:
        assert Window(99, kernel, stride, dilation, 0, 0, output).taps == due


def test_a_whole_window_has_its_padding_written_out():
    for window in WINDOWS:
        whole = window.whole
        assert whole.input == whole.padded == window.padded == window.before + window.input + window.after
        assert (whole.before, whole.after) == (0, 0)
        shifted = {(output, tap, position - window.before) for output, tap, position in meetings(whole)}
        assert shifted >= set(meetings(window))


def test_a_turned_window_meets_the_same_pairs():
    """Output o of a stride of 1 lies at o plus what the turned kernel needs before it, and taps run backwards."""
    for window in WINDOWS:
        if window.stride != 1:
            continue
        turned = window.turned
        assert turned.padded == turned.input == window.input + window.extent - 1
        assert (turned.stride, turned.before, turned.after, turned.output) == (1, 0, 0, window.input)
        corner = window.extent - 1 - window.before
        pairs = {
            (position - corner, window.kernel - 1 - tap, output)
            for output, tap, position in meetings(turned)
            if 0 <= position - corner < window.output
        }
        assert pairs == set(meetings(window))


def test_both_axes_are_turned_and_whole_alike():
    rows, columns = WINDOWS[3], WINDOWS[-1]
    plane = Windows(rows, columns)
    assert plane.turned == (rows.turned, columns.turned)
    assert plane.whole == (rows.whole, columns.whole)


def test_only_steps_of_one_can_turn():
    wide = Window(9, 2, 1, 1, 0, 0, 8)
    assert Windows(wide, wide).can_turn
    strided = Window(9, 2, 2, 1, 0, 0, 4)
    for plane in (Windows(wide, strided), Windows(strided, wide), Windows(strided, strided)):
        assert not plane.can_turn


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize(
    ("size", "before", "after"), [(4, 3, 0), (4, 0, 3), (5, 2, 4), (1, 0, 0), (7, 0, 0), (3, 1, 1)]
)
def test_sources_are_those_of_numpy(mode, size, before, after):
    window = Window(size, 1, 1, 1, before, after, before + size + after)
    due = naive.sources(size, before, after, mode)
    assert padding_source(window, mode) == due
    assert repeats(window, mode) == max(Counter(due).values())
    assert repeats(window, "zeros") == 1


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_repeats_of_an_edge_are_counted_without_going_through_them(size):
    for before, after in product(range(-size, 4), repeat=2):
        window = Window(size, 1, 1, 1, before, after, 1)
        if window.padded > 0:
            assert repeats(window, "replicate") == max(Counter(padding_source(window, "replicate")).values())
    assert repeats(Window(size, 1, 1, 1, 2**62, 1, 1), "replicate") == 2**62 + (1 if size > 1 else 2)


def test_nothing_is_repeated_of_an_empty_input():
    with pytest.raises(ValueError, match="too wide for padding_mode 'replicate' on size 0"):
        repeats(Window(0, 1, 1, 1, 1, 1, 1), "replicate")


@pytest.mark.parametrize(
    ("mode", "size", "widest"), [("reflect", 4, 3), ("reflect", 1, 0), ("circular", 4, 4), ("circular", 1, 1)]
)
@pytest.mark.parametrize("side", [0, 1])
def test_padding_reaches_as_far_as_the_input_supplies(mode, size, widest, side):
    for padding in (widest, widest + 1):
        sides = (padding, 0) if side == 0 else (0, padding)
        window = Window(size, 1, 1, 1, *sides, size + padding)
        if padding == widest:
            assert len(padding_source(window, mode)) == size + padding
        else:
            with pytest.raises(
                ValueError, match=f"padding {padding} is too wide for padding_mode '{mode}' on size {size}"
            ):
                padding_source(window, mode)


def test_replication_has_no_limit_but_needs_something():
    assert padding_source(Window(1, 1, 1, 1, 9, 8, 18), "replicate") == [0] * 18
    with pytest.raises(ValueError, match="too wide"):
        padding_source(Window(0, 1, 1, 1, 1, 1, 2), "replicate")


@pytest.mark.parametrize("name", CASES)
def test_windows_are_those_of_the_arguments(name):
    layer, x_shape, weight_shape, parameters = CASES[name]
    plane = reference.find_geometry(layer, x_shape, weight_shape, **parameters).plane
    shape, _ = naive.PRODUCTS[layer](x_shape, weight_shape, **parameters)
    inputs, outputs = (x_shape[2:], shape[2:]) if layer == "conv2d" else (shape[2:], x_shape[2:])
    stride, dilation = (naive.both(parameters.get(key, 1)) for key in ("stride", "dilation"))
    sides = naive.four_sides(parameters.get("padding", 0), inputs, weight_shape[2:], stride, dilation)
    for axis, window in enumerate(plane):
        assert (window.input, window.kernel, window.output) == (inputs[axis], weight_shape[2 + axis], outputs[axis])
        assert (window.before, window.after) == sides[2 * axis : 2 * axis + 2]
        assert window.stride == (stride[axis] if outputs[axis] > 1 else 1)
        assert window.dilation == (dilation[axis] if window.kernel > 1 else 1)


@pytest.mark.parametrize("layer", ["conv2d", "conv_transpose2d"])
def test_one_element_takes_no_step(layer):
    plane = reference.find_geometry(layer, (1, 1, 1, 2), (1, 1, 1, 2), stride=7, dilation=5, padding=(0, 0, 2, 2)).plane
    assert (plane.rows.stride, plane.rows.dilation) == (1, 1)
    assert plane.columns.dilation == 5
    assert plane.columns.stride == (1 if layer == "conv2d" else 7)  # of one window, of two elements
    assert np.all([type(value) is int for window in plane for value in window])
