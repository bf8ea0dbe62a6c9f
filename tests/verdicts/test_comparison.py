"""Each element against its bound. Expectations: |observed - expected| <= bound, and IEEE 754."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from conformance.case import Kind, TypedArray
from conformance.oracle.expectation import Expected
from conformance.verdicts.comparison import Comparison, compare, compare_typed

NAN, INF = math.nan, math.inf


def compare_with(expected: object, bound: object, observed: object, dtype: str = "float32") -> Comparison:
    bounds = None if bound is None else np.array(bound, dtype=float)
    return compare("output", Kind.VALUE, Expected(np.array(expected), bounds), np.array(observed, dtype=dtype), dtype)


@pytest.mark.parametrize(
    ("error", "conforms"),
    [(0.0, True), (0.25, True), (-0.25, True), (np.nextafter(np.float32(0.25), 1), False), (-0.5, False)],
)
def test_an_error_of_the_bound_conforms_and_the_next_number_does_not(error: float, conforms: bool) -> None:
    comparison = compare_with([0.0, 1.0], [0.25, 0.25], [error, 1.0])
    assert (comparison.divergence is None) is conforms
    assert comparison.ratio == abs(error) / 0.25


@pytest.mark.parametrize(("observed", "conforms"), [([0.9, 0.0], True), ([0.0, 0.9], False)])
def test_every_element_has_its_own_bound(observed: list[float], conforms: bool) -> None:
    assert (compare_with([0.0, 0.0], [1.0, 0.1], observed).divergence is None) is conforms


def test_a_divergence_tells_its_worst_element() -> None:
    comparison = compare_with([[0.0, 0.0]], [[1.0, 0.1]], [[2.0, 0.9]])
    assert comparison.ratio == pytest.approx(9.0)
    divergence = comparison.divergence
    assert divergence is not None
    assert divergence.expected == "0.0 within 0.1 at (0, 1)"
    assert divergence.observed.endswith("; 2 of 2 elements outside the bound, at most 2^4 times it")
    assert divergence.worst is not None
    assert divergence.worst.index == (0, 1)
    assert divergence.worst.observed == pytest.approx(0.9)


@pytest.mark.parametrize("bound", [None, [0.0]])
def test_without_a_bound_one_unit_in_the_last_place_diverges(bound: object) -> None:
    comparison = compare_with([1.0], bound, [np.nextafter(np.float32(1), 2)])
    assert comparison.ratio == INF
    assert comparison.divergence is not None
    assert comparison.divergence.expected == "1.0 exactly at (0,)"


@pytest.mark.parametrize("bound", [None, [0.0]])
def test_without_a_bound_the_number_itself_conforms(bound: object) -> None:
    assert compare_with([1.0], bound, [1.0]).divergence is None


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
    comparison = compare_with([expected], None if bound is None else [bound], [observed])
    assert (comparison.divergence is None) is conforms


def test_a_bound_of_infinity_says_nothing() -> None:
    assert compare_with([1.0], [INF], [INF]).divergence is None


def test_a_bound_that_is_no_number_hides_nothing() -> None:
    assert compare_with([1.0], [NAN], [2.0]).divergence is not None


@pytest.mark.parametrize(("expected", "dtype"), [(1e39, "float32"), (65536.0, "float16")])
def test_exact_values_beyond_the_type_are_infinite_in_it(expected: float, dtype: str) -> None:
    assert compare_with([expected], None, [INF], dtype).divergence is None


@pytest.mark.parametrize(("bound", "conforms"), [(5.0, True), (4.9, False)])
def test_complex_numbers_are_compared_by_modulus(bound: float, conforms: bool) -> None:
    assert (compare_with([1 + 1j], [bound], [4 + 5j], "complex64").divergence is None) is conforms


def test_integers_are_compared_exactly_where_float64_could_not() -> None:
    expected = np.array([2**53 + 1], dtype=np.int64)
    comparison = compare("output", Kind.VALUE, Expected(expected, None), np.array([2**53]), "int64")
    assert comparison.divergence is not None


def test_nothing_to_compare_conforms() -> None:
    assert compare_with(np.zeros((0, 3)), None, np.zeros((0, 3))) == Comparison(0.0, None)


@pytest.mark.parametrize(
    ("observed", "kind"),
    [
        pytest.param(TypedArray("float64", np.ones((3, 2))), Kind.SHAPE, id="everything"),
        pytest.param(TypedArray("float64", np.ones((2, 3))), Kind.VALUE, id="dtype and values"),
        pytest.param(TypedArray("float32", np.ones((2, 3))), Kind.VALUE, id="values"),
        pytest.param(TypedArray("float32", np.zeros((1, 2, 3))), Kind.SHAPE, id="broadcasting is no agreement"),
    ],
)
def test_shape_comes_before_values_and_values_before_the_dtype(observed: TypedArray, kind: Kind) -> None:
    comparison = compare_typed("output", Kind.VALUE, Expected(np.zeros((2, 3)), None), observed, "float32")
    assert comparison.divergence is not None
    assert comparison.divergence.kind is kind


def test_another_shape_has_no_ratio() -> None:
    observed = TypedArray("float32", np.zeros(3, np.float32))
    assert compare_typed("output", Kind.VALUE, Expected(np.zeros(2), None), observed, "float32").ratio == 0.0


@pytest.mark.parametrize(
    ("expected", "bound", "observed"),
    [
        pytest.param([1.0], [0.0], [2.0], id="nothing may differ"),
        pytest.param([INF], [1.0], [INF], id="infinities"),
        pytest.param([1e308], [1.0], [-1e308], id="too far apart for a number"),
        pytest.param([1.0], [1e-300], [1e300], id="a ratio too large for a number"),
    ],
)
def test_a_comparison_warns_of_nothing(expected: list[float], bound: list[float], observed: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare_with(expected, bound, observed, "float64")


def test_a_gradient_of_another_shape_is_still_a_gradient() -> None:
    observed = TypedArray("float32", np.zeros((3, 2)))
    comparison = compare_typed("grad_input", Kind.GRADIENT, Expected(np.zeros((2, 3)), None), observed, "float32")
    assert comparison.divergence is not None
    assert comparison.divergence.kind is Kind.GRADIENT


def test_an_array_of_the_same_shape_dtype_and_values_conforms() -> None:
    observed = TypedArray("float32", np.zeros((2, 3)))
    expected = Expected(np.zeros((2, 3)), None)
    assert compare_typed("output", Kind.VALUE, expected, observed, "float32") == Comparison(0.0, None)


def test_right_values_of_another_dtype_are_told_apart_from_wrong_ones() -> None:
    observed = TypedArray("float64", np.zeros((2, 3)))
    comparison = compare_typed("output", Kind.VALUE, Expected(np.zeros((2, 3)), None), observed, "float32")
    assert comparison.divergence is None
    assert comparison.other_dtype is not None
    assert (comparison.other_dtype.kind, comparison.other_dtype.observed) == (Kind.DTYPE, "float64")
