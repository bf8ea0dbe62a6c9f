"""Results files (specs/schema/results.json) as a stream of frozen records.

What is large and seldom needed of a verdict (script, arrays, stderr) stays in the file: `details` reads it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeAlias

FORMAT = 1


class ResultsError(Exception):
    """A results file that cannot be used; the message names the file, the line and the mend."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}" if line else f"{path}: {problem}")
        self.path, self.line, self.problem = path, line, problem


class UnreadableError(ResultsError):
    """The file does not exist or may not be read."""


class NotResultsError(ResultsError):
    """The file does not begin with the header of a results file in a format that we know."""


class InconsistentCaseError(ResultsError):
    """A case is another one here than in a file read before."""


class DuplicateVerdictError(ResultsError):
    """The same case on the same API of the same target was judged twice."""


@dataclass(frozen=True, slots=True)
class Header:
    suite: str
    started: str
    host: Mapping[str, str]
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    framework: str
    available: bool
    reason: str = ""
    version: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    apis: tuple[str, ...] = ()
    certificate: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    layer: str
    arguments: Mapping[str, Any]
    clause: str
    inputs: Mapping[str, Any] | None = None
    api: str | None = None
    line: int = 0
    invalid: bool = False
    claim: str | None = None

    @property
    def spec(self) -> str:
        return self.id.partition("::")[0]

    @property
    def name(self) -> str:
        return self.id.partition("::")[2] or self.id


