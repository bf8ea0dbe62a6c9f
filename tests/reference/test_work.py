"""What a call will cost is known beforehand, and stays within three times the operands."""

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

import conv_reference as reference
from conv_reference import arithmetic, cuts
from conv_reference.cuts import Plan, plan_inputs, plan_outputs, plan_weight
from conv_reference.threads import MOST
from conv_reference.work import OVERHEAD, Work, estimate_work
from tests.reference.cases import CASES, arrays
from tests.reference.forced import CUTS, force

MIB = 1 << 20

# name: (layer, x shape, weight shape, parameters)
CALLS = {
    "3x3": ("conv2d", (1, 64, 56, 56), (64, 64, 3, 3), {"padding": 1}),
    "stem": ("conv2d", (1, 3, 224, 224), (64, 3, 7, 7), {"stride": 2, "padding": 3}),
    "pointwise": ("conv2d", (1, 256, 56, 56), (64, 256, 1, 1), {}),
    "depthwise": ("conv2d", (1, 32, 112, 112), (32, 1, 3, 3), {"padding": 1, "groups": 32}),
    "many kernels": ("conv2d", (1, 8, 32, 32), (2000, 8, 1, 1), {}),
    "many channels": ("conv2d", (1, 2000, 16, 16), (8, 2000, 3, 3), {"padding": 1}),
    "many images": ("conv2d", (64, 3, 40, 40), (16, 3, 3, 3), {}),
    "large kernel": ("conv2d", (1, 1, 200, 200), (1, 1, 60, 60), {}),
    "long kernel": ("conv2d", (1, 1, 1, 20000), (1, 1, 1, 4000), {}),
    "large padding": ("conv2d", (1, 1, 600, 600), (1, 1, 1, 1), {"padding": 700}),
    "large dilation": ("conv2d", (1, 1, 1, 1), (1, 1, 3, 3), {"padding": 1000, "dilation": 1000}),
    "reflected": ("conv2d", (2, 4, 300, 300), (8, 4, 5, 5), {"padding": 40, "padding_mode": "reflect"}),
    "transposed": ("conv_transpose2d", (1, 512, 8, 8), (512, 256, 4, 4), {"stride": 2, "padding": 1}),
    "transposed, no overlap": ("conv_transpose2d", (1, 128, 56, 56), (128, 64, 2, 2), {"stride": 2}),
    "transposed, large kernel": ("conv_transpose2d", (1, 4, 2, 2), (4, 4, 80, 80), {}),
    "transposed, large stride": ("conv_transpose2d", (1, 1, 300, 300), (1, 1, 3, 3), {"stride": 7, "padding": 3}),
    "transposed, wide": ("conv_transpose2d", (1, 1, 3, 100000), (1, 1, 3, 5), {"stride": 3}),
}


def measure_peak(compute: Callable[[], object]) -> int:
    """The largest sum of NumPy's arrays that a computation makes, in bytes."""
    tracemalloc.start()
    try:
        compute()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def make_computation(name: str, kind: type, gradients: bool, bounded: bool) -> Callable[[], object]:
    layer, x_shape, weight_shape, parameters = CALLS[name]
    x, weight = np.ones(x_shape, kind), np.ones(weight_shape, kind)
    described = reference.LAYERS[layer]
    types = {"dtype": kind.__name__ + ("64" if kind is float else "128")} if bounded else {}
    if not gradients:
        function = described.with_bound if bounded else described.forward
        return lambda: function(x, weight, **types, **parameters)
    grad = np.ones(reference.find_geometry(layer, x_shape, weight_shape, **parameters).output_shape, kind)
    function = described.gradients_with_bound if bounded else described.gradients
    return lambda: function(x, weight, grad, **types, **parameters)


@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("name", CALLS)
def test_memory_is_never_underestimated_and_seldom_much_too_high(name, gradients, bounded):
    layer, x_shape, weight_shape, parameters = CALLS[name]
    work = estimate_work(layer, x_shape, weight_shape, gradients=gradients, bounded=bounded, **parameters)
    peak = measure_peak(make_computation(name, float, gradients, bounded))
    assert peak <= work.bytes <= 3 * peak + 32 * MIB


@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("name", ["3x3", "large kernel", "transposed", "transposed, large stride"])
def test_complex_memory_is_never_underestimated(name, gradients):
    layer, x_shape, weight_shape, parameters = CALLS[name]
    work = estimate_work(layer, x_shape, weight_shape, gradients=gradients, dtype="complex64", **parameters)
    assert measure_peak(make_computation(name, complex, gradients, False)) <= work.bytes


