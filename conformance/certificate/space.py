"""The calls that the certificate asks besides the smallest: a covering array of everything that a call can vary.

Any two values of any two of these names stand together in some row: channels with their groups, kernel, stride,
padding, dilation, bias, batch and layout, and what each layer has of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import covertable

from conformance.apis import Contract, NoEquivalent, common
from conformance.case import INTEGERS, LAYOUTS, Inputs, LayerName
from conformance.case.values import Arguments, Value

Row: TypeAlias = Mapping[str, Any]
Domain: TypeAlias = Mapping[str, Sequence[Value]]
Pair: TypeAlias = tuple[tuple[str, Value], tuple[str, Value]]

# (groups, channels of a group in and out): those that are mixed, and depthwise ones, one with a multiplier.
MIXED = ((1, 4, 2), (2, 3, 2))
UNMIXED = ((3, 1, 1), (2, 1, 2))
# The first value of each is the plainest, which no framework refuses: pairs, as some take no others beside output
# padding.
COMMON: Domain = {
    "channels": (*MIXED, *UNMIXED),
    "kernel_size": ((3, 1), (2, 3), (4, 2), (1, 5), 1),
    "stride": ((1, 1), (2, 1), (3, 2)),
    "padding": ((0, 0), (1, 2), (1, 0, 2, 1), (1, 1, 2, 2), "same", "valid"),
    "dilation": ((1, 1), (2, 1), (1, 3)),
    "bias": (True, False),
    "batch": (2, 3, None),
    "layout": LAYOUTS,
}
OWN: Mapping[LayerName, Domain] = {
    "conv2d": {"padding_mode": ("zeros", "reflect", "replicate", "circular")},
    "conv_transpose2d": {"output_padding": (0, 1, (2, 1), (0, 1))},
}
# As small as the widest kernel and padding allow: bfloat16 is exact over few terms.
IMAGES: Mapping[LayerName, tuple[int, int]] = {"conv2d": (8, 13), "conv_transpose2d": (4, 5)}
# What is no argument of the layer.
OF_INPUTS = ("batch", "layout")
# What decides whether there is such a layer.
DECIDING = ("stride", "padding", "dilation", "output_padding")


def domain_of(contract: Contract) -> Domain:
    """Every value of everything that a call can vary, but for what no layer of the API has: a bias, mixed channels."""
    unbiased: Domain = {} if "bias" in contract.operands else {"bias": (False,)}
    unmixed: Domain = {"channels": UNMIXED} if contract.depthwise else {}
    return {**COMMON, **unbiased, **unmixed, **OWN[contract.layer]}


def plainest(contract: Contract) -> Row:
    return {name: values[0] for name, values in domain_of(contract).items()}


def arguments_of(row: Row) -> Arguments:
    """The canonical arguments of a row."""
    groups, channels_in, channels_out = row["channels"]
    arguments = {name: value for name, value in row.items() if name not in ("channels", *OF_INPUTS)}
    channels = {"in_channels": groups * channels_in, "out_channels": groups * channels_out, "groups": groups}
    return {**channels, **arguments}


def inputs_of(layer: LayerName, row: Row, dtype: str = "float32") -> Inputs:
    """The inputs of a row; integers have no gradients."""
    image = (arguments_of(row)["in_channels"], *IMAGES[layer])
    shape = image if row["batch"] is None else (row["batch"], *image)
    return Inputs(shape, dtype, layout=row["layout"], gradients=dtype not in INTEGERS)


def is_layer(row: Row) -> bool:
    """Whether there is such a layer: output padding is less than a step, and none with "same"."""
    added = common.pair(row.get("output_padding", 0))
    stride = common.pair(row["stride"])
    dilation = common.pair(row["dilation"])
    assert added is not None
    assert stride is not None
    assert dilation is not None
    if added == (0, 0):
        return True
    less = all(added[axis] < max(stride[axis], dilation[axis]) for axis in (0, 1) if added[axis])
    return less and row["padding"] != "same"


@dataclass(frozen=True)
class Denied:
    """A row that a contract says the API cannot express, and why."""

    row: Row
    reason: str


@dataclass(frozen=True)
class Space:
    """What an API is asked: the rows that it can express, and those that its contract denies."""

    asked: tuple[Row, ...]
    denied: tuple[Denied, ...]


def find_space(contract: Contract) -> Space:
    """The covering array of an API: of the values that it can express by themselves.

    What stood beside a pair that it cannot express is asked in other rows, so that every pair that it can express is
    in some row. Denied are the fewest values: single ones, and pairs of which each can be expressed.
    """
    plain = plainest(contract)
    domain: dict[str, list[Value]] = {name: [] for name in plain}
    denied = []
    for name, values in domain_of(contract).items():
        for value in values:
            row: Row = {**plain, name: value}
            reason = explain_denial(contract, row) if is_layer(row) else None
            if reason is None or any(True for _ in rows_with(contract, name, value)):
                domain[name].append(value)
            if reason is not None:
                denied.append(Denied(row, reason))
    alone = {(name, repr(one.row[name])) for one in denied for name in plain if one.row[name] != plain[name]}
    asked = [row for row in cover(domain) if explain_denial(contract, row) is None]
    seen = {pair for row in asked for pair in pairs_of(row)}
    for row in rows_of_pairs(plain, domain):
        reason = explain_denial(contract, row)
        if reason is not None:
            if not any((name, repr(value)) in alone for name, value in row.items()):
                denied.append(Denied(row, reason))
        elif not seen.issuperset(pairs_of(row)):
            asked.append(row)
            seen.update(pairs_of(row))
    return Space(tuple(asked), tuple(denied))


def explain_denial(contract: Contract, row: Row) -> str | None:
    """Why the API cannot express a row, as its contract says; None where it can."""
    vendor = contract.to_vendor(arguments_of(row), inputs_of(contract.layer, row))
    return vendor.reason if isinstance(vendor, NoEquivalent) else None


def cover(domain: Domain) -> Iterator[Row]:
    """Rows that hold every pair of values of a domain that a layer can have."""
    names = list(domain)
    deciding = tuple(names.index(name) for name in DECIDING if name in names)

    def holds(row: Mapping[int, int]) -> bool:
        return is_layer({names[place]: domain[names[place]][row[place]] for place in deciding})

    constraint = {"operator": "fn", "requires": list(deciding), "evaluate": holds}
    factors = [list(range(len(values))) for values in domain.values()]
    for row in covertable.make(factors, strength=2, constraints=[constraint]):
        yield {name: domain[name][index] for name, index in zip(names, row, strict=True)}


def rows_with(contract: Contract, name: str, value: Value) -> Iterator[Row]:
    """The rows that an API can express with a value and with one other that is not its plainest."""
    plain = {**plainest(contract), name: value}
    for other, values in domain_of(contract).items():
        for another in values:
            row = {**plain, other: another}
            if other != name and is_layer(row) and explain_denial(contract, row) is None:
                yield row


def rows_of_pairs(plain: Row, domain: Domain) -> Iterator[Row]:
    """Every pair of values of a domain that a layer can have, all others at their plainest."""
    for one, other in itertools.combinations(domain, 2):
        for first, second in itertools.product(domain[one], domain[other]):
            row = {**plain, one: first, other: second}
            if is_layer(row):
                yield row


def pairs_of(row: Row) -> Iterator[Pair]:
    return itertools.combinations(row.items(), 2)
