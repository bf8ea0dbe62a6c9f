"""The records of a results file (specs/schema/results.json), frozen, and the closed sets that they draw from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

FORMAT = 1

# The closed sets repeat the suite's, which the reports may not import; a test holds them to it.
Outcome: TypeAlias = Literal[
    "diverges", "crashed", "timed_out", "unstable", "fault", "differs", "conforms", "no_equivalent", "unavailable"
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
FAILURES = frozenset({"diverges", "crashed", "timed_out", "unstable"})
KINDS = (
    "shape",
    "value",
    "gradient",
    "dtype",
    "default",
    "text",
    "distribution",
    "wrongly_accepted",
    "wrongly_rejected",
    "internal_error",
    "error_class",
    "error_phase",
)
PHASES = ("start", "construct", "parameters", "forward", "backward", "then")

# Who says that a failure is wrong; in the order in which the reports count them.
Authority: TypeAlias = Literal["own_document", "mathematics", "robustness"]
AUTHORITIES: tuple[Authority, ...] = get_args(Authority)

# How a call that differs does so.
Direction: TypeAlias = Literal[
    "stricter", "more_permissive", "other_class", "other_phase", "other_dtype", "stale", "other_layer"
]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)

# What of a call was compared.
ComparedAspect: TypeAlias = Literal[
    "call", "parameters", "defaults", "initial_values", "text", "shape", "dtype", "values", "gradients"
]
ASPECTS: tuple[ComparedAspect, ...] = get_args(ComparedAspect)

SourceKind: TypeAlias = Literal["official_page", "installed_docstring", "older_release", "third_party_copy"]
SOURCE_KINDS: tuple[SourceKind, ...] = get_args(SourceKind)

# How the installed docstring stands to a statement of another document.
Docstring: TypeAlias = Literal["same", "silent", "other"]
DOCSTRINGS: tuple[Docstring, ...] = get_args(Docstring)

# What a known cause does to a person, the most serious first.
Severity: TypeAlias = Literal[
    "silent_wrong_values",
    "crash",
    "hang",
    "wrong_shape_or_dtype",
    "internal_error",
    "refuses_documented",
    "accepts_forbidden",
    "wrong_document",
    "difference",
]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

# What is large and seldom needed of a verdict: it stays in the file.
DETAILS = frozenset({"script", "arrays", "stderr"})


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
    mode: str = ""
    pads: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One call.

    Attributes:
        wrong: of an invalid call, the argument (or what of the input) that makes it so, where the case names it.
        goes_on: something happens to the layer once it has been called, and its last call is what is judged.
    """

    id: str
    layer: str
    arguments: Mapping[str, Any]
    clause: str
    inputs: Mapping[str, Any] | None = None
    api: str | None = None
    line: int = 0
    invalid: bool = False
    claim: str | None = None
    wrong: str | None = None
    goes_on: bool = False

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

    @property
    def class_name(self) -> str:
        """The exception's class without its module."""
        return self.cls.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Worst:
    """The element of an array that is furthest from the oracle's."""

    index: tuple[int, ...]
    expected: str
    observed: str
    bound: str


@dataclass(frozen=True, slots=True)
class Further:
    """Something else that is wrong with the same call."""

    kind: str
    subject: str
    expected: str
    observed: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a case on an API of a target. A text that the file leaves out is "".

    Attributes:
        authority: of a failure, who says that it is wrong.
        rests_on: the sentence or definition that the authority rests on.
        direction: of a difference, how the call differs.
        further: what else is wrong with the same call.
        compared: what was compared, where nothing is wrong with it.
        accident: the call was refused, but by no check.
        offset: where the verdict's line begins in the file, in bytes; `read.details` reads it again.
        has: which of `DETAILS` that line holds.
    """

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
    authority: Authority | None = None
    rests_on: str = ""
    direction: Direction | None = None
    further: tuple[Further, ...] = ()
    compared: tuple[ComparedAspect, ...] = ()
    accident: bool = False

    @property
    def error_class(self) -> str:
        """The qualified name of the exception's class, "" where none was raised."""
        return self.raised.cls if self.raised else ""

    @property
    def error_message(self) -> str:
        return self.raised.message if self.raised else ""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What came of executing a script that shows a verdict.

    Attributes:
        script: what was executed, "" where it is the verdict's own.
    """

    case: str
    target: str
    api: str
    confirmed: bool
    printed: str
    script: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where statements stand. `address` is "" where it is not known."""

    publisher: str
    title: str
    version: str
    kind: SourceKind
    address: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """What people read, in the report's languages."""

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of a document.

    Attributes:
        says: the sentence in the suite's own words.
        unchecked: why no case tests it.
        source: the document; None in a file that does not say.
        docstring: how the installed docstring stands to it, where it stands in another document.
        announced: the version after which it is to hold, "" where it is about the installed one.
    """

    document: str
    api: str
    claim: str
    section: str
    says: Text
    unchecked: Text | None
    source: Source | None = None
    docstring: Docstring | None = None
    announced: str = ""


@dataclass(frozen=True, slots=True)
class Contract:
    """How an API says its layer, for the porting tables.

    Attributes:
        weight, bias: source that makes the API's array of the oracle's, in weight, bias and groups.
        weight_back, bias_back: the other way; "" in a file that does not say.
        instead: by parameter and form that the API cannot express, source that does without.
    """

    api: str
    target: str
    weight: str
    bias: str
    defaults: Mapping[str, str]
    weight_back: str = ""
    bias_back: str = ""
    instead: Mapping[str, str] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class Workaround:
    text: Text
    script: str


@dataclass(frozen=True, slots=True)
class Execution:
    """What came of executing an entry's scripts: whether its own showed it, and how each ended."""

    shown: bool
    ended: str
    workaround: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A cause that the catalogue knows, and whose cases a target was asked.

    Attributes:
        authority: "" of a difference.
        correction: what the vendor's own document should say, where that is proposed.
        upstream: the address of the vendor's issue, "" where it is not reported.
        where: the places where it is known, in words.
        asked: how many verdicts of the run are on its cases.
        verdicts: how many of the run it explains; 0 where it was not seen.
        holds: whether the target is one of those places.
    """

    target: str
    id: str
    framework: str
    title: Text
    severity: Severity
    authority: str
    rests_on: Text
    effect: Text
    workaround: Workaround | None
    upstream: str
    where: str
    apis: tuple[str, ...]
    script: str
    ends: str
    asked: int
    verdicts: int
    holds: bool
    execution: Execution | None = None
    correction: Text | None = None


Record: TypeAlias = Header | Target | Case | Verdict | Confirmation | Statement | Contract | Entry | Footer | Damage
