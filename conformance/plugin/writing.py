"""What is kept of the items, on its way to where the files are written, and how the run ends there."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, cast

import pytest

from conformance.cases import spec
from conformance.plugin.items import CaseItem, StatementItem
from conformance.plugin.state import CARRIED, RUN
from conformance.printable import make_printable
from conformance.records.record import read_line, write_line
from conformance.run import Note, UnusableError
from conformance.summary import write_news


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call" and isinstance(item, CaseItem | StatementItem):
        setattr(report, CARRIED, item.records)
        item.forget()
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(
    report: pytest.CollectReport | pytest.TestReport,
) -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
    """Between xdist's processes, which move builtin types only, a record is the line that it will be in the file."""
    data = yield
    if data is not None and CARRIED in data:
        data[CARRIED] = [write_line(record) for record in data[CARRIED]]
    return data


@pytest.hookimpl(wrapper=True)
def pytest_report_from_serializable(data: dict[str, Any]) -> Generator[None, object, object]:
    report = yield
    if report is not None and CARRIED in data:
        setattr(report, CARRIED, [read_line(line) for line in data[CARRIED]])
    return report


class FileWriter:
    """The plugin where the files are written: in the one process, or in the one that xdist's workers report to."""

    def __init__(self, config: pytest.Config) -> None:
        self._run = config.stash[RUN]
        # Who names a target wants its verdicts; the default ones are those that happen to be there.
        self._requires_targets = bool(config.getoption("require_targets") or config.getoption("target"))
        self._config = config
        self._unusable: dict[str, str] = {}  # what is wrong with spec files, by their ids

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and spec.folder_of(self._config.rootpath / report.nodeid) is not None:
            self._unusable[report.nodeid] = str(report.longrepr).strip()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        try:
            # Not kept with the report, which stays to the end: that is most of what a long run would hold in memory.
            self._run.add(report.__dict__.pop(CARRIED, ()))
        except UnusableError as error:
            pytest.exit(str(error), pytest.ExitCode.USAGE_ERROR)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        collected = getattr(node, "workeroutput", {}).get(CARRIED)
        if collected is not None:
            asked, self._run.left_out = collected
            self._run.asked.update(asked)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if session.config.option.collectonly:
            return  # nothing ran, and nothing was to
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self._run.left_out:
            session.exitstatus = exitstatus = pytest.ExitCode.OK  # nothing has changed
        ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        try:
            succeeded = self._run.finish(ended and not session.shouldstop and not session.shouldfail)
        except KeyboardInterrupt:
            session.exitstatus = pytest.ExitCode.INTERRUPTED
            return
        except UnusableError as error:
            self._run.notes.append(Note(str(error), alarming=True))
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
            return
        lacks_targets = self._requires_targets and self._run.summary.unavailable
        if ended and (not succeeded or lacks_targets):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Generator[None, object, object]:
        outcome = yield  # failures, and pytest's list of them, come first: what is read last stands last
        self._write_summary(terminalreporter)
        return outcome

    def _write_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        # pytest shows them itself, but for --tb=no.
        unusable = self._unusable.values() if self._config.option.tbstyle == "no" else ()
        if not self._run.notes and not unusable:
            return
        terminalreporter.section("conformance")
        for message in unusable:
            terminalreporter.line(message, red=True)
        for line in self._run.summary.lines():
            terminalreporter.line(line)
        for line in write_news(self._run.known, self._run.news):
            terminalreporter.line(line)
        for note in self._run.notes:
            terminalreporter.line(make_printable(note.text), red=note.alarming)


class ReportingWorker:
    """The plugin in a worker of xdist, which tells in the end what its spec files asked."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_sessionfinish(self) -> None:
        run = self._config.stash[RUN]
        cast(Any, self._config).workeroutput[CARRIED] = run.asked, run.left_out
