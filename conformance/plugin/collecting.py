"""Where YAML files become items, and items that have not changed are left out."""

from __future__ import annotations

import functools
import gc
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from conformance.apis import Contract, framework_of_target
from conformance.audit import Task
from conformance.case import Statement, Target
from conformance.cases import kept, spec
from conformance.cases.naming import item_name
from conformance.plugin.heap import use_one_heap
from conformance.plugin.items import CaseItem, StatementItem
from conformance.plugin.state import RUN
from conformance.run import Run, UnusableError

SHELF = pytest.StashKey[kept.Shelf | None]()
SELDOM = (10_000, 20, 1_000)  # gc's thresholds
SPECS = "conformance-specs"  # the folder in pytest's cache


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """All that collecting makes stays: looking for garbage among it, now and later, takes a third of the time.

    What the run makes is kept too, or goes at once; to look through all of it again and again took a tenth of its time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return (yield)
    finally:
        if session.config.stash[RUN].asked:
            gc.collect()  # what reading the files has left, or it would stay too
            gc.freeze()
            session.config.add_cleanup(partial(gc.set_threshold, *gc.get_threshold()))
            gc.set_threshold(*SELDOM)
        if was_enabled:
            gc.enable()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    specs = spec.folder_of(file_path)
    if specs is None:
        return None
    file: SpecFile = SpecFile.from_parent(parent, path=file_path)
    file.relative = file_path.relative_to(specs).as_posix()
    return file


class SpecFile(pytest.File):
    """A YAML file under a folder named specs."""

    relative: str

    def collect(self) -> Iterator[pytest.Item]:
        use_one_heap()
        run = self.config.stash[RUN]
        shelf = _find_shelf(self.config)
        loaded = spec.load(self.path, self.relative) if shelf is None else shelf.load(self.path, self.relative)
        asked = list(_find_asked(run, loaded, self.relative))
        run.asked[str(self.path)] = len(loaded.cases) * len(asked)
        if not asked:
            return
        statements = {statement.claim: statement for statement in loaded.statements}
        for case in loaded.cases:
            statement = statements[case.claim] if case.claim is not None else None
            for target, contract in asked:
                yield self._make_item(run, Task(case, contract, target), statement)
        for statement in loaded.statements:
            if statement.unchecked is not None:
                name = item_name(statement.claim, statement.api)
                item: StatementItem = StatementItem.from_parent(self, name=name)
                item.statement = statement
                yield item

    def _make_item(self, run: Run, task: Task, statement: Statement | None) -> CaseItem:
        target = "" if task.target.name == task.target.framework else task.target.name
        name = item_name(task.case.name, task.contract.api, target)
        # With its whole id: pytest 9.2 reads brackets in an id as parameters, but not those in a name.
        item: CaseItem = CaseItem.from_parent(self, name=name, nodeid=f"{self.nodeid}::{name}")
        # All of its attributes now: with one that comes later, Python gives each item a dictionary of its own.
        item.task = task
        item.statement = statement
        item.settled = None
        item.repeats = item.records = ()
        item.own_markers.extend(_find_marks(task))
        return item

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, spec.SpecError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


def _find_shelf(config: pytest.Config) -> kept.Shelf | None:
    """Where loaded spec files are kept between runs: in pytest's cache, None where there is none."""
    if SHELF not in config.stash:
        cache = getattr(config, "cache", None)
        try:
            config.stash[SHELF] = None if cache is None else kept.Shelf(cache.mkdir(SPECS), kept.digest_code())
        except OSError:
            config.stash[SHELF] = None
    return config.stash[SHELF]


def _find_asked(run: Run, loaded: spec.Spec, name: str) -> Iterator[tuple[Target, Contract]]:
    """The APIs that the cases of a spec of this name are asked, of every target."""
    for target in (target for target in run.targets if run.asks(name, target)):
        for contract in framework_of_target(target).contracts:
            if contract.layer == loaded.layer and loaded.api in (None, contract.api):
                yield target, contract


def _find_marks(task: Task) -> Iterator[pytest.Mark]:
    case = task.case
    yield _make_mark(task.contract.layer)
    yield _make_mark(task.target.framework)
    if case.promise.raises:
        yield _make_mark("invalid")
    elif case.inputs is not None and case.inputs.gradients:
        yield _make_mark("gradient")
    if case.claim is not None:
        yield _make_mark("claim")


@functools.cache
def _make_mark(name: str) -> pytest.Mark:
    """A mark, one for all items that have it."""
    mark: pytest.MarkDecorator = getattr(pytest.mark, name)
    return mark.mark


@pytest.hookimpl(trylast=True)  # after -k and -m
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    run = config.stash[RUN]
    if run.settings.only_changed is None:
        return
    try:
        settled = [item for item in items if isinstance(item, CaseItem) and run.find_settled(item.task) is not None]
    except UnusableError as error:
        raise pytest.UsageError(str(error)) from error
    run.left_out = len(settled)
    left_out: set[pytest.Item] = set(settled)
    if not any(isinstance(item, CaseItem) and item not in left_out for item in items):
        left_out.update(item for item in items if isinstance(item, StatementItem))  # which alone are no run
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]
