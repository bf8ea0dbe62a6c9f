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
    """A pipe from a process, in the place of the file that execnet reads from.

    The wire reads no further while `AHEAD` bytes wait to be taken from execnet's channels; the process is then blocked
    when it writes. Who takes an item from a channel calls `mark_taken`.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._changed = threading.Condition()
        self._waiting: deque[int] = deque()  # bytes of each message that has not been taken
        self._open = True
        self._content = 0  # bytes to come of the message whose header was read

    def read(self, size: int) -> bytes:
        """As of a file: the header of a message, or its content; nothing once the wire is shut.

        Raises:
            OversizeError: the content is more than `MAX_MESSAGE`.
        """
        if size > MAX_MESSAGE:
            raise OversizeError(size, MAX_MESSAGE)
        # execnet reads a header, then all of its content. A part of the content may be as long as a header.
        is_header = self._content <= 0 and size == HEADER.size
        return self._read_header() if is_header else self._read_content(size)

    def _read_header(self) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: sum(self._waiting) < AHEAD or not self._open)
            if not self._open:
                return b""
        header = self._pipe.read(HEADER.size)
        if len(header) < HEADER.size:
            return header
        code, _, self._content = HEADER.unpack(header)
        if code == Message.CHANNEL_DATA:  # the others never wait in a channel
            with self._changed:
                self._waiting.append(COST + max(0, self._content))
        return header

    def _read_content(self, size: int) -> bytes:
        content = self._pipe.read(size)
        self._content -= len(content)
        return content

    def mark_taken(self) -> None:
        """An item was taken from a channel: the oldest message waits no longer."""
        with self._changed:
            self._waiting.popleft()
            self._changed.notify_all()

    def shut(self) -> None:
        """Let `read` find the end, from any thread, even while it waits."""
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def close(self) -> None:
        self._pipe.close()
