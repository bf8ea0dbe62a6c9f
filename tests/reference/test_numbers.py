"""Accumulation types, exact integers, and the one rounding at the end."""

from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

import conv_reference as reference
from tests.reference.cases import whole


@pytest.mark.parametrize(
    ("dtypes", "due"),
    [
        (("float16", "float16"), "float64"),
        (("float32", "float64"), "float64"),
        (("float64", "float64"), "float64"),
        (("complex64", "complex64"), "complex128"),
        (("float32", "complex64"), "complex128"),
        (("int8", "uint8"), "int64"),
        (("int64", "float32"), "float64"),
        (("uint64", "int8"), "int64"),
        ((ml_dtypes.bfloat16, "float16"), "float64"),
        ((ml_dtypes.bfloat16, ml_dtypes.bfloat16), "float64"),
    ],
)
def test_accumulation_type(dtypes, due):
    x, weight = np.ones((1, 1, 2, 3), dtypes[0]), np.ones((1, 1, 2, 2), dtypes[1])
    y = reference.conv2d(x, weight)
    assert y.dtype == due
    np.testing.assert_array_equal(y, np.full((1, 1, 1, 2), 4))
    assert all(g.dtype == due for g in reference.conv2d_gradients(x, weight, y))


def test_float16_does_not_overflow_or_round_on_the_way():
    x = np.full((1, 4, 1, 1), 60000, np.float16)
    weight = np.array([1, 1, -1, -1], np.float16).reshape(1, 4, 1, 1)
    assert reference.conv2d(x, weight).item() == 0
    big = np.array([2048, 1, -2048], np.float16).reshape(1, 3, 1, 1)
    assert reference.conv2d(big, np.ones((1, 3, 1, 1), np.float16)).item() == 1


@pytest.mark.parametrize("dtype", [bool, object, "U1", "datetime64[s]"])
def test_refuses_what_is_no_number(dtype):
    ok = np.ones((1, 1, 2, 2))
    bad = np.ones((1, 1, 2, 2)).astype(dtype)
    with pytest.raises(TypeError, match="x must hold"):
        reference.conv2d(bad, ok)
    with pytest.raises(TypeError, match="weight must hold"):
        reference.conv2d(ok, bad)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant == 52, reason="long double is float64 here")
def test_refuses_what_float64_cannot_hold():
    with pytest.raises(TypeError, match="x must hold"):
        reference.conv2d(np.ones((1, 1, 2, 2), np.longdouble), np.ones((1, 1, 2, 2)))


def test_integers_beyond_float64_are_exact():
    x = np.array([2**52 + 1, 3]).reshape(1, 2, 1, 1)
    weight = np.array([5, -7]).reshape(1, 2, 1, 1)
    y = reference.conv2d(x, weight, np.array([2]))
    assert y.item() == (2**52 + 1) * 5 - 21 + 2
    gradients = reference.conv2d_gradients(x, weight, np.array([[[[3]]]]))
    assert gradients.weight.ravel().tolist() == [3 * (2**52 + 1), 9]
    assert reference.conv_transpose2d(x, weight.reshape(2, 1, 1, 1)).item() == y.item() - 2


@pytest.mark.parametrize("largest", [2**32, -(2**62)])
def test_refuses_integers_that_may_wrap_around(largest):
    x, weight = np.full((1, 2, 1, 1), largest), np.full((1, 2, 1, 1), largest)
    with pytest.raises(ValueError, match="range of int64"):
        reference.conv2d(x, weight)
    with pytest.raises(ValueError, match="range of int64"):
        reference.conv2d_gradients(x, weight, np.full((1, 1, 1, 1), largest))
    with pytest.raises(ValueError, match="beyond int64"):
        reference.conv2d(np.full((1, 2, 1, 1), 2**63, np.uint64), weight)


def correctly_rounded(value: float, dtype) -> float:
    """The nearest number of a format, ties to even, by exact fractions among its neighbours."""
    near = float(np.float64(value).astype(dtype))
    bits = np.dtype(f"i{np.dtype(dtype).itemsize}")
    at = np.array(near).astype(dtype).view(bits)
    candidates = [float(np.array(at + step, bits).view(dtype)) for step in (-1, 0, 1)]
    exact = Fraction(value)
    return min(
        (c for c in candidates if np.isfinite(c)),
        key=lambda c: (abs(Fraction(c) - exact), int(np.array(c).astype(dtype).view(bits)) & 1),
    )


