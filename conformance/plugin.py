"""The pytest plugin: YAML files are test files, a case on an API of a target is one item."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from conformance import run
from conformance.apis import Contract, frameworks
from conformance.audit import Job
from conformance.case import LAYERS, Case, Outcome, Statement, Target
from conformance.cases import spec
from conformance.cases.naming import item_name
from conformance.records import baseline, results, resume
from conformance.records.results import Record
from conformance.run import Run

SKIPPED = (Outcome.NO_EQUIVALENT, Outcome.UNAVAILABLE)
RUN = pytest.StashKey[Run]()
MARKERS: Mapping[str, str] = {
    **dict.fromkeys(LAYERS, "cases of this layer"),
    "invalid": "calls that are to be rejected",
    "claim": "cases of a document's statement",
    "gradient": "cases whose gradients are compared",
}


class DivergenceError(Exception):
    """A verdict that does not conform, or not as the baseline has it."""


class FaultError(Exception):
    """An error in this suite's own code."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup(
        "conformance",
        "conformance audit: exit status 0 when every case conforms or is in the baseline; 1 when one diverges, a "
        "baseline entry is stale or the suite itself failed; 2 when it was interrupted or a spec file cannot be used; "
        "4 when an option, a target, a baseline or an output file cannot be used; 5 when no case was selected",
    )
    group.addoption(
        "--target",
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help="an interpreter to audit, several allowed: torch=/path/to/python, or NAME=EXECNET-SPEC such as "
        "npu=ssh=user@host//python=/path/python//device=Ascend//env:NAME=VALUE; "
        "default: the environments that tox makes",
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
        help="take over the verdicts of an earlier run's results file and run what is missing",
    )
    group.addoption(
        "--baseline", metavar="FILE", help="known divergences (YAML): expected to fail, and to fail as it says"
    )
    group.addoption(
        "--write-baseline",
        action="store_true",
        help="write the --baseline file anew from this run, keeping its comments and reasons; only after a whole run",
    )
    group.addoption(
        "--repeat",
        type=_positive,
        default=1,
        metavar="N",
        help="ask every case N times; unstable where the verdicts differ",
    )
    group.addoption(
        "--case-timeout", type=float, default=20.0, metavar="SECONDS", help="limit for one case in a target, default 20"
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
    group.addoption("--require-targets", action="store_true", help="fail the run when a target is unavailable")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def pytest_configure(config: pytest.Config) -> None:
    for name, meaning in {**MARKERS, **dict.fromkeys(frameworks(), "cases on this framework")}.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    option = config.option
    try:
        config.stash[RUN] = Run(
            run.Settings(
                root=config.rootpath,
                targets=tuple(option.target),
                results=option.results,
                report=option.report,
                resume=option.resume,
                baseline=option.baseline,
                writes_baseline=option.write_baseline,
                repeats=option.repeat,
                case_timeout=option.case_timeout,
                certifies=option.certify,
                arguments=tuple(map(str, config.invocation_params.args)),
            ),
            getattr(config, "cache", None),
        )
    except run.UnusableError as error:
        raise pytest.UsageError(str(error)) from error
    config.pluginmanager.register(Worker(config) if _is_worker(config) else Files(config), "conformance-files")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    specs = spec.folder_of(file_path)
    if specs is None:
        return None
    collected: SpecFile = SpecFile.from_parent(parent, path=file_path)
    collected.relative = file_path.relative_to(specs).as_posix()
    return collected


class SpecFile(pytest.File):
    """A YAML file under a folder named specs."""

    relative: str

    def collect(self) -> Iterator[pytest.Item]:
        loaded = spec.load(self.path, self.relative)
        this = self.config.stash[RUN]
        statements = {statement.claim: statement for statement in loaded.statements}
        asked = [
            (target, contract)
            for target in this.targets
            for contract in frameworks()[target.framework].contracts
            if contract.layer == loaded.layer and loaded.api in (None, contract.api)
        ]
        this.asked[str(self.path)] = len(loaded.cases) * len(asked)
        for case in loaded.cases:
            for target, contract in asked:
                name = item_name(case.name, contract.api, "" if target.name == target.framework else target.name)
                # With its whole id: pytest 9.2 reads brackets in an id as parameters, but not those in a name.
                item: CaseItem = CaseItem.from_parent(self, name=name, nodeid=f"{self.nodeid}::{name}")
                item.job = Job(case, contract, target)
                item.statement = statements[case.claim] if case.claim is not None else None
                if this.earlier is not None:
                    item.settled = this.earlier.settled(case, target.name, contract.api)
                item.own_markers.extend(_marks(case, contract, target))
                yield item
        if asked:
            for statement in loaded.statements:
                if statement.unchecked is not None:
                    listed: StatementItem = StatementItem.from_parent(
                        self, name=item_name(statement.claim, statement.api)
                    )
                    listed.statement = statement
                    yield listed

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, spec.SpecError | resume.ResumeError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


def _marks(case: Case, contract: Contract, target: Target) -> Iterator[pytest.Mark]:
    yield getattr(pytest.mark, contract.layer).mark
    yield getattr(pytest.mark, target.framework).mark
    if case.promise.raises:
        yield pytest.mark.invalid.mark
    elif case.inputs is not None and case.inputs.gradients:
        yield pytest.mark.gradient.mark
    if case.claim is not None:
        yield pytest.mark.claim.mark


class StatementItem(pytest.Item):
    """A statement that no case can check: reported as skipped, with the reason."""

    statement: Statement

    def runtest(self) -> None:
        pytest.skip(f"not checkable: {self.statement.unchecked}")

    @property
    def records(self) -> list[Record]:
        return [results.statement(self.statement)]

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


class CaseItem(pytest.Item):
    """A case on an API of a target. `settled` is an earlier run's verdict, `records` what the results file gets."""

    job: Job
    statement: Statement | None
    settled: Record | None = None
    repeats: Sequence[Job] = ()
    records: Sequence[Record] = ()

    def runtest(self) -> None:
        this = self.config.stash[RUN]
        verdict, complaint, records = this.verdict(self.job, self.repeats, self.settled)
        self.records = records if self.statement is None else [results.statement(self.statement), *records]
        outcome = Outcome(verdict["outcome"])
        if outcome is Outcome.FAULT:
            raise FaultError(verdict["observed"])
        if outcome in baseline.DIVERGENT and this.settings.writes_baseline:
            pytest.xfail(f"for {this.settings.baseline}: {verdict['observed']}")
        if "known" in verdict:
            pytest.xfail(verdict["known"])
        if complaint or outcome in baseline.DIVERGENT:
            raise DivergenceError(explain(self.job.case, verdict, complaint))
        if outcome in SKIPPED:
            pytest.skip(f"{outcome.replace('_', ' ')}: {verdict['observed']}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, FaultError):
            return f"an error in the suite itself, not in {self.job.contract.api}:\n{excinfo.value}"
        if isinstance(excinfo.value, DivergenceError | pytest.xfail.Exception):
            return str(excinfo.value)  # without a traceback, which takes pytest long to make
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, self.job.case.line - 1, self.name


def explain(case: Case, verdict: Record, complaint: str) -> str:
    """A verdict in a few lines for the terminal."""

    def words(name: str) -> str:
        return str(verdict.get(name, "")).replace("_", " ")

    lines = [
        f"{case.id} on {verdict['api']}",
        f"  {words('outcome')}" + (f": {words('kind')}" if "kind" in verdict else ""),
    ]
    lines += [f"  {name:8}  {verdict[name]}" for name in ("expected", "observed") if name in verdict]
    lines += [f"  ruling    {words('ruling')}"] if "ruling" in verdict else []
    lines += [f"  clause    {case.clause}"]
    lines += [f"  baseline  {complaint}"] if complaint else []
    return "\n".join(lines)


# The run


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    this = session.config.stash[RUN]
    if session.config.option.collectonly:
        return (yield)
    cases = [item for item in session.items if isinstance(item, CaseItem)]
    try:
        if not _is_worker(session.config):
            if cases:
                this.check_files()
            this.check_earlier()
            for item in cases:
                _submit(this, item)
        outcome = yield
    except run.UnusableError as error:
        raise pytest.UsageError(str(error)) from error
    finally:
        this.close()
    if not _is_worker(session.config):
        for pattern, message in this.miscounts():  # each fails like an item
            place = this.known.file, pattern.line - 1, pattern.text
            report = pytest.TestReport(f"{this.known.file}::line {pattern.line}", place, {}, "failed", message, "call")
            session.config.hook.pytest_runtest_logreport(report=report)
    return outcome


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    for wanted in (item, nextitem):
        if isinstance(wanted, CaseItem):
            _submit(item.config.stash[RUN], wanted)


def _submit(this: Run, item: CaseItem) -> None:
    if item.settled is None and not item.repeats:
        item.repeats = this.submit(item.job)


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call" and isinstance(item, CaseItem | StatementItem):
        cast(Any, report).conformance = list(item.records)  # xdist carries it to where the file is written
    return report


class Files:
    """What happens where the files are written: in the one process, or in the one that xdist's workers report to."""

    def __init__(self, config: pytest.Config) -> None:
        self.run = config.stash[RUN]
        self.require_targets = config.getoption("require_targets")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        try:
            self.run.add(getattr(report, "conformance", ()))
        except run.UnusableError as error:
            pytest.exit(str(error), pytest.ExitCode.USAGE_ERROR)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.run.asked.update(getattr(node, "workeroutput", {}).get("conformance", {}))

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        try:
            done = self.run.finish(ended and not session.shouldstop and not session.shouldfail)
        except KeyboardInterrupt:
            session.exitstatus = pytest.ExitCode.INTERRUPTED
            return
        if ended and not (done and not (self.require_targets and self.run.summary.unavailable)):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.run.notes:
            return
        terminalreporter.section("conformance")
        for line in self.run.summary.lines():
            terminalreporter.line(line)
        for note in self.run.notes:
            terminalreporter.line(note.text, red=note.alarming)


class Worker:
    """What happens in a worker of xdist."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_sessionfinish(self) -> None:
        cast(Any, self.config).workeroutput["conformance"] = self.config.stash[RUN].asked
