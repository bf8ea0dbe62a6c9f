"""Size and power of the tests of initial distributions, on numbers drawn by NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from conformance.case import Distribution
from conformance.verdicts.distribution import CONFIDENCE, fault

DRAWN = {
    "uniform": (Distribution("weight", "uniform", (-0.25, 0.75)), stats.uniform(-0.25, 1.0)),
    "normal": (Distribution("weight", "normal", (0.5, 0.01)), stats.norm(0.5, 0.01)),
    "truncated": (Distribution("weight", "truncated_normal", (1.0, 2.0)), stats.truncnorm(-2, 2, 1.0, 2.0)),
}
EACH = pytest.mark.parametrize(("promised", "law"), DRAWN.values(), ids=list(DRAWN))


@EACH
@pytest.mark.parametrize("n", [1, 2, 5, 50, 1000])
def test_the_documented_distribution_is_never_blamed(promised: Distribution, law: object, n: int) -> None:
    rng = np.random.default_rng(n)
    for _ in range(50):
        drawn = law.rvs(n, random_state=rng).astype(np.float32).astype(np.float64)
        assert fault(promised, drawn) is None


@EACH
def test_the_chance_of_blame_is_bounded_where_it_can_be_seen(
    promised: Distribution, law: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four tests at 0.05 each, instead of at 1e-9, where no number of draws would show it."""
    monkeypatch.setattr("conformance.verdicts.distribution.CONFIDENCE", 0.05)
    rng = np.random.default_rng(1)
    blamed = sum(fault(promised, law.rvs(40, random_state=rng)) is not None for _ in range(400))
    assert blamed <= stats.binom.ppf(1 - 1e-6, 400, 4 * 0.05)
    assert CONFIDENCE == 1e-9


@EACH
def test_a_wrong_distribution_is_blamed(promised: Distribution, law: object) -> None:
    drawn = law.rvs(5000, random_state=np.random.default_rng(2))
    mean, std = law.mean(), law.std()
    wrong = {
        "shifted": drawn + std / 4,
        "narrower": mean + (drawn - mean) * 0.8,
        "wider": mean + (drawn - mean) * 1.25,
        "half": np.abs(drawn - mean) + mean,
        "constant": np.full_like(drawn, mean),
        "two points": np.where(drawn > mean, mean + std, mean - std),
        "not a number": np.where(np.arange(drawn.size) == 7, np.nan, drawn),
    }
    for name, numbers in wrong.items():
        assert fault(promised, numbers) is not None, name


@pytest.mark.parametrize(
    ("promised", "actual"),
    [
        ("uniform", stats.norm(0.25, 12**-0.5)),
        ("normal", stats.uniform(0.5 - 0.01 * 3**0.5, 0.02 * 3**0.5)),
        ("normal", stats.laplace(0.5, 0.01 / 2**0.5)),
        ("truncated", stats.norm(1.0, 2.0)),
    ],
)
def test_another_family_of_the_same_mean_and_variance_is_blamed(promised: str, actual: object) -> None:
    drawn = actual.rvs(20_000, random_state=np.random.default_rng(3))
    assert fault(DRAWN[promised][0], drawn) is not None


def test_one_number_outside_the_support_is_enough() -> None:
    drawn = np.linspace(-0.25, 0.75, 100)
    assert fault(DRAWN["uniform"][0], drawn) is None
    assert "support" in fault(DRAWN["uniform"][0], np.append(drawn, 0.7501))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_a_constant_is_the_number_of_its_type(dtype: str) -> None:
    promised = Distribution("bias", "constant", (0.5,))
    assert fault(promised, np.full(3, 0.5), dtype) is None
    assert fault(promised, np.array([0.5, 0.5, 0.25]), dtype) is not None
    assert fault(Distribution("bias", "constant", (0.1,)), np.float32([0.1]).astype(float), "float32") is None
    assert fault(Distribution("bias", "constant", (0.1,)), np.array([0.1]), "float32") is not None


def test_nothing_drawn_blames_nothing() -> None:
    assert fault(DRAWN["uniform"][0], np.array([])) is None
