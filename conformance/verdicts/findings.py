"""What can be found out about a call: a closed set. `judge` makes a verdict of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from conformance.case import Kind, Ruling, Worst


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
class Conforming:
    """Nothing departs from what is expected.

    Attributes:
        ratio: the largest error / bound, where elements were compared.
        ruling: of a claim's case.
        subject, expected, observed: what conforms, where it is worth a line.
    """

    ratio: float | None = None
    ruling: Ruling | None = None
    subject: str = ""
    expected: str = ""
    observed: str = ""


@dataclass(frozen=True)
class Diverging:
    """The implementation departs from what is expected; of a claim's case, with its ruling."""

    divergence: Divergence
    ruling: Ruling | None = None


@dataclass(frozen=True)
class Lacking:
    """The device lacks an operation, without which no more can be observed."""

    ruling: Ruling | None = None


@dataclass(frozen=True)
class Fault:
    """A mistake of this suite, never of a framework: nothing can be said of the implementation."""

    reason: str


Finding: TypeAlias = Conforming | Diverging | Lacking | Fault
