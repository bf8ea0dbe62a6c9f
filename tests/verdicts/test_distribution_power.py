"""Each test of an initial distribution by itself: numbers that it alone blames."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conformance.case import Array, Distribution
from conformance.verdicts.distribution import CONFIDENCE, SUPPORT_SLACK, explain_misfit

UNIT = Distribution("weight", "uniform", (0.0, 1.0))
COUNT = 10_000
# How far a mean may lie from its expectation, and the numbers from their distribution (Hoeffding; Massart).
ALLOWED = math.sqrt(math.log(2 / CONFIDENCE) / (2 * COUNT))


def evenly(count: int = COUNT) -> Array:
    return (np.arange(count) + 0.5) / count


def invert(distribution_at: Array) -> Array:
    """Numbers whose distribution function takes these values on an even grid over the support."""
    return np.interp(evenly(), distribution_at, np.linspace(0, 1, distribution_at.size))


@pytest.mark.parametrize(("low", "high"), [(0.01, 1.0), (0.0, 0.99)], ids=["from below", "from above"])
def test_a_support_that_is_not_reached_at_one_end(low: float, high: float) -> None:
    misfit = explain_misfit(UNIT, low + (high - low) * evenly())
    assert misfit is not None
    assert misfit.endswith("too narrow")


@pytest.mark.parametrize("outside", [-1e-4, 1.0001], ids=["below", "above"])
def test_one_number_outside_is_enough_at_either_end(outside: float) -> None:
    misfit = explain_misfit(UNIT, np.append(evenly(), outside))
    assert misfit is not None
    assert misfit.startswith("support")


@pytest.mark.parametrize("width", [1.0, 1024.0])
@pytest.mark.parametrize("rounded", [-SUPPORT_SLACK, 1.0 + SUPPORT_SLACK])
def test_an_end_that_was_rounded_is_no_misfit(rounded: float, width: float) -> None:
    wide = Distribution("weight", "uniform", (0.0, width))
    assert explain_misfit(wide, width * np.append(evenly(), rounded)) is None


@pytest.mark.parametrize("is_low", [True, False], ids=["low", "high"])
@pytest.mark.parametrize(("factor", "fits"), [(0.99, False), (1.01, True)])
def test_a_part_of_the_support_that_n_numbers_can_hardly_miss(factor: float, fits: bool, is_low: bool) -> None:
    """n numbers lie below t with a chance of t^n, and above 1 - t with the same."""
    part = factor * (CONFIDENCE / 2) ** (1 / 20) * np.linspace(0, 1, 20)
    misfit = explain_misfit(UNIT, part if is_low else 1 - part)
    assert (misfit is None) is fits
    assert fits or misfit.endswith("too narrow")


def test_a_support_far_from_zero_is_as_wide_as_its_ends_are_apart() -> None:
    far = Distribution("weight", "uniform", (1000.0, 1001.0))
    assert explain_misfit(far, np.append(1000 + evenly(), 1000 - 1e-4)) is not None


@pytest.mark.parametrize("power", [0.8, 1.3], ids=["larger", "smaller"])
def test_a_mean_is_told_before_the_distance(power: float) -> None:
    misfit = explain_misfit(UNIT, evenly() ** power)
    assert misfit is not None
    assert misfit.startswith("mean")


@pytest.mark.parametrize("sign", [1, -1], ids=["wider", "narrower"])
def test_a_variance_that_no_distance_shows(sign: int) -> None:
    """Numbers moved outwards, or inwards, by less than the distance that is allowed."""
    grid = np.linspace(0, 1, 2001)
    drawn = invert(grid + sign * 0.9 * ALLOWED * np.sin(2 * np.pi * grid))
    misfit = explain_misfit(UNIT, drawn)
    assert misfit is not None
    assert misfit.startswith("standard deviation")


@pytest.mark.parametrize(("of_the_allowed", "fits"), [(0.97, True), (1.03, False)])
@pytest.mark.parametrize("sign", [1, -1], ids=["wider", "narrower"])
def test_a_variance_may_lie_as_far_off_as_its_range_allows(sign: int, of_the_allowed: float, fits: bool) -> None:
    """Moving numbers by a * sin(2 pi t) moves the mean of (u - 1/2)^2, which has a quarter of the range, by a / pi."""
    grid = np.linspace(0, 1, 2001)
    a = of_the_allowed * math.pi * ALLOWED / 4
    assert (explain_misfit(UNIT, invert(grid + sign * a * np.sin(2 * np.pi * grid))) is None) is fits


@pytest.mark.parametrize(("of_the_allowed", "fits"), [(0.998, True), (1.002, False)])
@pytest.mark.parametrize("is_up", [True, False], ids=["up", "down"])
def test_numbers_that_all_lie_to_one_side(is_up: bool, of_the_allowed: float, fits: bool) -> None:
    """All but one moved to one end, as far as the distance allows; their mean moves less, as the end stops some."""
    moved = np.minimum(evenly() + of_the_allowed * ALLOWED - 0.5 / COUNT, 1)
    moved[0] = 0
    misfit = explain_misfit(UNIT, moved if is_up else 1 - moved)
    assert (misfit is None) is fits
    assert fits or misfit.startswith("a distance")


@pytest.mark.parametrize("sign", [1, -1])
def test_a_distance_that_neither_mean_nor_variance_shows(sign: int) -> None:
    grid = np.linspace(0, 1, 2001)
    drawn = invert(grid + sign * 1.4 * ALLOWED * np.sin(6 * np.pi * grid))
    misfit = explain_misfit(UNIT, drawn)
    assert misfit is not None
    assert misfit.startswith("a distance")


@pytest.mark.parametrize("sign", [1, -1])
def test_less_than_is_allowed_is_no_misfit(sign: int) -> None:
    grid = np.linspace(0, 1, 2001)
    assert explain_misfit(UNIT, invert(grid + sign * 0.9 * ALLOWED * np.sin(6 * np.pi * grid))) is None
