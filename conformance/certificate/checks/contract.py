"""The contract's translation, there and back."""

from __future__ import annotations

import numpy as np

from conformance.apis import Contract, NoEquivalent, common
from conformance.case import Inputs
from conformance.case.values import Arguments
from conformance.certificate.errors import CheckFailedError
from conformance.certificate.layers import compute_output, expressible_layers, input_shape, make_arrays
from conformance.certificate.subject import Subject


def check_contract(subject: Subject) -> str:
    """Catches a contract that translates an argument into another layer's.

    The vendor's arguments, turned back into canonical ones, are the same layer.
    """
    layers = list(expressible_layers(subject.contract))
    for arguments in layers:
        check_round_trip(subject.contract, arguments)
    return f"{len(layers)} layers"


def check_round_trip(contract: Contract, arguments: Arguments) -> None:
    """A layer comes back from the vendor's arguments as it went, where the API can express it.

    Raises:
        CheckFailedError: it does not.
    """
    vendor = contract.to_vendor(arguments, Inputs(input_shape(arguments)))
    if isinstance(vendor, NoEquivalent):
        return
    back = contract.to_canonical(vendor)
    if isinstance(back, NoEquivalent):
        raise CheckFailedError(f"{arguments} comes back as no layer: {back.reason}")
    if not same_parameters(contract, arguments, back) or not same_operation(contract, arguments, back):
        raise CheckFailedError(f"{arguments} comes back as {back}")


def same_parameters(contract: Contract, arguments: Arguments, back: Arguments) -> bool:
    """Whether two layers have weights of the same shape, and both or none a bias."""
    there = {**common.DEFAULTS, **arguments}
    here = {**common.DEFAULTS, **back}
    if there["bias"] is not here["bias"]:
        return False
    return common.weight_shape(contract.layer, there) == common.weight_shape(contract.layer, here)


def same_operation(contract: Contract, arguments: Arguments, back: Arguments) -> bool:
    """Whether two layers of the same parameters give the same output; also where the first is none on this size."""
    arrays = make_arrays(contract.layer, arguments)
    try:
        expected = compute_output(contract.layer, arguments, arrays)
    except ValueError:
        return True
    try:
        return np.array_equal(expected, compute_output(contract.layer, back, arrays))
    except (TypeError, ValueError):
        return False
