"""Canonical padding for vendors: its strings, its four sides, and the output_padding that makes up for them."""

from __future__ import annotations

from conformance.apis.common import DEFAULTS, four_sided, is_default, pair
from conformance.apis.contract import NoEquivalent
from conformance.case import Inputs, LayerName
from conformance.case.values import Arguments
from conv_reference import LAYERS


def give_sides(layer: LayerName, arguments: Arguments) -> Arguments | NoEquivalent:
    """For an API whose padding is (height, width) and has no strings."""
    padding = arguments.get("padding")
    if padding == "same":
        return spell_out_same(layer, arguments)
    if padding == "valid":
        return {"padding": 0}
    return give_two_sides(layer, arguments)


def give_two_sides(layer: LayerName, arguments: Arguments) -> Arguments | NoEquivalent:
    """For an API whose padding is (height, width); a string is passed on."""
    if "padding" not in arguments:
        return {}
    padding = arguments["padding"]
    sides = four_sided(padding)
    if sides is None:
        return {"padding": padding}
    if layer == "conv_transpose2d":
        return crop_alike(arguments)
    top, bottom, left, right = sides
    if top != bottom or left != right:
        return NoEquivalent("padding is the same on opposite sides")
    return {"padding": (top, left)}


def crop_alike(arguments: Arguments) -> Arguments | NoEquivalent:
    """A transposed layer's four-sided padding, and its output_padding, for an API whose padding has two sides.

    Output padding adds rows at the bottom and right, so these may be cropped by other numbers than the top and left:
    what is left of it has to be from 0 to below stride or dilation.
    """
    layer = {**DEFAULTS, **arguments}
    sides = four_sided(layer["padding"])
    assert sides is not None
    top, bottom, left, right = sides
    stride = pair(layer["stride"])
    dilation = pair(layer["dilation"])
    asked = pair(layer["output_padding"])
    if stride is None or dilation is None or asked is None:
        if top != bottom or left != right:
            return NoEquivalent("padding is the same on opposite sides")
        return {"padding": (top, left)}
    more = (top - bottom, left - right)
    if more == (0, 0):
        return {"padding": (top, left)}
    output_padding = (asked[0] + more[0], asked[1] + more[1])
    for axis, added in enumerate(output_padding):
        if added < 0 or (added and added >= max(stride[axis], dilation[axis])):
            return NoEquivalent("padding is the same on opposite sides, and output_padding adds less than a step")
    return {"padding": (top, left), "output_padding": output_padding}


def spell_out_same(layer: LayerName, arguments: Arguments, has_four_sides: bool = False) -> Arguments | NoEquivalent:
    """padding="same" as explicit padding and output_padding, for an API that has no such string.

    A convolution of stride 1 keeps its size with a total of dilation * (kernel - 1); a transposed one multiplies
    its size by the stride when dilation * (kernel - 1) + 1 - stride is cropped (or, negative, added).
    """
    if not is_default(arguments, "output_padding"):
        # Without the string it would be the layer of another padding, with which output_padding may go.
        return NoEquivalent("padding has no string that output_padding could go with")
    parameters = {**DEFAULTS, **arguments}
    kernel = pair(parameters["kernel_size"])
    stride = pair(parameters["stride"])
    dilation = pair(parameters["dilation"])
    if kernel is None or stride is None or dilation is None:
        return NoEquivalent("padding has no string")
    if layer == "conv2d" and stride != (1, 1):
        return NoEquivalent("padding has no string, and what it means at stride > 1 depends on the input's size")
    # For a convolution, whose stride is 1 here, both formulas are one.
    totals = [dilation[axis] * (kernel[axis] - 1) + 1 - stride[axis] for axis in (0, 1)]
    crops = [max(total, 0) for total in totals]
    padding = tuple(crop // 2 for crop in crops)
    if any(crop % 2 for crop in crops):
        if not has_four_sides:
            return NoEquivalent("padding has no string, and the same on opposite sides cannot make an odd total")
        padding = tuple(side for crop in crops for side in (crop // 2, crop - crop // 2))
    if layer == "conv2d" or min(totals) >= 0:
        return {"padding": padding}
    return {"padding": padding, "output_padding": tuple(max(-total, 0) for total in totals)}


def read_output_size(arguments: Arguments, output_size: tuple[int, int], inputs: Inputs) -> tuple[int, int]:
    """The output_padding of a transposed layer that is told how large its output is; where that is no size it has,
    one that no layer has.

    TypeError or ValueError where the canonical arguments are no layer's.
    """
    kernel = pair(arguments["kernel_size"])
    if kernel is None:
        raise TypeError(f"kernel_size {arguments['kernel_size']!r}")
    geometry = {name: arguments[name] for name in ("stride", "padding", "dilation")}
    rows, columns = inputs.shape[-2:]
    height, width = LAYERS["conv_transpose2d"].output_size((rows, columns), kernel, **geometry)
    return output_size[0] - height, output_size[1] - width
