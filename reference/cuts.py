"""How the work of a layer is cut into shares for threads, and a share into blocks that fit the cache.

A plan holds the pieces of each axis; a share or a block is one piece of each. Plans follow from sizes alone, never
from the machine: so does the order of every sum. A small layer is one share.
"""

from collections.abc import Iterable
from functools import lru_cache
from itertools import product
from math import prod
from typing import NamedTuple, TypeAlias

from .windows import Windows, ceil_div

Pieces: TypeAlias = tuple[slice, ...]

CACHE = 1 << 18  # elements gathered or multiplied out for a block: 2 MiB of float64, about a core's cache
WIDE = 256  # columns of a product from which BLAS is near its peak
SMALL = 1 << 20  # multiplications up to which threads cost more than they save
SHARES = 4  # of a large layer; few, as threads wait for each other between two calls of NumPy
TAPS = 64  # kernel taps multiplied out at once


class Plan(NamedTuple):
    """Shares are pieces of the result, blocks pieces of what each element sums, in their order."""

    shares: tuple[Pieces, ...]
    blocks: tuple[Pieces, ...]

    def each_share(self) -> Iterable[tuple[slice, ...]]:
        """One piece of each axis of the result."""
        return product(*self.shares)

    def each_block(self) -> Iterable[tuple[slice, ...]]:
        """One piece of each axis that is summed over."""
        return product(*self.blocks)

    def count_shares(self) -> int:
        """How many shares there are."""
        return prod(map(len, self.shares))

    def count_blocks(self) -> int:
        """How many blocks each share has."""
        return prod(map(len, self.blocks))


@lru_cache(maxsize=4096)
def plan_outputs(images: int, groups: int, kernels: int, channels: int, plane: Windows) -> Plan:
    """A correlation. Shares: images, groups, kernels of a group, output rows, columns. Blocks: kernel rows."""
    rows, columns = plane
    positions = rows.output * columns.output
    terms = channels * rows.kernel * columns.kernel
    if is_small(images * groups * terms * positions, kernels):
        return plan_whole((images, groups, kernels, rows.output, columns.output), (rows.kernel,))

    kernel_rows = whole(rows.kernel)
    if terms * min(WIDE, positions) > CACHE:
        kernel_rows = cut(rows.kernel, 1)
        terms = channels * columns.kernel
    room = max(CACHE // terms, 1)
    some_kernels = whole(kernels)
    of_each_share = ceil_div(images * groups * positions, SHARES)
    if of_each_share >= WIDE or images * groups >= SHARES:
        room = min(room, of_each_share)
    else:  # too few positions for wide products
        some_kernels = cut(kernels, ceil_div(kernels, SHARES))
    plane_pieces = cut_plane(rows.output, columns.output, room)
    return Plan((cut(images, 1), cut(groups, room // positions), some_kernels, *plane_pieces), (kernel_rows,))


@lru_cache(maxsize=4096)
def plan_weight(images: int, groups: int, kernels: int, channels: int, plane: Windows) -> Plan:
    """A contraction. Shares: groups, channels of a group, kernel rows. Blocks: images, output rows, columns."""
    rows, columns = plane
    positions = rows.output * columns.output
    taps = rows.kernel * columns.kernel
    if is_small(images * groups * channels * taps * positions, kernels):
        return plan_whole((groups, channels, rows.kernel), (images, rows.output, columns.output))

    of_groups, of_channels, of_rows = 1, channels, rows.kernel
    if groups >= SHARES:
        of_groups = min(ceil_div(groups, SHARES), max(CACHE // (channels * taps * positions), 1))
    elif channels >= SHARES:
        of_channels = ceil_div(channels, SHARES)
    else:
        of_rows = ceil_div(rows.kernel, SHARES)
    terms = of_groups * of_channels * columns.kernel
    if terms * of_rows * min(WIDE, positions) > CACHE:
        of_rows = 1
    room = max(CACHE // (terms * of_rows), 1)
    shares = cut(groups, of_groups), cut(channels, of_channels), cut(rows.kernel, of_rows)
    return Plan(shares, (cut(images, 1), *cut_plane(rows.output, columns.output, room)))


@lru_cache(maxsize=4096)
def plan_inputs(images: int, groups: int, kernels: int, channels: int, plane: Windows) -> Plan:
    """A sum by taps. Shares: images, groups, channels of a group. Blocks: output rows, taps."""
    rows, columns = plane
    positions = rows.output * columns.output
    taps = rows.kernel * columns.kernel
    if is_small(images * groups * channels * taps * positions, kernels):
        return plan_whole((images, groups, channels), (rows.output, taps))

    at_once = max(min(taps, TAPS, CACHE // columns.output), 1)
    room = max(CACHE // (at_once * positions), 1)  # channels of all positions
    of_groups, of_channels = 1, min(ceil_div(channels, SHARES), room)
    if groups >= SHARES and room >= channels:
        of_groups, of_channels = min(ceil_div(groups, SHARES), room // channels), channels
    of_rows = CACHE // (of_groups * of_channels * at_once * columns.output)
    shares = cut(images, 1), cut(groups, of_groups), cut(channels, of_channels)
    return Plan(shares, (cut(rows.output, of_rows), cut(taps, at_once)))


def is_small(elements: int, partners: int) -> bool:
    """Whether one product is best: so many elements are gathered or made, each meeting `partners` others."""
    return elements * max(partners, 1) <= SMALL


def plan_whole(shares: tuple[int, ...], blocks: tuple[int, ...]) -> Plan:
    """One share of one block."""
    return Plan(tuple(map(whole, shares)), tuple(map(whole, blocks)))


def whole(count: int) -> Pieces:
    """An axis in one piece."""
    return (slice(0, count),)


def cut(count: int, most: int) -> Pieces:
    """The positions [0, count), one piece if there are none, else as even as can be and none above `most`, or 1."""
    if count == 0:
        return whole(count)
    size = ceil_div(count, ceil_div(count, max(most, 1)))
    return tuple(slice(start, min(start + size, count)) for start in range(0, count, size))


def cut_plane(rows: int, columns: int, room: int) -> tuple[Pieces, Pieces]:
    """Rows and columns in pieces of at most `room` positions together: whole rows, or parts of single rows."""
    if columns > room:
        return cut(rows, 1), cut(columns, room)
    return cut(rows, room // columns), whole(columns)
