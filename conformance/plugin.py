"""The pytest plugin: YAML files are test files, a case on an API of a target is one item."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance import results, spec
from conformance.apis import Contract, frameworks
from conformance.audit import Audit, Job, vendor_arguments
from conformance.apis import NoEquivalent
from conformance.case import Case, Outcome, Verdict
from conformance.script import call_line, script
from conformance.target import Target, TargetError, default, parse, unique

FAILING = (Outcome.DIVERGES, Outcome.CRASHED, Outcome.TIMED_OUT, Outcome.UNSTABLE)
SKIPPED = (Outcome.NO_EQUIVALENT, Outcome.UNAVAILABLE)
STATE = pytest.StashKey["Session"]()


class Divergence(Exception):
    """The verdict of an item that does not conform."""


class Fault(Exception):
    """An error in this suite's own code."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance", "conformance audit")
    group.addoption(
        "--target",
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help="an interpreter to audit, several allowed: torch=/path/to/python, or NAME=EXECNET-SPEC such as "
        "npu=ssh=user@host//python=/path/python//device=Ascend//env:NAME=VALUE; "
        "default: the environments that tox makes",
    )
    group.addoption("--results", metavar="FILE", help="results file (JSON Lines), default audit/results.jsonl")
    group.addoption("--report", metavar="FILE", help="HTML report, default audit/report.html")
    group.addoption(
        "--case-timeout", type=float, default=60.0, metavar="SECONDS", help="limit for one case in a target, default 60"
    )
    group.addoption(
        "--require-targets", action="store_true", help="fail the run when a target is unavailable"
    )


def pytest_configure(config: pytest.Config) -> None:
    try:
        given = [parse(text) for text in config.getoption("target")]
        targets = tuple(unique(given)) if given else tuple(default(name, config.rootpath) for name in frameworks())
    except TargetError as error:
        raise pytest.UsageError(str(error)) from error
    session = Session(config, targets)
    config.stash[STATE] = session
    config.pluginmanager.register(session, "conformance-session")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    specs = next((folder for folder in file_path.parents if folder.name == "specs"), None)
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
        session = self.config.stash[STATE]
        statements = {statement.claim: statement for statement in loaded.statements}
        asked = [
            (target, contract)
            for target in session.targets
            for contract in frameworks()[target.framework].contracts
            if contract.layer == loaded.layer and loaded.api in (None, contract.api)
        ]
        for case in loaded.cases:
            for target, contract in asked:
                item: CaseItem = CaseItem.from_parent(self, name=_item_name(case.name, contract.api, target))
                item.job = Job(case, contract, target)
                item.statement = statements[case.claim] if case.claim is not None else None
                yield item
        if asked:
            for statement in loaded.statements:
                if statement.unchecked is not None:
                    listed: StatementItem = StatementItem.from_parent(self, name=f"{statement.claim}@{statement.api}")
                    listed.statement = statement
                    yield listed

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, spec.SpecError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


def _item_name(case: str, api: str, target: Target) -> str:
    return f"{case}@{api}" if target.name == target.framework else f"{case}@{target.name}:{api}"


class StatementItem(pytest.Item):
    """A statement that no case can check: reported as skipped, with the reason."""

    statement: spec.Statement

    def runtest(self) -> None:
        pytest.skip(f"not checkable: {self.statement.unchecked}")

    def records(self) -> list[results.Record]:
        return [results.statement(self.statement)]

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


class CaseItem(pytest.Item):
    """A case on an API of a target."""

    job: Job
    statement: spec.Statement | None
    found: Verdict | None = None

    def runtest(self) -> None:
        verdict = self.found = self.config.stash[STATE].verdict(self.job)
        if verdict.outcome in SKIPPED:
            pytest.skip(f"{verdict.outcome.replace('_', ' ')}: {verdict.observed}")
        if verdict.outcome is Outcome.FAULT:
            raise Fault(verdict.observed)
        if verdict.outcome in FAILING:
            raise Divergence(verdict)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, Fault):
            return f"an error in the suite itself, not in {self.job.contract.api}:\n{excinfo.value}"
        if isinstance(excinfo.value, Divergence) and self.found is not None:
            return explain(self.job, self.found)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, self.job.case.line - 1, self.name

    def records(self) -> list[results.Record]:
        if self.found is None:
            return []
        records = [results.case(self.job.case), self.config.stash[STATE].record(self.job, self.found)]
        if self.statement is not None:
            records.insert(0, results.statement(self.statement))
        return [self.config.stash[STATE].target_record(self.job.target), *records]


def explain(job: Job, verdict: Verdict) -> str:
    """A divergence in a few lines for the terminal."""
    lines = [
        f"{job.case.id} on {job.contract.api}",
        f"  {verdict.outcome.replace('_', ' ')}" + (f": {verdict.kind.replace('_', ' ')}" if verdict.kind else ""),
    ]
    lines += [f"  expected  {verdict.expected}"] if verdict.expected else []
    lines += [f"  observed  {verdict.observed}"]
    lines += [f"  ruling    {verdict.ruling.replace('_', ' ')}"] if verdict.ruling else []
    return "\n".join([*lines, f"  clause    {job.case.clause}"])


