"""A lane gives every job one verdict, whatever its processes do: on workers that follow a script, without processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.apis import NoEquivalent
from conformance.case import Greeting, Observation, Outcome, Phase, Target, Verdict
from conformance.engine import lane as engine
from conformance.engine.jobs import Job, Task
from conformance.engine.lane import DEATHS, RESTARTS, Lane
from conformance.targets.connection import START_LIMIT
from conformance.targets.errors import Cause, KilledError, LostError, TargetError

TARGET = Target("fake", "fake", "popen")
LIMIT = 10.0  # seconds that a failing test takes


@dataclass
class Script:
    """What the workers do, one after the other; the last behaviour is repeated.

    Attributes:
        starts: the error of each start, or None.
        limit: seconds for an answer.
        calls: for the name of a case, how the worker is lost over it: the first time, the second time, ...; a case
            that is not there, or no more, is answered.
        workers: those that were made.
    """

    starts: Sequence[TargetError | None] = (None,)
    limit: float = LIMIT
    calls: Mapping[str, list[LostError]] = field(default_factory=dict)
    workers: list[ScriptedWorker] = field(default_factory=list)


class ScriptedWorker:
    """In the place of a `Connection`."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.number = len(script.workers)
        self.folder = f"folder {self.number}"
        self.previous: str | None = None
        self.sent: list[Mapping[str, Any]] = []
        self.order: list[str] = []  # names of all cases that it was sent
        self.start_limit = 0.0
        self.limits: list[float] = []  # for each answer
        self.ended = False
        script.workers.append(self)

    def __enter__(self) -> ScriptedWorker:
        return self

    def __exit__(self, *raised: object) -> None:
        self.ended = True

    def start(self, previous: str | None, limit: float) -> Greeting:
        self.previous = previous
        self.start_limit = limit
        error = self.script.starts[min(self.number, len(self.script.starts) - 1)]
        if error is not None:
            raise error
        return Greeting("1.0", {}, self.folder, 1, previous={"progress": "", "stderr": f"last words in {previous}"})

    def send(self, calls: Sequence[Mapping[str, Any]]) -> None:
        self.sent += calls
        self.order += [call["name"] for call in calls]

    def receive(self, number: int, limit: float) -> Observation:
        while not self.sent:  # the lane lists an attempt as sent just before it sends
            if self.ended:
                raise LostError(Cause.DIED, "ended")
        call = self.sent.pop(0)
        assert call["id"] == number
        self.limits.append(limit)
        losses = self.script.calls.get(call["name"], [])
        if losses:
            raise losses.pop(0)
        return Observation(Phase.FORWARD)

    def kill(self) -> None:
        self.ended = True

    def abandon(self) -> None:
        self.ended = True

    def leave_folders(self) -> None:
        pass


def judge(case: Any, contract: Any, expectation: Any, observation: Observation) -> Verdict:
    """A verdict that says what was observed."""
    if observation.timed_out:
        return Verdict(Outcome.TIMED_OUT, observed=f"alone: {observation.alone}")
    if observation.died:
        return Verdict(Outcome.CRASHED, observed=f"{observation.died}, alone: {observation.alone}")
    return Verdict(Outcome.CONFORMS)


Run = Callable[[Script, Sequence[str]], Mapping[str, Verdict]]


@pytest.fixture
def open_lane(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Script], Lane]]:
    """A lane whose workers follow a script, with cases and verdicts that are names."""
    lanes: list[Lane] = []

    def open_(script: Script) -> Lane:
        monkeypatch.setattr(engine, "Connection", lambda target: ScriptedWorker(script))
        lanes.append(Lane(TARGET, lambda case: SimpleNamespace(), script.limit))
        return lanes[-1]

    def encode(case: Any, contract: Any, arguments: Any, expectation: Any, number: int) -> dict[str, Any]:
        return {"id": number, "name": case.name, "arguments": {}, "same_as": None, "unlike": None}

    monkeypatch.setattr(engine, "vendor_arguments", lambda case, contract: case.arguments)
    monkeypatch.setattr(engine, "encode_call", encode)
    monkeypatch.setattr(engine, "explain_unasked", lambda *_: None)
    monkeypatch.setattr(engine, "judge", SimpleNamespace(judge=judge))
    yield open_
    for lane in lanes:
        lane.stop()
        lane.join(LIMIT)


