"""What a check is given, and what a check is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from conformance.apis import Contract, Framework
from conformance.case import Observation
from conformance.case.values import Arguments
from conformance.certificate.alone import Kept
from conformance.certificate.calls import Call, build_call
from conformance.certificate.layers import GROUPED, SMALL, first_expressible, fit


@dataclass(frozen=True)
class Subject:
    """One API of a target.

    Attributes:
        answer: asks the target's worker calls as they travel. Raises CheckFailedError where it gives no answer.
        alone: what a call does by itself, if it was run; see `certificate.alone`.
        version: what the worker says of its framework.
        versions: what the package says.
        in_mode: whether its framework is run in a mode; the target without certifies the contracts.
    """

    contract: Contract
    framework: Framework
    answer: Callable[[Sequence[Mapping[str, Any]]], list[Observation]]
    alone: Callable[[Call], Kept | None]
    version: str
    versions: Callable[[], Sequence[str]]
    in_mode: bool = False

    def ask(self, *calls: Call) -> list[Observation]:
        """The answers to calls, in order."""
        return self.answer([call.wire for call in calls])

    def find_layer(self) -> Arguments:
        """A layer with groups, or the smallest where there are none or they are refused, as `executed` shows."""
        small = fit(self.contract, SMALL)
        if first_expressible(self.contract, GROUPED, SMALL) is SMALL:
            return small
        (answer,) = self.ask(build_call(self.contract, GROUPED))
        return small if answer.raised is not None and not answer.lacking else fit(self.contract, GROUPED)


# A check says what it has checked, or raises CheckFailedError or NotObservableError.
Check: TypeAlias = Callable[[Subject], str]
