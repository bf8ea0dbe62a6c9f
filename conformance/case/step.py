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


class Adding(StrEnum):
    """How the gradients of two calls become one sum."""

    ACCUMULATED = "accumulated"  # forward, backward, forward, backward, and nothing is cleared between
    TWO_GRAPHS = "two_graphs"  # forward, forward, backward, backward: both graphs are alive
    ONE_GRAPH = "one_graph"  # both outputs are of one graph, which goes back once


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


@dataclass(frozen=True)
class Moved:
    """It is moved to the CPU, and to where it was before.

    Which device that is, is the target's own. torch's and MindSpore's device meta holds no numbers: that a layer
    foretells its output there is a mode (``torch@meta``), and no step.
    """


# What follows is of the next call, which is the last one.


@dataclass(frozen=True)
class Added:
    """The call before is made anew with the next one, and their gradients of the parameters are added."""

    how: Adding


@dataclass(frozen=True)
class Returned:
    """The next call goes back twice through its graph, with another upstream gradient at first; gradients are added.

    Attributes:
        retained: whether the first time the framework is told to keep the graph.
    """

    retained: bool


@dataclass(frozen=True)
class Overtaken:
    """Parameters get other numbers, in place, when the next call has gone forward and not yet back."""

    parameters: tuple[ParameterName, ...]


Step: TypeAlias = (
    Again | Copied | Changed | Assigned | Cast | Switched | Threaded | Moved | Added | Returned | Overtaken
)
OF_NEXT_CALL = (Added, Returned, Overtaken)
