"""The parameters of a layer as a caller may write them, and as the rest of the oracle has them."""

from collections.abc import Sequence
from operator import index
from typing import Literal, NamedTuple, TypeAlias, TypedDict

LayerName: TypeAlias = Literal["conv2d", "conv_transpose2d"]
Pair: TypeAlias = int | Sequence[int]
Padding: TypeAlias = int | Sequence[int] | str
Sides: TypeAlias = tuple[int, int, int, int] | Literal["same", "valid"]

LAYER_NAMES: tuple[LayerName, ...] = ("conv2d", "conv_transpose2d")
PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class Parameters(TypedDict, total=False):
    """The keywords that both layers share, or that only one of them knows."""

    stride: Pair
    padding: Padding
    output_padding: Pair
    dilation: Pair
    groups: int
    padding_mode: str


class Settings(NamedTuple):
    """Checked parameters: pairs are (height, width), padding is (top, bottom, left, right) or its string."""

    stride: tuple[int, int]
    padding: Sides
    output_padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    padding_mode: str


def read_parameters(
    layer: LayerName,
    *,
    stride: Pair = 1,
    padding: Padding = 0,
    output_padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Settings:
    """The parameters of a layer, checked. TypeError and ValueError as the public functions promise."""
    check_layer(layer)
    if padding_mode not in PADDING_MODES:
        raise ValueError(f"padding_mode must be one of {PADDING_MODES}, not {padding_mode!r}")
    if layer == "conv_transpose2d" and padding_mode != "zeros":
        raise ValueError(f"conv_transpose2d knows padding_mode 'zeros' alone, not {padding_mode!r}")
    settings = Settings(
        stride=read_pair("stride", stride, 1),
        padding=read_padding(padding),
        output_padding=read_pair("output_padding", output_padding, 0),
        dilation=read_pair("dilation", dilation, 1),
        groups=read_integer("groups", groups, 1),
        padding_mode=padding_mode,
    )
    check_output_padding(layer, settings)
    return settings


def check_layer(layer: str) -> None:
    """ValueError for a name that is no layer's."""
    if layer not in LAYER_NAMES:
        raise ValueError(f"layer must be one of {LAYER_NAMES}, not {layer!r}")


def check_output_padding(layer: LayerName, settings: Settings) -> None:
    """ValueError for an output_padding that reaches a step further, or belongs to the other layer."""
    if settings.output_padding == (0, 0):
        return
    if layer == "conv2d":
        raise ValueError("output_padding belongs to conv_transpose2d")
    for axis, name in enumerate(("height", "width")):
        extra, stride, dilation = settings.output_padding[axis], settings.stride[axis], settings.dilation[axis]
        if extra >= max(stride, dilation):
            raise ValueError(
                f"output_padding ({name}: {extra}) must be smaller than stride ({stride}) or dilation ({dilation})"
            )


def read_integer(name: str, value: object, least: int) -> int:
    """`value` as an int of at least `least`.

    TypeError for what is no integer (bool and float included), ValueError for what is too small.
    """
    if type(value) is not int:
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise TypeError(f"{name} must be an int, not {type(value).__name__}")
        value = index(value)
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")
    return value


def read_pair(name: str, value: Pair, least: int) -> tuple[int, int]:
    """`value` as (height, width), one int standing for both."""
    if not isinstance(value, (tuple, list)):
        both = read_integer(name, value, least)
        return both, both
    if len(value) != 2:
        raise ValueError(f"{name} must be an int or (height, width), not {len(value)} values")
    return read_integer(f"{name}[0]", value[0], least), read_integer(f"{name}[1]", value[1], least)


def read_padding(padding: Padding) -> Sides:
    """`padding` as (top, bottom, left, right), or the string that it is.

    int: all four sides; (h, w): h at top and bottom, w at left and right.
    """
    if isinstance(padding, str):
        if padding == "same":
            return "same"
        if padding == "valid":
            return "valid"
        raise ValueError(f"padding must be 'same' or 'valid' where it is a string, not {padding!r}")
    if not isinstance(padding, (tuple, list)):
        every = read_integer("padding", padding, 0)
        return every, every, every, every
    values = tuple(read_integer(f"padding[{i}]", value, 0) for i, value in enumerate(padding))
    if len(values) == 2:
        return values[0], values[0], values[1], values[1]
    if len(values) == 4:
        return values[0], values[1], values[2], values[3]
    raise ValueError(
        "padding must be an int, (height, width), (top, bottom, left, right), 'same' or 'valid', "
        f"not {len(values)} values"
    )
