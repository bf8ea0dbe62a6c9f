"""The contracts over the whole parameter space: there and back is the same layer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.apis import Contract, NoEquivalent, contracts
from conformance.case import Inputs, LayerName
from conformance.certificate.checks.contract import check_round_trip
from conformance.certificate.layers import input_shape
from tests.profiles import REPEATABLE

FOR_EACH_CONTRACT = pytest.mark.parametrize("contract", contracts().values(), ids=list(contracts()))


def sizes(least: int, most: int) -> st.SearchStrategy[Any]:
    """An int, or a pair for height and width."""
    size = st.integers(least, most)
    return size | st.tuples(size, size)


PADDINGS = st.sampled_from(["valid", "same"]) | sizes(0, 3) | st.tuples(*[st.integers(0, 3)] * 4)
OWN = {
    "conv2d": {"padding_mode": st.sampled_from(["zeros", "reflect", "replicate", "circular"])},
    "conv_transpose2d": {"output_padding": sizes(0, 2)},
}


def layers(layer: LayerName) -> st.SearchStrategy[dict[str, Any]]:
    """Canonical arguments of a layer, valid or nearly so; what may be left out sometimes is."""
    required = {
        "in_channels": st.integers(1, 2),
        "out_channels": st.integers(1, 2),
        "kernel_size": sizes(1, 4),
    }
    optional = {
        "stride": sizes(1, 3),
        "padding": PADDINGS,
        "dilation": sizes(1, 3),
        "groups": st.integers(1, 3),
        "bias": st.booleans(),
        **OWN[layer],
    }
    return st.fixed_dictionaries(required, optional=optional).map(with_channels_for_the_groups)


def with_channels_for_the_groups(arguments: dict[str, Any]) -> dict[str, Any]:
    groups = arguments.get("groups", 1)
    channels = {name: groups * arguments[name] for name in ("in_channels", "out_channels")}
    return {**arguments, **channels}


@FOR_EACH_CONTRACT
@settings(REPEATABLE, max_examples=150)
@given(data=st.data())
def test_there_and_back_is_the_same_layer(contract: Contract, data: st.DataObject) -> None:
    check_round_trip(contract, data.draw(layers(contract.layer)))


@FOR_EACH_CONTRACT
@settings(REPEATABLE, max_examples=100)
@given(data=st.data())
def test_what_cannot_be_expressed_has_a_reason(contract: Contract, data: st.DataObject) -> None:
    arguments = data.draw(layers(contract.layer))
    vendor = contract.to_vendor(arguments, Inputs(input_shape(arguments)))
    assert not isinstance(vendor, NoEquivalent) or vendor.reason


class TestACropThatIsWiderAtTheTopAndLeft:
    """torch's (size - 1) * stride + extent - 2 * padding + output_padding is the layer's own size."""

    LAYER = {"in_channels": 2, "out_channels": 3, "kernel_size": 3, "stride": 3, "padding": (2, 0, 1, 1)}  # noqa: RUF012
    CONTRACT = contracts()["torch.nn.ConvTranspose2d"]

    def test_is_won_back_by_output_padding(self) -> None:
        vendor = self.CONTRACT.to_vendor(self.LAYER, None)
        assert (vendor["padding"], vendor["output_padding"]) == ((2, 1), (2, 0))

    def test_is_added_to_the_output_padding_that_is_there(self) -> None:
        layer = {**self.LAYER, "padding": (1, 0, 1, 1), "output_padding": 1}
        assert self.CONTRACT.to_vendor(layer, None)["output_padding"] == (2, 1)

    @pytest.mark.parametrize(
        "change", [{"padding": (0, 2, 1, 1)}, {"stride": 2}], ids=["the other way", "a whole step"]
    )
    def test_is_refused_where_output_padding_cannot_win_it_back(self, change: dict[str, Any]) -> None:
        assert isinstance(self.CONTRACT.to_vendor({**self.LAYER, **change}, None), NoEquivalent)
