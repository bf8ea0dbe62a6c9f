"""Functions, whose weight is an argument: which layers' weights a tensor can be, the impossible ones included."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.apis import NoEquivalent, contracts
from conformance.case import Inputs, Tensor

INPUT = Inputs((2, 4, 9, 7))
LAYER = {"in_channels": 4, "out_channels": 6, "kernel_size": 3}


def find_weight(api: str, **arguments: Any) -> tuple[int, ...] | str:
    """The shape of the weight that is sent, or the reason why none is."""
    vendor = contracts()[api].to_vendor({**LAYER, **arguments}, INPUT)
    if isinstance(vendor, NoEquivalent):
        return vendor.reason
    assert isinstance(vendor["weight"], Tensor)
    return vendor["weight"].shape


INVALID = [
    pytest.param({"in_channels": 0}, (6, 0, 3, 3), (0, 6, 3, 3), id="no input channels"),
    pytest.param({"out_channels": 0}, (0, 4, 3, 3), (4, 0, 3, 3), id="no output channels"),
    pytest.param({"kernel_size": 0}, (6, 4, 0, 0), (4, 6, 0, 0), id="no kernel"),
    pytest.param({"kernel_size": (3, 0)}, (6, 4, 3, 0), (4, 6, 3, 0), id="no kernel columns"),
    pytest.param({"kernel_size": (3,)}, (6, 4, 3), (4, 6, 3), id="one kernel size"),
    pytest.param({"kernel_size": [3, 3, 3]}, (6, 4, 3, 3, 3), (4, 6, 3, 3, 3), id="three kernel sizes"),
    pytest.param({"groups": 5}, (6, 4, 3, 3), (4, 6, 3, 3), id="groups that do not divide"),
]


@pytest.mark.parametrize(("arguments", "conv2d", "transposed"), INVALID)
def test_an_invalid_weight_is_sent_where_a_tensor_can_be_so(
    arguments: dict[str, Any], conv2d: tuple[int, ...], transposed: tuple[int, ...]
) -> None:
    assert find_weight("torch.nn.functional.conv2d", **arguments) == conv2d
    assert find_weight("torch.nn.functional.conv_transpose2d", **arguments) == transposed


@pytest.mark.parametrize(
    "arguments",
    [
        {"in_channels": -1},
        {"out_channels": 4.0},
        {"kernel_size": (3, -1)},
        {"kernel_size": "33"},
        {"in_channels": None},
    ],
    ids=str,
)
@pytest.mark.parametrize("api", [name for name, contract in contracts().items() if contract.functional])
def test_no_tensor_has_a_size_that_is_negative_or_no_int(api: str, arguments: dict[str, Any]) -> None:
    assert "no tensor has this one" in find_weight(api, **arguments)


@pytest.mark.parametrize(("name", "value"), [("in_channels", 0), ("out_channels", 0), ("kernel_size", (3, 0))])
@pytest.mark.parametrize("layer", ["conv2d", "conv_transpose2d"])
def test_a_weight_of_no_elements_is_megengines_as_well(layer: str, name: str, value: Any) -> None:
    shape = find_weight(f"megengine.functional.{layer}", **{name: value})
    assert len(shape) == 4
    assert 0 in shape


def test_mints_constructor_takes_circular_padding() -> None:
    vendor = contracts()["mindspore.mint.nn.Conv2d"].to_vendor({**LAYER, "padding_mode": "circular"}, INPUT)
    assert not isinstance(vendor, NoEquivalent)
    assert vendor["padding_mode"] == "circular"


@pytest.mark.parametrize("bias", [1, False, "zeros"])
def test_a_bias_that_is_no_tensor_names_no_layer(bias: Any) -> None:
    contract = contracts()["torch.nn.functional.conv2d"]
    with pytest.raises(AttributeError):
        contract.to_canonical({"weight": Tensor((1, 1, 1, 1)), "bias": bias}, INPUT)
