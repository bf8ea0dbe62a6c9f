"""The last rounding, of either sign, and what underflow adds to a bound."""

import ml_dtypes
import numpy as np
import pytest

import conv_reference as reference
from conv_reference.bounds import FORMATS

ONE = np.ones((1, 1, 1, 1))
TINY = 2.0**-40


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (1 + 2.0**-8 + TINY, 1 + 2.0**-7),
        (1 + 2.0**-8 - TINY, 1.0),
        (1 + 3 * 2.0**-8 + TINY, 1 + 2.0**-6),
        (1 + 3 * 2.0**-8 - TINY, 1 + 2.0**-7),
        (1 + 2.0**-8, 1.0),
        (1 + 2.0**-8 + 0.75 * 2.0**-23, 1 + 2.0**-7),
        (1 + 3 * 2.0**-8 - 0.75 * 2.0**-23, 1 + 2.0**-7),
    ],
    ids=[
        "above a tie",
        "below a tie",
        "above the next tie",
        "below the next tie",
        "a tie",
        "nearly a step of float32 above",
        "nearly a step of float32 below",
    ],
)
def test_bfloat16_is_rounded_once_on_either_side_of_zero(sign, value, rounded):
    result = reference.conv2d(ONE * sign * value, ONE, dtype=ml_dtypes.bfloat16)
    assert float(result.item()) == sign * rounded


@pytest.mark.parametrize("terms", [1, 2, 5])
@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32"])
def test_each_product_that_may_underflow_adds_half_a_subnormal(name, terms):
    """Powers of two whose product is a quarter of the smallest subnormal number."""
    smallest = FORMATS[name].smallest_subnormal
    side = 2.0 ** np.floor(np.log2(smallest) / 2)
    x = np.full((1, terms, 1, 1), side)
    weight = np.full((1, terms, 1, 1), smallest / 4 / side)
    bound = reference.error_bound("conv2d", x, weight, dtype=name).item()
    assert bound == pytest.approx(terms * smallest / 2, rel=0.05, abs=0)
    several = reference.gradients_with_bound("conv2d", x, weight, ONE * side, dtype=name)
    assert several.weight.bound.flat[0] >= smallest / 2 or side * side >= FORMATS[name].smallest_normal


def test_a_complex_number_underflows_in_both_of_its_parts():
    smallest = FORMATS["float32"].smallest_subnormal
    side = 2.0 ** np.floor(np.log2(smallest) / 2)
    bound = reference.error_bound("conv2d", ONE * side * 1j, ONE * smallest / 4 / side, dtype="complex64").item()
    assert bound == pytest.approx(np.sqrt(13) / 2 * smallest, rel=0.05, abs=0)


def test_a_complex_sum_is_stored_in_two_parts_that_may_underflow():
    low = ONE * 2.0**-140 * (1 + 1j)
    bound = reference.error_bound("conv2d", low, ONE + 0j, dtype="complex64", accumulate="complex128").item()
    due = np.sqrt(2) * (FORMATS["float32"].smallest_subnormal / 2 + 2.0**-164)
    assert bound == pytest.approx(due, rel=1e-6, abs=0)


def test_the_gradients_of_a_bias_are_sums_without_products():
    x = np.full((1, 1, 2, 2), 3.0)
    gradients = reference.gradients_with_bound("conv2d", x, ONE, np.full((1, 1, 2, 2), 2.0), dtype="float32")
    unit = 2.0**-24
    assert gradients.bias.bound.item() == pytest.approx(3 * unit * 8, rel=1e-6, abs=0)
    assert gradients.weight.bound.item() == pytest.approx(4 * unit * 24, rel=1e-6, abs=0)
    assert gradients.x.bound.flat[0] == pytest.approx(unit * 2, rel=1e-6, abs=0)
