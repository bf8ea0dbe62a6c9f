"""What a worker answers is an observation, or refused by name; nothing that it sends breaks the suite."""

from __future__ import annotations

import contextlib
import struct
import time
from typing import Any

import execnet
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.case import Observation, Phase
from conformance.targets import codec
from conformance.targets.errors import ProtocolError
from conformance.targets.protocol import observation
from conformance.targets.remote.worker import decode, repeatable, without_traces

GOOD: dict[str, Any] = {
    "id": 3,
    "phase": "backward",
    "parameters": {"weight": ("float32", (2, 1))},
    "values": {},
    "gradients": {"input": ("float32", (2,), struct.pack("2f", 1.0, 2.0))},
    "output": ("bfloat16", (1,), struct.pack("H", 0x3FC0)),
    "seconds": 0.5,
}
# What execnet can move.
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.binary(max_size=20) | st.text()
)
DTYPES = st.sampled_from([np.dtype(code).name for code in "bBhHiIlLefdFD"])
BUILTIN = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner, inner)
        | st.dictionaries(st.text() | st.sampled_from(sorted(GOOD)), inner, max_size=6)
    ),
    max_leaves=12,
)


@given(st.recursive(st.integers() | st.text(st.characters(codec="utf-8")), lambda v: st.lists(v) | st.tuples(v)))
def test_arguments_arrive_as_they_were_sent(value: Any) -> None:
    sent = execnet.loads(execnet.dumps(codec.value_to_wire(value)), py2str_as_py3str=True)
    assert decode(sent, None) == value


def test_a_result_is_an_observation() -> None:
    found = observation(GOOD, 3)
    assert found.phase is Phase.BACKWARD
    assert found.parameters == {"weight": ("float32", (2, 1))}
    assert found.gradients["input"].values.tolist() == [1.0, 2.0]
    assert found.output is not None
    assert found.output.dtype == "bfloat16"
    assert found.output.values.tolist() == [1.5]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": 4}, "another call, int 4"),
        ({"phase": "nowhere"}, "ValueError"),
        ({"parameters": {1: ("float32", (2,))}}, "TypeError"),
        ({"parameters": {"weight": ("float32", (-2,))}}, "TypeError"),
        ({"output": ("object", (1,), bytes(8))}, "ValueError"),
        ({"output": ("U1", (1,), bytes(4))}, "TypeError"),
        ({"output": ("float32", (3,), bytes(4))}, "ValueError"),
        ({"output": ("float32", (2**62, 2**62), b"")}, "ValueError"),
        ({"output": ("float32", (1,), "text")}, "TypeError"),
        ({"seconds": None}, "TypeError"),
        ({"raised": {"phase": "forward"}}, "KeyError"),
        ({"gradients": []}, "TypeError"),
    ],
)
def test_what_is_no_result_is_refused_by_name(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ProtocolError, match=why):
        observation({**GOOD, **change}, 3)


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys([*GOOD, "raised", "inferred", "lacking", "defaults"], BUILTIN)))
def test_whatever_arrives_is_an_observation_or_refused(change: dict[str, Any]) -> None:
    for answer in (change, {**GOOD, **change}, {**GOOD, **change, "id": 3}):
        with contextlib.suppress(ProtocolError):
            assert isinstance(observation(answer, 3), Observation)


@settings(max_examples=150, deadline=None)
@given(DTYPES | st.text(max_size=8), st.binary(max_size=40), st.data())
def test_whatever_arrays_arrive(dtype: str, data: bytes, draw: st.DataObject) -> None:
    shape = draw.draw(st.lists(st.integers(-1, 2**40), max_size=4))
    try:
        found = observation({**GOOD, "output": (dtype, shape, data)}, 3)
    except ProtocolError:
        return
    assert found.output is not None
    assert found.output.values.dtype.kind in "biufc"


def test_texts_hold_no_addresses_and_no_folder_of_ours() -> None:
    said = "in '/tmp/conformance-ab_12xyz/adapter.py', at 0x7f0011223344; /tmp/other/conformance-ab_12xyz/ and /usr/lib/x.py"
    assert repeatable(said) == "in 'adapter.py', at 0x...;  and /usr/lib/x.py"


def test_nodes_of_a_compiled_graph_lose_the_numbers_that_count_over_a_process() -> None:
    said = (
        "Unsupported input[Int8 Int8 ]\nnode: @kernel_graph4000002586:CNode_1724{[1]: @kernel_graph4000002586:param_9}"
    )
    assert (
        repeatable(said) == "Unsupported input[Int8 Int8 ]\nnode: @kernel_graph#:CNode_#{[1]: @kernel_graph#:param_#}"
    )
    assert repeatable("a@b, float32, conv_2: 12") == "a@b, float32, conv_2: 12"


def test_stack_memory_and_numbered_operators_are_cut() -> None:
    said = "dst={2(0),0(140722270793744)}, 1152921504606846976 bytes; Resize failed for kernel: Default/Conv2D-op1304"
    kept = "dst={2(0),0(...)}, 1152921504606846976 bytes; Resize failed for kernel: Default/Conv2D-op#"
    assert repeatable(said) == kept


RULE = "-" * 52


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("plain", "plain"),
        ("two\n\nparagraphs\n", "two\n\nparagraphs\n"),
        (
            f"what\n\n{RULE}\n- C++ Call Stack: (of ours)\n{RULE}\na.cc:86 Check\n\n{RULE}\n- The Traceback of Code:\n{RULE}\n# In file x\n",
            "what",
        ),
        (
            f"what\n\n{RULE}\n- Device Message:\n{RULE}\nE9999\n\n{RULE}\n- Backtrace\n{RULE}\n#0",
            "what\n- Device Message:\nE9999",
        ),
        (f"{RULE}\n- Traceback\n{RULE}\nall there is", f"{RULE}\n- Traceback\n{RULE}\nall there is"),
        (f"a table\n{RULE}\n1 2", f"a table\n{RULE}\n1 2"),
        (
            "assertion failed\nextra message: pad=3\n\nbacktrace:\nlib.so(+0x4a)\n",
            "assertion failed\nextra message: pad=3",
        ),
        ("the backtrace: none", "the backtrace: none"),
        ("Stack trace:\nonly", "Stack trace:\nonly"),
    ],
)
def test_traces_are_no_part_of_a_message(message: str, kept: str) -> None:
    assert without_traces(message) == kept


def test_a_long_word_is_made_repeatable_in_no_time() -> None:
    begun = time.process_time()
    for text in ("x" * 1_000_000, "\n" * 20_000, f"{RULE}\n" * 10_000):
        repeatable(without_traces(text))
    assert time.process_time() - begun < 1.0
