"""The last section on the terminal: outcomes by API, what could not be asked, and where the files are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance.case import Outcome
from conformance.catalogue.catalogue import Catalogue
from conformance.catalogue.fact import DIVERGENT
from conformance.catalogue.news import News
from conformance.records.record import CaseRecord, Record, TargetRecord, VerdictRecord

NOT_ASKED = (Outcome.NO_EQUIVALENT, Outcome.UNAVAILABLE)
SHOWN = 20  # kinds of new divergences that the terminal lists
KNOWN = "known"  # a column beside the outcomes: the divergences that the catalogue explains


class Summary:
    """Counts records as they arrive.

    Attributes:
        unavailable: by the name of a target that did not start, or not any more, the reason.
        faults: how many cases met an error of this suite.
    """

    def __init__(self) -> None:
        self.unavailable: dict[str, str] = {}
        self.faults = 0
        self._counts: dict[str, Counter[str]] = {}
        self._was_asked: dict[str, bool] = {}  # by invalid case, whether any API was

    def add(self, record: Record) -> None:
        if isinstance(record, TargetRecord) and not record.available:
            self.unavailable[record.name] = record.reason
        # A claim's case can be asked of one API alone, whose device may lack the operation.
        if isinstance(record, CaseRecord) and record.wrong is not None and record.api is None:
            self._was_asked.setdefault(record.id, False)
        if isinstance(record, VerdictRecord):
            self._count(record)

    def _count(self, record: VerdictRecord) -> None:
        outcome = record.verdict.outcome
        name = _name_column(record.question.target, record.question.api)
        counts = self._counts.setdefault(name, Counter())
        counts[outcome] += 1
        counts[KNOWN] += record.known is not None and outcome in DIVERGENT
        self.faults += outcome is Outcome.FAULT
        if outcome is Outcome.UNAVAILABLE and record.verdict.phase is None:  # no call was made
            self.unavailable.setdefault(record.question.target, record.verdict.observed)
        if record.question.case in self._was_asked and outcome not in NOT_ASKED:
            self._was_asked[record.question.case] = True

    def list_never_asked(self) -> list[str]:
        """The invalid cases that no API could be asked: each refuses the valid twin as well, or cannot express it."""
        return [case for case, was_asked in self._was_asked.items() if not was_asked]

    def lines(self) -> Iterator[str]:
        """A table with a row for each API of a target and a column for each outcome that was seen."""
        seen = Counter[str]()
        for counts in self._counts.values():
            seen += counts
        columns = [name for name in (*map(str, Outcome), KNOWN) if seen[name]]
        rows = [["", *(name.replace("_", " ") for name in columns)]]
        for api, counts in sorted(self._counts.items()):
            rows.append([api, *(str(counts[name] or "") for name in columns)])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for api, *cells in rows:
            aligned = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
            yield "  ".join([api.ljust(widths[0]), *aligned]).rstrip()


def _name_column(target: str, api: str) -> str:
    """An API, and its target where the API's own name does not tell: that of a default one is the framework's."""
    return api if api.startswith(f"{target}.") else f"{api} of {target}"


def write_news(catalogue: Catalogue, news: News) -> Iterator[str]:
    """What is new, gone and changed, then what is known, by entry; nothing where there is no catalogue."""
    if not catalogue.path:
        return
    yield ""
    clusters = Counter((_name_column(fact.place.target, fact.api), fact.kind, fact.subject) for fact in news.new)
    for (name, kind, subject), count in clusters.most_common(SHOWN):
        yield f"new      {count:5}  {kind.replace('_', ' ')} of {subject or 'call'}, {name}"
    if len(clusters) > SHOWN:
        yield f"new             and {len(clusters) - SHOWN} others"
    for word, counts in (("gone", news.gone), ("changed", news.changed)):
        for entry, count in counts.most_common():
            yield f"{word:7}  {count:5}  {entry}"
    titles = {listed.entry.id: listed.entry.title.en for listed in catalogue.entries}
    verdicts = Counter[str]()
    for (_, entry), count in news.known.items():
        verdicts[entry] += count
    width = max(map(len, verdicts), default=0)
    for entry, count in verdicts.most_common():
        yield f"known    {count:5}  {entry.ljust(width)}  {titles[entry]}"