@pytest.mark.parametrize("dtype", ["float16", "float32", ml_dtypes.bfloat16], ids=str)
def test_rounds_once_to_nearest_even(dtype):
    """Halfway cases and their float64 neighbours, where rounding twice goes wrong."""
    base = np.array([1.0, 1.0 + 2.0**-7, 3.140625, 1e-3, 2.0**-20, 100.5])
    base = base.astype(dtype).astype(float)
    values = []
    for gap in (2.0**-8, 2.0**-9, 2.0**-11, 2.0**-12, 2.0**-24, 2.0**-25):
        for value in base * (1 + gap):
            values += [value, np.nextafter(value, 9e9), np.nextafter(value, -9e9), -value]
    x = np.array(values).reshape(1, 1, 1, -1)
    y = reference.conv2d(x, np.ones((1, 1, 1, 1)), dtype=dtype)
    assert y.dtype == np.dtype(dtype)
    due = [correctly_rounded(value, dtype) for value in values]
    np.testing.assert_array_equal(y.ravel().astype(float), due)


def test_rounding_twice_would_show():
    """Just above a tie of bfloat16: by way of float32 it would be that tie, and round down."""
    value = 1.0 + 2.0**-8 + 2.0**-40
    assert float(np.float32(value).astype(ml_dtypes.bfloat16)) == 1.0
    y = reference.conv2d(np.full((1, 1, 1, 1), value), np.ones((1, 1, 1, 1)), dtype=ml_dtypes.bfloat16)
    assert float(y.item()) == 1.0 + 2.0**-7


def test_rounds_overflow_to_infinity_and_integers_where_they_fit():
    one = np.ones((1, 1, 1, 1))
    for dtype in (np.float16, np.float32, ml_dtypes.bfloat16):
        assert np.isposinf(reference.conv2d(one * 1e300, one, dtype=dtype).astype(float)).all()
    whole_one = one.astype(int)
    y = reference.conv2d(whole_one * -128, whole_one, dtype="int8")
    assert (y.dtype, y.item()) == (np.int8, -128)
    with pytest.raises(ValueError, match="does not fit int8"):
        reference.conv2d(whole_one * 128, whole_one, dtype="int8")
    assert reference.conv2d(whole_one, whole_one, dtype="float32").dtype == np.float32
    with pytest.raises(TypeError, match="does not round"):
        reference.conv2d(one, one, dtype="int8")
    with pytest.raises(TypeError, match="complex"):
        reference.conv2d(one * 1j, one, dtype="float32")
    assert reference.conv2d(one, one, dtype="complex64").dtype == np.complex64


@pytest.mark.parametrize("dtype", ["bool", "U3", "nonsense", object])
def test_refuses_to_round_to_what_is_no_number(dtype):
    one = np.ones((1, 1, 1, 1))
    with pytest.raises(TypeError):
        reference.conv2d(one, one, dtype=dtype)


def test_gradients_round_too():
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((1, 2, 4, 4)), rng.standard_normal((2, 2, 2, 2))
    grad = rng.standard_normal((1, 2, 3, 3))
    exact = reference.conv2d_gradients(x, weight, grad)
    rounded = reference.conv2d_gradients(x, weight, grad, dtype="float32")
    for full, short in zip(exact, rounded, strict=True):
        np.testing.assert_array_equal(short, full.astype(np.float32), strict=True)


def test_complex_gradients_are_adjoint():
    """Re<conv(x), g> changes with x and weight at the rate of the gradients, conjugated."""
    rng = np.random.default_rng(1)
    x, weight = whole(rng, 1, 2, 3, 4, kind=complex), whole(rng, 2, 2, 2, 2, kind=complex)
    for function, backward in (
        (reference.conv2d, reference.conv2d_gradients),
        (reference.conv_transpose2d, reference.conv_transpose2d_gradients),
    ):
        y = function(x, weight)
        grad = whole(rng, *y.shape, kind=complex)
        gradients = backward(x, weight, grad)
        due = np.vdot(y, grad)
        assert np.vdot(x, gradients.x) == due == np.vdot(weight, gradients.weight)
