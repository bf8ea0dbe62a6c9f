"""The oracle against loops over the definition: every parameter, exactly."""

import numpy as np
import pytest

import conv_reference as reference
from conv_reference import cuts
from tests.reference import naive
from tests.reference.cases import CASES, arrays, whole
from tests.reference.forced import CUTS, force

KINDS = pytest.mark.parametrize("kind", [int, float, complex])
NAMES = pytest.mark.parametrize("name", CASES)


@pytest.fixture(params=CUTS)
def cut(request):
    """The same sums in one product, or cut small as only large layers are."""
    before = force(cuts, CUTS[request.param])
    yield
    force(cuts, before)


@NAMES
@KINDS
def test_forward(name, kind, cut):
    layer, *_, parameters = CASES[name]
    x, weight, bias = arrays(name, kind)
    expected = naive.forward(layer, x, weight, bias, **parameters)
    result = getattr(reference, layer)(x, weight, bias, **parameters)
    assert result.dtype == {int: np.int64, float: np.float64, complex: np.complex128}[kind]
    np.testing.assert_array_equal(result, expected, strict=True)


@NAMES
@KINDS
def test_gradients(name, kind, cut):
    layer, *_, parameters = CASES[name]
    x, weight, _ = arrays(name, kind)
    shape, _ = naive.PRODUCTS[layer](x.shape, weight.shape, **parameters)
    grad = whole(np.random.default_rng(1), *shape, kind=kind)
    expected = naive.gradients(layer, x, weight, grad, **parameters)
    result = getattr(reference, f"{layer}_gradients")(x, weight, grad, **parameters)
    for got, due in zip(result, expected, strict=True):
        np.testing.assert_array_equal(got, due, strict=True)


@NAMES
def test_output_size(name):
    layer, x_shape, w_shape, parameters = CASES[name]
    shape, _ = naive.PRODUCTS[layer](x_shape, w_shape, **parameters)
    parameters = {k: v for k, v in parameters.items() if k not in ("groups", "padding_mode")}
    assert reference.output_size(layer, x_shape[2:], w_shape[2:], **parameters) == shape[2:]


@NAMES
def test_without_bias_and_unbatched(name):
    layer, *_, parameters = CASES[name]
    x, weight, _ = arrays(name)
    batched = getattr(reference, layer)(x, weight, **parameters)
    np.testing.assert_array_equal(batched, naive.forward(layer, x, weight, **parameters), strict=True)
    for n, image in enumerate(x):
        alone = getattr(reference, layer)(image, weight, **parameters)
        np.testing.assert_array_equal(alone, batched[n], strict=True)
        grads = getattr(reference, f"{layer}_gradients")(image, weight, alone, **parameters)
        assert grads.x.shape == image.shape


@pytest.mark.parametrize("layer", ["conv2d", "conv_transpose2d"])
def test_megengine_layouts(layer):
    rng = np.random.default_rng(3)
    x, weight, bias = whole(rng, 1, 4, 5, 6), whole(rng, 4, 2, 3, 2), whole(rng, 4)
    apart = weight.reshape(2, 2, 2, 3, 2)
    function, backward = getattr(reference, layer), getattr(reference, f"{layer}_gradients")
    flat = function(x, weight, bias, groups=2)
    np.testing.assert_array_equal(function(x, apart, bias.reshape(1, 4, 1, 1), groups=2), flat, strict=True)
    grad = backward(x, apart, flat, groups=2).weight
    np.testing.assert_array_equal(grad, backward(x, weight, flat, groups=2).weight.reshape(apart.shape), strict=True)


def test_transposed_is_the_input_gradient():
    rng = np.random.default_rng(4)
    y, weight = whole(rng, 2, 4, 5, 6), whole(rng, 4, 3, 3, 2)
    parameters = {"stride": (2, 3), "padding": (1, 0, 2, 1), "dilation": (1, 2)}
    x = reference.conv_transpose2d(y, weight, **parameters)
    np.testing.assert_array_equal(x, reference.conv2d_gradients(x, weight, y, **parameters).x, strict=True)


