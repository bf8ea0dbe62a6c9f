"""Messages and stacks are the same in every run: what differs, and what is no part of a message, is cut."""

from __future__ import annotations

import sys
import time

import pytest

from conformance.targets.remote.worker import last_words
from conformance.targets.remote.worker.texts import clean, describe_exception, make_repeatable, strip_traces

RULE = "-" * 52


@pytest.mark.parametrize(
    ("message", "repeatable"),
    [
        (
            "in '/tmp/conformance-ab_12xyz/adapter.py', at 0x7f0011223344; /tmp/o/conformance-ab_12xyz/ and /usr/lib/x.py",
            "in 'adapter.py', at 0x...;  and /usr/lib/x.py",
        ),
        (
            "Unsupported input[Int8 Int8 ]\nnode: @kernel_graph4000002586:CNode_1724{[1]: @kernel_graph4000002586:param_9}",
            "Unsupported input[Int8 Int8 ]\nnode: @kernel_graph#:CNode_#{[1]: @kernel_graph#:param_#}",
        ),
        ("a@b, float32, conv_2: 12", "a@b, float32, conv_2: 12"),
        (
            "dst={2(0),0(140722270793744)}, 1152921504606846976 bytes; Resize failed: Default/Conv2D-op1304",
            "dst={2(0),0(...)}, 1152921504606846976 bytes; Resize failed: Default/Conv2D-op#",
        ),
        ("12345678901234 and 99999999999999", "12345678901234 and ..."),
    ],
    ids=["folders and addresses", "nodes of a graph", "no nodes", "decimal addresses, operators", "47 bits"],
)
def test_what_differs_from_process_to_process_is_cut(message: str, repeatable: str) -> None:
    assert make_repeatable(message) == repeatable


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
    assert strip_traces(message) == kept


@pytest.mark.parametrize("text", ["x" * 1_000_000, "\n" * 20_000, f"{RULE}\n" * 10_000], ids=["word", "lines", "rules"])
def test_a_long_text_is_made_repeatable_in_no_time(text: str) -> None:
    begun = time.process_time()
    make_repeatable(strip_traces(text))
    assert time.process_time() - begun < 0.5


def test_a_text_is_plain_short_and_can_be_encoded() -> None:
    class Text(str):
        pass

    cleaned = clean(Text("lone \ud800 surrogate" + "x" * 5000), 16)
    assert type(cleaned) is str
    assert cleaned == "lone \\ud800 surrogate"


def test_an_exception_is_told_with_its_class_and_bases() -> None:
    class CustomError(LookupError):
        pass

    described = describe_exception(CustomError("at 0x7f0011223344"), "forward")
    assert described == {
        "phase": "forward",
        "class": f"{__name__}.{CustomError.__qualname__}",
        "bases": ["LookupError", "Exception", "BaseException"],
        "message": "at 0x...",
    }


def test_an_exception_without_a_message_is_still_told() -> None:
    class UnprintableError(Exception):
        def __str__(self) -> str:
            sys.exit("no message")

    assert describe_exception(UnprintableError(), "forward")["message"] == "<its message cannot be shown: SystemExit>"


STACK = """
Fatal Python error: Segmentation fault

Current thread 0x00007f0011223344 (most recent call first):
  File "/lib/python3/ctypes/__init__.py", line 517 in string_at
  File "/tmp/conformance-ab12cd34/conformance_adapter_x.py", line 40 in forward
  File "/tmp/conformance-ab12cd34/{package}/execution.py", line 40 in run
  File "<remote exec>", line 9 in main
  File "<string>", line 1291 in executetask
Extension modules: numpy.core._multiarray_umath (total: 1)
"""


def test_the_last_lines_are_the_frameworks_own() -> None:
    package = last_words.__name__.rpartition(".")[0].replace(".", "/")
    assert last_words.select_lines(STACK.format(package=package)).splitlines() == [
        "Fatal Python error: Segmentation fault",
        "Current thread 0x... (most recent call first):",
        '  File "/lib/python3/ctypes/__init__.py", line 517 in string_at',
        '  File "conformance_adapter_x.py", line 40 in forward',
    ]
