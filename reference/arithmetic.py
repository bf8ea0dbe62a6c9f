"""The three products every layer and gradient is made of, on float64, complex128 or int64 arrays.

All follow one definition, for a padded input p, with g = groups and `Window` positions:

    output[n, o, y, x] = sum over c, i, j of weight[o, c, i, j] * p[n, c', y*s + i*d, x*s + j*d]

- `correlate` computes it;
- `scatter` is its adjoint in p (the transposed layer, and the input gradient);
- `contract` is its adjoint in the weight.

Shapes: x (N, C, H, W), weight (O, C / groups, kH, kW), y (N, O, outH, outW). Shapes are trusted
here; the public functions check them.

Each follows a plan of `cuts`: a few threads take shares of the result (NumPy releases the GIL), and a share gathers
block after block of operands and multiplies each by one call of BLAS. Plans follow from the shapes, so that threads
never change a bit of the result.
"""

from cmath import isfinite
from typing import Any, TypeAlias

import numpy as np

from .cuts import plan_inputs, plan_outputs, plan_weight
from .deadline import check_time
from .threads import share_out
from .windows import Window, Windows, find_reaches, padding_source

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


def pad(x: Array, plane: Windows, mode: str) -> Array:
    """`x` with its padding written out: zeros are operands like any other (0 * inf is NaN)."""
    rows, columns = plane
    if x.shape[2:] == (rows.padded, columns.padded):
        return np.ascontiguousarray(x)
    if mode == "zeros":
        return _place_among_zeros(x, (rows.padded, columns.padded), (rows.before, columns.before))
    # Both axes at once: one after the other would hold twice the memory.
    sources = np.array(padding_source(rows, mode))[:, np.newaxis], np.array(padding_source(columns, mode))
    repeated: Array = x[:, :, sources[0], sources[1]]
    return np.ascontiguousarray(repeated)


def _place_among_zeros(x: Array, size: tuple[int, int], corner: tuple[int, int]) -> Array:
    """Images of `size`, zero but for `x`, whose first element lies at `corner`; what lies outside is cut off."""
    placed = np.zeros((*x.shape[:2], *size), x.dtype)
    sources, targets = [], []
    for axis, start in enumerate(corner):
        first, last = max(start, 0), min(start + x.shape[2 + axis], size[axis])
        targets.append(slice(first, last))
        sources.append(slice(first - start, last - start))
    placed[:, :, targets[0], targets[1]] = x[:, :, sources[0], sources[1]]
    return placed


def correlate(padded: Array, weight: Array, plane: Windows, groups: int) -> Array:
    """The convolution of a padded input: (N, O, outH, outW)."""
    windows = _view_windows(padded, plane, groups)
    batch, _, channels, _, width, _, _ = windows.shape
    rows, columns = plane
    per_group = len(weight) // groups
    plan = plan_outputs(batch, groups, per_group, channels, plane)
    by_group = weight.reshape(groups, per_group, channels, rows.kernel, width)
    kernels = []
    for (kernel_rows,) in plan.each_block():
        terms = channels * (kernel_rows.stop - kernel_rows.start) * width
        kernels.append((kernel_rows, by_group[:, :, :, kernel_rows].reshape(groups, per_group, terms)))
    output = np.empty((batch, groups, per_group, rows.output * columns.output), padded.dtype)

    def multiply(images: slice, some_groups: slice, some_kernels: slice, down: slice, across: slice) -> None:
        place = output[images, some_groups, some_kernels, _flat(down, across, columns)]
        for step, (kernel_rows, kernel) in enumerate(kernels):
            check_time()
            patches = _flatten(windows[images, some_groups, :, kernel_rows, :, down, across])
            if step == 0:
                np.matmul(kernel[some_groups, some_kernels], patches, out=place)
            else:
                place += kernel[some_groups, some_kernels] @ patches

    share_out(multiply, plan.each_share(), plan.count_shares())
    return output.reshape(batch, len(weight), rows.output, columns.output)


def contract(padded: Array, y: Array, plane: Windows, groups: int) -> Array:
    """The adjoint of `correlate` in the weight: (O, C / groups, kH, kW)."""
    windows = _view_windows(padded, plane, groups)
    batch, _, channels, *_ = windows.shape
    rows, columns = plane
    per_group = y.shape[1] // groups
    plan = plan_weight(batch, groups, per_group, channels, plane)
    by_group = y.reshape(batch, groups, per_group, rows.output * columns.output)
    weight = np.zeros((groups, per_group, channels, rows.kernel, columns.kernel), y.dtype)

    def sum_products(some_groups: slice, some_channels: slice, kernel_rows: slice) -> None:
        place = weight[some_groups, :, some_channels, kernel_rows]
        for images, down, across in plan.each_block():
            check_time()
            patches = _flatten(windows[images, some_groups, some_channels, kernel_rows, :, down, across])
            factors = by_group[images, some_groups, :, _flat(down, across, columns)]
            products = factors @ patches.swapaxes(2, 3)
            for product in products:
                place += product.reshape(place.shape)

    share_out(sum_products, plan.each_share(), plan.count_shares())
    return weight.reshape(y.shape[1], channels, rows.kernel, columns.kernel)


def scatter(y: Array, weight: Array, plane: Windows, groups: int) -> Array:
    """The adjoint of `correlate` in the input, its padding left out: (N, C, H, W).

    Every product is of an element of `y` and one of `weight`: an infinite weight meets only the elements that it
    should. Only a finite weight meets zeros around `y`, which then add nothing.
    """
    if plane.can_turn and is_finite(weight):
        return _scatter_by_correlation(y, weight, plane, groups)
    return _scatter_by_tap(y, weight, plane, groups)


