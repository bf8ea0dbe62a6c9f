"""The error bound: never exceeded by rounding, nearly reached by the worst, zero where due."""

import math
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

import conv_reference as reference
from conv_reference.bounds import FORMATS, underflow
from tests.reference import naive
from tests.reference.cases import CASES

UNIT = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24, "float64": 2.0**-53}
TYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "float32": np.float32}


def gamma(terms, unit):
    return terms * unit / (1 - terms * unit)


def computed(layer, x, weight, bias, dtype, order, **parameters):
    """The layer as that type computes it: each product and each addition rounded, in an order."""
    shape, walk = naive.PRODUCTS[layer](x.shape, weight.shape, **parameters)
    terms = {index: [] for index in np.ndindex(shape)}
    for out, at, of in walk:
        terms[out].append(dtype(0) if of is None else x[of] * weight[at])
    y = np.zeros(shape, dtype)
    for index, products in terms.items():
        if bias is not None:
            products = [bias[index[1]], *products]
        total = dtype(0)
        for position in order(len(products)):
            total = total + products[position]
        y[index] = total
    return y


ORDERS = {
    "forwards": range,
    "backwards": lambda count: range(count - 1, -1, -1),
    "shuffled": lambda count: np.random.default_rng(count).permutation(count),
}
SHAPES = [
    "plain",
    "common factor",
    "groups",
    "four-sided padding",
    "transposed stride",
    "transposed groups",
]


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", TYPES)
def test_holds(name, order, dtype):
    layer, x_shape, w_shape, parameters = CASES[name]
    rng = np.random.default_rng(0)
    outs = w_shape[0] if layer == "conv2d" else w_shape[1] * parameters.get("groups", 1)
    x, weight, bias = (rng.standard_normal(s).astype(TYPES[dtype]) for s in (x_shape, w_shape, (outs,)))
    value, bound = reference.with_bound(layer, x, weight, bias, dtype=dtype, **parameters)
    np.testing.assert_array_equal(value, getattr(reference, layer)(x, weight, bias, **parameters), strict=True)
    result = computed(layer, x, weight, bias, TYPES[dtype], ORDERS[order], **parameters)
    error = np.abs(result.astype(float) - value)
    assert error.max() > 0
    assert (error <= bound).all()


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_nearly_reached(dtype):
    """1 + u + u + ... rounds back to 1 at every step: the error is (K - 1) u of a bound of K u."""
    terms, unit = 64, UNIT[dtype]
    x = np.full((1, terms, 1, 1), unit)
    x[0, 0] = 1.0
    weight = np.ones((1, terms, 1, 1))
    value, bound = reference.with_bound("conv2d", x, weight, dtype=dtype)
    result = computed("conv2d", *(a.astype(dtype) for a in (x, weight)), None, TYPES[dtype], range)
    ratio = abs(float(result.item()) - value.item()) / bound.item()
    assert 0.9 < ratio <= 1.0


@pytest.mark.parametrize("dtype", UNIT)
@pytest.mark.parametrize("biased", [False, True])
def test_is_the_formula(dtype, biased):
    """gamma(n) * S by hand, the oracle's own gamma(n) * S in float64 included."""
    x = np.array([[[[3.0, -2.0], [1.0, 5.0]]]])
    weight = np.array([[[[-1.0, 2.0], [4.0, 1.0]]]])
    bias = np.array([-7.0]) if biased else None
    magnitude, terms = (3 + 4 + 4 + 5, 4) if not biased else (16 + 7, 5)
    bound = reference.error_bound("conv2d", x, weight, bias, dtype=dtype)
    own = gamma(terms, Fraction(1, 2**53))
    due = magnitude * (gamma(terms, Fraction(UNIT[dtype])) + own)
    assert bound.item() == pytest.approx(float(due), rel=1e-12, abs=0)
    assert bound.item() >= due
    exact = reference.error_bound(
        "conv2d",
        x.astype(int),
        weight.astype(int),
        (biased and bias.astype(int)) or None,
        dtype=dtype,
    )
    assert exact.item() == pytest.approx(magnitude * gamma(terms, UNIT[dtype]), rel=1e-12, abs=0)


