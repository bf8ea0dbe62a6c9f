"""Whether numbers were drawn from a documented distribution."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from conformance.case import Array, Distribution
from conformance.oracle.rounding import round_to

CONFIDENCE = 1e-9  # of wrongly blaming a correct distribution, per test
SUPPORT_SLACK = 1e-6  # of the support's width: its ends are rounded to the parameter's type


@dataclass(frozen=True)
class Law:
    """A continuous distribution.

    Attributes:
        low, high: its support.
        cumulative: its distribution function.
    """

    low: float
    high: float
    cumulative: Callable[[float], float]


def explain_misfit(promised: Distribution, drawn: Array, dtype: str = "float32") -> str | None:
    """Why numbers were not drawn from a distribution, or None.

    Args:
        drawn: all numbers, one-dimensional.
        dtype: the parameter's, to which a documented constant is rounded.
    """
    if promised.family == "constant":
        constant = round_to(np.array(promised.arguments[0]), dtype)
        return None if bool((drawn == constant).all()) else "another value"
    if drawn.size == 0:
        return None
    law = define_law(promised)
    return explain_support(law, drawn) or explain_shape(law, drawn)


def explain_support(law: Law, drawn: Array) -> str | None:
    """Why numbers do not lie in a support, or None; an infinity and not-a-number lie in none."""
    if not np.isfinite(drawn).all():
        return "not every number is finite"
    least = float(drawn.min())
    most = float(drawn.max())
    slack = SUPPORT_SLACK * (law.high - law.low)
    if law.low - slack <= least and most <= law.high + slack:
        return None
    return f"support [{least:.6g}, {most:.6g}] instead of [{law.low:.6g}, {law.high:.6g}]"


def explain_shape(law: Law, drawn: Array) -> str | None:
    """Why numbers of the right support do not follow a law, or None.

    The distribution function turns them into u, uniform on [0, 1] if they follow it. Each test of u bounds the chance
    of wrongly blaming it by `CONFIDENCE`, half of it on either side, for every n: that the whole support is reached
    (P(all u <= t) = t^n), mean and variance (Hoeffding), the distance from uniformity (Dvoretzky, Kiefer, Wolfowitz
    and Massart).
    """
    n = drawn.size
    one_side = CONFIDENCE / 2
    u = np.sort([law.cumulative(number) for number in drawn.tolist()])
    if min(u[-1], 1 - u[0]) ** n < one_side:
        return f"support [{float(drawn.min()):.6g}, {float(drawn.max()):.6g}] over {n} numbers: too narrow"
    hoeffding = math.sqrt(-math.log(one_side) / (2 * n))
    if abs(u.mean() - 1 / 2) > hoeffding:
        return f"mean {drawn.mean():.6g} over {n} numbers is too far from the documented one"
    # The squares of u - 1/2 fill a quarter of the range that u fills, and so may their mean.
    if abs(np.mean((u - 1 / 2) ** 2) - 1 / 12) > hoeffding / 4:
        return f"standard deviation {drawn.std():.6g} over {n} numbers is too far from the documented one"
    steps = np.arange(n + 1) / n
    above = float(np.max(steps[1:] - u))
    below = float(np.max(u - steps[:-1]))
    distance = max(above, below)
    if distance > hoeffding:
        return f"a distance of {distance:.3g} from the distribution function, over {n} numbers"
    return None


def define_law(promised: Distribution) -> Law:
    """The law of a documented distribution that is no constant."""
    first, second = promised.arguments
    if promised.family == "uniform":
        return Law(first, second, lambda number: (number - first) / (second - first))
    normal = NormalDist(first, second)
    if promised.family == "normal":
        return Law(-math.inf, math.inf, normal.cdf)
    low = first - 2 * second
    high = first + 2 * second
    below = normal.cdf(low)
    mass = normal.cdf(high) - below
    return Law(low, high, lambda number: (normal.cdf(number) - below) / mass)
