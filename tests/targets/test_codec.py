"""Values and arrays arrive as they were sent: `codec` writes what the worker's `values` read, and the reverse."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import execnet
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from conformance.case import DType, Items, Numpy, Tensor
from conformance.targets import codec
from conformance.targets.remote.worker import values
from conformance.targets.remote.worker.apis import Lacking

ADAPTER = SimpleNamespace(
    FRAMEWORK="fake",
    DTYPES={"float16": "the framework's float16"},
    tensor=lambda array, dtype, layout: ("tensor", array.tolist(), dtype, layout),
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8"))
ARGUMENTS = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.lists(inner).map(tuple))
# What travels as numbers of its own size; bfloat16 is apart.
NUMBERS = st.sampled_from(["float16", "float32", "float64", "complex64", "complex128", "int8", "int32", "int64"])


def send(value: Any) -> Any:
    """What execnet makes of a value on its way."""
    return execnet.loads(execnet.dumps(value), py2str_as_py3str=True)


@given(ARGUMENTS)
def test_plain_arguments_arrive_as_they_were_sent(value: Any) -> None:
    assert values.decode_value(send(codec.encode_value(value)), ADAPTER) == value


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        (frozenset({1, 2}), {1, 2}),
        (Items("bytes", (2, 1)), b"\x02\x01"),
        (Items("dict", (2, 1)), {2: None, 1: None}),
        (DType("float16"), "the framework's float16"),
        (Tensor((2, 3)), ("tensor", [[1.0, 2.0, 3.0], [4.0, 5.0, 1.0]], "float32", "contiguous")),
        (Tensor(()), ("tensor", 1.0, "float32", "contiguous")),
        (Numpy("int64", 3), np.int64(3)),
        (Numpy("str_", "same"), np.str_("same")),
        ((1, Numpy("uint8", 2)), (1, np.uint8(2))),
    ],
    ids=repr,
)
def test_notations_arrive_as_what_they_mean(value: Any, arrives: Any) -> None:
    decoded = values.decode_value(send(codec.encode_value(value)), ADAPTER)
    assert decoded == arrives
    assert type(decoded) is type(arrives)


def test_a_generator_arrives_as_one_that_gives_its_items() -> None:
    decoded = values.decode_value(send(codec.encode_value(Items("generator", (2, 1)))), ADAPTER)
    assert inspect.isgenerator(decoded)
    assert list(decoded) == [2, 1]


def test_a_numpy_array_arrives_as_one() -> None:
    decoded = values.decode_value(send(codec.encode_value(Numpy("int32", (1, 2), is_array=True))), ADAPTER)
    assert decoded.dtype == "int32"
    assert decoded.tolist() == [1, 2]


def test_a_dtype_that_the_framework_lacks_is_told() -> None:
    with pytest.raises(Lacking, match="^no int8 tensor of fake is made by this adapter$"):
        values.decode_value(send(codec.encode_value(DType("int8"))), ADAPTER)


@given(NUMBERS.flatmap(lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, min_side=0))))
def test_arrays_arrive_bit_for_bit(array: Any) -> None:
    there = values.decode_array(send(codec.encode_array(array, array.dtype.name)))
    back = codec.decode_array(send(values.encode_array(there, array.dtype.name)))
    for arrived in (there, back.values):
        assert arrived.dtype == array.dtype
        assert arrived.shape == array.shape
        assert arrived.tobytes() == array.tobytes()
    assert back.dtype == array.dtype.name


@given(arrays.arrays("uint16", arrays.array_shapes()))
def test_bfloat16_travels_as_patterns_and_comes_back_as_float32(patterns: Any) -> None:
    back = codec.decode_array(send(values.encode_array(patterns, "bfloat16")))
    assert back.dtype == "bfloat16"
    assert back.values.dtype == "float32"
    assert back.values.view(np.uint32).tolist() == (patterns.astype(np.uint32) << 16).tolist()


@given(arrays.arrays("uint32", arrays.array_shapes(min_dims=0, min_side=0)))
def test_complex32_travels_as_patterns_and_comes_back_as_complex64(patterns: Any) -> None:
    there = values.decode_array(send(codec.encode_array(np.full(patterns.shape, 1 - 2j), "complex32")))
    assert there.dtype == "uint32"
    assert set(there.ravel().tolist()) <= {0xC0003C00}
    back = codec.decode_array(send(values.encode_array(patterns, "complex32")))
    assert (back.dtype, back.values.dtype, back.values.shape) == ("complex32", "complex64", patterns.shape)
    halves = np.ascontiguousarray(patterns).view("float16").reshape(*patterns.shape, 2).astype("float32")
    np.testing.assert_array_equal(back.values.real, halves[..., 0])
    np.testing.assert_array_equal(back.values.imag, halves[..., 1])


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.array([object()]), "what was returned is no array of numbers: object"),
        (np.array(["text"]), "what was returned is no array of numbers: <U4"),
        ("text", "what was returned is no array of numbers: str"),
    ],
)
def test_what_is_no_array_of_numbers_is_not_sent(array: Any, sentence: str) -> None:
    with pytest.raises(values.Unreadable, match=f"^{sentence}$"):
        values.encode_array(array, "float32")
