"""The lanes of one target share its jobs: on stand-ins of known behaviour, without processes."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from typing import Any, cast

import pytest

from conformance.case import Greeting, Outcome, Verdict
from conformance.engine.jobs import Job
from conformance.engine.lane import Lane
from conformance.engine.lanes import AHEAD, LEAST, Lanes
from conformance.targets.errors import TargetError

UNAVAILABLE = Verdict(Outcome.UNAVAILABLE, observed="no such interpreter")


class StandIn:
    """In the place of a lane: it has the jobs that it was dealt, until a test settles them."""

    def __init__(self) -> None:
        self.started: Future[Greeting] = Future()
        self.is_given_up = False
        self.jobs: list[Job] = []
        self.ended: list[str] = []

    def start(self) -> None:
        self.started.set_result(Greeting("1.0", {}, "folder", 1, previous={}))

    def fail(self) -> None:
        self.is_given_up = True
        self.started.set_exception(TargetError("no such interpreter"))

    def submit(self, job: Job) -> None:
        self.jobs.append(job)

    def settle(self) -> None:
        """Give the oldest job its verdict."""
        verdict = UNAVAILABLE if self.is_given_up else Verdict(Outcome.CONFORMS)
        self.jobs.pop(0).settle(verdict)

    def stop(self) -> None:
        self.ended.append("stop")

    def join(self, limit: float) -> None:
        self.ended.append("join")


def make_jobs(count: int) -> list[Job]:
    return [Job(cast(Any, None)) for _ in range(count)]


def share(stand_ins: Sequence[StandIn]) -> Lanes:
    return Lanes(cast(Sequence[Lane], stand_ins))


def submit_all(lanes: Lanes, jobs: Sequence[Job]) -> None:
    for job in jobs:
        lanes.submit(job)


def test_jobs_wait_for_a_process_to_start() -> None:
    first, second = StandIn(), StandIn()
    submit_all(share([first, second]), make_jobs(3))
    assert not first.jobs
    assert not second.jobs
    second.start()
    assert len(second.jobs) == 3


def test_jobs_are_dealt_evenly() -> None:
    stand_ins = [StandIn(), StandIn(), StandIn()]
    lanes = share(stand_ins)
    for one in stand_ins:
        one.start()
    submit_all(lanes, make_jobs(9))
    assert [len(one.jobs) for one in stand_ins] == [3, 3, 3]


def test_a_lane_has_only_so_many_jobs_and_the_next_when_one_is_settled() -> None:
    stand_in = StandIn()
    stand_in.start()
    submit_all(share([stand_in, StandIn()]), make_jobs(4 * AHEAD))
    assert len(stand_in.jobs) == AHEAD
    stand_in.settle()
    assert len(stand_in.jobs) == AHEAD


def test_one_that_is_held_up_holds_up_no_other() -> None:
    slow, quick = StandIn(), StandIn()
    lanes = share([slow, quick])
    slow.start()
    quick.start()
    jobs = make_jobs(4 * AHEAD)
    submit_all(lanes, jobs)
    while quick.jobs:
        quick.settle()
    assert 0 < len(slow.jobs) <= AHEAD
    assert sum(job.verdict.done() for job in jobs) == len(jobs) - len(slow.jobs)


def test_what_is_left_is_not_dealt_to_one_alone() -> None:
    stand_in = StandIn()
    stand_in.start()
    lanes = share([stand_in, StandIn()])
    submit_all(lanes, make_jobs(AHEAD))
    assert LEAST < len(stand_in.jobs) < AHEAD
    while len(stand_in.jobs) > LEAST:
        stand_in.settle()
    assert len(stand_in.jobs) == LEAST


def test_one_that_cannot_start_fails_nothing_while_another_works() -> None:
    broken, working = StandIn(), StandIn()
    lanes = share([broken, working])
    jobs = make_jobs(5)
    submit_all(lanes, jobs)
    broken.fail()
    assert not any(job.verdict.done() for job in jobs)
    working.start()
    assert len(working.jobs) == 5
    assert lanes.started.result(0).version == "1.0"


def test_where_none_starts_every_job_says_why() -> None:
    stand_ins = [StandIn(), StandIn()]
    lanes = share(stand_ins)
    jobs = make_jobs(2 * AHEAD)
    submit_all(lanes, jobs)
    for one in stand_ins:
        one.fail()
    last = stand_ins[1]
    while last.jobs:
        last.settle()
    assert {job.verdict.result(0) for job in jobs} == {UNAVAILABLE}
    with pytest.raises(TargetError, match="no such interpreter"):
        lanes.started.result(0)


def test_one_that_is_given_up_later_gets_no_more_jobs() -> None:
    given_up, working = StandIn(), StandIn()
    lanes = share([given_up, working])
    given_up.start()
    working.start()
    given_up.is_given_up = True
    submit_all(lanes, make_jobs(5))
    assert not given_up.jobs
    assert len(working.jobs) == 5


def test_what_no_lane_has_is_cancelled_at_the_end() -> None:
    stand_ins = [StandIn(), StandIn()]
    lanes = share(stand_ins)
    (job,) = make_jobs(1)
    lanes.submit(job)
    lanes.stop()
    lanes.join(1.0)
    with pytest.raises(CancelledError):
        job.verdict.result(0)
    assert [one.ended for one in stand_ins] == [["stop", "join"]] * 2


@pytest.mark.parametrize("processes", [2, 4, 16, 64])
def test_work_of_known_cost_ends_nearly_as_early_as_it_can(processes: int) -> None:
    """On a clock of its own: 5,000 calls of 1, every hundredth of 30, which one process may have been given last."""
    costs = [30.0 if number % 100 == 0 else 1.0 for number in range(5_000)]
    assert simulate(processes, costs) < 1.05 * sum(costs) / processes + max(costs)


def simulate(processes: int, costs: Sequence[float]) -> float:
    """The time at which the last of so many processes is done, each of which works on one job after the other."""
    stand_ins = [StandIn() for _ in range(processes)]
    lanes = share(stand_ins)
    for one in stand_ins:
        one.start()
    jobs = make_jobs(len(costs))
    cost_of = dict(zip(map(id, jobs), costs, strict=True))
    submit_all(lanes, jobs)
    free = [(cost_of[id(one.jobs[0])], place) for place, one in enumerate(stand_ins)]  # when each has its next verdict
    heapq.heapify(free)
    now = 0.0
    while free:
        now, place = heapq.heappop(free)
        stand_ins[place].settle()
        if stand_ins[place].jobs:
            heapq.heappush(free, (now + cost_of[id(stand_ins[place].jobs[0])], place))
    return now
