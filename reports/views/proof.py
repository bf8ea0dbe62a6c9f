"""Whether a case can prove how an API says a parameter.

It can where the output has elements and the parameter matters: at its default the answer would be another one. A
results file does not hold what the oracle answers then, so it is decided by geometry, on the safe side. The suite's
inputs are asymmetric and free of zeros (its vacuity check holds them to it), so a bias, another grouping and a shifted
window always show; a stride does not where the output has one step, nor a dilation where the kernel has one element,
nor a padding mode where nothing is padded, nor an output_padding where all that it adds are zeros.
"""

from __future__ import annotations

from ..results.records import Case
from .aspects import Aspect, complete_arguments
from .geometry import Axis, Geometry, list_axes, measure


def can_prove(case: Case, aspect: Aspect) -> bool:
    """Whether a case that conforms with its values compared proves the aspect."""
    geometry = measure(case)
    if geometry is None or geometry.is_empty:
        return False
    match aspect.parameter:
        case "stride":
            return _steps(case, geometry)
        case "dilation":
            return any(axis.dilation > 1 and axis.kernel > 1 for axis in geometry.axes)
        case "output_padding":
            return any(_adds(case, axis) for axis in geometry.axes)
        case "padding":
            return _pads(case, geometry)
        case "padding_mode":
            return geometry.padding != "valid" and _pads(case, geometry)
        case _:
            return True


def _steps(case: Case, geometry: Geometry) -> bool:
    """Whether a stride is taken at all: between two windows, or between two elements that a window each comes from."""
    for axis, size in list_axes(geometry):
        steps = axis.size if case.layer == "conv_transpose2d" else size
        if axis.stride > 1 and steps > 1:
            return True
    return False


def _adds(case: Case, axis: Axis) -> bool:
    """Whether output_padding adds elements that a product reaches, or a bias."""
    _, after = axis.padding or (0, 0)
    return axis.output_padding > 0 and (after > 0 or complete_arguments(case)["bias"] is True)


def _pads(case: Case, geometry: Geometry) -> bool:
    """Whether no padding would be another answer; of ``valid``, which is no padding, whether ``same`` would be."""
    if not geometry.padding:
        return any(axis.padding != (0, 0) for axis in geometry.axes)
    for axis in geometry.axes:
        if case.layer == "conv_transpose2d":
            if axis.reach != axis.stride:
                return True
        elif (-(-axis.size // axis.stride) - 1) * axis.stride + axis.reach > axis.size:
            return True
    return False
