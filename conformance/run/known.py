"""Where verdicts are held against the catalogue, and where its numbers are written anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.case import Target
from conformance.catalogue import load
from conformance.catalogue.catalogue import Catalogue
from conformance.catalogue.fact import Fact, Place, describe_fact
from conformance.catalogue.recount import recount
from conformance.records.record import VerdictRecord
from conformance.run.settings import Settings, UnusableError


def load_catalogue(settings: Settings, targets: Sequence[Target]) -> Catalogue:
    """The catalogue of a run; one that knows nothing where none is named.

    Raises:
        UnusableError: a catalogue is to be counted anew, but which one, or from what, is not clear.
        CatalogueError: a file cannot be used.
    """
    if settings.known is None:
        if settings.recounts:
            raise UnusableError("--update-known needs the catalogue to count anew: --known PATH")
        return Catalogue()
    if settings.recounts and len({target.framework for target in targets}) < len(targets):
        raise UnusableError("--update-known takes one target of each framework; count them one after the other")
    return load.load(Path(settings.known))


@dataclass(frozen=True)
class Held:
    """A verdict, held against the catalogue.

    Attributes:
        record: the verdict, with what is known of it.
        title: of the entry that explains it; empty where none does.
        complaint: why the verdict is not as the catalogue has it; empty where it is.
    """

    record: VerdictRecord
    title: str
    complaint: str


def hold(known: Catalogue, record: VerdictRecord, place: Place) -> Held:
    """Hold a verdict that was observed at a place against the catalogue."""
    fact = describe_fact(record, place)
    match = known.match(fact)
    complaint = known.explain_difference(fact, match)
    if match is None or not match.is_seen(fact):
        return Held(record if record.known is None else replace(record, known=None), "", complaint)
    entry = match.listed.entry
    return Held(replace(record, known=entry.id), f"{entry.id}: {entry.title.en}", complaint)


def count_anew(known: Catalogue, facts: Sequence[Fact]) -> Iterator[str]:
    """Write the numbers of a catalogue's files anew from the facts of a whole run. Yields what a person is left to do.

    Raises:
        CatalogueError: a file is not laid out so that it can be counted anew.
        OSError: it cannot be read or written.
    """
    for file in load.find_files(Path(known.path)):
        present = file.read_text(encoding="utf-8")
        recounted = recount(present, str(file), facts)
        file.write_text(recounted.text, encoding="utf-8")
        for entry in recounted.gone:
            yield f"{file}: nothing shows {entry} any more; take it out"