@pytest.mark.parametrize("dtype", UNIT)
@pytest.mark.parametrize("terms", [1, 2, 3, 5, 20])
def test_is_not_below_the_formula_in_exact_arithmetic(dtype, terms):
    """Though it is computed in float64, whose rounding it allows for."""
    rng = np.random.default_rng(terms)
    unit, own = gamma(terms, Fraction(UNIT[dtype])), gamma(terms, Fraction(1, 2**53))
    for _ in range(20):
        x, weight = rng.uniform(0.5, 1.0, (2, 1, terms, 1, 1))
        magnitude = sum(Fraction(a) * Fraction(b) for a, b in zip(x.ravel(), weight.ravel(), strict=True))
        bound = Fraction(reference.error_bound("conv2d", x, weight, dtype=dtype).item())
        due = (unit + own) * magnitude
        assert due <= bound <= due * (1 + Fraction(100 * terms, 2**53))


def test_counts_the_terms_of_gradients():
    """Ones throughout: S is the number of products of an element, and n the most there are."""
    parameters = {"stride": (2, 1), "dilation": (1, 2), "groups": 2}
    x, weight = np.ones((2, 4, 9, 8)), np.ones((6, 2, 3, 2))
    grad = np.ones((2, 6, 4, 6))
    bounds = reference.gradient_error_bounds("conv2d", x, weight, grad, dtype="float32", **parameters)
    # input: 3 output channels of the group, 2 of 3 rows of taps (stride 2), 2 columns
    assert bounds.x.max() == pytest.approx((3 * 2 * 2) ** 2 * (2.0**-24 + 2.0**-53), rel=1e-5, abs=0)
    # weight: 2 images, 4 * 6 positions, at all of which every tap has an operand
    assert bounds.weight.min() == bounds.weight.max()
    assert bounds.weight.max() == pytest.approx(48**2 * (2.0**-24 + 2.0**-53), rel=1e-4, abs=0)
    # bias: a sum of 48, 47 additions
    np.testing.assert_allclose(bounds.bias, 48 * 47 * (2.0**-24 + 2.0**-53), rtol=1e-4)
    bounds = reference.gradient_error_bounds(
        "conv_transpose2d", grad, weight, np.ones((2, 4, 9, 8)), dtype="float32", **parameters
    )
    np.testing.assert_allclose(bounds.x, (2 * 3 * 2) ** 2 * (2.0**-24 + 2.0**-53), rtol=1e-4)
    assert bounds.bias.max() == pytest.approx(144 * 143 * (2.0**-24 + 2.0**-53), rel=1e-4, abs=0)


def test_counts_repeated_positions():
    """With replicated edges a corner gathers the gradients of all the positions that copy it."""
    x, weight, grad = np.ones((1, 1, 3, 3)), np.ones((1, 1, 1, 1)), np.ones((1, 1, 7, 7))
    parameters = {"padding": 2, "padding_mode": "replicate"}
    bounds = reference.gradient_error_bounds("conv2d", x, weight, grad, dtype="float32", **parameters)
    assert bounds.x[0, 0, 0, 0] == pytest.approx(9 * 9 * (2.0**-24 + 2.0**-53), rel=1e-5, abs=0)
    assert bounds.x[0, 0, 1, 1] == pytest.approx(1 * 9 * (2.0**-24 + 2.0**-53), rel=1e-5, abs=0)


@pytest.mark.parametrize("name", ["everything", "reflect", "transposed output padding"])
def test_gradients_hold(name):
    """float32 gradients accumulated one product at a time."""
    layer, x_shape, w_shape, parameters = CASES[name]
    rng = np.random.default_rng(1)
    x, weight = (rng.standard_normal(s).astype(np.float32) for s in (x_shape, w_shape))
    shape, _ = naive.PRODUCTS[layer](x_shape, w_shape, **parameters)
    grad = rng.standard_normal(shape).astype(np.float32)
    results = naive.gradients(layer, x, weight, grad, **parameters)
    bounded = reference.gradients_with_bound(layer, x, weight, grad, dtype="float32", **parameters)
    for result, (value, bound) in zip(results, bounded, strict=True):
        assert result.dtype == np.float32
        assert (np.abs(result - value) <= bound).all()
        assert np.abs(result - value).max() > 0


