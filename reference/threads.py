"""Work shared out over threads, and the memory each thread works in."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from math import prod
from typing import Any, TypeVar

import numpy as np

Item = TypeVar("Item")

KEPT = 1 << 24  # bytes of working memory that a thread keeps for one use


def share_out(work: Callable[[Item], None], items: Sequence[Item]) -> None:
    """Do `work` on every item, on as many threads as there are cores; the caller's is one.

    Raises what `work` raises.
    """
    queue = iter(items)

    def worker() -> None:
        with np.errstate(all="ignore"):  # a thread does not inherit its caller's
            for item in queue:
                work(item)

    helpers = [_pool().submit(worker) for _ in range(min(_cores(), len(items)) - 1)]
    worker()
    for helper in helpers:
        helper.result()


@lru_cache(maxsize=1)
def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, _cores() - 1), "reference")


class Scratch(threading.local):
    """A thread's working memory, kept from call to call: fresh pages cost as much as the arithmetic in them."""

    def __init__(self) -> None:
        self._kept: dict[str, np.ndarray[Any, Any]] = {}

    def empty(self, use: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
        """An array for one use; the next call for that use in this thread may give the same memory."""
        size = prod(shape) * dtype.itemsize
        if size > KEPT:
            return np.empty(shape, dtype)
        if use not in self._kept or self._kept[use].size < size:
            self._kept[use] = np.empty(size, np.uint8)
        found: np.ndarray[Any, Any] = self._kept[use][:size].view(dtype).reshape(shape)
        return found


scratch = Scratch()
