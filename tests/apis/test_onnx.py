"""The contracts of ONNX: attributes are lists, and padding by name or by the output's shape depends on the input."""

from __future__ import annotations

import pytest

from conformance.apis import NoEquivalent, contracts
from conformance.case import Inputs, Numpy, Tensor

CONV = contracts()["onnx.Conv"]
TRANSPOSED = contracts()["onnx.ConvTranspose"]
LAYER = {"in_channels": 4, "out_channels": 6, "kernel_size": 3}
INPUT = Inputs((2, 4, 5, 6))
TWO = Numpy("int64", 2)


@pytest.mark.parametrize(
    ("canonical", "vendor"),
    [
        ({"stride": 2}, {"strides": [2, 2]}),
        ({"dilation": (1, 3)}, {"dilations": [1, 3]}),
        ({"groups": 2}, {"group": 2}),
        ({"padding": 1}, {"pads": [1, 1, 1, 1]}),
        ({"padding": (1, 2)}, {"pads": [1, 2, 1, 2]}),
        ({"padding": (1, 2, 3, 4)}, {"pads": [1, 3, 2, 4]}),
        ({"padding": "same"}, {"auto_pad": "SAME_UPPER"}),
        ({"padding": "valid"}, {"auto_pad": "VALID"}),
        ({"padding": "full"}, {"auto_pad": "full"}),
        ({"stride": TWO}, {"strides": [TWO, TWO]}),
        ({"padding": (TWO, 1)}, {"pads": [TWO, 1, TWO, 1]}),
        # What no layer has is asked as it is.
        ({"stride": (1, 2, 3)}, {"strides": [1, 2, 3]}),
        ({"stride": 1.5}, {"strides": 1.5}),
        ({"padding": "x"}, {"auto_pad": "x"}),
    ],
)
def test_canonical_arguments_are_attributes(canonical, vendor):
    weight = 2 if "groups" in canonical else 4
    expected = {"W": Tensor((6, weight, 3, 3)), "B": Tensor((6,)), **vendor}
    assert CONV.to_vendor({**LAYER, **canonical}, INPUT) == expected


def test_without_a_bias_there_is_no_b():
    assert CONV.to_vendor({**LAYER, "bias": False}, INPUT) == {"W": Tensor((6, 4, 3, 3))}


@pytest.mark.parametrize("name", ["stride", "padding", "groups"])
def test_an_attribute_is_never_none(name):
    assert isinstance(CONV.to_vendor({**LAYER, name: None}, INPUT), NoEquivalent)


def test_beginnings_and_ends_are_read():
    canonical = CONV.to_canonical({"W": Tensor((6, 4, 3, 3)), "pads": [1, 3, 2, 4]}, INPUT)
    assert canonical["padding"] == (1, 2, 3, 4)


# ceil(5 / stride) rows of a kernel with 4 rows.
@pytest.mark.parametrize(
    ("auto_pad", "stride", "rows"),
    [
        ("SAME_UPPER", 1, (1, 2)),
        ("SAME_LOWER", 1, (2, 1)),
        ("SAME_UPPER", 2, (1, 2)),
        ("SAME_UPPER", 3, (1, 1)),
        ("SAME_LOWER", 5, (0, 0)),
    ],
)
def test_padding_by_name_is_that_of_the_input_size(auto_pad, stride, rows):
    arguments = {"W": Tensor((6, 4, 4, 1)), "auto_pad": auto_pad, "strides": [stride, 1]}
    assert CONV.to_canonical(arguments, INPUT)["padding"] == (*rows, 0, 0)


# Five rows at stride 2 and kernel 4 make 12.
@pytest.mark.parametrize(
    ("attributes", "rows"),
    [
        ({"auto_pad": "SAME_UPPER"}, (1, 1)),
        ({"output_shape": [12, 6]}, (0, 0)),
        ({"output_shape": [11, 6]}, (1, 0)),
        ({"output_shape": [11, 6], "auto_pad": "SAME_UPPER"}, (0, 1)),
        ({"output_shape": [11, 6], "pads": [3, 3, 3, 3]}, (1, 0)),
        ({"output_shape": [11, 6], "output_padding": [1, 0]}, (1, 1)),
    ],
)
def test_pads_are_made_for_the_shape_of_the_output(attributes, rows):
    arguments = {"W": Tensor((4, 6, 4, 1)), "strides": [2, 1], **attributes}
    assert TRANSPOSED.to_canonical(arguments, INPUT)["padding"] == (*rows, 0, 0)


@pytest.mark.parametrize(
    "attributes",
    [
        {"output_shape": [13, 6]},
        {"auto_pad": "SAME_LOWER", "strides": [5, 1]},
    ],
)
def test_what_the_document_does_not_define_is_no_layer(attributes):
    arguments = {"W": Tensor((4, 6, 4, 1)), "strides": [2, 1], **attributes}
    assert isinstance(TRANSPOSED.to_canonical(arguments, INPUT), NoEquivalent)


@pytest.mark.parametrize(
    "own",
    [
        {"kernel_shape": [3, 3]},
        {"auto_pad": "SAME_UPPER", "pads": [0, 0, 0, 0]},
        {"output_shape": [12]},
        {"output_shape": [1, 6, 12, 6]},
        {"output_shape": 12},
    ],
)
def test_what_no_layer_has_is_left_for_a_case_about_it(own):
    """A weight is made of the rest, so that it can be asked."""
    canonical = TRANSPOSED.to_canonical({"W": Tensor((4, 6, 4, 1)), **own}, INPUT)
    assert canonical["kernel_size"] == (4, 1)
    assert canonical.keys() & {"kernel_shape", "auto_pad", "output_shape"}


def test_what_would_need_pads_below_zero_is_written_out():
    vendor = TRANSPOSED.to_vendor({**LAYER, "kernel_size": 2, "stride": 3, "padding": "same"}, INPUT)
    assert vendor["pads"] == [0, 0, 0, 0]
    assert vendor["output_padding"] == [1, 1]
    assert "auto_pad" not in vendor