def test_zero_where_nothing_is_added():
    """Padding only, weights of zero, positions between strides: nothing to round."""
    x, weight = np.ones((1, 1, 3, 3)), np.ones((1, 1, 1, 1))
    bound = reference.error_bound("conv2d", x, weight, padding=1, dtype="float16")[0, 0]
    assert bound[0].max() == bound[:, 0].max() == 0 < bound[1:4, 1:4].min()
    bound = reference.error_bound("conv_transpose2d", x, weight, stride=2, dtype="float16")[0, 0]
    assert bound[1::2].max() == bound[:, 1::2].max() == 0 < bound[::2, ::2].min()
    assert not reference.error_bound("conv2d", x, weight * 0, dtype="float16").any()
    grads = reference.gradient_error_bounds("conv2d", x, weight * 0, np.ones((1, 1, 3, 3)), dtype="float16")
    assert not grads.x.any()
    one = reference.gradient_error_bounds("conv2d", x[:, :, :1, :1], weight, weight, dtype="float16")
    assert not one.bias.any()


def test_underflow_is_allowed_for_only_where_it_can_happen():
    """2**-14 * 2**-11 is half a step of float16's subnormals: it may become 0."""
    x, weight = np.full((1, 1, 1, 1), 2.0**-14), np.full((1, 1, 1, 1), 2.0**-11)
    value, bound = reference.with_bound("conv2d", x, weight, dtype="float16")
    assert np.float16(x.item()) * np.float16(weight.item()) == 0
    assert value.item() <= bound.item() <= 1.01 * value.item()
    fine = reference.error_bound("conv2d", x, weight * 2.0**11, dtype="float16")
    assert fine.item() == pytest.approx(2.0**-14 * gamma(1, 2.0**-11), rel=1e-9, abs=0)
    beside = np.array([2.0**-14, 0.0]).reshape(1, 1, 1, 2)
    assert reference.error_bound("conv2d", beside, weight, dtype="float16").ravel()[1] == 0
    assert reference.error_bound("conv2d", x, weight, dtype="float32").item() < 2.0**-48
    tiny = np.full((1, 1, 1, 1), 2.0**-600)
    assert reference.error_bound("conv2d", tiny, tiny, dtype="float64").item() >= 2.0**-1074


def test_the_smallest_product_counts_not_the_smallest_of_the_others():
    """Of float16 whose least normal number is 2**-14, beside ones and zeros."""
    half = 2.0**-25  # of the smallest subnormal number
    weight = np.full((1, 1, 1, 1), 2.0**-11)
    least = np.array([2.0**-3, 2.0**-14, 0.0]).reshape(1, 1, 1, 3)
    bound = reference.error_bound("conv2d", least, weight, dtype="float16").ravel()
    assert bound.tolist() == pytest.approx([2.0**-25 + half, 2.0**-36 + half, 0.0], rel=1e-3, abs=0)
    bound = reference.error_bound("conv2d", least, weight * 2.0**11, dtype="float16").ravel()
    assert bound.tolist() == pytest.approx([2.0**-14, 2.0**-25, 0.0], rel=1e-3, abs=0)


def test_integers_some_of_which_are_zero_have_a_bound():
    x, weight = np.array([0, -3]).reshape(1, 1, 1, 2), np.full((1, 1, 1, 1), 2)
    bound = reference.error_bound("conv2d", x, weight, dtype="float32").ravel()
    assert bound.tolist() == pytest.approx([0.0, 6 * 2.0**-24], rel=1e-6, abs=0)
    bounds = reference.gradient_error_bounds("conv2d", x, 0 * weight, 5 + 0 * x, dtype="float32")
    assert not bounds.x.any()
    assert bounds.weight.item() == pytest.approx(2 * 15 * 2.0**-24, rel=1e-6, abs=0)


