"""What a call will cost is known beforehand, and stays within three times the operands."""

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

import conv_reference as reference
from conv_reference.work import estimate_work

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


def test_bounds_take_the_layer_three_times():
    plain = estimate_work("conv2d", (1, 6, 9, 8), (4, 6, 3, 2))
    bounded = estimate_work("conv2d", (1, 6, 9, 8), (4, 6, 3, 2), bounded=True)
    assert bounded.multiplications == 3 * plain.multiplications
    assert bounded.seconds > plain.seconds


def test_what_no_layer_takes_has_no_work():
    with pytest.raises(ValueError, match="no output height"):
        estimate_work("conv2d", (1, 1, 2, 2), (1, 1, 3, 3))
    with pytest.raises(TypeError, match="stride must be an int"):
        estimate_work("conv2d", (1, 1, 2, 2), (1, 1, 1, 1), stride=1.5)
