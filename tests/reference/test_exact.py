"""Exact inputs: no order of summation rounds anything, and a size that allows none is refused."""

import ml_dtypes
import numpy as np
import pytest

import conv_reference as reference
from tests.reference import naive

TYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "float32": np.float32}
PRECISION = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53, "complex64": 24}


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


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("terms", [0, 1, 9, 72, 120])
def test_range_stays_exact_and_uses_what_there_is(dtype, bias, terms):
    x, weight, extra = reference.exact_range(dtype, terms, bias=bias)
    count = terms * (2 if dtype == "complex64" else 1)
    limit = 2 ** PRECISION[dtype]
    assert x >= 1
    assert weight >= 1
    assert extra >= bias
    assert count * x * weight + extra <= limit
    assert x == 8 or count * (x + 1) * weight + bias > limit


@pytest.mark.parametrize(
    ("dtype", "terms"), [("bfloat16", 256), ("float16", 2048), ("complex64", 2**23), ("int8", 127)]
)
def test_refuses_where_none_exist(dtype, terms):
    with pytest.raises(ValueError, match=f"no exact inputs exist for {terms} terms and a bias"):
        reference.exact_range(dtype, terms)
    assert reference.exact_range(dtype, terms - 1)
    assert reference.exact_range(dtype, terms - 1, bias=False)


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


def test_complex_has_both_parts():
    rng = np.random.default_rng(2)
    x = reference.exact_inputs(rng, "conv2d", (1, 2, 4, 5), (2, 2, 3, 3), dtype="complex64").x
    assert x.real.all()
    assert x.imag.all()
