"""The results file: JSON Lines, appended and flushed as verdicts arrive."""

from __future__ import annotations

import platform
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from conformance import __version__
from conformance.records.record import (
    CaseRecord,
    ContractRecord,
    Footer,
    Header,
    Record,
    StatementRecord,
    TargetRecord,
    VerdictRecord,
    write_line,
)
from conformance.targets.remote.worker.machine import name_processor


class Writer:
    """Appends records to a file; a target, contract, case, statement or verdict is written once."""

    def __init__(self, path: Path, arguments: Sequence[str]) -> None:
        """Raises OSError when the file cannot be written. `arguments` are the command line's."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("w", encoding="ascii")
        self._written: set[Hashable] = set()
        self._verdicts = 0
        self._started = datetime.now(UTC)
        self.add(_describe_run(arguments))

    def add(self, record: Record) -> bool:
        """Append a record, unless it was written before; whether it was appended.

        Raises:
            OSError: it cannot be written.
        """
        identity = _identify(record)
        if identity in self._written:
            return False
        if identity is not None:
            self._written.add(identity)
        self._verdicts += isinstance(record, VerdictRecord)
        self._file.write(write_line(record) + "\n")
        self._file.flush()
        return True

    def close(self, complete: bool) -> None:
        """Write the footer; `complete` tells whether the run came to its end."""
        seconds = (datetime.now(UTC) - self._started).total_seconds()
        self.add(Footer(complete, _now(), self._verdicts, seconds))
        self._file.close()


def _identify(record: Record) -> Hashable:
    """What of a record a file holds once; None for a record of which there may be several."""
    match record:
        case TargetRecord():
            return "target", record.name
        case ContractRecord():
            return "contract", record.target, record.api
        case CaseRecord():
            return "case", record.id
        case StatementRecord():
            return "statement", record.statement.api, record.statement.claim
        case VerdictRecord():
            return "verdict", record.question
        case _:
            return None


def _describe_run(arguments: Sequence[str]) -> Header:
    host = {
        "platform": platform.platform(),
        "processor": name_processor(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    return Header(__version__, _now(), host, tuple(arguments))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