def test_the_smallest_part_of_a_complex_number_counts():
    """1 + 2**-10 j times the least normal number of float32: its imaginary part is below that."""
    x, weight = np.full((1, 1, 1, 1), 1 + 2.0**-10 * 1j), np.full((1, 1, 1, 1), 2.0**-126)
    bound = reference.error_bound("conv2d", x, weight, dtype="complex64").item()
    due = (2 + math.sqrt(2)) * 5 * 2.0**-24 * 2.0**-126 + math.sqrt(13) * 2.0**-150
    assert bound == pytest.approx(due, rel=1e-5, abs=0)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_smallest_sum_of_a_complex_numbers_parts_counts(sign):
    """Its parts are ones but for the last bit, so that their sum or difference is small."""
    x = np.full((1, 1, 1, 1), 1 + sign * (1 - 2.0**-24) * 1j)
    least = np.full((1, 1, 1, 1), 2.0**-110)
    bound = reference.error_bound("conv2d", x, least, dtype="complex64").item()
    normal = reference.error_bound("conv2d", x, least * 2.0**8, dtype="complex64").item()
    assert bound - normal * 2.0**-8 == pytest.approx(math.sqrt(13) * 2.0**-150, rel=1e-5, abs=0)


GRADIENTS = pytest.mark.parametrize(
    ("x", "weight", "underflowing"),
    [(1.0, 1.0, ""), (2.0**-11, 1.0, "weight"), (1.0, 2.0**-11, "x"), (2.0**-11, 2.0**-11, "x weight")],
)


@GRADIENTS
def test_products_of_a_gradient_underflow_by_themselves(x, weight, underflowing):
    """With an output gradient of float16's least normal number."""
    one = np.ones((1, 1, 1, 1))
    bounds = reference.gradient_error_bounds("conv2d", x * one, weight * one, 2.0**-14 * one, dtype="float16")
    for bound, factor, name in ((bounds.x, weight, "x"), (bounds.weight, x, "weight")):
        due = 2.0**-25 * factor + (2.0**-25 if name in underflowing.split() else 0.0)
        assert bound.item() >= due
        if not underflowing:
            assert bound.item() == pytest.approx(due, rel=1e-3, abs=0)
    assert bounds.bias.item() == 0.0


def test_an_empty_layer_has_empty_bounds():
    weight = np.ones((2, 3, 1, 1))
    bound = reference.error_bound("conv2d", np.ones((0, 3, 4, 4)), weight, dtype="float16")
    assert bound.shape == (0, 2, 4, 4)
    bounds = reference.gradient_error_bounds("conv2d", np.ones((0, 3, 4, 4)), weight, bound, dtype="float16")
    assert not bounds.weight.any()


def test_gradients_too_may_be_accumulated_in_another_type():
    rng = np.random.default_rng(4)
    x, weight, grad = (rng.standard_normal((1, 9, 1, 1)) for _ in range(3))
    weight = weight.reshape(9, 1, 1, 1) * np.ones((9, 9, 1, 1))
    call = "conv2d", x, weight, grad
    bounds = reference.gradient_error_bounds(*call, dtype="float16", accumulate="float32")
    due = reference.gradients_with_bound(*call, dtype="float16", accumulate="float32")
    narrow = reference.gradient_error_bounds(*call, dtype="float16")
    for bound, bounded in zip(bounds, due, strict=True):
        np.testing.assert_array_equal(bound, bounded.bound)
    assert (bounds.x < narrow.x).all()


def error_of_one_product(value, **types):
    one = np.ones((1, 1, 1, 1))
    return reference.error_bound("conv2d", one * value, one, **types).item()


def find_neighbours(value, count=200):
    """Numbers of float64 around a number."""
    spacing = np.spacing(value)
    return [value + step * spacing for step in range(-count, count)]


