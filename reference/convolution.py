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

from collections.abc import Callable
from typing import NamedTuple, Unpack

import numpy as np

from .arithmetic import (
    Array,
    adjoints_by_tap,
    contract,
    correlate,
    is_finite,
    pad,
    scatter,
    unpad,
)
from .geometry import Geometry, fit_shapes
from .numbers import DType, choose_integer_path, read_operands, round_once
from .parameters import LayerName, Padding, Pair, Parameters, read_parameters


class Gradients(NamedTuple):
    """One array for each operand of a layer, shaped as that operand; the bias's is (O,)."""

    x: Array
    weight: Array
    bias: Array


class ForwardCall(NamedTuple):
    """One checked call of a layer: arrays of one type, x (N, C, H, W), the weight with four sizes, the bias (O,)."""

    geometry: Geometry
    x: Array
    weight: Array
    bias: Array | None

    def with_operands(self, change: Callable[[Array], Array]) -> "ForwardCall":
        """The same call, its operands changed one by one."""
        bias = None if self.bias is None else change(self.bias)
        return ForwardCall(self.geometry, change(self.x), change(self.weight), bias)


class BackwardCall(NamedTuple):
    """One checked call of a layer's gradients; `grad_output` is (N, O, outH, outW)."""

    geometry: Geometry
    x: Array
    weight: Array
    grad_output: Array

    def with_operands(self, change: Callable[[Array], Array]) -> "BackwardCall":
        """The same call, its operands changed one by one."""
        return BackwardCall(self.geometry, change(self.x), change(self.weight), change(self.grad_output))


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
    dtype: of the result: float16, bfloat16, float32, float64, complex64, complex128 or an integer type, to which it is
    rounded once, to nearest even. None leaves it as it was accumulated: float64, complex128 or int64.

    Returns (N, O, outH, outW), or (O, outH, outW) for an unbatched x: see `output_size`.
    TypeError for arguments of a wrong type, and for a dtype that the result does not go to (a float result to
    integers, a complex one to reals). ValueError for values and shapes that do not fit, and for integers that the
    result or its sums do not fit.
    Source: the formula of `torch.nn.Conv2d`, of `mindspore.mint.nn.Conv2d` and of
    `megengine.module.Conv2d`, which agree.
    """
    call = prepare_forward(
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
    return round_once(forward(call), dtype)


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
    dtype: of the result: float16, bfloat16, float32, float64, complex64, complex128 or an integer type, to which it is
    rounded once, to nearest even. None leaves it as it was accumulated: float64, complex128 or int64.

    Returns (N, O, outH, outW), or (O, outH, outW) for an unbatched x: see `output_size`.
    TypeError for arguments of a wrong type, and for a dtype that the result does not go to (a float result to
    integers, a complex one to reals). ValueError for values and shapes that do not fit, and for integers that the
    result or its sums do not fit.
    Source: `mindspore.nn.Conv2dTranspose`, which defines it as the gradient of a convolution.
    """
    call = prepare_forward(
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
    return round_once(forward(call), dtype)


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

    x, weight and the parameters are those of `conv2d`; grad_output has the shape of its output.
    dtype: of all three results, as `conv2d` takes it; None leaves them in float64, complex128 or int64.

    Returns one array for each operand, shaped as that operand is given; the bias's is (O,), with or without a bias.
    For complex arrays these are the adjoints, as autograd systems define them: the factor that is not grad_output is
    conjugated. TypeError and ValueError as `conv2d`.
    """
    call = prepare_backward(
        "conv2d",
        x,
        weight,
        grad_output,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        padding_mode=padding_mode,
    )
    return round_gradients(backward(call), dtype)


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

    x, weight and the parameters are those of `conv_transpose2d`; grad_output has the shape of its output.
    dtype: of all three results, as `conv2d` takes it; None leaves them in float64, complex128 or int64.

    Returns one array for each operand, shaped as that operand is given; the bias's is (O,). Complex arrays, TypeError
    and ValueError as `conv2d_gradients`.
    """
    call = prepare_backward(
        "conv_transpose2d",
        x,
        weight,
        grad_output,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
        groups=groups,
    )
    return round_gradients(backward(call), dtype)


def prepare_forward(
    layer: LayerName, x: Array, weight: Array, bias: Array | None = None, **parameters: Unpack[Parameters]
) -> ForwardCall:
    """Check the arguments of one call of a layer. TypeError and ValueError as the public functions promise."""
    settings = read_parameters(layer, **parameters)
    if bias is None:
        x, weight = read_operands(x=x, weight=weight)
    else:
        x, weight, bias = read_operands(x=x, weight=weight, bias=bias)
    geometry = fit_shapes(layer, x.shape, weight.shape, settings)
    if bias is not None:
        bias = check_bias(geometry, bias)
    return ForwardCall(geometry, x.reshape(geometry.input_shape), weight.reshape(geometry.kernels), bias)


def prepare_backward(
    layer: LayerName, x: Array, weight: Array, grad_output: Array, **parameters: Unpack[Parameters]
) -> BackwardCall:
    """Check the arguments of one call of a layer's gradients. TypeError and ValueError as promised."""
    settings = read_parameters(layer, **parameters)
    x, weight, grad_output = read_operands(x=x, weight=weight, grad_output=grad_output)
    geometry = fit_shapes(layer, x.shape, weight.shape, settings)
    grad_output = check_grad_output(geometry, grad_output)
    return BackwardCall(geometry, x.reshape(geometry.input_shape), weight.reshape(geometry.kernels), grad_output)


def check_bias(geometry: Geometry, bias: Array) -> Array:
    """The bias as (O,). ValueError for another shape than that or MegEngine's."""
    channels = geometry.out_channels
    if bias.shape not in ((channels,), (1, channels, 1, 1)):
        raise ValueError(f"bias must be ({channels},) or (1, {channels}, 1, 1), not of shape {bias.shape}")
    return bias.reshape(channels)


def check_grad_output(geometry: Geometry, grad_output: Array) -> Array:
    """The output gradient as (N, O, outH, outW). ValueError where it is not shaped as the output."""
    shape = geometry.like_x(geometry.output_shape)
    if grad_output.shape != shape:
        raise ValueError(f"grad_output must be {shape}, not of shape {grad_output.shape}")
    return grad_output.reshape(geometry.output_shape)


def forward(call: ForwardCall) -> Array:
    """The layer's output, in the accumulation type, shaped as the caller's x."""
    if call.x.dtype.kind == "i":
        path = choose_integer_path(call.geometry.terms, call.x, call.weight, call.bias)
        if path == "float64":
            return forward(call.with_operands(to_float64)).astype(np.int64)
    geometry = call.geometry
    with np.errstate(all="ignore"):  # infinities and NaN are answers here
        if geometry.layer == "conv2d":
            padded = pad(call.x, geometry.plane, geometry.padding_mode)
            output = correlate(padded, call.weight, geometry.plane, geometry.groups)
        else:
            output = scatter(call.x, call.weight, geometry.plane, geometry.groups)
        if call.bias is not None:
            output += call.bias[:, None, None]
    return output.reshape(geometry.like_x(geometry.output_shape))


def backward(call: BackwardCall) -> Gradients:
    """The gradients, in the accumulation type, shaped as the caller's arrays."""
    if call.x.dtype.kind == "i" and integers_fit_float64(call):
        exact = backward(call.with_operands(to_float64))
        return Gradients(*(gradient.astype(np.int64) for gradient in exact))
    geometry, grad = call.geometry, call.grad_output
    x, weight = call.x.conj(), call.weight.conj()  # real arrays themselves
    with np.errstate(all="ignore"):
        if geometry.layer == "conv2d":
            grad_x, grad_weight = differentiate_convolution(geometry, x, weight, grad)
        else:
            grad_x, grad_weight = differentiate_transposed(geometry, x, weight, grad)
        grad_bias = grad.sum(axis=(0, 2, 3))
    return Gradients(grad_x.reshape(geometry.x_shape), grad_weight.reshape(geometry.weight_shape), grad_bias)


def differentiate_convolution(geometry: Geometry, x: Array, weight: Array, grad: Array) -> tuple[Array, Array]:
    """(x, weight) gradients of conv2d."""
    plane, groups = geometry.plane, geometry.groups
    # The padded input has no name, so that its memory is free again for the other gradient.
    grad_weight = contract(pad(x, plane, geometry.padding_mode), grad, plane, groups)
    return unpad(grad, weight, plane, groups, geometry.padding_mode), grad_weight


def differentiate_transposed(geometry: Geometry, x: Array, weight: Array, grad: Array) -> tuple[Array, Array]:
    """(x, weight) gradients of conv_transpose2d."""
    plane, groups = geometry.plane, geometry.groups
    crops = any(window.before or window.after for window in plane)
    if crops and not is_finite(x, weight):
        return adjoints_by_tap(grad, x, weight, plane, groups)
    padded = pad(grad, plane, "zeros")
    grad_weight = contract(padded, x, plane, groups)
    return correlate(padded, weight, plane, groups), grad_weight


def to_float64(array: Array) -> Array:
    """The array in float64."""
    return array.astype(np.float64)


def integers_fit_float64(call: BackwardCall) -> bool:
    """Whether float64 holds every sum of the gradients. ValueError where int64 might not."""
    terms, grad = call.geometry.gradient_terms, call.grad_output
    paths = (
        choose_integer_path(terms.x, grad, call.weight),
        choose_integer_path(terms.weight, grad, call.x),
        choose_integer_path(terms.bias, grad, np.array(1)),
    )
    return "int64" not in paths


def round_gradients(gradients: Gradients, dtype: DType) -> Gradients:
    """Each gradient rounded once to `dtype`."""
    return Gradients(*(round_once(gradient, dtype) for gradient in gradients))
