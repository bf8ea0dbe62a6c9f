"""The two layers and their gradients, as functions of arrays.

Definitions. With p the padded input, s the stride, d the dilation,

    conv2d:           y[n, o, a, b] = bias[o] + sum weight[o, c, i, j] * p[n, c', a*s + i*d, b*s + j*d]
    conv_transpose2d: y[n, o, a*s + i*d, b*s + j*d] receives weight[c, o, i, j] * x[n, c', a, b],
                      cropped by the padding, plus bias[o]

so `conv_transpose2d` is the adjoint of `conv2d` in its input, its weight laid out as that
convolution's. Each group g of channels meets only its own group of kernels.

Arrays. float16, bfloat16, float32 and float64 are accumulated in float64, complex64 and complex128
in complex128, integers exactly in int64 (ValueError where a sum might leave its range); `dtype`
asks for one rounding of the result, to nearest even. x is (N, C, H, W) or (C, H, W); N and C may
be 0, H and W too where padding makes an output.

Infinities and NaN. `conv2d` convolves the padded array: a padding zero is an operand like any
other, and 0 * inf is NaN. A transposed convolution and an input gradient have no such zeros: each
product is of one element of the input (or output gradient) and one of the weight.
"""

from typing import NamedTuple, TypedDict, cast

import numpy as np

from .arithmetic import (
    Array,
    adjoints_by_tap,
    contract,
    correlate,
    correlate_with_magnitude,
    pad,
    scatter,
    scatter_with_magnitude,
    unpad,
)
from .geometry import (
    LAYERS,
    PADDING_MODES,
    Layer,
    Padding,
    Pair,
    Windows,
    integer,
    pair,
    repeats,
    sides,
    windows,
)
from .numbers import DType, integer_path, operands, rounded


class Gradients(NamedTuple):
    """One array for each operand of a layer, shaped as that operand; the bias's is (O,)."""

    x: Array
    weight: Array
    bias: Array


class Parameters(TypedDict, total=False):
    """The keywords that both layers share, or that only one of them knows."""

    stride: Pair
    padding: Padding
    output_padding: Pair
    dilation: Pair
    groups: int
    padding_mode: str


class Call(NamedTuple):
    """One checked call: arrays of one type, (N, C, H, W) and the weight four-dimensional.

    `other` is the bias of a forward call (or None), the output gradient of a backward one.
    """

    layer: Layer
    x: Array
    weight: Array
    other: Array | None
    plane: Windows
    groups: int
    padding_mode: str
    x_shape: tuple[int, ...]
    weight_shape: tuple[int, ...]

    @property
    def out_channels(self) -> int:
        """Channels of the layer's output."""
        if self.layer == "conv2d":
            return int(self.weight.shape[0])
        return int(self.weight.shape[1]) * self.groups

    @property
    def output_shape(self) -> tuple[int, int, int, int]:
        """(N, O, outH, outW)."""
        rows, columns = self.plane
        if self.layer == "conv2d":
            return self.x.shape[0], self.out_channels, rows.output, columns.output
        return self.x.shape[0], self.out_channels, rows.input, columns.input

    @property
    def terms(self) -> int:
        """The most products that one output element sums (the bias not counted)."""
        rows, columns = self.plane
        if self.layer == "conv2d":
            return int(self.weight.shape[1]) * rows.kernel * columns.kernel
        return int(self.weight.shape[0]) // self.groups * rows.taps * columns.taps

    @property
    def gradient_terms(self) -> "GradientTerms":
        """The most products that one element of each gradient sums."""
        (rows, columns), batch = self.plane, self.x.shape[0]
        positions = batch * rows.output * columns.output
        if self.layer == "conv_transpose2d":
            x = self.weight.shape[1] * rows.kernel * columns.kernel
            return GradientTerms(x, positions, batch * rows.input * columns.input)
        x = self.weight.shape[0] // self.groups * rows.taps * columns.taps
        x *= repeats(rows, self.padding_mode) * repeats(columns, self.padding_mode)
        return GradientTerms(x, positions, positions)


class GradientTerms(NamedTuple):
    """How many terms one element of each gradient sums."""

    x: int
    weight: int
    bias: int


def conv2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
    dtype: DType = None,
) -> Array:
    """The two-dimensional convolution (cross-correlation) of a batch of images.

    x: (N, C, H, W) or (C, H, W). weight: (O, C / groups, kH, kW), or MegEngine's
    (groups, O / groups, C / groups, kH, kW). bias: (O,), or MegEngine's (1, O, 1, 1).
    padding: elements on all sides; (h, w); (top, bottom, left, right); "valid" for none; "same"
    for an output of ceil(H / stride), an odd total having its larger half at the bottom and right
    (`mindspore.mint.nn.Conv2d`, "same"). padding_mode: zeros, reflect, replicate or circular.

    Returns (N, O, outH, outW), or (O, outH, outW) for an unbatched x: see `output_size`.
    TypeError for arguments of a wrong type, ValueError for values and shapes that do not fit.
    Source: the formula of `torch.nn.Conv2d`, of `mindspore.mint.nn.Conv2d` and of
    `megengine.module.Conv2d`, which agree.
    """
    call = prepare(
        "conv2d",
        x,
        weight,
        bias,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        padding_mode=padding_mode,
    )
    return rounded(forward(call), dtype)