@pytest.fixture
def run(open_lane: Callable[[Script], Lane]) -> Run:
    """The verdicts of a lane, by case."""

    def run(script: Script, names: Sequence[str]) -> Mapping[str, Verdict]:
        lane = open_lane(script)
        jobs = [new_job(name) for name in names]
        for job in jobs:
            lane.submit(job)
        return {job.task.case.name: job.verdict.result(LIMIT) for job in jobs}

    return run


def new_job(name: str, arguments: object = None, limit: float | None = None) -> Job:
    case: Any = SimpleNamespace(
        name=name,
        arguments={} if arguments is None else arguments,
        limit=limit,
        own_process=name.startswith("own"),
    )
    contract: Any = None
    return Job(Task(case, contract, TARGET))


def crash() -> LostError:
    return LostError(Cause.DIED, "SIGSEGV")


def kill() -> LostError:
    return LostError(Cause.KILLED, "SIGKILL")


def outcomes(verdicts: Mapping[str, Verdict]) -> list[Outcome]:
    return [verdict.outcome for verdict in verdicts.values()]


def test_every_case_is_answered_by_one_worker(run: Run) -> None:
    script = Script()
    names = [f"c{number}" for number in range(200)]
    assert set(outcomes(run(script, names))) == {Outcome.CONFORMS}
    assert [worker.order for worker in script.workers] == [names]


def test_the_first_call_of_a_process_that_ends_is_to_blame(run: Run) -> None:
    script = Script(calls={"a": [crash()]})
    verdicts = run(script, ["a", "b"])
    assert verdicts["a"] == Verdict(Outcome.CRASHED, observed="SIGSEGV, alone: True")
    assert verdicts["b"].outcome is Outcome.CONFORMS


def test_a_later_call_is_tried_alone_in_a_fresh_process(run: Run) -> None:
    script = Script(calls={"b": [crash(), crash()]})
    verdicts = run(script, ["a", "b", "c"])
    assert outcomes(verdicts) == [Outcome.CONFORMS, Outcome.CRASHED, Outcome.CONFORMS]
    assert verdicts["b"].observed == "SIGSEGV, alone: True"
    assert script.workers[1].order == ["b"]
    assert script.workers[2].order == ["c"]


def test_what_has_a_process_to_itself_shares_it_with_nothing_before_or_after(run: Run) -> None:
    script = Script()
    assert set(outcomes(run(script, ["a", "own1", "own2", "b", "c"]))) == {Outcome.CONFORMS}
    assert [worker.order for worker in script.workers] == [["a"], ["own1"], ["own2"], ["b", "c"]]
    assert all(worker.ended for worker in script.workers[:-1])


def test_a_lane_that_waits_replaces_a_process_that_was_another_call_s(open_lane: Callable[[Script], Lane]) -> None:
    script = Script()
    lane = open_lane(script)
    for name in ("own1", "b", "own2"):
        job = new_job(name)
        lane.submit(job)
        assert job.verdict.result(LIMIT).outcome is Outcome.CONFORMS
    assert [worker.order for worker in script.workers] == [["own1"], ["b"], ["own2"]]


def test_what_has_a_process_to_itself_is_alone_to_blame_for_its_end(run: Run) -> None:
    script = Script(calls={"own": [crash()]})
    verdicts = run(script, ["a", "own", "b"])
    assert verdicts["own"].observed == "SIGSEGV, alone: True"
    assert [worker.order for worker in script.workers] == [["a"], ["own"], ["b"]]


def test_a_time_out_is_tried_alone_too(run: Run) -> None:
    script = Script(calls={"b": [LostError(Cause.TIMED_OUT), LostError(Cause.TIMED_OUT)]})
    verdicts = run(script, ["a", "b", "c"])
    assert verdicts["b"] == Verdict(Outcome.TIMED_OUT, observed="alone: True")


