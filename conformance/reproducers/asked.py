"""A case as one API was asked it."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.apis import Contract, Framework, Source
from conformance.case import Case
from conformance.case.values import Arguments
from conformance.oracle.expectation import Expectation


@dataclass(frozen=True)
class AskedCase:
    """A case as one API was asked it.

    Attributes:
        framework: the one that the contract is of.
        arguments: the vendor's.
    """

    case: Case
    contract: Contract
    framework: Framework
    arguments: Arguments
    expectation: Expectation

    @property
    def source(self) -> Source:
        """How a person writes the call."""
        return self.framework.source_of(self.contract)

    @property
    def layout(self) -> str:
        """How x lies in memory, by the vendor's own order of axes."""
        layout = "contiguous" if self.case.inputs is None else self.case.inputs.layout
        return "contiguous" if layout == "channels_last" and self.is_channels_last else layout

    @property
    def is_channels_last(self) -> bool:
        """Whether the vendor has x, output and their gradients as (N, H, W, C)."""
        return self.contract.is_channels_last(self.arguments)

    @property
    def groups(self) -> int:
        canonical = self.expectation.canonical
        return 1 if canonical is None else int(canonical["groups"])
