"""How this process keeps memory: without this, an audit ends with a third as much again that nobody uses."""

from __future__ import annotations

import contextlib
import ctypes
import functools

# Of glibc's malloc.h.
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8
LARGE = 1 << 17  # bytes, as glibc has it before it learns


@functools.cache
def use_one_heap() -> None:
    """Let all threads share one heap, and large arrays have memory of their own, which goes back when they do.

    By default each of a dozen threads gets a heap that no other uses again, and an array that is freed once makes the
    heap take in all of its size from then on. Threads that hold the interpreter's lock do not contend for a heap.
    """
    with contextlib.suppress(OSError, AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, LARGE)