@pytest.mark.parametrize("name", ["a", "b"], ids=["first", "later"])
def test_a_call_whose_process_was_killed_from_outside_is_judged_by_its_second_attempt(run: Run, name: str) -> None:
    script = Script(calls={name: [kill()]})
    assert set(outcomes(run(script, ["a", "b", "c"]))) == {Outcome.CONFORMS}
    assert script.workers[1].order[0] == name


@pytest.mark.parametrize("name", ["a", "b"], ids=["first", "later"])
def test_a_call_whose_process_is_killed_again_is_unstable_and_accuses_nobody(run: Run, name: str) -> None:
    script = Script(calls={name: [kill(), kill()]})
    verdicts = run(script, ["a", "b", "c"])
    said = "its process was killed from outside twice (SIGKILL); free some memory, and ask again"
    assert verdicts.pop(name) == Verdict(Outcome.UNSTABLE, subject="call", observed=said)
    assert set(outcomes(verdicts)) == {Outcome.CONFORMS}


def test_a_suspect_that_is_killed_from_outside_is_still_a_suspect(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.Loss, "had_begun", lambda loss, words: True)
    verdicts = run(Script(calls={"b": [crash(), kill()]}), ["a", "b", "c"])
    assert verdicts["b"] == Verdict(Outcome.CRASHED, observed="SIGSEGV, alone: False")


def test_a_call_that_was_not_begun_is_judged_by_its_second_attempt(run: Run) -> None:
    script = Script(calls={"b": [crash()]})
    assert set(outcomes(run(script, ["a", "b", "c"]))) == {Outcome.CONFORMS}


def test_a_call_that_ends_its_process_in_company_alone_is_told_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.Loss, "had_begun", lambda loss, words: True)
    script = Script(calls={"b": [crash()]})
    verdicts = run(script, ["a", "b", "c"])
    assert verdicts["b"] == Verdict(Outcome.CRASHED, observed="SIGSEGV, alone: False")


def test_a_worker_is_told_where_the_last_words_of_the_one_before_are(run: Run) -> None:
    script = Script(calls={"a": [crash()]})
    run(script, ["a", "b"])
    assert [worker.previous for worker in script.workers] == [None, "folder 0"]


def test_a_target_that_never_starts_is_tried_once(open_lane: Callable[[Script], Lane], run: Run) -> None:
    script = Script(starts=[TargetError("no such framework")])
    verdicts = run(script, ["a", "b"])
    assert list(verdicts.values()) == [Verdict(Outcome.UNAVAILABLE, observed="no such framework")] * 2
    assert len(script.workers) == 1


def test_an_error_of_ours_before_the_start_is_a_fault_and_nobody_waits_for_it(
    open_lane: Callable[[Script], Lane],
) -> None:
    lane = open_lane(Script(starts=[ZeroDivisionError("ours")]))
    job = new_job("a")
    lane.submit(job)
    with pytest.raises(TargetError, match="ZeroDivisionError: ours"):
        lane.started.result(LIMIT)
    assert job.verdict.result(LIMIT).outcome is Outcome.FAULT


def test_a_target_that_is_killed_from_outside_at_its_first_start_is_started_again(run: Run) -> None:
    script = Script(starts=[*[KilledError("popen", "SIGKILL")] * (RESTARTS - 1), None])
    assert outcomes(run(script, ["a"])) == [Outcome.CONFORMS]


def test_a_target_that_is_killed_at_every_start_is_unavailable_for_that_reason(run: Run) -> None:
    script = Script(starts=[KilledError("popen", "SIGKILL, as memory ran out")])
    (verdict,) = run(script, ["a"]).values()
    assert verdict.outcome is Outcome.UNAVAILABLE
    assert "killed from outside while it started (SIGKILL, as memory ran out)" in verdict.observed
    assert len(script.workers) == RESTARTS


@pytest.mark.parametrize(("limit", "start"), [(LIMIT, START_LIMIT), (10 * START_LIMIT, 10 * START_LIMIT)])
def test_a_start_may_take_as_long_as_a_call_that_is_given_longer(run: Run, limit: float, start: float) -> None:
    script = Script(limit=limit)
    run(script, ["one"])
    assert script.workers[0].start_limit == start