@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("name", [name for name in CALLS if "large padding" not in name and "dilation" not in name])
def test_memory_is_under_three_times_the_operands(name, gradients):
    """Beside the blocks that fit the cache, of which each thread holds one: padding of a usual size included."""
    layer, x_shape, weight_shape, parameters = CALLS[name]
    output = np.prod(reference.find_geometry(layer, x_shape, weight_shape, **parameters).output_shape)
    operands = 8 * (np.prod(x_shape) + np.prod(weight_shape) + output)
    blocks = 16 * MIB
    assert measure_peak(make_computation(name, float, gradients, False)) <= 3 * operands + blocks


@pytest.mark.parametrize(
    ("layer", "x_shape", "weight_shape", "parameters"),
    [
        ("conv2d", (1, 1, 4000, 4000), (1, 1, 900, 900), {}),
        ("conv2d", (1, 1, 1000, 1000), (1, 1, 300, 300), {}),
        ("conv_transpose2d", (1, 1, 2000, 2000), (1, 1, 900, 900), {"stride": 3}),
    ],
)
def test_hostile_sizes_are_estimated_at_once_as_long_but_not_large(layer, x_shape, weight_shape, parameters):
    work = estimate_work(layer, x_shape, weight_shape, gradients=True, **parameters)
    assert work.seconds > 600
    assert work.bytes < 600 * MIB


def test_multiplications_are_the_definitions():
    work = estimate_work("conv2d", (2, 6, 9, 8), (4, 3, 3, 2), groups=2)
    assert work.multiplications == 2 * 4 * 7 * 7 * 3 * 3 * 2
    work = estimate_work("conv_transpose2d", (2, 6, 9, 8), (6, 4, 3, 2), stride=2)
    assert work.multiplications == 2 * 6 * 9 * 8 * 4 * 3 * 2


# Small layers, which are computed in one block, counted by hand. Of 2 images, 2 groups and 3 x 2 taps.
CONV = "conv2d", (2, 6, 9, 8), (4, 3, 3, 2)  # 3 channels and 2 kernels of a group
TRANSPOSED = "conv_transpose2d", (2, 6, 5, 4), (6, 2, 3, 2)  # 3 channels and 2 kernels of a group; stride 2: 11 x 8
WEIGHT = 4 * 3 * 6


def count_conv(padded, positions):
    """Multiplications, moves, calls and elements of an output."""
    gathered, outputs = 2 * 6 * 6 * positions, 2 * 4 * positions
    return outputs * 3 * 6, padded + gathered + outputs, 1, padded + outputs + WEIGHT + gathered + outputs


def count_weight(gathered, kernels):
    """The same of a weight's gradient: products of each image, and one more while they are added."""
    return kernels * gathered, gathered + WEIGHT, 1, WEIGHT + gathered + 3 * WEIGHT


def count_turned(height, width):
    """The same of a convolution's gradient in its input of that size: the turned kernel on the outputs' surroundings."""
    placed = 2 * 4 * (height + 2) * (width + 1)
    gathered, inputs = 2 * 4 * 6 * height * width, 2 * 6 * height * width
    return inputs * 2 * 6, placed + gathered + inputs, 1, placed + WEIGHT + inputs + WEIGHT + gathered + inputs


def count_taps(inputs, positions, channels, kernels):
    """The same tap by tap: each product is made, read and added."""
    products = 2 * 2 * channels * 6 * positions
    block = products + 2 * 2 * kernels * positions
    return kernels * products, 3 * products, 6 + 1, 2 * 2 * channels * inputs + WEIGHT + block