@dataclass(frozen=True, slots=True)
class Raised:
    phase: str
    cls: str
    bases: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Worst:
    index: tuple[int, ...]
    expected: str
    observed: str
    bound: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`offset` is where its line begins in the file, for `details`; `has` names the details it has."""

    case: str
    target: str
    api: str
    outcome: str
    kind: str
    subject: str
    expected: str
    observed: str
    phase: str
    raised: Raised | None
    ratio: float | None
    exact: bool
    worst: Worst | None
    ruling: str
    inferred: bool
    call: str
    known: str
    seconds: float
    offset: int
    has: frozenset[str]


@dataclass(frozen=True, slots=True)
class Confirmation:
    case: str
    target: str
    api: str
    confirmed: bool
    printed: str


@dataclass(frozen=True, slots=True)
class Statement:
    document: str
    api: str
    claim: str
    section: str
    says: str
    unchecked: str | None


@dataclass(frozen=True, slots=True)
class Contract:
    """How an API says its layer, for the porting tables; `weight` and `bias` are source in weight, bias and groups."""

    api: str
    target: str
    weight: str
    bias: str
    defaults: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Footer:
    complete: bool
    finished: str
    verdicts: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Damage:
    """The last record of a file that cannot be read further."""

    line: int
    problem: str


Record: TypeAlias = Header | Target | Case | Verdict | Confirmation | Statement | Contract | Footer | Damage

Outcome: TypeAlias = Literal[
    "conforms", "diverges", "crashed", "timed_out", "unstable", "no_equivalent", "unavailable", "fault"
]
OUTCOMES: tuple[Outcome, ...] = (
    "diverges",
    "crashed",
    "timed_out",
    "unstable",
    "fault",
    "conforms",
    "no_equivalent",
    "unavailable",
)
KINDS = (
    "shape",
    "value",
    "gradient",
    "dtype",
    "default",
    "distribution",
    "wrongly_accepted",
    "wrongly_rejected",
    "error_class",
    "error_phase",
)
PHASES = ("start", "construct", "parameters", "forward", "backward")
DETAILS = frozenset({"script", "arrays", "stderr"})


def records(path: Path) -> Iterator[Record]:
    """The records of a results file in order, the header first; of a damaged file up to the damage, then `Damage`.

    Raises:
        UnreadableError: it cannot be opened or read.
        NotResultsError: its first line is no header of format 1.
    """
    try:
        with path.open("rb") as file:
            offset = 0
            for number, line in enumerate(file, start=1):
                try:
                    raw = _parse(line)
                    record = _record(raw, offset)
                except _DamagedError as damaged:
                    if number == 1:
                        raise NotResultsError(
                            path, 1, f"not a results file: {damaged}; give the .jsonl that an audit wrote"
                        ) from None
                    yield Damage(number, str(damaged))
                    return
                if (number == 1) != isinstance(record, Header):
                    raise NotResultsError(
                        path, number, "a results file has one header, on line 1; give the .jsonl that an audit wrote"
                    )
                if record is not None:
                    yield record
                offset += len(line)
            if offset == 0:
                raise NotResultsError(path, 0, "the file is empty; give the .jsonl that an audit wrote")
    except OSError as error:
        raise UnreadableError(path, 0, f"cannot be read: {error.strerror or error}") from error


def details(path: Path, offset: int) -> Mapping[str, Any]:
    """Script, arrays and stderr of the verdict whose line begins at `offset`."""
    with path.open("rb") as file:
        file.seek(offset)
        raw = _parse(file.readline())
    return {key: raw[key] for key in DETAILS if key in raw}


class _DamagedError(ValueError):
    """Why one line is no record."""


def _parse(line: bytes) -> dict[str, Any]:
    try:
        text = line.decode("utf-8").strip()
        raw, end = _DECODER.raw_decode(text)
        if end != len(text):
            raise ValueError(f"more than one value: column {end + 1}")
    except RecursionError:
        raise _DamagedError("nested too deeply") from None
    except ValueError as error:
        raise _DamagedError("cut off" if not line.endswith(b"\n") else f"not JSON: {error}") from None
    if not isinstance(raw, dict):
        raise _DamagedError(f"expected a JSON object, found {type(raw).__name__}")
    return raw


def _no_constant(name: str) -> NoReturn:
    raise _DamagedError(f"{name} is not JSON; write it as a string")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _record(raw: dict[str, Any], offset: int) -> Record | None:
    """None for a record that a later version of format 1 added."""
    match raw.get("record"):
        case "header":
            if raw.get("format") != FORMAT:
                raise _DamagedError(f"format {raw.get('format')!r}, this version reads format {FORMAT}")
            return Header(_text(raw, "suite"), _text(raw, "started"), _texts(raw, "host"), _list(raw, "arguments"))
        case "target":
            return Target(
                _text(raw, "name"),
                _text(raw, "framework"),
                _get(raw, "available", bool),
                _text(raw, "reason", ""),
                _text(raw, "version", ""),
                _texts(raw, "environment", {}),
                _list(raw, "apis", []),
                _get(raw, "certificate", dict, {}),
            )
        case "case":
            return Case(
                _text(raw, "id"),
                _text(raw, "layer"),
                _get(raw, "arguments", dict),
                _text(raw, "clause"),
                _get(raw, "inputs", dict, None),
                _text(raw, "api", None),
                _get(raw, "line", int, 0),
                _get(raw, "invalid", bool, False),
                _text(raw, "claim", None),
            )
        case "verdict":
            return _verdict(raw, offset)
        case "confirmation":
            return Confirmation(
                _text(raw, "case"),
                _text(raw, "target"),
                _text(raw, "api"),
                _get(raw, "confirmed", bool),
                _text(raw, "printed"),
            )
        case "statement":
            return Statement(
                _text(raw, "document"),
                _text(raw, "api"),
                _text(raw, "claim"),
                _text(raw, "section"),
                _text(raw, "says"),
                _text(raw, "unchecked", None),
            )
        case "contract":
            return Contract(
                _text(raw, "api"),
                _text(raw, "target"),
                _text(raw, "weight"),
                _text(raw, "bias"),
                _texts(raw, "defaults", {}),
            )
        case "footer":
            return Footer(
                _get(raw, "complete", bool),
                _text(raw, "finished"),
                _get(raw, "verdicts", int),
                _get(raw, "seconds", (int, float), None),
            )
        case str():
            return None
        case other:
            raise _DamagedError(f"record: expected a string, found {other!r:.60}")


def _verdict(raw: dict[str, Any], offset: int) -> Verdict:
    outcome = _text(raw, "outcome")
    if outcome not in OUTCOMES:
        raise _DamagedError(f"outcome: expected one of {', '.join(OUTCOMES)}, found {outcome!r:.60}")
    raised = _get(raw, "raised", dict, None)
    worst = _get(raw, "worst", dict, None)
    kind, subject, expected, observed, phase, ruling, call, known = (
        text if type(text := raw.get(name, "")) is str else _text(raw, name, "") for name in _TEXTS
    )
    return Verdict(
        _text(raw, "case"),
        _text(raw, "target"),
        _text(raw, "api"),
        outcome,
        kind,
        subject,
        expected,
        observed,
        phase,
        raised
        and Raised(_text(raised, "phase"), _text(raised, "cls"), _list(raised, "bases"), _text(raised, "message")),
        _number(raw.get("ratio")),
        _get(raw, "exact", bool, False),
        worst
        and Worst(
            tuple(_get(worst, "index", list, [])),
            _text(worst, "expected", ""),
            _text(worst, "observed", ""),
            _text(worst, "bound", ""),
        ),
        ruling,
        _get(raw, "inferred", bool, False),
        call,
        known,
        float(_get(raw, "seconds", (int, float), 0.0)),
        offset,
        DETAILS & raw.keys(),
    )


_TEXTS = ("kind", "subject", "expected", "observed", "phase", "ruling", "call", "known")
_REQUIRED: Any = object()


def _get(raw: dict[str, Any], name: str, kind: type | tuple[type, ...], default: Any = _REQUIRED) -> Any:
    value = raw.get(name)
    if value is None:
        if default is _REQUIRED:
            raise _DamagedError(f"{name} is missing")
        return default
    if not isinstance(value, kind):
        raise _DamagedError(f"{name}: unexpected {value!r:.60}")
    return value


def _text(raw: dict[str, Any], name: str, default: Any = _REQUIRED) -> Any:
    return _get(raw, name, str, default)


def _list(raw: dict[str, Any], name: str, default: Any = _REQUIRED) -> tuple[str, ...]:
    return tuple(str(item) for item in _get(raw, name, list, default))


def _texts(raw: dict[str, Any], name: str, default: Any = _REQUIRED) -> dict[str, str]:
    return {str(key): str(value) for key, value in _get(raw, name, dict, default).items()}


def _number(value: Any) -> float | None:
    """A JSON number or one of the strings nan, inf, -inf."""
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise _DamagedError(f"ratio: expected a number, found {value!r:.60}") from None