def test_the_last_rounding_allows_for_underflow_where_the_sum_may_be_subnormal():
    """Accumulated in float32, stored in float16: half a subnormal step below 2**-14, an error of the sum included."""
    types = {"dtype": "float16", "accumulate": "float32"}
    assert error_of_one_product(2.0**-13, **types) == pytest.approx(2.0**-24, rel=0.01, abs=0)
    assert error_of_one_product(2.0**-14, **types) == pytest.approx(2 * 2.0**-25, rel=0.01, abs=0)
    assert error_of_one_product(0.0, **types) == 0.0
    at_the_edge = set()
    for value in find_neighbours(2.0**-14 * (1 + 2.0**-24 + 2.0**-53)):
        error = error_of_one_product(value, dtype="float32")
        is_low = value - error < 2.0**-14
        at_the_edge.add(value - error == 2.0**-14)
        stored = error + 2.0**-11 * (value + error) + (2.0**-25 if is_low else 0.0)
        assert error_of_one_product(value, **types) == pytest.approx(stored, rel=1e-9, abs=0)
    assert True in at_the_edge


def test_the_bound_is_infinite_only_where_the_largest_number_may_be_passed():
    """Errors grow with the operands: half a product has half of its product's."""
    at_the_edge = set()
    for value in find_neighbours(65504.0 / (1 + 2.0**-11 / (1 - 2.0**-11) + 2.0**-53)):
        reach = value + 2 * error_of_one_product(value / 2, dtype="float16")
        at_the_edge.add(reach == 65504.0)
        assert math.isfinite(error_of_one_product(value, dtype="float16")) == (reach <= 65504.0)
    assert True in at_the_edge
    assert math.isinf(error_of_one_product(65504.0, dtype="float16"))
    assert math.isinf(error_of_one_product(65504.0, dtype="float32", accumulate="float16"))


def test_a_wider_accumulator_leaves_one_rounding():
    rng = np.random.default_rng(2)
    x, weight = (rng.standard_normal((1, 4000, 1, 1)).astype(np.float16) for _ in range(2))
    value, bound = reference.with_bound("conv2d", x, weight, dtype="float16", accumulate="float32")
    magnitude = (np.abs(x.astype(float)) * np.abs(weight.astype(float))).sum()
    inner = magnitude * gamma(4000, 2.0**-24)
    due = inner + 2.0**-11 * (abs(value.item()) + inner)
    assert bound.item() == pytest.approx(due, rel=1e-6, abs=0)
    total = np.float32(0)
    for a, b in zip(x.ravel(), weight.ravel(), strict=True):
        total += np.float32(a) * np.float32(b)
    assert abs(float(np.float16(total)) - value.item()) <= bound.item()


def test_a_wider_accumulator_may_underflow_at_the_end():
    x, weight = np.full((1, 1, 1, 1), 2.0**-14), np.full((1, 1, 1, 1), 2.0**-11)
    value, bound = reference.with_bound("conv2d", x, weight, dtype="float16", accumulate="float32")
    assert value.item() <= bound.item() <= 1.01 * value.item()


def test_overflow_has_no_bound():
    x = np.array([60000.0, 60000.0, -60000.0]).reshape(1, 3, 1, 1)
    one = np.ones((1, 3, 1, 1))
    assert np.isinf(reference.error_bound("conv2d", x, one, dtype="float16")).all()
    assert np.isfinite(reference.error_bound("conv2d", x, one, dtype="float32")).all()
    stored = reference.error_bound("conv2d", x[:, :2], one[:, :2], dtype="float16", accumulate="float32")
    assert np.isinf(stored).all()
    assert np.isinf(reference.error_bound("conv2d", x * np.inf, one, dtype="float32")).all()


