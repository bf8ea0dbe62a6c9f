"""Arguments, as they arrive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.apis import Contract
from conformance.case import DType, Numpy, Observation, Tensor
from conformance.case.values import Arguments, Value
from conformance.certificate.alone import check_alone
from conformance.certificate.answers import same_bits
from conformance.certificate.calls import Call, build_call
from conformance.certificate.errors import CheckFailedError, NotObservableError
from conformance.certificate.exact import encode
from conformance.certificate.layers import SMALL, make_arrays
from conformance.certificate.subject import Subject

# Values of other types than the plainest. What a framework refuses, it refuses by itself too.
UNUSUAL: tuple[Arguments, ...] = (
    {"stride": [2, 1]},
    {"stride": Numpy("int64", 2, False)},
    {"stride": Numpy("int64", [2, 1], True)},
    {"stride": 2.0},
    {"stride": True},
    {"dilation": [1, 2]},
    {"dilation": -(2**40)},
    {"padding": None},
)


def check_arguments(subject: Subject) -> str:
    """Catches an argument that arrives as a value of another type, at another place, or not at all."""
    contract = subject.contract
    calls = list(scripted_arguments(contract))
    answers = subject.ask(*(call.with_witness() for call in calls))
    for call, answer in zip(calls, answers, strict=True):
        check_given(call, answer)
        check_alone(call, answer, subject.alone)
    check_same_as(subject)
    check_unlike(subject)
    return f"{len(calls)} calls"


def scripted_arguments(contract: Contract) -> Iterator[Call]:
    """The calls, which are run by themselves too."""
    plain = build_call(contract, SMALL, make_arrays(contract, SMALL))
    for unusual in UNUSUAL:
        yield encode(plain.case, contract, {**plain.arguments, **unusual}, plain.expectation)
    order = tuple(contract.operands.values()) if contract.functional else tuple(plain.arguments)[:3]
    for positional in (order[:1], order, order[:2][::-1]):
        case = replace(plain.case, positional=positional)
        yield encode(case, contract, plain.arguments, plain.expectation)


def check_given(call: Call, answer: Observation) -> None:
    """Every argument reaches the API by its name or position, of the type that was meant, and no other does.

    Raises:
        CheckFailedError: it is otherwise.
    """
    ordered = ["x"] if call.wire["functional"] else []
    ordered += call.case.positional
    sent = [name for name in call.arguments if name not in call.wire["at_call"]]
    places = {name: str(ordered.index(name)) if name in ordered else name for name in sent}
    for name, place in places.items():
        meant = name_type(call.arguments[name])
        if place not in answer.given or meant not in (None, answer.given[place]):
            raise CheckFailedError(f"{name} is {meant}, and arrives as {answer.given.get(place, 'nothing')}")
    operands = {"0", *call.wire["operands"].values()} if call.wire["functional"] else set()
    more = answer.given.keys() - places.values() - operands
    if more:
        raise CheckFailedError(f"{', '.join(sorted(more))} arrives unasked")


def name_type(value: Value) -> str | None:
    """The type that a value arrives in; None where that is one of the framework's own."""
    match value:
        case DType() | Tensor():
            return None
        case Numpy(dtype, _, is_array):
            return f"ndarray({dtype})" if is_array else dtype
        case tuple() | list():
            return f"{type(value).__name__}({', '.join(str(name_type(item)) for item in value)})"
    return type(value).__name__


def check_same_as(subject: Subject) -> None:
    """The call that is to give the same is a call of its own."""
    contract = subject.contract
    plain = build_call(contract, SMALL, make_arrays(contract, SMALL))
    strided = build_call(contract, {**SMALL, "stride": 2}, make_arrays(contract, SMALL))
    alone, both = subject.ask(strided, plain.same_as(strided))
    if alone.lacking:
        raise NotObservableError("no kernel")
    if alone.output is None or both.other is None or not same_bits(alone.output, both.other):
        raise CheckFailedError("the call that is to give the same is another than by itself")


def check_unlike(subject: Subject) -> None:
    """The texts that are compared are those of the two layers, whichever of them is told from the other."""
    contract = subject.contract
    if contract.functional:
        return
    plain = build_call(contract, SMALL, make_arrays(contract, SMALL))
    strided = build_call(contract, {**SMALL, "stride": 2}, make_arrays(contract, SMALL))
    one, other, same = subject.ask(plain.unlike(strided), strided.unlike(plain), plain.unlike(plain))
    if one.texts is None or other.texts is None or same.texts is None:
        raise CheckFailedError("nothing is printed of a layer")
    if one.texts != other.texts[::-1] or same.texts != (one.texts[0], one.texts[0]):
        raise CheckFailedError("what is printed is not of the layer that was asked for")
