"""The layers that the API is said not to have."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from conformance.apis import Contract, NoEquivalent, common
from conformance.case import Arrays, Inputs, LayerName
from conformance.case.values import Arguments
from conformance.certificate.calls import Call, build_call
from conformance.certificate.errors import CheckFailedError, NotObservableError
from conformance.certificate.layers import ASKED, SMALL, compute_output, make_arrays
from conformance.certificate.subject import Subject

# The arguments that decide whether an API can express a layer.
DECIDING = ("padding", "padding_mode", "output_padding")


@dataclass(frozen=True)
class Denied:
    """A layer on an input, both canonical, that the contract says the API cannot express; `reason` is why."""

    arguments: Arguments
    arrays: Arrays
    reason: str


def check_no_equivalent(subject: Subject) -> str:
    """Catches a contract that denies an equivalent, so that cases are never asked.

    Where the contract says that the API cannot express a layer, the nearest calls give something else, or raise.
    """
    contract = subject.contract
    asked = []
    calls = []
    for denied in denied_layers(contract):
        for call in nearest_calls(contract, denied):
            asked.append(denied)
            calls.append(call)
    lacking = 0
    for denied, answer in zip(asked, subject.ask(*calls), strict=True):
        lacking += answer.lacking
        if answer.output is None:
            continue
        expected = compute_output(contract.layer, denied.arguments, denied.arrays)
        observed = answer.output.values
        if observed.shape == expected.shape and np.array_equal(observed, expected):
            layer = f"{denied.arguments} on {denied.arrays.x.shape}"
            raise CheckFailedError(f"{layer} has an equivalent, against: {denied.reason}")
    if lacking:
        raise NotObservableError(f"{lacking} of {len(calls)} nearest calls have no kernel")
    return f"{len(calls)} nearest calls"


def denied_layers(contract: Contract) -> Iterator[Denied]:
    """The layers that the contract says the API cannot express; the smallest without a batch is asked too."""
    small = make_arrays(contract.layer, SMALL)
    candidates: list[tuple[Arguments, Arrays]] = [(SMALL, replace(small, x=small.x[0]))]
    candidates += [(arguments, make_arrays(contract.layer, arguments)) for arguments in ASKED[contract.layer]]
    for arguments, arrays in candidates:
        vendor = contract.to_vendor(arguments, Inputs(arrays.x.shape))
        if isinstance(vendor, NoEquivalent):
            yield Denied(arguments, arrays, vendor.reason)


def nearest_calls(contract: Contract, denied: Denied) -> Iterator[Call]:
    """A plain layer that the API expresses, with each of the vendor's arguments that might make it the denied one."""
    plain = {name: value for name, value in denied.arguments.items() if name not in DECIDING}
    call = build_call(contract, plain).with_array("x", denied.arrays.x)
    for arguments in nearest_arguments(contract.layer, denied.arguments):
        yield call.with_vendor_arguments(**arguments)


def nearest_arguments(layer: LayerName, arguments: Arguments) -> Iterator[Arguments]:
    """Padding and what goes with it: as they stand, without the padding, and with every pair of paddings nearby."""
    deciding = {name: value for name, value in arguments.items() if name in DECIDING}
    yield deciding
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


def nearby_pairs(padding: object) -> list[tuple[int, int]]:
    """The paddings of two sides that come near to a four-sided padding or to "same"."""
    sides = common.four_sided(padding)
    if sides is not None:
        top, bottom, left, right = sides
        return sorted(set(itertools.product((top, bottom), (left, right))))
    if padding == "same":
        return list(itertools.product(range(3), range(3)))
    return []
