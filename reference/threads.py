"""Work shared out over threads."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import lru_cache

import numpy as np

from .deadline import check_time

MOST = 4  # threads, each of which holds a block of work in memory


def share_out(work: Callable[..., None], shares: Iterable[tuple[slice, ...]], count: int) -> None:
    """Do `work` on each of `count` shares, on as many threads as there are cores, at most MOST; the caller's is one.

    Raises what `work` raises, and TimeoutError where the caller's time limit is over, once no thread works any more.
    """
    queue = iter(shares)

    def do_shares() -> None:
        for share in queue:
            check_time()
            work(*share)

    def help_with_shares() -> None:
        with np.errstate(all="ignore"):  # a thread does not inherit its caller's
            do_shares()

    helpers = [_pool().submit(copy_context().run, help_with_shares) for _ in range(min(_cores(), count) - 1)]
    try:
        do_shares()
    finally:
        errors = [helper.exception() for helper in helpers]
    for error in errors:
        if error is not None:
            raise error


@lru_cache(maxsize=1)
def _cores() -> int:
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(available, MOST)


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, _cores() - 1), "reference")
