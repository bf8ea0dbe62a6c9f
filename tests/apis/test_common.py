"""What the contracts share, against the oracle's own description of the layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.apis import common, contracts, framework_of, frameworks
from conformance.case import LAYERS, DType, Inputs
from conv_reference import LAYERS as ORACLE

SIZES = {"in_channels": 4, "out_channels": 6, "kernel_size": (2, 3)}


def test_the_layers_are_the_oracles() -> None:
    assert tuple(ORACLE) == LAYERS


@pytest.mark.parametrize("layer", LAYERS)
def test_defaults_are_the_oracles(layer: Any) -> None:
    assert ORACLE[layer].defaults.items() <= common.DEFAULTS.items()


@pytest.mark.parametrize(
    ("layer", "arguments", "shape"),
    [
        ("conv2d", {}, (6, 4, 2, 3)),
        ("conv2d", {"groups": 2}, (6, 2, 2, 3)),
        ("conv2d", {"kernel_size": 5}, (6, 4, 5, 5)),
        ("conv2d", {"kernel_size": [2, 3]}, (6, 4, 2, 3)),
        ("conv_transpose2d", {}, (4, 6, 2, 3)),
        ("conv_transpose2d", {"groups": 2}, (4, 3, 2, 3)),
    ],
)
def test_the_weights_shape(layer: Any, arguments: dict[str, Any], shape: tuple[int, ...]) -> None:
    assert common.weight_shape(layer, {**SIZES, **arguments}) == shape


@pytest.mark.parametrize(
    "arguments",
    [
        {"groups": 3},
        {"groups": 0},
        {"groups": "1"},
        {"in_channels": None},
        {"in_channels": True},
        {"out_channels": -6},
        {"out_channels": np.array(6)},
        {"kernel_size": 0},
        {"kernel_size": (1, 2, 3)},
        {"kernel_size": 1.5},
    ],
    ids=repr,
)
@pytest.mark.parametrize("layer", LAYERS)
def test_arguments_that_define_no_weight(layer: Any, arguments: dict[str, Any]) -> None:
    assert common.weight_shape(layer, {**SIZES, **arguments}) is None


@pytest.mark.parametrize("name", SIZES)
def test_a_weight_needs_its_sizes(name: str) -> None:
    assert common.weight_shape("conv2d", {key: value for key, value in SIZES.items() if key != name}) is None


@pytest.mark.parametrize(
    ("arguments", "is_default"),
    [({}, True), ({"groups": 1}, True), ({"groups": 2}, False), ({"groups": True}, False), ({"groups": 1.0}, False)],
    ids=repr,
)
def test_a_default_is_of_the_canonical_type(arguments: dict[str, Any], is_default: bool) -> None:
    assert common.is_default(arguments, "groups") is is_default


@pytest.mark.parametrize(
    ("inputs", "argument"),
    [
        (None, {}),
        (Inputs((1, 1, 1, 1)), {}),
        (Inputs((1, 1, 1, 1), "float16"), {"dtype": DType("float16")}),
        (Inputs((1, 1, 1, 1), "float32", weight_dtype="float16"), {"dtype": DType("float16")}),
        (Inputs((1, 1, 1, 1), "float16", weight_dtype="float32"), {}),
    ],
    ids=["construction", "float32", "float16", "float16 parameters", "float32 parameters"],
)
def test_the_dtype_argument_is_that_of_the_parameters(inputs: Inputs | None, argument: dict[str, Any]) -> None:
    assert common.dtype_argument(inputs) == argument


@pytest.mark.parametrize("api", contracts())
def test_every_api_belongs_to_the_framework_that_it_is_named_after(api: str) -> None:
    package = api.split(".")[0]
    # Flax is JAX's: its layers are asked beside the functions that they call.
    assert framework_of(api) is frameworks()["jax" if package == "flax" else package]


def test_an_unknown_api_belongs_to_none() -> None:
    with pytest.raises(KeyError):
        framework_of("tensorflow.nn.conv2d")
