"""The three products every layer and gradient is made of, on float64, complex128 or int64 arrays.

All follow one definition, for a padded input p, with g = groups and `Window` positions:

    output[n, o, y, x] = sum over c, i, j of weight[o, c, i, j] * p[n, c', y*s + i*d, x*s + j*d]

- `correlate` computes it;
- `scatter` is its adjoint in p (the transposed layer, and the input gradient);
- `contract` is its adjoint in the weight.

Shapes: x (N, C, H, W), weight (O, C / groups, kH, kW), y (N, O, outH, outW). Shapes are trusted
here; the public functions check them.

A small product gathers all patches and multiplies once. A large one is cut into blocks whose
patches fit the cache, one BLAS call each, on a few threads (NumPy releases the GIL in both); the
order of every sum is fixed by the shapes, so the threads never change a bit of the result.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

import numpy as np

from .geometry import Phase, Window, Windows, padding_source, phases

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Item = TypeVar("Item")
Result = TypeVar("Result")

SMALL = 1 << 23  # multiplications up to which one gather and one product are fastest
BLOCK = 1 << 18  # elements of a block of patches: 2 MiB of float64, to stay in the cache
REUSE = 8  # output positions for each source channel from which rearranged kernels pay
WIDE = 448  # columns of a product from which BLAS is near its peak
PIECES = 4  # shares of work to spread over threads; fixed, so that sums do not depend on the machine


def pad(x: Array, plane: Windows, mode: str) -> Array:
    """`x` with its padding written out: zeros are operands like any other (0 * inf is NaN).

    A negative padding leaves that many elements out.
    """
    rows, columns = plane
    if not (rows.before or rows.after or columns.before or columns.after):
        return x
    if mode == "zeros":
        padded = np.zeros((*x.shape[:2], rows.padded, columns.padded), x.dtype)
        (to_rows, from_rows), (to_columns, from_columns) = _overlap(rows), _overlap(columns)
        padded[:, :, to_rows, to_columns] = x[:, :, from_rows, from_columns]
        return padded
    repeated: Array = x[:, :, padding_source(rows, mode)][..., padding_source(columns, mode)]
    return np.ascontiguousarray(repeated)


@lru_cache(maxsize=4096)
def _overlap(window: Window) -> tuple[slice, slice]:
    """Where the input lies in its padded self, and which part of it does."""
    skipped = max(-window.before, 0)
    kept = max(window.input - skipped - max(-window.after, 0), 0)
    start = max(window.before, 0)
    return slice(start, start + kept), slice(skipped, skipped + kept)


def unpad(y: Array, weight: Array, plane: Windows, groups: int, mode: str) -> Array:
    """The adjoint of padding and correlating, in the input: (N, C, H, W).

    What falls on padding zeros is dropped; what falls on a repeated position goes to its source.
    """
    if mode == "zeros":
        return scatter(y, weight, plane, groups)
    rows, columns = plane
    whole = Windows(
        rows._replace(input=rows.padded, before=0, after=0),
        columns._replace(input=columns.padded, before=0, after=0),
    )
    folded = _fold(scatter(y, weight, whole, groups), rows, mode)
    folded = _fold(folded.swapaxes(2, 3), columns, mode).swapaxes(2, 3)
    return np.ascontiguousarray(folded)


def _fold(padded: Array, window: Window, mode: str) -> Array:
    if not (window.before or window.after):
        return padded
    middle = slice(window.before, window.before + window.input)
    folded = padded[:, :, middle].copy()
    for position, source in enumerate(padding_source(window, mode)):
        if not middle.start <= position < middle.stop:
            folded[:, :, source] += padded[:, :, position]
    return folded


def correlate(padded: Array, weight: Array, plane: Windows, groups: int) -> Array:
    """The convolution of a padded input: (N, O, outH, outW)."""
    (rows, columns), batch, out_channels = plane, padded.shape[0], weight.shape[0]
    windows, kernels = _windows(padded, plane, groups), _matrices(weight, groups)
    _, per_group, terms = kernels.shape
    width, positions = columns.output, rows.output * columns.output
    if _is_small(windows.size, per_group):
        product: Array = kernels @ windows.reshape(batch, groups, terms, positions)
        return product.reshape(batch, out_channels, rows.output, width)
    output = np.empty((batch, out_channels, rows.output, width), padded.dtype)
    grouped = output.reshape(batch, groups, per_group, positions)
    pointwise = terms == weight.shape[1] and windows.flags.c_contiguous
    together, strip = _block(groups, rows.output, terms * width)
    if together == 1 and positions < PIECES * WIDE:
        _correlate_narrow(windows, kernels, grouped)
        return output
    if together == 1:
        strip = max(strip, min(_even(rows.output, rows.output), -(-WIDE // width)))

    def strip_of_rows(item: tuple[int, int, int], buffer: Array) -> None:
        n, group, top = item
        some, bottom = slice(group, group + together), min(top + strip, rows.output)
        columns_of = slice(top * width, bottom * width)
        if pointwise:
            operands = windows[n].reshape(groups, terms, positions)[some, :, columns_of]
        else:
            source = windows[n, some, :, :, :, top:bottom]
            patches = buffer[: source.size].reshape(source.shape)
            np.copyto(patches, source)
            operands = patches.reshape(-1, terms, (bottom - top) * width)
        np.matmul(kernels[some], operands, out=grouped[n, some, :, columns_of])

    _run(
        strip_of_rows,
        [
            (n, group, top)
            for n in range(batch)
            for group in range(0, groups, together)
            for top in range(0, rows.output, strip)
        ],
        0 if pointwise else together * strip * terms * width,
        padded.dtype,
    )
    return output


def correlate_with_magnitude(padded: Array, weight: Array, plane: Windows, groups: int) -> tuple[Array, Array]:
    """`correlate`, and `correlate` of the absolute values; one gather serves both where it is small."""
    (rows, columns), batch = plane, padded.shape[0]
    windows, kernels = _windows(padded, plane, groups), _matrices(weight, groups)
    if not _is_small(windows.size, kernels.shape[1]):
        return (
            correlate(padded, weight, plane, groups),
            correlate(np.abs(padded), np.abs(weight), plane, groups),
        )
    patches = windows.reshape(batch, groups, kernels.shape[2], rows.output * columns.output)
    product, magnitude = kernels @ patches, np.abs(kernels) @ np.abs(patches)
    shape = batch, weight.shape[0], rows.output, columns.output
    return product.reshape(shape), magnitude.reshape(shape)


def _correlate_narrow(windows: Array, kernels: Array, output: Array) -> None:
    """Few output positions: gather their patches once, then share out the kernels."""
    groups, per_group, terms = kernels.shape
    some = _even(per_group, per_group)
    for n in range(len(windows)):
        for group in range(groups):
            patches = windows[n, group].reshape(terms, output.shape[-1])

            def share_of_kernels(
                first: int, _: Array, n: int = n, group: int = group, patches: Array = patches
            ) -> None:
                which = slice(first, first + some)
                np.matmul(kernels[group, which], patches, out=output[n, group, which])

            _run(share_of_kernels, list(range(0, per_group, some)), 0, windows.dtype)


def scatter(y: Array, weight: Array, plane: Windows, groups: int) -> Array:
    """The adjoint of `correlate` in the input, its padding left out: (N, C, H, W).

    Every product is of an element of `y` and one of `weight`: an infinite weight meets only the
    elements that it should. Only with a finite weight is `y` padded with zeros, which then add
    nothing.
    """
    rows, columns = plane
    positions, source = rows.output * columns.output, weight.shape[0] // groups
    spread = y.shape[0] * groups * positions * weight.size // max(len(weight), 1)
    if _is_small(spread, source):
        gathering = rows.stride == columns.stride == 1
    else:
        gathering = source <= 2 * weight.shape[1] and positions > REUSE * source
    # A sum is finite only where every weight is; where it overflows, taps are merely slower.
    if gathering and np.isfinite(weight.sum()):
        return _scatter_by_phase(y, weight, plane, groups)
    return _scatter_by_tap(y, weight, plane, groups)


def _scatter_by_phase(y: Array, weight: Array, plane: Windows, groups: int) -> Array:
    """One correlation for all positions that the same taps reach."""
    rows, columns = plane
    out_channels, channels, height, width = weight.shape
    reversed_roles = (
        weight.reshape(groups, out_channels // groups, channels, height, width)
        .swapaxes(1, 2)
        .reshape(groups * channels, out_channels // groups, height, width)
    )
    shape = y.shape[0], groups * channels, rows.input, columns.input
    if rows.stride == columns.stride == 1 and rows.input and columns.input:
        (down,), (across,) = phases(rows), phases(columns)
        return _phase(y, reversed_roles, down, across, groups)
    x = np.zeros(shape, y.dtype)
    for down in phases(rows):
        for across in phases(columns):
            if down.window is not None and across.window is not None:
                x[:, :, down.first :: rows.stride, across.first :: columns.stride] = _phase(
                    y, reversed_roles, down, across, groups
                )
    return x


def _phase(y: Array, weight: Array, down: Phase, across: Phase, groups: int) -> Array:
    assert down.window is not None
    assert across.window is not None
    taps = weight[:, :, down.start :: down.step, across.start :: across.step]
    windows = Windows(down.window, across.window)
    kernel = np.ascontiguousarray(taps[:, :, ::-1, ::-1])
    return correlate(pad(y, windows, "zeros"), kernel, windows, groups)


def _scatter_by_tap(y: Array, weight: Array, plane: Windows, groups: int) -> Array:
    """One product for all taps, each tap's then added where it belongs.

    Sums are kept apart by position modulo stride, where neighbours are contiguous, until the end.
    """
    (rows, columns), batch = plane, y.shape[0]
    kernels = _matrices(weight, groups).swapaxes(1, 2)
    _, terms, per_group = kernels.shape
    channels, width = weight.shape[1], columns.output
    grouped = y.reshape(batch, groups, per_group, rows.output * width)
    further = (rows.extent - 1) // rows.stride
    shape = (
        batch,
        groups,
        channels,
        rows.stride,
        columns.stride,
        max(rows.output + further, -(-(rows.before + rows.input) // rows.stride)),
        max(
            columns.output + (columns.extent - 1) // columns.stride,
            -(-(columns.before + columns.input) // columns.stride),
        ),
    )
    sums = np.zeros(shape, y.dtype)
    if _is_small(batch * terms * groups * rows.output * width, per_group):
        images = batch * groups * channels
        spread = (kernels @ grouped).reshape(images, rows.kernel, columns.kernel, rows.output, width)
        _add_taps(sums.reshape(images, *shape[3:]), spread, plane)
    else:
        # Enough channels: each share adds up its own. Else each share of rows, then all of them.
        by_rows = batch * groups * channels < 2 * PIECES
        piece = _even(rows.output, rows.output) if by_rows else rows.output
        strip = min(piece, max(-(-WIDE // width), BLOCK // max(terms * width, 1)))
        each = rows.kernel * columns.kernel
        some = channels if by_rows else _even(channels, max(1, BLOCK // (each * strip * width)))

        def share(item: tuple[int, int, int, int], buffer: Array) -> Array:
            n, group, first, start = item
            last, stop = min(first + piece, rows.output), min(start + some, channels)
            if by_rows:
                own = np.zeros((*shape[2:5], last - first + further, shape[6]), y.dtype)
            else:
                own = sums[n, group, start:stop]
            left = kernels[group, start * each : stop * each]
            for top in range(first, last, strip):
                bottom = min(top + strip, last)
                spread = buffer[: len(left) * (bottom - top) * width].reshape(len(left), -1)
                right = grouped[n, group, :, top * width : bottom * width]
                np.matmul(left, right, out=spread)
                taps = spread.reshape(-1, rows.kernel, columns.kernel, bottom - top, width)
                _add_taps(own[..., top - first :, :], taps, plane)
            return own

        items = [
            (n, group, first, start)
            for n in range(batch)
            for group in range(groups)
            for first in range(0, rows.output, piece)
            for start in range(0, channels, some)
        ]
        parts = _run(share, items, some * each * strip * width, y.dtype)
        if by_rows:
            for (n, group, first, _), part in zip(items, parts, strict=True):
                sums[n, group, ..., first : first + part.shape[3], :] += part
    whole = sums.transpose(0, 1, 2, 5, 3, 6, 4).reshape(
        batch, groups * channels, shape[5] * rows.stride, shape[6] * columns.stride
    )
    return whole[
        :,
        :,
        rows.before : rows.before + rows.input,
        columns.before : columns.before + columns.input,
    ]


def _add_taps(sums: Array, taps: Array, plane: Windows) -> None:
    """Add (..., kH, kW, rows, width) to (..., strides, rows and more, width and more)."""
    rows, columns = plane
    height, width = taps.shape[-2:]
    for i in range(rows.kernel):
        top, down = divmod(i * rows.dilation, rows.stride)
        for j in range(columns.kernel):
            left, across = divmod(j * columns.dilation, columns.stride)
            sums[..., down, across, top : top + height, left : left + width] += taps[..., i, j, :, :]


def reached(window: Window) -> list[tuple[slice, slice]]:
    """For each kernel tap the output positions that meet a real input position, and those input positions."""
    found = []
    for k in range(window.kernel):
        shift = k * window.dilation - window.before
        first = max(-(shift // window.stride), 0)
        last = min((window.input - 1 - shift) // window.stride, window.output - 1)
        count = max(last - first + 1, 0)
        start = first * window.stride + shift
        inputs = slice(start, start + (count - 1) * window.stride + 1, window.stride) if count else slice(0, 0)
        found.append((slice(first, first + count), inputs))
    return found


def adjoints_by_tap(grad: Array, x: Array, weight: Array, plane: Windows, groups: int) -> tuple[Array, Array]:
    """A transposed layer's gradients in x and weight from real products alone, tap by tap.

    What the padding crops is in no product, where `correlate` and `contract` would multiply it by zero. That
    differs only for operands that are not finite.
    """
    batch, channels = x.shape[:2]
    per_group = weight.shape[1]
    x_of = x.reshape(batch, groups, channels // groups, *x.shape[2:])
    grad_of = grad.reshape(batch, groups, per_group, *grad.shape[2:])
    weight_of = weight.reshape(groups, channels // groups, *weight.shape[1:])
    grad_x = np.zeros_like(x_of, dtype=grad.dtype)
    grad_weight = np.zeros_like(weight_of, dtype=grad.dtype)
    for i, (rows, grad_rows) in enumerate(reached(plane.rows)):
        for j, (columns, grad_columns) in enumerate(reached(plane.columns)):
            meets = grad_of[..., grad_rows, grad_columns]
            grad_x[..., rows, columns] += np.einsum("gco,ngohw->ngchw", weight_of[..., i, j], meets)
            grad_weight[..., i, j] = np.einsum("ngchw,ngohw->gco", x_of[..., rows, columns], meets)
    return grad_x.reshape(x.shape), grad_weight.reshape(weight.shape)


def contract(padded: Array, y: Array, plane: Windows, groups: int) -> Array:
    """The adjoint of `correlate` in the weight: (O, C / groups, kH, kW)."""
    (rows, columns), (batch, out_channels) = plane, y.shape[:2]
    windows = _windows(padded, plane, groups)
    channels, taps, width = windows.shape[2], rows.kernel * columns.kernel, columns.output
    per_group = out_channels // groups
    grouped = y.reshape(batch, groups, per_group, rows.output * width)
    if _is_small(windows.size, per_group):
        right = windows.reshape(batch, groups, channels * taps, rows.output * width)
        of_each = grouped @ right.swapaxes(2, 3)
        summed: Array = of_each.sum(axis=0, dtype=of_each.dtype)
        return summed.reshape(out_channels, channels, rows.kernel, columns.kernel)
    enough = groups * channels >= 2 * PIECES
    piece = rows.output if enough else _even(rows.output, rows.output)
    pieces = -(-rows.output // piece)
    totals = np.empty((pieces, groups, per_group, channels * taps), y.dtype)
    together, some = _block(groups, channels, taps * piece * width)
    pointwise = taps == 1 and windows.flags.c_contiguous

    def piece_of_channels(item: tuple[int, int, int], buffer: Array) -> None:
        index, group, first = item
        which, last = slice(group, group + together), min(first + some, channels)
        top, bottom = index * piece, min((index + 1) * piece, rows.output)
        total = totals[index, which, :, first * taps : last * taps]
        for n in range(batch):
            patches = windows[n, which, first:last, :, :, top:bottom]
            if not pointwise:
                copy = buffer[: patches.size].reshape(patches.shape)
                np.copyto(copy, patches)
                patches = copy
            right = patches.reshape(patches.shape[0], (last - first) * taps, (bottom - top) * width).swapaxes(1, 2)
            left = grouped[n, which, :, top * width : bottom * width]
            if n == 0:
                np.matmul(left, right, out=total)
            else:
                total += left @ right

    _run(
        piece_of_channels,
        [
            (index, group, first)
            for index in range(pieces)
            for group in range(0, groups, together)
            for first in range(0, channels, some)
        ],
        0 if pointwise else together * some * taps * piece * width,
        y.dtype,
    )
    total: Array = totals[0] if pieces == 1 else totals.sum(axis=0, dtype=y.dtype)
    return total.reshape(out_channels, channels, rows.kernel, columns.kernel)


def _windows(padded: Array, plane: Windows, groups: int) -> Array:
    """A view of each output position's operands, (N, groups, C / groups, kH, kW, outH, outW)."""
    (rows, columns), (batch, channels) = plane, padded.shape[:2]
    per_group = channels // groups
    padded = np.ascontiguousarray(padded)
    n, c, h, w = padded.strides
    # as_strided would do, at five times the cost, which a small layer notices.
    view: Array = np.ndarray(
        (batch, groups, per_group, rows.kernel, columns.kernel, rows.output, columns.output),
        padded.dtype,
        padded,
        strides=(
            n,
            c * per_group,
            c,
            h * rows.dilation,
            w * columns.dilation,
            h * rows.stride,
            w * columns.stride,
        ),
    )
    return view


