"""Exact inputs: no order of summation rounds anything, and a size that allows none is refused."""

import ml_dtypes
import numpy as np
import pytest

import conv_reference as reference
from tests.reference import naive

TYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "float32": np.float32}
LIMITS = {
    "float16": 2**11, "bfloat16": 2**8, "float32": 2**24, "float64": 2**53, "complex64": 2**24, "complex128": 2**53,
    "int8": 127, "uint8": 255, "int16": 2**15 - 1, "uint64": 2**64 - 1,
}  # fmt: skip


def sums(layer, x, weight, shape, dtype, rng, **parameters):
    """Every output summed in the type, in a random order, each step rounded."""
    _, walk = naive.PRODUCTS[layer](x.shape, weight.shape, **parameters)
    total = np.zeros(shape, dtype)
    steps = list(walk)
    for at in rng.permutation(len(steps)):
        out, w, source = steps[at]
        if source is not None:
            total[out] += weight[w] * x[source]
    return total


@pytest.mark.parametrize("layer", ["conv2d", "conv_transpose2d"])
@pytest.mark.parametrize("dtype", TYPES)
def test_any_order_gives_the_same_bits(layer, dtype):
    rng = np.random.default_rng(0)
    parameters = {"stride": (2, 1), "padding": (1, 0), "groups": 2}
    inputs = reference.exact_inputs(rng, layer, (1, 4, 5, 4), (4, 2, 3, 2), dtype=dtype, gradients=True, **parameters)
    x, weight, bias, grad = (array.astype(TYPES[dtype]) for array in inputs)
    for narrow, wide in zip((x, weight, bias, grad), inputs, strict=True):
        np.testing.assert_array_equal(narrow.astype(float), wide)
    value = getattr(reference, layer)(x, weight, bias, **parameters)
    for _ in range(2):
        got = sums(layer, x, weight, value.shape, TYPES[dtype], rng, **parameters)
        got += bias[:, None, None]
        np.testing.assert_array_equal(got.astype(float), value)
    expected = getattr(reference, f"{layer}_gradients")(x, weight, grad, **parameters)
    got = naive.gradients(layer, x, weight, grad, **parameters)
    for result, due in zip(got[:2], expected[:2], strict=True):
        assert result.dtype == TYPES[dtype]
        np.testing.assert_array_equal(result.astype(float), due)


