"""The results file: JSON Lines, each appended as it arrives, whole or not at all.

One run at a time writes to a path: the others find its lock, a file beside it that the end of the run removes.
"""

from __future__ import annotations

import errno
import fcntl
import os
import platform
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import numpy as np

from conformance import __version__
from conformance.records.record import (
    CaseRecord,
    ContractRecord,
    EntryRecord,
    Footer,
    Header,
    Record,
    StatementRecord,
    TargetRecord,
    VerdictRecord,
    write_line,
)
from conformance.targets.remote.worker.machine import describe_processor, describe_variables


class Lock:
    """The right to write to a path, which one process has at a time, and which ends with the process."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}.lock")
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        """Whether this process has the right, from now on. Raises OSError when the file cannot be made."""
        while self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("ab")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                return False
            # Who had it may have removed the file meanwhile; what was locked is nothing then.
            if _is_at(self._path, file):
                self._file = file
            else:
                file.close()
        return True

    def release(self) -> None:
        if self._file is not None:
            self._path.unlink(missing_ok=True)
            self._file.close()
            self._file = None


class Writer:
    """Appends records to a file; a target, contract, case, statement or verdict is written once."""

    def __init__(self, path: Path, arguments: Sequence[str]) -> None:
        """Raises OSError when the file cannot be written. `arguments` are the command line's."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("wb", buffering=0)
        self._size = 0  # of what was written whole
        self._failed = False
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
        self._append(write_line(record).encode("ascii") + b"\n")
        return True

    def _append(self, line: bytes) -> None:
        """Append a line. Where that fails, the file ends with the line before."""
        try:
            if not _is_at(self.path, self._file):
                raise FileNotFoundError(errno.ENOENT, "it was removed")
            rest = line
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._failed = True
            self._file.truncate(self._size)
            raise
        self._size += len(line)

    def close(self, complete: bool) -> None:
        """Write the footer, if nothing has failed; `complete` tells whether the run came to its end.

        Raises:
            OSError: it cannot be written.
        """
        seconds = (datetime.now(UTC) - self._started).total_seconds()
        try:
            if not self._failed:
                self.add(Footer(complete, _now(), self._verdicts, seconds))
        finally:
            self._file.close()


def _is_at(path: Path, file: IO[bytes]) -> bool:
    """Whether an open file is still what stands at a path."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


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
        case EntryRecord():
            return "entry", record.target, record.entry.id
        case _:
            return None


def _describe_run(arguments: Sequence[str]) -> Header:
    host = {
        "platform": platform.platform(),
        **describe_processor(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": _name_blas(),
        "variables": describe_variables(),
    }
    return Header(__version__, _now(), host, tuple(arguments))


def _name_blas() -> str:
    """The library behind NumPy's matrix products, as NumPy was built with it."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
