"""The outcome of comparing an observation with its expectation, and the closed sets that it is told in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from conformance.case.observation import Phase, Raised

# An array as nested lists; numbers that JSON lacks are text.
Numbers: TypeAlias = "int | float | str | list[Numbers]"


class Outcome(StrEnum):
    """The closed set of what can come of a case on an API of a target."""

    CONFORMS = "conforms"
    DIFFERS = "differs"  # from the oracle and other APIs, in a case that cites no sentence of its own: no failure
    DIVERGES = "diverges"
    CRASHED = "crashed"
    TIMED_OUT = "timed_out"
    UNSTABLE = "unstable"
    NO_EQUIVALENT = "no_equivalent"
    UNAVAILABLE = "unavailable"
    FAULT = "fault"  # of this suite, never of a framework


class Kind(StrEnum):
    """How a diverging observation differs from its expectation."""

    SHAPE = "shape"
    VALUE = "value"
    GRADIENT = "gradient"
    DTYPE = "dtype"
    DEFAULT = "default"
    TEXT = "text"  # what is printed of a layer
    DISTRIBUTION = "distribution"
    ERROR_CLASS = "error_class"
    ERROR_PHASE = "error_phase"
    WRONGLY_ACCEPTED = "wrongly_accepted"
    WRONGLY_REJECTED = "wrongly_rejected"
    INTERNAL_ERROR = "internal_error"  # which itself asks to be reported


STATE = "state"  # the subject of a verdict on all that is saved of a layer


class Authority(StrEnum):
    """Who says that a divergence is wrong. Nothing else makes a failure."""

    OWN_DOCUMENT = "own_document"  # the accused vendor's
    MATHEMATICS = "mathematics"  # a call that was accepted is the operation
    ROBUSTNESS = "robustness"  # a process does not die, hang, corrupt memory, or answer with an internal error


class Direction(StrEnum):
    """How a call that differs does so, against what the oracle and other APIs do."""

    STRICTER = "stricter"
    MORE_PERMISSIVE = "more_permissive"
    OTHER_CLASS = "other_class"  # refused, by none of the classes that the oracle refuses with
    OTHER_PHASE = "other_phase"  # refused on an input only, although the arguments alone are wrong
    OTHER_DTYPE = "other_dtype"
    STALE = "stale"  # an attribute that was changed is ignored: the answer is the one from before
    OTHER_LAYER = "other_layer"  # what is printed of a layer is, or makes, another one


class Aspect(StrEnum):
    """What of a call was compared."""

    CALL = "call"  # accepted or rejected
    PARAMETERS = "parameters"
    DEFAULTS = "defaults"
    INITIAL_VALUES = "initial_values"
    TEXT = "text"
    SHAPE = "shape"
    DTYPE = "dtype"
    VALUES = "values"
    GRADIENTS = "gradients"


class Ruling(StrEnum):
    """Which of the three voices (document, implementation, oracle) stands apart in a claim's case."""

    HOLDS = "holds"
    DOCUMENT_WRONG = "document_wrong"  # implementation and oracle agree against it
    IMPLEMENTATION_WRONG = "implementation_wrong"  # document and oracle agree against it
    ORACLE_APART = "oracle_apart"  # document and implementation agree against it
    DOCUMENT_SILENT = "document_silent"
    ALL_DIFFER = "all_differ"
    DOCUMENT_AND_IMPLEMENTATION_PART = "document_and_implementation_part"  # where the oracle has no say
    COPY_OUTDATED = "copy_outdated"  # or damaged: its vendor's own document does not say so
    ANNOUNCED = "announced"  # the document says so of a later version
    NOT_OBSERVABLE = "not_observable"


@dataclass(frozen=True)
class Worst:
    """The element furthest outside (or nearest to) its bound."""

    index: tuple[int, ...]
    expected: float | complex
    observed: float | complex
    bound: float


@dataclass(frozen=True)
class Divergence:
    """One way in which an observation is not as expected.

    Attributes:
        kind, subject: as in a `Verdict`.
        expected, observed: one line each, for people.
        ratio: the largest error / bound, where elements were compared.
        worst: the element of that ratio.
    """

    kind: Kind
    subject: str
    expected: str
    observed: str
    ratio: float | None = None
    worst: Worst | None = None


@dataclass(frozen=True)
class Verdict:
    """The outcome of comparing an observation with its expectation.

    Attributes:
        outcome: what came of the case.
        kind: how a divergence differs; None for every other outcome.
        subject: what was compared: ``output``, ``grad_input``, ``grad_weight``, ``grad_bias``, ``weight``,
            ``bias``, ``call`` (accepted or rejected) or an argument's name.
        expected, observed: one line each, for people.
        phase, raised, seconds: as observed.
        ratio: the largest observed error / bound; None when nothing was compared element by element.
        exact: the comparison had zero tolerance.
        worst: the element of that ratio, where it diverges.
        ruling: which voice stands apart, in a claim's case.
        inferred: the call was not executed; the framework's own inference was asked.
        stderr: the end of the process's standard error, for a crash or a time-out.
        authority: who says that a divergence is wrong; None of every other outcome.
        rests_on: the sentence or the definition that the authority rests on.
        direction: how a call differs.
        further: what else is wrong with the same call; a wrong value hides no wrong gradient.
        compared: what was compared, where nothing is wrong with it.
        accident: the call was refused, but by no check: an error from deep within that says nothing of the argument.
        arrays: small arrays for a picture: x, weight, bias, grad_output, expected, observed, bound (nested lists).
    """

    outcome: Outcome
    kind: Kind | None = None
    subject: str = ""
    expected: str = ""
    observed: str = ""
    phase: Phase | None = None
    raised: Raised | None = None
    ratio: float | None = None
    exact: bool = False
    worst: Worst | None = None
    ruling: Ruling | None = None
    authority: Authority | None = None
    rests_on: str = ""
    direction: Direction | None = None
    further: tuple[Divergence, ...] = ()
    compared: tuple[Aspect, ...] = ()
    accident: bool = False
    inferred: bool = False
    stderr: str = ""
    arrays: Mapping[str, Numbers] | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Confirmation:
    """What came of running a verdict's script.

    Attributes:
        confirmed: the script showed what the verdict says.
        printed: the end of its output.
    """

    confirmed: bool
    printed: str
