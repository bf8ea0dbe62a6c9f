"""Each element against its bound. Expectations: the definition in DESIGN.md, Numbers, and IEEE 754."""

from __future__ import annotations

import math

import numpy as np
import pytest

from conformance.case import Kind, TypedArray
from conformance.oracle.expectation import Expected
from conformance.verdicts.comparison import Comparison, compare, typed

NAN, INF = math.nan, math.inf


def compared(expected: object, bound: object, observed: object, dtype: str = "float32") -> Comparison:
    bounds = None if bound is None else np.array(bound, dtype=float)
    return compare("output", Kind.VALUE, Expected(np.array(expected), bounds), np.array(observed, dtype=dtype), dtype)


@pytest.mark.parametrize(
    ("error", "conforms"),
    [(0.0, True), (0.25, True), (-0.25, True), (np.nextafter(np.float32(0.25), 1), False), (-0.5, False)],
)
def test_an_error_of_the_bound_conforms_and_the_next_number_does_not(error: float, conforms: bool) -> None:
    found = compared([0.0, 1.0], [0.25, 0.25], [error, 1.0])
    assert (found.divergence is None) is conforms
    assert found.ratio == abs(error) / 0.25


def test_every_element_has_its_own_bound() -> None:
    assert compared([0.0, 0.0], [1.0, 0.1], [0.9, 0.0]).divergence is None
    found = compared([[0.0, 0.0]], [[1.0, 0.1]], [[0.0, 0.9]])
    assert found.divergence is not None
    assert found.divergence.worst is not None
    assert found.divergence.worst.index == (0, 1)
    assert found.divergence.worst.observed == pytest.approx(0.9)
    assert found.ratio == pytest.approx(9.0)
    assert "at most 2^4" in found.divergence.observed


@pytest.mark.parametrize("bound", [None, [0.0]])
def test_without_a_bound_one_unit_in_the_last_place_diverges(bound: object) -> None:
    assert compared([1.0], bound, [1.0]).divergence is None
    found = compared([1.0], bound, [np.nextafter(np.float32(1), 2)])
    assert found.divergence is not None
    assert found.ratio == INF
    assert "exactly" in found.divergence.expected


@pytest.mark.parametrize(
    ("expected", "observed", "conforms"),
    [
        (NAN, NAN, True),
        (NAN, 0.0, False),
        (0.0, NAN, False),
        (INF, INF, True),
        (INF, -INF, False),
        (INF, 3.0e38, False),
        (1.0, INF, False),
        (INF, NAN, False),
        (0.0, -0.0, True),
    ],
)
@pytest.mark.parametrize("bound", [None, 1e-3])
def test_what_is_no_number_conforms_to_itself_alone(
    expected: float, observed: float, conforms: bool, bound: float | None
) -> None:
    found = compared([expected], None if bound is None else [bound], [observed])
    assert (found.divergence is None) is conforms


def test_a_bound_of_infinity_says_nothing() -> None:
    assert compared([1.0], [INF], [INF]).divergence is None


def test_a_bound_that_is_no_number_hides_nothing() -> None:
    assert compared([1.0], [NAN], [2.0]).divergence is not None


def test_exact_values_beyond_the_type_are_infinite_in_it() -> None:
    assert compared([1e39], None, [INF]).divergence is None
    assert compared([65536.0], None, [INF], "float16").divergence is None


def test_complex_numbers_are_compared_by_modulus() -> None:
    assert compared([1 + 1j], [5.0], [4 + 5j], "complex64").divergence is None
    assert compared([1 + 1j], [4.9], [4 + 5j], "complex64").divergence is not None


def test_integers_are_compared_exactly_where_float64_could_not() -> None:
    expected = np.array([2**53 + 1], dtype=np.int64)
    found = compare("output", Kind.VALUE, Expected(expected, None), np.array([2**53]), "int64")
    assert found.divergence is not None


def test_nothing_to_compare_conforms() -> None:
    assert compared(np.zeros((0, 3)), None, np.zeros((0, 3))) == Comparison(0.0, None)


def test_shape_comes_before_dtype_and_dtype_before_values() -> None:
    expected = Expected(np.zeros((2, 3)), None)

    def kind(array: TypedArray, of: Kind = Kind.VALUE) -> Kind | None:
        found = typed("output", of, expected, array, "float32").divergence
        return found and found.kind

    assert kind(TypedArray("float64", np.ones((3, 2)))) is Kind.SHAPE
    assert kind(TypedArray("float64", np.ones((3, 2))), Kind.GRADIENT) is Kind.GRADIENT
    assert kind(TypedArray("float64", np.ones((2, 3)))) is Kind.DTYPE
    assert kind(TypedArray("float32", np.ones((2, 3)))) is Kind.VALUE
    assert kind(TypedArray("float32", np.zeros((2, 3)))) is None
    assert kind(TypedArray("float32", np.zeros((1, 2, 3)))) is Kind.SHAPE, "broadcasting is no agreement"
