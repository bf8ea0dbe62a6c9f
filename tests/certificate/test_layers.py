"""Every API is asked layers that it can express, whatever its channels have to be."""

from __future__ import annotations

import pytest

from conformance.apis import Contract, NoEquivalent, contracts
from conformance.case import Inputs
from conformance.certificate.calls import build_call
from conformance.certificate.layers import ASKED, GROUPED, SMALL, expressible_layers, fit, input_shape, make_arrays
from conformance.certificate.space import explain_denial, find_space, plainest

FOR_EACH_CONTRACT = pytest.mark.parametrize("contract", contracts().values(), ids=list(contracts()))
DEPTHWISE = contracts()["keras.layers.DepthwiseConv2D"]
DENSE = contracts()["keras.layers.Conv2D"]


@FOR_EACH_CONTRACT
def test_the_smallest_layer_is_one_that_the_api_can_express(contract: Contract) -> None:
    small = fit(contract, SMALL)
    assert not isinstance(contract.to_vendor(small, Inputs(input_shape(small), contract.dtype)), NoEquivalent)


@FOR_EACH_CONTRACT
def test_the_plainest_row_is_one_that_the_api_can_express(contract: Contract) -> None:
    assert explain_denial(contract, plainest(contract)) is None


def test_an_api_that_mixes_channels_is_asked_what_is_written() -> None:
    assert all(fit(DENSE, layer) == layer for layer in ASKED["conv2d"])


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ({"in_channels": 2, "out_channels": 3}, {"in_channels": 2, "out_channels": 4, "groups": 2}),
        ({"in_channels": 4, "out_channels": 6, "groups": 2}, {"in_channels": 4, "out_channels": 8, "groups": 4}),
        ({"in_channels": 3, "out_channels": 6, "groups": 3}, {"in_channels": 3, "out_channels": 6, "groups": 3}),
    ],
)
def test_an_api_that_mixes_none_is_asked_with_a_group_for_each_channel(
    written: dict[str, int], asked: dict[str, int]
) -> None:
    """And with as many filters for each, so no fewer than are written."""
    others = {"kernel_size": (2, 3), "stride": 2}
    assert fit(DEPTHWISE, {**written, **others}) == {**asked, **others}


def test_arrays_and_calls_are_of_that_layer() -> None:
    arrays = make_arrays(DEPTHWISE, GROUPED)
    assert arrays.weight is not None
    assert arrays.weight.shape == (8, 1, 2, 1)
    call = build_call(DEPTHWISE, GROUPED)
    assert call.arguments["depth_multiplier"] == 2
    assert call.expectation.output is not None
    assert call.expectation.output.value.shape[1] == 8


def test_padding_and_steps_are_asked_of_such_an_api_too() -> None:
    asked = list(expressible_layers(DEPTHWISE))
    assert {"stride", "padding", "dilation"} <= {name for arguments in asked for name in arguments}


def test_of_named_layers_those_are_asked_that_the_api_can_express() -> None:
    transposed = contracts()["keras.layers.Conv2DTranspose"]
    assert list(expressible_layers(transposed, (SMALL, GROUPED))) == [SMALL]
    assert list(expressible_layers(DENSE, (SMALL, GROUPED))) == [SMALL, GROUPED]


def test_such_an_api_is_asked_every_row_of_unmixed_channels_and_no_other() -> None:
    space = find_space(DEPTHWISE)
    assert {row["channels"] for row in space.asked} == {(3, 1, 1), (2, 1, 2)}
    assert not any(one.reason.startswith("each channel") for one in space.denied)
