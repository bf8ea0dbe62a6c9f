"""Mistakes seeded into the oracle: what is wrong, and the mutation that makes it so.

`tests.mutation` finds each passage by its syntax, in whatever file of the package it stands.
"""

from functools import partial

from tests.mutation import Mutation

seed = partial(Mutation, "conv_reference")

LAYERS = {
    "kernel flipped": seed("correlate(padded, call.weight, geometry.plane, geometry.groups)", "correlate(padded, call.weight[:, :, ::-1, ::-1], geometry.plane, geometry.groups)"),
    "kernel flipped, transposed": seed("scatter(call.x, call.weight, _1, _2)", "scatter(call.x, call.weight[:, :, ::-1, ::-1], _1, _2)"),
    "conjugate forward": seed("correlate(padded, call.weight, _1, _2)", "correlate(padded, call.weight.conj(), _1, _2)"),
    "padding mode ignored": seed("pad(call.x, geometry.plane, geometry.padding_mode)", 'pad(call.x, geometry.plane, "zeros")'),
    "bias dropped": seed("call.bias is not None", "False", within="forward"),
    "bias along the width": seed("call.bias[:, None, None]", "np.resize(call.bias, output.shape[-1])"),
    "bias twice": seed("output += call.bias[_1]", "output += 2 * call.bias[_1]"),
    "bias gradient a mean": seed("grad.sum(axis=_1)", "grad.mean(axis=_1).astype(grad.dtype)"),
    "bias gradient of one image": seed("grad.sum(axis=_1)", "grad[:1].sum(axis=_1)"),
    "conjugate forgotten": seed("(call.x.conj(), call.weight.conj())", "(call.x, call.weight.conj())"),
    "gradient ignores the padding mode": seed("unpad(grad, weight, plane, groups, geometry.padding_mode)", 'unpad(grad, weight, plane, groups, "zeros")'),
    "weight gradient unpadded": seed('pad(grad, plane, "zeros")', 'pad(grad, plane._replace(rows=plane.rows._replace(before=0, after=plane.rows.before + plane.rows.after)), "zeros")'),
    "cropped products multiplied by zeros": seed("crops and not is_finite(x, weight)", "False"),
}  # fmt: skip

PARAMETERS = {
    "height and width of the stride swapped": seed('read_pair("stride", stride, 1)', 'read_pair("stride", stride, 1)[::-1]', within="read_parameters"),
    "height and width of the dilation swapped": seed('read_pair("dilation", dilation, 1)', 'read_pair("dilation", dilation, 1)[::-1]', within="read_parameters"),
    "height and width of output_padding swapped": seed('read_pair("output_padding", output_padding, 0)', 'read_pair("output_padding", output_padding, 0)[::-1]'),
    "height and width of the padding swapped": seed("(values[0], values[0], values[1], values[1])", "(values[1], values[1], values[0], values[0])"),
    "sides taken as left, right, top, bottom": seed("(values[0], values[1], values[2], values[3])", "(values[2], values[3], values[0], values[1])"),
    "sides taken as top, left, bottom, right": seed("(values[0], values[1], values[2], values[3])", "(values[0], values[2], values[1], values[3])"),
    "'valid' taken for 'same'": seed('return "valid"', 'return "same"'),
}  # fmt: skip

