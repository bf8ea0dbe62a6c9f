"""Whether numbers were drawn from a documented distribution."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np

from conformance.case import Array, Distribution
from conformance.oracle import inputs

CONFIDENCE = 1e-9  # of wrongly blaming a correct distribution, per test
SUPPORT_SLACK = 1e-6  # of the support's width: its ends are rounded to the parameter's type


def fault(promised: Distribution, drawn: Array, dtype: str = "float32") -> str | None:
    """Why numbers were not drawn from a distribution, or None.

    The distribution function turns them into u, uniform on [0, 1] if they were. Each test of u bounds the chance of
    wrongly blaming it by `CONFIDENCE`, for every n: that the whole support is reached (P(all u <= t) = t^n), mean and
    variance (Hoeffding), the distance from uniformity (Dvoretzky, Kiefer, Wolfowitz and Massart).
    """
    if promised.family == "constant":
        constant = inputs.rounded(np.array(promised.arguments[0]), dtype)
        return None if bool((drawn == constant).all()) else "another value"
    low, high, cumulated = _family(promised)
    n = drawn.size
    if n == 0:
        return None
    least, most = float(drawn.min()), float(drawn.max())
    width = SUPPORT_SLACK * (high - low) if math.isfinite(high - low) else 0.0
    if not (low - width <= least and most <= high + width):
        return f"support [{least:.6g}, {most:.6g}] instead of [{low:.6g}, {high:.6g}]"
    u = np.sort([min(max(cumulated(value), 0.0), 1.0) for value in drawn.tolist()])
    chance = math.log(2 / CONFIDENCE)  # of two-sided bounds
    if n * math.log1p(-u[0]) < -chance or n * math.log(max(u[-1], 1e-300)) < -chance:
        return f"support [{least:.6g}, {most:.6g}] over {n} numbers: too narrow"
    hoeffding = math.sqrt(chance / (2 * n))
    if abs(u.mean() - 1 / 2) > hoeffding:
        return f"mean {drawn.mean():.6g} over {n} numbers is too far from the documented one"
    if abs(np.mean((u - 1 / 2) ** 2) - 1 / 12) > hoeffding / 4:
        return f"standard deviation {drawn.std():.6g} over {n} numbers is too far from the documented one"
    steps = np.arange(n + 1) / n
    distance = max(float(np.max(steps[1:] - u)), float(np.max(u - steps[:-1])))
    if distance > hoeffding:
        return f"a distance of {distance:.3g} from the distribution function, over {n} numbers"
    return None


def _family(promised: Distribution) -> tuple[float, float, Callable[[float], float]]:
    """The support and the distribution function."""
    first, second = promised.arguments
    if promised.family == "uniform":
        return first, second, lambda value: (value - first) / (second - first)
    normal = NormalDist(first, second)
    if promised.family == "normal":
        return -math.inf, math.inf, normal.cdf
    low, high = first - 2 * second, first + 2 * second
    below, mass = normal.cdf(low), normal.cdf(high) - normal.cdf(low)
    return low, high, lambda value: (normal.cdf(value) - below) / mass
