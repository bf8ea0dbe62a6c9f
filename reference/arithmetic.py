"""The three products every layer and gradient is made of, on float64, complex128 or int64 arrays.

All follow one definition, for a padded input p, with g = groups and `Window` positions:

    output[n, o, y, x] = sum over c, i, j of weight[o, c, i, j] * p[n, c', y*s + i*d, x*s + j*d]

- `correlate` computes it;
- `scatter` is its adjoint in p (the transposed layer, and the input gradient);
- `contract` is its adjoint in the weight.

Shapes: x (N, C, H, W), weight (O, C / groups, kH, kW), y (N, O, outH, outW). Shapes are trusted
here; the public functions check them.

A small product gathers its operands and multiplies at once. A large one is cut into blocks whose
patches fit the cache, one BLAS call each, on a few threads (NumPy releases the GIL in both); the
order of every sum is fixed by the shapes, so the threads never change a bit of the result. Threads
wait for each other between two calls of NumPy: few long calls beat many short ones.
"""

from cmath import isfinite
from itertools import product
from math import prod
from typing import Any, TypeAlias

import numpy as np

from .geometry import Spaced, Window, Windows, padding_source, phases, reached, runs, spaced
from .threads import scratch, share_out

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

SMALL = 1 << 23  # multiplications up to which one gather and one product are fastest
ROWWISE = 1 << 14  # elements of a small gather from which gathering for one kernel row alone pays
MOST = 3 << 19  # elements of a block for the sake of WIDE: 12 MiB; half the operands at most
BLOCK = 1 << 18  # elements of a block of patches: 2 MiB of float64, about a core's cache
REUSE = 8  # output positions for each source channel from which rearranged kernels pay
PHASES = 4  # positions modulo stride up to which a correlation for each of them pays
WIDE = 784  # columns of a product from which BLAS is near its peak
NARROW = 300  # output positions of one image below which kernels are shared out, not positions
PIECES = 4  # shares of work to spread over threads; fixed, so that sums do not depend on the machine


def pad(x: Array, plane: Windows, mode: str) -> Array:
    """`x` with its padding written out: zeros are operands like any other (0 * inf is NaN).

    In scratch memory where it is large: it holds until this thread pads again.
    """
    rows, columns = plane
    if not (rows.before or rows.after or columns.before or columns.after):
        return np.ascontiguousarray(x)
    if mode == "zeros":
        down = slice(rows.before, rows.before + rows.input)
        across = slice(columns.before, columns.before + columns.input)
        return _among_zeros("padded", x, (rows.padded, columns.padded), down, across)
    repeated: Array = x[:, :, padding_source(rows, mode)][..., padding_source(columns, mode)]
    return np.ascontiguousarray(repeated)