WINDOWS = {
    "odd 'same' padding at the top": seed("(total // 2, total - total // 2)", "(total - total // 2, total // 2)"),
    "'same' without dilation": seed("(output - 1) * stride + extent - size", "(output - 1) * stride + kernel - size"),
    "'same' without stride": seed("max((output - 1) * stride + extent - size, 0)", "extent - 1"),
    "transposed 'same' of the input's size": seed("size * stride", "size", within="slide_transposed"),
    "dilation off by one": seed("dilation * (kernel - 1) + 1", "dilation * kernel", within="slide_convolution"),
    "last output row lost": seed("(before + size + after - extent) // stride + 1", "ceil_div(before + size + after - extent, stride)"),
    "output padding at the top": seed("Window(output, kernel, stride, dilation, before, after, size)", "Window(output, kernel, stride, dilation, before + extra, after, size)"),
    "output padding ignored": seed("reach - before - after + extra", "reach - before - after"),
    "padding added to the transposed output": seed("reach - before - after + extra", "reach + before + after + extra"),
    "reflect repeats the edge": seed("[(size - 1) - abs((size - 1) - abs(p)) for p in positions]", "[min(max(p, -p - 1), 2 * size - 1 - p) for p in positions]"),
    "circular from the wrong end": seed("p % size", "-p % size"),
    "replicate of the second row": seed("min(max(p, 0), size - 1)", "min(max(p, 1), size - 1)"),
    "dilation ignored where a tap reaches": seed("tap * window.dilation - window.before", "tap - window.before"),
    "stride ignored where a tap reaches": seed("slice(first * window.stride + shift, last * window.stride + shift + 1, window.stride)", "slice(first + shift, last + shift + 1)"),
    "a tap reaches one output fewer": seed("slice(first - start, last - start + 1)", "slice(first - start + 1, last - start + 1)"),
    "outputs not counted from the block": seed("slice(first - start, last - start + 1)", "slice(first, last + 1)"),
    "turned window without dilation": seed("Window(self.input + self.extent - 1, self.kernel, 1, self.dilation, 0, 0, self.input)", "Window(self.input + self.extent - 1, self.kernel, 1, 1, 0, 0, self.input)"),
}  # fmt: skip

ARITHMETIC = {
    "padding on the wrong side": seed("(rows.before, columns.before)", "(rows.after, columns.before)", within="pad"),
    "what lies outside is the wrong end": seed("slice(first - start, last - start)", "slice(0, last - first)"),
    "dilation ignored in the gather": seed("h * rows.dilation", "h"),
    "stride of the other axis": seed("w * columns.stride", "w * rows.stride"),
    "dilation of the other axis": seed("find_reaches(columns, 0, columns.output)", "find_reaches(columns._replace(dilation=rows.dilation), 0, columns.output)"),
    "groups interleaved": seed("(n, c * per_group, c, h * _1, w * _2, h * _3, w * _4)", "(n, c, c * groups, h * _1, w * _2, h * _3, w * _4)"),
    "groups of kernels interleaved": seed("weight.reshape(groups, per_group, channels, rows.kernel, width)", "weight.reshape(per_group, groups, channels, rows.kernel, width).swapaxes(0, 1)"),
    "groups of a turned kernel interleaved": seed("weight.reshape(groups, out_channels // groups, channels, height, width)", "weight.reshape(out_channels // groups, groups, channels, height, width).swapaxes(0, 1)"),
    "turned kernel not turned": seed("by_group[..., ::-1, ::-1].swapaxes(1, 2)", "by_group.swapaxes(1, 2)"),
    "outputs placed one too early": seed("(rows.extent - 1 - rows.before, columns.extent - 1 - columns.before)", "(rows.extent - 2 - rows.before, columns.extent - 1 - columns.before)"),
    "stride left out of the choice": seed("self.rows.stride == self.columns.stride == 1", "self.rows.stride == 1"),
    "a turned kernel for infinities": seed("plane.can_turn and is_finite(weight)", "plane.can_turn"),
    "block at the wrong rows": seed("rows.start * window.output + columns.start", "columns.start"),
    "kernel rows instead of their sum": seed("place += kernel[some_groups, some_kernels] @ patches", "np.matmul(kernel[some_groups, some_kernels], patches, out=place)"),
    "kernels of the first row": seed("(kernel_rows, by_group[:, :, :, kernel_rows].reshape(groups, per_group, terms))", "(kernel_rows, by_group[:, :, :, : kernel_rows.stop - kernel_rows.start].reshape(groups, per_group, terms))"),
    "kernels of the first share": seed("np.matmul(kernel[some_groups, some_kernels], _1, out=_2)", "np.matmul(kernel[some_groups, : some_kernels.stop - some_kernels.start], _1, out=_2)"),
    "kernels of the first group": seed("np.matmul(kernel[some_groups, some_kernels], _1, out=_2)", "np.matmul(kernel[: some_groups.stop - some_groups.start, some_kernels], _1, out=_2)"),
    "operands of other rows": seed("windows[images, some_groups, :, kernel_rows, :, down, across]", "windows[images, some_groups, :, kernel_rows, :, : down.stop - down.start, across]"),
    "operands of other columns": seed("windows[images, some_groups, :, kernel_rows, :, down, across]", "windows[images, some_groups, :, kernel_rows, :, down, : across.stop - across.start]"),
    "weight gradient of the first image alone": seed("for product in products: place += product.reshape(place.shape)", "place += products[0].reshape(place.shape)"),
    "weight gradient of the last block alone": seed("place += product.reshape(place.shape)", "place[...] = product.reshape(place.shape)"),
    "weight gradient of operands of other rows": seed("windows[images, some_groups, some_channels, kernel_rows, :, down, across]", "windows[images, some_groups, some_channels, kernel_rows, :, : down.stop - down.start, across]"),
    "weight gradient of the first images": seed("by_group[images, some_groups, :, _flat(down, across, columns)]", "by_group[: images.stop - images.start, some_groups, :, _flat(down, across, columns)]"),
    "first taps alone": seed("kernels[some_groups, :, some_channels, some_taps]", "kernels[some_groups, :, some_channels, : some_taps.stop - some_taps.start]"),
    "channels of the first share": seed("kernels[some_groups, :, some_channels, some_taps]", "kernels[some_groups, :, : some_channels.stop - some_channels.start, some_taps]"),
    "taps along the other axis": seed("divmod(tap, columns.kernel)", "divmod(tap, columns.kernel)[::-1]"),
    "products of one tap": seed("products[:, :, :, index, _1, _2]", "products[:, :, :, 0, _1, _2]"),
    "products put instead of added": seed("place[..., to_rows, to_columns] += products[_1]", "place[..., to_rows, to_columns] = products[_1]"),
    "gradient of repeated padding dropped": seed("folded[:, :, source] += padded[:, :, position]", "pass"),
}  # fmt: skip