def test_complex_holds():
    rng = np.random.default_rng(3)
    x, weight = (
        (rng.standard_normal(s) + 1j * rng.standard_normal(s)).astype(np.complex64)
        for s in ((1, 3, 5, 6), (2, 3, 3, 2))
    )
    value, bound = reference.with_bound("conv2d", x, weight, dtype="complex64", padding=1)
    assert bound.dtype == np.float64
    result = naive.forward("conv2d", x, weight, padding=1)
    assert result.dtype == np.complex64
    assert (np.abs(result - value) <= bound).all()
    magnitude = naive.forward("conv2d", np.abs(x), np.abs(weight), padding=1)
    due = (2 + math.sqrt(2)) * gamma(18 + 4, 2.0**-24) * magnitude
    np.testing.assert_allclose(bound, due, rtol=1e-5)


def of_three_products(x, weight):
    """conv2d of complex64 by Gauss's trick, in float32."""
    (a, b), (c, d) = ((operand.real.copy(), operand.imag.copy()) for operand in (x, weight))
    one, two, three = (naive.forward("conv2d", *pair) for pair in ((a, c), (b, d), (a + b, c + d)))
    assert three.dtype == np.float32
    return (one - two) + 1j * (three - one - two)


@pytest.mark.parametrize("terms", [1, 2, 30])
def test_complex_products_made_of_three_hold(terms):
    """Those of one or two terms exceed what the usual four products may miss."""
    rng = np.random.default_rng(5)
    draws = [
        (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(np.complex64)
        for shape in ((300, terms, 1, 1), (8, terms, 1, 1))
    ]
    value, bound = reference.with_bound("conv2d", *draws, dtype="complex64")
    magnitude = naive.forward("conv2d", *(np.abs(draw).astype(float) for draw in draws))
    missed = np.abs(of_three_products(*draws) - value)
    assert (missed <= bound).all()
    of_four = math.sqrt(2) * gamma(2 * terms, 2.0**-24) * magnitude
    assert (missed > of_four).any() == (terms < 30)


@pytest.mark.parametrize("terms", [8, 1000])
def test_of_the_complex_bounds_the_larger_counts(terms):
    """In float16, where 2,000 products are near those of which no bound exists."""
    ones = np.ones((1, terms, 1, 1), complex)
    bound = reference.error_bound("conv2d", ones, ones, dtype="complex64", accumulate="float16").item()
    due = {8: (2 + math.sqrt(2)) * gamma(12, 2.0**-11), 1000: math.sqrt(2) * gamma(2000, 2.0**-11)}[terms]
    assert bound == pytest.approx(terms * due, rel=1e-3, abs=0)


def gradients_of_three_products(x, weight, grad):
    """Those of the trick above, differentiated: of t1, t2 and t3 they are a - b, -a - b and b of an upstream a + bi."""
    (a, b), (c, d), (e, f) = ((operand.real.copy(), operand.imag.copy()) for operand in (grad, weight, x))
    one, two, three = (
        naive.gradients("conv2d", left, right, upstream)
        for left, right, upstream in ((e, c, a - b), (f, d, -a - b), (e + f, c + d, b))
    )
    parts = [(one[operand] + three[operand]) + 1j * (two[operand] + three[operand]) for operand in (0, 1)]
    return *parts, (one[2] + three[2]) + 1j * three[2]


@pytest.mark.parametrize("terms", [1, 3])
def test_complex_gradients_through_three_products_hold(terms):
    """Those of one term exceed what four products may miss, even that of a bias, which they leave as it came."""
    rng = np.random.default_rng(8)
    of_four = math.sqrt(8) / (2 + math.sqrt(2)) / 5
    exceeded = np.zeros(3, bool)
    for _ in range(1000):
        x, weight, grad = (
            (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(np.complex64)
            for shape in ((terms, 1, 1, 1), (terms, 1, 1, 1), (terms, terms, 1, 1))
        )
        bounded = reference.gradients_with_bound("conv2d", x, weight, grad, dtype="complex64")
        through = gradients_of_three_products(x, weight, grad)
        missed = [np.abs(got - due.value) for got, due in zip(through, bounded, strict=True)]
        assert all((one <= due.bound).all() for one, due in zip(missed, bounded, strict=True))
        limits = bounded.x.bound * of_four, bounded.weight.bound * of_four, 0.0
        exceeded |= [(one > limit).any() for one, limit in zip(missed, limits, strict=True)]
    assert terms > 1 or exceeded.all()


@pytest.mark.parametrize("numbers", [1, 3])
def test_a_complex_gradient_of_the_bias_multiplies_nothing(numbers):
    one = np.full((1, 1, 1, 1), 0.1 + 0.7j)
    several = np.tile(one, (numbers, 1, 1, 1))
    bounds = reference.gradient_error_bounds("conv2d", several, one, several, dtype="complex64")
    due = math.sqrt(6) * gamma(numbers + 1, 2.0**-24) * numbers * abs(0.1 + 0.7j)
    assert bounds.bias.item() == pytest.approx(due, rel=1e-5, abs=0)


def test_a_complex128_has_the_oracles_own_error_too():
    ones = np.ones((1, 500, 1, 1), complex)
    unit = 2.0**-53
    due = 500 * ((2 + math.sqrt(2)) * gamma(504, unit) + math.sqrt(2) * gamma(1000, unit))
    assert reference.error_bound("conv2d", ones, ones, dtype="complex128").item() == pytest.approx(due, rel=1e-9, abs=0)


def test_a_complex_sum_may_overflow_where_parts_are_added_first():
    half = np.full((1, 1, 1, 1), FORMATS["float32"].largest * 0.6 + 0j)
    one = np.ones((1, 1, 1, 1), complex)
    assert np.isinf(reference.error_bound("conv2d", half, one, dtype="complex64"))
    assert np.isfinite(reference.error_bound("conv2d", half.real, one.real, dtype="float32"))
    assert np.isinf(reference.gradient_error_bounds("conv2d", one, one, half, dtype="complex64").bias)
    assert np.isfinite(reference.gradient_error_bounds("conv2d", one, one, half / 2, dtype="complex64").bias)


def test_refuses_where_no_bound_exists():
    x = np.ones((1, 2048, 1, 1))
    with pytest.raises(ValueError, match="no error bound exists for 2048 terms"):
        reference.error_bound("conv2d", x, x, dtype="float16")
    assert reference.error_bound("conv2d", x[:, 1:], x[:, 1:], dtype="float16").item() > 2047
    assert reference.error_bound("conv2d", x, x, dtype="float16", accumulate="float32").item() < 2
    for dtype in ("int8", bool, "nonsense"):
        with pytest.raises(TypeError):
            reference.error_bound("conv2d", x, x, dtype=dtype)
    with pytest.raises(ValueError, match="layer must be"):
        reference.error_bound("conv3d", x, x, dtype="float32")
    with pytest.raises(ValueError, match="output_padding belongs"):
        reference.error_bound("conv2d", x, x, dtype="float32", output_padding=1)
    with pytest.raises(ValueError, match="'zeros' alone"):
        reference.error_bound("conv_transpose2d", x, x, dtype="float32", padding_mode="reflect")
    with pytest.raises(TypeError):
        reference.error_bound("conv2d", x, x, dtype="float32", strides=2)


@pytest.mark.parametrize("name", FORMATS)
def test_formats_are_those_of_numpy(name):
    info = ml_dtypes.finfo(ml_dtypes.bfloat16 if name == "bfloat16" else name)
    number = FORMATS[name]
    assert number.roundoff == float(info.eps) / 2 == UNIT[name]
    assert number.smallest_normal == float(info.smallest_normal)
    assert number.smallest_subnormal == float(info.smallest_subnormal)
    assert number.largest == float(info.max)
    assert number.largest_power_of_two == math.ldexp(0.5, math.frexp(float(info.max))[1])


@pytest.mark.parametrize("name", FORMATS)
def test_underflow_counts_half_a_subnormal_and_the_oracles_own(name):
    half = Fraction(FORMATS[name].smallest_subnormal) / 2
    assert underflow(FORMATS[name], 8) == float(8 * (half + Fraction(1, 2**1075)))


def test_a_complex_types_format_is_that_of_its_parts():
    assert reference.number_format("complex64") == FORMATS["float32"]
    assert reference.number_format(np.complex128) == FORMATS["float64"]
