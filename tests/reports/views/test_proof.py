"""A case proves an aspect only where its output has elements and the argument changes the answer."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import conv_reference as reference
from conv_reports.results.records import Case
from conv_reports.views.aspects import Aspect
from conv_reports.views.geometry import measure
from conv_reports.views.proof import can_prove


def case(layer="conv2d", shape=(1, 2, 5, 6), **arguments):
    stated = {"in_channels": 2, "out_channels": 2, "kernel_size": 3, **arguments}
    return Case("x::y", layer, stated, "the definition", {"shape": list(shape)})


@pytest.mark.parametrize(
    ("one", "aspect", "proves"),
    [
        (case(stride=2), Aspect("stride", "int"), True),
        (case(stride=2, shape=(1, 2, 3, 4)), Aspect("stride", "int"), False),
        (case(stride=2, shape=(0, 2, 5, 6)), Aspect("stride", "int"), False),
        (case(stride=[1, 3], shape=(1, 2, 5, 3)), Aspect("stride", "pair"), False),
        (case("conv_transpose2d", stride=2, shape=(1, 2, 1, 1)), Aspect("stride", "int"), False),
        (case(dilation=2, kernel_size=1), Aspect("dilation", "int"), False),
        (case(dilation=2, kernel_size=[1, 2]), Aspect("dilation", "int"), True),
        (case(padding="same"), Aspect("padding", "'same'"), True),
        (case(padding="same", kernel_size=1), Aspect("padding", "'same'"), False),
        (case(padding="valid"), Aspect("padding", "'valid'"), True),
        (case(padding="valid", kernel_size=1), Aspect("padding", "'valid'"), False),
        (case("conv_transpose2d", padding="same", stride=3), Aspect("padding", "'same'"), False),
        (case(padding_mode="reflect"), Aspect("padding_mode", "'reflect'"), False),
        (case(padding_mode="reflect", padding=1), Aspect("padding_mode", "'reflect'"), True),
        (case("conv_transpose2d", stride=2, output_padding=1, bias=False), Aspect("output_padding", "int"), False),
        (case("conv_transpose2d", stride=2, output_padding=1), Aspect("output_padding", "int"), True),
        (case("conv_transpose2d", output_padding=1, padding=1, bias=False), Aspect("output_padding", "int"), True),
        (case(kernel_size="3"), Aspect("bias", "True"), False),
        (case(shape=(2, 5, 6)), Aspect("batch", "none"), True),
    ],
)  # fmt: skip
def test_a_case_proves_what_changes_its_answer(one, aspect, proves):
    assert can_prove(one, aspect) == proves


SIZES = list(itertools.product([1, 4, 5], [1, 2, 3], [1, 2], [0, 1, (1, 0, 0, 2)], [1, 2]))


@pytest.mark.parametrize("layer", ["conv2d", "conv_transpose2d"])
def test_sizes_are_the_oracles(layer):
    compute = getattr(reference, layer)
    checked = 0
    for size, kernel, stride, padding, dilation in SIZES:
        stated = {"kernel_size": kernel, "stride": stride, "dilation": dilation}
        asked = case(
            layer, (1, 2, size, size + 1), padding=list(padding) if padding and padding != 1 else padding, **stated
        )
        x, weight = np.ones((1, 2, size, size + 1)), np.ones((2, 2, kernel, kernel))
        try:
            output = compute(x, weight, stride=stride, padding=padding, dilation=dilation)
        except ValueError:
            continue
        geometry = measure(asked)
        assert geometry is not None
        assert geometry.sizes() == output.shape[2:]
        checked += 1
    assert checked > 50
