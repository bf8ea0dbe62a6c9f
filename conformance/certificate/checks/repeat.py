"""The same call again."""

from __future__ import annotations

from conformance.certificate.answers import differing, output_of, results_of
from conformance.certificate.calls import build_call
from conformance.certificate.errors import CheckFailedError
from conformance.certificate.layers import UNBIASED, make_arrays
from conformance.certificate.subject import Subject


def check_repeat(subject: Subject) -> str:
    """Catches what one call leaves behind for the next.

    The same call again, with another between, gives the same bits.
    """
    contract = subject.contract
    layer = subject.find_layer()
    call = build_call(contract, layer, make_arrays(contract, layer, gradients=True))
    between = build_call(contract, UNBIASED, make_arrays(contract, UNBIASED, gradients=True))
    first, _, again = subject.ask(call, between, call)
    output_of(first)
    for name in differing(results_of(first), results_of(again)):
        raise CheckFailedError(f"{name} is another the second time")
    return "output and gradients" if contract.gradients else "output"
