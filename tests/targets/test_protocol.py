"""What a worker answers is an observation, or refused by name; nothing that it sends breaks the suite."""

from __future__ import annotations

import contextlib
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.case import Observation, Phase, Raised
from conformance.targets.errors import ProtocolError
from conformance.targets.protocol import decode_answer

NUMBER = 3
GOOD: dict[str, Any] = {
    "id": NUMBER,
    "phase": "backward",
    "parameters": {"weight": ("float32", (2, 1))},
    "values": {},
    "gradients": {"input": ("float32", (2,), struct.pack("2f", 1.0, 2.0))},
    "output": ("bfloat16", (1,), struct.pack("H", 0x3FC0)),
    "seconds": 0.5,
}
OPTIONAL = ("raised", "inferred", "lacking", "defaults", "other", "texts", "state")

# What execnet can move.
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.binary(max_size=20) | st.text()
)
KEYS = st.sampled_from(sorted([*GOOD, *OPTIONAL])) | st.text()
BUILTIN = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner))
# Answers, whole or in part, with whatever in the place of a field.
CHANGES = st.dictionaries(st.sampled_from([*GOOD, *OPTIONAL]), BUILTIN)
DTYPES = st.sampled_from([np.dtype(code).name for code in "bBhHiIlLefdFD"]) | st.text()
SHAPES = st.lists(st.integers(-1, 4) | st.integers(2**40, 2**62))


def test_a_result_is_an_observation() -> None:
    observation = decode_answer(GOOD, NUMBER)
    assert observation.phase is Phase.BACKWARD
    assert observation.parameters == {"weight": ("float32", (2, 1))}
    assert observation.gradients["input"].values.tolist() == [1.0, 2.0]
    assert observation.output is not None
    assert observation.output.dtype == "bfloat16"
    assert observation.output.values.tolist() == [1.5]
    assert observation.raised is None
    assert not observation.lacking


def test_what_is_saved_is_read_by_name() -> None:
    assert decode_answer({**GOOD, "state": {"weight": (2, 1)}}, NUMBER).state == {"weight": (2, 1)}
    assert decode_answer(GOOD, NUMBER).state is None
    for wrong in (["weight"], {"weight": 2}, {1: (2,)}, {"weight": (-1,)}):
        with pytest.raises(ProtocolError):
            decode_answer({**GOOD, "state": wrong}, NUMBER)


def test_two_texts_are_read_and_three_are_none() -> None:
    assert decode_answer({**GOOD, "texts": ["a", "b"]}, NUMBER).texts == ("a", "b")
    assert decode_answer(GOOD, NUMBER).texts is None
    for wrong in (["a"], ["a", "b", "c"], ["a", 1]):
        with pytest.raises(ProtocolError):
            decode_answer({**GOOD, "texts": wrong}, NUMBER)


def test_an_exception_that_says_lacking_is_told_as_it_was_raised() -> None:
    raised = {"phase": "forward", "class": "RuntimeError", "bases": ["Exception"], "message": "unregistered"}
    observation = decode_answer({**GOOD, "raised": raised, "lacking": "unregistered"}, NUMBER)
    assert observation.lacking
    assert observation.raised == Raised(Phase.FORWARD, "RuntimeError", ("Exception",), "unregistered")


def test_what_is_lacking_without_an_exception_has_no_class_of_the_framework() -> None:
    observation = decode_answer({**GOOD, "phase": "construct", "lacking": "no such API"}, NUMBER)
    assert observation.raised == Raised(Phase.CONSTRUCT, "Lacking", (), "no such API")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"id": 4}, "^the result of another call, int 4$"),
        ({"id": "3"}, "^the result of another call, str '3'$"),
        ({"phase": "nowhere"}, r"\(ValueError\)$"),
        ({"parameters": {1: ("float32", (2,))}}, r"\(TypeError\)$"),
        ({"parameters": {"weight": ("float32", (-2,))}}, r"\(TypeError\)$"),
        ({"output": ("object", (1,), bytes(8))}, r"\(ValueError\)$"),
        ({"output": ("U1", (1,), bytes(4))}, r"\(TypeError\)$"),
        ({"output": ("float32", (3,), bytes(4))}, r"\(ValueError\)$"),
        ({"output": ("float32", (2**62, 2**62), b"")}, r"\(ValueError\)$"),
        ({"output": ("float32", (1,), "text")}, r"\(TypeError\)$"),
        ({"output": None}, r"\(TypeError\)$"),
        ({"seconds": None}, r"\(TypeError\)$"),
        ({"raised": {"phase": "forward"}}, r"\(KeyError\)$"),
        ({"gradients": []}, r"\(TypeError\)$"),
        ({"inferred": ("float32",)}, r"\(ValueError\)$"),
    ],
    ids=repr,
)
def test_what_is_no_result_is_refused_by_name(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ProtocolError, match=sentence):
        decode_answer({**GOOD, **change}, NUMBER)


@pytest.mark.parametrize("answer", [None, 3, "text", [], {}, {"unsendable": "why"}], ids=repr)
def test_what_is_no_answer_is_refused_and_shown(answer: Any) -> None:
    with pytest.raises(ProtocolError, match=f"^{type(answer).__name__} "):
        decode_answer(answer, NUMBER)


@given(CHANGES)
def test_whatever_arrives_for_a_field_is_an_observation_or_refused(change: dict[str, Any]) -> None:
    with contextlib.suppress(ProtocolError):
        assert isinstance(decode_answer({**GOOD, **change, "id": NUMBER}, NUMBER), Observation)


@given(BUILTIN)
def test_whatever_arrives_is_refused(answer: Any) -> None:
    with pytest.raises(ProtocolError):
        decode_answer(answer, NUMBER)


@given(dtype=DTYPES, shape=SHAPES, data=st.binary())
def test_whatever_array_arrives_is_one_of_numbers_or_refused(dtype: str, shape: list[int], data: bytes) -> None:
    try:
        observation = decode_answer({**GOOD, "output": (dtype, shape, data)}, NUMBER)
    except ProtocolError:
        return
    assert observation.output is not None
    assert observation.output.values.dtype.kind in "biufc"
    assert observation.output.values.shape == tuple(shape)
