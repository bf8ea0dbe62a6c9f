"""Several results files as one: the shards of an audit, or what separate machines were asked.

What the files have to agree on is compared first; then their lines are copied as they stand, those that say the same
once. Contradicting files are refused, because a verdict counts for one case, one version and one set of instructions.
"""

from __future__ import annotations

import json
import os
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import read
from .fields import parse_line
from .records import Damage

Raw = dict[str, Any]  # a line of a file

# What of a target's environment may differ where one name is asked on several machines: it changes no verdict.
_OF_MACHINES = frozenset({"platform", "processor", "cores", "packages", "variables"})


class ContradictionError(read.ResultsError):
    """A file says otherwise than one before it."""


@dataclass(frozen=True)
class Outline:
    """What a file says once.

    Attributes:
        targets: by name.
        footer: None where the run was interrupted.
    """

    path: Path
    header: Raw
    targets: Mapping[str, Raw]
    footer: Raw | None


def merge(paths: Sequence[Path], out: Path) -> None:
    """Write what several results files say to one, whole or not at all.

    Where a file says that a target is unavailable that another one has asked, it has no say on that target.

    Raises:
        ResultsError: a file is damaged, or contradicts another one.
        OSError: the result cannot be written.
    """
    outlines = [read_outline(path) for path in paths]
    partial = out.with_name(f".{out.name}.partial")
    try:
        with partial.open("w", encoding="ascii") as file:
            for record in _merge_records(outlines):
                file.write(json.dumps(record, separators=(",", ":")) + "\n")
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)


def read_outline(path: Path) -> Outline:
    """Read what a file says once. Raises ResultsError as `merge`."""
    for record in read.records(path):
        if isinstance(record, Damage):
            problem = f"damaged: {record.problem}; finish the run with --resume {path}, then merge"
            raise read.ResultsError(path, record.line, problem)
    header: Raw = {}
    targets: dict[str, Raw] = {}
    footer = None
    for _, raw in _read_lines(path):
        match raw["record"]:
            case "header":
                header = raw
            case "target":
                targets[raw["name"]] = raw
            case "footer":
                footer = raw
    return Outline(path, header, targets, footer)