def conv_transpose2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    stride: Pair = 1,
    padding: Padding = 0,
    output_padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
    dtype: DType = None,
) -> Array:
    """The transposed convolution: the adjoint of `conv2d` in its input.

    x: (N, C, H, W) or (C, H, W), H and W at least 1. weight: (C, O / groups, kH, kW), or
    (groups, C / groups, O / groups, kH, kW). bias: (O,) or (1, O, 1, 1).
    padding: elements cropped from the full result, as `conv2d` takes them; "valid" crops none;
    "same" gives H * stride: the input of the "same" convolution whose output is H.
    output_padding: rows and columns more at the bottom and right, fewer than stride or dilation.

    Returns (N, O, outH, outW), or (O, outH, outW) for an unbatched x: see `output_size`.
    TypeError for arguments of a wrong type, ValueError for values and shapes that do not fit.
    Source: `mindspore.nn.Conv2dTranspose`, which defines it as the gradient of a convolution.
    """
    call = prepare(
        "conv_transpose2d",
        x,
        weight,
        bias,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
        groups=groups,
    )
    return rounded(forward(call), dtype)


def conv2d_gradients(
    x: Array,
    weight: Array,
    grad_output: Array,
    *,
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
    dtype: DType = None,
) -> Gradients:
    """The gradients of sum(conv2d(x, weight, bias) * grad_output): (x, weight, bias).

    grad_output has the shape of the output. For complex arrays these are the adjoints, as autograd
    systems define them: the factor that is not grad_output is conjugated.
    """
    call = prepare(
        "conv2d",
        x,
        weight,
        grad_output,
        backward=True,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        padding_mode=padding_mode,
    )
    return _rounded_all(backward(call), dtype)


def conv_transpose2d_gradients(
    x: Array,
    weight: Array,
    grad_output: Array,
    *,
    stride: Pair = 1,
    padding: Padding = 0,
    output_padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
    dtype: DType = None,
) -> Gradients:
    """The gradients of sum(conv_transpose2d(x, weight, bias) * grad_output): (x, weight, bias).

    As `conv2d_gradients`, for the parameters of `conv_transpose2d`.
    """
    call = prepare(
        "conv_transpose2d",
        x,
        weight,
        grad_output,
        backward=True,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
        groups=groups,
    )
    return _rounded_all(backward(call), dtype)


