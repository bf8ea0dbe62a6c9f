"""Work shared out over threads: each share once, as many threads as there are cores, errors told at the end."""

import os
import threading
import time
from concurrent.futures import Future

import numpy as np
import pytest

import conv_reference as reference
from conv_reference import cuts, threads
from conv_reference.threads import MOST, share_out
from tests.reference.forced import force


def make_shares(count):
    return [(slice(number, number + 1),) for number in range(count)]


class Helpers:
    """An executor that runs what it is given before the caller goes on, and counts it."""

    def __init__(self):
        self.count = 0

    def submit(self, function, *arguments):
        self.count += 1
        future = Future()
        try:
            future.set_result(function(*arguments))
        except BaseException as error:  # as an executor does
            future.set_exception(error)
        return future


@pytest.fixture
def helpers(monkeypatch):
    fake = Helpers()
    monkeypatch.setattr(threads, "_pool", lambda: fake)
    return fake


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_each_share_is_done_once(count):
    done = []
    share_out(lambda share: done.append(share.start), make_shares(count), count)
    assert sorted(done) == list(range(count))


@pytest.mark.parametrize(("cores", "count", "due"), [(4, 1, 0), (4, 2, 1), (4, 9, 3), (2, 9, 1), (1, 9, 0)])
def test_as_many_help_as_there_are_other_cores_and_shares(cores, count, due, helpers, monkeypatch):
    monkeypatch.setattr(threads, "_cores", lambda: cores)
    share_out(lambda share: None, make_shares(count), count)
    assert helpers.count == due


@pytest.mark.parametrize(("available", "due"), [(1, 1), (3, 3), (MOST, MOST), (64, MOST)])
def test_no_more_threads_than_cores_that_the_process_may_use(available, due, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(available)) if process == 0 else set())
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert threads._cores.__wrapped__() == due


@pytest.mark.parametrize(("counted", "due"), [(None, 1), (1, 1), (3, 3), (64, MOST)])
def test_all_cores_where_a_system_does_not_say_which_may_be_used(counted, due, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: counted)
    assert threads._cores.__wrapped__() == due


@pytest.mark.parametrize(("cores", "due"), [(1, 1), (2, 1), (4, 3)])
def test_the_callers_thread_is_one_of_them(cores, due, monkeypatch):
    """A pool has one thread at least."""
    monkeypatch.setattr(threads, "_cores", lambda: cores)
    pool = threads._pool.__wrapped__()
    assert pool._max_workers == due
    pool.shutdown()


def test_an_error_of_a_helper_is_raised(helpers, monkeypatch):
    monkeypatch.setattr(threads, "_cores", lambda: 2)

    def work(share):
        raise MemoryError(share.start)

    with pytest.raises(MemoryError, match="1"):  # what the caller's thread meets stands first
        share_out(work, make_shares(2), 2)

    def fail_at_first(share):
        if share.start == 0:
            raise MemoryError

    with pytest.raises(MemoryError):
        share_out(fail_at_first, make_shares(2), 2)


def test_an_error_is_raised_when_no_thread_works_any_more(monkeypatch):
    monkeypatch.setattr(threads, "_cores", lambda: 2)
    helps, fails, ended = threading.Event(), threading.Event(), threading.Event()
    here = threading.get_ident()

    def work(share):
        if threading.get_ident() != here:
            helps.set()
            assert fails.wait(30)
            time.sleep(0.05)
            ended.set()
            return
        assert helps.wait(30)
        fails.set()
        raise MemoryError

    pool = threads._pool.__wrapped__()
    monkeypatch.setattr(threads, "_pool", lambda: pool)
    with pytest.raises(MemoryError):
        share_out(work, make_shares(2), 2)
    assert ended.is_set()
    pool.shutdown()


def test_no_share_is_begun_when_the_time_is_over():
    done = []
    with reference.time_limit(-1.0), pytest.raises(TimeoutError):
        share_out(done.append, make_shares(2), 2)
    assert not done


def test_a_helper_is_as_silent_as_the_caller(helpers, monkeypatch):
    monkeypatch.setattr(threads, "_cores", lambda: 2)
    told = []
    with np.errstate(all="raise"):
        share_out(lambda share: told.append(np.geterr()), make_shares(1), 2)
    assert told == [dict.fromkeys(("divide", "over", "under", "invalid"), "ignore")]


SPECIAL = np.array([1e300, -1e300, 1e-300, np.inf, np.nan, 2.0, 3.0, 0.0])


@pytest.mark.parametrize("settings", [{}, {"SMALL": 0}])
@pytest.mark.parametrize("layer", ["conv2d", "conv_transpose2d"])
@pytest.mark.parametrize("padding", [0, 1])
def test_no_product_or_sum_warns_or_raises(layer, padding, settings):
    """Whatever the caller wants to be told of: infinities and NaN are answers."""
    x, weight = np.tile(SPECIAL, 8).reshape(1, 4, 4, 4), np.tile(SPECIAL[::-1], 4).reshape(4, 2, 2, 2)
    before = force(cuts, settings)
    parameters = {"groups": 2, "padding": padding}
    try:
        with np.errstate(all="raise"):
            y = getattr(reference, layer)(x, weight, SPECIAL[:4], **parameters)
            gradients = getattr(reference, f"{layer}_gradients")(x, weight, y, **parameters)
    finally:
        force(cuts, before)
    assert np.isnan(y).any()
    assert all(np.isnan(gradient).any() for gradient in gradients)
