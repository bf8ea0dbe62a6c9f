"""What happens to a layer between two calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.case import Observation, TypedArray
from conformance.certificate.answers import bits_of, differing, output_of, results_of
from conformance.certificate.calls import Call, build_call
from conformance.certificate.errors import CheckFailedError
from conformance.certificate.layers import GROUPED, SMALL, first_expressible, make_arrays
from conformance.certificate.subject import Subject
from conformance.targets.codec import WireArray
from conformance.targets.protocol import PARAMETERS

Step = Mapping[str, Any]


def check_sequences(subject: Subject) -> str:
    """Catches a step that does nothing, or more, and a second call that the first has a part in.

    What a layer gives that is called again is what it gives at first. Numbers that are changed, and those of a copy,
    are those that were sent, while what was copied has others; those of another dtype, or moved, are the same numbers.
    Gradients that are added up are the sum of what the calls give by themselves.
    """
    contract = subject.contract
    layer = first_expressible(contract, GROUPED, SMALL)
    arrays = make_arrays(contract, layer, gradients=True)
    assert arrays.grad_output is not None
    call = build_call(contract, layer, arrays)
    other = build_call(contract, layer, replace(arrays, x=arrays.x[::-1], grad_output=1 - arrays.grad_output))
    first, second = subject.ask(other, call.followed_by(again(other)))
    output_of(first)
    for name in differing(results_of(first), results_of(second)):
        raise CheckFailedError(f"{name} is another when the layer is called again")
    seen = ["call", *check_change(subject, call)]
    if not contract.functional:
        seen += [*check_copies(subject, call), *check_cast(subject, call), *check_move(subject, call)]
    if contract.gradients:
        seen += [*check_added(subject, call, other), *check_returned(subject, call, other)]
        seen += check_overtaken(subject, call)
    return ", ".join(seen)


def check_change(subject: Subject, call: Call) -> Sequence[str]:
    changed = {name: negate(array) for name, array in parameters_of(call).items()}
    answer = take(subject, call, {"step": "change", "arrays": changed})
    return check_held("change", changed, answer)


def check_copies(subject: Subject, call: Call) -> Sequence[str]:
    seen: list[str] = []
    for how in ("checkpoint", "deepcopy", "pickle"):
        answer = take(subject, call, {"step": "copy", "how": how})
        seen += check_held(how, call.wire["arrays"], answer)
    return seen


def check_cast(subject: Subject, call: Call) -> Sequence[str]:
    answer = take(subject, call, {"step": "cast", "dtype": "float64"})
    return check_held("cast", {name: widen(array) for name, array in parameters_of(call).items()}, answer)


def check_move(subject: Subject, call: Call) -> Sequence[str]:
    return check_held("move", call.wire["arrays"], take(subject, call, {"step": "move"}))


def check_added(subject: Subject, call: Call, other: Call) -> Sequence[str]:
    """The gradients of the parameters are the sum; output and gradient of the input are of the other, which is last."""
    alone, last = map(results_of, subject.ask(call, other))
    expected = {**last, **add_up(alone, last, ("weight", "bias"))}
    seen: list[str] = []
    for how in ("accumulated", "two_graphs", "one_graph"):
        step = {"step": "add", "how": how, "arrays": of_call(call), "layout": "contiguous"}
        (answer,) = subject.ask(call.followed_by(step, again(other)))
        seen += check_gradients(how, expected, answer)
    return seen


def check_returned(subject: Subject, call: Call, other: Call) -> Sequence[str]:
    """All gradients are the sum of those of two ways back; a graph that was not to be kept may be gone."""
    upstream = {"grad_output": other.wire["arrays"]["grad_output"]}
    first = replace(call, wire={**call.wire, "arrays": {**call.wire["arrays"], **upstream}})
    alone, last = map(results_of, subject.ask(first, call))
    expected = {**last, **add_up(alone, last, ("input", "weight", "bias"))}
    seen: list[str] = []
    for retained in (True, False):
        step = {"step": "retain", "retained": retained, "arrays": upstream}
        (answer,) = subject.ask(call.followed_by(step, again(call)))
        if retained or answer.raised is None:
            seen += check_gradients("kept graph" if retained else "graph", expected, answer)
    return seen


def check_overtaken(subject: Subject, call: Call) -> Sequence[str]:
    """The output is of the numbers from before, and those that are held are the others: what comes of it is asked."""
    changed = {name: negate(array) for name, array in parameters_of(call).items()}
    step = {"step": "overtake", "arrays": changed}
    first, answer = subject.ask(call, call.followed_by(step, again(call)).read_back())
    if answer.lacking:
        return []
    if "the output" in differing(results_of(first), results_of(answer)):
        raise CheckFailedError("the output is not of the numbers that the layer was called with")
    return check_held("overtaken", changed, replace(answer, raised=None))


def again(call: Call) -> Step:
    """Its call as a step."""
    return {"step": "call", "arrays": of_call(call), "layout": "contiguous"}


def of_call(call: Call) -> Mapping[str, WireArray]:
    return {name: call.wire["arrays"][name] for name in ("x", "grad_output") if name in call.wire["arrays"]}


def parameters_of(call: Call) -> Mapping[str, WireArray]:
    return {name: call.wire["arrays"][name] for name in PARAMETERS if name in call.wire["arrays"]}


def add_up(
    one: Mapping[str, TypedArray], other: Mapping[str, TypedArray], operands: Sequence[str]
) -> Mapping[str, TypedArray]:
    """The sums of the gradients of these operands, which are small integers."""
    names = [f"the gradient of {operand}" for operand in operands]
    return {name: replace(one[name], values=one[name].values + other[name].values) for name in names if name in one}


def check_gradients(step: str, expected: Mapping[str, TypedArray], answer: Observation) -> Sequence[str]:
    if answer.lacking:
        return []
    output_of(answer)
    for name in differing(expected, results_of(answer)):
        raise CheckFailedError(f"{name} is not what the calls add up to, {step.replace('_', ' ')}")
    return [step.replace("_", " ")]


def take(subject: Subject, call: Call, step: Step) -> Observation:
    """A call and one step, and what is held then."""
    (answer,) = subject.ask(call.followed_by(step).read_back())
    return answer


def check_held(step: str, sent: Mapping[str, Any], answer: Observation) -> Sequence[str]:
    """The name of a step after which the parameters are those that were sent; none where there is no such step."""
    if answer.lacking:
        return []
    raised = answer.raised
    if raised is not None:
        if step in ("deepcopy", "pickle"):  # Python's own, of which the framework may know nothing
            return []
        raise CheckFailedError(f"{step} raised {raised.cls} in {raised.phase}: {raised.message[:200]}")
    for name in (name for name in PARAMETERS if name in sent):
        dtype, _, data = sent[name]
        held = answer.values[name]
        if held.dtype != dtype or bits_of(held) != data:
            raise CheckFailedError(f"{name} is not what was sent, after {step}")
    return [step]


def negate(array: WireArray) -> WireArray:
    """Other numbers of the same shape."""
    dtype, shape, data = array
    return dtype, shape, (-np.frombuffer(data, dtype)).tobytes()


def widen(array: WireArray) -> WireArray:
    """The same numbers as float64."""
    dtype, shape, data = array
    return "float64", shape, np.frombuffer(data, dtype).astype("float64").tobytes()
