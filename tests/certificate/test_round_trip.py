"""The contracts over the whole parameter space: there and back is the same layer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.apis import Contract, NoEquivalent, common, contracts
from conformance.case import Inputs
from conformance.certificate.probes import round_trip, shape

EACH = pytest.mark.parametrize("contract", contracts().values(), ids=list(contracts()))


def sizes(least: int, most: int) -> st.SearchStrategy[Any]:
    one = st.integers(least, most)
    return one | st.tuples(one, one)


@st.composite
def arguments(draw: st.DrawFn, layer: str) -> dict[str, Any]:
    """Canonical arguments of a layer, valid or nearly so; what is at its default may be left out."""
    groups = draw(st.sampled_from([1, 2, 3]))
    sides = st.tuples(*[st.integers(0, 3)] * 4)
    drawn: dict[str, Any] = {
        "stride": draw(sizes(1, 3)),
        "padding": draw(sizes(0, 3) | sides | st.sampled_from(["same", "valid"])),
        "dilation": draw(sizes(1, 3)),
        "groups": groups,
        "bias": draw(st.booleans()),
    }
    if layer == "conv2d":
        drawn["padding_mode"] = draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"]))
    else:
        drawn["output_padding"] = draw(sizes(0, 2))
    kept = draw(st.sets(st.sampled_from(sorted(drawn))))
    return {
        "in_channels": groups * draw(st.integers(1, 2)),
        "out_channels": groups * draw(st.integers(1, 2)),
        "kernel_size": draw(sizes(1, 4)),
        **{name: value for name, value in drawn.items() if name in kept or value != common.DEFAULTS[name]},
    }


@EACH
@settings(
    max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.data())
def test_there_and_back_is_the_same_layer(contract: Contract, data: st.DataObject) -> None:
    round_trip(contract, data.draw(arguments(contract.layer)))


@EACH
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_what_cannot_be_expressed_has_a_reason(contract: Contract, data: st.DataObject) -> None:
    drawn = data.draw(arguments(contract.layer))
    found = contract.to_vendor(drawn, Inputs(shape(drawn)))
    assert not isinstance(found, NoEquivalent) or found.reason


def test_a_crop_that_is_wider_at_the_top_and_left_is_won_back_by_output_padding() -> None:
    """(size - 1) * stride + extent - 2 * padding + output_padding, torch's formula, is the layer's own size."""
    layer = {"in_channels": 2, "out_channels": 3, "kernel_size": 3, "stride": 3, "padding": (2, 0, 1, 1)}
    contract = contracts()["torch.nn.ConvTranspose2d"]
    found = contract.to_vendor(layer, None)
    assert (found["padding"], found["output_padding"]) == ((2, 1), (2, 0))
    assert isinstance(contract.to_vendor({**layer, "padding": (0, 2, 1, 1)}, None), NoEquivalent)
    assert isinstance(contract.to_vendor({**layer, "stride": 2}, None), NoEquivalent), "not as far as a whole step"
    more = contract.to_vendor({**layer, "padding": (1, 0, 1, 1), "output_padding": 1}, None)
    assert more["output_padding"] == (2, 1)
