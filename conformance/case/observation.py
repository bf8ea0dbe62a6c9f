"""What goes to a target and what comes back: a case's arrays, and what the implementation did with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


class Phase(StrEnum):
    """Where in a call something happened, in the order of a call."""

    START = "start"
    CONSTRUCT = "construct"
    PARAMETERS = "parameters"
    FORWARD = "forward"
    BACKWARD = "backward"
    THEN = "then"  # a step of a sequence that is no call


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
    weight: Array | None = None
    bias: Array | None = None
    grad_output: Array | None = None
    exact: bool = True


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
class Round:
    """What came of a layer's call, so many times; either an output or an exception."""

    times: int
    output: TypedArray | None = None
    raised: Raised | None = None


@dataclass(frozen=True)
class Observation:
    """What the implementation did, in the vendor's layout.

    Attributes:
        phase: the last phase entered.
        parameters: per parameter after construction its (dtype, shape).
        state: what is saved of the layer, by the names that it has there, and the shape of each, where asked for.
        values: per parameter its initial values, where asked for.
        defaults: per argument of the signature the repr of its default, where asked for.
        texts: what is printed of the layer, and of the one that it is to be told from, where asked for.
        given: per argument that reached the API, by name or position, its type, where asked for.
        output: the forward result.
        other: the forward result of the call that is documented to be equivalent.
        gradients: ``input``, ``weight`` and ``bias`` where they exist.
        raised: the exception, if one was raised.
        lacking: the exception says that this device or version lacks the operation.
        inferred: (dtype, shape) of the output by the framework's own inference; the call was not executed.
        inferred_rejection: the exception was raised by that inference.
        died: how the process ended, for a crash ("SIGSEGV", "exit code 3").
        stderr: the end of the process's standard error, for a crash or a time-out.
        alone: for a crash or a time-out, whether the call does the same alone in a fresh process; None when not tried.
        timed_out: no answer within the limit.
        rounds: of a layer that is called in one of two threads, again and again, what came of it.
        seconds: wall time in the target; the limit, where that was reached.
    """

    phase: Phase
    parameters: Mapping[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    state: Mapping[str, tuple[int, ...]] | None = None
    values: Mapping[str, TypedArray] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    texts: tuple[str, str] | None = None
    given: Mapping[str, str] = field(default_factory=dict)
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
    rounds: tuple[Round, ...] = ()
    seconds: float = 0.0