def test_a_target_that_has_started_once_is_tried_several_times(run: Run) -> None:
    script = Script(starts=[None, *[TargetError("busy")] * (RESTARTS - 1), None], calls={"a": [crash()]})
    assert outcomes(run(script, ["a", "b"])) == [Outcome.CRASHED, Outcome.CONFORMS]
    assert [worker.previous for worker in script.workers[1:]] == ["folder 0"] * RESTARTS


def test_a_target_that_does_not_start_again_is_given_up(run: Run) -> None:
    script = Script(starts=[None, TargetError("gone")], calls={"a": [crash()]})
    verdicts = run(script, ["a", "b"])
    assert verdicts["a"].outcome is Outcome.CRASHED
    assert verdicts["b"] == Verdict(Outcome.UNAVAILABLE, observed="gone")
    assert len(script.workers) == 1 + RESTARTS


def test_a_target_that_only_dies_is_given_up(run: Run) -> None:
    names = [f"c{number}" for number in range(DEATHS + 5)]
    verdicts = run(Script(calls={name: [crash()] for name in names}), names)
    reason = f"{DEATHS} calls in a row ended its process; the last: SIGSEGV"
    assert outcomes(verdicts) == [Outcome.CRASHED] * DEATHS + [Outcome.UNAVAILABLE] * 5
    assert verdicts[names[-1]].observed == reason


@pytest.mark.parametrize("starts", [[None], [None, TargetError("gone")]], ids=["starts again", "does not"])
def test_an_error_of_the_workers_own_loop_is_a_fault_and_no_time_out(run: Run, starts: Any) -> None:
    script = Script(starts, calls={"a": [LostError(Cause.FAILED, "Traceback of ours")]})
    assert run(script, ["a", "b"])["a"] == Verdict(Outcome.FAULT, observed="Traceback of ours")


def test_what_the_vendor_cannot_express_needs_no_call(open_lane: Callable[[Script], Lane]) -> None:
    script = Script()
    lane = open_lane(script)
    job = new_job("a", NoEquivalent("it has no such argument"))
    lane.submit(job)
    assert job.verdict.result(LIMIT) == Verdict(Outcome.NO_EQUIVALENT, observed="it has no such argument")
    assert script.workers[0].order == []


def test_what_cannot_be_sent_is_a_fault_of_that_case(
    open_lane: Callable[[Script], Lane], monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = open_lane(Script())
    right = engine.encode_call
    monkeypatch.setattr(
        engine, "encode_call", lambda case, *others: {**right(case, *others), "arguments": case.arguments}
    )
    jobs = [new_job("a", {"x": object()}), new_job("b")]
    for job in jobs:
        lane.submit(job)
    assert [job.verdict.result(LIMIT).outcome for job in jobs] == [Outcome.FAULT, Outcome.CONFORMS]


def test_a_lane_that_is_stopped_cancels_what_has_no_verdict(open_lane: Callable[[Script], Lane]) -> None:
    lane = open_lane(Script())
    lane.stop()
    lane.join(LIMIT)
    job = new_job("a")
    lane.submit(job)
    lane.join(LIMIT)
    with pytest.raises(CancelledError):
        job.verdict.result(LIMIT)


def test_whoever_waits_for_the_greeting_of_a_stopped_lane_is_told(open_lane: Callable[[Script], Lane]) -> None:
    lane = open_lane(Script(starts=[TargetError("no such framework")]))
    started: Future[Greeting] = lane.started
    with pytest.raises(TargetError, match="^no such framework$"):
        started.result(LIMIT)


def test_a_case_may_take_less_than_others_and_never_more(open_lane: Callable[[Script], Lane]) -> None:
    script = Script()
    lane = open_lane(script)
    jobs = [new_job("as the run"), new_job("less", limit=LIMIT / 2), new_job("more", limit=LIMIT * 2)]
    for job in jobs:
        lane.submit(job)
        job.verdict.result(LIMIT)
    assert script.workers[0].limits == [LIMIT, LIMIT / 2, LIMIT]
