"""A case that goes on: its layer at each of its calls, as a case of its own, and what the layer is given on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

import conv_reference as reference
from conformance.case import (
    INTEGERS,
    Added,
    Again,
    Arrays,
    Assigned,
    Case,
    Cast,
    Changed,
    Copied,
    Copying,
    Inputs,
    Overtaken,
    Returned,
    Step,
    Threaded,
)
from conformance.case.values import Arguments
from conformance.oracle import inputs

StepOfKind = TypeVar("StepOfKind", bound=Step)


@dataclass(frozen=True)
class Given:
    """What a layer is given before its last call.

    Attributes:
        first: what it is made of, and called with at first.
        steps: by step of `list_steps`, the arrays of a call, of a change of parameters, of the layer that another
            thread calls, of the call whose gradients are added, or of the first way back; None of the others.
    """

    first: Arrays
    steps: tuple[Arrays | None, ...]


# The calls


def take(case: Case, step: Step) -> Case:
    """The case that calls a layer after a step."""
    assert case.inputs is not None
    match step:
        case Again(called):
            return replace(case, inputs=called)
        case Assigned(attributes):
            return replace(case, arguments={**case.arguments, **attributes})
        case Cast(dtype):
            return replace(case, inputs=replace(case.inputs, dtype=dtype))
        case _:
            return case


def find_last(case: Case) -> Case:
    """The case that calls the layer at last, which is judged; a case that does not go on is that itself."""
    last = replace(case, then=())
    for step in case.then:
        last = take(last, step)
    return last


def list_steps(case: Case) -> tuple[Step, ...]:
    """The steps of a case that goes on, of which the last is a call."""
    if isinstance(case.then[-1], Again):
        return case.then
    return *case.then, Again(find_inputs(find_last(case)))


def find_calls(case: Case) -> list[Case]:
    """The cases that call the layer, from first to last."""
    now = replace(case, then=())
    calls = [now]
    for step in list_steps(case) if case.then else ():
        now = take(now, step)
        if isinstance(step, Again):
            calls.append(now)
    return calls


def find_inputs(case: Case) -> Inputs:
    """A case that goes on has inputs: its loader sees to that."""
    assert case.inputs is not None
    return case.inputs


def find_constructed(case: Case) -> Case:
    """The last call as if no attribute had been changed."""
    steps = [step for step in case.then if not isinstance(step, Assigned)]
    return find_last(replace(case, then=tuple(steps)))


def has_assigned(case: Case) -> bool:
    return any(isinstance(step, Assigned) for step in case.then)


def find_step(case: Case, kind: type[StepOfKind]) -> StepOfKind | None:
    """The step of a kind; None where there is none."""
    return next((step for step in case.then if isinstance(step, kind)), None)


def is_printed(case: Case) -> bool:
    """Whether the layer that is called at last was made of what is printed of the first."""
    return Copied(Copying.REPR) in case.then


# The arrays


def make_last(case: Case, canonical: Arguments) -> Arrays:
    """The arrays of the last call, which are numbers of every dtype that the layer is called in."""
    inputs_of_last = replace(find_inputs(find_last(case)), dtype=find_narrowest(case))
    return inputs.make(case.layer, canonical, inputs_of_last, case.seed)


def make_upstream(case: Case, last: Arrays) -> Arrays:
    """The last call with another upstream gradient, for a graph that is gone back through twice."""
    if last.grad_output is None:
        raise ValueError("no gradients are asked for")
    turned = -last.grad_output[..., ::-1, ::-1]
    return replace(last, grad_output=np.where(turned == 0, 1.0, turned))


def find_narrowest(case: Case) -> str:
    return min((find_inputs(call).dtype for call in find_calls(case)), key=count_digits)


def count_digits(dtype: str) -> int:
    return 0 if dtype in INTEGERS else int(reference.number_format(dtype).precision)


def give(case: Case, layers: Sequence[Arguments | None], last: Arrays) -> Given:
    """What a layer is given before its last call: other numbers, but for the parameters that it keeps.

    Args:
        layers: the canonical arguments at each call but the last; what goes on is written in them, so that all are.
    """
    others = []
    for number, (call, canonical) in enumerate(zip(find_calls(case)[:-1], layers, strict=True)):
        assert canonical is not None
        made = inputs.make(case.layer, canonical, find_inputs(call), f"{case.seed} at call {number}")
        others.append(made)
    changed = {name for step in case.then if isinstance(step, Changed) for name in step.parameters}
    kept = {name: getattr(last, name) for name in ("weight", "bias") if name not in changed}
    first = now = replace(others[0], **kept)
    arrays_of_calls = iter([*others[1:], last])
    steps: list[Arrays | None] = []
    for step in list_steps(case):
        match step:
            case Again():
                now = next(arrays_of_calls)
                steps.append(now)
            case Added():
                steps.append(now)
            case Changed():
                steps.append(last)
            case Threaded() | Overtaken():
                steps.append(others[0])
            case Returned():
                steps.append(make_upstream(case, last))
            case _:
                steps.append(None)
    return Given(first, tuple(steps))
