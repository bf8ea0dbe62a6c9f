"""What passes between the rooms: case, observation, verdict. Frozen, and free of behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from numpy.typing import NDArray

from conformance.values import Arguments, Value

Array: TypeAlias = NDArray[Any]
LayerName: TypeAlias = Literal["conv2d", "conv_transpose2d"]
LAYERS: tuple[LayerName, ...] = ("conv2d", "conv_transpose2d")


class Phase(StrEnum):
    """Where in a call something happened, in the order of a call."""

    START = "start"
    CONSTRUCT = "construct"
    PARAMETERS = "parameters"
    FORWARD = "forward"
    BACKWARD = "backward"


class Outcome(StrEnum):
    """The closed set of what can come of a case on an API of a target."""

    CONFORMS = "conforms"
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
    DISTRIBUTION = "distribution"
    ERROR_CLASS = "error_class"
    ERROR_PHASE = "error_phase"
    WRONGLY_ACCEPTED = "wrongly_accepted"
    WRONGLY_REJECTED = "wrongly_rejected"


class Ruling(StrEnum):
    """Which of the three voices (document, implementation, oracle) stands apart in a claim's case."""

    HOLDS = "holds"
    DOCUMENT_WRONG = "document_wrong"  # implementation and oracle agree against it
    IMPLEMENTATION_WRONG = "implementation_wrong"  # document and oracle agree against it
    ORACLE_APART = "oracle_apart"  # document and implementation agree against it
    DOCUMENT_SILENT = "document_silent"
    ALL_DIFFER = "all_differ"
    DOCUMENT_AND_IMPLEMENTATION_PART = "document_and_implementation_part"  # where the oracle has no say
    NOT_OBSERVABLE = "not_observable"


@dataclass(frozen=True)
class Inputs:
    """How a case's arrays are made.

    Attributes:
        shape: shape of x, (N, C, H, W) or (C, H, W).
        dtype: common name of the dtype of x, weight, bias and the upstream gradient.
        values: a class of `conformance.inputs.CLASSES`, such as ``"exact"`` or ``"real"``.
        layout: ``"contiguous"``, ``"strided"`` or ``"transposed"``: how x lies in memory.
        gradients: whether the input, weight and bias gradients are asked for.
        weight_dtype: dtype of weight and bias where it differs from x's.
        infer: where the device lacks the operation, ask the framework's own shape inference (it costs a compile).
    """

    shape: tuple[int, ...]
    dtype: str = "float32"
    values: str = "exact"
    layout: str = "contiguous"
    gradients: bool = True
    weight_dtype: str | None = None
    infer: bool = False


@dataclass(frozen=True)
class Distribution:
    """A documented initial distribution of a parameter: ``uniform(low, high)``, ``normal(mean, std)``,
    ``truncated_normal(mean, std)`` (cut at two standard deviations) or ``constant(value)``."""

    parameter: str
    family: str
    arguments: tuple[float, ...]


@dataclass(frozen=True)
class Promise:
    """What the document promises of a case. An empty field means that it is silent.

    Attributes:
        shape: shape of the output.
        dtype: dtype of the output.
        raises: names of the exception classes, any of which (or a subclass) keeps the promise.
        phase: the phase in which it is documented to raise.
        accepts: the call is documented as valid; nothing else of it is compared.
        operation: the document names the operation, so output and gradients are the oracle's.
        parameters: per parameter its (shape, dtype), each None where silent; an entry None: no such parameter.
        defaults: per argument its documented default.
        distribution: the documented initial distribution of a parameter.
        same_as: the vendor's arguments of a call documented to give the same output.
    """

    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    raises: tuple[str, ...] = ()
    phase: Phase | None = None
    accepts: bool = False
    operation: bool = False
    parameters: Mapping[str, tuple[tuple[int, ...] | None, str | None] | None] = field(default_factory=dict)
    defaults: Mapping[str, Value] = field(default_factory=dict)
    distribution: Distribution | None = None
    same_as: Arguments | None = None