def test_infinities_meet_only_what_they_multiply(cut):
    """An infinite weight makes NaN of a padding zero, and nothing of the gaps of a transposed."""
    weight = np.ones((1, 1, 3, 3))
    weight[0, 0, 0, 0] = np.inf
    x = np.ones((1, 1, 3, 3))
    padded = reference.conv2d(x, weight, padding=1)[0, 0]
    assert np.isnan(padded[0]).all()
    assert np.isnan(padded[:, 0]).all()
    assert np.isposinf(padded[1:, 1:]).all()
    spread = reference.conv_transpose2d(x, weight, stride=2)[0, 0]
    assert np.isposinf(spread[:5:2, :5:2]).all()
    assert np.isfinite(spread).sum() == 49 - 9
    close = reference.conv_transpose2d(np.ones((1, 1, 9, 9)), weight)[0, 0]
    assert np.isposinf(close[:9, :9]).all()
    assert np.isfinite(close).sum() == 11**2 - 9**2


@pytest.mark.parametrize("operand", ["x", "weight"])
@pytest.mark.parametrize("special", [np.nan, np.inf])
@pytest.mark.parametrize("padding", [(1, 0, 2, 1), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)])
def test_cropped_products_are_none(operand, special, padding, cut):
    """What a transposed layer's padding crops is in no product, so no gradient of it is NaN."""
    rng = np.random.default_rng(7)
    parameters = {"stride": (2, 1), "padding": padding, "dilation": (1, 2), "groups": 2}
    operands = {"x": whole(rng, 2, 4, 3, 4).astype(float), "weight": whole(rng, 4, 3, 2, 2).astype(float)}
    operands[operand][0, 0, [0, -1], [0, -1]] = special  # what is cropped on any side
    grad = whole(rng, *reference.conv_transpose2d(**operands, **parameters).shape).astype(float)
    got = reference.conv_transpose2d_gradients(operands["x"], operands["weight"], grad, **parameters)
    due = naive.gradients("conv_transpose2d", operands["x"], operands["weight"], grad, **parameters)
    if padding == (1, 0, 2, 1):
        assert np.isfinite(due[1][0]).any()  # some taps of that element are cropped, some are not
    assert not np.isfinite(due[0]).all() or not np.isfinite(due[1]).all()
    for found, expected in zip(got, due, strict=True):
        np.testing.assert_array_equal(found, expected, strict=True)


@pytest.mark.parametrize("name", ["everything", "transposed groups", "empty batch"])
def test_memory_order_does_not_matter(name):
    layer, *_, parameters = CASES[name]
    x, weight, bias = arrays(name, float)
    due = getattr(reference, layer)(x, weight, bias, **parameters)
    strided = np.repeat(np.asfortranarray(x), 2, axis=3)[..., ::2]
    flipped = np.ascontiguousarray(weight[:, :, ::-1])[:, :, ::-1]
    read_only = bias.copy()
    read_only.flags.writeable = False
    got = getattr(reference, layer)(strided, flipped, read_only, **parameters)
    np.testing.assert_array_equal(got, due, strict=True)


def test_operands_are_left_alone():
    rng = np.random.default_rng(5)
    x, weight = whole(rng, 1, 2, 4, 4, kind=float), whole(rng, 2, 2, 1, 1, kind=float)
    kept = x.copy(), weight.copy()
    y = reference.conv2d(x, weight, np.ones(2))
    reference.conv2d_gradients(x, weight, y)
    y[:] = 0
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(weight, kept[1])


@NAMES
def test_a_result_is_not_the_memory_that_the_next_call_works_in(name, cut):
    layer, *_, parameters = CASES[name]
    x, weight, bias = arrays(name, float)
    forward, backward = getattr(reference, layer), getattr(reference, f"{layer}_gradients")
    output = forward(x, weight, bias, **parameters)
    results = [output, *backward(x, weight, np.ones_like(output), **parameters)]
    kept = [result.copy() for result in results]
    other = forward(x + 1, weight - 1, bias, **parameters)
    backward(x + 1, weight - 1, other, **parameters)
    for result, before in zip(results, kept, strict=True):
        np.testing.assert_array_equal(result, before)
