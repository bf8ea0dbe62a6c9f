"""Every dtype, forward and backward."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.apis import Contract, common
from conformance.case import DTYPES, DType, Inputs
from conformance.case.values import Arguments
from conformance.certificate.alone import check_alone
from conformance.certificate.calls import Call
from conformance.certificate.errors import CheckFailedError, NotObservableError
from conformance.certificate.exact import DeniedError, build_exact_call, check_right, encode, is_right
from conformance.certificate.layers import GROUPED, SMALL, input_shape
from conformance.certificate.subject import Subject

DEPTHWISE: Arguments = {"in_channels": 2, "out_channels": 2, "kernel_size": (3, 2), "groups": 2, "stride": (2, 1)}
LAYERS: tuple[Arguments, ...] = (SMALL, GROUPED, DEPTHWISE)


def check_dtypes(subject: Subject) -> str:
    """Catches a dtype that is computed in a narrower one or answered in another, and one that is denied or lacking.

    Output and gradients are the oracle's to the last bit, in numbers that no narrower dtype holds; or else what the
    framework gives by itself.
    """
    contract = subject.contract
    seen = []
    for dtype in DTYPES:
        calls = list(calls_in(contract, dtype))
        for call, answer in zip(calls, subject.ask(*calls), strict=True):
            if is_right(contract, call, answer):
                seen.append(dtype)
                continue
            try:
                check_alone(call, answer, subject.alone)
            except CheckFailedError as error:
                if answer.raised is None:
                    check_right(contract, call, answer)
                raise CheckFailedError(f"{dtype}: {error}") from error
        if not calls:
            check_denied(subject, dtype)
    if not seen:
        raise NotObservableError("no dtype has a kernel")
    return ", ".join(dict.fromkeys(seen))


def calls_in(contract: Contract, dtype: str) -> Iterator[Call]:
    """The layers in a dtype, as far as the API has it."""
    for arguments in LAYERS:
        inputs = Inputs(input_shape(arguments), dtype, gradients=True)
        try:
            yield build_exact_call(contract, arguments, inputs, dtype)
        except DeniedError:
            return


def scripted_dtypes(contract: Contract) -> Iterator[Call]:
    """The calls that are run by themselves."""
    for dtype in DTYPES:
        yield from calls_in(contract, dtype)


def check_denied(subject: Subject, dtype: str) -> None:
    """A dtype that the contract denies is not had all the same, with the argument for it or without."""
    inputs = Inputs(input_shape(SMALL), dtype)
    plain = build_exact_call(subject.contract, SMALL, Inputs(input_shape(SMALL)))
    case = replace(plain.case, inputs=inputs)
    for given in ({}, common.dtype_argument(inputs), {"dtype": DType(dtype)}):
        call = encode(case, subject.contract, {**plain.arguments, **given}, plain.expectation)
        (answer,) = subject.ask(call)
        if answer.output is not None and answer.output.dtype == dtype:
            raise CheckFailedError(f"{dtype} is denied, and gives an output")
