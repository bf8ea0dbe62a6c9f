"""The contracts of JAX: pairs of sides, padding that is one of the input or of the output, and what a mode pads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.apis import NoEquivalent, contracts, frameworks
from conformance.case import Inputs, Numpy, Tensor

CONVOLVE = contracts()["jax.lax.conv_general_dilated"]
TRANSPOSE = contracts()["jax.lax.conv_transpose"]
CONV = contracts()["flax.nnx.Conv"]
CONV_TRANSPOSE = contracts()["flax.nnx.ConvTranspose"]
LAYER = {"in_channels": 4, "out_channels": 6, "kernel_size": 3}
FUNCTION = {**LAYER, "bias": False}
OWN = {"in_features": 4, "out_features": 6, "kernel_size": (3, 3)}
INPUT = Inputs((2, 4, 5, 6))
TWO = Numpy("int64", 2)


@pytest.mark.parametrize(
    ("canonical", "vendor"),
    [
        ({}, {}),
        ({"stride": 2}, {"window_strides": (2, 2)}),
        ({"stride": TWO}, {"window_strides": (TWO, TWO)}),
        ({"dilation": (1, 3)}, {"rhs_dilation": (1, 3)}),
        ({"padding": 1}, {"padding": ((1, 1), (1, 1))}),
        ({"padding": (1, 2)}, {"padding": ((1, 1), (2, 2))}),
        ({"padding": (1, 2, 3, 4)}, {"padding": ((1, 2), (3, 4))}),
        ({"padding": "same"}, {"padding": "SAME"}),
        # What no layer has is asked as it is.
        ({"stride": (1, 2, 3)}, {"window_strides": (1, 2, 3)}),
        ({"stride": 1.5}, {"window_strides": (1.5, 1.5)}),
        ({"padding": "full"}, {"padding": "full"}),
    ],
)
def test_a_function_is_given_pairs(canonical, vendor):
    plain = {"rhs": Tensor((6, 4, 3, 3)), "window_strides": (1, 1), "padding": "VALID"}
    assert CONVOLVE.to_vendor({**FUNCTION, **canonical}, INPUT) == {**plain, **vendor}


@pytest.mark.parametrize("contract", [CONVOLVE, TRANSPOSE], ids=lambda contract: contract.api)
def test_a_function_adds_no_bias(contract):
    assert isinstance(contract.to_vendor(LAYER, INPUT), NoEquivalent)
    assert not isinstance(contract.to_vendor(FUNCTION, INPUT), NoEquivalent)


@pytest.mark.parametrize("contract", [TRANSPOSE, CONV_TRANSPOSE], ids=lambda contract: contract.api)
def test_a_transposed_layer_has_no_groups(contract):
    assert isinstance(contract.to_vendor({**FUNCTION, "groups": 2}, INPUT), NoEquivalent)


def test_a_kernel_of_a_transposed_layer_is_last_and_first_is_its_last_row():
    vendor = TRANSPOSE.to_vendor({**FUNCTION, "kernel_size": (2, 3)}, INPUT)
    assert vendor["rhs"] == Tensor((2, 3, 4, 6))


# What is cropped of the full output is written as PyTorch's by the function, and as what is added to x by the layer.
@pytest.mark.parametrize(
    ("canonical", "of_function", "of_layer"),
    [
        ({}, ((0, 0), (0, 0)), ((2, 2), (2, 2))),
        ({"padding": 1}, ((1, 1), (1, 1)), ((1, 1), (1, 1))),
        ({"padding": (2, 0), "dilation": 2}, ((2, 2), (0, 0)), ((2, 2), (4, 4))),
        ({"padding": (0, 1, 2, 3)}, ((0, 1), (2, 3)), ((2, 1), (0, -1))),
        ({"padding": 1, "output_padding": 1, "stride": 2}, ((1, 0), (1, 0)), ((1, 2), (1, 2))),
        ({"padding": "valid", "stride": 4}, ((0, 0), (0, 0)), ((2, 2), (2, 2))),
    ],
)
def test_the_padding_of_a_transposed_layer(canonical, of_function, of_layer):
    function = TRANSPOSE.to_vendor({**FUNCTION, **canonical}, INPUT)
    assert function["padding"] == of_function
    assert function["use_consistent_padding"] is True
    layer = CONV_TRANSPOSE.to_vendor({**LAYER, **canonical}, INPUT)
    assert layer["padding"] == of_layer


@pytest.mark.parametrize("layer", [{"padding": "same", "stride": 2}, {"padding": "valid", "stride": 3}])
def test_a_transposed_layer_is_given_strings_where_they_mean_the_same(layer):
    for contract in (TRANSPOSE, CONV_TRANSPOSE):
        vendor = contract.to_vendor({**FUNCTION, **layer}, INPUT)
        assert vendor["padding"] == layer["padding"].upper()
        assert "use_consistent_padding" not in vendor


# A kernel of two rows at steps of three: what is between them is added behind the last.
@pytest.mark.parametrize(
    ("own", "canonical"),
    [
        ({"padding": "VALID", "strides": 3}, {"padding": 0, "output_padding": (1, 1)}),
        ({"padding": "VALID", "strides": 2}, {"padding": 0, "output_padding": 0}),
        ({"strides": 2}, {"padding": "same"}),
        ({"padding": 1}, {"padding": 0, "output_padding": 0}),
        ({"padding": ((0, 1), (1, 0))}, {"padding": (1, 0, 0, 1)}),
        ({"padding": ((1, 2), (1, 1)), "strides": 2}, {"padding": 0, "output_padding": (1, 0)}),
    ],
)
def test_a_transposed_layer_is_read_as_what_it_crops_and_adds(own, canonical):
    read = CONV_TRANSPOSE.to_canonical({**OWN, "kernel_size": (2, 2), **own}, INPUT)
    assert {name: read[name] for name in canonical} == canonical


def test_nothing_is_added_before_an_output():
    assert isinstance(CONV_TRANSPOSE.to_canonical({**OWN, "padding": ((3, 2), (2, 2))}, INPUT), NoEquivalent)


@pytest.mark.parametrize(
    ("canonical", "padding"),
    [
        ({}, "VALID"),
        ({"padding": 2}, 2),
        ({"padding": (1, 2)}, (1, 2)),
        ({"padding": (1, 2, 3, 4)}, ((1, 2), (3, 4))),
        ({"padding": "same"}, "SAME"),
        ({"padding": 1, "padding_mode": "circular"}, "CIRCULAR"),
        ({"padding": 1, "padding_mode": "reflect", "stride": 2}, "REFLECT"),
        ({"padding": (0, 1, 1, 2), "kernel_size": (2, 4), "padding_mode": "circular"}, "CIRCULAR"),
        ({"padding": "same", "padding_mode": "circular", "kernel_size": 4}, "CIRCULAR"),
    ],
)
def test_a_convolution_always_says_how_it_pads(canonical, padding):
    vendor = CONV.to_vendor({**LAYER, **canonical}, INPUT)
    assert vendor["padding"] == padding


@pytest.mark.parametrize(
    "canonical",
    [
        {"padding": 2, "padding_mode": "circular"},
        {"padding": 1, "padding_mode": "replicate"},
        {"padding": "same", "padding_mode": "circular", "stride": 2},
    ],
)
def test_a_mode_pads_by_the_kernel_alone(canonical):
    assert isinstance(CONV.to_vendor({**LAYER, **canonical}, INPUT), NoEquivalent)


def test_by_default_a_convolution_pads():
    assert CONV.to_canonical(OWN, INPUT)["padding"] == "same"


def test_a_kernel_is_a_pair_as_an_integer_is_one_of_one_axis():
    assert CONV.to_vendor(LAYER, INPUT)["kernel_size"] == (3, 3)


def test_the_dtype_of_the_parameters_is_said():
    vendor = CONV.to_vendor(LAYER, Inputs((2, 4, 5, 6), "float16"))
    assert vendor["param_dtype"].name == "float16"


@pytest.mark.parametrize(
    "own",
    [{"lhs_dilation": (2, 1)}, {"batch_group_count": 2}, {"dimension_numbers": ("NHWC", "HWIO", "NHWC")}],
)
def test_what_is_no_convolution_of_this_suite_is_none(own):
    arguments = {"rhs": Tensor((6, 4, 3, 3)), "window_strides": (1, 1), "padding": "VALID", **own}
    assert isinstance(CONVOLVE.to_canonical(arguments, INPUT), NoEquivalent)


@pytest.mark.parametrize(
    ("contract", "numbers", "is_last"),
    [
        (CONVOLVE, None, False),
        (CONVOLVE, ("NHWC", "OIHW", "NHWC"), True),
        (TRANSPOSE, None, True),
        (TRANSPOSE, ("NCHW", "HWIO", "NCHW"), False),
    ],
)
def test_where_the_channels_are_is_said_by_the_numbers_of_dimensions(contract, numbers, is_last):
    assert contract.is_channels_last({} if numbers is None else {"dimension_numbers": numbers}) is is_last


def test_a_layer_is_written_with_its_random_numbers_and_a_function_without():
    framework = frameworks()["jax"]
    assert "rngs=" in framework.source_of(CONV).call
    assert "rngs=" not in framework.source_of(CONVOLVE).call


def test_a_mode_pads_nothing_for_a_kernel_of_one_element():
    layer = {**LAYER, "kernel_size": 1, "padding_mode": "reflect"}
    assert CONV.to_vendor(layer, INPUT) == CONV.to_vendor({**layer, "padding": "valid"}, INPUT)
    assert not isinstance(CONV.to_vendor(layer, INPUT), NoEquivalent)


# NumPy's integers are sizes as others are; of a padding that is one, another number would be given.
def test_numpy_integers_of_a_transposed_layer_are_reckoned_with():
    kernel = CONV_TRANSPOSE.to_vendor({**LAYER, "kernel_size": Numpy("int64", 3), "padding": 1}, INPUT)
    assert kernel["padding"] == ((1, 1), (1, 1))
    assert isinstance(CONV_TRANSPOSE.to_vendor({**LAYER, "padding": TWO}, INPUT), NoEquivalent)
    assert isinstance(TRANSPOSE.to_vendor({**FUNCTION, "stride": 3, "output_padding": TWO}, INPUT), NoEquivalent)
    assert TRANSPOSE.to_vendor({**FUNCTION, "padding": TWO}, INPUT)["padding"] == ((TWO, TWO), (TWO, TWO))


@pytest.mark.parametrize("contract", [TRANSPOSE, CONV_TRANSPOSE], ids=["function", "layer"])
@pytest.mark.parametrize("values", ["nan_in_weight", "inf_in_weight", "nan_in_upstream", "inf_in_upstream"])
def test_the_zeros_of_a_transposed_layer_are_met_by_the_kernel(contract, values):
    """They are a part of its documented definition: no output is without a NaN that meets them."""
    refused = contract.to_vendor(FUNCTION, replace(INPUT, values=values))
    assert isinstance(refused, NoEquivalent)
    assert "meets zeros" in refused.reason
    assert not isinstance(contract.to_vendor(FUNCTION, replace(INPUT, values="with_nan")), NoEquivalent)
    assert not isinstance(CONV.to_vendor(FUNCTION, replace(INPUT, values=values)), NoEquivalent)


@pytest.mark.parametrize("contract", [CONVOLVE, TRANSPOSE, CONV, CONV_TRANSPOSE], ids=lambda contract: contract.api)
@pytest.mark.parametrize("values", ["tiny", "subnormal"])
def test_subnormal_numbers_are_flushed_as_documented(contract, values):
    """JAX's page "The Sharp Bits" says so of all its operations: whoever keeps them all does what it does not promise."""
    refused = contract.to_vendor(FUNCTION, replace(INPUT, values=values))
    assert isinstance(refused, NoEquivalent)
    assert "flush subnormal numbers" in refused.reason
    assert not isinstance(contract.to_vendor(FUNCTION, replace(INPUT, values="huge")), NoEquivalent)