@pytest.mark.parametrize(
    ("call", "parameters", "gradients", "parts"),
    [
        (CONV, {}, False, [count_conv(2 * 6 * 72, 7 * 7)]),
        (CONV, {"padding": (1, 0, 0, 2)}, False, [count_conv(2 * 6 * 10 * 10, 8 * 9)]),
        (CONV, {"padding": (1, 0, 0, 2)}, True, [
            (0, 2 * 6 * 100, 0, 2 * 6 * 100), count_weight(2 * 6 * 6 * 72, 2), count_turned(9, 8),
        ]),
        (CONV, {"stride": (2, 3)}, True, [
            (0, 2 * 6 * 72, 0, 2 * 6 * 72), count_weight(2 * 6 * 6 * 12, 2), count_taps(72, 4 * 3, 3, 2),
        ]),
        (CONV, {"padding": (1, 0, 0, 2), "padding_mode": "reflect"}, True, [
            *[(0, 2 * 6 * 100, 0, 2 * 6 * 100)] * 3, count_weight(2 * 6 * 6 * 72, 2), count_turned(10, 10),
        ]),
        (TRANSPOSED, {"stride": 2}, False, [count_taps(11 * 8, 5 * 4, 2, 3)]),
        (TRANSPOSED, {"stride": 2, "padding": (1, 2, 1, 1)}, False, [count_taps(8 * 6, 5 * 4, 2, 3)]),
        (TRANSPOSED, {"stride": 2}, True, [
            (0, 2 * 4 * 88, 0, 2 * 4 * 88), count_weight(2 * 4 * 6 * 20, 3),
            (2 * 6 * 20 * 2 * 6, 2 * 4 * 6 * 20 + 2 * 6 * 20, 1, 2 * 6 * 20 + WEIGHT + 2 * 4 * 6 * 20 + 2 * 6 * 20),
        ]),
    ],
)  # fmt: skip
def test_a_small_layer_is_counted(call, parameters, gradients, parts):
    multiplications, moves, calls, elements = map(sum, zip(*parts, strict=True))
    work = estimate_work(*call, gradients=gradients, groups=2, **parameters)
    assert work == Work(multiplications, moves, calls, 8 * (elements + OVERHEAD))
    # Four real products for each complex one, numbers twice as long, and conjugates of the operands.
    layer, x_shape, weight_shape = call
    output = reference.find_geometry(layer, x_shape, weight_shape, groups=2, **parameters).output_shape
    operands, results = np.prod(x_shape) + WEIGHT, np.prod(output)
    if gradients:
        operands, results = operands + results, operands
    wider = estimate_work(*call, gradients=gradients, groups=2, dtype="complex64", **parameters)
    assert wider == Work(4 * multiplications, moves, calls, 16 * (elements + OVERHEAD + operands))
    # Values, magnitudes and what is reached, of operands changed each time; what a bound is made of.
    bounded = estimate_work(*call, gradients=gradients, bounded=True, groups=2, **parameters)
    most = 8 * (elements + OVERHEAD + operands + 6 * results)
    assert bounded == Work(3 * multiplications, 3 * moves + 10 * results, 3 * calls, most)


def test_time_is_that_of_multiplications_moves_and_calls():
    assert Work(10**9, 0, 0, 0).seconds == Work(0, 10**8, 0, 0).seconds == Work(0, 0, 50_000, 0).seconds == 1.0
    assert Work(10**9, 10**8, 50_000, 10**9).seconds == 3.0


@pytest.fixture(params=CUTS)
def cut(request):
    """The work in one piece, and cut small as only that of large layers is."""
    before = force(cuts, CUTS[request.param])
    yield
    force(cuts, before)


class Counted:
    """What the arithmetic gathers and how often it looks at the clock, which is once a block."""

    def __init__(self, monkeypatch):
        self.gathered, self.blocks = [], 0
        flatten = arithmetic._flatten

        def count_gathered(operands):
            self.gathered.append(operands.size)
            return flatten(operands)

        def count_block():
            self.blocks += 1

        monkeypatch.setattr(arithmetic, "_flatten", count_gathered)
        monkeypatch.setattr(arithmetic, "check_time", count_block)


def largest_share(plan: Plan, axes: tuple[int, ...]) -> int:
    """The most positions of some of its axes that a share has."""
    return max(np.prod([share[axis].stop - share[axis].start for axis in axes]) for share in plan.each_share())


NAMES = {
    layer: [name for name, case in CASES.items() if case[0] == layer and 0 not in (*case[1], *case[2])]
    for layer in reference.LAYERS
}


def find_sizes(name):
    """A case's geometry, and what its plans are made of."""
    layer, x_shape, weight_shape, parameters = CASES[name]
    geometry = reference.find_geometry(layer, x_shape, weight_shape, **parameters)
    per_group = weight_shape[0] // geometry.groups
    return geometry, (x_shape[0], geometry.groups, per_group, weight_shape[1], geometry.plane)


@pytest.mark.parametrize("name", NAMES["conv2d"])
def test_blocks_of_an_output_are_counted(name, cut, monkeypatch):
    layer, x_shape, weight_shape, parameters = CASES[name]
    geometry, sizes = find_sizes(name)
    plan = plan_outputs(*sizes)
    counted = Counted(monkeypatch)
    output = reference.conv2d(*arrays(name, float)[:2], **parameters)
    padded = np.prod(x_shape[:2]) * geometry.plane.rows.padded * geometry.plane.columns.padded
    work = estimate_work(layer, x_shape, weight_shape, **parameters)
    assert work.calls == counted.blocks
    assert work.moves == padded + sum(counted.gathered) + output.size * plan.count_blocks()
    block = max(counted.gathered) + largest_share(plan, (0, 1, 2, 3, 4))
    most = padded + output.size + np.prod(weight_shape) + min(MOST, plan.count_shares()) * block
    assert work.bytes == 8 * (most + OVERHEAD)


