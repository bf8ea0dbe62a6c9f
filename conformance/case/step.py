"""What may happen to a layer that has been called: a closed set of steps, after which it is called again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from conformance.case.inputs import Inputs
from conformance.case.values import Arguments

ParameterName: TypeAlias = Literal["weight", "bias"]


class Copying(StrEnum):
    """How a layer is copied; what is called afterwards is the copy."""

    DEEPCOPY = "deepcopy"
    PICKLE = "pickle"
    CHECKPOINT = "checkpoint"  # the framework's own, loaded into another layer of the same arguments
    REPR = "repr"  # what is printed, evaluated; and the parameters by the checkpoint


@dataclass(frozen=True)
class Again:
    """It is called with these inputs."""

    inputs: Inputs


@dataclass(frozen=True)
class Copied:
    how: Copying


@dataclass(frozen=True)
class Changed:
    """Parameters get other numbers, in place."""

    parameters: tuple[ParameterName, ...]


@dataclass(frozen=True)
class Assigned:
    """Attributes get other values: in canonical arguments, or in the vendor's in a case of its own."""

    attributes: Arguments


@dataclass(frozen=True)
class Cast:
    """Its parameters become numbers of another dtype."""

    dtype: str


@dataclass(frozen=True)
class Switched:
    """It is told that it trains, or that it does not."""

    training: bool


@dataclass(frozen=True)
class Threaded:
    """From now on it is called in another thread, or in one of two, while the other calls another layer.

    Where this comes first, so is the layer's first call.
    """

    number: Literal[1, 2]


Step: TypeAlias = Again | Copied | Changed | Assigned | Cast | Switched | Threaded
