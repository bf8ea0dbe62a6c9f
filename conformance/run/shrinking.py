"""Where the smallest calls are found that show what a run found, in targets that are started for it anew."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.apis import NoEquivalent, framework_of_target
from conformance.audit import Audit, Job, Task
from conformance.case import Case, Outcome, Target, Verdict
from conformance.cases import spec
from conformance.oracle.expectation import find_refusal as find_refusal_of_any
from conformance.records.record import Question, VerdictRecord
from conformance.reproducers.asked import AskedCase
from conformance.reproducers.script import write_script
from conformance.reproducers.shrink import Ask, begin, shrink
from conformance.run.confirming import Script
from conformance.run.settings import Settings
from conformance.targets.protocol import vendor_arguments

NOT_ASKED = Verdict(Outcome.NO_EQUIVALENT)
# A call that ends its process, or that has to be ended with it, costs seconds: they come last.
ORDER = (Outcome.DIVERGES, Outcome.CRASHED, Outcome.TIMED_OUT)


def shrink_findings(
    records: Iterable[VerdictRecord], files: Iterable[Path], targets: Sequence[Target], settings: Settings
) -> dict[Question, Script]:
    """Scripts of the smallest calls that show the same as these verdicts, target beside target.

    Args:
        files: the spec files in which the cases are written. A case that is in none of them stays as it is.
    """
    if settings.shrink_seconds == 0:
        return {}
    chosen = [record for record in records if record.verdict.outcome in ORDER and not record.verdict.inferred]
    cases = _find_cases({record.question.case for record in chosen}, files)
    by_target: dict[str, list[VerdictRecord]] = {}
    for record in sorted(chosen, key=lambda record: ORDER.index(record.verdict.outcome)):
        case = cases.get(record.question.case)
        if case is not None:
            by_target.setdefault(record.question.target, []).append(record)
    if not by_target:
        return {}
    audit = Audit(targets, settings.case_timeout)
    deadline = time.monotonic() + settings.shrink_seconds
    stopped = threading.Event()
    shrinkers = [Shrinker(audit, target, cases, deadline, stopped) for target in targets if target.name in by_target]
    scripts: dict[Question, Script] = {}
    with ThreadPoolExecutor(len(shrinkers)) as pool:
        try:
            for found in pool.map(lambda shrinker: shrinker.shrink_all(by_target[shrinker.target.name]), shrinkers):
                scripts |= found
        finally:
            stopped.set()
            audit.close()  # which ends what is still asked, after Ctrl-C
    return scripts


def _find_cases(ids: set[str], files: Iterable[Path]) -> dict[str, Case]:
    """The cases of these ids: only a results file came this far, where another process may have asked them."""
    names = {identity.partition("::")[0] for identity in ids}
    cases: dict[str, Case] = {}
    for file in files:
        folder = spec.folder_of(file)
        name = "" if folder is None else file.relative_to(folder).as_posix()
        if name in names:
            with contextlib.suppress(spec.SpecError):  # edited since it was collected
                cases |= {case.id: case for case in spec.load(file, name).cases if case.id in ids}
    return cases


@dataclass(frozen=True)
class Shrinker:
    """Shrinks cases in one target.

    Attributes:
        cases: by id.
        deadline: when it has to end, on the monotonic clock.
        stopped: whether it has to end before.
    """

    audit: Audit
    target: Target
    cases: Mapping[str, Case]
    deadline: float
    stopped: threading.Event

    def shrink_all(self, records: Sequence[VerdictRecord]) -> dict[Question, Script]:
        """The scripts of those that could be shrunk, each given its share of the time that is left."""
        scripts = {}
        for number, record in enumerate(records):
            share = (self.deadline - time.monotonic()) / (len(records) - number)
            script = self._shrink(record, share) if share > 0 else None
            if script is not None:
                scripts[record.question] = script
        return scripts

    def _shrink(self, record: VerdictRecord, seconds: float) -> Script | None:
        case = self.cases[record.question.case]
        framework = framework_of_target(self.target)
        contract = next(one for one in framework.contracts if one.api == record.question.api)
        ask = make_ask(self.audit, Task(case, contract, self.target), self.stopped, seconds)
        shrunk = shrink(case, record.verdict, ask, seconds)
        arguments = vendor_arguments(shrunk.case, contract)
        if not shrunk.smaller or isinstance(arguments, NoEquivalent):
            return None
        asked = AskedCase(shrunk.case, contract, framework, arguments, self.audit.expect(shrunk.case))
        text = write_script(asked, shrunk.verdict)
        return None if text is None else Script(text, shrunk.verdict, shrunk=True)


def make_ask(audit: Audit, task: Task, stopped: threading.Event, seconds: float) -> Ask:
    """What asks smaller cases than a task's of the task's API and target, for so many seconds from now.

    Where the oracle refuses another thing than before, or nothing any more, it is another question, and not asked.
    """
    end = time.monotonic() + seconds
    refused = find_refusal(audit, task.case)

    def ask(candidate: Case) -> Verdict:
        if find_refusal(audit, candidate) != refused:
            return NOT_ASKED
        if stopped.is_set():
            raise TimeoutError
        asked = Job(replace(task, case=candidate))
        audit.submit(asked)
        return asked.verdict.result(max(0.0, end - time.monotonic()))

    return ask


def find_refusal(audit: Audit, case: Case) -> object:
    """How the oracle refuses a case, if it does: of one that goes on, any of its calls."""
    if case.then:
        of_any = find_refusal_of_any(case)
        if of_any is not None:
            return of_any.cls, begin(of_any.message)
    try:
        expectation = audit.expect(case)
    except (ValueError, MemoryError) as error:  # no arrays of that kind exist, or none that this machine holds
        return str(error)
    refusal = expectation.raised
    return expectation.fault if refusal is None else (refusal.cls, begin(refusal.message))
