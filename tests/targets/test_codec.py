"""Arrays on the wire: dtype, shape and bits arrive as they were sent."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.case import DTYPES, INTEGERS
from conformance.oracle.rounding import round_to
from conformance.targets.codec import decode_array, encode_array


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0, 2), (3,), (2, 1, 3)])
def test_dtype_shape_and_elements_arrive(dtype: str, shape: tuple[int, ...]) -> None:
    array = round_to(np.random.default_rng(0).integers(-9, 9, shape) * 0.5, dtype)
    arrived = decode_array(encode_array(array, dtype))
    assert arrived.dtype == dtype
    assert arrived.values.shape == shape
    np.testing.assert_array_equal(arrived.values, array)


@pytest.mark.parametrize("dtype", [dtype for dtype in DTYPES if dtype not in INTEGERS])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, -0.0, 0.0])
def test_what_is_no_number_arrives_and_so_does_the_sign_of_zero(dtype: str, number: float) -> None:
    arrived = np.asarray(decode_array(encode_array(np.array([number]), dtype)).values).real
    np.testing.assert_array_equal(arrived, [number])
    assert np.isnan(number) or np.signbit(arrived[0]) == np.signbit(number)
