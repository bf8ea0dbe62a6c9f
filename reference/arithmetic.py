"""The three products every layer and gradient is made of, on float64, complex128 or int64 arrays.

All follow one definition, for a padded input p, with g = groups and `Window` positions:

    output[n, o, y, x] = sum over c, i, j of weight[o, c, i, j] * p[n, c', y*s + i*d, x*s + j*d]

- `correlate` computes it;
- `scatter` is its adjoint in p (the transposed layer, and the input gradient);
- `contract` is its adjoint in the weight.

Shapes: x (N, C, H, W), weight (O, C / groups, kH, kW), y (N, O, outH, outW). Shapes are trusted
here; the public functions check them.
"""

from typing import Any, TypeAlias

import numpy as np

from .geometry import Window, Windows, padding_source

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


def pad(x: Array, plane: Windows, mode: str) -> Array:
    """`x` with its padding written out: zeros are operands like any other (0 * inf is NaN)."""
    rows, columns = plane
    if not (rows.before or rows.after or columns.before or columns.after):
        return x
    if mode == "zeros":
        padded = np.zeros((*x.shape[:2], rows.padded, columns.padded), x.dtype)
        padded[
            :,
            :,
            rows.before : rows.before + rows.input,
            columns.before : columns.before + columns.input,
        ] = x
        return padded
    repeated: Array = x[:, :, padding_source(rows, mode)][..., padding_source(columns, mode)]
    return np.ascontiguousarray(repeated)


def unpad(padded: Array, plane: Windows, mode: str) -> Array:
    """The adjoint of `pad`: what was added to a repeated position belongs to its source."""
    rows, columns = plane
    if mode != "zeros":
        padded = _fold(padded, rows, mode)
        padded = _fold(padded.swapaxes(2, 3), columns, mode).swapaxes(2, 3)
        return np.ascontiguousarray(padded)
    return padded[
        :,
        :,
        rows.before : rows.before + rows.input,
        columns.before : columns.before + columns.input,
    ]


def _fold(padded: Array, window: Window, mode: str) -> Array:
    if not (window.before or window.after):
        return padded
    middle = slice(window.before, window.before + window.input)
    folded = padded[:, :, middle].copy()
    for position, source in enumerate(padding_source(window, mode)):
        if not middle.start <= position < middle.stop:
            folded[:, :, source] += padded[:, :, position]
    return folded


def patches(padded: Array, plane: Windows, groups: int) -> Array:
    """Each output position's operands, (N, groups, C / groups * kH * kW, outH * outW)."""
    (rows, columns), (batch, channels) = plane, padded.shape[:2]
    n, c, h, w = padded.strides
    view = np.lib.stride_tricks.as_strided(
        padded,
        (batch, channels, rows.kernel, columns.kernel, rows.output, columns.output),
        (n, c, h * rows.dilation, w * columns.dilation, h * rows.stride, w * columns.stride),
        writeable=False,
    )
    terms = channels // groups * rows.kernel * columns.kernel
    return view.reshape(batch, groups, terms, rows.output * columns.output)


def matrices(weight: Array, groups: int) -> Array:
    """One matrix a group, (groups, O / groups, C / groups * kH * kW)."""
    out_channels, channels, height, width = weight.shape
    return weight.reshape(groups, out_channels // groups, channels * height * width)


def correlate(padded: Array, weight: Array, plane: Windows, groups: int) -> Array:
    """The convolution of a padded input: (N, O, outH, outW)."""
    product = matrices(weight, groups) @ patches(padded, plane, groups)
    return product.reshape(
        padded.shape[0], weight.shape[0], plane.rows.output, plane.columns.output
    )


def scatter(y: Array, weight: Array, plane: Windows, groups: int) -> Array:
    """The adjoint of `correlate` in the padded input: (N, C, padded H, padded W).

    Every product is of an element of `y` and one of `weight`; no zeros are inserted, so an
    infinite weight meets only the elements that it should.
    """
    (rows, columns), batch, out_channels = plane, y.shape[0], weight.shape[0]
    channels = weight.shape[1] * groups
    spread = matrices(weight, groups).swapaxes(1, 2) @ y.reshape(
        batch, groups, out_channels // groups, rows.output * columns.output
    )
    spread = spread.reshape(
        batch, channels, rows.kernel, columns.kernel, rows.output, columns.output
    )
    height = max(rows.padded, (rows.output - 1) * rows.stride + rows.extent)
    width = max(columns.padded, (columns.output - 1) * columns.stride + columns.extent)
    padded = np.zeros((batch, channels, height, width), spread.dtype)
    for i in range(rows.kernel):
        top = i * rows.dilation
        for j in range(columns.kernel):
            left = j * columns.dilation
            padded[
                :,
                :,
                top : top + rows.stride * rows.output : rows.stride,
                left : left + columns.stride * columns.output : columns.stride,
            ] += spread[:, :, i, j]
    return padded[:, :, : rows.padded, : columns.padded]


def contract(padded: Array, y: Array, plane: Windows, groups: int) -> Array:
    """The adjoint of `correlate` in the weight: (O, C / groups, kH, kW)."""
    (batch, channels), out_channels = padded.shape[:2], y.shape[1]
    of_each: Array = y.reshape(
        batch, groups, out_channels // groups, plane.rows.output * plane.columns.output
    ) @ patches(padded, plane, groups).swapaxes(2, 3)
    total: Array = of_each.sum(axis=0, dtype=of_each.dtype)
    return total.reshape(out_channels, channels // groups, plane.rows.kernel, plane.columns.kernel)
