"""What follows from the shapes and parameters of one call: sizes, and how many products meet in one element."""

from functools import lru_cache
from operator import index
from typing import NamedTuple, Unpack

from .parameters import (
    LayerName,
    Padding,
    Pair,
    Parameters,
    Settings,
    read_integer,
    read_pair,
    read_parameters,
)
from .windows import Windows, repeats, slide_convolution, slide_transposed


class GradientTerms(NamedTuple):
    """How many terms one element of each gradient sums."""

    x: int
    weight: int
    bias: int


class Geometry(NamedTuple):
    """One checked call without its arrays.

    `x_shape` and `weight_shape` are the caller's, `kernels` is the weight's with four sizes: (O, C / groups, kH, kW),
    transposed (C, O / groups, kH, kW).
    """

    layer: LayerName
    x_shape: tuple[int, ...]
    weight_shape: tuple[int, ...]
    kernels: tuple[int, int, int, int]
    groups: int
    padding_mode: str
    plane: Windows

    @property
    def batch(self) -> int:
        """Images; an unbatched x is one."""
        return self.x_shape[0] if len(self.x_shape) == 4 else 1

    @property
    def in_channels(self) -> int:
        """Channels of the layer's input."""
        return self.x_shape[-3]

    @property
    def out_channels(self) -> int:
        """Channels of the layer's output."""
        return channels_of(self.layer, self.kernels, self.groups)[1]

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """(N, C, H, W)."""
        return self.batch, self.in_channels, self.x_shape[-2], self.x_shape[-1]

    @property
    def output_shape(self) -> tuple[int, int, int, int]:
        """(N, O, outH, outW)."""
        rows, columns = self.plane
        if self.layer == "conv2d":
            return self.batch, self.out_channels, rows.output, columns.output
        return self.batch, self.out_channels, rows.input, columns.input

    def like_x(self, shape: tuple[int, int, int, int]) -> tuple[int, ...]:
        """A shape with a batch, or without where the caller's x has none."""
        return shape if len(self.x_shape) == 4 else shape[1:]

    @property
    def terms(self) -> int:
        """The most products that one output element sums (the bias not counted)."""
        rows, columns = self.plane
        if self.layer == "conv2d":
            return self.kernels[1] * rows.kernel * columns.kernel
        return self.kernels[0] // self.groups * rows.taps * columns.taps

    @property
    def gradient_terms(self) -> GradientTerms:
        """The most products that one element of each gradient sums.

        ValueError where the padding reaches beyond what the input can supply.
        """
        rows, columns = self.plane
        positions = self.batch * rows.output * columns.output
        if self.layer == "conv_transpose2d":
            x = self.kernels[1] * rows.kernel * columns.kernel
            return GradientTerms(x, positions, self.batch * rows.input * columns.input)
        x = self.kernels[0] // self.groups * rows.taps * columns.taps
        x *= repeats(rows, self.padding_mode) * repeats(columns, self.padding_mode)
        return GradientTerms(x, positions, positions)


def find_geometry(
    layer: LayerName, x_shape: tuple[int, ...], weight_shape: tuple[int, ...], **parameters: Unpack[Parameters]
) -> Geometry:
    """The geometry of one call. TypeError and ValueError as the layer's function promises."""
    # NumPy's integers would overflow in what follows.
    x_sizes, weight_sizes = tuple(map(index, x_shape)), tuple(map(index, weight_shape))
    return fit_shapes(layer, x_sizes, weight_sizes, read_parameters(layer, **parameters))


def fit_shapes(
    layer: LayerName, x_shape: tuple[int, ...], weight_shape: tuple[int, ...], settings: Settings
) -> Geometry:
    """The geometry of one call whose parameters are checked. ValueError where the shapes do not fit."""
    if len(x_shape) not in (3, 4):
        raise ValueError(f"x must be (N, C, H, W) or (C, H, W), not of shape {x_shape}")
    kernels = flatten_groups(weight_shape, settings.groups)
    channels, _ = channels_of(layer, kernels, settings.groups)
    if x_shape[-3] != channels:
        raise ValueError(
            f"x {x_shape} has {x_shape[-3]} channels, weight {weight_shape} with groups = {settings.groups} "
            f"needs {channels}"
        )
    plane = slide(layer, (x_shape[-2], x_shape[-1]), kernels[2:], settings)
    return Geometry(layer, x_shape, weight_shape, kernels, settings.groups, settings.padding_mode, plane)


