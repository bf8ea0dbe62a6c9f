"""The layers as loops over their definition; shares nothing with `reference` but the definition.

`products` lists every product of a layer as indices (output, weight, x); forward and all gradients
are sums over that one list. An x index of None is a padding zero.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np

NUMPY_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def four_sides(padding, size, kernel, stride, dilation):
    """(top, bottom, left, right); `size` is that of the image which is padded."""
    if padding == "valid":
        return 0, 0, 0, 0
    if padding == "same":
        total = [
            max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
            for n, k, s, d in zip(size, kernel, stride, dilation, strict=True)
        ]
        return total[0] // 2, total[0] - total[0] // 2, total[1] // 2, total[1] - total[1] // 2
    if isinstance(padding, int):
        return (padding,) * 4
    return tuple(padding) if len(padding) == 4 else tuple(np.repeat(padding, 2).tolist())


def both(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def sources(size, before, after, mode):
    """For each padded position the image's, None for a zero."""
    if mode == "zeros":
        return [None] * before + list(range(size)) + [None] * after
    return np.pad(np.arange(size), (before, after), mode=NUMPY_MODES[mode]).tolist()


def conv2d_products(
    x_shape, w_shape, *, stride=1, padding=0, dilation=1, groups=1, padding_mode="zeros"
) -> tuple[tuple[int, ...], Iterator[tuple]]:
    stride, dilation = both(stride), both(dilation)
    (batch, _, height, width), (outs, ins, kh, kw) = x_shape, w_shape
    top, bottom, left, right = four_sides(padding, (height, width), (kh, kw), stride, dilation)
    rows = sources(height, top, bottom, padding_mode)
    columns = sources(width, left, right, padding_mode)
    out_h = len(range(0, len(rows) - dilation[0] * (kh - 1), stride[0]))
    out_w = len(range(0, len(columns) - dilation[1] * (kw - 1), stride[1]))

    def walk():
        ranges = batch, outs, out_h, out_w, ins, kh, kw
        for n, o, a, b, c, i, j in product(*map(range, ranges)):
            channel = o // (outs // groups) * ins + c
            row = rows[a * stride[0] + i * dilation[0]]
            column = columns[b * stride[1] + j * dilation[1]]
            x_index = None if row is None or column is None else (n, channel, row, column)
            yield (n, o, a, b), (o, c, i, j), x_index

    return (batch, outs, out_h, out_w), walk()


def conv_transpose2d_products(
    x_shape, w_shape, *, stride=1, padding=0, output_padding=0, dilation=1, groups=1
) -> tuple[tuple[int, ...], Iterator[tuple]]:
    stride, dilation, extra = both(stride), both(dilation), both(output_padding)
    (batch, ins, height, width), (_, per_group, kh, kw) = x_shape, w_shape
    image = height * stride[0], width * stride[1]
    top, bottom, left, right = four_sides(padding, image, (kh, kw), stride, dilation)
    if padding == "same":
        out_h, out_w = image
    else:
        out_h = (height - 1) * stride[0] + dilation[0] * (kh - 1) + 1 - top - bottom + extra[0]
        out_w = (width - 1) * stride[1] + dilation[1] * (kw - 1) + 1 - left - right + extra[1]

    def walk():
        ranges = batch, ins, height, width, per_group, kh, kw
        for n, c, a, b, o, i, j in product(*map(range, ranges)):
            row = a * stride[0] + i * dilation[0] - top
            column = b * stride[1] + j * dilation[1] - left
            if 0 <= row < out_h and 0 <= column < out_w:
                out = c // (ins // groups) * per_group + o
                yield (n, out, row, column), (c, o, i, j), (n, c, a, b)

    return (batch, per_group * groups, out_h, out_w), walk()


PRODUCTS = {"conv2d": conv2d_products, "conv_transpose2d": conv_transpose2d_products}


def forward(layer, x, weight, bias=None, **parameters):
    shape, walk = PRODUCTS[layer](x.shape, weight.shape, **parameters)
    y = np.zeros(shape, np.result_type(x, weight))
    for out, at, of in walk:
        y[out] += weight[at] * (0 if of is None else x[of])
    return y if bias is None else y + bias[None, :, None, None]


@np.errstate(invalid="ignore")  # the sum of opposite infinities is no number, as it is to be
def gradients(layer, x, weight, grad, **parameters):
    shape, walk = PRODUCTS[layer](x.shape, weight.shape, **parameters)
    assert grad.shape == shape
    grad_x, grad_weight = np.zeros_like(x), np.zeros_like(weight)
    for out, at, of in walk:
        if of is not None:
            grad_x[of] += grad[out] * weight[at].conjugate()
            grad_weight[at] += grad[out] * x[of].conjugate()
    return grad_x, grad_weight, grad.sum(axis=(0, 2, 3))
