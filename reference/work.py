"""What a call will cost, from its shapes and parameters alone: no array is made.

Upper estimates of what `arithmetic` does, by the very plans that it follows.
"""

from math import prod
from operator import add
from typing import NamedTuple, Unpack

from .cuts import Plan, plan_inputs, plan_outputs, plan_weight
from .geometry import Geometry, find_geometry
from .numbers import DType, dtype_name
from .parameters import LayerName, Parameters
from .threads import MOST
from .windows import Windows

# One slow core that others work on too. A quiet one does 3 to 10 times as much.
MULTIPLICATIONS_A_SECOND = 1e9
MOVES_A_SECOND = 1e8
CALLS_A_SECOND = 5e4

OVERHEAD = 1 << 18  # elements of everything that no shape makes larger


class Work(NamedTuple):
    """An upper estimate of what a computation takes.

    multiplications: of two real numbers, padding zeros included. moves: elements copied or added. calls: of NumPy, on
    a block of numbers each. bytes: the largest sum of arrays at one time, the results included, the caller's operands
    (taken as float64 or complex128) not.
    """

    multiplications: int
    moves: int
    calls: int
    bytes: int

    @property
    def seconds(self) -> float:
        """Time on one slow core. Threads and quicker processors make it less."""
        multiplying = self.multiplications / MULTIPLICATIONS_A_SECOND
        return multiplying + self.moves / MOVES_A_SECOND + self.calls / CALLS_A_SECOND


def estimate_work(
    layer: LayerName,
    x_shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    *,
    gradients: bool = False,
    bounded: bool = False,
    dtype: DType = "float64",
    **parameters: Unpack[Parameters],
) -> Work:
    """The work of a layer's output, or of its gradients, for finite operands.

    gradients: of the gradients alone; for both, add the times and take the larger memory. bounded: with error bounds.
    dtype: of the operands; what counts is whether it is complex. Shapes and parameters as the layer's function takes
    them, with its TypeError and ValueError.

    The bytes are an upper bound. The seconds are a guess that is right within a factor of ten or so.
    """
    geometry = find_geometry(layer, x_shape, weight_shape, **parameters)
    is_complex = dtype_name(dtype).startswith("complex")
    operands = prod(geometry.input_shape) + prod(geometry.kernels)
    results = prod(geometry.output_shape)
    if gradients:
        cost = _differentiate(geometry)
        operands, results = operands + results, operands
    else:
        cost = _compute(geometry)
    multiplications, moves, calls, elements = cost
    elements += OVERHEAD
    if is_complex:
        multiplications *= 4
        elements += operands  # conjugates are copies
    if bounded:
        # The layer thrice, twice on copies of the operands; then values, magnitudes, bounds and parts of them.
        multiplications, moves, calls = 3 * multiplications, 3 * moves + 10 * results, 3 * calls
        elements += operands + 6 * results
    return Work(multiplications, moves, calls, elements * (16 if is_complex else 8))


class _Cost(NamedTuple):
    """As `Work`, but memory in elements."""

    multiplications: int = 0
    moves: int = 0
    calls: int = 0
    elements: int = 0

    def and_then(self, other: "_Cost") -> "_Cost":
        """Both, one after the other, while the arrays of the first are still held."""
        return _Cost(*map(add, self, other))


def _compute(geometry: Geometry) -> _Cost:
    """The layer's output."""
    per_group = geometry.kernels[0] // geometry.groups
    if geometry.layer == "conv_transpose2d":
        return _scatter(geometry, geometry.plane)
    padded = _pad(geometry, geometry.in_channels)
    return padded.and_then(_correlate(geometry, per_group, geometry.kernels[1], geometry.plane))


def _differentiate(geometry: Geometry) -> _Cost:
    """All gradients."""
    per_group = geometry.kernels[0] // geometry.groups
    of_weight = _contract(geometry)
    if geometry.layer == "conv_transpose2d":
        of_x = _correlate(geometry, per_group, geometry.kernels[1], geometry.plane)
        return _pad(geometry, geometry.out_channels).and_then(of_weight).and_then(of_x)
    padded = _pad(geometry, geometry.in_channels)
    if geometry.padding_mode == "zeros":
        return padded.and_then(of_weight).and_then(_scatter(geometry, geometry.plane))
    # Padding has gradients too, which are added to their sources along one axis after the other.
    of_x = _scatter(geometry, geometry.plane.whole)
    return padded.and_then(of_weight).and_then(of_x).and_then(padded).and_then(padded)


