"""Where the results file is written, and what the end of a run needs is remembered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from conformance.catalogue.catalogue import Catalogue
from conformance.catalogue.fact import DIVERGENT, Fact, Place, describe_fact, describe_place
from conformance.records import results
from conformance.records.record import Question, Record, TargetRecord, VerdictRecord
from conformance.records.resume import Earlier
from conformance.run.known import hold
from conformance.run.settings import Settings, UnusableError
from conformance.summary import Summary


class Recording:
    """Writes records as they arrive. The file is opened by the first one, so that a run of nothing replaces nothing.

    Attributes:
        summary: the counts of what was written.
        places: by target, where its verdicts are observed.
        facts: the verdicts of this run, as the catalogue speaks of them.
        divergent: by what was asked, the verdicts that diverge, without their pictures.
    """

    def __init__(self, settings: Settings, known: Catalogue, earlier: Earlier | None) -> None:
        """`earlier` is a run whose records come first."""
        self._settings = settings
        self._known = known
        self._earlier = earlier
        self._writer: results.Writer | None = None
        self.places: dict[str, Place] = {}
        self.summary = Summary()
        self.facts: list[Fact] = []
        self.divergent: dict[Question, VerdictRecord] = {}

    @property
    def path(self) -> Path | None:
        """The results file; None while nothing was written."""
        return self._writer.path if self._writer is not None else None

    def add(self, records: Iterable[Record]) -> None:
        """Write records. Raises UnusableError when they cannot be written."""
        for record in records:
            try:
                self._open().add(record)
            except OSError as error:
                path = self._settings.results_path
                remedy = "choose another with --results FILE"
                raise UnusableError(f"cannot write {path}: {error.strerror}; {remedy}") from error
            self._remember(record)

    def close(self, complete: bool) -> None:
        """End the file; `complete` tells whether the run came to its end."""
        if self._writer is not None:
            self._writer.close(complete)

    def _remember(self, record: Record) -> None:
        self.summary.add(record)
        if isinstance(record, TargetRecord):
            self.places[record.name] = describe_place(record)
        if isinstance(record, VerdictRecord):
            self.facts.append(describe_fact(record, self.places[record.question.target]))
            if record.verdict.outcome in DIVERGENT:
                self.divergent[record.question] = replace(record, verdict=replace(record.verdict, arrays=None))

    def _open(self) -> results.Writer:
        if self._writer is not None:
            return self._writer
        path = self._settings.results_path
        if path.exists():
            path.replace(path.with_name(f"{path.stem}.previous{path.suffix}"))
        self._writer = results.Writer(path, self._settings.arguments)
        if self._earlier is not None:
            self._take_over(self._writer, self._earlier)
        return self._writer

    def _take_over(self, writer: results.Writer, earlier: Earlier) -> None:
        """Write an earlier run's records, its verdicts held against the catalogue of this run."""
        places = {name: describe_place(target) for name, target in earlier.targets.items()}
        for record in earlier.records():
            if isinstance(record, VerdictRecord):
                record = hold(self._known, record, places[record.question.target]).record
            writer.add(record)
