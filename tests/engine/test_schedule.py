"""What may be sent in each state of a lane, and where every attempt is meanwhile."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from conformance.case import Observation, Outcome, Phase, Verdict
from conformance.engine.jobs import Attempt
from conformance.engine.schedule import BATCH, WINDOW, GivenUp, Ready, RetryingAlone, Schedule, Starting, Stopping

UNAVAILABLE = Verdict(Outcome.UNAVAILABLE)


def new(name: str) -> Any:
    """What passes for a worker or a job: of a job the schedule asks only whether it has its process to itself."""
    return SimpleNamespace(name=name, own_process=name.startswith("own"))


def names(attempts: Any) -> list[str]:
    return [attempt.job.name for attempt in attempts]


def schedule_with(count: int) -> Schedule:
    schedule = Schedule()
    for number in range(count):
        schedule.add(new(f"j{number}"))
    return schedule


def send(schedule: Schedule) -> list[Attempt]:
    """Take and send what goes next."""
    worker = schedule.worker
    taken = list(schedule.take())
    assert schedule.mark_sent(taken, worker)
    return taken


def test_nothing_is_taken_while_a_process_is_being_started() -> None:
    schedule = schedule_with(3)
    assert isinstance(schedule.state, Starting)
    assert not schedule.may_take()


def test_a_worker_is_sent_batches_up_to_a_window() -> None:
    schedule = schedule_with(2 * WINDOW)
    schedule.become_ready(new("worker"))
    while schedule.may_take():
        assert len(send(schedule)) == BATCH
    assert len(schedule.sent) == WINDOW
    schedule.mark_answered()
    assert schedule.may_take()


def test_what_was_sent_behind_a_lost_call_goes_first_again() -> None:
    schedule = schedule_with(4)
    schedule.become_ready(new("first"))
    send(schedule)
    schedule.add(new("later"))
    schedule.mark_answered()
    schedule.mark_lost()
    assert isinstance(schedule.state, Starting)
    schedule.become_ready(new("second"))
    assert names(send(schedule)) == ["j2", "j3", "later"]


def test_a_suspect_is_sent_alone_and_nothing_behind_it() -> None:
    schedule = schedule_with(3)
    schedule.retry_alone(new("worker"), new("suspect"), before=Observation(Phase.FORWARD, died="SIGSEGV"))
    (attempt,) = send(schedule)
    assert attempt.job.name == "suspect"
    assert attempt.before is not None
    assert not schedule.may_take()
    schedule.mark_answered()
    assert isinstance(schedule.state, Ready)
    assert names(send(schedule)) == ["j0", "j1", "j2"]


def test_a_suspect_has_a_number_of_its_own() -> None:
    schedule = schedule_with(3)
    schedule.retry_alone(new("worker"), new("suspect"), None)
    assert [attempt.number for attempt in send(schedule)] == [4]


def test_a_suspect_that_needs_no_call_lets_the_others_go() -> None:
    schedule = schedule_with(1)
    worker = new("worker")
    schedule.retry_alone(worker, new("suspect"), None)
    schedule.take()
    schedule.mark_sent([], worker)
    assert isinstance(schedule.state, Ready)
    assert schedule.may_take()


def test_a_batch_prepared_for_a_lost_worker_goes_to_the_next_one() -> None:
    schedule = schedule_with(BATCH + 2)
    lost = new("lost")
    schedule.become_ready(lost)
    send(schedule)
    batch = schedule.take()
    schedule.mark_lost()
    assert not schedule.mark_sent(batch, lost)
    assert isinstance(schedule.state, Starting)
    assert len(schedule.unsettled()) == BATCH + 1


def test_a_batch_put_back_does_not_go_before_the_suspect() -> None:
    """The worker may die, and the next one be there, while a batch for the first is still being prepared."""
    schedule = schedule_with(BATCH + 2)
    lost = new("lost")
    schedule.become_ready(lost)
    owed = send(schedule)[0]
    batch = schedule.take()
    schedule.mark_lost()
    schedule.retry_alone(new("fresh"), owed.job, None)
    assert not schedule.mark_sent(batch, lost)
    assert names(send(schedule)) == ["j0"]
    assert not schedule.may_take()


def test_a_target_that_is_given_up_has_every_attempt_taken_for_its_verdict() -> None:
    schedule = schedule_with(3)
    schedule.become_ready(new("worker"))
    send(schedule)
    schedule.add(new("later"))
    schedule.give_up(UNAVAILABLE)
    assert schedule.state == GivenUp(UNAVAILABLE)
    assert names(schedule.take()) == ["j0", "j1", "j2", "later"]
    schedule.mark_sent([], None)
    assert schedule.unsettled() == []
    assert not schedule.may_take()


def test_a_call_with_a_process_to_itself_is_its_first_and_its_last() -> None:
    schedule = Schedule()
    for name in ("j0", "own1", "own2", "j3"):
        schedule.add(new(name))
    sent = []
    for worker in ("w0", "w1", "w2", "w3"):
        schedule.become_ready(new(worker))
        while schedule.may_take():
            sent.append((worker, *names(send(schedule))))
        while schedule.sent:
            assert not schedule.is_worn
            schedule.mark_answered()
        if schedule.is_worn:
            schedule.mark_replaced()
    assert sent == [("w0", "j0"), ("w1", "own1"), ("w2", "own2"), ("w3", "j3")]
    assert isinstance(schedule.state, Ready)


def test_a_worker_is_not_replaced_while_nothing_is_left_to_ask() -> None:
    schedule = Schedule()
    schedule.add(new("own"))
    schedule.become_ready(new("worker"))
    send(schedule)
    schedule.mark_answered()
    assert not schedule.is_worn
    schedule.add(new("later"))
    assert not schedule.may_take()
    assert schedule.is_worn


def test_a_worker_is_not_replaced_for_a_call_that_turned_out_to_need_none() -> None:
    schedule = Schedule()
    worker = new("worker")
    schedule.add(new("own"))
    schedule.add(new("later"))
    schedule.become_ready(worker)
    schedule.take()
    assert not schedule.is_worn
    schedule.mark_sent([], worker)
    assert not schedule.is_worn
    assert names(send(schedule)) == ["later"]


@pytest.mark.parametrize(
    "change",
    [
        lambda schedule: schedule.become_ready(new("worker")),
        lambda schedule: schedule.retry_alone(new("worker"), new("suspect"), None),
        lambda schedule: schedule.give_up(UNAVAILABLE),
    ],
    ids=["ready", "retrying alone", "given up"],
)
def test_stopping_is_final(change: Any) -> None:
    schedule = schedule_with(1)
    schedule.stop()
    change(schedule)
    assert isinstance(schedule.state, Stopping)
    assert schedule.worker is None
    assert not schedule.may_take()


class Lane(RuleBasedStateMachine):
    """Whatever happens in whatever order, each job is in one place: unsettled, suspected, or settled."""

    def __init__(self) -> None:
        super().__init__()
        self.schedule = Schedule()
        self.unsettled: set[str] = set()
        self.jobs = 0
        self.workers = 0
        self.answers = 0  # of the worker that there is
        self.asked: list[str] = []  # the jobs that it was sent
        self.suspect: Any = None  # a job that is to be tried alone
        self.batch: tuple[list[Attempt], Any] | None = None  # what the sending thread prepares, and for which worker

    def settle(self, attempt: Attempt) -> None:
        self.unsettled.remove(attempt.job.name)

    @rule(count=st.integers(1, 3 * BATCH), kind=st.sampled_from(["j", "own"]))
    def add_jobs(self, count: int, kind: str) -> None:
        for _ in range(count):
            self.jobs += 1
            self.unsettled.add(f"{kind}{self.jobs}")
            self.schedule.add(new(f"{kind}{self.jobs}"))

    @precondition(lambda self: isinstance(self.schedule.state, Starting))
    @rule()
    def start(self) -> None:
        self.workers += 1
        self.answers = 0
        self.asked = []
        if self.suspect is None:
            self.schedule.become_ready(new(f"w{self.workers}"))
        else:
            self.schedule.retry_alone(new(f"w{self.workers}"), self.suspect, None)
            self.suspect = None

    @precondition(lambda self: self.batch is None and self.schedule.may_take())
    @rule()
    def take(self) -> None:
        worker = self.schedule.worker
        self.batch = list(self.schedule.take()), worker
        assert self.batch[0]

    @precondition(lambda self: self.batch is not None)
    @rule(settled=st.integers(0, BATCH))
    def send(self, settled: int) -> None:
        assert self.batch is not None
        taken, worker = self.batch
        if worker is None:  # it was given up: all have their verdicts
            settled = len(taken)
        for attempt in taken[:settled]:
            self.settle(attempt)
        if self.schedule.mark_sent(taken[settled:], worker):
            self.asked += names(taken[settled:])
        self.batch = None

    @precondition(lambda self: self.schedule.sent and self.schedule.worker)
    @rule()
    def answer(self) -> None:
        self.settle(self.schedule.sent[0])
        self.schedule.mark_answered()
        self.answers += 1

    @precondition(lambda self: self.schedule.sent and self.schedule.worker)
    @rule()
    def lose(self) -> None:
        owed = self.schedule.sent[0]
        if self.answers:
            self.suspect = owed.job
        else:
            self.settle(owed)
        self.schedule.mark_lost()

    @precondition(lambda self: self.schedule.is_worn)
    @rule()
    def replace(self) -> None:
        self.schedule.mark_replaced()

    @precondition(lambda self: self.schedule.worker is None and self.suspect is None)
    @rule()
    def give_up(self) -> None:
        self.schedule.give_up(UNAVAILABLE)

    @rule()
    @precondition(lambda self: self.suspect is None)
    def stop(self) -> None:
        self.schedule.stop()

    @invariant()
    def no_job_is_lost_or_doubled(self) -> None:
        jobs = names(self.schedule.unsettled())
        assert len(jobs) == len(set(jobs))
        state = self.schedule.state
        if self.suspect is not None:
            jobs.append(self.suspect.name)
        if isinstance(state, RetryingAlone) and state.suspect.job.name not in jobs:
            jobs.append(state.suspect.job.name)
        assert set(jobs) == self.unsettled

    @invariant()
    def a_process_of_its_own_is_shared_with_none(self) -> None:
        if any(name.startswith("own") for name in self.asked):
            assert len(self.asked) == 1

    @invariant()
    def somebody_can_go_on(self) -> None:
        if isinstance(self.schedule.state, Ready) and self.schedule.unsettled() and self.batch is None:
            assert self.schedule.sent or self.schedule.may_take() or self.schedule.is_worn

    @invariant()
    def a_suspect_is_alone(self) -> None:
        if isinstance(self.schedule.state, RetryingAlone):
            assert list(self.schedule.sent) in ([], [self.schedule.state.suspect])


TestWhateverHappens = Lane.TestCase
TestWhateverHappens.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