class Session:
    """One run: its targets, its audit, its results file."""

    def __init__(self, config: pytest.Config, targets: tuple[Target, ...]) -> None:
        self.config, self.targets = config, targets
        self.is_worker = hasattr(config, "workerinput")
        self._audit: Audit | None = None
        self._submitted: set[int] = set()
        self._writer: results.Writer | None = None
        self._unavailable: dict[str, str] = {}
        self._counts: dict[str, dict[str, int]] = {}
        self._faults = 0
        self._report: Path | None = None

    # running

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        if not self.is_worker and not session.config.option.collectonly:
            for item in session.items:
                self._submit(item)
        try:
            return (yield)
        finally:
            if self._audit is not None:
                self._audit.close()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        for wanted in (item, nextitem):
            self._submit(wanted)

    def _submit(self, item: pytest.Item | None) -> None:
        if isinstance(item, CaseItem) and id(item) not in self._submitted:
            self._submitted.add(id(item))
            if self._audit is None:
                self._audit = Audit(self.targets, self.config.getoption("case_timeout"))
            self._audit.submit(item.job)

    def verdict(self, job: Job) -> Verdict:
        return job.verdict.result()

    # results

    def record(self, job: Job, verdict: Verdict) -> results.Record:
        framework = frameworks()[job.target.framework]
        arguments = vendor_arguments(job.case, job.contract)
        call = "" if isinstance(arguments, NoEquivalent) else call_line(job.contract, framework, arguments)
        text = None
        if verdict.outcome in FAILING and not isinstance(arguments, NoEquivalent) and self._audit is not None:
            text = script(job.case, job.contract, framework, arguments, self._audit.expect(job.case), verdict)
        return results.verdict(verdict, job.case.id, job.target.name, job.contract.api, call, text)

    def target_record(self, target: Target) -> results.Record:
        apis = [contract.api for contract in frameworks()[target.framework].contracts]
        assert self._audit is not None
        try:
            return results.target(target, apis, self._audit.greeting(target))
        except TargetError as error:
            return results.target(target, apis, None, str(error))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.when == "call" and isinstance(item, CaseItem | StatementItem):
            report.conformance = item.records()
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        records = getattr(report, "conformance", None)
        if self.is_worker or not records:
            return
        if self._writer is None:
            self._writer = self._open()
        for record in records:
            self._writer.add(record)
            if record["record"] == "target" and not record["available"]:
                self._unavailable[record["name"]] = record["reason"]
            if record["record"] == "verdict":
                counts = self._counts.setdefault(record["api"], {})
                counts[record["outcome"]] = counts.get(record["outcome"], 0) + 1
                self._faults += record["outcome"] == Outcome.FAULT

    def _open(self) -> results.Writer:
        path = self._path("results", "results.jsonl")
        try:
            if path.exists():
                path.replace(path.with_name(f"{path.stem}.previous{path.suffix}"))
            return results.Writer(path, self.config.invocation_params.args and list(map(str, self.config.invocation_params.args)))
        except OSError as error:
            pytest.exit(f"cannot write {path}: {error.strerror}; choose another with --results FILE", 4)

    def _path(self, option: str, name: str) -> Path:
        given = self.config.getoption(option)
        return Path(given).absolute() if given else self.config.rootpath / "audit" / name

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, None, None]:
        yield
        if self._writer is None:
            return
        complete = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not session.shouldstop and not session.shouldfail
        self._writer.close(complete)
        if self._unavailable and self.config.getoption("require_targets"):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        self._report = self._write_report(self._writer.path)

    def _write_report(self, path: Path) -> Path | None:
        import reports

        out = self._path("report", "report.html")
        try:
            reports.write_html([path], out)
        except OSError as error:
            print(f"cannot write {out}: {error.strerror}; choose another with --report FILE", file=sys.stderr)
            return None
        return out

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._writer is None:
            return
        terminal = terminalreporter
        terminal.section("conformance")
        outcomes = [o for o in Outcome if any(o in counts for counts in self._counts.values())]
        width = max(map(len, self._counts), default=0)
        terminal.line(" " * width + "".join(f"{o.replace('_', ' '):>15}" for o in outcomes))
        for api, counts in sorted(self._counts.items()):
            terminal.line(api.ljust(width) + "".join(f"{counts.get(o, 0) or '':>15}" for o in outcomes))
        for name, reason in self._unavailable.items():
            terminal.line(f"target {name} is unavailable: {reason}", red=True)
        terminal.line(f"results: {self._writer.path}")
        if self._report is not None:
            terminal.line(f"report:  {self._report}")
