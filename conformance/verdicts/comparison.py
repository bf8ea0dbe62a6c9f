"""What was observed against what was expected, element by element."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from conformance.case import INTEGERS, Array, Kind, TypedArray, Worst
from conformance.oracle import inputs
from conformance.oracle.expectation import Expected


@dataclass(frozen=True)
class Divergence:
    """One way in which what was observed is not what was expected."""

    kind: Kind
    subject: str
    expected: str
    observed: str
    ratio: float | None = None
    worst: Worst | None = None


@dataclass(frozen=True)
class Comparison:
    """Arrays compared element by element: the largest error / bound, and the divergence if there is one."""

    ratio: float
    divergence: Divergence | None


def typed(subject: str, kind: Kind, expected: Expected, observed: TypedArray, dtype: str) -> Comparison:
    """Shape, dtype, then every element against its bound."""
    if observed.values.shape != expected.value.shape:
        return Comparison(
            0.0,
            Divergence(
                Kind.SHAPE if kind is Kind.VALUE else kind,
                subject,
                shown(expected.value.shape),
                shown(observed.values.shape),
            ),
        )
    if observed.dtype != dtype:
        return Comparison(0.0, Divergence(Kind.DTYPE, subject, dtype, observed.dtype))
    return compare(subject, kind, expected, observed.values, dtype)


def compare(subject: str, kind: Kind, expected: Expected, observed: Array, dtype: str) -> Comparison:
    """Every element of an array of the expected shape against its bound.

    An element conforms when |observed - expected| <= bound (DESIGN.md, Numbers); a bound of None is zero. NaN
    conforms to NaN alone, an infinity to itself alone, unless the bound itself is infinite.
    """
    if expected.value.size == 0:
        return Comparison(0.0, None)
    value, allowed = awaited(expected, dtype), bound(expected)
    wide = observed.astype(np.result_type(value.dtype, observed.dtype), copy=False)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        same = (wide == value) | (np.isnan(wide) & np.isnan(value))
        error = np.where(same, 0.0, np.abs(wide - value)).astype(np.float64)
        error = np.where(np.isnan(error), np.inf, error)
        ratio = np.where(error == 0, 0.0, error / allowed)
        ratio = np.where(np.isinf(allowed), 0.0, ratio)
    worst = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    largest = float(ratio[worst])
    if largest <= 1.0:
        return Comparison(largest, None)
    wrong = int(np.count_nonzero(ratio > 1.0))
    index = tuple(int(i) for i in worst)
    found = Worst(index, value[worst].item(), wide[worst].item(), float(allowed[worst]))
    within = "exactly" if found.bound == 0 else f"within {found.bound:.3g}"
    return Comparison(
        largest,
        Divergence(
            kind,
            subject,
            f"{found.expected!r} {within} at {index}",
            f"{found.observed!r}; {wrong} of {ratio.size} elements outside the bound" + _excess(largest),
            largest,
            found,
        ),
    )


def awaited(expected: Expected, dtype: str) -> Array:
    """The expected elements as `dtype` holds them: exact ones may overflow."""
    if expected.bound is not None or dtype in INTEGERS:
        return expected.value
    return inputs.rounded(expected.value, dtype)


def bound(expected: Expected) -> Array:
    """How far each element may lie from the expected one."""
    return np.zeros(expected.value.shape) if expected.bound is None else expected.bound


def _excess(ratio: float) -> str:
    """How far outside a bound: fast algorithms stay within a few powers of two of it, a wrong operation does not."""
    return f", at most 2^{math.ceil(math.log2(ratio))} times it" if math.isfinite(ratio) else ""


def shown(shape: tuple[int, ...] | None) -> str:
    return "absent" if shape is None else f"shape {tuple(shape)}"
