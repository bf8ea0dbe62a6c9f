"""The results file: JSON Lines, appended and flushed as verdicts arrive. Schema: ``specs/schema/results.json``."""

from __future__ import annotations

import dataclasses
import json
import math
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from conformance import __version__
from conformance.apis import Contract
from conformance.case import Case, Confirmation, Greeting, Statement, Target, Verdict, values
from conformance.targets.remote.worker import processor

FORMAT = 1
Record = dict[str, Any]


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def header(arguments: Sequence[str]) -> Record:
    host = {
        "platform": platform.platform(),
        "processor": processor(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    return {
        "record": "header",
        "format": FORMAT,
        "suite": __version__,
        "started": now(),
        "host": host,
        "arguments": list(arguments),
    }


def target(found: Target, apis: Sequence[str], greeting: Greeting | None, reason: str = "") -> Record:
    record: Record = {
        "record": "target",
        "name": found.name,
        "framework": found.framework,
        "spec": found.given or found.spec,
        "available": greeting is not None,
        "apis": list(apis),
    }
    if greeting is None:
        return {**record, "reason": reason}
    return {**record, "version": greeting.version, "environment": dict(greeting.environment)}


def contract(found: Contract, target_name: str, greeting: Greeting) -> Record:
    record: Record = {
        "record": "contract",
        "target": target_name,
        "api": found.api,
        "weight": found.weight.source or "weight",
        "bias": found.bias.source or "bias",
    }
    defaults = greeting.defaults.get(found.api)
    return record if defaults is None else {**record, "defaults": dict(defaults)}


def case(found: Case) -> Record:
    return {
        "record": "case",
        "id": found.id,
        "line": found.line,
        "layer": found.layer,
        "api": found.api,
        "arguments": {name: values.to_json(value) for name, value in found.arguments.items()},
        "inputs": None if found.inputs is None else _present(dataclasses.asdict(found.inputs)),
        "invalid": bool(found.promise.raises),
        "clause": found.clause,
        "claim": found.claim,
    }


def statement(found: Statement) -> Record:
    record = _present(dataclasses.asdict(found))
    source = _present(record["source"])
    # pytest-xdist moves plain str only.
    source["kind"] = str(found.source.kind)
    if found.docstring is not None:
        record["docstring"] = str(found.docstring)
    return {"record": "statement", **record, "source": source}


def verdict(found: Verdict, case_id: str, target_name: str, api: str, call: str, script: str | None) -> Record:
    record: Record = {"record": "verdict", "case": case_id, "target": target_name, "api": api}
    for name, value in dataclasses.asdict(found).items():
        if value is None or value == "" or value is False:
            continue
        record[name] = value
    if "raised" in record:
        record["raised"]["bases"] = list(record["raised"]["bases"])
        record["raised"]["phase"] = str(found.raised.phase) if found.raised else ""  # pytest-xdist moves plain str only
    if "worst" in record:
        record["worst"] = {
            key: list(value) if key == "index" else repr(value) for key, value in record["worst"].items()
        }
    if "ratio" in record and not math.isfinite(record["ratio"]):
        record["ratio"] = str(record["ratio"])
    record["seconds"] = round(found.seconds, 6)
    record["call"] = call
    if script is not None:
        record["script"] = script
    return {key: str(value) if isinstance(value, str) else value for key, value in record.items()}


def _present(record: Mapping[str, Any]) -> Record:
    kept = {key: value for key, value in record.items() if value is not None}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in kept.items()}


_KEYS = {
    "case": ("id",),
    "contract": ("target", "api"),
    "target": ("name",),
    "statement": ("api", "claim"),
    "verdict": ("case", "target", "api"),
}


def confirmation(case_id: str, target_name: str, api: str, found: Confirmation) -> Record:
    return {
        "record": "confirmation",
        "case": case_id,
        "target": target_name,
        "api": api,
        "confirmed": found.confirmed,
        "printed": found.printed,
    }


class Writer:
    """Appends records to a file; cases, targets, statements and verdicts are written once each."""

    def __init__(self, path: Path, arguments: Sequence[str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("w", encoding="ascii")
        self._written: set[tuple[str, ...]] = set()
        self._verdicts = 0
        self._started = datetime.now(UTC)
        self.add(header(arguments))

    def add(self, record: Record) -> None:
        kind = record["record"]
        key = (kind, *(str(record.get(name)) for name in _KEYS.get(kind, ())))
        if len(key) > 1 and key in self._written:
            return
        self._written.add(key)
        self._verdicts += kind == "verdict"
        self._file.write(json.dumps(record, separators=(",", ":")) + "\n")
        self._file.flush()

    def close(self, complete: bool) -> None:
        seconds = (datetime.now(UTC) - self._started).total_seconds()
        self.add(
            {
                "record": "footer",
                "complete": complete,
                "finished": now(),
                "verdicts": self._verdicts,
                "seconds": round(seconds, 1),
            }
        )
        self._file.close()
