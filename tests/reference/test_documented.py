"""MindSpore's documented sizes of the transposed layer, and where they contradict the operation."""

from itertools import product

import pytest

from conv_reference import output_size
from conv_reference.documented import mindspore_transpose_size

GRID = list(product((1, 2, 3, 7), (1, 2, 3, 4), (1, 2, 3), (1, 2, 3)))


def test_worked_example():
    assert mindspore_transpose_size((16, 50), 4, pad_mode="pad") == (19, 53)


@pytest.mark.parametrize("padding", [0, 1, (0, 1, 1, 0)])
def test_pad_agrees_with_the_operation(padding):
    for size, kernel, stride, dilation in GRID:
        call = {"stride": stride, "padding": padding, "dilation": dilation}
        documented = mindspore_transpose_size(size, kernel, pad_mode="pad", **call)
        if min(documented) > 0:
            assert documented == output_size("conv_transpose2d", size, kernel, **call)
        else:
            with pytest.raises(ValueError, match="no output"):
                output_size("conv_transpose2d", size, kernel, **call)


def test_same_agrees_with_the_operation():
    for size, kernel, stride, dilation in GRID:
        call = {"stride": stride, "dilation": dilation}
        documented = mindspore_transpose_size(size, kernel, pad_mode="same", **call)
        derived = output_size("conv_transpose2d", size, kernel, padding="same", **call)
        assert documented == derived == (size * stride, size * stride)


def test_valid_contradicts_the_operation():
    """Dilation 1, kernel 3, stride 1: documented 5, but five inputs reach seven outputs."""
    assert mindspore_transpose_size(5, 3, pad_mode="valid") == (5, 5)
    assert output_size("conv_transpose2d", 5, 3, padding="valid") == (7, 7)
    agreeing = sum(
        mindspore_transpose_size(size, kernel, pad_mode="valid", stride=stride, dilation=dilation)
        == output_size("conv_transpose2d", size, kernel, padding="valid", stride=stride, dilation=dilation)
        for size, kernel, stride, dilation in GRID
    )
    assert 0 < agreeing < len(GRID) / 2


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"pad_mode": "full"}, "pad_mode must be"),
        ({"pad_mode": "same", "padding": 1}, "padding must be 0"),
        ({"pad_mode": "valid", "padding": (0, 0, 1, 0)}, "padding must be 0"),
        ({"pad_mode": "pad", "padding": (1, 1)}, "four ints"),
        ({"pad_mode": "pad", "padding": "same"}, "four ints"),
        ({"pad_mode": "pad", "padding": -1}, "at least 0"),
    ],
)
def test_refuses(parameters, message):
    with pytest.raises(ValueError, match=message):
        mindspore_transpose_size(5, 3, **parameters)


def test_a_dilated_kernel_adds_what_passes_the_stride():
    """H * stride + max((dilation - 1) * (kernel - 1) - stride, 0), as printed for "valid"."""
    assert mindspore_transpose_size(4, 3, pad_mode="valid", dilation=4) == (9, 9)


def test_an_image_without_rows_has_a_size():
    assert mindspore_transpose_size((0, 2), 3, pad_mode="valid") == (0, 2)
