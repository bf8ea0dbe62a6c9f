"""The two layers described: their parameters, defaults, shapes and functions. Everybody else asks here."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType
from typing import Any, Unpack

import numpy as np

from .arithmetic import Array
from .bounds import Bounded, GradientsBounded, gradients_with_bound, with_bound
from .convolution import (
    Gradients,
    conv2d,
    conv2d_gradients,
    conv_transpose2d,
    conv_transpose2d_gradients,
)
from .geometry import find_weight_shape, output_size
from .initializers import torch_uniform
from .parameters import LayerName, Pair, Parameters, Settings, check_layer, read_parameters

REQUIRED = ("in_channels", "out_channels", "kernel_size")


@dataclass(frozen=True)
class Layer:
    """One layer and everything that depends on which of the two it is.

    forward, gradients: its two functions of arrays. Of x, weight and bias or output gradient, and of the keywords in
    `keywords`.
    """

    name: LayerName
    forward: Callable[..., Array]
    gradients: Callable[..., Gradients]

    required = REQUIRED

    @property
    def defaults(self) -> Mapping[str, Any]:
        """Canonical parameter -> default, in the order of `forward`'s signature; the bias after the groups."""
        return find_defaults(self.forward)

    @property
    def parameters(self) -> tuple[str, ...]:
        """All canonical parameters: the required ones, then those with a default."""
        return *self.required, *self.defaults

    @property
    def keywords(self) -> tuple[str, ...]:
        """The parameters that `forward`, `gradients` and the bounds take as keywords."""
        return tuple(name for name in self.defaults if name != "bias")

    def with_bound(self, x: Array, weight: Array, bias: Array | None = None, **keywords: Any) -> Bounded:
        """`reference.with_bound` of this layer."""
        return with_bound(self.name, x, weight, bias, **keywords)

    def gradients_with_bound(self, x: Array, weight: Array, grad_output: Array, **keywords: Any) -> GradientsBounded:
        """`reference.gradients_with_bound` of this layer."""
        return gradients_with_bound(self.name, x, weight, grad_output, **keywords)

    def output_size(self, input_size: Pair, kernel_size: Pair, **keywords: Any) -> tuple[int, int]:
        """`reference.output_size` of this layer."""
        return output_size(self.name, input_size, kernel_size, **keywords)

    def weight_shape(self, in_channels: int, out_channels: int, kernel_size: Pair, groups: int = 1) -> tuple[int, ...]:
        """(O, C / groups, kH, kW), of the transposed layer (C, O / groups, kH, kW).

        TypeError for what is no integer; ValueError for what is no size, or for channels that groups do not divide.
        """
        return find_weight_shape(self.name, in_channels, out_channels, kernel_size, groups)

    def check(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        *,
        bias: bool = True,
        **parameters: Unpack[Parameters],
    ) -> Settings:
        """The parameters of a layer that owns its weight, checked as `mindspore.mint.nn.Conv2d` documents it.

        TypeError for what is no int (pair) or bool; ValueError for a number out of range, channels that groups do not
        divide, an unknown mode, and for conv2d "same" with a stride other than 1 (the transposed layer takes it, as
        `mindspore.nn.Conv2dTranspose` documents).
        """
        settings = read_parameters(self.name, **parameters)
        find_weight_shape(self.name, in_channels, out_channels, kernel_size, settings.groups)
        if not isinstance(bias, bool):
            raise TypeError(f"bias must be a bool, not {type(bias).__name__}")
        if self.name == "conv2d" and settings.padding == "same" and settings.stride != (1, 1):
            raise ValueError(f"padding 'same' needs stride 1, not {settings.stride}")
        return settings


@cache
def find_defaults(forward: Callable[..., Array]) -> Mapping[str, Any]:
    """The defaults of a layer's parameters: see `Layer.defaults`."""
    defaults: dict[str, Any] = {}
    for name, parameter in inspect.signature(forward).parameters.items():
        if parameter.kind is not parameter.KEYWORD_ONLY or name == "dtype":
            continue
        defaults[name] = parameter.default
        if name == "groups":
            defaults["bias"] = True
    return MappingProxyType(defaults)


LAYERS: Mapping[LayerName, Layer] = MappingProxyType(
    {
        "conv2d": Layer("conv2d", conv2d, conv2d_gradients),
        "conv_transpose2d": Layer("conv_transpose2d", conv_transpose2d, conv_transpose2d_gradients),
    }
)


class Module:
    """A layer that owns its parameters: `weight`, laid out as `Layer.weight_shape` says, `bias` (O,) or None, float64.

    Arguments are checked by `Layer.check`. Parameters are drawn from torch's documented uniform distribution.
    """

    def __init__(
        self,
        layer: LayerName,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        *,
        bias: bool = True,
        rng: np.random.Generator | None = None,
        **parameters: Unpack[Parameters],
    ) -> None:
        check_layer(layer)
        self.layer = LAYERS[layer]
        settings = self.layer.check(in_channels, out_channels, kernel_size, bias=bias, **parameters)
        self.parameters = parameters
        rng = np.random.default_rng() if rng is None else rng
        shape = self.layer.weight_shape(in_channels, out_channels, kernel_size, settings.groups)
        distribution = torch_uniform(shape)
        self.weight = distribution.sample(rng, shape)
        self.bias = distribution.sample(rng, (out_channels,)) if bias else None

    def __call__(self, x: Array) -> Array:
        """The layer of x, (N, C, H, W) or (C, H, W)."""
        return self.layer.forward(x, self.weight, self.bias, **self.parameters)

    def gradients(self, x: Array, grad_output: Array) -> Gradients:
        """The layer's gradients at x."""
        return self.layer.gradients(x, self.weight, grad_output, **self.parameters)


Conv2d = partial(Module, "conv2d")
Conv2dTranspose = partial(Module, "conv_transpose2d")
