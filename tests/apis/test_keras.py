"""The contracts of Keras: strings of padding, what a transposed layer crops, and channels that come with the input."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.apis import NoEquivalent, contracts, frameworks
from conformance.apis.contract import run_contract_in
from conformance.case import Inputs, Tensor

CONVOLUTION = contracts()["keras.layers.Conv2D"]
DEPTHWISE = contracts()["keras.layers.DepthwiseConv2D"]
TRANSPOSED = contracts()["keras.layers.Conv2DTranspose"]
OPS = {name: contracts()[f"keras.ops.{name}"] for name in ("conv", "conv_transpose", "depthwise_conv")}
LAYER = {"in_channels": 4, "out_channels": 6, "kernel_size": 3}
OWN = {"filters": 6, "kernel_size": 3}
INPUT = Inputs((2, 4, 5, 6))


def test_arguments_have_their_own_names_and_channels_in_none() -> None:
    canonical = {**LAYER, "stride": 2, "dilation": 1, "groups": 2, "bias": False}
    vendor = CONVOLUTION.to_vendor(canonical, INPUT)
    assert vendor == {**OWN, "strides": 2, "dilation_rate": 1, "groups": 2, "use_bias": False}
    back = CONVOLUTION.to_canonical(vendor, INPUT)
    assert {name: back[name] for name in canonical} == canonical


def test_channels_that_the_input_has_not_are_nothing_that_could_be_said() -> None:
    assert isinstance(CONVOLUTION.to_vendor({**LAYER, "in_channels": 5}, INPUT), NoEquivalent)
    assert isinstance(CONVOLUTION.to_canonical(OWN, None), NoEquivalent)


@pytest.mark.parametrize(
    ("layer", "padding"),
    [
        ({"padding": 0}, "valid"),
        ({"padding": 1}, "same"),
        ({"padding": (2, 1), "kernel_size": (5, 3)}, "same"),
        ({"padding": 2, "dilation": 2}, "same"),
        ({"padding": (0, 1, 1, 2), "kernel_size": (2, 4)}, "same"),
        ({"padding": "same", "stride": 2}, "same"),
    ],
)
def test_padding_is_the_string_that_pads_so(layer: dict[str, object], padding: str) -> None:
    vendor = CONVOLUTION.to_vendor({**LAYER, **layer}, INPUT)
    assert not isinstance(vendor, NoEquivalent)
    assert vendor["padding"] == padding


# At stride 2 the string pads an even size by one row alone.
@pytest.mark.parametrize("layer", [{"padding": 2}, {"padding": 1, "stride": 2}, {"padding": (1, 0), "kernel_size": 2}])
def test_other_numbers_have_no_string(layer: dict[str, object]) -> None:
    assert isinstance(CONVOLUTION.to_vendor({**LAYER, **layer}, INPUT), NoEquivalent)


# What a gradient of a convolution with the same string crops of an output with a step for each row.
@pytest.mark.parametrize(
    ("own", "canonical"),
    [
        ({}, {"padding": 0, "output_padding": 0}),
        ({"strides": 4}, {"padding": 0, "output_padding": (1, 1)}),
        ({"strides": 4, "output_padding": 0}, {"padding": 0, "output_padding": 0}),
        ({"strides": 3, "output_padding": [2, 1]}, {"padding": 0, "output_padding": (2, 1)}),
        ({"padding": "SAME", "strides": 2}, {"padding": "same", "output_padding": 0}),
        ({"padding": "same", "strides": 2, "output_padding": 1}, {"padding": (0, 1, 0, 1), "output_padding": 0}),
        ({"padding": "same", "strides": 2, "output_padding": 0}, {"padding": (1, 1, 1, 1), "output_padding": 0}),
    ],
)
def test_a_transposed_layer_crops_by_its_string_and_output_padding(own, canonical) -> None:
    read = TRANSPOSED.to_canonical({**OWN, **own}, INPUT)
    assert {name: read[name] for name in canonical} == canonical


@pytest.mark.parametrize(
    ("layer", "own"),
    [
        ({"kernel_size": 4, "stride": 2, "padding": 1}, {"padding": "same"}),
        ({"stride": 2, "padding": 1}, {"padding": "same", "output_padding": (0, 0)}),
        ({"kernel_size": 2, "stride": 3}, {"output_padding": (0, 0)}),
        ({"kernel_size": 2, "stride": 3, "output_padding": 1}, {}),
    ],
)
def test_numbers_that_crop_as_a_string_are_that_string(layer, own) -> None:
    vendor = TRANSPOSED.to_vendor({**LAYER, **layer}, INPUT)
    assert {name: vendor[name] for name in ("padding", "output_padding") if name in vendor} == own


def test_output_padding_of_a_stride_is_asked_where_a_layer_may_have_it() -> None:
    """The oracle's is below the stride or the dilation; Keras' below the stride, which is for Keras to say."""
    vendor = TRANSPOSED.to_vendor({**LAYER, "dilation": 3, "output_padding": (0, 1)}, INPUT)
    assert vendor == {**OWN, "dilation_rate": 3, "output_padding": (0, 1)}


def test_the_last_layers_of_cyclegan_have_none() -> None:
    """Torch's crop a row before the first, and Keras' one behind the last."""
    denied = TRANSPOSED.to_vendor({**LAYER, "stride": 2, "padding": 1, "output_padding": 1}, INPUT)
    assert isinstance(denied, NoEquivalent)


def test_a_transposed_layer_has_no_groups() -> None:
    assert isinstance(TRANSPOSED.to_vendor({**LAYER, "groups": 2}, INPUT), NoEquivalent)


def test_an_activation_is_another_layer() -> None:
    assert isinstance(CONVOLUTION.to_canonical({**OWN, "activation": "relu"}, INPUT), NoEquivalent)
    assert not isinstance(CONVOLUTION.to_canonical({**OWN, "activation": None}, INPUT), NoEquivalent)


@pytest.mark.parametrize(
    "contract", [CONVOLUTION, DEPTHWISE, TRANSPOSED, *OPS.values()], ids=lambda contract: contract.api
)
def test_the_channels_are_last_unless_data_format_says_otherwise(contract) -> None:
    assert contract.is_channels_last({})
    assert contract.is_channels_last({"data_format": None})
    assert not contract.is_channels_last({"data_format": "channels_first"})


@pytest.mark.parametrize(
    ("channels", "own"),
    [
        ({"in_channels": 4, "out_channels": 4, "groups": 4}, {"depth_multiplier": 1}),
        ({"in_channels": 4, "out_channels": 12, "groups": 4}, {"depth_multiplier": 3}),
        ({"in_channels": 1, "out_channels": 5}, {"depth_multiplier": 5}),
    ],
)
def test_a_depthwise_layer_has_as_many_groups_as_channels(channels: dict[str, int], own: dict[str, int]) -> None:
    canonical = {**channels, "kernel_size": (2, 3), "stride": 2, "padding": 0, "bias": False}
    inputs = Inputs((2, channels["in_channels"], 5, 6))
    vendor = DEPTHWISE.to_vendor(canonical, inputs)
    assert vendor == {"kernel_size": (2, 3), "strides": 2, "padding": "valid", "use_bias": False, **own}
    back = DEPTHWISE.to_canonical(vendor, inputs)
    assert {name: back[name] for name in canonical} == canonical
    assert back["groups"] == channels["in_channels"]


@pytest.mark.parametrize(
    "channels",
    [
        {"in_channels": 4, "out_channels": 4},
        {"in_channels": 4, "out_channels": 4, "groups": 2},
        {"in_channels": 4, "out_channels": 6, "groups": 4},
        {"in_channels": 4, "out_channels": 4, "groups": True},
    ],
)
def test_other_groups_are_no_depthwise_layers(channels: dict[str, int]) -> None:
    assert isinstance(DEPTHWISE.to_vendor({**channels, "kernel_size": 3}, INPUT), NoEquivalent)


def test_a_depthwise_layer_has_one_filter_a_channel_unless_it_says_otherwise() -> None:
    assert DEPTHWISE.to_canonical({"kernel_size": 3}, INPUT)["out_channels"] == 4


def test_a_depthwise_kernel_has_the_filters_of_a_channel_beside_each_other() -> None:
    """Filters 0 and 1 are of the first channel, 2 and 3 of the second, as outputs are joined along the channels."""
    weight = np.arange(4).reshape(4, 1, 1, 1)
    assert DEPTHWISE.weight.to_vendor(weight, 2)[0, 0].tolist() == [[0, 1], [2, 3]]


@pytest.mark.parametrize(
    ("name", "shape", "groups"),
    [("conv", (2, 3, 4, 6), 1), ("conv_transpose", (2, 3, 6, 4), 1), ("depthwise_conv", (2, 3, 4, 2), 4)],
)
def test_a_function_is_given_its_kernel_and_no_channels(name: str, shape: tuple[int, ...], groups: int) -> None:
    """By the docstrings: (spatial, in, out), (spatial, out, in), (spatial, in, multiplier)."""
    channels = {"in_channels": 4, "out_channels": 8 if groups == 4 else 6, "groups": groups}
    canonical = {**channels, "kernel_size": (2, 3), "stride": 2, "dilation": 1, "bias": False}
    vendor = OPS[name].to_vendor({**canonical, "padding": 0}, INPUT)
    assert vendor == {"kernel": Tensor(shape), "strides": 2, "dilation_rate": 1, "padding": "valid"}
    back = OPS[name].to_canonical(vendor, INPUT)
    assert {name: back[name] for name in canonical} == canonical


def test_a_function_has_no_bias_and_no_groups() -> None:
    assert isinstance(OPS["conv"].to_vendor(LAYER, INPUT), NoEquivalent)
    assert isinstance(OPS["conv"].to_vendor({**LAYER, "bias": False, "groups": 2}, INPUT), NoEquivalent)


def test_a_function_is_given_no_output_padding_beside_a_string_that_has_its_own() -> None:
    """An output_padding of 0 beside 'same' would crop otherwise than none does."""
    canonical = {**LAYER, "kernel_size": 4, "stride": 2, "padding": 1, "output_padding": 0, "bias": False}
    vendor = OPS["conv_transpose"].to_vendor(canonical, INPUT)
    assert vendor == {"kernel": Tensor((4, 4, 6, 4)), "strides": 2, "padding": "same"}


@pytest.mark.parametrize("mode", ["jax", "torch", "symbolic"])
def test_a_script_of_a_function_by_jax_names_no_layer(mode: str) -> None:
    framework = frameworks()["keras"].run_in(mode)
    backward = {contract.api: framework.source_of(contract).backward for contract in framework.contracts}
    assert ("layer." in backward["keras.layers.Conv2D"]) == (mode == "jax")
    assert "layer." not in backward["keras.ops.conv"]


@pytest.mark.parametrize("api", ["keras.layers.Conv2D", "keras.ops.conv_transpose"])
def test_what_jax_documents_to_flush_is_asked_of_the_other_backends_alone(api: str) -> None:
    """JAX's page "The Sharp Bits" says of its operations that they flush subnormal numbers, and Keras runs them."""
    keras = frameworks()["keras"]
    (contract,) = (one for one in keras.contracts if one.api == api)
    inputs = Inputs((2, 4, 5, 6), values="tiny")
    layer = {**LAYER, "bias": False}
    by_jax = run_contract_in(contract, keras.modes["jax"]).to_vendor(layer, inputs)
    assert isinstance(by_jax, NoEquivalent)
    assert "flushes subnormal" in by_jax.reason
    assert not isinstance(run_contract_in(contract, keras.modes["torch"]).to_vendor(layer, inputs), NoEquivalent)
