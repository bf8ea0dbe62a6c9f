"""The layers that the API is said not to have."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from conformance.apis import Contract, NoEquivalent, common
from conformance.case import Array, Arrays, Inputs, LayerName, Observation
from conformance.case.values import Arguments
from conformance.certificate.calls import Call, build_call
from conformance.certificate.errors import CheckFailedError, NotObservableError
from conformance.certificate.layers import ASKED, SMALL, compute_output, first_expressible, fit, make_arrays
from conformance.certificate.space import arguments_of, find_space
from conformance.certificate.subject import Subject

# The arguments that decide whether an API can express a layer.
DECIDING = ("padding", "padding_mode", "output_padding")


@dataclass(frozen=True)
class Denied:
    """A layer that the contract says the API cannot express.

    Attributes:
        arguments: canonical.
        arrays: canonical too, on which it is asked first.
        larger: the same with a larger input; padding that is right for one size alone is no equivalent.
        reason: why.
    """

    arguments: Arguments
    arrays: Arrays
    larger: Arrays
    reason: str


def check_no_equivalent(subject: Subject) -> str:
    """Catches a contract that denies an equivalent, so that cases are never asked.

    Where the contract says that the API cannot express a layer, the nearest calls give something else, or raise.
    """
    contract = subject.contract
    nearest = []
    for denied in denied_layers(contract):
        for arguments in nearest_arguments(contract.layer, denied.arguments):
            for grouped in spell_groups(contract, denied.arguments):
                nearest.append((denied, {**arguments, **grouped}))
    calls = [call_of(contract, denied, denied.arrays, arguments) for denied, arguments in nearest]
    lacking = 0
    for (denied, arguments), answer in zip(nearest, subject.ask(*calls), strict=True):
        lacking += answer.lacking
        if is_the_layer(contract, denied, denied.arrays, answer):
            check_larger(subject, denied, arguments)
    if lacking:
        raise NotObservableError(f"{lacking} of {len(calls)} nearest calls have no kernel")
    return f"{len(calls)} nearest calls"


def check_larger(subject: Subject, denied: Denied, arguments: Arguments) -> None:
    """What gives the denied layer on the first input does not on a larger one.

    Raises:
        CheckFailedError: it does.
    """
    call = call_of(subject.contract, denied, denied.larger, arguments)
    (answer,) = subject.ask(call)
    if is_the_layer(subject.contract, denied, denied.larger, answer):
        layer = f"{denied.arguments} in {denied.arrays.x.ndim} axes"
        raise CheckFailedError(f"{layer} has an equivalent, {call.wire['arguments']}, against: {denied.reason}")


def is_the_layer(contract: Contract, denied: Denied, arrays: Arrays, answer: Observation) -> bool:
    """Whether the answer is the output of the denied layer."""
    if answer.output is None:
        return False
    try:
        expected = compute_output(contract.layer, denied.arguments, arrays)
    except ValueError:  # on an input of this size there is no such layer
        return False
    return np.array_equal(answer.output.values, expected)


def denied_layers(contract: Contract) -> Iterator[Denied]:
    """The layers that the contract says the API cannot express; the smallest without a batch is asked too."""
    yield from denied_layer(contract, SMALL, is_batched=False)
    for arguments in ASKED[contract.layer]:
        yield from denied_layer(contract, arguments)
    for denied in find_space(contract).denied:
        if denied.row["batch"] is not None:
            yield from denied_layer(contract, arguments_of(denied.row))


def denied_layer(contract: Contract, arguments: Arguments, is_batched: bool = True) -> Iterator[Denied]:
    """A layer, if the API cannot express it."""
    arguments = fit(contract, arguments)
    arrays = without_bias(make_arrays(contract, arguments))
    larger = replace(arrays, x=larger_input(arguments))
    if not is_batched:
        arrays, larger = (replace(one, x=one.x[0]) for one in (arrays, larger))
    vendor = contract.to_vendor(arguments, Inputs(arrays.x.shape))
    if isinstance(vendor, NoEquivalent):
        yield Denied(arguments, arrays, larger, vendor.reason)


def without_bias(arrays: Arrays) -> Arrays:
    """With a bias of zeros, if any: what some frameworks forget of it is no matter of the contract."""
    return arrays if arrays.bias is None else replace(arrays, bias=np.zeros_like(arrays.bias))


def larger_input(arguments: Arguments) -> Array:
    shape = (1, arguments["in_channels"], 6, 9)
    return np.random.default_rng(2).integers(-2, 3, shape).astype(np.float64)


def call_of(contract: Contract, denied: Denied, arrays: Arrays, arguments: Arguments) -> Call:
    """A plain layer that the API expresses, on arrays of the denied one, with what might make it the denied one."""
    others = {name: value for name, value in denied.arguments.items() if name not in DECIDING}
    plain = first_expressible(contract, others, {**others, "groups": 1})
    call = build_call(contract, plain).with_array("x", arrays.x)
    if plain is not others:
        assert arrays.weight is not None
        call = call.with_array("weight", contract.weight.to_vendor(arrays.weight, others["groups"]))
    if arrays.bias is not None:
        call = call.with_array("bias", contract.bias.to_vendor(arrays.bias, 1))
    return call.with_vendor_arguments(**arguments)


def nearest_arguments(layer: LayerName, arguments: Arguments) -> Iterator[Arguments]:
    """Padding and what goes with it: as they stand, without the padding, and with every pair of paddings nearby."""
    deciding = {name: value for name, value in arguments.items() if name in DECIDING}
    yield deciding
    if isinstance(arguments.get("padding"), str):
        yield {"pad_mode": arguments["padding"], "padding": 0}
    others = {name: value for name, value in deciding.items() if name != "padding"}
    if "padding" in deciding:
        yield others
    padding = arguments.get("padding", 0)
    for pair in nearby_pairs(padding):
        yield {**others, "padding": pair}
        if layer == "conv_transpose2d":
            most = 2 if padding == "same" else 3
            for added in itertools.product(range(most), repeat=2):
                yield {**others, "padding": pair, "output_padding": added}


def spell_groups(contract: Contract, arguments: Arguments) -> Iterator[Arguments]:
    """The groups of a layer as a vendor may call them, where the contract denies them; else they are in the call."""
    others = {name: value for name, value in arguments.items() if name not in DECIDING}
    if first_expressible(contract, others, {**others, "groups": 1}) is others:
        yield {}
    else:
        yield {"groups": arguments["groups"]}
        yield {"group": arguments["groups"]}


def nearby_pairs(padding: object) -> list[tuple[int, int]]:
    """The paddings of two sides that come near to a four-sided padding or to "same"."""
    sides = common.four_sided(padding)
    if sides is not None:
        top, bottom, left, right = sides
        return sorted(set(itertools.product((top, bottom), (left, right))))
    if padding == "same":
        return list(itertools.product(range(3), range(3)))
    return []
