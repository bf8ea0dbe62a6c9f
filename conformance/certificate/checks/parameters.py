"""What is set, and what is held."""

from __future__ import annotations

import itertools

from conformance.case import Observation
from conformance.certificate.answers import bits_of
from conformance.certificate.calls import DTYPES, Call, build_call
from conformance.certificate.errors import CheckFailedError
from conformance.certificate.layers import GROUPED, SMALL, UNBIASED, first_expressible
from conformance.certificate.subject import Subject

# With as many output channels as there are special values, so that the bias holds them all.
WIDE = {**SMALL, "out_channels": 10}
WIDE_GROUPED = {**GROUPED, "out_channels": 12}


def check_parameters(subject: Subject) -> str:
    """Catches parameters that are not set, set otherwise than sent, or of another dtype than asked for.

    What was set is what is held, bit for bit, in every dtype that the framework has.
    """
    held = []
    calls = []
    layers = (WIDE, first_expressible(subject.contract, WIDE_GROUPED, UNBIASED))
    for dtype, arguments in itertools.product(DTYPES, layers):
        calls.append(build_call(subject.contract, arguments, dtype=dtype).with_special_values().read_back())
    for call, answer in zip(calls, subject.ask(*calls), strict=True):
        if answer.raised is not None and not answer.values:
            continue  # no such dtype, or no such layer of it
        for name in ("weight", "bias"):
            if name in call.wire["arrays"]:
                check_held(name, call, answer)
        held.append(call.dtype)
    if "float32" not in held:
        raise CheckFailedError("not even float32 parameters can be set")
    return ", ".join(dict.fromkeys(held))


def check_held(name: str, call: Call, answer: Observation) -> None:
    dtype, shape, data = call.wire["arrays"][name]
    if name not in answer.values:
        raise CheckFailedError(f"{name} of {dtype} cannot be read back")
    held = answer.values[name]
    if (held.dtype, held.values.shape) != (dtype, shape):
        raise CheckFailedError(f"{name} is {held.dtype} of shape {held.values.shape}, not {dtype} of {shape}")
    if bits_of(held) != data:
        raise CheckFailedError(f"the bits of {name} in {dtype} are not those that were set")
