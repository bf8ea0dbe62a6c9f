"""What an earlier run's results file has settled already, for a run that does only what is missing."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from conformance import __version__
from conformance.case import Case, Greeting, Outcome
from conformance.records import results
from conformance.records.results import Record
from conv_reports.results import read

Key: TypeAlias = tuple[str, str, str]  # case id, target, API

_CASE = ("layer", "api", "arguments", "inputs", "invalid")


class ResumeError(Exception):
    """An earlier run that this one cannot go on with: which file, what differs, and the mend."""


@dataclass(frozen=True)
class Earlier:
    """The records of an earlier run that hold: not its faults, and nothing of a target that could not be used."""

    path: Path
    targets: Mapping[str, Record]
    cases: Mapping[str, Record]
    verdicts: Mapping[Key, Record]
    others: tuple[Record, ...]

    def settled(self, case: Case, target: str, api: str) -> Record | None:
        """The verdict on a case on an API of a target, if there is one.

        Raises:
            ResumeError: its case is another one now.
        """
        found = self.verdicts.get((case.id, target, api))
        if found is not None:
            then, now = self.cases[case.id], json.loads(json.dumps(results.case(case)))
            changed = [name for name in _CASE if then.get(name) != now[name]]
            if changed:
                raise ResumeError(
                    f"{self.path}: {case.id} has another {' and '.join(changed)} now; run without --resume"
                )
        return found

    def check(self, target: str, greeting: Greeting) -> None:
        """Raises ResumeError when the target is not the one that the earlier run asked."""
        then = self.targets.get(target)
        if then is None:
            return
        before = {"version": then.get("version"), **then.get("environment", {})}
        now = {"version": greeting.version, **greeting.environment}
        for name in sorted(before.keys() | now.keys()):
            if before.get(name) != now.get(name):
                raise ResumeError(
                    f"{self.path}: target {target} had {name} {before.get(name)!r}, now {now.get(name)!r}; "
                    "run without --resume, and give the report both files"
                )

    def records(self) -> list[Record]:
        """All of them, each before what refers to it."""
        return [*self.targets.values(), *self.others, *self.cases.values(), *self.verdicts.values()]


def load(path: Path) -> Earlier:
    """Read an earlier run's file, a damaged one up to the damage.

    Raises:
        ResultsError: it is no results file, or judges a case twice.
        ResumeError: another version of this suite wrote it.
    """
    good = None  # lines before the damage
    for record in read.records(path):
        if isinstance(record, read.Header) and record.suite != __version__:
            raise ResumeError(f"{path}: written by suite {record.suite}, this is {__version__}; run without --resume")
        if isinstance(record, read.Damage):
            good = record.line - 1
    with path.open("rb") as file:
        raw: list[Record] = [json.loads(line) for line in itertools.islice(file, good)]
    targets = {r["name"]: r for r in raw if r["record"] == "target" and r["available"]}
    cases = {r["id"]: r for r in raw if r["record"] == "case"}
    verdicts: dict[Key, Record] = {}
    for number, found in enumerate(raw, start=1):
        if found["record"] != "verdict":
            continue
        key = found["case"], found["target"], found["api"]
        if key in verdicts:
            what = f"{key[0]} on {key[2]} of {key[1]} was judged before; give the file of one run"
            raise read.DuplicateVerdictError(path, number, what)
        if found["outcome"] != Outcome.FAULT and found["target"] in targets and found["case"] in cases:
            verdicts[key] = found
    others = [r for r in raw if r["record"] == "statement"]
    others += [r for r in raw if r["record"] == "confirmation" and (r["case"], r["target"], r["api"]) in verdicts]
    return Earlier(path, targets, cases, verdicts, tuple(others))