def _pad(geometry: Geometry, channels: int) -> _Cost:
    rows, columns = geometry.plane
    padded = geometry.batch * channels * rows.padded * columns.padded
    return _Cost(moves=padded, elements=padded)


def _correlate(geometry: Geometry, kernels: int, channels: int, plane: Windows) -> _Cost:
    """`arithmetic.correlate`; kernels and channels are of one group."""
    rows, columns = plane
    plan = plan_outputs(geometry.batch, geometry.groups, kernels, channels, plane)
    outputs = geometry.batch * geometry.groups * kernels * rows.output * columns.output
    gathered = geometry.batch * geometry.groups * channels * rows.kernel * columns.kernel * rows.output * columns.output
    images, groups, some_kernels, some_rows, some_columns = _largest_pieces(plan.shares)
    (kernel_rows,) = _largest_pieces(plan.blocks)
    patches = channels * kernel_rows * columns.kernel
    block = images * groups * (patches + some_kernels) * some_rows * some_columns
    return _Cost(
        multiplications=outputs * channels * rows.kernel * columns.kernel,
        moves=gathered * len(plan.shares[2]) + outputs * plan.count_blocks(),
        calls=plan.count_shares() * plan.count_blocks(),
        elements=outputs + prod(geometry.kernels) + _at_once(plan) * block,
    )


def _contract(geometry: Geometry) -> _Cost:
    """`arithmetic.contract`."""
    rows, columns = geometry.plane
    kernels, channels = geometry.kernels[0] // geometry.groups, geometry.kernels[1]
    plan = plan_weight(geometry.batch, geometry.groups, kernels, channels, geometry.plane)
    weight = prod(geometry.kernels)
    gathered = geometry.batch * geometry.groups * channels * rows.kernel * columns.kernel * rows.output * columns.output
    groups, some_channels, kernel_rows = _largest_pieces(plan.shares)
    images, some_rows, some_columns = _largest_pieces(plan.blocks)
    terms = groups * some_channels * kernel_rows * columns.kernel
    block = images * terms * some_rows * some_columns + (images + 1) * kernels * terms
    return _Cost(
        multiplications=kernels * gathered,
        moves=gathered + weight * plan.count_blocks(),
        calls=plan.count_shares() * plan.count_blocks(),
        elements=weight + _at_once(plan) * block,
    )


def _scatter(geometry: Geometry, plane: Windows) -> _Cost:
    """`arithmetic.scatter`."""
    rows, columns = plane
    kernels, channels = geometry.kernels[0] // geometry.groups, geometry.kernels[1]
    inputs, positions = rows.input * columns.input, rows.output * columns.output
    if plane.can_turn:
        turned = plane.turned
        placed = geometry.batch * geometry.groups * kernels * turned.rows.input * turned.columns.input
        surroundings = _Cost(moves=placed, elements=placed + prod(geometry.kernels))
        return surroundings.and_then(_correlate(geometry, channels, kernels, turned))
    plan = plan_inputs(geometry.batch, geometry.groups, kernels, channels, plane)
    taps = rows.kernel * columns.kernel
    products = geometry.batch * geometry.groups * channels * taps * positions
    images, groups, some_channels = _largest_pieces(plan.shares)
    some_rows, some_taps = _largest_pieces(plan.blocks)
    block = images * groups * (some_channels * some_taps + kernels) * some_rows * columns.output
    return _Cost(
        multiplications=kernels * products,
        moves=3 * products,
        calls=plan.count_shares() * len(plan.blocks[0]) * (taps + len(plan.blocks[1])),
        elements=geometry.batch * geometry.groups * channels * inputs + prod(geometry.kernels) + _at_once(plan) * block,
    )


def _largest_pieces(axes: tuple[tuple[slice, ...], ...]) -> list[int]:
    """The size of the largest piece of each axis; the first is never smaller than another."""
    return [pieces[0].stop for pieces in axes]


def _at_once(plan: Plan) -> int:
    """How many blocks are in memory at one time."""
    return min(MOST, plan.count_shares())
