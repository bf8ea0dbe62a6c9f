"""Arrays against what the oracle expects, element by element."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from conformance.case import INTEGERS, Array, Divergence, Kind, TypedArray, Worst
from conformance.oracle.expectation import Expected
from conformance.oracle.rounding import round_to
from conformance.verdicts.sentences import describe_shape


@dataclass(frozen=True)
class Comparison:
    """Two arrays, element by element.

    Attributes:
        ratio: the largest error / bound.
        divergence: how shape or elements are wrong, if they are.
        other_dtype: that the dtype is another, where the elements are right all the same.
    """

    ratio: float
    divergence: Divergence | None
    other_dtype: Divergence | None = None


def compare_typed(subject: str, kind: Kind, expected: Expected, observed: TypedArray, dtype: str) -> Comparison:
    """Shape, then every element against its bound, then the dtype: a right number may come in another one.

    Args:
        kind: of a divergence; what is `Kind.VALUE` by its elements is `Kind.SHAPE` by its shape.
    """
    shape = observed.values.shape
    if shape != expected.value.shape:
        kind_of_shape = Kind.SHAPE if kind is Kind.VALUE else kind
        misshapen = Divergence(kind_of_shape, subject, describe_shape(expected.value.shape), describe_shape(shape))
        return Comparison(0.0, misshapen)
    are_integers = dtype in INTEGERS and observed.dtype in INTEGERS
    # A sum of integers is the same in a wider type, modulo 2**n in the type that it comes in.
    comparison = compare(subject, kind, expected, observed.values, observed.dtype if are_integers else dtype)
    if observed.dtype == dtype or comparison.divergence is not None:
        return comparison
    return replace(comparison, other_dtype=Divergence(Kind.DTYPE, subject, dtype, observed.dtype))


def compare(subject: str, kind: Kind, expected: Expected, observed: Array, dtype: str) -> Comparison:
    """Every element of an array of the expected shape against its bound.

    An element conforms when |observed - expected| <= bound; a bound of None is zero. NaN conforms to NaN alone, an
    infinity to itself alone, unless the bound itself is infinite.
    """
    value = round_expected(expected, dtype)
    # Integers of 64 bits must not pass through float64 on the way to their comparison.
    wide = observed.astype(np.result_type(value.dtype, observed.dtype), copy=False)
    same = find_same(wide, value)
    if same.all():
        return Comparison(0.0, None)
    bounds = fill_bound(expected)
    ratios = measure_ratios(wide, value, bounds, same)
    index = np.unravel_index(int(np.argmax(ratios)), ratios.shape)
    largest = float(ratios[index])
    if largest <= 1.0:
        return Comparison(largest, None)
    position = tuple(int(i) for i in index)
    worst = Worst(position, value[index].item(), wide[index].item(), float(bounds[index]))
    outside = int(np.count_nonzero(ratios > 1.0))
    return Comparison(
        largest,
        Divergence(
            kind,
            subject,
            f"{worst.expected!r} {describe_bound(worst.bound)} at {position}",
            f"{worst.observed!r}; {outside} of {ratios.size} elements outside the bound{describe_excess(largest)}",
            largest,
            worst,
        ),
    )


def find_same(observed: Array, expected: Array) -> npt.NDArray[np.bool_]:
    """Where two arrays are equal; a NaN is to a NaN."""
    same: npt.NDArray[np.bool_] = (observed == expected) | (np.isnan(observed) & np.isnan(expected))
    return same


def measure_ratios(observed: Array, expected: Array, bounds: Array, same: npt.NDArray[np.bool_]) -> Array:
    """The error of each element as a multiple of its bound; infinite where nothing may differ and something does.

    Args:
        same: where `observed` and `expected` are equal.
    """
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        ratios: Array = np.abs(observed - expected).astype(np.float64, copy=False)
        # In place from here on, as the arrays may be large.
        ratios[same] = 0.0
        # Between a number and a NaN, or two infinities, lies no finite distance.
        ratios[np.isnan(ratios)] = np.inf
        np.divide(ratios, bounds, out=ratios, where=ratios != 0)
    ratios[np.isinf(bounds)] = 0.0
    return ratios


def round_expected(expected: Expected, dtype: str) -> Array:
    """The expected elements as `dtype` holds them: exact ones may overflow."""
    return expected.value if expected.bound is not None else round_to(expected.value, dtype)


def fill_bound(expected: Expected) -> Array:
    """How far each element may lie from the expected one, an array of its shape."""
    if expected.bound is None:
        return np.zeros(expected.value.shape)
    return expected.bound


def describe_bound(bound: float) -> str:
    return "exactly" if bound == 0 else f"within {bound:.3g}"


def describe_excess(ratio: float) -> str:
    """How far outside a bound: fast algorithms stay within a few powers of two of it, a wrong operation does not."""
    if not math.isfinite(ratio):
        return ""
    return f", at most 2^{math.ceil(math.log2(ratio))} times it"
