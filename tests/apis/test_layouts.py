"""Contracts: layouts there and back, against each vendor's documented weight shape."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.apis import NoEquivalent, common, contracts
from conformance.case import Inputs
from conformance.case.values import Tensor

EACH = pytest.mark.parametrize("contract", contracts().values(), ids=list(contracts()))
LAYER = {"in_channels": 4, "out_channels": 6, "kernel_size": (2, 3)}


@EACH
@pytest.mark.parametrize("groups", [1, 2])
def test_layouts_lose_and_exchange_nothing(contract, groups: int) -> None:
    for layout, shape in (
        (contract.weight, common.weight_shape(contract.layer, {**LAYER, "groups": groups})),
        (contract.bias, (6,)),
    ):
        array = np.arange(np.prod(shape)).reshape(shape)
        vendor = layout.to_vendor(array, groups)
        assert sorted(vendor.ravel()) == sorted(array.ravel())
        np.testing.assert_array_equal(layout.from_vendor(vendor, groups), array)


# (layer, groups) -> torch, MindSpore and MegEngine: torch.nn.Conv2d, Variables; mindspore.nn.Conv2dTranspose,
# Parameters; megengine.module.Conv2d, weight (groups, out_channel // groups, in_channels // groups, height, width).
DOCUMENTED = {
    ("conv2d", 1): ((6, 4, 2, 3), (6, 4, 2, 3)),
    ("conv2d", 2): ((6, 2, 2, 3), (2, 3, 2, 2, 3)),
    ("conv_transpose2d", 1): ((4, 6, 2, 3), (4, 6, 2, 3)),
    ("conv_transpose2d", 2): ((4, 3, 2, 3), (2, 2, 3, 2, 3)),
}


@EACH
@pytest.mark.parametrize("groups", [1, 2])
def test_the_documented_shapes(contract, groups: int) -> None:
    others, megengine = DOCUMENTED[contract.layer, groups]
    wanted = megengine if contract.api.startswith("megengine") else others
    shape = common.weight_shape(contract.layer, {**LAYER, "groups": groups})
    assert contract.weight.to_vendor(np.zeros(shape), groups).shape == wanted
    bias = (1, 6, 1, 1) if contract.api.startswith("megengine") else (6,)
    assert contract.bias.to_vendor(np.zeros(6), groups).shape == bias


@EACH
@pytest.mark.parametrize("groups", [1, 2])
def test_a_functional_call_names_tensors_of_those_shapes(contract, groups: int) -> None:
    arguments = contract.to_vendor({**LAYER, "groups": groups}, Inputs((2, 4, 5, 6)))
    if contract.functional:
        shape = common.weight_shape(contract.layer, {**LAYER, "groups": groups})
        assert arguments["weight"] == Tensor(contract.weight.to_vendor(np.zeros(shape), groups).shape)
        assert arguments["bias"] == Tensor(contract.bias.to_vendor(np.zeros(6), groups).shape)
        assert "in_channels" not in arguments
    else:
        assert not any(isinstance(value, Tensor) for value in arguments.values())


def test_a_four_sided_padding_is_taken_or_refused_never_cut() -> None:
    for contract in contracts().values():
        arguments = contract.to_vendor({**LAYER, "padding": (0, 1, 2, 3)}, Inputs((2, 4, 5, 6)))
        if isinstance(arguments, NoEquivalent):
            continue
        assert arguments["padding"] == (0, 1, 2, 3)
