"""The integers of a convolution: which input rows meet which kernel rows. No arithmetic on data.

Height and width never mix, so everything here speaks of one axis: a `Window` says how a kernel
slides along it. A transposed convolution is the input gradient of a convolution, so its window is
that convolution's: `Window.input` is then the transposed layer's *output* size and
`Window.output` its input size.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import gcd
from operator import index
from typing import Literal, NamedTuple, TypeAlias

Layer: TypeAlias = Literal["conv2d", "conv_transpose2d"]
Pair: TypeAlias = int | Sequence[int]
Padding: TypeAlias = int | Sequence[int] | str
Sides: TypeAlias = tuple[int, int, int, int] | Literal["same", "valid"]

LAYERS = ("conv2d", "conv_transpose2d")
PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class Window(NamedTuple):
    """One axis of a convolution, all in elements.

    Output position `o` meets input position `o * stride + k * dilation - before` through kernel
    tap `k`; `before` and `after` are the padding that those positions reach into.
    """

    input: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    output: int

    @property
    def extent(self) -> int:
        """Input positions from the first kernel tap to the last, both counted."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def padded(self) -> int:
        """Size of the input with its padding."""
        return self.before + self.input + self.after

    @property
    def taps(self) -> int:
        """The most kernel taps through which one padded input position meets outputs.

        Taps of one position differ by multiples of stride / gcd(stride, dilation): the position
        fixes `o * stride + k * dilation`.
        """
        step = self.stride // gcd(self.stride, self.dilation)
        return min(-(-self.kernel // step), self.output)


class Windows(NamedTuple):
    """Both axes of a layer."""

    rows: Window
    columns: Window


def integer(name: str, value: object, least: int) -> int:
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


def pair(name: str, value: Pair, least: int) -> tuple[int, int]:
    """`value` as (height, width), one int standing for both."""
    if type(value) is int:
        if value < least:
            raise ValueError(f"{name} must be at least {least}, not {value}")
        return value, value
    if not isinstance(value, (tuple, list)):
        both = integer(name, value, least)
        return both, both
    if len(value) != 2:
        raise ValueError(f"{name} must be an int or (height, width), not {len(value)} values")
    return integer(f"{name}[0]", value[0], least), integer(f"{name}[1]", value[1], least)


def sides(padding: Padding) -> Sides:
    """`padding` as (top, bottom, left, right), or the string it is.

    int: all four sides; (h, w): h at top and bottom, w at left and right.
    """
    if type(padding) is int:
        if padding < 0:
            raise ValueError(f"padding must be at least 0, not {padding}")
        return padding, padding, padding, padding
    if isinstance(padding, str):
        if padding == "same":
            return "same"
        if padding == "valid":
            return "valid"
        raise ValueError(f"padding must be 'same' or 'valid' where it is a string, not {padding!r}")
    if not isinstance(padding, (tuple, list)):
        every = integer("padding", padding, 0)
        return every, every, every, every
    values = tuple(integer(f"padding[{i}]", value, 0) for i, value in enumerate(padding))
    if len(values) == 2:
        return values[0], values[0], values[1], values[1]
    if len(values) == 4:
        return values[0], values[1], values[2], values[3]
    raise ValueError(
        "padding must be an int, (height, width), (top, bottom, left, right), 'same' or 'valid', "
        f"not {len(values)} values"
    )


def _conv_window(
    axis: str, size: int, kernel: int, stride: int, dilation: int, padding: tuple[int, int] | str
) -> Window:
    extent = dilation * (kernel - 1) + 1
    if padding == "same":
        output = -(-size // stride)
        total = max((output - 1) * stride + extent - size, 0) if output else 0
        before, after = total // 2, total - total // 2
    else:
        before, after = (0, 0) if isinstance(padding, str) else padding
        output = (before + size + after - extent) // stride + 1
    if output <= 0:
        raise ValueError(f"no output {axis}: the kernel spans {extent}, the padded input {before} + {size} + {after}")
    stride = stride if output > 1 else 1  # one window takes no step, however large
    return Window(size, kernel, stride, dilation, before, after, output)


def _transpose_window(
    axis: str,
    size: int,
    kernel: int,
    stride: int,
    dilation: int,
    padding: tuple[int, int] | str,
    extra: int,
) -> Window:
    if size < 1:
        raise ValueError(f"no output {axis}: a transposed convolution needs a non-empty input")
    if extra and extra >= max(stride, dilation):
        raise ValueError(
            f"output_padding ({axis}: {extra}) must be smaller than stride ({stride}) or dilation ({dilation})"
        )
    if padding == "same":
        if extra:
            raise ValueError("output_padding must be 0 where padding is 'same'")
        return _conv_window(axis, size * stride, kernel, stride, dilation, padding)
    before, after = (0, 0) if isinstance(padding, str) else padding
    reach = (size - 1) * stride + dilation * (kernel - 1) + 1
    output = reach - before - after + extra
    if output <= 0:
        raise ValueError(f"no output {axis}: the input reaches {reach}, padding crops {before} + {after}")
    stride = stride if size > 1 else 1
    return Window(output, kernel, stride, dilation, before, after, size)


@lru_cache(maxsize=4096)
def windows(
    layer: Layer,
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: Sides,
    output_padding: tuple[int, int],
    dilation: tuple[int, int],
) -> Windows:
    """The windows of a layer, from parameters already normalised by `pair` and `sides`.

    `size` is the layer's input (height, width). ValueError where no output exists.
    """
    by_axis = (padding, padding) if isinstance(padding, str) else ((padding[0], padding[1]), (padding[2], padding[3]))
    if layer == "conv2d":
        rows, columns = (
            _conv_window(name, size[i], kernel[i], stride[i], dilation[i], by_axis[i])
            for i, name in enumerate(("height", "width"))
        )
    else:
        rows, columns = (
            _transpose_window(name, size[i], kernel[i], stride[i], dilation[i], by_axis[i], output_padding[i])
            for i, name in enumerate(("height", "width"))
        )
    return Windows(rows, columns)


def output_size(
    layer: Layer,
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
    if layer not in LAYERS:
        raise ValueError(f"layer must be one of {LAYERS}, not {layer!r}")
    plane = windows(
        layer,
        pair("input_size", input_size, 0),
        pair("kernel_size", kernel_size, 1),
        pair("stride", stride, 1),
        sides(padding),
        pair("output_padding", output_padding, 0),
        pair("dilation", dilation, 1),
    )
    if layer == "conv2d":
        if tuple(pair("output_padding", output_padding, 0)) != (0, 0):
            raise ValueError("output_padding belongs to conv_transpose2d")
        return plane.rows.output, plane.columns.output
    return plane.rows.input, plane.columns.input


class Spaced(NamedTuple):
    """The adjoint of a layer, as a convolution of stride 1 over its outputs spaced out with zeros.

    `outputs` (rows, columns) of them come to lie at `places` in the input of `plane`; those that no
    position needs are left out. The kernel's taps run backwards.
    """

    plane: Windows
    outputs: tuple[slice, slice]
    places: tuple[slice, slice]
    untouched: bool  # all outputs, and no zeros


class Phase(NamedTuple):
    """The input positions of a layer at one distance from a multiple of its strides, and the taps that reach them.

    They meet `taps` and no other, at outputs a constant distance apart: no zeros between them.
    `spaced` is None where no tap reaches.
    """

    positions: tuple[slice, slice]
    taps: tuple[slice, slice]
    spaced: Spaced | None


class Run(NamedTuple):
    """Kernel taps, the positions modulo stride that they reach, and how many strides on these lie."""

    taps: slice
    remainders: slice
    strides: int


@lru_cache(maxsize=4096)
def spaced(plane: Windows) -> Spaced:
    """All input positions of a layer (without its padding), as a convolution over spaced outputs."""
    return _spaced(
        *(
            _SpacedAxis(axis.output, axis.kernel, axis.dilation, axis.stride, axis.extent - 1 - axis.before, axis.input)
            for axis in plane
        ),
    )


@lru_cache(maxsize=4096)
def phases(plane: Windows) -> tuple[Phase, ...]:
    """The input positions of a layer (without its padding), split by the taps that reach them."""
    rows, columns = map(_phases, plane)
    return tuple(
        Phase(
            (down.positions, across.positions),
            (down.taps, across.taps),
            _spaced(down.spaced, across.spaced) if down.spaced and across.spaced else None,
        )
        for down in rows
        for across in columns
    )


class _SpacedAxis(NamedTuple):
    """One axis of `Spaced`: output 0 lies at `lead`, which may be negative, the next ones `stride` apart."""

    outputs: int
    kernel: int
    dilation: int
    stride: int
    lead: int
    positions: int


class _PhaseAxis(NamedTuple):
    positions: slice
    taps: slice
    spaced: _SpacedAxis | None


def _phases(window: Window) -> list[_PhaseAxis]:
    common = gcd(window.stride, window.dilation)
    step, dilation = window.stride // common, window.dilation // common
    found = []
    for first in range(min(window.stride, window.input)):
        position, positions = first + window.before, slice(first, None, window.stride)
        reaching = [
            tap for tap in range(min(step, window.kernel)) if (position - tap * window.dilation) % window.stride == 0
        ]
        if not reaching:
            found.append(_PhaseAxis(positions, slice(0), None))
            continue
        start = reaching[0]
        taps = -(-(window.kernel - start) // step)
        count = -(-(window.input - first) // window.stride)
        lead = (taps - 1) * dilation - (position - start * window.dilation) // window.stride
        axis = _SpacedAxis(window.output, taps, dilation, 1, lead, count)
        found.append(_PhaseAxis(positions, slice(start, None, step), axis))
    return found


def _spaced(*axes: _SpacedAxis) -> Spaced:
    inner, outputs, places = [], [], []
    for outputs_of, kernel, dilation, stride, lead, positions in axes:
        size = positions + dilation * (kernel - 1)
        first = max(-(lead // stride), 0)
        count = max(min((size - 1 - lead) // stride, outputs_of - 1) - first + 1, 0)
        start = lead + first * stride
        places.append(slice(start, start + (count - 1) * stride + 1, stride) if count else slice(0, 0))
        outputs.append(slice(first, first + count))
        inner.append(Window(size, kernel, 1, dilation, 0, 0, positions))
    untouched = all(
        place == slice(0, window.input, 1) and window.input == axis.outputs
        for place, window, axis in zip(places, inner, axes, strict=True)
    )
    return Spaced(Windows(*inner), (outputs[0], outputs[1]), (places[0], places[1]), untouched)


@lru_cache(maxsize=4096)
def runs(window: Window) -> tuple[Run, ...]:
    """All taps of a window, neighbours together where they reach neighbouring positions of one stride."""
    stride, dilation, kernel = window.stride, window.dilation, window.kernel
    if dilation == 1:
        starts = range(0, kernel, stride)
        return tuple(
            Run(slice(start, min(start + stride, kernel)), slice(0, min(stride, kernel - start)), start // stride)
            for start in starts
        )
    places = [divmod(tap * dilation, stride) for tap in range(kernel)]
    return tuple(Run(slice(tap, tap + 1), slice(rest, rest + 1), whole) for tap, (whole, rest) in enumerate(places))


def reached(window: Window) -> list[tuple[slice, slice]]:
    """For each kernel tap the output positions that meet a real input position, and those input positions."""
    found = []
    for k in range(window.kernel):
        shift = k * window.dilation - window.before
        first = max(-(shift // window.stride), 0)
        last = min((window.input - 1 - shift) // window.stride, window.output - 1)
        count = max(last - first + 1, 0)
        start = first * window.stride + shift
        inputs = slice(start, start + (count - 1) * window.stride + 1, window.stride) if count else slice(0, 0)
        found.append((slice(first, first + count), inputs))
    return found


def padding_source(window: Window, mode: str) -> list[int]:
    """For each padded position along an axis, the input position that it repeats.

    For the modes reflect (the edge not repeated), replicate and circular. ValueError where the
    padding reaches beyond what the input can supply: reflect needs each side smaller than the
    input, circular no larger, replicate a non-empty input.
    """
    size = window.input
    limit = {"reflect": size - 1, "replicate": -1, "circular": size}[mode]
    widest = max(window.before, window.after)
    if size == 0 or (mode != "replicate" and widest > limit):
        raise ValueError(f"padding {widest} is too wide for padding_mode {mode!r} on size {size}")
    positions = range(-window.before, size + window.after)
    if mode == "replicate":
        return [min(max(p, 0), size - 1) for p in positions]
    if mode == "circular":
        return [p % size for p in positions]
    return [(size - 1) - abs((size - 1) - abs(p)) for p in positions]


def repeats(window: Window, mode: str) -> int:
    """How many padded positions the most repeated input position supplies."""
    if mode == "zeros":
        return 1
    source = padding_source(window, mode)
    return max(source.count(position) for position in range(window.input))
