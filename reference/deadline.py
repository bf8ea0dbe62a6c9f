"""A time limit that binds every computation of the oracle within it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import monotonic

_deadline: ContextVar[float] = ContextVar("deadline", default=inf)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Let what the oracle computes within this block raise TimeoutError once the time is over.

    A computation looks at the clock between two blocks of its work, each of a few milliseconds where the layer is not
    enormous, on every thread that it uses. The limit is the caller's own: other threads and tasks have theirs. Of
    limits within limits the first to end counts.
    """
    token = _deadline.set(min(_deadline.get(), monotonic() + seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


def check_time() -> None:
    """TimeoutError where the time limit around this computation is over."""
    if monotonic() > _deadline.get():
        raise TimeoutError("the oracle did not finish within the time limit")
