"""The search: batches of calls are drawn and asked of every target side by side, and what is new is shrunk.

One batch is drawn while the one before it is asked. What is drawn depends on the seed and on the verdicts of the
batches before that, and not on time, so that the same seed and versions ask the same calls in the same order, as far
as the seconds go.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from random import Random

from conformance.apis import Contract
from conformance.audit import Audit, Job, Task
from conformance.case import Case, LayerName, Outcome, Target, Verdict
from conformance.catalogue.fact import DIVERGENT
from conformance.explore.drafts import TIMEOUT, Draft, finish
from conformance.explore.novelty import LOST, Cause, Known
from conformance.explore.progress import Progress
from conformance.explore.sources import Sources
from conformance.explore.traits import describe
from conformance.reproducers.shrink import Ask, Shrunk, begin, shrink, sign
from conformance.run.shrinking import make_ask
from conformance.verdicts.twin import qualify

BATCH = 60  # drafts
INTERESTING = 300  # of them the last are kept
SHRINKING = 15.0  # seconds for one cluster
SHRINKING_LOSS = 45.0  # where each call costs a process
SLOW = 1.0  # seconds of a small call
# What a busy machine does to a call that is right.
DOUBTFUL = frozenset({Outcome.TIMED_OUT, Outcome.UNSTABLE})


@dataclass(frozen=True)
class Question:
    """Where a call can be asked."""

    target: Target
    contract: Contract


@dataclass(frozen=True)
class Cluster:
    """What was found: the smallest call that shows it, and the verdict on that.

    Attributes:
        name: of the case, which the saved file has.
        asked: how many calls it took to shrink it.
        first: the call that showed it first.
    """

    name: str
    question: Question
    case: Case
    verdict: Verdict
    asked: int
    first: Case


@dataclass(frozen=True)
class Asked:
    """A case on its way, with the draft that it was made of."""

    draft: Draft
    case: Case
    jobs: Sequence[Job]


class Search:
    """A search.

    Attributes:
        clusters: what was found so far.
        progress: how fast it goes.
    """

    def __init__(
        self,
        audit: Audit,
        questions: Sequence[Question],
        sources: Mapping[LayerName, Sources],
        known: Known,
        seed: int,
        limit: float = TIMEOUT,
    ) -> None:
        """
        Args:
            limit: seconds for one call. One that needs longer is asked again, and has as long as the audit allows.
        """
        self.clusters: list[Cluster] = []
        self.progress = Progress()
        self._audit = audit
        self._questions = questions
        self._sources = sources
        self._known = known
        self._seed = seed
        self._limit = limit
        self._interesting: dict[LayerName, deque[Draft]] = {layer: deque(maxlen=INTERESTING) for layer in sources}
        self._seen: set[object] = set()
        self._stopped = threading.Event()

    def run(self, seconds: float, tell: Callable[[Search], None]) -> None:
        """Search for that long; what is under way then is awaited.

        Args:
            tell: is called after each batch.
        """
        end = time.monotonic() + seconds
        asked = self._ask(0)
        try:
            for number in itertools.count(1):
                coming = self._ask(number) if time.monotonic() < end else []
                self._note(asked)
                tell(self)
                if not coming:
                    return
                asked = coming
        finally:
            self._stopped.set()

    # Drawing and asking

    def _ask(self, number: int) -> list[Asked]:
        """Draw a batch and send it on its way."""
        rng = Random(f"{self._seed} {number}")
        batch = []
        for position in range(BATCH):
            layer = rng.choice(sorted(self._sources))
            draft = self._sources[layer].draw(rng, self._interesting[layer])
            case = finish(draft, f"seed{self._seed}.{number}.{position}", self._limit)
            cases = [one for one in (case and case.twin, case) if one is not None]
            if all(map(self._has_answer, cases)):
                batch += [self._submit(draft, one) for one in cases]
        return batch

    def _has_answer(self, case: Case) -> bool:
        """Whether the oracle has an answer, which it computes here: no exact arrays may exist for so many terms."""
        try:
            return self._audit.expect(case).fault is None
        except (ValueError, OverflowError, MemoryError):
            return False

    def _submit(self, draft: Draft, case: Case) -> Asked:
        traits = describe(case)
        jobs = []
        for question in self._find_questions(case):
            if not self._known.expects_loss((question.target.name, question.contract.api), traits):
                jobs.append(Job(Task(case, question.contract, question.target)))
                self._audit.submit(jobs[-1])
        self.progress.count_traits(traits)
        return Asked(draft, case, jobs)

    def _find_questions(self, case: Case) -> Iterator[Question]:
        for question in self._questions:
            if question.contract.layer == case.layer and case.api in (None, question.contract.api):
                yield question

    # What came of it

    def _note(self, batch: Sequence[Asked]) -> None:
        """Await a batch, keep what is interesting, and shrink what is new."""
        suspects = []
        for asked in batch:
            verdicts = [(job.task, job.verdict.result()) for job in asked.jobs]
            for task, verdict in verdicts:
                self.progress.count(task.target.name, verdict)
                if self._is_new(task, verdict):
                    suspects.append((task, verdict))
            if self._is_interesting(asked.case, verdicts):
                self._interesting[asked.case.layer].append(asked.draft)
        self._shrink_all(suspects)

    def _is_new(self, task: Task, verdict: Verdict) -> bool:
        if verdict.outcome not in DIVERGENT:
            return False
        return self._known.explain((task.target.name, task.contract.api), verdict, describe(task.case)) is None

    def _is_interesting(self, case: Case, verdicts: Sequence[tuple[Task, Verdict]]) -> bool:
        """Whether something came of a case that did not come of one before: a region that differs, or a message."""
        region = tuple(sorted(describe(case)))
        outcomes = tuple((task.contract.api, verdict.outcome) for task, verdict in verdicts)
        new: set[object] = {(region, outcomes)} if len({outcome for _, outcome in outcomes}) > 1 else set()
        for task, verdict in verdicts:
            if verdict.raised is not None:
                new.add((task.contract.api, verdict.raised.cls, begin(verdict.raised.message)))
            if verdict.seconds > SLOW or verdict.outcome in DIVERGENT:
                new.add((task.contract.api, region, verdict.outcome))
        new -= self._seen
        self._seen |= new
        return bool(new)

    # Shrinking

    def _shrink_all(self, suspects: Sequence[tuple[Task, Verdict]]) -> None:
        """Shrink what is new, target beside target; after that, by itself, what a busy machine may have done."""
        by_target: dict[str, list[tuple[Task, Verdict]]] = {}
        doubtful = []
        for task, verdict in suspects:
            if verdict.outcome in DOUBTFUL:
                doubtful.append((task, verdict))
            else:
                by_target.setdefault(task.target.name, []).append((task, verdict))
        begun = time.monotonic()
        if by_target:
            with ThreadPoolExecutor(len(by_target)) as pool:
                for found in pool.map(self._shrink_several, by_target.values()):
                    self.clusters += found
        self.clusters += self._shrink_several(doubtful)
        if suspects:
            self.progress.shrinking += time.monotonic() - begun

    def _shrink_several(self, suspects: Sequence[tuple[Task, Verdict]]) -> list[Cluster]:
        found = []
        for task, verdict in suspects:
            # One found a moment ago may be the same.
            if self._is_new(task, verdict):
                cluster = self._shrink(task, verdict)
                found += [] if cluster is None else [cluster]
        return found

    def _shrink(self, task: Task, verdict: Verdict) -> Cluster | None:
        """The cluster of a suspect; None where its smallest call turns out to be known, or to be asked of nobody.

        None, too, where what was doubtful is not so in peace.
        """
        if not self._is_asked_alone(task, verdict):
            return None
        if verdict.outcome in DOUBTFUL:
            verdict = self._ask_in_peace(task, task.case)
            if not self._is_new(task, verdict):
                self.progress.recovered += verdict.outcome not in DIVERGENT
                return None
        seconds = SHRINKING_LOSS if verdict.outcome in LOST else SHRINKING
        ask = self._count_asked(make_ask(self._audit, task, self._stopped, seconds), task.target.name)
        shrunk = self._check_in_peace(task, verdict, shrink(task.case, verdict, ask, seconds))
        known = self._known.explain_smallest(
            (task.target.name, task.contract.api), shrunk.verdict, describe(shrunk.case)
        )
        name = _name_cluster(task, shrunk.verdict) if known is None else known.title
        self._learn(task, name, shrunk)
        if known is not None:
            return None
        question = Question(task.target, task.contract)
        return Cluster(name, question, shrunk.case, shrunk.verdict, shrunk.asked, task.case)

    def _check_in_peace(self, task: Task, verdict: Verdict, shrunk: Shrunk) -> Shrunk:
        """What was shrunk, or its first case where a smaller one is doubtful and not so in peace."""
        if shrunk.verdict.outcome not in DOUBTFUL or not shrunk.smaller:
            return shrunk
        again = self._ask_in_peace(task, shrunk.case)
        if sign(again) == sign(verdict):
            return replace(shrunk, verdict=again)
        return Shrunk(task.case, verdict, shrunk.asked, smaller=False)

    def _ask_in_peace(self, task: Task, case: Case) -> Verdict:
        """The verdict on a case for which there is as much time as the audit allows, while nothing else is shrunk."""
        again = Job(replace(task, case=replace(case, limit=None)))
        self._audit.submit(again)
        verdict = again.verdict.result()
        self.progress.count(task.target.name, verdict)
        return verdict

    def _count_asked(self, ask: Ask, target: str) -> Ask:
        def counted(case: Case) -> Verdict:
            verdict = ask(case)
            self.progress.count(target, verdict)
            return verdict

        return counted

    def _is_asked_alone(self, task: Task, verdict: Verdict) -> bool:
        """Whether an invalid call tells something: its valid twin is taken."""
        if task.case.twin is None:
            return True
        assert task.case.wrong is not None
        twin = Job(replace(task, case=task.case.twin))
        self._audit.submit(twin)
        return qualify(verdict, twin.verdict.result(), task.case.wrong).outcome is not Outcome.NO_EQUIVALENT

    def _learn(self, task: Task, name: str, shrunk: Shrunk) -> None:
        """From now on the cluster is known, on every API of its layer in its target."""
        look = sign(shrunk.verdict)
        first = describe(task.case)
        traits = describe(shrunk.case)
        # A number that was lowered may be of another class, and shows the same.
        condition = {trait: frozenset({kind, first.get(trait, kind)}) for trait, kind in traits.items()}
        is_loss = shrunk.verdict.outcome in LOST and bool(condition)
        cause = Cause(name, lambda other: sign(other) == look, (traits,), (condition,), is_loss)
        for question in self._questions:
            if question.target == task.target and question.contract.layer == task.case.layer:
                self._known.add((task.target.name, question.contract.api), cause)


def _name_cluster(task: Task, verdict: Verdict) -> str:
    """A name that no other cluster has, in what a case may be called."""
    return f"{task.target.framework}.{verdict.kind or verdict.outcome}.{task.case.name}"