def _among_zeros(use: str, x: Array, plane: tuple[int, int], rows: slice, columns: slice) -> Array:
    """`x` at those rows and columns of a plane of zeros, in scratch memory where it is large."""
    shape = *x.shape[:2], *plane
    if prod(shape) <= ROWWISE:
        zeros = np.zeros(shape, x.dtype)
    else:
        zeros = scratch.empty(use, shape, x.dtype)
        if rows.step in (None, 1) and columns.step in (None, 1):  # the margins alone
            zeros[:, :, : rows.start] = zeros[:, :, rows.stop :] = 0
            zeros[:, :, rows, : columns.start] = zeros[:, :, rows, columns.stop :] = 0
        else:
            zeros.fill(0)
    zeros[:, :, rows, columns] = x
    return zeros


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
    windows = _windows(padded, plane, groups)
    if _is_small(windows.size, len(weight) // groups):
        return _correlate_small(_patches(windows, padded, plane), weight, plane)
    output = np.empty((len(padded), len(weight), plane.rows.output, plane.columns.output), padded.dtype)
    return _correlate_into(output, padded, weight, plane, groups)


def _correlate_into(output: Array, padded: Array, weight: Array, plane: Windows, groups: int) -> Array:
    """A large `correlate`, into an array of any strides; that array."""
    (rows, columns), windows, out_channels = plane, _windows(padded, plane, groups), len(weight)
    (batch, _, channels, *_), per_group = windows.shape, out_channels // groups
    width, positions, terms = columns.output, rows.output * columns.output, channels * rows.kernel * columns.kernel
    in_place = output.flags.c_contiguous
    grouped, kernels = (
        output.reshape(batch, groups, per_group, rows.output, width),
        weight.reshape(groups, per_group, terms),
    )
    if batch * groups < PIECES and positions < NARROW:
        _correlate_narrow(windows, kernels, grouped)
        return output
    pointwise = terms == channels and windows.flags.c_contiguous
    together, strip = _block(groups, rows.output, terms * width)
    if together == 1:
        room = min(MOST, (padded.size + weight.size + output.size) // 2)
        strip = max(strip, min(_even(rows.output, rows.output), -(-WIDE // width), room // (terms * width)))

    def strip_of_rows(item: tuple[int, int, int]) -> None:
        n, group, top = item
        some, bottom = slice(group, group + together), min(top + strip, rows.output)
        first, length = top * width, (bottom - top) * width
        if pointwise:
            patches = windows[n].reshape(groups, terms, positions)[some, :, first : first + length]
        else:
            source = windows[n, some, ..., top:bottom, :]
            gathered = scratch.empty("patches", source.shape, source.dtype)
            np.copyto(gathered, source)
            patches = gathered.reshape(len(source), terms, length)
        place = grouped[n, some, :, top:bottom]
        shape = *place.shape[:2], length
        total = place.reshape(shape) if in_place else scratch.empty("total", shape, output.dtype)
        np.matmul(kernels[some], patches, out=total)
        if not in_place:
            place[...] = total.reshape(place.shape)

    share_out(strip_of_rows, list(product(range(batch), range(0, groups, together), range(0, rows.output, strip))))
    return output


def _gathers_by_row(rows: Window, strip: int) -> bool:
    """Whether gathering the operands of one kernel row, for `strip` rows of outputs, at least halves the gather.

    What the next kernel row meets lies `dilation` rows of outputs after what a row meets, where the stride is 1.
    """
    return rows.stride == 1 and 2 * (strip + rows.extent - 1) <= strip * rows.kernel


def _first_row(plane: Windows) -> Windows:
    """A layer's windows through one kernel row, in all positions that any row has."""
    rows, columns = plane
    return Windows(rows._replace(kernel=1, output=rows.output + rows.extent - 1), columns)


def _by_row(weight: Array, groups: int) -> Array:
    """The kernels, row by row: (kH, groups, O / groups, C / groups * kW)."""
    out_channels, channels, height, width = weight.shape
    split = weight.reshape(groups, out_channels // groups, channels, height, width).transpose(3, 0, 1, 2, 4)
    return split.reshape(height, groups, out_channels // groups, channels * width)


def correlate_with_magnitude(padded: Array, weight: Array, plane: Windows, groups: int) -> tuple[Array, Array]:
    """`correlate`, and `correlate` of the absolute values; one gather serves both where it is small."""
    windows = _windows(padded, plane, groups)
    if not _is_small(windows.size, len(weight) // groups):
        return correlate(padded, weight, plane, groups), correlate(np.abs(padded), np.abs(weight), plane, groups)
    patches = _patches(windows, padded, plane)
    return _correlate_small(patches, weight, plane), _correlate_small(np.abs(patches), np.abs(weight), plane)


def _patches(windows: Array, padded: Array, plane: Windows) -> Array:
    """Each output's operands, (N, groups, terms, positions), for small layers; of many, those of one kernel row."""
    batch, groups, channels, height, width, down, across = windows.shape
    if windows.size <= ROWWISE or not _gathers_by_row(plane.rows, down):
        return windows.reshape(batch, groups, channels * height * width, down * across)
    down += plane.rows.extent - 1
    row = _windows(padded, _first_row(plane), groups)
    return row.reshape(batch, groups, channels * width, down * across)


def _correlate_small(patches: Array, weight: Array, plane: Windows) -> Array:
    """The product of the kernels with `_patches`."""
    (rows, columns), (out_channels, channels, height, width) = plane, weight.shape
    batch, groups, terms, _ = patches.shape
    if terms == channels * height * width:
        output = weight.reshape(groups, out_channels // groups, terms) @ patches
    else:
        met = [patches[..., each] for each in _rows_of(plane)]
        kernels = _by_row(weight, groups)
        output = kernels[0] @ met[0]
        for kernel, each in zip(kernels[1:], met[1:], strict=True):
            output += kernel @ each
    return output.reshape(batch, out_channels, rows.output, columns.output)


def _rows_of(plane: Windows) -> list[slice]:
    """For each kernel row the positions of `_patches` that it meets."""
    rows, columns = plane
    starts = range(0, rows.extent * columns.output, rows.dilation * columns.output)
    return [slice(start, start + rows.output * columns.output) for start in starts]


def _correlate_narrow(windows: Array, kernels: Array, output: Array) -> None:
    """Few output positions: gather their patches once, then share out the kernels."""
    (groups, per_group, terms), positions, in_place = kernels.shape, prod(windows.shape[-2:]), output.flags.c_contiguous
    some = _even(per_group, per_group)
    for n in range(len(windows)):
        for group in range(groups):
            patches = windows[n, group].reshape(terms, positions)

            def share_of_kernels(first: int, n: int = n, group: int = group, patches: Array = patches) -> None:
                place = output[n, group, first : first + some]
                shape = len(place), positions
                total = place.reshape(shape) if in_place else scratch.empty("total", shape, output.dtype)
                np.matmul(kernels[group, first : first + some], patches, out=total)
                if not in_place:
                    place[...] = total.reshape(place.shape)

            share_out(share_of_kernels, range(0, per_group, some))


def scatter(y: Array, weight: Array, plane: Windows, groups: int) -> Array:
    """The adjoint of `correlate` in the input, its padding left out: (N, C, H, W).

    Every product is of an element of `y` and one of `weight`: an infinite weight meets only the
    elements that it should. Only with a finite weight is `y` set among zeros, which then add
    nothing.
    """
    correlation = _small_adjoint(y, weight, plane, groups)
    if correlation is not None:
        return correlate(*correlation, groups)
    (rows, columns), source = plane, len(weight) // groups
    gathering = source <= 2 * weight.shape[1] and rows.output * columns.output > REUSE * source
    few_phases = rows.stride * columns.stride <= PHASES and not _taps_are_apart(plane)
    if gathering and few_phases and _is_finite(weight):
        return _scatter_by_phase(y, weight, plane, groups)
    return _scatter_by_tap(y, weight, plane, groups)


def scatter_with_magnitude(y: Array, weight: Array, plane: Windows, groups: int) -> tuple[Array, Array]:
    """`scatter`, and `scatter` of the absolute values; one gather serves both where it is small."""
    correlation = _small_adjoint(y, weight, plane, groups)
    if correlation is not None:
        return correlate_with_magnitude(*correlation, groups)
    return scatter(y, weight, plane, groups), scatter(np.abs(y), np.abs(weight), plane, groups)


def _is_finite(array: Array) -> bool:
    """Whether the sum, and so each element, is finite; one that overflows is merely treated with more care."""
    return isfinite(np.add.reduce(array, axis=None))


def _small_adjoint(y: Array, weight: Array, plane: Windows, groups: int) -> tuple[Array, Array, Windows] | None:
    """The operands of `correlate` that `scatter` is where it is small and the weight finite."""
    (rows, columns), (batch, out_channels, *_), channels = plane, y.shape, weight.shape[1]
    if not _is_small(batch * out_channels * rows.kernel * columns.kernel * rows.input * columns.input, channels):
        return None
    if not _is_finite(weight):
        return None
    found = spaced(plane)
    turned = _reversed_roles(weight, groups)[:, :, ::-1, ::-1]
    return _placed(y, found), turned, found.plane


def _placed(y: Array, found: Spaced) -> Array:
    """`y` among zeros, or itself where there are none; it holds until this thread's next."""
    if found.untouched:
        return np.ascontiguousarray(y)
    (down, across), (rows, columns) = found.outputs, found.plane
    return _among_zeros("placed", y[:, :, down, across], (rows.input, columns.input), *found.places)


def _reversed_roles(weight: Array, groups: int) -> Array:
    """The kernels by input channel: (C, O / groups, kH, kW)."""
    out_channels, channels, height, width = weight.shape
    by_group = weight.reshape(groups, out_channels // groups, channels, height, width).swapaxes(1, 2)
    return by_group.reshape(groups * channels, out_channels // groups, height, width)


def _scatter_by_phase(y: Array, weight: Array, plane: Windows, groups: int) -> Array:
    """One correlation for all positions that the same taps reach."""
    rows, columns = plane
    kernels = _reversed_roles(weight, groups)
    x = np.empty((len(y), len(kernels), rows.input, columns.input), y.dtype)
    for (down, across), (height, width), found in phases(plane):
        positions = x[:, :, down, across]
        if found is None:
            positions[...] = 0
            continue
        taps = np.ascontiguousarray(kernels[:, :, height, width][:, :, ::-1, ::-1])
        _correlate_into(positions, _placed(y, found), taps, found.plane, groups)
    return x


def _taps_are_apart(plane: Windows) -> bool:
    """Whether each input position meets exactly one tap, of several."""
    return all(axis.kernel == axis.stride and axis.dilation == 1 for axis in plane) and plane.rows.kernel > 1


def _scatter_by_tap(y: Array, weight: Array, plane: Windows, groups: int) -> Array:
    """One product for each tap, added where it belongs, by shares of channels.

    Sums are kept apart by position modulo stride, where neighbours are contiguous, until the end.
    """
    (rows, columns), batch, width = plane, len(y), plane.columns.output
    channels, taps, per_group = weight.shape[1], rows.kernel * columns.kernel, len(weight) // groups
    kernels = weight.reshape(groups, per_group, channels * taps)
    grouped = y.reshape(batch, groups, per_group, rows.output * width)
    height_of_sums = max(rows.output + (rows.extent - 1) // rows.stride, -(-(rows.before + rows.input) // rows.stride))
    width_of_sums = max(
        columns.output + (columns.extent - 1) // columns.stride,
        -(-(columns.before + columns.input) // columns.stride),
    )
    apart = _taps_are_apart(plane) and (height_of_sums, width_of_sums) == (rows.output, width)
    whole = np.empty((batch, groups, channels, height_of_sums, rows.stride, width_of_sums, columns.stride), y.dtype)
    together, some = _block(groups, max(channels, 1), taps * rows.output * width)
    strip = max(1, min(rows.output, MOST // max(together * some * taps * width, 1)))

    def share_of_channels(item: tuple[int, int, int]) -> None:
        n, group, first = item
        which, share = slice(group, group + together), slice(first, first + some)
        place = whole[n, which, share].transpose(0, 1, 3, 5, 2, 4)
        sums = place if apart else scratch.empty("sums", place.shape, y.dtype)
        if not apart:
            sums.fill(0)
        for top in range(0, rows.output, strip):
            bottom = min(top + strip, rows.output)
            spread = _spread(
                kernels[which, :, first * taps : (first + some) * taps],
                grouped[n, which, :, top * width : bottom * width],
            )
            products = spread.reshape(*place.shape[:2], rows.kernel, columns.kernel, bottom - top, width)
            if apart:
                for j in range(columns.stride):  # one by one, or NumPy's innermost loop is as short as a stride
                    place[:, :, :, j, top:bottom] = products[:, :, :, j]
            else:
                _add_taps(sums[..., top:, :], products, plane)
        if not apart:
            place[...] = sums

    share_out(share_of_channels, list(product(range(batch), range(0, groups, together), range(0, channels, some))))
    whole = whole.reshape(batch, groups * channels, height_of_sums * rows.stride, width_of_sums * columns.stride)
    return whole[:, :, rows.before : rows.before + rows.input, columns.before : columns.before + columns.input]


def _spread(kernels: Array, y: Array) -> Array:
    """Every tap's products, (groups, terms, positions), of (groups, source, terms) and (groups, source, positions)."""
    (groups, _, terms), positions = kernels.shape, y.shape[2]
    spread = scratch.empty("spread", (groups, terms, positions), y.dtype)
    if positions >= terms:
        return np.matmul(kernels.swapaxes(1, 2), y, out=spread)
    # The kernels are the wider operand, and BLAS is fastest with them as they lie.
    turned = scratch.empty("turned", (groups, positions, terms), y.dtype)
    np.copyto(spread, np.matmul(y.swapaxes(1, 2), kernels, out=turned).swapaxes(1, 2))
    return spread


def _add_taps(sums: Array, taps: Array, plane: Windows) -> None:
    """Add (..., kH, kW, rows, width) to (..., strides, rows and more, width and more)."""
    height, width = taps.shape[-2:]
    for down, rows, top in runs(plane.rows):
        for across, columns, left in runs(plane.columns):
            sums[..., rows, columns, top : top + height, left : left + width] += taps[..., down, across, :, :]


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
        return _contract_small(_patches(windows, padded, plane), grouped, plane)
    some = channels if groups >= PIECES else min(channels, max(1, 3 * WIDE // (2 * taps)))
    strip = min(rows.output, max(BLOCK // (some * taps * width), -(-WIDE // (2 * width))))
    together = _block(groups, 1, some * taps * strip * width)[0]
    shares = -(-groups // together) * -(-channels // some)
    piece = rows.output if shares >= PIECES else -(-rows.output * shares // PIECES)
    strip = -(-piece // max(1, round(piece / strip)))
    pieces = -(-rows.output // piece)
    totals = np.empty((pieces, groups, per_group, channels * taps), y.dtype)
    pointwise = taps == 1 and windows.flags.c_contiguous

    def piece_of_channels(item: tuple[int, int, int]) -> None:
        index, group, first = item
        which, last, end = slice(group, group + together), min(first + some, channels), (index + 1) * piece
        total = totals[index, which, :, first * taps : last * taps]
        for n in range(batch):
            for top in range(index * piece, min(end, rows.output), strip):
                bottom = min(top + strip, end, rows.output)
                patches = windows[n, which, first:last, ..., top:bottom, :]
                if not pointwise:
                    gathered = scratch.empty("patches", patches.shape, patches.dtype)
                    np.copyto(gathered, patches)
                    patches = gathered
                left = grouped[n, which, :, top * width : bottom * width]
                right = patches.reshape(len(patches), (last - first) * taps, (bottom - top) * width).swapaxes(1, 2)
                if n == 0 and top == index * piece:
                    np.matmul(left, right, out=total)
                else:
                    next_part = scratch.empty("product", total.shape, total.dtype)
                    total += np.matmul(left, right, out=next_part)

    share_out(piece_of_channels, list(product(range(pieces), range(0, groups, together), range(0, channels, some))))
    total: Array = totals[0] if pieces == 1 else totals.sum(axis=0, dtype=y.dtype)
    return total.reshape(out_channels, channels, rows.kernel, columns.kernel)


def _contract_small(patches: Array, y: Array, plane: Windows) -> Array:
    """The product of y, (N, groups, O / groups, positions), with `_patches`."""
    (rows, columns), (batch, groups, per_group, positions), terms = plane, y.shape, patches.shape[2]
    if patches.shape[3] == positions:
        channels = terms // (rows.kernel * columns.kernel)
        of_each = y @ patches.swapaxes(2, 3)
    else:
        channels = terms // columns.kernel
        of_rows = [y @ patches[..., each].swapaxes(2, 3) for each in _rows_of(plane)]
        of_each = np.stack(of_rows, axis=-1).reshape(batch, groups, per_group, channels, columns.kernel, rows.kernel)
        of_each = of_each.swapaxes(4, 5)
    summed: Array = of_each.sum(axis=0, dtype=y.dtype) if batch != 1 else of_each[0]
    return summed.reshape(groups * per_group, channels, rows.kernel, columns.kernel)


def _windows(padded: Array, plane: Windows, groups: int) -> Array:
    """A view of each output's operands in a contiguous input, (N, groups, C / groups, kH, kW, outH, outW)."""
    (rows, columns), (batch, channels, *_), (n, c, h, w) = plane, padded.shape, padded.strides
    per_group = channels // groups
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
