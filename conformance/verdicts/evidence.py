"""All that is known of one call before it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from conformance.apis import AS_THE_ORACLE, Contract, Layout
from conformance.case import Case, Observation
from conformance.oracle.expectation import Expectation, Expected


@dataclass(frozen=True)
class Evidence:
    """The case, its contract, the oracle's expectation, and the observation."""

    case: Case
    contract: Contract
    expectation: Expectation
    observation: Observation

    @property
    def groups(self) -> int:
        """Groups of the layer; 1 where the arguments name no layer."""
        canonical = self.expectation.canonical
        return 1 if canonical is None else canonical["groups"]

    @property
    def gradients(self) -> Mapping[str, Expected]:
        """The gradients that were asked for."""
        return self.expectation.gradients if self.contract.gradients else {}

    def layout_of(self, operand: str) -> Layout:
        """How the vendor lays out ``input``, ``weight`` or ``bias``."""
        if operand == "weight":
            return self.contract.weight
        if operand == "bias":
            return self.contract.bias
        return AS_THE_ORACLE

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes that the layer's weight and bias have in the vendor's layout."""
        shapes = {}
        for name, shape in self.expectation.parameters.items():
            shapes[name] = self.layout_of(name).to_vendor(np.empty(shape), self.groups).shape
        return shapes
