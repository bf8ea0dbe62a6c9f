"""What a process sends is read as it was written, no further than a bound ahead, and never beyond the end."""

from __future__ import annotations

import io
import threading

import pytest
from execnet.gateway_base import Message

from conformance.targets.errors import OversizeError
from conformance.targets.wire import AHEAD, HEADER, MAX_MESSAGE, Wire


def message(content: bytes, code: int = Message.CHANNEL_DATA) -> bytes:
    return HEADER.pack(code, 1, len(content)) + content


def read_message(wire: Wire) -> bytes:
    """As execnet does."""
    header = wire.read(HEADER.size)
    return wire.read(HEADER.unpack(header)[2]) if header else b""


def reading(wire: Wire) -> tuple[threading.Thread, list[bytes]]:
    """A thread that reads a message, and what it has read."""
    messages: list[bytes] = []
    thread = threading.Thread(target=lambda: messages.append(read_message(wire)), daemon=True)
    thread.start()
    return thread, messages


@pytest.fixture
def full() -> Wire:
    """A wire of which all is read that may wait, with one message more in the pipe."""
    wire = Wire(io.BytesIO(message(bytes(AHEAD)) + message(b"more")))
    assert len(read_message(wire)) == AHEAD
    return wire


@pytest.mark.parametrize("content", [b"", b"x", bytes(HEADER.size), bytes(3 * HEADER.size)], ids=len)
def test_messages_are_read_as_they_were_written(content: bytes) -> None:
    wire = Wire(io.BytesIO(message(content) + message(b"behind it")))
    assert read_message(wire) == content
    assert read_message(wire) == b"behind it"
    assert read_message(wire) == b""


def test_no_more_is_read_until_something_is_taken(full: Wire) -> None:
    thread, messages = reading(full)
    thread.join(0.1)
    assert thread.is_alive()
    full.mark_taken()
    thread.join(10.0)
    assert messages == [b"more"]


def test_who_waits_finds_the_end_when_the_wire_is_shut(full: Wire) -> None:
    thread, messages = reading(full)
    full.shut()
    thread.join(10.0)
    assert messages == [b""]


def test_what_goes_to_no_channel_does_not_wait() -> None:
    wire = Wire(io.BytesIO(message(bytes(AHEAD), Message.STATUS) + message(b"next")))
    read_message(wire)
    assert read_message(wire) == b"next"


def test_a_message_that_is_too_large_is_not_read() -> None:
    wire = Wire(io.BytesIO(HEADER.pack(Message.CHANNEL_DATA, 1, MAX_MESSAGE + 1)))
    with pytest.raises(
        OversizeError, match=f"^a message of {MAX_MESSAGE + 1} bytes, of which at most {MAX_MESSAGE} are"
    ):
        read_message(wire)
