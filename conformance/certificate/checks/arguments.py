"""Arguments, as they arrive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.apis import Contract
from conformance.case import Numpy
from conformance.case.values import Arguments
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
    answers = subject.ask(*calls)
    for call, answer in zip(calls, answers, strict=True):
        check_alone(call, answer, subject.alone)
    check_same_as(subject)
    return f"{len(calls)} calls"


def scripted_arguments(contract: Contract) -> Iterator[Call]:
    """The calls, which are run by themselves too."""
    plain = build_call(contract, SMALL, make_arrays(contract.layer, SMALL))
    for unusual in UNUSUAL:
        yield encode(plain.case, contract, {**plain.arguments, **unusual}, plain.expectation)
    order = tuple(contract.operands.values()) if contract.functional else tuple(plain.arguments)[:3]
    for positional in (order[:1], order, order[:2][::-1]):
        case = replace(plain.case, positional=positional)
        yield encode(case, contract, plain.arguments, plain.expectation)


def check_same_as(subject: Subject) -> None:
    """The call that is to give the same is a call of its own."""
    contract = subject.contract
    plain = build_call(contract, SMALL, make_arrays(contract.layer, SMALL))
    strided = build_call(contract, {**SMALL, "stride": 2}, make_arrays(contract.layer, SMALL))
    alone, both = subject.ask(strided, plain.same_as(strided))
    if alone.lacking:
        raise NotObservableError("no kernel")
    if alone.output is None or both.other is None or not same_bits(alone.output, both.other):
        raise CheckFailedError("the call that is to give the same is another than by itself")