@pytest.mark.parametrize("dtype", LIMITS)
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("terms", [0, 1, 2, 3, 9, 64, 72, 120])
def test_range_stays_exact_and_uses_what_there_is(dtype, bias, terms):
    x, weight, extra = reference.exact_range(dtype, terms, bias=bias)
    parts = 2 if dtype.startswith("complex") else 1  # whose sums may be multiplied
    count = terms * parts**2
    room = LIMITS[dtype] - parts * bias
    assert 1 <= x <= 8
    assert 1 <= weight <= 7
    assert count * x * weight <= room
    assert x == 8 or count * (x + 1) * weight > room
    assert weight == 7 or count * x * (weight + 1) > room
    assert weight == 7 or count * (weight + 1) ** 2 > room
    assert extra == (min((LIMITS[dtype] - count * x * weight) // parts, 9) if bias else 0)


def test_refuses_a_negative_number_of_terms():
    with pytest.raises(ValueError, match="terms must be at least 0, not -1"):
        reference.exact_range("float32", -1)


@pytest.mark.parametrize(
    ("dtype", "terms"), [("bfloat16", 256), ("float16", 2048), ("complex64", 2**22), ("int8", 127)]
)
def test_refuses_where_none_exist(dtype, terms):
    with pytest.raises(ValueError, match=f"no exact inputs exist for {terms} terms and a bias"):
        reference.exact_range(dtype, terms)
    assert reference.exact_range(dtype, terms - 1)
    assert reference.exact_range(dtype, terms, bias=False)
    with pytest.raises(ValueError, match=f"no exact inputs exist for {terms + 1} terms in {dtype}"):
        reference.exact_range(dtype, terms + 1, bias=False)


def test_refuses_a_layer_with_too_many_terms():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="576 terms"):
        reference.exact_inputs(rng, "conv2d", (1, 64, 5, 5), (2, 64, 3, 3), dtype="bfloat16")
    shapes = (1, 1, 40, 40), (1, 1, 2, 2)
    assert reference.exact_inputs(rng, "conv2d", *shapes, dtype="bfloat16")
    with pytest.raises(ValueError, match="1521 terms"):
        reference.exact_inputs(rng, "conv2d", *shapes, dtype="bfloat16", gradients=True)


def test_no_value_is_zero_and_signs_differ():
    rng = np.random.default_rng(1)
    inputs = reference.exact_inputs(rng, "conv2d", (2, 3, 8, 9), (4, 3, 3, 2), dtype="float32", gradients=True)
    for array in inputs:
        assert array.all()
        assert (array > 0).any()
        assert (array < 0).any()
    assert not np.array_equal(inputs.x, inputs.x[:, :, ::-1])
    assert inputs.grad_output.shape == (2, 4, 6, 8)
    bare = reference.exact_inputs(rng, "conv2d", (1, 1, 2, 2), (1, 1, 1, 1), dtype=int, bias=False)
    assert bare.bias is None
    assert bare.grad_output is None


@pytest.mark.parametrize("gradients", [False, True])
def test_without_a_bias_there_is_room_for_one_term_more(gradients):
    rng = np.random.default_rng(0)
    ones = [(1, 256, 1, 1), (1, 256, 1, 1)]
    inputs = reference.exact_inputs(rng, "conv2d", *ones, dtype="bfloat16", bias=False, gradients=gradients)
    assert np.abs(inputs.x).max() == np.abs(inputs.weight).max() == 1
    with pytest.raises(ValueError, match="256 terms and a bias"):
        reference.exact_inputs(rng, "conv2d", *ones, dtype="bfloat16", gradients=gradients)


SHAPES = (1, 4, 20, 20), (300, 4, 3, 3)


def integers_up_to(largest):
    return {sign * value for sign in (1, -1) for value in range(1, largest + 1)}


@pytest.mark.parametrize(("gradients", "largest"), [(False, (8, 7, 9)), (True, (7, 7, 9, 7))])
@pytest.mark.parametrize("dtype", ["float32", "complex128"])
def test_every_integer_of_the_range_is_drawn(dtype, gradients, largest):
    inputs = reference.exact_inputs(np.random.default_rng(2), "conv2d", *SHAPES, dtype=dtype, gradients=gradients)
    arrays = [array for array in inputs if array is not None]
    for array, most in zip(arrays, largest, strict=True):
        assert array.dtype == ("complex128" if dtype == "complex128" else "float64")
        assert set(array.real.ravel().tolist()) == integers_up_to(most)
        assert set(array.imag.ravel().tolist()) == (integers_up_to(most) if dtype == "complex128" else {0.0})


@pytest.mark.parametrize("layer", ["conv2d", "conv_transpose2d"])
@pytest.mark.parametrize("bias", [False, True])
def test_no_sum_of_magnitudes_leaves_the_range_however_tight(layer, bias):
    """Of the output and of each gradient, for kernels and images of many sizes."""
    rng = np.random.default_rng(3)
    for size, kernel, channels in [(2, 2, 9), (6, 3, 7), (9, 3, 2), (14, 2, 1), (5, 5, 10)]:
        shapes = (1, channels, size, size), (channels, channels, kernel, kernel)
        made = reference.exact_inputs(rng, layer, *shapes, dtype="bfloat16", bias=bias, gradients=True)
        x, weight, extra, grad = (None if array is None else np.abs(array) for array in made)
        assert getattr(reference, layer)(x, weight, extra).max() <= 2**8
        for gradient in getattr(reference, f"{layer}_gradients")(x, weight, grad):
            assert gradient.max() <= 2**8
