"""The sizes of a canonical layer's output, as far as integers say them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..results.records import Case
from ..results.values import to_integers
from .aspects import complete_arguments


class Axis(NamedTuple):
    """One spatial axis of a call. `padding` has both sides, None where the call says it with a string."""

    size: int
    kernel: int
    stride: int
    dilation: int
    padding: tuple[int, int] | None
    output_padding: int

    @property
    def reach(self) -> int:
        """From the first to the last element that the kernel touches."""
        return self.dilation * (self.kernel - 1) + 1


@dataclass(frozen=True)
class Geometry:
    """Of a call: its batch and channels, its axes, and what its layer makes of an axis."""

    others: tuple[int, ...]
    axes: tuple[Axis, Axis]
    measure: Callable[[Axis, str], int]
    padding: str

    def sizes(self) -> tuple[int, int]:
        """The output's height and width."""
        height, width = (self.measure(axis, self.padding) for axis in self.axes)
        return height, width

    @property
    def is_empty(self) -> bool:
        """Whether the output has no element."""
        return min(*self.others, *self.sizes()) < 1


def _measure_convolution(axis: Axis, padding: str) -> int:
    if padding == "same":
        return -(-axis.size // axis.stride)
    before, after = axis.padding or (0, 0)
    return (axis.size + before + after - axis.reach) // axis.stride + 1


def _measure_transposed(axis: Axis, padding: str) -> int:
    if padding == "same":
        return axis.size * axis.stride
    before, after = axis.padding or (0, 0)
    return (axis.size - 1) * axis.stride + axis.reach - before - after + axis.output_padding


_MEASURES: dict[str, Callable[[Axis, str], int]] = {
    "conv2d": _measure_convolution,
    "conv_transpose2d": _measure_transposed,
}


def measure(case: Case) -> Geometry | None:
    """The geometry of a canonical case; None where its sizes are no plain integers."""
    shape = to_integers((case.inputs or {}).get("shape"))
    arguments = complete_arguments(case)
    pairs = [_to_pair(arguments.get(name)) for name in ("kernel_size", "stride", "dilation", "output_padding")]
    padding = arguments["padding"]
    sides = (None, None) if isinstance(padding, str) else _to_sides(padding)
    out_channels = to_integers(arguments.get("out_channels"))
    if shape is None or len(shape) not in (3, 4) or None in pairs or sides is None or out_channels is None:
        return None
    kernel, stride, dilation, extra = (pair for pair in pairs if pair is not None)
    if case.layer not in _MEASURES or min(stride) < 1:
        return None
    height, width = (
        Axis(shape[place - 2], kernel[place], stride[place], dilation[place], sides[place], extra[place])
        for place in range(2)
    )
    word = padding if isinstance(padding, str) else ""
    return Geometry((*shape[:-3], *out_channels), (height, width), _MEASURES[case.layer], word)


def _to_pair(value: Any) -> tuple[int, int] | None:
    numbers = to_integers(value)
    match numbers:
        case (both,):
            return both, both
        case (height, width):
            return height, width
        case _:
            return None


def _to_sides(value: Any) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Before and after of each axis."""
    numbers = to_integers(value)
    match numbers:
        case (all_sides,):
            return (all_sides, all_sides), (all_sides, all_sides)
        case (height, width):
            return (height, height), (width, width)
        case (top, bottom, left, right):
            return (top, bottom), (left, right)
        case _:
            return None


def list_axes(geometry: Geometry) -> Iterator[tuple[Axis, int]]:
    """Each axis with the output's size along it."""
    yield from zip(geometry.axes, geometry.sizes(), strict=True)