def _scatter_by_correlation(y: Array, weight: Array, plane: Windows, groups: int) -> Array:
    """The kernel, turned round, slides over the outputs and the zeros around them."""
    rows, columns = plane
    turned = plane.turned
    corner = rows.extent - 1 - rows.before, columns.extent - 1 - columns.before
    placed = _place_among_zeros(y, (turned.rows.input, turned.columns.input), corner)
    out_channels, channels, height, width = weight.shape
    by_group = weight.reshape(groups, out_channels // groups, channels, height, width)
    # BLAS takes no array that runs backwards.
    kernels = np.ascontiguousarray(by_group[..., ::-1, ::-1].swapaxes(1, 2))
    kernels = kernels.reshape(groups * channels, out_channels // groups, height, width)
    return correlate(placed, kernels, turned, groups)


def _scatter_by_tap(y: Array, weight: Array, plane: Windows, groups: int) -> Array:
    """For each tap the products of all outputs, added where the tap reaches."""
    rows, columns = plane
    batch, out_channels = y.shape[:2]
    per_group, channels, taps = out_channels // groups, weight.shape[1], rows.kernel * columns.kernel
    plan = plan_inputs(batch, groups, per_group, channels, plane)
    kernels = weight.reshape(groups, per_group, channels, taps)
    by_group = y.reshape(batch, groups, per_group, rows.output * columns.output)
    x = np.zeros((batch, groups, channels, rows.input, columns.input), y.dtype)
    reaches_across = find_reaches(columns, 0, columns.output)

    def add_products(images: slice, some_groups: slice, some_channels: slice) -> None:
        place = x[images, some_groups, some_channels]
        for down, some_taps in plan.each_block():
            check_time()
            source = by_group[images, some_groups, :, _flat(down, slice(0, columns.output), columns)]
            products = _multiply_taps(kernels[some_groups, :, some_channels, some_taps], source, columns.output)
            reaches_down = find_reaches(rows, down.start, down.stop)
            for index, tap in enumerate(range(some_taps.start, some_taps.stop)):
                i, j = divmod(tap, columns.kernel)
                from_rows, to_rows = reaches_down[i]
                from_columns, to_columns = reaches_across[j]
                place[..., to_rows, to_columns] += products[:, :, :, index, from_rows, from_columns]

    share_out(add_products, plan.each_share(), plan.count_shares())
    return x.reshape(batch, groups * channels, rows.input, columns.input)


def _multiply_taps(kernels: Array, source: Array, width: int) -> Array:
    """(N, groups, channels, taps, rows, width) of kernels (groups, O, channels, taps) and (N, groups, O, positions)."""
    groups, per_group, channels, taps = kernels.shape
    images, _, _, positions = source.shape
    flat = kernels.reshape(groups, per_group, channels * taps)
    products: Array = flat.swapaxes(1, 2) @ source
    return products.reshape(images, groups, channels, taps, positions // width, width)


def unpad(y: Array, weight: Array, plane: Windows, groups: int, mode: str) -> Array:
    """The adjoint of padding and correlating, in the input: (N, C, H, W).

    What falls on padding zeros is dropped; what falls on a repeated position goes to its source.
    """
    if mode == "zeros":
        return scatter(y, weight, plane, groups)
    rows, columns = plane
    folded = _fold(scatter(y, weight, plane.whole, groups), rows, mode)
    folded = _fold(folded.swapaxes(2, 3), columns, mode).swapaxes(2, 3)
    return np.ascontiguousarray(folded)


def _fold(padded: Array, window: Window, mode: str) -> Array:
    middle = slice(window.before, window.before + window.input)
    folded = padded[:, :, middle].copy()
    for position, source in enumerate(padding_source(window, mode)):
        if not middle.start <= position < middle.stop:
            folded[:, :, source] += padded[:, :, position]
    return folded


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
    grad_x = np.zeros_like(x_of)
    grad_weight = np.zeros_like(weight_of)
    across = find_reaches(plane.columns, 0, plane.columns.output)
    for i, down in enumerate(find_reaches(plane.rows, 0, plane.rows.output)):
        for j, reach in enumerate(across):
            check_time()
            meets = grad_of[..., down.inputs, reach.inputs]
            place = ..., down.outputs, reach.outputs
            grad_x[place] += np.einsum("gco,ngohw->ngchw", weight_of[..., i, j], meets)
            grad_weight[..., i, j] = np.einsum("ngchw,ngohw->gco", x_of[place], meets)
    return grad_x.reshape(x.shape), grad_weight.reshape(weight.shape)


def is_finite(*arrays: Array) -> bool:
    """Whether sums, and so all elements, are finite; one that overflows is merely treated with more care."""
    return all(isfinite(np.add.reduce(array, axis=None)) for array in arrays)


def _view_windows(padded: Array, plane: Windows, groups: int) -> Array:
    """A view of each output's operands in a contiguous input, (N, groups, C / groups, kH, kW, outH, outW)."""
    rows, columns = plane
    batch, channels, *_ = padded.shape
    n, c, h, w = padded.strides
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


def _flat(rows: slice, columns: slice, window: Window) -> slice:
    """Whole rows of outputs, or a part of one row, in a flat plane."""
    return slice(rows.start * window.output + columns.start, (rows.stop - 1) * window.output + columns.stop)


def _flatten(operands: Array) -> Array:
    """(N, groups, C, kH, kW, outH, outW) as (N, groups, terms, positions); a copy, unless the kernel is one tap."""
    images, groups, channels, height, width, down, across = operands.shape
    return operands.reshape(images, groups, channels * height * width, down * across)
