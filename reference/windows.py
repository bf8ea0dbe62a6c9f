"""How a kernel slides along one axis: which input positions meet which kernel taps. Integers alone, no data.

Height and width never mix, so everything here speaks of one axis. A transposed convolution is the input gradient of
a convolution, so its window is that convolution's: `Window.input` is then the transposed layer's *output* size and
`Window.output` its input size.
"""

from collections import Counter
from functools import lru_cache
from math import gcd
from typing import NamedTuple


def ceil_div(dividend: int, divisor: int) -> int:
    """The quotient, rounded up."""
    return -(-dividend // divisor)


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
        return min(ceil_div(self.kernel, step), self.output)

    @property
    def whole(self) -> "Window":
        """The same window on an input that has its padding written out."""
        return self._replace(input=self.padded, before=0, after=0)

    @property
    def turned(self) -> "Window":
        """The adjoint of a window of stride 1: the kernel slides back over the outputs, from end to end."""
        return Window(self.input + self.extent - 1, self.kernel, 1, self.dilation, 0, 0, self.input)


class Windows(NamedTuple):
    """Both axes of a layer."""

    rows: Window
    columns: Window

    @property
    def can_turn(self) -> bool:
        """Whether the adjoint is a convolution too, of few zeros: see `turned`."""
        positions = self.rows.output * self.columns.output
        return self.rows.stride == self.columns.stride == 1 and self.rows.input * self.columns.input <= 2 * positions

    @property
    def turned(self) -> "Windows":
        """The adjoint where strides are 1: the kernel slides back over the outputs and the zeros around them."""
        return Windows(self.rows.turned, self.columns.turned)

    @property
    def whole(self) -> "Windows":
        """The same windows on an input that has its padding written out."""
        return Windows(self.rows.whole, self.columns.whole)


class Reach(NamedTuple):
    """The outputs that meet the real input through one tap, counted from the first asked of, and what they meet."""

    outputs: slice
    inputs: slice


NOTHING = Reach(slice(0, 0), slice(0, 0))


def slide_convolution(
    axis: str, size: int, kernel: int, stride: int, dilation: int, padding: tuple[int, int] | str
) -> Window:
    """The window of a convolution. ValueError where it has no output."""
    extent = dilation * (kernel - 1) + 1
    if padding == "same":
        output = ceil_div(size, stride)
        total = max((output - 1) * stride + extent - size, 0)
        before, after = total // 2, total - total // 2
    else:
        before, after = (0, 0) if isinstance(padding, str) else padding
        output = (before + size + after - extent) // stride + 1
    if output <= 0:
        raise ValueError(f"no output {axis}: the kernel spans {extent}, the padded input {before} + {size} + {after}")
    stride = stride if output > 1 else 1  # one window takes no step, however large
    dilation = dilation if kernel > 1 else 1  # nor does one tap
    return Window(size, kernel, stride, dilation, before, after, output)


def slide_transposed(
    axis: str,
    size: int,
    kernel: int,
    stride: int,
    dilation: int,
    padding: tuple[int, int] | str,
    extra: int,
) -> Window:
    """The window of a transposed convolution of that input size. ValueError where it has no output."""
    if size < 1:
        raise ValueError(f"no output {axis}: a transposed convolution needs a non-empty input")
    if padding == "same":
        if extra:
            raise ValueError("output_padding must be 0 where padding is 'same'")
        return slide_convolution(axis, size * stride, kernel, stride, dilation, padding)
    before, after = (0, 0) if isinstance(padding, str) else padding
    reach = (size - 1) * stride + dilation * (kernel - 1) + 1
    output = reach - before - after + extra
    if output <= 0:
        raise ValueError(f"no output {axis}: the input reaches {reach}, padding crops {before} + {after}")
    stride = stride if size > 1 else 1
    dilation = dilation if kernel > 1 else 1
    return Window(output, kernel, stride, dilation, before, after, size)


@lru_cache(maxsize=4096)
def find_reaches(window: Window, start: int, stop: int) -> tuple[Reach, ...]:
    """For each kernel tap, which of the outputs [start, stop) meet a real input position, and which one."""
    reaches = []
    for tap in range(window.kernel):
        shift = tap * window.dilation - window.before
        first = max(ceil_div(-shift, window.stride), start)
        last = min((window.input - 1 - shift) // window.stride, stop - 1)
        if last < first:
            reaches.append(NOTHING)
            continue
        inputs = slice(first * window.stride + shift, last * window.stride + shift + 1, window.stride)
        reaches.append(Reach(slice(first - start, last - start + 1), inputs))
    return tuple(reaches)


def padding_source(window: Window, mode: str) -> list[int]:
    """For each padded position along an axis, the input position that it repeats.

    For the modes reflect (the edge not repeated), replicate and circular. ValueError where the
    padding reaches beyond what the input can supply: reflect needs each side smaller than the
    input, circular no larger, replicate a non-empty input.
    """
    size = window.input
    widest = max(window.before, window.after)
    is_too_wide = {"reflect": widest >= size, "replicate": False, "circular": widest > size}[mode]
    if size == 0 or is_too_wide:
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
    if mode == "replicate" and window.input > 0 and window.padded > 0:
        # Counted, as the padding may be of any size: those up to the first position, and those from the last one.
        start, end = -window.before, window.input + window.after
        first, last = min(end, 1) - start, end - max(start, window.input - 1)
        return window.padded if window.input == 1 else max(first, last, 1)
    return max(Counter(padding_source(window, mode)).values())
