"""What a target answers in a stream of calls, sixteen in a message, is what it answers to one call at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from conformance.apis import Contract, NoEquivalent, contracts, framework_of
from conformance.audit import Audit, Job, Task
from conformance.case import Case, Outcome, Target, Verdict
from conformance.cases import coverage
from conformance.engine import schedule
from conformance.targets.protocol import vendor_arguments
from tests import shipped

pytestmark = pytest.mark.process

LIMIT = 20.0  # seconds for a call
STEP = 101  # a prime, so that the cases drawn do not keep step with a spec's axes
# Each call takes seconds, of which a restart or the oracle takes most; or what comes of a NaN is not always the same.
LEFT_OUT = ("hazards.yaml", "networks.yaml", "nonfinite.yaml")
ENDED = (Outcome.CRASHED, Outcome.TIMED_OUT)


def draw_cases(contract: Contract) -> Iterator[Case]:
    """Of those that an API can express, which are few for some."""
    paths = sorted((coverage.SPECS / contract.layer).glob("*.yaml"))
    cases = [case for path in paths if path.name not in LEFT_OUT for case in shipped.load(path).cases]
    yield from [case for case in cases if not isinstance(vendor_arguments(case, contract), NoEquivalent)][::STEP]


def ask(target: Target) -> dict[tuple[str, str], Verdict]:
    """By case and API, the verdicts, without seconds and without what a process says at its end: its number is in it."""
    of_target = [contract for contract in contracts().values() if framework_of(contract.api).name == target.framework]
    with closing(Audit([target], LIMIT)) as audit:
        jobs = [Job(Task(case, contract, target)) for contract in of_target for case in draw_cases(contract)]
        for job in jobs:
            audit.submit(job)
        return {(job.task.case.id, job.task.contract.api): take_verdict(job) for job in jobs}


def take_verdict(job: Job) -> Verdict:
    """Where the call ends its process, that alone: by which signal or time limit is chance where memory is spoiled."""
    verdict = replace(job.verdict.result(120), seconds=0.0, stderr="")
    if verdict.outcome in ENDED:
        return replace(verdict, outcome=Outcome.CRASHED, observed="")
    return verdict


def test_a_stream_of_calls_is_answered_as_one_at_a_time(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    together = ask(target)
    monkeypatch.setattr(schedule, "WINDOW", 1)
    monkeypatch.setattr(schedule, "BATCH", 1)
    alone = ask(target)
    assert sum(verdict.outcome is Outcome.CONFORMS for verdict in alone.values()) > 20
    assert together == alone