@dataclass(frozen=True)
class Case:
    """One concrete call, expanded from a spec.

    Attributes:
        spec: the spec file, relative to the specs folder, with forward slashes.
        name: name within the file, such as ``"same[k=3-d=2]"``; `id` joins both.
        line: line of the spec file where the case is written (1-based).
        layer: the canonical operation.
        api: None for a canonical case, asked of every API of its layer; a claim's case names its API
            and writes `arguments` in that vendor's own.
        arguments: canonical or vendor arguments, not yet validated: a case may be about a wrong one.
        inputs: how the arrays are made; None when the case ends with construction.
        promise: what the document says. For a canonical case only `raises` is used: the call is invalid.
        clause: the document clause, section or issue that the case comes from.
        claim: id of the claim that it tests, if any.
        positional: the arguments that are passed by position, in this order; the others by keyword.
    """

    spec: str
    name: str
    line: int
    layer: LayerName
    api: str | None
    arguments: Arguments
    inputs: Inputs | None
    promise: Promise
    clause: str
    claim: str | None = None
    positional: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.spec}::{self.name}"


@dataclass(frozen=True)
class Arrays:
    """A case's arrays in the oracle's layout; bfloat16 is held as float32 numbers that bfloat16 represents.

    Attributes:
        x: (N, C_in, H, W) or (C_in, H, W).
        weight: (C_out, C_in/groups, kh, kw) for conv2d, (C_in, C_out/groups, kh, kw) for conv_transpose2d;
            None where the arguments define none.
        bias: (C_out,) or None.
        grad_output: shape of the output, or None.
        exact: every partial sum of output and gradients is exact in the compute dtype.
    """

    x: Array
    weight: Array | None
    bias: Array | None
    grad_output: Array | None
    exact: bool


@dataclass(frozen=True)
class Raised:
    """An exception that a target raised: class and bases are qualified names, most derived first."""

    phase: Phase
    cls: str
    bases: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class TypedArray:
    """An array with the framework's dtype by its common name (NumPy has no bfloat16)."""

    dtype: str
    values: Array


@dataclass(frozen=True)
class Observation:
    """What the implementation did, in the vendor's layout.

    Attributes:
        phase: the last phase entered.
        parameters: per parameter after construction its (dtype, shape).
        values: per parameter its initial values, where asked for.
        defaults: per argument of the signature the repr of its default, where asked for.
        output: the forward result.
        other: the forward result of the call that is documented to be equivalent.
        gradients: ``input``, ``weight`` and ``bias`` where they exist.
        raised: the exception, if one was raised.
        lacking: the raised exception says that this device or version lacks the operation.
        inferred: (dtype, shape) of the output, from the framework's own inference; it was not executed.
        inferred_rejection: it was that inference which raised.
        died: how the process ended, for a crash ("SIGSEGV", "exit code 3").
        stderr: what it last said, for a crash or a time-out.
        alone: for a crash or a time-out, whether it happens in a fresh process too; None when not tried.
        timed_out: no answer within the limit.
        seconds: wall time in the target.
    """

    phase: Phase
    parameters: Mapping[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    values: Mapping[str, TypedArray] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    output: TypedArray | None = None
    other: TypedArray | None = None
    gradients: Mapping[str, TypedArray] = field(default_factory=dict)
    raised: Raised | None = None
    lacking: bool = False
    inferred: tuple[str, tuple[int, ...]] | None = None
    inferred_rejection: bool = False
    died: str | None = None
    stderr: str = ""
    alone: bool | None = None
    timed_out: bool = False
    seconds: float = 0.0


@dataclass(frozen=True)
class Worst:
    """The element furthest outside (or nearest to) its bound."""

    index: tuple[int, ...]
    expected: float | complex
    observed: float | complex
    bound: float


@dataclass(frozen=True)
class Verdict:
    """The outcome of comparing an observation with its expectation.

    Attributes:
        subject: what was compared: ``output``, ``grad_input``, ``grad_weight``, ``grad_bias``, ``weight``,
            ``bias``, ``call`` (accepted or rejected) or an argument's name.
        expected, observed: one line each, for people.
        ratio: the largest observed error / bound; None when nothing was compared element by element.
        exact: the comparison had zero tolerance.
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
    inferred: bool = False
    stderr: str = ""
    arrays: Mapping[str, Any] | None = None
    seconds: float = 0.0
