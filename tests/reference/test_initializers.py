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
