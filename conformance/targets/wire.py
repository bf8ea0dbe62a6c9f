"""What a process sends, bounded: execnet alone would read and queue whatever comes, until memory ends."""

from __future__ import annotations

import struct
import threading
from collections import deque
from typing import IO

from execnet.gateway_base import Message

from conformance.targets.errors import OversizeError

MAX_MESSAGE = 1 << 30  # bytes; five arrays of the largest that a spec may ask for
AHEAD = 1 << 24  # bytes read ahead of what is taken
COST = 1 << 12  # bytes that a message takes besides its content, once it is an object
HEADER = struct.Struct("!bii")  # execnet's: code, channel, bytes of content


class Wire:
    """A pipe that execnet reads from, message by message, while not too much of what it has read waits to be taken.

    While it waits, the process at the other end cannot write. Whoever takes an item from a channel says so.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._changed = threading.Condition()
        self._waiting: deque[int] = deque()  # bytes of each message
        self._open = True
        self._content = 0  # bytes to come of the message whose header was read

    def read(self, size: int) -> bytes:
        """As of a file: the header of a message, or its content.

        Raises:
            OversizeError: the content is more than `MAX_MESSAGE`.
        """
        if size > MAX_MESSAGE:
            raise OversizeError(f"a message of {size} bytes, of which at most {MAX_MESSAGE} are read")
        if self._content > 0 or size != HEADER.size:
            data = self._pipe.read(size)
            self._content -= len(data)
            return data
        with self._changed:
            self._changed.wait_for(lambda: sum(self._waiting) < AHEAD or not self._open)
            if not self._open:
                return b""
        header = self._pipe.read(size)
        if len(header) == HEADER.size:
            code, _, self._content = HEADER.unpack(header)
            if code == Message.CHANNEL_DATA:
                with self._changed:
                    self._waiting.append(COST + max(0, self._content))
        return header

    def taken(self) -> None:
        """An item was taken from a channel."""
        with self._changed:
            self._waiting.popleft()
            self._changed.notify_all()

    def release(self) -> None:
        """Let whoever reads find the end; from any thread."""
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def close(self) -> None:
        self._pipe.close()
