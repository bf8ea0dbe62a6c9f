"""The input's way to the framework and back."""

from __future__ import annotations

import itertools

from conformance.case import LAYOUTS, TypedArray
from conformance.certificate.answers import bits_of
from conformance.certificate.calls import DTYPES, Call, build_call
from conformance.certificate.errors import CheckFailedError, NotObservableError
from conformance.certificate.layers import SMALL
from conformance.certificate.subject import Subject


def check_transport(subject: Subject) -> str:
    """Catches an input that is converted, cut or rearranged on its way, however it lies in memory.

    It keeps dtype, shape and bits, those of signed zeros and NaNs among them.
    """
    taken = []
    for dtype, layout in itertools.product(DTYPES, LAYOUTS):
        call = build_call(subject.contract, SMALL, dtype=dtype, layout=layout).with_special_values().read_back()
        (answer,) = subject.ask(call)
        if "x" in answer.values:
            check_unchanged(call, answer.values["x"])
            taken.append(dtype)
        elif answer.raised is None:
            raise CheckFailedError(f"the input of {dtype} cannot be read back")
    if "float32" not in taken:
        raise NotObservableError("no input of float32 was taken")
    return ", ".join(dict.fromkeys(taken))


def check_unchanged(call: Call, held: TypedArray) -> None:
    layout = call.wire["layout"]
    dtype, shape, data = call.wire["arrays"]["x"]
    if (held.dtype, held.values.shape) != (dtype, shape):
        raise CheckFailedError(
            f"the {layout} input is {held.dtype} of shape {held.values.shape}, not {dtype} of {shape}"
        )
    if bits_of(held) != data:
        raise CheckFailedError(f"the bits of the {layout} input in {dtype} are not those that were sent")
