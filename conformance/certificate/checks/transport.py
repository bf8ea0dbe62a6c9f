"""The input's way to the framework and back."""

from __future__ import annotations

import itertools

from conformance.case import LAYOUTS, Observation, TypedArray
from conformance.certificate.answers import bits_of
from conformance.certificate.calls import DTYPES, Call, build_call
from conformance.certificate.errors import CheckFailedError, NotObservableError
from conformance.certificate.layers import SMALL
from conformance.certificate.subject import Subject


def check_transport(subject: Subject) -> str:
    """Catches an input that is converted, cut or rearranged on its way, however it lies in memory.

    It keeps dtype, shape and bits, those of signed zeros, subnormals and NaNs among them; and where the framework
    says how it lies in memory, that is as it was asked for.
    """
    taken = []
    calls = []
    for dtype, layout in itertools.product(DTYPES, LAYOUTS):
        call = build_call(subject.contract, SMALL, dtype=dtype, layout=layout)
        calls.append(call.with_special_values().read_back())
    for call, answer in zip(calls, subject.ask(*calls), strict=True):
        if "x" in answer.values:
            check_unchanged(call, answer.values["x"])
            check_strides(call, answer)
            taken.append(call.dtype)
        elif answer.raised is None:
            raise CheckFailedError(f"the input of {call.dtype} cannot be read back")
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


def check_strides(call: Call, answer: Observation) -> None:
    """Raises CheckFailedError where the framework says that the input lies in memory otherwise than asked for."""
    if "strides" not in answer.values:
        return
    layout = call.wire["layout"]
    strides = tuple(answer.values["strides"].values.tolist())
    expected = strides_of(call.wire["arrays"]["x"][1], layout)
    if strides != expected:
        raise CheckFailedError(f"the {layout} input has the strides {strides}, not {expected}")


def strides_of(shape: tuple[int, ...], layout: str) -> tuple[int, ...]:
    """By how many elements of memory each axis of an input of four axes steps."""
    images, channels, height, width = shape
    del images
    if layout == "transposed":
        return channels * height * width, height * width, 1, height
    if layout == "channels_last":
        return channels * height * width, 1, width * channels, channels
    step = 2 if layout == "strided" else 1
    return channels * height * width * step, height * width * step, width * step, step