def prepare(
    layer: Layer,
    x: Array,
    weight: Array,
    other: Array | None,
    *,
    backward: bool = False,
    stride: Pair = 1,
    padding: Padding = 0,
    output_padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Call:
    """Check the arguments of one call; `other` is its output gradient if `backward`, else its bias.

    TypeError and ValueError as the public functions promise.
    """
    if layer not in LAYERS:
        raise ValueError(f"layer must be one of {LAYERS}, not {layer!r}")
    if layer == "conv2d" and output_padding != 0:
        raise ValueError("output_padding belongs to conv_transpose2d")
    if layer == "conv_transpose2d" and padding_mode != "zeros":
        raise ValueError(f"conv_transpose2d knows padding_mode 'zeros' alone, not {padding_mode!r}")
    groups = integer("groups", groups, 1)
    if padding_mode not in PADDING_MODES:
        raise ValueError(f"padding_mode must be one of {PADDING_MODES}, not {padding_mode!r}")
    if other is None:
        x, weight = operands(x=x, weight=weight)
    elif backward:
        x, weight, other = operands(x=x, weight=weight, grad_output=other)
    else:
        x, weight, other = operands(x=x, weight=weight, bias=other)
    x_shape, weight_shape = x.shape, weight.shape
    if len(x_shape) == 3:
        x = x[None]
    elif len(x_shape) != 4:
        raise ValueError(f"x must be (N, C, H, W) or (C, H, W), not of shape {x_shape}")
    if len(weight_shape) == 5:
        if weight_shape[0] != groups:
            raise ValueError(f"weight {weight_shape} has not groups = {groups} as its first size")
        weight = weight.reshape(weight_shape[0] * weight_shape[1], *weight_shape[2:])
    elif len(weight_shape) != 4:
        raise ValueError(f"weight must have 4 sizes, or 5 with its groups apart: {weight_shape}")
    if weight.shape[0] % groups:
        raise ValueError(f"weight {weight_shape} does not divide into groups = {groups}")
    channels = weight.shape[1] * groups if layer == "conv2d" else weight.shape[0]
    if x.shape[1] != channels:
        raise ValueError(
            f"x {x_shape} has {x.shape[1]} channels, weight {weight_shape} with groups = {groups} needs {channels}"
        )
    if 0 in weight.shape[2:]:
        raise ValueError(f"weight {weight_shape} has an empty kernel")
    plane = windows(
        layer,
        cast("tuple[int, int]", x.shape[2:]),
        cast("tuple[int, int]", weight.shape[2:]),
        pair("stride", stride, 1),
        sides(padding),
        pair("output_padding", output_padding, 0),
        pair("dilation", dilation, 1),
    )
    conv = layer == "conv2d"
    channels = weight.shape[0] if conv else weight.shape[1] * groups
    if other is not None and not backward:
        if other.shape not in ((channels,), (1, channels, 1, 1)):
            raise ValueError(f"bias must be ({channels},) or (1, {channels}, 1, 1), not of shape {other.shape}")
        other = other.reshape(channels)
    elif other is not None:
        rows, columns = plane
        size = (rows.output, columns.output) if conv else (rows.input, columns.input)
        if other.shape != (*x_shape[:-3], channels, *size):
            raise ValueError(f"grad_output must be {(*x_shape[:-3], channels, *size)}, not of shape {other.shape}")
        other = other.reshape(x.shape[0], channels, *size)
    return Call(layer, x, weight, other, plane, groups, padding_mode, x_shape, weight_shape)


@np.errstate(all="ignore")  # infinities and NaN are answers here
def forward(call: Call) -> Array:
    """The layer's output, in the accumulation type, shaped as the caller's x."""
    if call.x.dtype.kind == "i":
        path = integer_path(call.terms, call.x, call.weight, call.other)
        if path != "int64":
            floats = call._replace(
                x=call.x.astype(path),
                weight=call.weight.astype(path),
                other=None if call.other is None else call.other.astype(path),
            )
            return forward(floats).astype(np.int64)
    if call.layer == "conv2d":
        padded = pad(call.x, call.plane, call.padding_mode)
        output = correlate(padded, call.weight, call.plane, call.groups)
    else:
        output = scatter(call.x, call.weight, call.plane, call.groups)
    return _finished(call, output)


@np.errstate(all="ignore")
def forward_with_magnitude(call: Call) -> tuple[Array, Array]:
    """`forward`, and `forward` of the operands' absolute values."""
    if call.x.dtype.kind == "i":
        return forward(call), forward(absolute(call))
    if call.layer == "conv2d":
        padded = pad(call.x, call.plane, call.padding_mode)
        value, magnitude = correlate_with_magnitude(padded, call.weight, call.plane, call.groups)
    else:
        value, magnitude = scatter_with_magnitude(call.x, call.weight, call.plane, call.groups)
    return _finished(call, value), _finished(absolute(call), magnitude)


def absolute(call: Call) -> Call:
    """The call on the absolute values of its operands."""
    return call._replace(
        x=np.abs(call.x),
        weight=np.abs(call.weight),
        other=None if call.other is None else np.abs(call.other),
    )


def _finished(call: Call, output: Array) -> Array:
    """The output, its own and contiguous, with its bias and shaped as the caller's x."""
    output = np.ascontiguousarray(output)
    if call.other is not None:
        output += call.other[:, None, None]
    return output if len(call.x_shape) == 4 else output[0]


@np.errstate(all="ignore")
def backward(call: Call) -> Gradients:
    """The gradients, in the accumulation type, shaped as the caller's arrays."""
    x, weight, grad, plane, groups = call.x, call.weight, call.other, call.plane, call.groups
    assert grad is not None
    if x.dtype.kind == "i":
        paths = (
            integer_path(call.gradient_terms.x, grad, weight),
            integer_path(call.gradient_terms.weight, grad, x),
            integer_path(call.gradient_terms.bias, grad, np.ones(1, np.int64)),
        )
        if "int64" not in paths:
            exact = backward(
                call._replace(
                    x=x.astype(np.float64),
                    weight=weight.astype(np.float64),
                    other=grad.astype(np.float64),
                )
            )
            return Gradients(*(each.astype(np.int64) for each in exact))
    if x.dtype.kind == "c":
        x, weight = x.conj(), weight.conj()
    if call.layer == "conv2d":
        padded = pad(x, plane, call.padding_mode)
        grad_weight = contract(padded, grad, plane, groups)
        grad_x = unpad(grad, weight, plane, groups, call.padding_mode)
    elif any(window.before or window.after for window in plane) and not _finite(x, weight):
        grad_x, grad_weight = adjoints_by_tap(grad, x, weight, plane, groups)
    else:
        padded = pad(grad, plane, "zeros")
        grad_weight = contract(padded, x, plane, groups)
        grad_x = correlate(padded, weight, plane, groups)
    return Gradients(
        np.ascontiguousarray(grad_x).reshape(call.x_shape),
        grad_weight.reshape(call.weight_shape),
        grad.sum(axis=(0, 2, 3), dtype=grad.dtype),
    )


def _finite(*arrays: Array) -> bool:
    """Whether sums, and so all elements, are finite: an overflow only asks for the slower way."""
    return all(np.isfinite(array.sum()) for array in arrays)


def _rounded_all(gradients: Gradients, dtype: DType) -> Gradients:
    return Gradients(*(rounded(gradient, dtype) for gradient in gradients))
