"""The initial distributions that the documents promise, as supports and moments to test against."""

from math import prod, sqrt
from typing import NamedTuple

import numpy as np

from .arithmetic import Array


class Distribution(NamedTuple):
    """An initial distribution: its family, its support and its first two moments."""

    family: str
    low: float
    high: float
    mean: float
    deviation: float

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Draws of the given shape, float64."""
        if self.deviation == 0.0:
            return np.full(shape, self.mean)
        return rng.uniform(self.low, self.high, shape)


def uniform(bound: float) -> Distribution:
    """U(-bound, bound)."""
    return Distribution("uniform", -bound, bound, 0.0, bound / sqrt(3.0))


def torch_uniform(weight_shape: tuple[int, ...]) -> Distribution:
    """Weight and bias of `torch.nn.Conv2d`: U(-sqrt(k), sqrt(k)), k = 1 / (C / groups * kH * kW).

    weight_shape: as torch lays it out; for the transposed layer too, whose k has its O / groups.
    """
    return uniform(1.0 / sqrt(prod(weight_shape[1:])))
