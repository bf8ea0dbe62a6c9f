"""The contracts of PaddlePaddle: forms of padding, layouts of data, and a size that is asked for."""

from __future__ import annotations

import pytest

from conformance.apis import NoEquivalent, contracts
from conformance.case import Inputs, Tensor

CLASSES = ("paddle.nn.Conv2D", "paddle.nn.Conv2DTranspose")
FUNCTION = contracts()["paddle.nn.functional.conv2d_transpose"]
LAYER = {"in_channels": 4, "out_channels": 6, "kernel_size": 3}
INPUT = Inputs((2, 4, 5, 6))


@pytest.mark.parametrize("api", CLASSES)
@pytest.mark.parametrize(
    ("padding", "data_format", "canonical"),
    [
        ("same", "NCHW", "same"),
        ("VALID", "NCHW", "valid"),
        (2, "NCHW", 2),
        ((1, 2), "NCHW", (1, 2)),
        ((1, 2, 3, 4), "NCHW", (1, 2, 3, 4)),
        (((0, 0), (0, 0), (1, 2), (3, 4)), "NCHW", (1, 2, 3, 4)),
        ([[0, 0], [1, 2], [3, 4], [0, 0]], "NHWC", (1, 2, 3, 4)),
    ],
)
def test_documented_forms_of_padding_are_read(api, padding, data_format, canonical):
    arguments = {**LAYER, "padding": padding, "data_format": data_format}
    assert contracts()[api].to_canonical(arguments, INPUT)["padding"] == canonical


@pytest.mark.parametrize("padding", ["full", (1, 2, 3), ((0, 1), (0, 0), (1, 1), (1, 1)), ((0, 0), 1, 2, 3)])
def test_other_forms_are_left_for_a_case_about_them(padding):
    canonical = contracts()[CLASSES[0]].to_canonical({**LAYER, "padding": padding}, INPUT)
    assert canonical["padding"] == padding


@pytest.mark.parametrize("bias", [{"bias": False}, {"bias_attr": False}, {"bias": False, "bias_attr": True}])
def test_each_way_to_have_no_bias_is_read(bias):
    assert contracts()[CLASSES[0]].to_canonical({**LAYER, **bias}, INPUT)["bias"] is False


def test_a_transposed_layer_is_told_by_its_attribute_that_it_has_no_bias():
    vendor = contracts()[CLASSES[1]].to_vendor({**LAYER, "bias": False}, INPUT)
    assert vendor == {**LAYER, "bias_attr": False}


# At stride 3 and kernel 3 the smallest output of 5 rows and 6 columns has 15 and 18.
@pytest.mark.parametrize(("size", "extra"), [((15, 18), (0, 0)), ([16, 20], (1, 2)), (18, (3, 0)), ((14, 18), (-1, 0))])
def test_a_size_that_is_asked_for_is_an_output_padding(size, extra):
    arguments = {"weight": Tensor((4, 6, 3, 3)), "stride": 3, "output_size": size}
    assert FUNCTION.to_canonical(arguments, INPUT)["output_padding"] == extra


def test_a_size_and_an_output_padding_are_no_layer():
    arguments = {"weight": Tensor((4, 6, 3, 3)), "stride": 3, "output_size": (15, 18), "output_padding": 1}
    assert isinstance(FUNCTION.to_canonical(arguments, INPUT), NoEquivalent)


# A transposed layer multiplies the size by the stride: it crops dilation * (kernel - 1) + 1 - stride, the odd row behind.
@pytest.mark.parametrize(
    ("layer", "spelled"),
    [
        ({"stride": 1}, {"padding": "same"}),
        ({"kernel_size": (4, 3), "stride": (1, 2)}, {"padding": (1, 2, 0, 1)}),
        ({"kernel_size": (4, 3), "stride": (2, 1)}, {"padding": (1, 1)}),
        ({"kernel_size": 2, "stride": (3, 4)}, {"padding": (0, 0), "output_padding": (1, 2)}),
    ],
)
def test_what_no_document_defines_is_written_out(layer, spelled):
    vendor = contracts()[CLASSES[1]].to_vendor({**LAYER, **layer, "padding": "same"}, INPUT)
    assert {name: vendor[name] for name in ("padding", "output_padding") if name in vendor} == spelled


@pytest.mark.parametrize("api", [api for api in contracts() if api.startswith("paddle.")])
def test_the_channels_are_last_where_data_format_says_so(api):
    contract = contracts()[api]
    assert contract.is_channels_last({"data_format": "NHWC"})
    assert not contract.is_channels_last({"data_format": "NCHW"})
    assert not contract.is_channels_last({})
