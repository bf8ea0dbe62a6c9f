"""Where cases are asked: each as often as it is to be repeated, of targets that are certified meanwhile."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from conformance.audit import Audit, Job, Task
from conformance.case import Case, Greeting, Outcome, Target, Verdict
from conformance.certificate.certificate import Certificate
from conformance.certificate.certificates import Cache, Certificates
from conformance.oracle.expectation import Expectation
from conformance.run.settings import Settings
from conformance.run.standing import Standing, State, Tally
from conformance.targets.connection import limit_start
from conformance.targets.errors import TargetError
from conformance.verdicts import repeat
from conformance.verdicts.twin import SETTLED, qualify

PATIENCE = 10.0  # seconds for a target to start, before somebody who waits is told


class Asking:
    """The targets of a run, which start with what is first asked of them."""

    def __init__(
        self, settings: Settings, targets: Sequence[Target], cache: Cache | None, tell: Callable[[str], None]
    ) -> None:
        """
        Args:
            cache: where certificates are kept between runs.
            tell: says a line to who waits; called by the main thread alone.
        """
        self._settings = settings
        self._tell = tell
        self._targets = targets
        self._certificates = Certificates(self.greet, cache, settings.certifies == "always")
        self._audit: Audit | None = None
        self._twins: dict[tuple[str, str, str], Job] = {}
        self._tallies: defaultdict[str, Tally] = defaultdict(Tally)

    def greet(self, target: Target) -> Greeting:
        """What a target says of itself, whose start may take a while. Raises TargetError when it cannot be used."""
        audit = self._start_audit()
        if threading.current_thread() is threading.main_thread():
            try:
                return audit.greeting(target, PATIENCE)
            except TimeoutError:
                limit = limit_start(self._settings.case_timeout)
                self._tell(f"waiting for target {target.name} to start, {limit:g} s at most ...")
        return audit.greeting(target)

    def submit(self, task: Task, with_twin: bool = True) -> Sequence[Job]:
        """Queue a task, as often as it is to be repeated.

        Args:
            with_twin: whether its twin is asked at once, or only when its own verdict turns out to need that.
        """
        audit = self._start_audit()
        repeats = [Job(task) for _ in range(self._settings.repeats)]
        for repeated in repeats:
            audit.submit(repeated)
        self._count(task.target, repeats)
        if task.case.twin is not None and with_twin:
            self._ask_twin(task, task.case.twin)
        if self._settings.certifies != "never":
            self._certificates.start(task.target)
        return repeats

    def plan(self, target: str, count: int) -> None:
        """Say how many tasks a target will be asked in all, once it has been asked the first."""
        self._tallies[target].planned = count * self._settings.repeats

    def _count(self, target: Target, jobs: Sequence[Job]) -> None:
        """Count what was asked of a target, whose lane has begun."""
        tally = self._tallies[target.name]
        tally.asked += len(jobs)
        for job in jobs:
            job.verdict.add_done_callback(tally.settle)

    def await_verdict(self, task: Task, repeats: Sequence[Job]) -> Verdict:
        """The verdict on a task, once all its repeats have theirs; a fault where the API failed its certificate."""
        certificate = self.find_certificate(task.target)
        failure = certificate.failure(task.contract.api) if certificate is not None else None
        if failure is not None:
            api = task.contract.api
            return Verdict(Outcome.FAULT, observed=f"not audited: {api} failed its certificate: {failure}")
        verdict = repeat.combine([repeated.verdict.result() for repeated in repeats])
        if task.case.twin is None or verdict.outcome in SETTLED:
            return verdict
        assert task.case.wrong is not None
        return qualify(verdict, self._ask_twin(task, task.case.twin).verdict.result(), task.case.wrong)

    def _ask_twin(self, task: Task, twin: Case) -> Job:
        """The valid twin of an invalid call, which is queued where it was not. Many have the same, asked once."""
        key = _identify(twin, task)
        if key not in self._twins:
            self._twins[key] = Job(replace(task, case=twin))
            self._start_audit().submit(self._twins[key])
        return self._twins[key]

    def find_certificate(self, target: Target) -> Certificate | None:
        """A target's certificate, once it is complete; None where none was begun, or the target cannot be used."""
        return self._certificates.of(target)

    def expect(self, case: Case) -> Expectation:
        """What the oracle says of a case."""
        return self._start_audit().expect(case)

    def find_standings(self) -> Sequence[Standing]:
        """How far each target has come that was asked something. Waits for nobody; any thread may call it."""
        return [self._find_standing(target) for target in self._targets if target.name in self._tallies]

    def _find_standing(self, target: Target) -> Standing:
        tally = self._tallies[target.name]
        state, version = self._find_state(target)
        return Standing(target.name, state, version, tally.settled, max(tally.planned, tally.asked))

    def _find_state(self, target: Target) -> tuple[State, str]:
        """What a target does, and its framework's version once it has started."""
        try:
            version = self._start_audit().greeting(target, 0).version
        except TimeoutError:
            return State.STARTS, ""
        except TargetError:
            return State.ENDED, ""
        return State.ANSWERS if self._certificates.is_complete(target) else State.IS_CERTIFIED, version

    def close(self) -> None:
        """End the targets."""
        if self._audit is not None:
            self._audit.close()

    def _start_audit(self) -> Audit:
        if self._audit is None:
            self._audit = Audit(self._targets, self._settings.case_timeout, self._settings.processes)
        return self._audit


def _identify(twin: Case, task: Task) -> tuple[str, str, str]:
    """A twin, as it is asked of a task's API of a target."""
    return twin.id, task.target.name, task.contract.api