def _matrices(weight: Array, groups: int) -> Array:
    """One matrix a group, (groups, O / groups, C / groups * kH * kW)."""
    out_channels, channels, height, width = weight.shape
    return weight.reshape(groups, out_channels // groups, channels * height * width)


def _is_small(elements: int, depth: int) -> bool:
    """Whether one product is best: `elements` gathered or spread, each meeting `depth` others."""
    return elements * max(depth, 32) <= SMALL


def _block(outer: int, inner: int, each: int) -> tuple[int, int]:
    """How many of each make a block of about BLOCK elements, in even shares for PIECES workers.

    Of `inner` first, then, where all of those fit at once, of `outer`.
    """
    fit = max(1, BLOCK // max(each, 1))
    if fit < inner or outer < PIECES:
        return 1, _even(inner, fit)
    return _even(outer, max(1, fit // max(inner, 1))), inner


def _even(count: int, most: int) -> int:
    """The largest share of `count` up to `most` that makes about a multiple of PIECES shares."""
    shares = max(1, -(-count // max(most, 1)))
    return max(1, -(-count // (-(-shares // PIECES) * PIECES)))


def _run(work: Callable[[Item, Array], Result], items: list[Item], size: int, dtype: np.dtype[Any]) -> list[Result]:
    """`work` on every item, on as many threads as there are cores, each with its own buffer."""
    results: list[Any] = [None] * len(items)
    queue = iter(enumerate(items))

    def worker(_: int) -> None:
        buffer = np.empty(size, dtype)
        with np.errstate(all="ignore"):  # a thread does not inherit its caller's
            for index, item in queue:
                results[index] = work(item, buffer)

    count = min(_threads(), len(items))
    if count < 2:
        worker(0)
    else:
        list(_pool().map(worker, range(count)))
    return results


@lru_cache(maxsize=1)
def _threads() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_threads(), "reference")