def _read_lines(path: Path) -> Iterator[tuple[int, Raw]]:
    """The lines of a file with their numbers."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            yield number, parse_line(line)


def _merge_records(outlines: Sequence[Outline]) -> Iterator[Raw]:
    yield _merge_headers(outlines)
    targets = _merge_targets(outlines)
    yield from targets.values()
    seen: dict[Hashable, tuple[str, Path]] = {}
    entries: dict[tuple[str, str], Raw] = {}
    verdicts = 0
    for outline in outlines:
        silent = {
            name for name, target in outline.targets.items() if targets[name]["available"] and not target["available"]
        }
        for number, record in _read_lines(outline.path):
            if record.get("target") in silent:
                continue
            if record["record"] == "entry":
                key = record["target"], record["id"]
                entries[key] = _add_entry(entries[key], record) if key in entries else record
            elif _is_new(record, number, outline.path, seen):
                verdicts += record["record"] == "verdict"
                yield record
    yield from entries.values()
    footers = [outline.footer for outline in outlines if outline.footer is not None]
    if footers:
        yield _merge_footers(footers, verdicts, complete=len(footers) == len(outlines))


def _is_new(record: Raw, line: int, path: Path, seen: dict[Hashable, tuple[str, Path]]) -> bool:
    """Whether a record is to be copied. Raises ContradictionError where an earlier file says otherwise."""
    identity = _identify(record)
    if identity is None:
        return False
    said = json.dumps({key: value for key, value in record.items() if key != "line"}, sort_keys=True)
    if identity not in seen:
        seen[identity] = "" if record["record"] == "verdict" else said, path
        return True
    before, earlier = seen[identity]
    name = " on ".join(str(record[key]) for key in ("case", "id", "claim", "api", "target") if record.get(key))
    if record["record"] == "verdict":
        raise read.DuplicateVerdictError(path, line, f"{name} was already judged in {earlier}; give each run once")
    if said != before:
        problem = f"the {record['record']} {name} is another one than in {earlier}; merge runs of the same specs"
        raise ContradictionError(path, line, problem)
    return False


def _identify(record: Raw) -> Hashable:
    """What of a record the result holds once; None for a record that is made anew."""
    match record["record"]:
        case "case":
            return "case", record["id"]
        case "contract":
            return "contract", record["target"], record["api"]
        case "statement":
            return "statement", record["api"], record["claim"]
        case "verdict" | "confirmation" as kind:
            return kind, record["case"], record["target"], record["api"]
        case _:
            return None


def _merge_headers(outlines: Sequence[Outline]) -> Raw:
    first = outlines[0].header
    for outline in outlines:
        if outline.header["suite"] != first["suite"]:
            problem = (
                f"written by version {outline.header['suite']} of the suite, {outlines[0].path} by {first['suite']}; "
                "merge runs of one version"
            )
            raise ContradictionError(outline.path, 1, problem)
    commands = dict.fromkeys(tuple(outline.header["arguments"]) for outline in outlines)
    arguments = [word for command in commands for word in ("|", *command)]
    return {
        **first,
        "started": min(outline.header["started"] for outline in outlines),
        "host": _join_texts(outline.header["host"] for outline in outlines),
        "arguments": arguments[1:],
    }


def _merge_targets(outlines: Sequence[Outline]) -> Mapping[str, Raw]:
    """The targets of all files by name: as those say that could use them, where there are such."""
    by_name: dict[str, list[tuple[Path, Raw]]] = {}
    for outline in outlines:
        for name, target in outline.targets.items():
            by_name.setdefault(name, []).append((outline.path, target))
    return {name: _merge_target(several) for name, several in by_name.items()}


def _merge_target(several: Sequence[tuple[Path, Raw]]) -> Raw:
    usable = [(path, target) for path, target in several if target["available"]] or several[:1]
    first_path, first = usable[0]
    for path, target in usable[1:]:
        contradiction = find_contradiction(first, target)
        if contradiction is not None:
            name, there, here = contradiction
            problem = (
                f"target {first['name']}: {name} is {here}, and in {first_path} {there}; merge runs of the same, "
                "or call the targets otherwise: --target NAME=PYTHON"
            )
            raise ContradictionError(path, 0, problem)
    merged = {**first}
    if first["available"]:
        merged["environment"] = _join_texts(target["environment"] for _, target in usable)
    # It says what all verdicts came from, and those of another machine came from something else.
    if any(target.get("basis") != first.get("basis") for _, target in usable):
        merged.pop("basis", None)
    return merged


def find_contradiction(first: Raw, second: Raw) -> tuple[str, Any, Any] | None:
    """In what the records of two targets of one name disagree, so that they are not one; None where they agree.

    The name of the fact, as the first has it, as the second.
    """
    return next((fact for fact in _list_facts(first, second) if fact[1] != fact[2]), None)


def _list_facts(first: Raw, second: Raw) -> Iterator[tuple[str, Any, Any]]:
    """What two targets of one name have to agree on."""
    for name in ("framework", "version", "apis"):
        yield name, first.get(name), second.get(name)
    yield "the code of the suite", first.get("basis", {}).get("code"), second.get("basis", {}).get("code")
    here, there = first.get("environment", {}), second.get("environment", {})
    for name in sorted({*here, *there} - _OF_MACHINES):
        yield name, here.get(name), there.get(name)


def _join_texts(several: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """By name, what is said; where machines say several things, each of them."""
    said: dict[str, dict[str, None]] = {}
    for texts in several:
        for name, text in texts.items():
            said.setdefault(name, {})[text] = None
    return {name: " | ".join(texts) for name, texts in said.items()}


def _add_entry(first: Raw, second: Raw) -> Raw:
    """An entry of the catalogue, counted in both; of two executions, the one that shows less."""
    executions = [entry["execution"] for entry in (first, second) if "execution" in entry]
    worst = min(executions, key=lambda one: (one["shown"], not one["workaround"]), default=None)
    return {
        **first,
        "asked": first["asked"] + second["asked"],
        "verdicts": first["verdicts"] + second["verdicts"],
        "holds": first["holds"] or second["holds"],
        **({} if worst is None else {"execution": worst}),
    }


def _merge_footers(footers: Sequence[Raw], verdicts: int, complete: bool) -> Raw:
    return {
        "record": "footer",
        "complete": complete and all(footer["complete"] for footer in footers),
        "finished": max(footer["finished"] for footer in footers),
        "verdicts": verdicts,
        "seconds": round(sum(footer.get("seconds", 0.0) for footer in footers), 1),
    }
