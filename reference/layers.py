"""The layers as classes that own their parameters and refuse what the documents refuse."""

from typing import Literal

import numpy as np

from .arithmetic import Array
from .convolution import (
    Gradients,
    Parameters,
    conv2d,
    conv2d_gradients,
    conv_transpose2d,
    conv_transpose2d_gradients,
)
from .geometry import PADDING_MODES, Padding, Pair, integer, pair, sides
from .initializers import torch_uniform


class Conv2d:
    """A convolution layer: `weight` (O, C / groups, kH, kW), `bias` (O,) or None, both float64.

    Arguments as `torch.nn.Conv2d` and `mindspore.mint.nn.Conv2d` document them, checked as the
    latter says: TypeError for what is no int (pair) or bool, ValueError for a number out of range,
    channels that groups do not divide, "same" with a stride other than 1, or an unknown mode.
    Parameters are drawn from torch's documented uniform distribution.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Padding = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.parameters = _checked(in_channels, out_channels, groups, bias, stride, padding, dilation)
        if padding == "same" and self.parameters["stride"] != (1, 1):
            raise ValueError(f"padding 'same' needs stride 1, not {stride}")
        if padding_mode not in PADDING_MODES:
            raise ValueError(f"padding_mode must be one of {PADDING_MODES}, not {padding_mode!r}")
        self.parameters["padding_mode"] = padding_mode
        self.weight, self.bias = _drawn((out_channels, in_channels // groups), out_channels, kernel_size, bias, rng)

    def __call__(self, x: Array) -> Array:
        """`conv2d` of x, (N, C, H, W) or (C, H, W)."""
        return conv2d(x, self.weight, self.bias, **self.parameters)  # type: ignore[misc]

    def gradients(self, x: Array, grad_output: Array) -> Gradients:
        """`conv2d_gradients` at x."""
        return conv2d_gradients(x, self.weight, grad_output, **self.parameters)  # type: ignore[misc]


class Conv2dTranspose:
    """A transposed convolution layer: `weight` (C, O / groups, kH, kW), `bias` (O,) or None.

    Arguments and checks as `Conv2d`, but for padding and output_padding, which are those of
    `conv_transpose2d`: "same" goes with any stride, as `mindspore.nn.Conv2dTranspose` documents.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Padding = 0,
        output_padding: Pair = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Pair = 1,
        padding_mode: Literal["zeros"] = "zeros",
        *,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.parameters = _checked(in_channels, out_channels, groups, bias, stride, padding, dilation)
        extra = pair("output_padding", output_padding, 0)
        for axis, more in enumerate(extra):
            steps = (self.parameters["stride"], self.parameters["dilation"])
            if more and more >= max(step[axis] for step in steps):  # type: ignore[index]
                raise ValueError("output_padding must be smaller than stride or dilation")
        if padding_mode != "zeros":
            raise ValueError(f"padding_mode must be 'zeros', not {padding_mode!r}")
        self.parameters["output_padding"] = extra
        self.weight, self.bias = _drawn((in_channels, out_channels // groups), out_channels, kernel_size, bias, rng)

    def __call__(self, x: Array) -> Array:
        """`conv_transpose2d` of x, (N, C, H, W) or (C, H, W)."""
        return conv_transpose2d(x, self.weight, self.bias, **self.parameters)  # type: ignore[misc]

    def gradients(self, x: Array, grad_output: Array) -> Gradients:
        """`conv_transpose2d_gradients` at x."""
        return conv_transpose2d_gradients(x, self.weight, grad_output, **self.parameters)  # type: ignore[misc]


def _checked(
    in_channels: int,
    out_channels: int,
    groups: int,
    bias: bool,
    stride: Pair,
    padding: Padding,
    dilation: Pair,
) -> Parameters:
    integer("in_channels", in_channels, 1)
    integer("out_channels", out_channels, 1)
    integer("groups", groups, 1)
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if channels % groups:
            raise ValueError(f"{name} = {channels} does not divide into groups = {groups}")
    if not isinstance(bias, bool):
        raise TypeError(f"bias must be a bool, not {type(bias).__name__}")
    return Parameters(
        stride=pair("stride", stride, 1),
        padding=sides(padding),
        dilation=pair("dilation", dilation, 1),
        groups=groups,
    )


def _drawn(
    channels: tuple[int, int],
    out_channels: int,
    kernel_size: Pair,
    bias: bool,
    rng: np.random.Generator | None,
) -> tuple[Array, Array | None]:
    rng = np.random.default_rng() if rng is None else rng
    shape = (*channels, *pair("kernel_size", kernel_size, 1))
    drawn = torch_uniform(shape)
    return drawn.sample(rng, shape), drawn.sample(rng, (out_channels,)) if bias else None
