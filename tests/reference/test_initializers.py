"""The documented initial distributions: their moments, aliases and the test made of them."""

import math

import numpy as np
import pytest
from scipy import stats

from conv_reference import initializers
from conv_reference.initializers import Distribution, mindspore_initializer

SHAPE = (64, 32, 3, 5)
FAN_IN, FAN_OUT = 32 * 15, 64 * 15


@pytest.mark.parametrize(
    ("name", "support", "deviation"),
    [
        ("Normal", math.inf, 0.01),
        ("TruncatedNormal", 2.0, 0.01),
        ("Uniform", 0.07, 0.07 / math.sqrt(3)),
        ("HeUniform", math.sqrt(6 / FAN_IN), math.sqrt(2 / FAN_IN)),
        ("he_uniform", math.sqrt(6 / FAN_IN), math.sqrt(2 / FAN_IN)),
        ("XavierUniform", math.sqrt(6 / (FAN_IN + FAN_OUT)), math.sqrt(2 / (FAN_IN + FAN_OUT))),
        ("xavier_uniform", math.sqrt(6 / (FAN_IN + FAN_OUT)), math.sqrt(2 / (FAN_IN + FAN_OUT))),
    ],
)
def test_documented_names(name, support, deviation):
    for spelling in (name, name.lower(), name.upper()):
        drawn = mindspore_initializer(spelling, SHAPE)
        assert (drawn.low, drawn.high) == pytest.approx((-support, support))
        assert drawn.mean == 0.0
        assert drawn.deviation == pytest.approx(deviation)


@pytest.mark.parametrize(("name", "value"), [("One", 1), ("ones", 1), ("Zero", 0), ("ZEROS", 0)])
def test_constants(name, value):
    drawn = mindspore_initializer(name, (5,))
    assert drawn[1:] == (value, value, value, 0.0, 0.0)
    assert drawn.objection(np.full(4, value)) is None
    assert "above" in drawn.objection(np.full(4, value + 0.5))
    assert "below" in drawn.objection(np.full(4, value - 0.5))
    np.testing.assert_array_equal(drawn.sample(np.random.default_rng(0), (2, 3)), np.full((2, 3), value))


@pytest.mark.parametrize("name", ["gauss", "", "xavier", "truncated_normal"])
def test_other_names(name):
    with pytest.raises(ValueError, match="no documented initializer"):
        mindspore_initializer(name, SHAPE)


def test_torch_and_megengine():
    bound = initializers.torch_uniform((8, 3, 5, 7))
    assert bound.high == pytest.approx(math.sqrt(1 / (3 * 5 * 7)))
    assert initializers.megengine_normal(6, (3, 5)).deviation == pytest.approx(math.sqrt(1 / 90))


@pytest.mark.parametrize(("sigma", "bound"), [(1.0, 2.0), (0.5, 0.3), (2.0, 1.0)])
def test_truncated_moments(sigma, bound):
    """Against SciPy's truncated normal distribution."""
    drawn = initializers.truncated_normal(sigma, bound)
    theirs = stats.truncnorm(-bound / sigma, bound / sigma, scale=sigma)
    assert drawn.deviation == pytest.approx(theirs.std())
    assert drawn.kurtosis == pytest.approx(float(theirs.stats("k")) + 3.0)


ALL = {
    "uniform": initializers.uniform(0.07),
    "normal": initializers.normal(0.01),
    "he": mindspore_initializer("HeUniform", SHAPE),
    "constant": initializers.constant(1.0),
}


@pytest.mark.parametrize("name", ALL)
def test_a_sample_of_itself_is_accepted(name):
    rng = np.random.default_rng(1)
    for count in (30, 10_000):
        drawn = ALL[name].sample(rng, (count,))
        assert ALL[name].objection(drawn) is None
        assert ALL[name].objection(drawn.astype(np.float32)) is None


@pytest.mark.parametrize(
    ("promised", "drawn", "why"),
    [
        ("uniform", initializers.uniform(0.08), "support"),
        ("uniform", initializers.uniform(0.06), "deviation"),
        ("uniform", Distribution("uniform", -0.05, 0.07, 0, 1, 0), "mean"),
        ("normal", initializers.normal(0.0095), "deviation"),
        ("normal", initializers.constant(0.0), "deviation"),
        ("normal", initializers.uniform(0.03), "deviation"),
        ("he", mindspore_initializer("XavierUniform", SHAPE), "deviation"),
    ],
)
def test_a_sample_of_another_is_not(promised, drawn, why):
    sample = drawn.sample(np.random.default_rng(2), (20_000,))
    assert why in ALL[promised].objection(sample)


def test_the_fourth_moments_are_those_of_the_textbook():
    assert initializers.uniform(2.0).kurtosis == 9 / 5
    assert initializers.normal(2.0).kurtosis == 3


def test_which_end_was_passed_is_told():
    around = np.linspace(-1, 1, 1000)
    assert initializers.uniform(1.0).objection(np.append(around, -2.0)) == "-2 is below the support's -1"
    assert initializers.uniform(1.0).objection(np.append(around, 2.0)) == "2 is above the support's 1"


def test_the_support_may_be_passed_by_a_rounding_to_float32():
    bound = 1 + 2.0**-24 + 2.0**-40
    end = float(np.float32(bound))
    assert end > bound
    assert initializers.uniform(bound).objection(np.linspace(-end, end, 1001)) is None


def test_the_variance_may_be_off_by_its_own_standard_errors_alone():
    """Those of U(-1, 1) are 1 / 3 * sqrt((9 / 5 - 1) / n): six of them are 0.0179 at n of 10,000."""
    for off, objects in ((0.017, False), (0.019, True)):
        drawn = np.tile([1.0, -1.0], 5000) * math.sqrt(1 / 3 + off)
        assert (initializers.uniform(1.0).objection(drawn) is not None) is objects
