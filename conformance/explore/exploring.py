"""A search from its beginning to its end: targets are started, searched, and ended, and what was found is saved."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.audit import Audit
from conformance.case import LAYERS, Case, Greeting, LayerName, Target
from conformance.catalogue.catalogue import Catalogue
from conformance.catalogue.fact import make_place
from conformance.explore.domain import describe_domain
from conformance.explore.novelty import Known, list_causes
from conformance.explore.saving import save
from conformance.explore.search import Cluster, Question, Search
from conformance.explore.sources import Sources
from conformance.run.modes import CASE_LIMIT
from conformance.run.settings import UnusableError
from conformance.targets.errors import TargetError

INTERVAL = 10.0  # seconds between two lines of progress


@dataclass(frozen=True)
class Settings:
    """What a search was asked for.

    Attributes:
        seconds: how long it searches; to shrink what the last calls show may take longer.
        seed: what is drawn begins with it.
        folder: where what is found is saved.
        case_timeout: seconds that a listed case may take, and with it a call that is asked again in peace.
    """

    seconds: float
    seed: int
    folder: Path
    case_timeout: float = CASE_LIMIT


@dataclass(frozen=True)
class Found:
    """What a search found: its clusters, and the files that have their cases."""

    clusters: Sequence[Cluster]
    files: Sequence[Path]


def explore(
    settings: Settings,
    questions: Sequence[Question],
    cases: Sequence[Case],
    catalogue: Catalogue,
    tell: Callable[[str], None],
) -> Found:
    """Search for what no listed case asks.

    Args:
        questions: the APIs of targets to ask.
        cases: the listed ones, from which is drawn.
        tell: says a line to who waits.

    Raises:
        UnusableError: there is nothing to draw from, or nobody to ask.
        OSError: what was found cannot be saved.
    """
    targets = list({question.target.name: question.target for question in questions}.values())
    audit = Audit(targets, settings.case_timeout)
    try:
        greetings = dict(_greet(audit, targets, tell))
        questions = [question for question in questions if question.target.name in greetings]
        sources = dict(_make_sources(questions, cases))
        if not sources:
            raise UnusableError("nothing to draw calls from: no valid canonical case is selected, or no target started")
        search = Search(audit, questions, sources, _list_known(greetings, catalogue, cases), settings.seed)
        versions = ", ".join(f"{name} {greeting.version}" for name, greeting in greetings.items())
        origin = f"seed {settings.seed}, {versions}"
        tell(f"explore: {origin}; what is new goes to {settings.folder}")
        watch = Watch(settings, origin, tell)
        search.run(settings.seconds, watch.look)
        watch.tell_progress(search)
        return Found(search.clusters, watch.save(search))
    finally:
        audit.close()


class Watch:
    """Looks at a search between two batches: tells how it goes, and saves what is new at once."""

    def __init__(self, settings: Settings, origin: str, tell: Callable[[str], None]) -> None:
        self._settings = settings
        self._origin = origin
        self._tell = tell
        self._saved = 0
        self._told = time.monotonic()

    def look(self, search: Search) -> None:
        for cluster in search.clusters[self._saved :]:
            self._tell(f"explore: new: {describe(cluster)}")
        if len(search.clusters) > self._saved:
            self._saved = len(search.clusters)
            self.save(search)
        if time.monotonic() - self._told >= INTERVAL:
            self.tell_progress(search)

    def tell_progress(self, search: Search) -> None:
        self._told = time.monotonic()
        self._tell(f"explore: {search.progress.describe(len(search.clusters))}")

    def save(self, search: Search) -> Sequence[Path]:
        return save(search.clusters, self._settings.folder, self._origin)


def describe(cluster: Cluster) -> str:
    """A cluster in one line."""
    verdict = cluster.verdict
    return f"{cluster.name}, {cluster.question.contract.api}: expected {verdict.expected}, observed {verdict.observed}"


def _greet(audit: Audit, targets: Iterable[Target], tell: Callable[[str], None]) -> Iterator[tuple[str, Greeting]]:
    """The targets that start."""
    for target in targets:
        try:
            yield target.name, audit.greeting(target)
        except TargetError as error:
            tell(f"explore: target {target.name} is unavailable: {error}")


def _list_known(greetings: Mapping[str, Greeting], catalogue: Catalogue, cases: Sequence[Case]) -> Known:
    known = Known()
    for name, greeting in greetings.items():
        covering = catalogue.find_covering(make_place(name, greeting.version, greeting.environment))
        for api, cause in list_causes(covering, cases):
            known.add((name, api), cause)
    return known


def _make_sources(questions: Sequence[Question], cases: Sequence[Case]) -> Iterator[tuple[LayerName, Sources]]:
    """What is drawn from, of each layer that has listed cases."""
    for layer in LAYERS:
        contracts = {one.contract.api: one.contract for one in questions if one.contract.layer == layer}
        canonical = describe_domain(layer, cases)
        own = {api: describe_domain(layer, cases, api) for api in contracts}
        own = {api: domain for api, domain in own.items() if domain.arguments}
        if contracts and canonical.styles:
            yield layer, Sources(canonical, own, contracts)
