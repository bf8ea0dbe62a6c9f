"""What can be found out about a call: a closed set. `judge` makes a verdict of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from conformance.case import Aspect, Authority, Direction, Divergence, Ruling


@dataclass(frozen=True)
class Conforming:
    """Nothing departs from what is expected.

    Attributes:
        ratio: the largest error / bound, where elements were compared.
        ruling: of a claim's case.
        subject, expected, observed: what conforms, where it is worth a line.
        compared: what was compared.
    """

    ratio: float | None = None
    ruling: Ruling | None = None
    compared: tuple[Aspect, ...] = ()
    subject: str = ""
    expected: str = ""
    observed: str = ""


@dataclass(frozen=True)
class Diverging:
    """The implementation, or its document, is wrong.

    Attributes:
        authority: who says so.
        rests_on: the document's clause, or the definition.
        ruling: of a claim's case.
        further: what else is wrong with the same call.
    """

    divergence: Divergence
    authority: Authority
    rests_on: str
    ruling: Ruling | None = None
    further: tuple[Divergence, ...] = ()


@dataclass(frozen=True)
class Differing:
    """The implementation does otherwise than expected; neither mathematics nor a sentence that is cited forbids it.

    Attributes:
        direction: how it departs from the oracle and other APIs, in a canonical case.
        compared: what was compared.
        ruling: of a claim's case, whose sentence is not the vendor's own.
    """

    divergence: Divergence
    direction: Direction | None = None
    compared: tuple[Aspect, ...] = ()
    ruling: Ruling | None = None


@dataclass(frozen=True)
class Lacking:
    """The device lacks an operation, without which no more can be observed."""

    ruling: Ruling | None = None


@dataclass(frozen=True)
class Fault:
    """A mistake of this suite, never of a framework: nothing can be said of the implementation."""

    reason: str


Finding: TypeAlias = Conforming | Diverging | Differing | Lacking | Fault
