"""Argument values: read from YAML, written as JSON and as Python source; each notation means one value."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.case import MAX_AXES, DType, Items, Numpy, Tensor, Value
from conformance.case.values import from_yaml, to_json, to_source
from tests.profiles import REPEATABLE

NOTATIONS = [
    pytest.param({"list": [3, 3]}, [3, 3], id="list"),
    pytest.param({"set": [1, 2]}, frozenset({1, 2}), id="set"),
    pytest.param({"bytes": [2, 1]}, Items("bytes", (2, 1)), id="bytes"),
    pytest.param({"dict": [2, 1]}, Items("dict", (2, 1)), id="dict"),
    pytest.param({"generator": [2, 1]}, Items("generator", (2, 1)), id="generator"),
    pytest.param([1, [2, 3]], (1, (2, 3)), id="tuple"),
    pytest.param({"numpy": "int64", "value": 3}, Numpy("int64", 3), id="NumPy scalar"),
    pytest.param({"numpy": "int64", "array": 3}, Numpy("int64", 3, is_array=True), id="NumPy array"),
    pytest.param({"dtype": "float16"}, DType("float16"), id="dtype"),
    pytest.param({"tensor": [8, 4, 3, 3]}, Tensor((8, 4, 3, 3)), id="tensor"),
    pytest.param({"float": "-inf"}, -math.inf, id="infinity"),
    pytest.param(None, None, id="none"),
    pytest.param(True, True, id="bool"),
    pytest.param(1.5, 1.5, id="float"),
    pytest.param("same", "same", id="text"),
]


@pytest.mark.parametrize(("node", "value"), NOTATIONS)
def test_a_notation_means_its_value(node: Any, value: Value) -> None:
    assert from_yaml(node) == value
    assert type(from_yaml(node)) is type(value)


@pytest.mark.parametrize(("node", "value"), NOTATIONS)
def test_json_is_the_notation(node: Any, value: Value) -> None:
    assert to_json(value) == node


def test_not_a_number_has_a_notation() -> None:
    assert math.isnan(from_yaml({"float": "nan"}))
    assert to_json(math.nan) == {"float": "nan"}


def test_strings_are_what_a_spec_makes_of_them() -> None:
    assert from_yaml(["n", {"list": ["n"]}, {"tensor": ["n", 2]}], lambda text: 7) == (7, [7], Tensor((7, 2)))


@pytest.mark.parametrize(
    ("node", "message"),
    [
        pytest.param({"tuple": [1]}, "unknown value notation", id="unknown"),
        pytest.param({"list": 3}, "list: expected a list", id="no list"),
        pytest.param({"set": [{"list": []}]}, "set: ", id="not hashable"),
        pytest.param({"bytes": [256]}, "bytes: expected integers from 0 to 255", id="not a byte"),
        pytest.param({"generator": ["a"]}, "generator: expected integers", id="not integers"),
        pytest.param({"tensor": [-1]}, "integers >= 0", id="negative size"),
        pytest.param({"tensor": [True]}, "integers >= 0", id="bool for a size"),
        pytest.param({"float": "1"}, "unknown value notation", id="a number that YAML has"),
        pytest.param({"numpy": "float8", "value": 1}, "unknown dtype 'float8'", id="unknown dtype"),
        pytest.param({"numpy": ["int8"], "value": 1}, "unknown dtype", id="dtype of another type"),
        pytest.param({"numpy": "int8", "value": "x"}, "is no int8", id="no number"),
        pytest.param({"numpy": "int8", "value": [1, 2]}, "write array for an array", id="array for a scalar"),
        pytest.param({"numpy": "int8", "value": 1, "array": 1}, "unknown value notation", id="both"),
    ],
)
def test_what_is_no_notation_is_refused(node: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_yaml(node)


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    PLAIN | st.builds(Tensor, st.lists(st.integers(0, 9), max_size=MAX_AXES).map(tuple)) | st.builds(DType, st.text()),
    lambda items: st.lists(items) | st.lists(items).map(tuple),
)


@settings(REPEATABLE)
@given(VALUES)
def test_what_is_written_as_json_is_read_as_the_same_value(value: Value) -> None:
    assert from_yaml(json.loads(json.dumps(to_json(value)))) == value


SOURCES = st.recursive(PLAIN, lambda items: st.lists(items) | st.lists(items).map(tuple))


@settings(REPEATABLE)
@given(SOURCES)
def test_source_evaluates_to_the_same_value(value: Value) -> None:
    evaluated = eval(to_source(value, str))
    assert evaluated == value
    assert type(evaluated) is type(value)


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ((), "()"),
        ((1,), "(1,)"),
        (frozenset(), "set()"),
        (frozenset({2, 1}), "{1, 2}"),
        (Items("bytes", (2, 1)), r"b'\x02\x01'"),
        (Items("dict", (2, 1)), "dict.fromkeys([2, 1])"),
        (Items("generator", (2, 1)), "(item for item in [2, 1])"),
        (Numpy("int64", 3), "np.int64(3)"),
        (Numpy("int64", (1, 2), is_array=True), "np.array((1, 2), dtype=np.int64)"),
        (DType("float16"), "torch.float16"),
        ([DType("float16")], "[torch.float16]"),
        (Tensor((2, 3)), "<tensor of shape (2, 3)>"),
        (math.nan, "float('nan')"),
    ],
)
def test_source_is_as_a_person_would_type_it(value: Value, source: str) -> None:
    assert to_source(value, lambda name: f"torch.{name}") == source


def test_a_numpy_scalar_is_a_plain_number_in_json() -> None:
    written = to_json(np.float32(0.5))
    assert written == 0.5
    assert type(written) is float
