"""A case made by hand, on which observations are tried."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from conformance.apis import contracts
from conformance.case import Case, Inputs, Observation, Phase, Promise, Raised, TypedArray, Verdict
from conformance.oracle.expectation import Expectation, Expected, expect
from conformance.verdicts.judge import judge

LAYER = {"in_channels": 2, "out_channels": 3, "kernel_size": (2, 3)}
INPUT = Inputs((2, 2, 5, 4))  # with `LAYER` the output is (2, 3, 4, 2)


class Trial:
    """A case on torch.nn.Conv2d, the oracle's expectation of it, and an observation that conforms."""

    def __init__(self, promise: Promise | None = None, inputs: Inputs | None = None, **arguments: Any) -> None:
        self.contract = contracts()["torch.nn.Conv2d"]
        self.case = Case(
            spec="made.yaml",
            name="case",
            line=1,
            layer="conv2d",
            api=None,
            arguments={**LAYER, **arguments},
            inputs=inputs,
            promise=promise or Promise(),
            clause="",
        )
        self.expectation: Expectation = expect(self.case)

    def as_claim(self) -> Trial:
        """The same case, judged against what its document promises."""
        self.case = replace(self.case, claim="claim", api=self.contract.api)
        return self

    def conforming(self, **changes: Any) -> Observation:
        """What an implementation that agrees with the oracle shows, but for `changes`."""
        expectation = self.expectation
        output = None if expectation.output is None else self.typed(expectation.output)
        gradients = {name: self.typed(expected) for name, expected in expectation.gradients.items()}
        phase = Phase.PARAMETERS
        if gradients:
            phase = Phase.BACKWARD
        elif output is not None:
            phase = Phase.FORWARD
        parameters = {name: ("float32", shape) for name, shape in expectation.parameters.items()}
        observation = Observation(phase, parameters=parameters, output=output, gradients=gradients)
        return replace(observation, **changes)

    def typed(self, expected: Expected) -> TypedArray:
        assert self.case.inputs is not None
        kind = np.complex64 if np.iscomplexobj(expected.value) else np.float32
        return TypedArray(self.case.inputs.dtype, expected.value.astype(kind))

    def judge(self, **changes: Any) -> Verdict:
        """The verdict on the conforming observation with `changes`."""
        return judge(self.case, self.contract, self.expectation, self.conforming(**changes))


def claim(inputs: Inputs | None = INPUT, /, arguments: dict[str, Any] | None = None, **promise: Any) -> Trial:
    """A claim about the layer of `LAYER`, with those arguments, that promises this."""
    return Trial(Promise(**promise), inputs, **(arguments or {})).as_claim()


def raised(phase: Phase, cls: str = "ValueError", *bases: str) -> Raised:
    return Raised(phase, cls, (*bases, "Exception"), "no")


def rejection(phase: Phase, cls: str = "ValueError", *bases: str) -> dict[str, Any]:
    """What changes in an observation where the call raises."""
    changes: dict[str, Any] = {"raised": raised(phase, cls, *bases), "phase": phase, "output": None, "gradients": {}}
    if phase is Phase.CONSTRUCT:
        changes["parameters"] = {}
    return changes


# What changes where the device has no such operation.
LACKING: dict[str, Any] = {
    "raised": Raised(Phase.FORWARD, "RuntimeError", (), "unregistered"),
    "phase": Phase.FORWARD,
    "lacking": True,
    "output": None,
    "gradients": {},
}


def zeros(*shape: int) -> TypedArray:
    """An output of that shape."""
    return TypedArray("float32", np.zeros(shape, np.float32))


def change_first(array: TypedArray, by: float = 1.0) -> TypedArray:
    """The array with another first element."""
    values = array.values.copy()
    values.flat[0] += by
    return replace(array, values=values)
