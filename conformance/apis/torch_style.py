"""Classes that take torch's arguments: those of torch.nn, and of mindspore.mint.nn, which repeats them."""

from __future__ import annotations

from conformance.apis.common import DEFAULTS, dtype_argument, pair
from conformance.apis.contract import NoEquivalent
from conformance.apis.padding import give_sides, give_two_sides, read_output_size
from conformance.case import Inputs, LayerName
from conformance.case.values import Arguments, Value

# Arguments of these classes that no layer has.
OWN = ("dtype", "device", "output_size")


def module_to_vendor(layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
    padding = padding_to_vendor(layer, arguments)
    if isinstance(padding, NoEquivalent):
        return padding
    return {**arguments, **padding, **dtype_argument(inputs)}


def module_to_canonical(arguments: Arguments, inputs: Inputs | None) -> Arguments:
    passed_on = {name: value for name, value in arguments.items() if name not in OWN}
    canonical = {**DEFAULTS, **passed_on}
    output_size = read_spatial_sizes(arguments.get("output_size"))
    if output_size is None or inputs is None:
        return canonical
    return {**canonical, "output_padding": read_output_size(canonical, output_size, inputs)}


def read_spatial_sizes(output_size: Value) -> tuple[int, int] | None:
    """Height and width of an output size, which may have batch and channels before them."""
    sizes = output_size[-2:] if isinstance(output_size, tuple | list) and len(output_size) == 4 else output_size
    return pair(sizes) if isinstance(sizes, tuple | list) else None


def padding_to_vendor(layer: LayerName, arguments: Arguments) -> Arguments | NoEquivalent:
    """Padding is two-sided; for a convolution it may be "same", with stride 1, or "valid"."""
    if layer == "conv_transpose2d":
        return give_sides(layer, arguments)
    if arguments.get("padding") == "same" and pair(arguments.get("stride", 1)) not in ((1, 1), None):
        return NoEquivalent('padding="same" is documented for stride 1 only')
    return give_two_sides(layer, arguments)
