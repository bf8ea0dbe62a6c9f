"""What happens to a layer between two calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.case import Observation
from conformance.certificate.answers import bits_of, differing, output_of, results_of
from conformance.certificate.calls import Call, build_call
from conformance.certificate.errors import CheckFailedError
from conformance.certificate.layers import GROUPED, make_arrays
from conformance.certificate.subject import Subject
from conformance.targets.codec import WireArray

Step = Mapping[str, Any]


def check_sequences(subject: Subject) -> str:
    """Catches a step that does nothing, or more, and a second call that the first has a part in.

    What a layer gives that is called again is what it gives at first. Numbers that are changed, and those of a copy,
    are those that were sent, while what was copied has others; those of another dtype are the same numbers.
    """
    contract = subject.contract
    arrays = make_arrays(contract.layer, GROUPED, gradients=True)
    assert arrays.grad_output is not None
    call = build_call(contract, GROUPED, arrays)
    other = build_call(contract, GROUPED, replace(arrays, x=arrays.x[::-1], grad_output=1 - arrays.grad_output))
    again = {"step": "call", "arrays": other.wire["arrays"], "layout": "contiguous"}
    first, second = subject.ask(other, call.followed_by(again))
    output_of(first)
    for name in differing(results_of(first), results_of(second)):
        raise CheckFailedError(f"{name} is another when the layer is called again")
    seen = ["call", *check_change(subject, call)]
    if not contract.functional:
        seen += [*check_copies(subject, call), *check_cast(subject, call)]
    return ", ".join(seen)


def check_change(subject: Subject, call: Call) -> Sequence[str]:
    changed = {name: negate(call.wire["arrays"][name]) for name in ("weight", "bias")}
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
    return check_held("cast", {name: widen(call.wire["arrays"][name]) for name in ("weight", "bias")}, answer)


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
    for name in ("weight", "bias"):
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
