"""The initial distributions that the documents promise, as supports and moments to test against."""

from math import erf, exp, inf, pi, prod, sqrt
from typing import NamedTuple

import numpy as np

from .arithmetic import Array


class Distribution(NamedTuple):
    """An initial distribution: its family, its support and its moments.

    family: "constant", "uniform" or "normal" (cut to the support). kurtosis: the fourth central
    moment over the squared variance (0 for a constant).
    """

    family: str
    low: float
    high: float
    mean: float
    deviation: float
    kurtosis: float

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Draws of the given shape, float64. Only where the support cuts nothing off noticeably."""
        if self.family == "constant":
            return np.full(shape, self.mean)
        if self.family == "uniform":
            return rng.uniform(self.low, self.high, shape)
        return np.clip(rng.normal(self.mean, self.deviation, shape), self.low, self.high)

    def objection(self, drawn: Array, errors: float = 6.0) -> str | None:
        """Why `drawn` hardly comes from this distribution, None where it may.

        Objects to a value outside the support (rounding to float32 allowed), and to a mean or
        variance further than `errors` standard errors from its own: chance alone does so twice in
        10**9 draws at 6.
        """
        drawn = np.asarray(drawn, np.float64).ravel()
        slack = 2.0**-24
        if drawn.min() < self.low * (1.0 - np.copysign(slack, self.low)):
            return f"{drawn.min():.6g} is below the support's {self.low:.6g}"
        if drawn.max() > self.high * (1.0 + np.copysign(slack, self.high)):
            return f"{drawn.max():.6g} is above the support's {self.high:.6g}"
        variance = self.deviation**2
        about = errors / sqrt(drawn.size)
        if abs(drawn.mean() - self.mean) > about * self.deviation + slack * abs(self.mean):
            return f"mean {drawn.mean():.6g} is not {self.mean:.6g}"
        spread = np.mean((drawn - self.mean) ** 2)
        if abs(spread - variance) > about * variance * sqrt(max(self.kurtosis - 1.0, 0.0)):
            return f"standard deviation {sqrt(spread):.6g} is not {self.deviation:.6g}"
        return None


def constant(value: float) -> Distribution:
    """One value."""
    return Distribution("constant", value, value, value, 0.0, 0.0)


def uniform(bound: float) -> Distribution:
    """U(-bound, bound)."""
    return Distribution("uniform", -bound, bound, 0.0, bound / sqrt(3.0), 1.8)


def normal(deviation: float) -> Distribution:
    """N(0, deviation**2)."""
    return Distribution("normal", -inf, inf, 0.0, deviation, 3.0)


def truncated_normal(sigma: float, bound: float) -> Distribution:
    """N(0, sigma**2) given that it lies within (-bound, bound).

    Moments: Johnson, Kotz and Balakrishnan, *Continuous Univariate Distributions*, volume 1,
    section 13.10.
    """
    alpha = bound / sigma
    cut = 2.0 * alpha * exp(-alpha * alpha / 2.0) / sqrt(2.0 * pi) / erf(alpha / sqrt(2.0))
    second = 1.0 - cut
    fourth = 3.0 * second - alpha * alpha * cut
    return Distribution("normal", -bound, bound, 0.0, sigma * sqrt(second), fourth / second**2)


def torch_uniform(weight_shape: tuple[int, ...]) -> Distribution:
    """Weight and bias of `torch.nn.Conv2d`: U(-sqrt(k), sqrt(k)), k = 1 / (C / groups * kH * kW).

    weight_shape: as torch lays it out; for the transposed layer too, whose k has its O / groups.
    """
    return uniform(1.0 / sqrt(prod(weight_shape[1:])))


def megengine_normal(channels: int, kernel_size: tuple[int, int]) -> Distribution:
    """Weight of `megengine.module.Conv2d`: N(0, 1 / (C * kH * kW)), C not divided by its groups.

    The bias is `constant(0)`. The document is silent; this is what the module is built to do.
    """
    return normal(1.0 / sqrt(channels * prod(kernel_size)))


def mindspore_initializer(name: str, shape: tuple[int, ...]) -> Distribution:
    """What `weight_init=name` or `bias_init=name` promises in `mindspore.nn.Conv2dTranspose`.

    name: TruncatedNormal, Normal, Uniform, HeUniform, XavierUniform, One, Zero or an alias
    (xavier_uniform, he_uniform, ones, zeros), in any letter case. shape: of the parameter; its
    second size is fan-in, its first fan-out, each times the kernel's area. Parameters are the
    defaults of `mindspore.common.initializer`: sigma 0.01, scale 0.07, truncation at -2 and 2 (not
    in units of sigma), gain 1 (Xavier) and sqrt(2) (He). ValueError for another name.
    """
    area = prod(shape[2:])
    match name.lower():
        case "zero" | "zeros":
            return constant(0.0)
        case "one" | "ones":
            return constant(1.0)
        case "normal":
            return normal(0.01)
        case "truncatednormal":
            return truncated_normal(0.01, 2.0)
        case "uniform":
            return uniform(0.07)
        case "heuniform" | "he_uniform":
            return uniform(sqrt(2.0) * sqrt(3.0 / (shape[1] * area)))
        case "xavieruniform" | "xavier_uniform":
            return uniform(sqrt(6.0 / ((shape[0] + shape[1]) * area)))
    raise ValueError(f"no documented initializer is called {name!r}")