@pytest.mark.parametrize("name", NAMES["conv_transpose2d"])
def test_blocks_of_a_weights_gradient_are_counted(name, cut, monkeypatch):
    """And then those of the input's, which is an output of the convolution."""
    layer, x_shape, weight_shape, parameters = CASES[name]
    geometry, sizes = find_sizes(name)
    of_weight, of_x = plan_weight(*sizes), plan_outputs(*sizes)
    x, weight, grad = np.ones(x_shape), np.ones(weight_shape), np.ones(geometry.output_shape)
    counted = Counted(monkeypatch)
    reference.conv_transpose2d_gradients(x, weight, grad, **parameters)
    padded = np.prod(grad.shape[:2]) * geometry.plane.rows.padded * geometry.plane.columns.padded
    work = estimate_work(layer, x_shape, weight_shape, gradients=True, **parameters)
    assert work.calls == counted.blocks
    added = weight.size * of_weight.count_blocks() + x.size * of_x.count_blocks()
    assert work.moves == padded + sum(counted.gathered) + added
    # Products of each image of a block, and one more while they are added.
    first = of_weight.count_shares() * of_weight.count_blocks()
    images = max(block[0].stop - block[0].start for block in of_weight.each_block())
    products = (images + 1) * sizes[2] * largest_share(of_weight, (0, 1, 2)) * weight_shape[3]
    block = max(counted.gathered[:first]) + products
    most = padded + weight.size + min(MOST, of_weight.count_shares()) * block
    block = max(counted.gathered[first:]) + largest_share(of_x, (0, 1, 2, 3, 4))
    most += x.size + weight.size + min(MOST, of_x.count_shares()) * block
    assert work.bytes == 8 * (most + OVERHEAD)


@pytest.mark.parametrize("name", [name for name in NAMES["conv_transpose2d"] if "stride" in CASES[name][3]])
def test_blocks_of_taps_are_counted(name, cut, monkeypatch):
    """A call for each block's products, and one for each tap that is added."""
    layer, x_shape, weight_shape, parameters = CASES[name]
    geometry, sizes = find_sizes(name)
    if geometry.plane.can_turn:
        pytest.skip("a convolution with the turned kernel")
    made = []
    multiply = arithmetic._multiply_taps

    def count_products(kernels, source, width):
        products = multiply(kernels, source, width)
        made.append((products.size, source.size, kernels.shape[3]))
        return products

    monkeypatch.setattr(arithmetic, "_multiply_taps", count_products)
    counted = Counted(monkeypatch)
    output = reference.conv_transpose2d(np.ones(x_shape), np.ones(weight_shape), **parameters)
    work = estimate_work(layer, x_shape, weight_shape, **parameters)
    all_products = sum(products for products, *_ in made)
    assert work.multiplications == sizes[2] * all_products
    assert work.moves == 3 * all_products
    assert work.calls == len(made) + sum(taps for *_, taps in made)
    assert counted.blocks == len(made)
    block = max(products + source for products, source, _ in made)
    most = output.size + np.prod(weight_shape) + min(MOST, plan_inputs(*sizes).count_shares()) * block
    assert work.bytes == 8 * (most + OVERHEAD)


def test_bounds_take_the_layer_three_times():
    plain = estimate_work("conv2d", (1, 6, 9, 8), (4, 6, 3, 2))
    bounded = estimate_work("conv2d", (1, 6, 9, 8), (4, 6, 3, 2), bounded=True)
    assert bounded.multiplications == 3 * plain.multiplications
    assert bounded.seconds > plain.seconds


def test_a_large_layer_without_output_channels_gathers_and_multiplies_nothing():
    shapes = (1, 20_000, 8, 8), (0, 20_000, 8, 8)
    assert estimate_work("conv2d", *shapes).multiplications == 0
    x, weight = (np.ones(shape) for shape in shapes)
    y = reference.conv2d(x, weight)
    assert y.shape == (1, 0, 1, 1)
    gradients = reference.conv2d_gradients(x, weight, y)
    assert not gradients.x.any()
    assert gradients.weight.shape == weight.shape


def test_what_no_layer_takes_has_no_work():
    with pytest.raises(ValueError, match="no output height"):
        estimate_work("conv2d", (1, 1, 2, 2), (1, 1, 3, 3))
    with pytest.raises(TypeError, match="stride must be an int"):
        estimate_work("conv2d", (1, 1, 2, 2), (1, 1, 1, 1), stride=1.5)
