"""The last section on the terminal: outcomes by API, what could not be asked, and where the files are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance.case import Outcome
from conformance.records.results import Record


class Summary:
    """Counts records as they arrive."""

    def __init__(self) -> None:
        self.unavailable: dict[str, str] = {}
        self.faults = 0
        self._counts: dict[str, Counter[str]] = {}

    def add(self, record: Record) -> None:
        if record["record"] == "target" and not record["available"]:
            self.unavailable[record["name"]] = record["reason"]
        if record["record"] == "verdict":
            counts = self._counts.setdefault(record["api"], Counter())
            counts[record["outcome"]] += 1
            counts["known"] += "known" in record
            self.faults += record["outcome"] == Outcome.FAULT

    def lines(self) -> Iterator[str]:
        """The table, a line for each API."""
        columns = [
            name for name in (*map(str, Outcome), "known") if any(counts[name] for counts in self._counts.values())
        ]
        rows = [["", *(name.replace("_", " ") for name in columns)]]
        rows += [[api, *(str(counts[name] or "") for name in columns)] for api, counts in sorted(self._counts.items())]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for api, *cells in rows:
            yield "  ".join(
                [api.ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(cells, widths[1:], strict=True))]
            ).rstrip()