CUTS = {
    "last piece lost": seed("range(0, count, size)", "range(0, max(count - size, 1), size)"),
    "pieces overlap": seed("slice(start, min(start + size, count))", "slice(start, min(start + size + 1, count))"),
    "a part of a row for all of it": seed("(cut(rows, 1), cut(columns, room))", "(cut(rows, 1), cut(columns, room)[:1])"),
    "one kernel row of several": seed("kernel_rows = cut(rows.kernel, 1)", "kernel_rows = cut(rows.kernel, 1)[:1]"),
    "one share of kernels": seed("some_kernels = cut(kernels, ceil_div(kernels, SHARES))", "some_kernels = cut(kernels, ceil_div(kernels, SHARES))[:1]"),
    "one image of a weight gradient": seed("Plan(shares, (cut(images, 1), *_1))", "Plan(shares, (cut(images, 1)[:1], *_1))"),
    "some taps of several": seed("(cut(rows.output, of_rows), cut(taps, at_once))", "(cut(rows.output, of_rows), cut(taps, at_once)[:1])"),
}  # fmt: skip

NUMBERS = {
    "integers wrap around": seed("largest < _WRAPS", "True"),
    "integers through float64": seed("largest < _INEXACT", "True"),
    "accumulated in float32": seed("np.asarray(array, common)", "array.astype(np.float32).astype(common)"),
    "rounded twice": seed("round_to_odd_float32(value)", "value.astype(np.float32)", within="round_once"),
    "bound forgets the bias": seed("call.geometry.terms + (bias is not None)", "call.geometry.terms"),
    "bound of signed sums": seed("forward(call.with_operands(np.abs))", "forward(call)"),
    "bound of one term fewer": seed("terms * roundoff / (1.0 - terms * roundoff)", "(terms - 1) * roundoff / (1.0 - terms * roundoff)"),
    "bound with machine epsilon": seed("2.0**-self.precision", "2.0 ** (1 - self.precision)"),
    "bound without underflow": seed("underflowing is not None", "False"),
    "bound without the final rounding": seed("self.result != self.accumulator", "False"),
    "bound of an overflow finite": seed("error[~(reach <= _1)] = inf", "pass"),
    "exact range one bit too wide": seed("2 ** number_format(dtype).precision", "2 ** (number_format(dtype).precision + 1)"),
    "exact range without the bias": seed("limit - parts * bias", "limit"),
}  # fmt: skip

MUTANTS = LAYERS | PARAMETERS | WINDOWS | ARITHMETIC | CUTS | NUMBERS
