"""The pytest plugin: YAML files are test files, a case on an API of a target is one item.

In order: options, collecting, the items, asking ahead of them, and what is kept of them where the files are written.
"""

from __future__ import annotations

import contextlib
import gc
import math
import secrets
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import pytest

from conformance import bare
from conformance.apis import Contract, framework_of_target, frameworks
from conformance.audit import Job
from conformance.case import LAYERS, Case, Outcome, Statement, Target
from conformance.cases import kept, spec
from conformance.cases.naming import item_name
from conformance.catalogue.catalogue import Miscount
from conformance.catalogue.fact import DIVERGENT
from conformance.environments import choose_environments, read_environments
from conformance.explore import Question, explore
from conformance.explore import Settings as Exploration
from conformance.printable import make_printable, one_line
from conformance.progress import Lines, Progress, Table
from conformance.records.record import Record, StatementRecord, VerdictRecord, read_line, write_line
from conformance.run import Answer, Note, Run, Settings, Standing, State, UnusableError
from conformance.run.modes import CASE_TIMEOUT
from conformance.summary import write_news

MAX_LINE = 2000  # characters of a line on the terminal
SKIPPED = (Outcome.NO_EQUIVALENT, Outcome.UNAVAILABLE)
RUN = pytest.StashKey[Run]()
SHELF = pytest.StashKey[kept.Shelf | None]()
SPECS = "conformance-specs"  # the folder in pytest's cache
WATCHER = "conformance-watcher"
# The attribute of a report that holds records, and the key under which xdist's workers tell what they collected.
CARRIED = "conformance"
MARKERS: Mapping[str, str] = {
    **dict.fromkeys(LAYERS, "cases of this layer"),
    "invalid": "calls that are to be rejected",
    "claim": "cases of a document's statement",
    "gradient": "cases whose gradients are compared",
}


class DivergenceError(Exception):
    """A verdict that does not conform, or not as the catalogue has it."""


class FaultError(Exception):
    """An error in this suite's own code."""


# Options


