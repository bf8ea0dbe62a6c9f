"""The layers that the checks ask for, and what the oracle says of them.

Each argument by itself, unlike in height and width, and as ints, pairs and, where there are such, as strings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

import conv_reference as reference
from conformance.apis import Contract, NoEquivalent, common
from conformance.case import Array, Arrays, Inputs, LayerName
from conformance.case.values import Arguments

SMALL = {"in_channels": 2, "out_channels": 3, "kernel_size": (2, 3)}
GROUPED = {"in_channels": 4, "out_channels": 6, "kernel_size": (2, 1), "groups": 2}
UNBIASED = {**GROUPED, "groups": 1, "bias": False}

# No framework may refuse these.
PLAINEST: tuple[Arguments, ...] = (SMALL, UNBIASED)
COMMON: tuple[Arguments, ...] = (
    *PLAINEST,
    GROUPED,
    {**SMALL, "stride": (2, 1)},
    {**SMALL, "padding": (1, 2)},
    {**SMALL, "dilation": (2, 1)},
    {**SMALL, "kernel_size": 2, "stride": 2, "padding": 1, "dilation": 2},
    {**SMALL, "padding": (0, 1, 2, 0)},
    {**SMALL, "padding": (1, 1, 2, 2)},
    {**SMALL, "padding": "same"},
    {**SMALL, "kernel_size": (3, 1), "padding": "same"},
    {**SMALL, "padding": "valid", "stride": (1, 2)},
)
OF_CONVOLUTION: tuple[Arguments, ...] = (
    {**SMALL, "padding": (1, 2), "padding_mode": "reflect"},
    {**SMALL, "padding": (1, 2), "padding_mode": "replicate"},
    {**SMALL, "padding": (1, 2), "padding_mode": "circular"},
)
OF_TRANSPOSED: tuple[Arguments, ...] = (
    {**SMALL, "stride": (3, 2), "output_padding": (2, 1), "bias": False},
    {**SMALL, "stride": 3, "padding": (2, 0, 1, 0)},
    {**SMALL, "stride": (4, 2), "padding": "valid"},
)
ASKED: dict[LayerName, tuple[Arguments, ...]] = {
    "conv2d": (*COMMON, *OF_CONVOLUTION),
    "conv_transpose2d": (*COMMON, *OF_TRANSPOSED),
}


def fit(contract: Contract, arguments: Arguments) -> Arguments:
    """The layer as the API has it: without a bias where it takes none, each channel a group where it mixes none."""
    own: Arguments = {} if "bias" in contract.operands else {"bias": False}
    if contract.depthwise:
        channels = arguments["in_channels"]
        own = {**own, "groups": channels, "out_channels": -(-arguments["out_channels"] // channels) * channels}
    return {**arguments, **own}


def expressible_layers(contract: Contract, layers: Iterable[Arguments] | None = None) -> Iterator[Arguments]:
    """Of layers, by default of all that are asked, those that the API can express, in canonical arguments."""
    for arguments in (fit(contract, layer) for layer in layers or ASKED[contract.layer]):
        inputs = Inputs(input_shape(arguments), contract.dtype)
        if not isinstance(contract.to_vendor(arguments, inputs), NoEquivalent):
            yield arguments


def first_expressible(contract: Contract, *layers: Arguments) -> Arguments:
    """The first of several layers that the API can express, as far as it `fit`s. ValueError where it is none."""
    for arguments in layers:
        inputs = Inputs(input_shape(arguments), contract.dtype)
        if not isinstance(contract.to_vendor(fit(contract, arguments), inputs), NoEquivalent):
            return arguments
    raise ValueError(f"{contract.api} can express none of {layers}")


def input_shape(arguments: Arguments, batch: int = 2) -> tuple[int, ...]:
    """(N, C_in, H, W) of the input that a layer is asked with."""
    return batch, arguments["in_channels"], 5, 4


def make_arrays(contract: Contract, arguments: Arguments, x: Array | None = None, gradients: bool = False) -> Arrays:
    """Arrays of which no two elements of a parameter are alike; sums of their products are exact in float16 too.

    Args:
        arguments: canonical; of the layer that the API `fit`s.
        x: (N, C_in, H, W); small integers by default.
        gradients: whether an upstream gradient is made.
    """
    arguments = fit(contract, arguments)
    weight_shape = common.weight_shape(contract.layer, arguments)
    assert weight_shape is not None
    weight = np.arange(1.0, np.prod(weight_shape) + 1).reshape(weight_shape)
    bias = None
    if arguments.get("bias", True):
        bias = 64.0 * np.arange(1, arguments["out_channels"] + 1)
    rng = np.random.default_rng(0)
    if x is None:
        x = rng.integers(-2, 3, input_shape(arguments)).astype(np.float64)
    grad_output = None
    if gradients:
        output = compute_output(contract.layer, arguments, Arrays(x, weight, bias, None, True))
        grad_output = rng.integers(-2, 3, output.shape).astype(np.float64)
    return Arrays(x, weight, bias, grad_output, True)


def compute_output(layer: LayerName, arguments: Arguments, arrays: Arrays) -> Array:
    """The oracle's output. Raises ValueError where there is no such layer on an input of this size."""
    parameters = {**common.DEFAULTS, **arguments}
    keywords = {name: parameters[name] for name in reference.LAYERS[layer].keywords}
    with np.errstate(invalid="ignore"):
        output: Array = reference.LAYERS[layer].forward(arrays.x, arrays.weight, arrays.bias, **keywords)
    return output
