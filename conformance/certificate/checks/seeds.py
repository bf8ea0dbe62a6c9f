"""What a layer begins with."""

from __future__ import annotations

from conformance.certificate.answers import differing
from conformance.certificate.calls import build_call
from conformance.certificate.errors import CheckFailedError
from conformance.certificate.layers import GROUPED, SMALL
from conformance.certificate.subject import Subject


def check_seeds(subject: Subject) -> str:
    """Catches a construction that starts from another seed than the one before, or in another dtype than float32."""
    if subject.contract.functional:
        return "no parameters of its own"
    call = build_call(subject.contract, SMALL).without_arrays().with_initial_values()
    between = build_call(subject.contract, GROUPED).without_arrays()
    first, _, again = subject.ask(call, between, call)
    if not first.values:
        raise CheckFailedError("no initial parameters can be read")
    for name in differing(first.values, again.values):
        raise CheckFailedError(f"{name} is drawn anew")
    for name, values in first.values.items():
        if values.dtype != "float32":
            raise CheckFailedError(f"{name} is {values.dtype} by default")
    return "initial parameters"
