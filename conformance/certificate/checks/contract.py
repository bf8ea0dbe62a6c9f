"""The contract's translation, there and back."""

from __future__ import annotations

import numpy as np

from conformance.apis import Contract, NoEquivalent, common
from conformance.case import Inputs
from conformance.case.values import Arguments
from conformance.certificate.errors import CheckFailedError
from conformance.certificate.layers import compute_output, expressible_layers, input_shape, make_arrays
from conformance.certificate.space import arguments_of, find_space
from conformance.certificate.subject import Subject


def check_contract(subject: Subject) -> str:
    """Catches a contract that translates an argument into another layer's.

    The vendor's arguments, turned back into canonical ones, are the same layer; and a layer is the same with its
    defaults and without.
    """
    contract = subject.contract
    space = find_space(contract)
    layers = [*expressible_layers(contract), *(arguments_of(row) for row in space.asked)]
    for arguments in layers:
        check_round_trip(contract, arguments)
        check_without_defaults(contract, arguments)
    for denied in space.denied:
        check_without_defaults(contract, arguments_of(denied.row))
    return f"{len(layers)} layers"


def check_without_defaults(contract: Contract, arguments: Arguments) -> None:
    """A layer of which nothing is said that is a default anyway is expressed as it is with all of it.

    Raises:
        CheckFailedError: it is not.
    """
    short = {name: value for name, value in arguments.items() if not is_default(arguments, name)}
    inputs = Inputs(input_shape(arguments))
    full = contract.to_vendor(arguments, inputs)
    brief = contract.to_vendor(short, inputs)
    if isinstance(full, NoEquivalent) or isinstance(brief, NoEquivalent):
        if type(full) is not type(brief):
            raise CheckFailedError(f"{arguments} is expressed otherwise without its defaults")
        return
    check_round_trip(contract, short)


def is_default(arguments: Arguments, name: str) -> bool:
    if name not in common.DEFAULTS:
        return False
    value = common.pair(arguments[name])
    is_pair_of_default = value is not None and value == common.pair(common.DEFAULTS[name])
    return is_pair_of_default or common.is_default(arguments, name)


def check_round_trip(contract: Contract, arguments: Arguments) -> None:
    """A layer comes back from the vendor's arguments as it went, where the API can express it.

    Raises:
        CheckFailedError: it does not.
    """
    inputs = Inputs(input_shape(arguments))
    vendor = contract.to_vendor(arguments, inputs)
    if isinstance(vendor, NoEquivalent):
        return
    back = contract.to_canonical(vendor, inputs)
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
    arrays = make_arrays(contract, arguments)
    try:
        expected = compute_output(contract.layer, arguments, arrays)
    except ValueError:
        return True
    try:
        return np.array_equal(expected, compute_output(contract.layer, back, arrays))
    except (TypeError, ValueError):
        return False
