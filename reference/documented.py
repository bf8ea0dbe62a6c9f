"""Output sizes as a document states them, kept apart from the derived ones of `output_size`.

Where the two differ, the document contradicts the operation that it describes.
"""

from .parameters import Padding, Pair, read_padding, read_pair


def mindspore_transpose_size(
    input_size: Pair,
    kernel_size: Pair,
    *,
    stride: Pair = 1,
    pad_mode: str = "same",
    padding: Padding = 0,
    dilation: Pair = 1,
) -> tuple[int, int]:
    """(height, width) by the three formulas of `mindspore.nn.Conv2dTranspose`.

    pad_mode "same" and "valid" need padding 0, "pad" takes an int or (top, bottom, left, right).
    The "valid" formula has no kernel size where a transposed convolution has one: for dilation 1
    it gives H * stride instead of (H - 1) * stride + kernel.
    ValueError for another pad_mode, or for a padding that it does not take.
    """
    size, kernel = read_pair("input_size", input_size, 0), read_pair("kernel_size", kernel_size, 1)
    step, spread = read_pair("stride", stride, 1), read_pair("dilation", dilation, 1)
    around = read_padding(padding)
    if isinstance(around, str) or (not isinstance(padding, int) and len(padding) != 4):
        raise ValueError(f"padding must be an int or four ints, not {padding!r}")
    if pad_mode not in ("same", "valid", "pad"):
        raise ValueError(f"pad_mode must be 'same', 'valid' or 'pad', not {pad_mode!r}")
    if pad_mode != "pad" and any(around):
        raise ValueError(f"padding must be 0 with pad_mode {pad_mode!r}, not {padding!r}")

    def along(axis: int) -> int:
        scaled = size[axis] * step[axis]
        dilated = (spread[axis] - 1) * (kernel[axis] - 1)
        if pad_mode == "same":
            return scaled
        if pad_mode == "valid":
            return scaled + max(dilated - step[axis], 0)
        cropped = around[2 * axis] + around[2 * axis + 1]
        return scaled - cropped + kernel[axis] + dilated - step[axis]

    return along(0), along(1)
