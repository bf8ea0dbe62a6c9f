"""A run from its beginning to its end."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.apis import frameworks
from conformance.audit import Job, Task
from conformance.case import Entry, Execution, Target
from conformance.catalogue.catalogue import Miscount
from conformance.catalogue.listed import ListedEntry
from conformance.catalogue.load import CatalogueError
from conformance.catalogue.news import News, find_news
from conformance.certificate.certificates import Cache
from conformance.records import resume
from conformance.records.record import EntryRecord, Question, Record, VerdictRecord
from conformance.run.asking import Asking
from conformance.run.confirming import confirm_findings, list_scripts
from conformance.run.describing import Describer
from conformance.run.executing import execute_entries
from conformance.run.extent import find_complete, find_unasked
from conformance.run.known import count_anew, hold, load_catalogue
from conformance.run.modes import is_chosen, limit_cases, with_modes
from conformance.run.recording import Recording
from conformance.run.settings import Settings, UnusableError, check_files
from conformance.run.shrinking import shrink_findings
from conformance.run.standing import Standing
from conformance.summary import Summary
from conformance.targets.command_line import default, parse, unique
from conformance.targets.errors import TargetError
from conv_reports import ResultsError, representatives, tell_modes, write_html


@dataclass(frozen=True)
class Answer:
    """What came of a task.

    Attributes:
        verdict: with what the catalogue knows of it.
        title: of the entry that explains it; empty where none does.
        complaint: why the verdict is not as the catalogue has it; empty where it is.
        records: the verdict, behind the records that it refers to.
    """

    verdict: VerdictRecord
    title: str
    complaint: str
    records: tuple[Record, ...]


@dataclass(frozen=True)
class Note:
    """A line for the end of the run."""

    text: str
    alarming: bool = False


class Run:
    """Asks the targets, writes what they answer, and holds it against the catalogue.

    Attributes:
        targets: the installed frameworks to audit.
        earlier: the run that this one goes on with, or is held against, if any.
        asked: by the path of a spec file, the number of verdicts that its cases ask for.
        left_out: how many verdicts of the earlier run hold, and are not to be asked for.
        notes: what there is to say at the end; empty where nothing ran.
    """

    def __init__(
        self, settings: Settings, cache: Cache | None = None, tell: Callable[[str], None] = lambda line: None
    ) -> None:
        """
        Args:
            cache: where certificates are kept between runs.
            tell: says a line to who waits.

        Raises:
            UnusableError: a target, a catalogue or an earlier run's file cannot be used.
        """
        self.asked: dict[str, int] = {}
        self.left_out = 0
        self.notes: list[Note] = []
        try:
            self.targets = _find_targets(settings)
            self.earlier = _load_earlier(settings)
            self.known = load_catalogue(settings, self.targets)
        except (TargetError, resume.ResumeError, CatalogueError, ResultsError) as error:
            raise UnusableError(str(error)) from error
        self.settings = settings = replace(settings, case_timeout=settings.case_timeout or limit_cases(self.targets))
        self._tell = tell
        self._asking = Asking(settings, self.targets, cache, tell)
        self._describer = Describer(self._asking, settings)
        self._recording = Recording(settings, self.earlier)
        self._executed: dict[tuple[str, str], Execution] = {}

    # before

    def check_files(self) -> None:
        """Raises UnusableError when what is found could not be written, or another run writes there."""
        check_files(self.settings)
        self._recording.lock()

    # asking

    def asks(self, spec: str, target: Target) -> bool:
        """Whether the cases of a spec file are asked of a target."""
        return not self.settings.modes or is_chosen(spec, target)

    def find_settled(self, task: Task) -> VerdictRecord | None:
        """The earlier run's verdict, if there is one and all that it came from is the same. Starts the target.

        Raises:
            UnusableError: the earlier run has verdicts on the target, which cannot be used any more.
        """
        if self.earlier is None or task.target.name not in self.earlier.bases:
            return None
        try:
            basis = self._describer.find_basis(task.target)
        except TargetError as error:
            raise UnusableError(str(error)) from error
        question = Question(task.case.id, task.target.name, task.contract.api)
        return self.earlier.find_verdict(question, basis, self._describer.describe_case(task.case).digest)

    def plan(self, target: str, count: int) -> None:
        """Say how many tasks a target will be asked in all, for who waits: it has been asked the first."""
        self._asking.plan(target, count)

    def expects_end(self, task: Task) -> bool:
        """Whether the catalogue lists a task as ending its process."""
        return self.known.expects_end(task.contract.api, task.case.id)

    def submit(self, task: Task) -> Sequence[Job]:
        """Queue a task, as often as it is to be repeated."""
        return self._asking.submit(task, with_twin=not self.expects_end(task))

    def answer(self, task: Task, repeats: Sequence[Job], settled: VerdictRecord | None) -> Answer:
        """What came of a task.

        Args:
            repeats: what `submit` returned for it.
            settled: the earlier run's verdict on it, which counts instead.
        """
        place = self._describer.find_place(task.target)
        record = settled
        if record is None:
            verdict = self._asking.await_verdict(task, repeats)
            record = self._describer.describe_verdict(task, verdict)
        held = hold(self.known, record, place)
        context = self._describer.describe_context(task)
        return Answer(held.record, held.title, held.complaint, (*context, held.record))

    def find_standings(self) -> Sequence[Standing]:
        """How far each target has come; any thread may ask."""
        return self._asking.find_standings()

    def close(self) -> None:
        """End the targets."""
        self._asking.close()

    # writing

    def add(self, records: Iterable[Record]) -> None:
        """Write records as they arrive. Raises UnusableError when they cannot be written."""
        self._recording.add(records)

    @property
    def summary(self) -> Summary:
        """The counts of what was written."""
        return self._recording.summary

    # after

    @functools.cached_property
    def news(self) -> News:
        """What of this run is new, gone, changed and known; asked once every verdict is there."""
        return find_news(self.known, self._recording.facts)

    def find_miscounts(self) -> Iterator[Miscount]:
        """The catalogue's patterns that too many cases bear out, or too few of files of which every case ran."""
        if self.settings.recounts:
            return
        facts = self._recording.facts
        yield from self.known.find_miscounts(facts, find_complete(self.asked, facts))

    def finish(self, complete: bool) -> bool:
        """Close the results file, write the report, and the catalogue's numbers where that was asked; False if
        that failed, or a script of the catalogue does not end as its entry says.

        Interrupted while it executes scripts, it ends them, does the rest, and raises KeyboardInterrupt.

        Raises:
            UnusableError: the results file cannot be written to its end.
        """
        path = self._recording.path
        if self._recording.tally is not None:
            self.notes.append(Note(self._recording.tally.describe(self.left_out)))
        if path is None:
            self._recording.close(complete)
            return not self.settings.recounts
        interrupt = None
        try:
            if complete:
                self._confirm(path)
        except KeyboardInterrupt as error:
            complete = False
            interrupt = error
        finally:
            if not self._recording.failed:
                self._write_entries()
            self._recording.close(complete and not self._recording.failed)
        if self._recording.failed:
            return False  # what was written is a file without an end, of which a report can still be made
        for name, reason in self.summary.unavailable.items():
            fails = "; it was named, so the run fails" if self.settings.targets else ""
            self.notes.append(Note(f"target {name} is unavailable: {reason}{fails}", alarming=True))
        never_asked = self.summary.list_never_asked()
        if never_asked:
            count = len(never_asked)
            self.notes.append(
                Note(f"{count} invalid cases could be asked of no API properly, such as {never_asked[0]}")
            )
        self.notes.append(Note(f"results: {path}"))
        self._note_modes(path)
        self._write_report(path)
        succeeded = self._note_executions() and (not self.settings.recounts or self._count_anew(complete))
        if interrupt is not None:
            raise interrupt
        return succeeded

    def _confirm(self, path: Path) -> None:
        """Execute the scripts of what is new, of smaller calls where they were found in time, and of what is known.

        Of the catalogue those are executed that this run has seen.

        Raises:
            UnusableError: the results file is there no more.
        """
        divergent = self._recording.divergent
        is_new = any(record.known is None for record in divergent.values())  # or the whole file is read for nothing
        try:
            found = [Question(*one) for one in representatives([path]) if Question(*one) in divergent] if is_new else []
        except ResultsError as error:
            self._recording.failed = True
            raise UnusableError(f"cannot read what was written: {error}; choose another with --results FILE") from error
        records = [divergent[question] for question in found]
        if records:
            self._tell(f"looking for the smallest calls of {len(records)} findings, and running their scripts ...")
        shrunk = shrink_findings(records, map(Path, self.asked), self.targets, self.settings)
        scripts = {record.question: list_scripts(record, shrunk.get(record.question)) for record in records}
        confirm_findings(
            scripts, self.targets, self.settings.case_timeout, lambda record: self._recording.add([record])
        )
        listed = {(target, one.entry.id): one for target, seen in self._seen.items() for one in seen}

        def report(target: str, entry: Entry, execution: Execution) -> None:
            self._executed[target, entry.id] = execution
            self._recording.add([self._describe_entry(target, listed[target, entry.id], execution)])

        entries = {target: [one.entry for one in seen] for target, seen in self._seen.items()}
        if listed:
            self._tell(f"running {len(listed)} scripts of the catalogue ...")
        execute_entries(entries, self.targets, self.settings.case_timeout, report)

    def _write_entries(self) -> None:
        """Write the entries whose scripts were not executed: they were not seen, or the run was stopped."""
        for target in self._recording.places:
            for listed in self.known.entries:
                if self.news.asked[target, listed.entry.id]:
                    self._recording.add([self._describe_entry(target, listed, None)])

    def _describe_entry(self, target: str, listed: ListedEntry, execution: Execution | None) -> EntryRecord:
        key = target, listed.entry.id
        return EntryRecord(
            target,
            listed.entry,
            str(listed.where),
            listed.apis,
            self.news.asked[key],
            self.news.known[key],
            listed.where.covers(self._recording.places[target]),
            execution,
        )

    @property
    def _seen(self) -> Mapping[str, Sequence[ListedEntry]]:
        """By target, the entries that this run has seen."""
        known = self.news.known
        return {
            target: [listed for listed in self.known.entries if known[target, listed.entry.id]]
            for target in self._recording.places
        }

    def _note_executions(self) -> bool:
        """Say which scripts of the catalogue did not end as they should; whether all did."""
        succeeded = True
        for (target, entry), execution in self._executed.items():
            if not execution.shown:
                ended = execution.ended or "it ran to its end, so nothing is shown any more"
                self.notes.append(Note(f"{entry} on {target}: its script does not end as it says: {ended}", True))
                succeeded = False
            if execution.workaround:
                self.notes.append(Note(f"{entry} on {target}: its workaround fails: {execution.workaround}", True))
                succeeded = False
        return succeeded

    def _write_report(self, results: Path) -> None:
        path = self.settings.report_path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_html([results], path)
        except (OSError, ResultsError) as error:
            self.notes.append(Note(f"cannot write {path}: {error}; choose another with --report FILE", alarming=True))
        else:
            self.notes.append(Note(f"report:  {path}"))

    def _note_modes(self, results: Path) -> None:
        """Say of each target in a mode what it shows that its framework does otherwise."""
        if any(target.mode for target in self.targets):
            with contextlib.suppress(ResultsError):  # which the report has told
                self.notes += [Note(line) for line in tell_modes([results])]

    def _count_anew(self, complete: bool) -> bool:
        """Count the catalogue anew, if this was a whole run; whether that was done."""
        path = self.known.path
        lacking = next(self._find_lacking(), None) if complete else "the run was stopped"
        if lacking is not None:
            self.notes.append(Note(f"catalogue: {path} is left as it was, because {lacking}", alarming=True))
            return False
        try:
            for left in count_anew(self.known, self._recording.facts):
                self.notes.append(Note(left, alarming=True))
        except (CatalogueError, OSError) as error:
            self.notes.append(Note(f"catalogue: {error}", alarming=True))
            return False
        self.notes.append(Note(f"catalogue: {path} is counted anew"))
        return True

    def _find_lacking(self) -> Iterator[str]:
        """In words, what a whole run has and this one lacks."""
        if self.summary.faults:
            yield f"{self.summary.faults} cases met an error of the suite itself"
        for name in self.summary.unavailable:
            yield f"target {name} is unavailable"
        yield from find_unasked(self.asked, self._recording.facts)


def _load_earlier(settings: Settings) -> resume.Earlier | None:
    """The earlier run that is gone on with, or held against. Raises ResumeError or ResultsError."""
    if settings.resume and settings.only_changed:
        raise resume.ResumeError("--resume takes over what --only-changed leaves out; give one of them")
    file = settings.resume or settings.only_changed
    return resume.load(Path(file)) if file else None


def _find_targets(settings: Settings) -> tuple[Target, ...]:
    """The targets that the command line names, or the default environments that tox makes. Raises TargetError."""
    if settings.targets:
        targets = [parse(text, settings.root) for text in settings.targets]
    else:
        known = frameworks()
        targets = [default(name, settings.root) for name in known if known[name].environment.is_default]
    return tuple(unique(list(with_modes(targets)) if settings.modes else targets))
