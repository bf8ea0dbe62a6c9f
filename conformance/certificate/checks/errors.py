"""Exceptions, as they are raised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from conformance.apis import Contract
from conformance.case import Array
from conformance.case.values import Arguments
from conformance.certificate.alone import check_alone
from conformance.certificate.calls import Call, build_call
from conformance.certificate.errors import CheckFailedError
from conformance.certificate.exact import encode
from conformance.certificate.layers import SMALL
from conformance.certificate.subject import Subject

# Vendor arguments that no layer has: none that may end the process. What a framework takes all the same, it takes by
# itself too.
WRONG: tuple[Arguments, ...] = (
    {"no_such_argument": 1},
    {"stride": "x"},
    {"stride": (1, 2, 3)},
    {"dilation": "x"},
    {"padding": "full"},
    {"padding": (1, 2, 3)},
    {"groups": "x"},
    {"groups": 7},
    {"group": 7},
    {"kernel_size": "x"},
    {"padding_mode": "mirror"},
    {"pad_mode": "mirror"},
    {"data_format": "none"},
)
# Channels that do not fit, an image smaller than the kernel, and other ranks.
WRONG_SHAPES = ((2, 3, 5, 4), (2, 2, 1, 1), (2, 5), (1, 2, 2, 5, 4))


def check_errors(subject: Subject) -> str:
    """Catches an exception of another class, phase or message than the framework's, and one that passes for lacking.

    Calls that err do so by themselves in the same phase, by the same class and in the same words.
    """
    contract = subject.contract
    calls = list(scripted_errors(contract))
    lacking = {
        dtype for dtype in sorted(set(map(dtype_of, calls))) if subject.ask(valid_call(contract, dtype))[0].lacking
    }
    raised = 0
    for call, answer in zip(calls, subject.ask(*calls), strict=True):
        if answer.lacking and dtype_of(call) not in lacking and answer.raised is not None:
            raise CheckFailedError(f"{call.arguments} passes for lacking: {answer.raised.message[:100]}")
        check_alone(call, answer, subject.alone)
        raised += answer.raised is not None
        if answer.raised is not None and not answer.lacking:
            check_bases(answer.raised.cls, answer.raised.bases)
    if not raised:
        raise CheckFailedError(f"none of {len(calls)} wrong calls raised anything")
    return f"{raised} of {len(calls)} wrong calls raise"


def check_bases(cls: str, bases: tuple[str, ...]) -> None:
    """Every exception is one of Python's, and says so."""
    if "BaseException" not in bases:
        raise CheckFailedError(f"{cls} has the bases {bases}")


def valid_call(contract: Contract, dtype: str = "float32") -> Call:
    return build_call(contract, SMALL, dtype=dtype)


def dtype_of(call: Call) -> str:
    """That of its input, of which the device may have no convolution at all."""
    assert call.case.inputs is not None
    return call.case.inputs.dtype


def scripted_errors(contract: Contract) -> Iterator[Call]:
    """The wrong calls, which are run by themselves too."""
    valid = valid_call(contract)
    for wrong in WRONG:
        if contract.functional and not wrong.keys().isdisjoint(("kernel_size", "in_channels")):
            continue
        yield encode(valid.case, contract, {**valid.arguments, **wrong}, valid.expectation)
    yield in_another_dtype(contract, valid)
    for shape in WRONG_SHAPES:
        yield with_input(contract, valid, np.ones(shape))


def in_another_dtype(contract: Contract, call: Call) -> Call:
    """With an input of another dtype than the parameters'."""
    assert call.case.inputs is not None
    case = replace(call.case, inputs=replace(call.case.inputs, dtype="float16", weight_dtype="float32"))
    return encode(case, contract, call.arguments, call.expectation)


def with_input(contract: Contract, call: Call, x: Array) -> Call:
    """With another input, which goes by itself too."""
    assert call.expectation.arrays is not None
    assert call.case.inputs is not None
    expectation = replace(call.expectation, arrays=replace(call.expectation.arrays, x=x))
    case = replace(call.case, inputs=replace(call.case.inputs, shape=x.shape))
    return encode(case, contract, call.arguments, expectation)
