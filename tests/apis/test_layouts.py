"""Layouts there and back, against each vendor's documented shapes of weight and bias."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.apis import Contract, NoEquivalent, common, contracts
from conformance.case import Inputs
from conformance.case.values import Tensor

LAYER = {"in_channels": 4, "out_channels": 6, "kernel_size": (2, 3)}
INPUT = Inputs((2, 4, 5, 6))

CONTRACTS = pytest.mark.parametrize("contract", contracts().values(), ids=list(contracts()))
UNGROUPED = ("jax.lax.conv_transpose", "keras.ops.conv", "keras.ops.conv_transpose")
FUNCTIONAL = [contract for contract in contracts().values() if contract.functional]
CLASSES = [contract for contract in contracts().values() if not contract.functional]
GROUPS = pytest.mark.parametrize("groups", [1, 2])

# (layer, groups) -> the weight's shape: torch.nn.Conv2d, Variables; mindspore.nn.Conv2dTranspose, Parameters.
DOCUMENTED = {
    ("conv2d", 1): (6, 4, 2, 3),
    ("conv2d", 2): (6, 2, 2, 3),
    ("conv_transpose2d", 1): (4, 6, 2, 3),
    ("conv_transpose2d", 2): (4, 3, 2, 3),
}
# The same for megengine.module.Conv2d: (groups, out_channel // groups, in_channels // groups, height, width).
MEGENGINE = {**DOCUMENTED, ("conv2d", 2): (2, 3, 2, 2, 3), ("conv_transpose2d", 2): (2, 2, 3, 2, 3)}
# Of flax.nnx.Conv and ConvTranspose: (height, width, in / groups, out).
FLAX = {
    ("conv2d", 1): (2, 3, 4, 6),
    ("conv2d", 2): (2, 3, 2, 6),
    ("conv_transpose2d", 1): (2, 3, 4, 6),
    ("conv_transpose2d", 2): (2, 3, 4, 3),
}
# Of jax.lax, by the default dimension_numbers: 'OIHW' of a convolution, 'HWIO' of a transposed one.
JAX = {**DOCUMENTED, ("conv_transpose2d", 1): (2, 3, 4, 6), ("conv_transpose2d", 2): (2, 3, 4, 3)}
# Of keras.ops.conv, kernel: (height, width, in, out); of keras.ops.conv_transpose: (height, width, out, in).
KERAS = {layer: (shape[2], shape[3], shape[1], shape[0]) for layer, shape in DOCUMENTED.items()}
# Of keras.ops.depthwise_conv, kernel: (height, width, in, multiplier).
DEPTHWISE = {("conv2d", groups): (2, 3, groups, 6 // groups) for groups in (1, 2)}


def list_arguments(contract: Contract, groups: int) -> dict[str, Any]:
    channels = {"in_channels": groups} if contract.depthwise else {}
    return {**LAYER, "groups": groups, **channels}


def make_weight(contract: Contract, groups: int) -> np.ndarray:
    """A weight in the oracle's layout, no two elements alike."""
    shape = common.weight_shape(contract.layer, list_arguments(contract, groups))
    assert shape is not None
    return np.arange(np.prod(shape)).reshape(shape)


@CONTRACTS
@GROUPS
def test_a_weights_layout_loses_and_exchanges_nothing(contract: Contract, groups: int) -> None:
    weight = make_weight(contract, groups)
    vendor = contract.weight.to_vendor(weight, groups)
    assert sorted(vendor.ravel()) == sorted(weight.ravel())
    np.testing.assert_array_equal(contract.weight.from_vendor(vendor, groups), weight)


@CONTRACTS
@GROUPS
def test_a_weights_source_does_what_its_layout_does(contract: Contract, groups: int) -> None:
    weight = make_weight(contract, groups)
    typed = eval(contract.weight.source or "weight", {"weight": weight, "groups": groups})
    back = eval(contract.weight.source_back or "weight", {"weight": typed, "groups": groups})
    assert np.array_equal(back, weight)
    np.testing.assert_array_equal(typed, contract.weight.to_vendor(weight, groups))


@CONTRACTS
def test_a_biass_layout_loses_and_exchanges_nothing(contract: Contract) -> None:
    bias = np.arange(6)
    np.testing.assert_array_equal(contract.bias.from_vendor(contract.bias.to_vendor(bias, 1), 1), bias)


@CONTRACTS
@GROUPS
def test_a_weight_has_the_documented_shape(contract: Contract, groups: int) -> None:
    own = {"megengine": MEGENGINE, "keras": KERAS, "flax": FLAX, "jax": JAX}
    documented = own.get(contract.api.partition(".")[0], DOCUMENTED)
    if contract.depthwise:
        documented = DEPTHWISE
    vendor = contract.weight.to_vendor(make_weight(contract, groups), groups)
    assert vendor.shape == documented[contract.layer, groups]


@CONTRACTS
def test_a_bias_has_the_documented_shape(contract: Contract) -> None:
    documented = (1, 6, 1, 1) if contract.api.startswith("megengine") else (6,)
    assert contract.bias.to_vendor(np.zeros(6), 1).shape == documented


@pytest.mark.parametrize("contract", FUNCTIONAL, ids=lambda contract: contract.api)
@GROUPS
def test_a_function_takes_tensors_of_those_shapes(contract: Contract, groups: int) -> None:
    has_bias = "bias" in contract.operands
    arguments = contract.to_vendor({**list_arguments(contract, groups), "bias": has_bias}, INPUT)
    if isinstance(arguments, NoEquivalent):
        assert groups == 2
        assert contract.api in UNGROUPED
        return
    weight = contract.weight.to_vendor(make_weight(contract, groups), groups)
    assert arguments[contract.operands["weight"]] == Tensor(weight.shape)
    if has_bias:
        assert arguments[contract.operands["bias"]] == Tensor(contract.bias.to_vendor(np.zeros(6), groups).shape)


@pytest.mark.parametrize("contract", FUNCTIONAL, ids=lambda contract: contract.api)
def test_channels_are_no_arguments_of_a_function(contract: Contract) -> None:
    arguments = contract.to_vendor({**list_arguments(contract, 1), "bias": "bias" in contract.operands}, INPUT)
    assert not arguments.keys() & LAYER.keys()


@pytest.mark.parametrize("contract", CLASSES, ids=lambda contract: contract.api)
def test_a_class_takes_no_tensors(contract: Contract) -> None:
    canonical = list_arguments(contract, 1)
    arguments = contract.to_vendor(canonical, Inputs((2, canonical["in_channels"], 5, 6)))
    assert not [name for name, value in arguments.items() if isinstance(value, Tensor)]
