"""Numbers that arithmetic treats apart, through a call."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.apis import Contract
from conformance.case import Array, Inputs
from conformance.certificate.alone import check_alone
from conformance.certificate.calls import Call
from conformance.certificate.errors import NotObservableError
from conformance.certificate.exact import DeniedError, build_exact_call, exchange
from conformance.certificate.layers import input_shape
from conformance.certificate.subject import Subject
from conv_reference import number_format

# One product an element, so that nothing but the number itself decides.
LAYER = {"in_channels": 1, "out_channels": 1, "kernel_size": 1, "bias": False}
DTYPES = ("float32", "float64", "float16")


def check_special(subject: Subject) -> str:
    """Catches an output or gradient of which subnormals, signs of zeros, infinities or NaNs are lost.

    A kernel of one element, which is one: what comes of special values is what comes of them by itself.
    """
    calls = list(scripted_special(subject.contract))
    answers = subject.ask(*calls)
    if all(answer.lacking for answer in answers):
        raise NotObservableError("no kernel")
    for call, answer in zip(calls, answers, strict=True):
        check_alone(call, answer, subject.alone)
    return f"{len(calls)} calls"


def scripted_special(contract: Contract) -> Iterator[Call]:
    """The calls, which are run by themselves too: special values in x and in the upstream gradient, each by itself."""
    for dtype in DTYPES:
        try:
            plain = build_exact_call(contract, LAYER, Inputs(input_shape(LAYER), dtype), dtype)
        except DeniedError:
            continue
        arrays = plain.expectation.arrays
        assert arrays is not None
        assert arrays.weight is not None
        assert arrays.grad_output is not None
        ones = np.ones_like(arrays.weight)
        yield exchange(contract, plain, weight=ones, x=put_special(arrays.x, dtype))
        yield exchange(contract, plain, weight=ones, grad_output=put_special(arrays.grad_output, dtype))


def put_special(array: Array, dtype: str) -> Array:
    """An array with special numbers as its first elements."""
    limits = number_format(dtype)
    tiny = limits.smallest_subnormal
    special = [-0.0, 0.0, np.inf, -np.inf, np.nan, tiny, -tiny, limits.smallest_normal - tiny, limits.largest]
    filled = array.copy()
    filled.flat[: len(special)] = special
    return filled
