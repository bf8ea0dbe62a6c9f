"""How the work of a layer is cut into shares for threads, and a share into blocks that fit the cache.

Plans follow from sizes alone, never from the machine: so does the order of every sum. A small layer is one share.
All slices are of one axis; `CACHE` bounds what a block gathers or multiplies out, unless a single row of the kernel
at a single position is larger.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from .windows import Windows, ceil_div

CACHE = 1 << 18  # elements of a block: 2 MiB of float64, about a core's cache
WIDE = 256  # columns of a product from which BLAS is near its peak
SMALL = 1 << 20  # multiplications up to which threads cost more than they save
SHARES = 4  # of a large layer; few, as threads wait for each other between two calls of NumPy
TAPS = 64  # kernel taps multiplied out at once


class OutputShare(NamedTuple):
    """Outputs that one thread computes; `kernels` are output channels within a group."""

    images: slice
    groups: slice
    kernels: slice
    rows: slice
    columns: slice


class WeightShare(NamedTuple):
    """Kernel elements whose gradient one thread computes; `channels` are within a group."""

    groups: slice
    channels: slice
    kernel_rows: slice


class InputShare(NamedTuple):
    """Input channels that one thread adds to; `channels` are within a group."""

    images: slice
    groups: slice
    channels: slice


@dataclass(frozen=True)
class OutputPlan:
    """`correlate`: for each share the products of these kernel rows, added in their order."""

    shares: Sequence[OutputShare]
    kernel_rows: Sequence[slice]


@dataclass(frozen=True)
class WeightPlan:
    """`contract`: for each share the products of these output (rows, columns), added in their order."""

    shares: Sequence[WeightShare]
    blocks: Sequence[tuple[slice, slice]]


@dataclass(frozen=True)
class InputPlan:
    """`scatter`: for each share the products of these output rows and these taps, row after row of the kernel."""

    shares: Sequence[InputShare]
    rows: Sequence[slice]
    taps: Sequence[slice]


def cut(count: int, most: int) -> list[slice]:
    """The positions [0, count) in pieces as even as can be, none larger than `most`."""
    if count == 0:
        return []
    size = ceil_div(count, ceil_div(count, max(most, 1)))
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def cut_plane(rows: int, columns: int, room: int) -> list[tuple[slice, slice]]:
    """Blocks of (rows, columns) of at most `room` positions: whole rows, or parts of one row."""
    if columns > room:
        return list(product(cut(rows, 1), cut(columns, room)))
    return list(product(cut(rows, room // columns), cut(columns, columns)))


@lru_cache(maxsize=4096)
def plan_outputs(images: int, groups: int, kernels: int, channels: int, plane: Windows) -> OutputPlan:
    """The plan of a correlation; `kernels` and `channels` are of one group."""
    rows, columns = plane
    positions = rows.output * columns.output
    row_terms = channels * columns.kernel
    terms = row_terms * rows.kernel
    if is_small(images * groups * terms * positions, kernels):
        everything = OutputShare(*map(whole, (images, groups, kernels, rows.output, columns.output)))
        return OutputPlan([everything], [whole(rows.kernel)])

    kernel_rows = [whole(rows.kernel)]
    if terms * min(WIDE, positions) > CACHE:
        kernel_rows = cut(rows.kernel, 1)
        terms = row_terms
    room = max(CACHE // max(terms, 1), 1)
    shares_of_kernels = cut(kernels, kernels)
    of_each_thread = ceil_div(images * groups * positions, SHARES)
    if of_each_thread >= WIDE or images * groups >= SHARES:
        room = min(room, of_each_thread)
    else:  # too few positions for wide products
        shares_of_kernels = cut(kernels, ceil_div(kernels, SHARES))
    shares_of_groups = cut(groups, room // positions)
    blocks = cut_plane(rows.output, columns.output, room)
    shares = product(cut(images, 1), shares_of_groups, shares_of_kernels, blocks)
    return OutputPlan([OutputShare(n, g, k, *block) for n, g, k, block in shares], kernel_rows)


@lru_cache(maxsize=4096)
def plan_weight(images: int, groups: int, kernels: int, channels: int, plane: Windows) -> WeightPlan:
    """The plan of a contraction; `kernels` and `channels` are of one group."""
    rows, columns = plane
    positions = rows.output * columns.output
    taps = rows.kernel * columns.kernel
    if is_small(images * groups * channels * taps * positions, kernels):
        everything = WeightShare(*map(whole, (groups, channels, rows.kernel)))
        return WeightPlan([everything], [(whole(rows.output), whole(columns.output))])

    of_groups, of_channels, of_rows = 1, channels, rows.kernel
    if groups >= SHARES:
        of_groups = min(ceil_div(groups, SHARES), CACHE // (channels * taps * positions))
    elif channels >= SHARES:
        of_channels = ceil_div(channels, SHARES)
    else:
        of_rows = ceil_div(rows.kernel, SHARES)
    of_groups = max(of_groups, 1)
    if of_groups * of_channels * of_rows * columns.kernel * min(WIDE, positions) > CACHE:
        of_rows = 1
    room = max(CACHE // max(of_groups * of_channels * of_rows * columns.kernel, 1), 1)
    shares = product(cut(groups, of_groups), cut(channels, of_channels), cut(rows.kernel, of_rows))
    return WeightPlan(
        [WeightShare(*share) for share in shares],
        cut_plane(rows.output, columns.output, room),
    )


@lru_cache(maxsize=4096)
def plan_inputs(images: int, groups: int, kernels: int, channels: int, plane: Windows) -> InputPlan:
    """The plan of a sum by taps; `kernels` and `channels` are of one group."""
    rows, columns = plane
    positions = rows.output * columns.output
    taps = rows.kernel * columns.kernel
    if is_small(images * groups * channels * taps * positions, kernels):
        everything = InputShare(*map(whole, (images, groups, channels)))
        return InputPlan([everything], [whole(rows.output)], [whole(taps)])

    at_once = min(taps, TAPS)
    room = max(CACHE // (at_once * positions), 1)  # channels of all positions
    of_groups = min(ceil_div(groups, SHARES), room // max(channels, 1))
    of_channels = channels
    if of_groups == 0 or groups < SHARES:
        of_groups = 1
        of_channels = min(ceil_div(channels, SHARES), room)
    shares = product(cut(images, 1), cut(groups, of_groups), cut(channels, of_channels))
    of_rows = CACHE // max(of_groups * of_channels * at_once * columns.output, 1)
    return InputPlan([InputShare(*share) for share in shares], cut(rows.output, of_rows), cut(taps, at_once))


def is_small(elements: int, partners: int) -> bool:
    """Whether one product is best: so many elements are gathered or made, each meeting `partners` others."""
    return elements * max(partners, 1) <= SMALL


def whole(count: int) -> slice:
    """All of an axis."""
    return slice(0, count)
