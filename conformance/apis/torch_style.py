"""Classes that take torch's arguments: those of torch.nn, and of mindspore.mint.nn, which repeats them."""

from __future__ import annotations

from conformance.apis.common import DEFAULTS, dtype_argument, pair
from conformance.apis.contract import NoEquivalent
from conformance.apis.padding import give_sides, give_two_sides
from conformance.case import Inputs, LayerName
from conformance.case.values import Arguments

# Arguments of these classes that no layer has.
OWN = ("dtype", "device")


def module_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    padding = padding_to_vendor(layer, arguments)
    if isinstance(padding, NoEquivalent):
        return padding
    return {**arguments, **padding, **dtype_argument(inputs)}


def module_to_canonical(arguments: Arguments, inputs: Inputs | None) -> Arguments:
    passed_on = {name: value for name, value in arguments.items() if name not in OWN}
    return {**DEFAULTS, **passed_on}


def padding_to_vendor(layer: LayerName, arguments: Arguments) -> Arguments | NoEquivalent:
    """Padding is two-sided; for a convolution it may be "same", with stride 1, or "valid"."""
    if layer == "conv_transpose2d":
        return give_sides(layer, arguments)
    if arguments.get("padding") == "same" and pair(arguments.get("stride", 1)) not in ((1, 1), None):
        return NoEquivalent('padding="same" is documented for stride 1 only')
    return give_two_sides(layer, arguments)