def pytest_addoption(parser: pytest.Parser) -> None:
    environments = read_environments()  # not `frameworks`, which a plugin that is loaded later may add to
    group = parser.getgroup(
        "conformance",
        "conformance audit: exit status 0 when every case conforms or is as the catalogue has it; 1 when one is new, "
        "gone or changed, a script of the catalogue does not show its entry, a target that --target names does not "
        "start, or the suite itself failed; 2 when it was interrupted or a spec file cannot be used; 4 when an option, "
        "a target, a catalogue or an output file cannot be used, or the disk is full; 5 when no case was selected",
    )
    group.addoption(
        "--target",
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help="an interpreter to audit, several allowed: torch=/path/to/python, or NAME=EXECNET-SPEC such as "
        "npu=ssh=user@host//python=/path/python//device=Ascend//env:NAME=VALUE; "
        f"default: {', '.join(choose_environments(None, environments))}. "
        f"A framework alone, of {', '.join(environments)}, is the environment that tox makes, and a name may have "
        "limits, as torch@avx2@1core; an unknown one is answered by those that are known",
    )
    group.addoption(
        "--results",
        metavar="FILE",
        help="results file (JSON Lines), default audit/results.jsonl; a previous one is kept as results.previous.jsonl",
    )
    group.addoption("--report", metavar="FILE", help="HTML report, default audit/report.html")
    group.addoption(
        "--resume",
        metavar="FILE",
        help="take over the verdicts of an earlier run's results file whose case, code and target are the same, and "
        "ask the rest",
    )
    group.addoption(
        "--only-changed",
        metavar="FILE",
        help="ask only what has changed since an earlier run's results file: by an edit of a spec or of this suite, or "
        "another version of a framework",
    )
    group.addoption(
        "--known",
        metavar="PATH",
        help="catalogue of known causes, a YAML file or a folder of them: their cases are expected to fail, and to "
        "fail as it says",
    )
    group.addoption(
        "--update-known",
        action="store_true",
        help="count the cases of the --known catalogue anew, all else in it stays; only after a whole run",
    )
    group.addoption(
        "--repeat",
        type=_positive,
        default=1,
        metavar="N",
        help="ask every case N times; unstable where the verdicts differ",
    )
    group.addoption(
        "--processes",
        type=_positive,
        default=1,
        metavar="N",
        help="processes of each target, which share its cases, default 1; more than there are cores for make it slower",
    )
    group.addoption(
        "--case-timeout",
        type=float,
        metavar="SECONDS",
        help=f"limit for one case in a target, default 20; {CASE_TIMEOUT:g} with --modes",
    )
    group.addoption(
        "--modes",
        action="store_true",
        help="run every target in all modes of its framework besides, on the cases that are chosen for that",
    )
    group.addoption(
        "--shrink",
        type=_seconds,
        default=60.0,
        metavar="SECONDS",
        help="what may be spent at the end on finding the smallest call that shows each finding, default 60; 0: none",
    )
    group.addoption(
        "--explore",
        type=_extent,
        metavar="SECONDS[,SEED]",
        help="instead of asking the selected cases, draw calls from what they write, for so long; then run what was "
        "found that neither they nor the --known catalogue have. The same seed draws the same calls",
    )
    group.addoption(
        "--save",
        metavar="FOLDER",
        help="where --explore writes what it finds, as spec files under FOLDER/specs; default audit/explored",
    )
    group.addoption(
        "--certify",
        action="store_const",
        const="always",
        default="auto",
        help="certify the adapters anew; by default those that were not since a version or this suite changed",
    )
    group.addoption(
        "--no-certify", action="store_const", const="never", dest="certify", help="believe the adapters as they are"
    )
    group.addoption(
        "--require-targets",
        action="store_true",
        help="fail the run when a default target is unavailable, as it fails for one that --target names",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < math.inf:
        raise ValueError(text)
    return seconds


def _extent(text: str) -> tuple[float, int]:
    """Seconds, and the seed of a search, drawn where none is given."""
    seconds, _, seed = text.partition(",")
    return _seconds(seconds), int(seed) if seed else secrets.randbelow(1_000_000)


def pytest_configure(config: pytest.Config) -> None:
    for name, meaning in {**MARKERS, **dict.fromkeys(frameworks(), "cases on this framework")}.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    try:
        config.stash[RUN] = Run(_read_settings(config), getattr(config, "cache", None), partial(_tell, config))
    except UnusableError as error:
        raise pytest.UsageError(str(error)) from error
    if _is_worker(config):
        config.pluginmanager.register(ReportingWorker(config), "conformance-files")
    else:
        config.pluginmanager.register(FileWriter(config), "conformance-files")
        config.pluginmanager.register(Watcher(config), WATCHER)


def _read_settings(config: pytest.Config) -> Settings:
    option = config.option
    return Settings(
        root=config.rootpath,
        targets=tuple(option.target),
        results=option.results,
        report=option.report,
        resume=option.resume,
        only_changed=option.only_changed,
        known=option.known,
        recounts=option.update_known,
        repeats=option.repeat,
        processes=option.processes,
        case_timeout=option.case_timeout or (CASE_TIMEOUT if option.modes else Settings.case_timeout),
        modes=option.modes,
        shrink_seconds=option.shrink,
        certifies=option.certify,
        arguments=tuple(map(str, config.invocation_params.args)),
    )


def _tell(config: pytest.Config, line: str) -> None:
    """A line on the terminal in the middle of a case, where there is a terminal: none of xdist's workers has one."""
    watcher: Watcher | None = config.pluginmanager.get_plugin(WATCHER)
    if watcher is None:
        return
    capture = config.pluginmanager.get_plugin("capturemanager")
    with contextlib.nullcontext() if capture is None else capture.global_and_fixture_disabled():
        watcher.say(one_line(line))


def _is_worker(config: pytest.Config) -> bool:
    """Whether this process is one of xdist's, which reports to the one that writes the files."""
    return hasattr(config, "workerinput")


# Collecting


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """All that collecting makes stays: looking for garbage among it, now and later, takes a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return (yield)
    finally:
        if session.config.stash[RUN].asked:
            gc.freeze()
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
                yield self._make_item(run, Job(case, contract, target), statement)
        for statement in loaded.statements:
            if statement.unchecked is not None:
                name = item_name(statement.claim, statement.api)
                item: StatementItem = StatementItem.from_parent(self, name=name)
                item.statement = statement
                yield item

    def _make_item(self, run: Run, job: Job, statement: Statement | None) -> CaseItem:
        target = "" if job.target.name == job.target.framework else job.target.name
        name = item_name(job.case.name, job.contract.api, target)
        # With its whole id: pytest 9.2 reads brackets in an id as parameters, but not those in a name.
        item: CaseItem = CaseItem.from_parent(self, name=name, nodeid=f"{self.nodeid}::{name}")
        item.job = job
        item.statement = statement
        item.own_markers.extend(_find_marks(job))
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


def _find_marks(job: Job) -> Iterator[pytest.Mark]:
    case = job.case
    yield getattr(pytest.mark, job.contract.layer).mark
    yield getattr(pytest.mark, job.target.framework).mark
    if case.promise.raises:
        yield pytest.mark.invalid.mark
    elif case.inputs is not None and case.inputs.gradients:
        yield pytest.mark.gradient.mark
    if case.claim is not None:
        yield pytest.mark.claim.mark


# The items


class StatementItem(pytest.Item):
    """A statement that no case can check: reported as skipped, with the reason."""

    statement: Statement

    def runtest(self) -> None:
        pytest.skip(f"not checkable: {self.statement.unchecked}")

    @property
    def records(self) -> Sequence[Record]:
        return [StatementRecord(self.statement)]

    def forget(self) -> None:
        """There is nothing to let go of."""

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


class CaseItem(pytest.Item):
    """A case on an API of a target.

    Attributes:
        settled: an earlier run's verdict on it.
        repeats: its jobs, once they are submitted.
        records: what the results file gets, once it has run.
    """

    job: Job
    statement: Statement | None
    settled: VerdictRecord | None = None
    repeats: Sequence[Job] = ()
    records: Sequence[Record] = ()

    def runtest(self) -> None:
        run = self.config.stash[RUN]
        answer = self.answer()
        verdict = answer.verdict.verdict
        outcome = verdict.outcome
        if outcome is Outcome.FAULT:
            raise FaultError("\n".join(map(make_printable, verdict.observed.splitlines())))
        if outcome in DIVERGENT and run.settings.recounts:
            pytest.xfail(f"for {run.settings.known}: {one_line(verdict.observed)}")
        if outcome in DIVERGENT and answer.title:
            pytest.xfail(answer.title)
        if answer.complaint or outcome in DIVERGENT:
            raise DivergenceError(explain(self.job.case, answer.verdict, answer.complaint, _locate(run, self.job)))
        if outcome in SKIPPED:
            pytest.skip(f"{outcome.replace('_', ' ')}: {one_line(verdict.observed)}")

    def answer(self) -> Answer:
        """What came of the job, which is kept as `records` too."""
        answer = self.config.stash[RUN].answer(self.job, self.repeats, self.settled)
        self.records = answer.records
        if self.statement is not None:
            self.records = [StatementRecord(self.statement), *answer.records]
        return answer

    def forget(self) -> None:
        """Let go of what came of it, once that is reported."""
        self.repeats = ()
        self.records = ()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, FaultError):
            return f"an error in the suite itself, not in {self.job.contract.api}:\n{excinfo.value}"
        if isinstance(excinfo.value, DivergenceError | pytest.xfail.Exception):
            return str(excinfo.value)  # without a traceback, which takes pytest long to make
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, self.job.case.line - 1, self.name


def explain(case: Case, record: VerdictRecord, complaint: str, place: str) -> str:
    """A verdict in a few lines for the terminal; at `place` the report will have its script."""
    verdict = record.verdict
    heading = verdict.outcome.replace("_", " ")
    if verdict.kind is not None:
        heading += f": {verdict.kind.replace('_', ' ')}"
    lines = [f"{case.id} on {record.question.api}", f"  {heading}"]
    details = {
        "expected": verdict.expected,
        "observed": verdict.observed,
        "ruling": verdict.ruling.replace("_", " ") if verdict.ruling is not None else "",
        "authority": verdict.authority.replace("_", " ") if verdict.authority is not None else "",
        "rests on": verdict.rests_on,
        "clause": case.clause if case.clause != verdict.rests_on else "",
        "known": complaint,
        "call": record.call or "",
        "script": place if record.script is not None else "",
    }
    lines += [f"  {name:8}  {one_line(text, MAX_LINE)}" for name, text in details.items() if text]
    return "\n".join(lines)


def _locate(run: Run, job: Job) -> str:
    """The address of a verdict in the report."""
    api = job.contract.api
    several = sum(target.framework == job.target.framework for target in run.targets) > 1
    column = f"{api} @ {job.target.name}" if several else api
    return f"{run.settings.report_path}#verdict/{quote(job.case.id, safe='')}/{quote(column, safe='')}"


# Leaving out what has not changed


@pytest.hookimpl(trylast=True)  # after -k and -m
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    run = config.stash[RUN]
    if run.settings.only_changed is None:
        return
    try:
        settled = [item for item in items if isinstance(item, CaseItem) and run.find_settled(item.job) is not None]
    except UnusableError as error:
        raise pytest.UsageError(str(error)) from error
    run.left_out = len(settled)
    left_out: set[pytest.Item] = set(settled)
    if not any(isinstance(item, CaseItem) and item not in left_out for item in items):
        left_out.update(item for item in items if isinstance(item, StatementItem))  # which alone are no run
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


# Asking ahead of the items


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    if session.config.option.collectonly:
        return (yield)
    run = session.config.stash[RUN]
    try:
        if session.config.option.explore is not None:
            _explore(session)
        if not _is_worker(session.config):
            _submit_all(run, [item for item in session.items if isinstance(item, CaseItem)])
        outcome = yield
    except UnusableError as error:
        raise pytest.UsageError(str(error)) from error
    finally:
        run.close()
    if not _is_worker(session.config):
        for miscount in run.find_miscounts():
            session.config.hook.pytest_runtest_logreport(report=_report_miscount(miscount))
    return outcome


def _explore(session: pytest.Session) -> None:
    """Put the cases that a search finds in the place of the selected ones, of which it draws. Raises UnusableError."""
    config = session.config
    seconds, seed = config.option.explore
    folder = Path(config.option.save or config.rootpath / "audit" / "explored").absolute()
    jobs = [item.job for item in session.items if isinstance(item, CaseItem)]
    questions = {(job.target.name, job.contract.api): Question(job.target, job.contract) for job in jobs}
    cases = {job.case.id: job.case for job in jobs}
    try:
        found = explore(
            Exploration(seconds, seed, folder),
            list(questions.values()),
            list(cases.values()),
            config.stash[RUN].known,
            partial(_tell, config),
        )
    except OSError as error:
        raise UnusableError(f"cannot save in {folder}: {error.strerror}; choose another with --save FOLDER") from error
    session.items[:] = [item for file in found.files for item in _collect(session, file)]


def _collect(session: pytest.Session, path: Path) -> Iterator[pytest.Item]:
    """The items of a spec file that was written after collecting."""
    file = pytest_collect_file(path, session)
    assert isinstance(file, SpecFile)
    yield from file.collect()


def _submit_all(run: Run, items: Sequence[CaseItem]) -> None:
    """Ask everything at once, so that the targets work side by side. Raises UnusableError."""
    if items:
        run.check_files()
    for item in items:
        _submit(run, item)
    # At once, so that a run that is interrupted keeps them.
    for item in items:
        if item.settled is not None:
            item.answer()
            run.add(item.records)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """In a worker of xdist, which learns of its items one by one, the next one is asked while this one runs."""
    run = item.config.stash[RUN]
    for coming in (item, nextitem):
        if isinstance(coming, CaseItem):
            _submit(run, coming)
    if not isinstance(item, CaseItem) or not bare.may_run(item):
        return None
    bare.run(item, nextitem)
    return True


def _submit(run: Run, item: CaseItem) -> None:
    if item.settled is not None or item.repeats:
        return
    item.settled = run.find_settled(item.job)
    if item.settled is None:
        item.repeats = run.submit(item.job)


def _report_miscount(miscount: Miscount) -> pytest.TestReport:
    """A pattern of the catalogue fails like an item."""
    line = miscount.pattern.line
    file = miscount.pattern.file
    location = file, line - 1, miscount.pattern.text
    return pytest.TestReport(f"{file}::line {line}", location, {}, "failed", miscount.message, "call")


# What is kept of the items, on its way to where the files are written


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
            self._reporter.write_line(line)
            self._reporter.flush()

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
        self._progress = _make_progress(self._find_standings, reporter)
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

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._reported += report.when == "call"

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Of an item that is watched nothing is printed; it is counted."""
        if self._progress is None or report.when != "call":
            return None
        if hasattr(report, "wasxfail"):
            return "xfailed" if report.skipped else "xpassed", "", ""
        return report.outcome, "", ""


def _make_progress(find: Callable[[], Sequence[Standing]], reporter: pytest.TerminalReporter) -> Progress:
    if reporter.isatty:
        return Table(find, partial(reporter.write, flush=True))
    return Lines(find, reporter.write_line)


class ReportingWorker:
    """The plugin in a worker of xdist, which tells in the end what its spec files asked."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_sessionfinish(self) -> None:
        run = self._config.stash[RUN]
        cast(Any, self._config).workeroutput[CARRIED] = run.asked, run.left_out
