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
        (("float16", "complex128"), "complex128"),
        (("int64", "complex64"), "complex128"),
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


@pytest.mark.parametrize("dtype", [bool, object, "U1", "datetime64[s]", ml_dtypes.float8_e5m2, ml_dtypes.int4])
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


def test_bfloat16_is_named_without_ml_dtypes(monkeypatch):
    """Which is what tells NumPy the name."""
    monkeypatch.delitem(np.sctypeDict, "bfloat16")
    assert reference.number_format("bfloat16").precision == 8
    assert reference.number_format(np.dtype("float16")).precision == 11


def test_empty_integers_are_integers():
    for dtype in ("uint64", "int8"):
        x, weight = np.ones((0, 1, 2, 3), dtype), np.ones((2, 1, 2, 2), dtype)
        y = reference.conv2d(x, weight, dtype="int8")
        assert (y.shape, y.dtype) == ((0, 2, 1, 2), np.int8)
        assert reference.conv2d_gradients(x, weight, y).x.dtype == np.int64


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, 2**54 - 1, 2**63 - 1, 1 - 2**63])
def test_an_integer_of_any_length_is_kept(value):
    one = np.ones((1, 1, 1, 1), int)
    assert reference.conv2d(one * value, one).item() == value
    assert reference.conv2d(one, one * value).item() == value
    assert [gradient.item() for gradient in reference.conv2d_gradients(one, one, one * value)] == [value] * 3


@pytest.mark.parametrize("value", [2**52, -(2**52)])
@pytest.mark.parametrize("bias", [1, -1])
def test_a_sum_of_integers_and_a_bias_is_exact(value, bias):
    """Its terms, and all but the last of its sums, fit float64."""
    x, one = np.full((1, 2, 1, 1), value), np.ones((1, 2, 1, 1), int)
    assert reference.conv2d(x, one, np.array([bias])).item() == 2 * value + bias


@pytest.mark.parametrize(
    ("x", "bias"), [([2**62, 2**62], None), ([2**62, 2**62 - 1], 2), ([-(2**63), 0], None), ([2**61, 2**62], -(2**62))]
)
def test_refuses_integers_whose_sum_reaches_beyond_int64(x, bias):
    x, one = np.array(x).reshape(1, 2, 1, 1), np.ones((1, 2, 1, 1), int)
    with pytest.raises(ValueError, match="a sum of 2 such products may pass the range of int64"):
        reference.conv2d(x, one, None if bias is None else np.array([bias]))
    x[...] = 2**61
    assert reference.conv2d(x, one, np.array([2**62 - 1])).item() == 2**63 - 1


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


@pytest.mark.parametrize("shape", [(0, 2, 1, 1), (1, 2, 1, 1)])
def test_nothing_wraps_around_where_all_products_are_zero(shape):
    x, weight = np.zeros(shape, int), np.full((1, 2, 1, 1), 2**62)
    y = reference.conv2d(x, weight)
    assert not y.any()
    assert not reference.conv2d_gradients(x, weight, y).x.any()


def test_lists_are_arrays():
    y = reference.conv2d([[[[1.0, 2.0]]]], [[[[3.0]]]], [0.5])
    assert y.tolist() == [[[[3.5, 6.5]]]]


@pytest.mark.parametrize("dtype", ["uint8", "uint64", "int32"])
def test_unsigned_integers_up_to_int64_are_taken(dtype):
    largest = min(int(np.iinfo(dtype).max), 2**63 - 1)
    x = np.full((1, 1, 1, 1), largest, dtype)
    assert reference.conv2d(x, np.ones((1, 1, 1, 1), "int8")).item() == largest


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


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ml_dtypes.bfloat16], ids=str)
@pytest.mark.parametrize("power", [3, 10, 15, 30, 53, 54, 60, 62])
def test_integers_are_rounded_once_too(dtype, power):
    """Powers of two, the ties behind them in each format, and what lies beside those."""
    around = {2**power + 2**gap + offset for gap in range(power) for offset in (-1, 0, 1)}
    around |= {2**power + 2 ** (power - 8) + sign * 2**gap for gap in range(power - 8) for sign in (-1, 1)}
    values = np.array(sorted(sign * value for sign in (1, -1) for value in around))
    y = reference.conv2d(values.reshape(1, 1, 1, -1), np.ones((1, 1, 1, 1), int), dtype=dtype).ravel().astype(float)
    finite = np.abs(values) < 65520 if dtype == "float16" else np.full(values.shape, True)
    np.testing.assert_array_equal(np.isfinite(y), finite)
    np.testing.assert_array_equal(y[finite], [correctly_rounded(value, dtype) for value in values[finite].tolist()])


def test_no_rounding_warns_or_raises():
    """Whatever the caller wants to be told of."""
    ends = np.array([1e300, -1e300, 1e-300, 2.0**-149, np.inf, np.nan]).reshape(1, 1, 1, -1)
    with np.errstate(all="raise"):
        for dtype in ("float16", "float32", "complex64", ml_dtypes.bfloat16):
            y = reference.conv2d(ends, np.ones((1, 1, 1, 1)), dtype=dtype).ravel()
            assert y[:3].tolist() == [np.inf, -np.inf, 0.0]
            assert np.isnan(y[5])


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
    for dtype, limit in (("int8", 127), ("uint16", 2**16 - 1)):
        assert reference.conv2d(whole_one * limit, whole_one, dtype=dtype).item() == limit
        with pytest.raises(ValueError, match=f"does not fit {dtype}"):
            reference.conv2d(whole_one * (limit + 1), whole_one, dtype=dtype)
    with pytest.raises(ValueError, match="does not fit int8"):
        reference.conv2d(whole_one * -129, whole_one, dtype="int8")
    for beside in (-129, 128):
        with pytest.raises(ValueError, match="does not fit int8"):
            reference.conv2d(np.array([[[[beside, 5]]]]), whole_one, dtype="int8")
    for dtype in ("float32", ml_dtypes.bfloat16):
        with pytest.raises(TypeError, match="a complex result does not round to"):
            reference.conv2d(one * 1j, one, dtype=dtype)
    third = reference.conv2d(one * (1 / 3 - 1e-9j), one, dtype="complex64")
    np.testing.assert_array_equal(
        third, np.full((1, 1, 1, 1), np.float32(1 / 3) - 1j * np.float32(1e-9), "c8"), strict=True
    )
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