def flatten_groups(weight_shape: tuple[int, ...], groups: int) -> tuple[int, int, int, int]:
    """A weight's shape with four sizes, its groups in the first. ValueError where there are none such."""
    sizes = weight_shape
    if len(sizes) == 5:
        if sizes[0] != groups:
            raise ValueError(f"weight {weight_shape} has not groups = {groups} as its first size")
        sizes = (sizes[0] * sizes[1], *sizes[2:])
    if len(sizes) != 4:
        raise ValueError(f"weight must have 4 sizes, or 5 with its groups apart: {weight_shape}")
    if sizes[0] % groups:
        raise ValueError(f"weight {weight_shape} does not divide into groups = {groups}")
    if 0 in sizes[2:]:
        raise ValueError(f"weight {weight_shape} has an empty kernel")
    return sizes


def channels_of(layer: LayerName, kernels: tuple[int, int, int, int], groups: int) -> tuple[int, int]:
    """(input, output) channels of a layer with that weight."""
    first, second = kernels[0], kernels[1] * groups
    return (second, first) if layer == "conv2d" else (first, second)


def find_weight_shape(
    layer: LayerName, in_channels: int, out_channels: int, kernel_size: Pair, groups: int = 1
) -> tuple[int, int, int, int]:
    """A layer's weight shape: (O, C / groups, kH, kW), transposed (C, O / groups, kH, kW).

    TypeError for what is no integer; ValueError for what is no size, or for channels that groups do not divide.
    """
    first, second = read_integer("in_channels", in_channels, 1), read_integer("out_channels", out_channels, 1)
    groups = read_integer("groups", groups, 1)
    for name, channels in (("in_channels", first), ("out_channels", second)):
        if channels % groups:
            raise ValueError(f"{name} = {channels} does not divide into groups = {groups}")
    if layer == "conv2d":
        first, second = second, first
    return first, second // groups, *read_pair("kernel_size", kernel_size, 1)


@lru_cache(maxsize=4096)
def slide(layer: LayerName, size: tuple[int, int], kernel: tuple[int, int], settings: Settings) -> Windows:
    """The windows of a layer whose input is `size`. ValueError where no output exists."""
    padding = settings.padding
    by_axis = (padding, padding) if isinstance(padding, str) else (padding[:2], padding[2:])
    windows = []
    for axis, name in enumerate(("height", "width")):
        arguments = name, size[axis], kernel[axis], settings.stride[axis], settings.dilation[axis], by_axis[axis]
        if layer == "conv2d":
            windows.append(slide_convolution(*arguments))
        else:
            windows.append(slide_transposed(*arguments, settings.output_padding[axis]))
    return Windows(*windows)


def output_size(
    layer: LayerName,
    input_size: Pair,
    kernel_size: Pair,
    *,
    stride: Pair = 1,
    padding: Padding = 0,
    output_padding: Pair = 0,
    dilation: Pair = 1,
) -> tuple[int, int]:
    """Output (height, width) of a layer, derived from its definition.

    With e = dilation * (kernel - 1) + 1, per axis:

    - conv2d: floor((size + before + after - e) / stride) + 1; "same": ceil(size / stride);
    - conv_transpose2d: (size - 1) * stride + e - before - after + output_padding;
      "same": size * stride, the convolution's input of which `size` is the "same" output.

    An output must hold at least one element along each axis: ValueError otherwise, and for a
    parameter out of range; TypeError for a parameter that is no integer.
    """
    settings = read_parameters(layer, stride=stride, padding=padding, output_padding=output_padding, dilation=dilation)
    size, kernel = read_pair("input_size", input_size, 0), read_pair("kernel_size", kernel_size, 1)
    rows, columns = slide(layer, size, kernel, settings)
    if layer == "conv2d":
        return rows.output, columns.output
    return rows.input, columns.input
