"""What stays of an error message when the call changes."""

from __future__ import annotations

import pytest

from conv_reports.findings.messages import first_line, message_shape


def test_shapes_forget_what_changes():
    first = message_shape("Conv2d: expected 4 channels, got (1, 3, 8, 8) at 0x7f00ab 'weight'", "torch.nn.Conv2d")
    second = message_shape("Conv2d: expected 16 channels, got (2, 1, 5) at 0xdeadbeef 'bias'\nmore", "torch.nn.Conv2d")
    assert first == second


def test_shapes_tell_other_words_apart():
    assert message_shape("expected 4 channels") != message_shape("expected 4 groups")


def test_nested_sequences_are_one():
    assert message_shape("shapes ((1, 2), [3, {4}]) differ") == message_shape("shapes (5) differ")


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("plain words\nmore", "plain words"),
        ("-----\n- Kernel select failed:\n-----", "Kernel select failed:"),
        ("-----\n- Kernel select failed:\n-----\nUnsupported type!", "Kernel select failed: Unsupported type!"),
        ("  \n12 + 3\n", "12 + 3"),
        ("", ""),
    ],
    ids=["the first", "one with words", "the next after a colon", "no words", "nothing"],
)
def test_first_line(message, line):
    assert first_line(message) == line
