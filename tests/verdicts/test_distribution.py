"""Size and power of the tests of initial distributions, on numbers drawn by NumPy and SciPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from conformance.case import Distribution
from conformance.verdicts import distribution
from conformance.verdicts.distribution import explain_misfit
from tests.profiles import REPEATABLE

UNIFORM = Distribution("weight", "uniform", (-0.25, 0.75))
NORMAL = Distribution("weight", "normal", (0.5, 0.01))
TRUNCATED = Distribution("weight", "truncated_normal", (1.0, 2.0))
LAWS = {
    UNIFORM: stats.uniform(-0.25, 1.0),
    NORMAL: stats.norm(0.5, 0.01),
    TRUNCATED: stats.truncnorm(-2, 2, 1.0, 2.0),
}
FAMILIES = pytest.mark.parametrize(("promised", "law"), LAWS.items(), ids=[promised.family for promised in LAWS])


@FAMILIES
@settings(REPEATABLE, max_examples=150)
@given(n=st.integers(1, 1000), seed=st.integers(0, 2**32 - 1))
def test_the_documented_distribution_is_never_blamed(promised: Distribution, law: Any, n: int, seed: int) -> None:
    """Numbers of float32, whose rounding may leave the support."""
    drawn = law.rvs(n, random_state=np.random.default_rng(seed)).astype(np.float32).astype(np.float64)
    assert explain_misfit(promised, drawn) is None


@FAMILIES
def test_the_chance_of_blame_is_bounded_where_it_can_be_seen(
    promised: Distribution, law: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four tests at 0.05 each, instead of at 1e-9, where no number of draws would show it."""
    monkeypatch.setattr(distribution, "CONFIDENCE", 0.05)
    rng = np.random.default_rng(1)
    blamed = 0
    for _ in range(400):
        drawn = law.rvs(40, random_state=rng)
        blamed += explain_misfit(promised, drawn) is not None
    assert blamed <= stats.binom.ppf(1 - 1e-6, 400, 4 * 0.05)


def test_the_chance_of_blame_is_one_in_a_thousand_million() -> None:
    assert distribution.CONFIDENCE == 1e-9


Distortion = Callable[[np.ndarray, float, float], np.ndarray]

DISTORTIONS: dict[str, Distortion] = {
    "shifted": lambda drawn, mean, std: drawn + std / 4,
    "narrower": lambda drawn, mean, std: mean + (drawn - mean) * 0.8,
    "wider": lambda drawn, mean, std: mean + (drawn - mean) * 1.25,
    "upper half": lambda drawn, mean, std: np.abs(drawn - mean) + mean,
    "constant": lambda drawn, mean, std: np.full_like(drawn, mean),
    "two points": lambda drawn, mean, std: np.where(drawn > mean, mean + std, mean - std),
    "one not a number": lambda drawn, mean, std: np.where(np.arange(drawn.size) == 7, np.nan, drawn),
    "one infinite": lambda drawn, mean, std: np.where(np.arange(drawn.size) == 7, np.inf, drawn),
    "one infinite below": lambda drawn, mean, std: np.where(np.arange(drawn.size) == 7, -np.inf, drawn),
    "all at the upper end": lambda drawn, mean, std: np.full_like(drawn, drawn.max()),
    "all at the lower end": lambda drawn, mean, std: np.full_like(drawn, drawn.min()),
    "all far above": lambda drawn, mean, std: drawn + 100 * std,
    "all far below": lambda drawn, mean, std: drawn - 100 * std,
}


@FAMILIES
@pytest.mark.parametrize("distort", DISTORTIONS.values(), ids=list(DISTORTIONS))
def test_a_wrong_distribution_is_blamed(promised: Distribution, law: Any, distort: Distortion) -> None:
    drawn = law.rvs(5000, random_state=np.random.default_rng(2))
    assert explain_misfit(promised, distort(drawn, law.mean(), law.std())) is not None


@pytest.mark.parametrize(
    ("promised", "actual"),
    [
        pytest.param(UNIFORM, stats.norm(0.25, 12**-0.5), id="normal for uniform"),
        pytest.param(NORMAL, stats.uniform(0.5 - 0.01 * 3**0.5, 0.02 * 3**0.5), id="uniform for normal"),
        pytest.param(NORMAL, stats.laplace(0.5, 0.01 / 2**0.5), id="laplace for normal"),
        pytest.param(TRUNCATED, stats.norm(1.0, 2.0), id="normal for truncated"),
    ],
)
def test_another_family_of_the_same_mean_and_variance_is_blamed(promised: Distribution, actual: Any) -> None:
    drawn = actual.rvs(20_000, random_state=np.random.default_rng(3))
    assert explain_misfit(promised, drawn) is not None


def test_evenly_spaced_numbers_of_the_whole_support_are_uniform() -> None:
    assert explain_misfit(UNIFORM, np.linspace(-0.25, 0.75, 100)) is None


def test_one_number_outside_the_support_is_enough() -> None:
    drawn = np.append(np.linspace(-0.25, 0.75, 100), 0.7501)
    misfit = explain_misfit(UNIFORM, drawn)
    assert misfit == "support [-0.25, 0.7501] instead of [-0.25, 0.75]"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize(
    ("drawn", "fits"), [([0.5, 0.5, 0.5], True), ([0.5, 0.5, 0.25], False)], ids=["all", "all but one"]
)
def test_a_constant_is_every_number(dtype: str, drawn: list[float], fits: bool) -> None:
    promised = Distribution("bias", "constant", (0.5,))
    assert (explain_misfit(promised, np.array(drawn), dtype) is None) is fits


@pytest.mark.parametrize(
    ("drawn", "fits"), [(np.float32(0.1), True), (np.float64(0.1), False)], ids=["rounded", "not rounded"]
)
def test_a_constant_is_the_number_of_its_type(drawn: float, fits: bool) -> None:
    promised = Distribution("bias", "constant", (0.1,))
    assert (explain_misfit(promised, np.array([float(drawn)]), "float32") is None) is fits


@pytest.mark.parametrize("promised", LAWS, ids=lambda promised: promised.family)
def test_nothing_drawn_blames_nothing(promised: Distribution) -> None:
    assert explain_misfit(promised, np.array([])) is None
