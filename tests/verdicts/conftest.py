"""Cases, expectations and observations made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.apis import contracts
from conformance.case import Case, Inputs, Observation, Phase, Promise, Raised, Ruling, TypedArray, Verdict
from conformance.oracle.expectation import Expectation, expect
from conformance.verdicts.judge import judge

LAYER = {"in_channels": 2, "out_channels": 3, "kernel_size": (2, 3)}


class Call:
    """A case on torch.nn.Conv2d, the oracle's expectation of it, and an observation that conforms."""

    def __init__(self, promise: Promise | None = None, inputs: Inputs | None = None, **arguments: Any) -> None:
        claim = "claim" if promise is not None and promise != Promise(raises=promise.raises) else None
        self.contract = contracts()["torch.nn.Conv2d"]
        self.case = Case(
            "made.yaml", "case", 1, "conv2d", None, {**LAYER, **arguments}, inputs, promise or Promise(), "", claim
        )
        self.expectation: Expectation = expect(self.case)

    def claimed(self) -> Call:
        self.case = replace(self.case, claim="claim", api=self.contract.api)
        return self

    def conforming(self, **changes: Any) -> Observation:
        """What an implementation that agrees with the oracle shows."""
        found = self.expectation
        typed = lambda array: TypedArray(self.case.inputs.dtype, array.astype(np.float32))  # noqa: E731
        observed = Observation(
            Phase.BACKWARD if found.gradients else Phase.FORWARD if found.output is not None else Phase.PARAMETERS,
            parameters={name: ("float32", shape) for name, shape in found.parameters.items()},
            output=typed(found.output.value) if found.output is not None else None,
            gradients={name: typed(each.value) for name, each in found.gradients.items()},
        )
        return replace(observed, **changes)

    def judge(self, **changes: Any) -> Verdict:
        return judge(self.case, self.contract, self.expectation, self.conforming(**changes))


@pytest.fixture
def call() -> type[Call]:
    return Call


INPUT = Inputs((2, 2, 5, 4))


def raised(phase: Phase, cls: str = "ValueError", *bases: str) -> Raised:
    return Raised(phase, cls, (*bases, "Exception"), "no")


def pytest_make_parametrize_id(config: pytest.Config, val: object) -> str | None:
    return val.value if isinstance(val, Ruling) else None
