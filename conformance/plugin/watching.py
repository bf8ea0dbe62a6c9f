"""How far the run has come, on the terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any

import pytest

from conformance.plugin.items import CaseItem, StatementItem
from conformance.plugin.progress import Lines, Progress, Table
from conformance.plugin.state import RUN
from conformance.printable import one_line
from conformance.run import Standing, State

WATCHER = "conformance-watcher"


def tell(config: pytest.Config, line: str) -> None:
    """A line on the terminal in the middle of a case, where there is a terminal: none of xdist's workers has one."""
    watcher: Watcher | None = config.pluginmanager.get_plugin(WATCHER)
    if watcher is None:
        return
    capture = config.pluginmanager.get_plugin("capturemanager")
    with contextlib.nullcontext() if capture is None else capture.global_and_fixture_disabled():
        watcher.say(one_line(line))


class Watcher:
    """Shows how far the run has come, instead of a dot an item; with -v pytest names the items instead."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._progress: Progress | None = None
        self._asked = 0  # of xdist's processes
        self._reported = 0

    def say(self, line: str) -> None:
        """Show a line that stays."""
        if self._progress is not None:
            self._progress.say(line)
        elif self._reporter is not None:
            write_at_once(self._reporter, line)

    @property
    def _reporter(self) -> pytest.TerminalReporter | None:
        return self._config.pluginmanager.get_plugin("terminalreporter")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        verbosity = self._config.get_verbosity(pytest.Config.VERBOSITY_TEST_CASES)
        reporter = self._reporter
        alone = all(isinstance(item, CaseItem | StatementItem) for item in session.items)
        if reporter is None or session.config.option.collectonly or verbosity not in (0, -1) or not alone:
            return (yield)
        reporter.showfspath = False
        self._progress = make_progress(self._find_standings, reporter)
        self._progress.start()
        try:
            return (yield)
        finally:
            self._progress.stop()
            self._progress = None

    def _find_standings(self) -> Sequence[Standing]:
        """Of each target; with xdist, whose processes have them, of all the items."""
        if self._asked:
            return [Standing("xdist", State.ANSWERS, "", self._reported, self._asked)]
        return self._config.stash[RUN].find_standings()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        self._asked = len(ids)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._reported += report.when == "call"
        # pytest keeps them to the end, for --durations alone: two thirds of all reports.
        if self._reporter is not None and self._config.getoption("durations", None) is None:
            self._reporter.stats.pop("", None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Of an item that is watched nothing is printed; it is counted."""
        if self._progress is None or report.when != "call":
            return None
        if hasattr(report, "wasxfail"):
            return "xfailed" if report.skipped else "xpassed", "", ""
        return report.outcome, "", ""


def make_progress(find: Callable[[], Sequence[Standing]], reporter: pytest.TerminalReporter) -> Progress:
    """A table where there is a terminal, lines elsewhere."""
    if reporter.isatty:
        return Table(find, partial(reporter.write, flush=True))
    return Lines(find, partial(write_at_once, reporter))


def write_at_once(reporter: pytest.TerminalReporter, line: str) -> None:
    """A line that a pipe does not hold back."""
    reporter.write_line(line)
    reporter.flush()
