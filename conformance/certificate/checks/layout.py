"""Which weight meets which input element."""

from __future__ import annotations

import numpy as np

from conformance.case.values import Arguments
from conformance.certificate.answers import check_equal, output_of
from conformance.certificate.calls import Call, build_call
from conformance.certificate.layers import GROUPED, PLAINEST, expressible_layers, fit, input_shape, make_arrays
from conformance.certificate.subject import Subject


def check_layout(subject: Subject) -> str:
    """Catches a weight that is flipped, transposed or stale, a bias that is lost, and an argument that is dropped.

    One input element at a time, in a batch: each output shows which weights it met, and each number is one index. A
    layer beyond the plainest that the framework rejects is its own affair, and in a mode whatever it makes of one:
    `executed` shows that it does so alone.
    """
    plainest = [fit(subject.contract, layer) for layer in PLAINEST]
    layers = expressible_layers(subject.contract, (*PLAINEST, GROUPED) if subject.in_mode else None)
    calls = [one_element_at_a_time(subject, arguments) for arguments in layers]
    compared = 0
    for call, answer in zip(calls, subject.ask(*calls), strict=True):
        arguments = call.case.arguments
        if arguments not in plainest and answer.raised is not None and not answer.lacking:
            continue
        assert call.expectation.output is not None
        check_equal(f"the output of {arguments}", call.expectation.output.value, output_of(answer))
        compared += 1
    return f"{compared} of {len(calls)} layers"


def one_element_at_a_time(subject: Subject, arguments: Arguments) -> Call:
    """A call on a batch whose images have one element that is one each, and zeros."""
    image = input_shape(arguments)[1:]
    size = int(np.prod(image))
    x = np.eye(size).reshape(size, *image)
    return build_call(subject.contract, arguments, make_arrays(subject.contract, arguments, x))
