"""One run: its targets, its audit, its results file, its baseline. Knows nothing of pytest."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from conformance.apis import NoEquivalent, frameworks
from conformance.audit import Audit, Job
from conformance.case import Outcome, Target, Verdict
from conformance.cases.spec import folder_of
from conformance.certificate.certify import Cache, Certificates
from conformance.records import baseline, rebaseline, results, resume
from conformance.records.baseline import Baseline, BaselineError, Fact, Pattern, Where
from conformance.records.results import Record
from conformance.reproducers.confirm import Executor
from conformance.reproducers.script import call_line, script
from conformance.summary import Summary
from conformance.targets.command_line import default, parse, unique
from conformance.targets.errors import TargetError
from conformance.targets.protocol import vendor_arguments
from conformance.verdicts import repeat
from conv_reports import ResultsError, representatives, write_html

CONFIRM_MARGIN = 20.0  # seconds beyond the limit of a case: a script imports its framework first


class UnusableError(Exception):
    """What the command line asked for cannot be done: the thing, and the mend."""


@dataclass(frozen=True)
class Settings:
    """What the command line asked for; paths are as given, None where they were not."""

    root: Path
    targets: tuple[str, ...] = ()
    results: str | None = None
    report: str | None = None
    resume: str | None = None
    baseline: str | None = None
    writes_baseline: bool = False
    repeats: int = 1
    case_timeout: float = 20.0
    certifies: Literal["auto", "always", "never"] = "auto"
    arguments: tuple[str, ...] = ()

    @property
    def results_path(self) -> Path:
        return Path(self.results).absolute() if self.results else self.root / "audit" / "results.jsonl"

    @property
    def report_path(self) -> Path:
        return Path(self.report).absolute() if self.report else self.root / "audit" / "report.html"


@dataclass(frozen=True)
class Shown:
    """A script to execute, and whose verdict it shows."""

    case: str
    api: str
    script: str
    outcome: Outcome


@dataclass(frozen=True)
class Note:
    """A line for the end of the run."""

    text: str
    alarming: bool = False


class Run:
    """Asks the targets, writes what it finds, and holds it against the baseline.

    Attributes:
        asked: by spec file, the number of verdicts that its cases ask for.
        notes: what there is to say at the end; empty where nothing ran.
    """

    def __init__(self, settings: Settings, cache: Cache | None = None) -> None:
        """Raises UnusableError when a target, a baseline or an earlier run's file cannot be used.

        Args:
            cache: where certificates are kept between runs.
        """
        self.settings = settings
        self._certificates = Certificates(
            lambda target: self.audit.greeting(target), cache, settings.certifies == "always"
        )
        self.asked: dict[str, int] = {}
        self.summary = Summary()
        self.notes: list[Note] = []
        self._audit: Audit | None = None
        self._writer: results.Writer | None = None
        self._places: dict[str, Where] = {}
        self._facts: list[Fact] = []
        self._scripts: dict[tuple[str, str, str], tuple[str, Outcome]] = {}
        try:
            given = [parse(text) for text in settings.targets]
            self.targets = tuple(unique(given)) if given else tuple(default(n, settings.root) for n in frameworks())
            self.earlier = resume.load(Path(settings.resume)) if settings.resume else None
            self.known = self._known()
        except (TargetError, resume.ResumeError, BaselineError, ResultsError) as error:
            raise UnusableError(str(error)) from error

    def _known(self) -> Baseline:
        given = self.settings.baseline
        if not self.settings.writes_baseline:
            return baseline.load(Path(given)) if given else Baseline("")
        if given is None:
            raise UnusableError("--write-baseline needs the file to write: --baseline FILE")
        if len({target.framework for target in self.targets}) < len(self.targets):
            raise UnusableError("--write-baseline takes one target of each framework; write them one after the other")
        return baseline.load(Path(given)) if Path(given).exists() else Baseline(given)

    # asking

    @property
    def audit(self) -> Audit:
        """Started when it is first needed."""
        if self._audit is None:
            self._audit = Audit(self.targets, self.settings.case_timeout)
        return self._audit

    def submit(self, job: Job) -> Sequence[Job]:
        """Queue a job, as often as it is to be repeated."""
        jobs = [Job(job.case, job.contract, job.target) for _ in range(self.settings.repeats)]
        for one in jobs:
            self.audit.submit(one)
        if self.settings.certifies != "never":
            self._certificates.start(job.target)
        return jobs

    def verdict(self, job: Job, repeats: Sequence[Job], settled: Record | None) -> tuple[Record, str, list[Record]]:
        """The verdict's record, why it is not as the baseline has it, and all records that it needs."""
        target = self._target(job.target)
        found = settled or self._record(
            job, self._uncertified(job) or repeat.combine([j.verdict.result() for j in repeats])
        )
        found, complaint = self._held_against_the_baseline(found, baseline.where(target))
        return found, complaint, [target, *self._contract(job), results.case(job.case), found]

    def _uncertified(self, job: Job) -> Verdict | None:
        """In place of a verdict, where the adapter of the API failed its certificate."""
        certificate = self._certificates.of(job.target)
        failure = certificate.failure(job.contract.api) if certificate is not None else None
        if failure is None:
            return None
        return Verdict(Outcome.FAULT, observed=f"not audited: {job.contract.api} failed its certificate: {failure}")

    def _record(self, job: Job, verdict: Verdict) -> Record:
        framework = frameworks()[job.target.framework]
        arguments = vendor_arguments(job.case, job.contract)
        call, text = "", None
        if not isinstance(arguments, NoEquivalent):
            call = call_line(job.contract, framework, arguments, job.case.positional)
            if verdict.outcome in baseline.DIVERGENT:
                text = script(job.case, job.contract, framework, arguments, self.audit.expect(job.case), verdict)
        return results.verdict(verdict, job.case.id, job.target.name, job.contract.api, call, text)

    def _target(self, target: Target) -> Record:
        apis = [contract.api for contract in frameworks()[target.framework].contracts]
        try:
            record = results.target(target, apis, self.audit.greeting(target))
        except TargetError as error:
            return results.target(target, apis, None, str(error))
        certificate = self._certificates.of(target)
        return record if certificate is None else {**record, "certificate": certificate.record()}

    def _contract(self, job: Job) -> Iterator[Record]:
        try:
            yield results.contract(job.contract, job.target.name, self.audit.greeting(job.target))
        except TargetError:
            return

    def _held_against_the_baseline(self, verdict: Record, place: Where) -> tuple[Record, str]:
        fact = baseline.fact(verdict, place)
        match = self.known.match(fact)
        verdict = {name: value for name, value in verdict.items() if name != "known"}
        if match is not None and match.explains:
            entry = match.entry
            verdict["known"] = entry.reason + (f" ({entry.upstream})" if entry.upstream else "")
        return verdict, self.known.complaint(fact, match)

    def close(self) -> None:
        """End the targets."""
        if self._audit is not None:
            self._audit.close()

    # before

    def check_files(self) -> None:
        """Raises UnusableError when what is found could not be written."""
        for option, path in (("results", self.settings.results_path), ("report", self.settings.report_path)):
            folder = next(folder for folder in path.parents if folder.exists())
            if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
                raise UnusableError(f"cannot write {path}; choose another with --{option} FILE")

    def check_earlier(self) -> None:
        """Raises UnusableError when a target is not the one that the earlier run asked."""
        for target in self.targets if self.earlier is not None else ():
            if self.earlier is not None and target.name in self.earlier.targets:
                try:
                    self.earlier.check(target.name, self.audit.greeting(target))
                except (resume.ResumeError, TargetError) as error:
                    raise UnusableError(str(error)) from error

    # writing

    def add(self, records: Iterable[Record]) -> None:
        """Write records as they arrive. Raises UnusableError when they cannot be written."""
        for record in records:
            try:
                if self._writer is None:
                    self._writer = self._open()
                self._writer.add(record)
            except OSError as error:
                path = self.settings.results_path
                raise UnusableError(
                    f"cannot write {path}: {error.strerror}; choose another with --results FILE"
                ) from error
            self.summary.add(record)
            if record["record"] == "target":
                self._places[record["name"]] = baseline.where(record)
            if record["record"] == "verdict" and "script" in record:
                key = record["case"], record["target"], record["api"]
                self._scripts[key] = record["script"], Outcome(record["outcome"])
            if record["record"] == "verdict":
                self._facts.append(baseline.fact(record, self._places[record["target"]]))

    def _open(self) -> results.Writer:
        path = self.settings.results_path
        if path.exists():
            path.replace(path.with_name(f"{path.stem}.previous{path.suffix}"))
        writer = results.Writer(path, self.settings.arguments)
        if self.earlier is not None:
            places = {name: baseline.where(target) for name, target in self.earlier.targets.items()}
            for record in self.earlier.records():
                if record["record"] == "verdict":
                    record, _ = self._held_against_the_baseline(record, places[record["target"]])
                writer.add(record)
        return writer

    # after

    def miscounts(self) -> Iterator[tuple[Pattern, str]]:
        """The baseline's entries that too many cases bear out, or too few of files of which every case ran."""
        if self.settings.writes_baseline:
            return
        ran = self._ran()
        asked = {_name(Path(path)): count for path, count in self.asked.items()}
        complete = frozenset(name for name, count in ran.items() if count == asked.get(name))
        yield from self.known.miscounts(self._facts, complete)

    def _ran(self) -> Counter[str]:
        return Counter(fact.case.partition("::")[0] for fact in self._facts)

    def finish(self, complete: bool) -> bool:
        """Close the results file, write the report, and the baseline where that was asked; False if it could not be.

        Interrupted while it executes reproducers, it ends them, does the rest, and raises KeyboardInterrupt.
        """
        if self._writer is None:
            return not self.settings.writes_baseline
        interrupted = None
        if complete:
            try:
                self._confirm(self._writer)
            except KeyboardInterrupt as error:
                complete, interrupted = False, error
        self._writer.close(complete)
        for name, reason in self.summary.unavailable.items():
            self.notes.append(Note(f"target {name} is unavailable: {reason}", alarming=True))
        self.notes.append(Note(f"results: {self._writer.path}"))
        out = self.settings.report_path
        try:
            write_html([self._writer.path], out)
        except (OSError, ResultsError) as error:
            self.notes.append(Note(f"cannot write {out}: {error}; choose another with --report FILE", alarming=True))
        else:
            self.notes.append(Note(f"report:  {out}"))
        done = not self.settings.writes_baseline or self._write_baseline(complete)
        if interrupted is not None:
            raise interrupted
        return done

    def _confirm(self, writer: results.Writer) -> None:
        """Execute the script of one divergence of each finding, where it was observed."""
        wanted: dict[str, list[Shown]] = {}
        for case, target, api in representatives([writer.path]):
            if (case, target, api) in self._scripts:
                wanted.setdefault(target, []).append(Shown(case, api, *self._scripts[case, target, api]))
        limit = self.settings.case_timeout + CONFIRM_MARGIN
        executors = {target.name: Executor(target, limit) for target in self.targets if target.name in wanted}

        def confirm(name: str) -> list[Record]:
            shown = wanted[name]
            with executors[name] as executor:
                found = executor.confirm_all([(each.script, each.outcome) for each in shown])
                return [
                    results.confirmation(each.case, name, each.api, done)
                    for each, done in zip(shown, found, strict=True)
                ]

        with ThreadPoolExecutor(max(len(wanted), 1)) as pool:
            try:
                for records in pool.map(confirm, wanted):
                    for record in records:
                        writer.add(record)
            except BaseException:  # such as Ctrl-C
                for executor in executors.values():
                    executor.stop()
                raise

    def _write_baseline(self, complete: bool) -> bool:
        path = Path(self.known.file)
        lacking = next(self._lacking(), None) if complete else "the run was stopped"
        if lacking:
            self.notes.append(Note(f"baseline: {path} is left as it was, because {lacking}", alarming=True))
            return False
        try:
            old = path.read_text(encoding="utf-8") if path.exists() else ""
            text = rebaseline.rewrite(old, self.known.file, self._facts)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except (BaselineError, OSError) as error:
            self.notes.append(Note(f"baseline: {error}", alarming=True))
            return False
        self.notes.append(Note(f"baseline: {path}, {sum(fact.diverges for fact in self._facts)} divergences"))
        return True

    def _lacking(self) -> Iterator[str]:
        """What a whole run has and this one lacks."""
        if self.summary.faults:
            yield f"{self.summary.faults} cases met an error of the suite itself"
        for name in self.summary.unavailable:
            yield f"target {name} is unavailable"
        ran = self._ran()
        for path, count in self.asked.items():
            name = _name(Path(path))
            if ran[name] != count:
                yield f"{count - ran[name]} of the {count} cases of {name} did not run"
        for specs in {_specs(Path(path)) for path in self.asked}:
            for file in sorted([*specs.rglob("*.yaml"), *specs.rglob("*.yml")]):
                if str(file) not in self.asked and folder_of(file) is not None:
                    yield f"{_name(file)} did not run"


def _specs(path: Path) -> Path:
    folder = folder_of(path)
    assert folder is not None, path
    return folder


def _name(path: Path) -> str:
    return path.relative_to(_specs(path)).as_posix()
