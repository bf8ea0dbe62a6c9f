"""Where the results file is written, and what the end of a run needs is remembered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from conformance.catalogue.fact import DIVERGENT, Fact, Place, describe_fact, describe_place
from conformance.records import results
from conformance.records.record import Question, Record, TargetRecord, VerdictRecord
from conformance.records.resume import Earlier, Tally
from conformance.run.settings import Settings, UnusableError
from conformance.summary import Summary
from conv_reports import find_contradiction


class Recording:
    """Writes records as they arrive. The file is opened by the first one, so that a run of nothing replaces nothing.

    Attributes:
        summary: the counts of what was written.
        places: by target, where its verdicts are observed.
        facts: the verdicts of this run, as the catalogue speaks of them.
        divergent: by what was asked, the verdicts that diverge, without their pictures.
        tally: of an earlier run's verdicts, what came of them; None where there is no earlier run.
        failed: whether a record could not be written. The file ends before it, and nothing more is written.
    """

    def __init__(self, settings: Settings, earlier: Earlier | None) -> None:
        self._settings = settings
        self.tally = Tally(earlier) if earlier is not None else None
        self._lock = results.Lock(settings.results_path)
        self._writer: results.Writer | None = None
        self.failed = False
        self.places: dict[str, Place] = {}
        self.summary = Summary()
        self._agreeing: dict[str, list[TargetRecord]] = {}  # by target, as its processes describe it
        self.facts: list[Fact] = []
        self.divergent: dict[Question, VerdictRecord] = {}

    @property
    def path(self) -> Path | None:
        """The results file; None while nothing was written."""
        return self._writer.path if self._writer is not None else None

    def lock(self) -> None:
        """Take the right to write the results file. Raises UnusableError where another run has it."""
        path = self._settings.results_path
        try:
            taken = self._lock.take()
        except OSError as error:
            raise self._explain(error) from error
        if not taken:
            raise UnusableError(f"another audit writes {path}; wait for its end, or choose another with --results FILE")

    def add(self, records: Iterable[Record]) -> None:
        """Write records. Raises UnusableError when they cannot be written, or tell two targets as one."""
        for record in records:
            if isinstance(record, TargetRecord):
                self._check_target(record)
            try:
                is_new = self._open().add(record)
            except OSError as error:
                raise self._explain(error) from error
            if is_new:
                self._remember(record)

    def close(self, complete: bool) -> None:
        """End the file; `complete` tells whether the run came to its end. Raises UnusableError as `add`."""
        try:
            if self._writer is not None:
                self._writer.close(complete)
        except OSError as error:
            raise self._explain(error) from error
        finally:
            self._lock.release()

    def _check_target(self, record: TargetRecord) -> None:
        """With xdist, processes on other machines describe their own. Raises UnusableError where these differ."""
        known = self._agreeing.setdefault(record.name, [])
        if not record.available or any(_is_described_alike(record, one) for one in known):
            return
        contradiction = find_contradiction(known[0].to_json(), record.to_json()) if known else None
        if contradiction is not None:
            name, there, here = contradiction
            raise UnusableError(
                f"target {record.name}: {name} is {there} on one machine, and {here} on another; give each a name of "
                "its own: --target NAME=PYTHON"
            )
        known.append(record)

    def _explain(self, error: OSError) -> UnusableError:
        self.failed = True
        path = self._settings.results_path
        return UnusableError(f"cannot write {path}: {error.strerror}; choose another with --results FILE")

    def _remember(self, record: Record) -> None:
        self.summary.add(record)
        if self.tally is not None:
            self.tally.add(record)
        if isinstance(record, TargetRecord):
            self.places[record.name] = describe_place(record)
        if isinstance(record, VerdictRecord):
            self.facts.append(describe_fact(record, self.places[record.question.target]))
            if record.verdict.outcome in DIVERGENT:
                self.divergent[record.question] = replace(record, verdict=replace(record.verdict, arrays=None))

    def _open(self) -> results.Writer:
        if self._writer is not None:
            return self._writer
        self.lock()
        path = self._settings.results_path
        if path.exists():
            path.replace(path.with_name(f"{path.stem}.previous{path.suffix}"))
        self._writer = results.Writer(path, self._settings.arguments)
        return self._writer


def _is_described_alike(first: TargetRecord, second: TargetRecord) -> bool:
    return (first.version, first.environment, first.basis) == (second.version, second.environment, second.basis)
