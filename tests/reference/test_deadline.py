"""A time limit ends a computation at its next block, on all its threads, and binds nobody else."""

import threading
import time

import numpy as np
import pytest

import conv_reference as reference
from conv_reference.deadline import check_time

SHORT = 0.2
LATE = 2.0  # seconds after which a block should have ended on any machine

X, WEIGHT = np.ones((1, 1, 1500, 1500)), np.ones((1, 1, 300, 300))
GRAD = np.ones((1, 1, 1201, 1201))
# Each would take minutes.
LONG = {
    "output": lambda: reference.conv2d(X, WEIGHT),
    "gradients": lambda: reference.conv2d_gradients(X, WEIGHT, GRAD),
    "bound": lambda: reference.with_bound("conv2d", X, WEIGHT, dtype="float32"),
    "transposed": lambda: reference.conv_transpose2d(X, WEIGHT, stride=2),
    "cropped infinities": lambda: reference.conv_transpose2d_gradients(
        X, np.full((1, 1, 300, 300), np.inf), np.ones((1, 1, 1797, 1797)), padding=1
    ),
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_computation_is_ended(name):
    start = time.monotonic()
    with pytest.raises(TimeoutError, match="time limit"), reference.time_limit(SHORT):
        LONG[name]()
    assert time.monotonic() - start < SHORT + LATE


def test_no_thread_works_on_after_the_end():
    with pytest.raises(TimeoutError), reference.time_limit(SHORT):
        LONG["output"]()
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.15


def test_the_limit_ends_with_its_block():
    with reference.time_limit(0.01):
        time.sleep(0.02)
    assert reference.conv2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 1, 1))).sum() == 4


def test_a_small_computation_looks_at_the_clock_too():
    with reference.time_limit(-1.0), pytest.raises(TimeoutError):
        reference.conv2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 1, 1)))


@pytest.mark.parametrize(("outer", "inner"), [(60, -1), (-1, 60)])
def test_the_nearer_of_two_limits_counts(outer, inner):
    with reference.time_limit(outer), reference.time_limit(inner), pytest.raises(TimeoutError):
        check_time()


def test_other_threads_have_no_limit():
    errors = []

    def compute():
        try:
            reference.conv2d(np.ones((1, 8, 64, 64)), np.ones((8, 8, 3, 3)))
        except TimeoutError as error:
            errors.append(error)

    with reference.time_limit(-1.0):
        thread = threading.Thread(target=compute)
        thread.start()
        thread.join()
    assert not errors
