"""What a layer begins with."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.apis import Contract
from conformance.certificate.alone import digest
from conformance.certificate.answers import differing
from conformance.certificate.calls import Call, build_call
from conformance.certificate.errors import CheckFailedError
from conformance.certificate.layers import SMALL
from conformance.certificate.subject import Subject


def check_seeds(subject: Subject) -> str:
    """Catches a construction that starts from another seed than the one before, or in another dtype than float32.

    What a layer begins with is what it draws by itself after the seed 0.
    """
    if subject.contract.functional:
        return "no parameters of its own"
    (call,) = scripted_seeds(subject.contract)
    between = build_call(subject.contract, SMALL)  # the same layer, whose parameters are set
    first, _, again = subject.ask(call, between, call)
    if not first.values:
        raise CheckFailedError("no initial parameters can be read")
    for name in differing(first.values, again.values):
        raise CheckFailedError(f"{name} is drawn anew")
    for name, values in first.values.items():
        if values.dtype != "float32":
            raise CheckFailedError(f"{name} is {values.dtype} by default")
    drawn = {name: digest(values) for name, values in first.values.items()}
    if drawn != subject.alone(call):
        raise CheckFailedError("the initial parameters are not those that the layer draws by itself")
    return "initial parameters"


def scripted_seeds(contract: Contract) -> Iterator[Call]:
    """A construction, which is made by itself too."""
    if not contract.functional:
        yield build_call(contract, SMALL).without_arrays().with_initial_values()
