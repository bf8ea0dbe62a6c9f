"""Where the cases of items are asked ahead of them, and the items run."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from conformance.audit import Task
from conformance.catalogue.catalogue import Miscount
from conformance.engine.lane import DEATHS
from conformance.explore import Question, explore
from conformance.explore import Settings as Exploration
from conformance.plugin import bare
from conformance.plugin.collecting import SpecFile, pytest_collect_file
from conformance.plugin.items import CaseItem
from conformance.plugin.state import RUN, is_worker
from conformance.plugin.watching import tell
from conformance.run import Run, UnusableError

AHEAD = 2000  # items that a target's process is asked before they run: some seconds of what it can answer
IN_A_ROW = DEATHS // 2
QUEUE = pytest.StashKey["Queue"]()


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    if session.config.option.collectonly:
        return (yield)
    run = session.config.stash[RUN]
    try:
        if session.config.option.explore is not None:
            _explore(session)
        if not is_worker(session.config):
            session.config.stash[QUEUE] = _ask_ahead(
                run, [item for item in session.items if isinstance(item, CaseItem)]
            )
        outcome = yield
    except UnusableError as error:
        raise pytest.UsageError(str(error)) from error
    finally:
        run.close()
    if not is_worker(session.config):
        for miscount in run.find_miscounts():
            session.config.hook.pytest_runtest_logreport(report=_report_miscount(miscount))
    return outcome


def _explore(session: pytest.Session) -> None:
    """Put the cases that a search finds in the place of the selected ones, of which it draws. Raises UnusableError."""
    config = session.config
    seconds, seed = config.option.explore
    folder = Path(config.option.save or config.rootpath / "audit" / "explored").absolute()
    run = config.stash[RUN]
    tasks = [item.task for item in session.items if isinstance(item, CaseItem)]
    questions = {(task.target.name, task.contract.api): Question(task.target, task.contract) for task in tasks}
    cases = {task.case.id: task.case for task in tasks}
    try:
        found = explore(
            Exploration(seconds, seed, folder, run.settings.case_timeout),
            list(questions.values()),
            list(cases.values()),
            run.known,
            partial(tell, config),
        )
    except OSError as error:
        raise UnusableError(f"cannot save in {folder}: {error.strerror}; choose another with --save FOLDER") from error
    session.items[:] = [item for file in found.files for item in _collect(session, file)]


def _collect(session: pytest.Session, path: Path) -> Iterator[pytest.Item]:
    """The items of a spec file that was written after collecting."""
    file = pytest_collect_file(path, session)
    assert isinstance(file, SpecFile)
    yield from file.collect()


class Queue:
    """Asks items ahead of their run. Each target is asked so many that it is never idle while another one is slow.

    What is asked is kept until its item has run: asked all at once, a long audit would be held in memory whole.
    """

    def __init__(self, run: Run, items: Sequence[CaseItem]) -> None:
        self._run = run
        self._waiting: dict[str, deque[CaseItem]] = {}
        for item in items:
            self._waiting.setdefault(item.task.target.name, deque()).append(item)
        for target, waiting in self._waiting.items():
            self._waiting[target] = deque(_put_first(waiting, [_goes_first(run, item.task) for item in waiting]))
            count = len(waiting)
            for _ in range(AHEAD * run.settings.processes):
                self.ask_next(target)
            run.plan(target, count)

    def ask_next(self, target: str) -> None:
        """Ask a target for one item more, where there is one."""
        if self._waiting.get(target):
            item = self._waiting[target].popleft()
            item.repeats = item.repeats or self._run.submit(item.task)


def _goes_first(run: Run, task: Task) -> bool:
    """Whether a task is better the first of its process: it ends that, or has it to itself."""
    return task.case.own_process or run.expects_end(task)


def _put_first(items: Iterable[CaseItem], ends: Sequence[bool]) -> Iterator[CaseItem]:
    """Those that are known to end their process before the others, one of which goes between `IN_A_ROW` of them.

    As the first call of a process it is to blame for that, and need not be tried a second time. A target of which too
    many processes end without any answer would be given up.
    """
    split = {one: [item for item, end in zip(items, ends, strict=True) if end is one] for one in (True, False)}
    others = iter(split[False])
    for count, item in enumerate(split[True], start=1):
        yield item
        if count % IN_A_ROW == 0:
            yield from itertools.islice(others, 1)
    yield from others


def _ask_ahead(run: Run, items: Sequence[CaseItem]) -> Queue:
    """Begin to ask all targets, which work side by side. Raises UnusableError."""
    if items:
        run.check_files()
    for item in items:
        item.settled = run.find_settled(item.task)
    # At once, so that a run that is interrupted keeps them.
    for item in items:
        if item.settled is not None:
            item.answer()
            run.add(item.records)
    return Queue(run, [item for item in items if item.settled is None])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """In a worker of xdist, which learns of its items one by one, the next one is asked while this one runs."""
    run = item.config.stash[RUN]
    for coming in (item, nextitem):
        if isinstance(coming, CaseItem):
            _submit(run, coming)
    if not isinstance(item, CaseItem):
        return None
    if QUEUE in item.config.stash:
        item.config.stash[QUEUE].ask_next(item.task.target.name)
    if not bare.may_run(item):
        return None
    bare.run(item, nextitem)
    return True


def _submit(run: Run, item: CaseItem) -> None:
    if item.settled is not None or item.repeats:
        return
    item.settled = run.find_settled(item.task)
    if item.settled is None:
        item.repeats = run.submit(item.task)


def _report_miscount(miscount: Miscount) -> pytest.TestReport:
    """A pattern of the catalogue fails like an item."""
    line = miscount.pattern.line
    file = miscount.pattern.file
    location = file, line - 1, miscount.pattern.text
    return pytest.TestReport(f"{file}::line {line}", location, {}, "failed", miscount.message, "call")
