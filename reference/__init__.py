"""The oracle: Conv2d and Conv2dTranspose by definition, with proven error bounds.

In come NumPy arrays and a layer's parameters. Out come the exact result of an output or gradient, rounded at most
once, how far a correct implementation may lie from it, sizes, and inputs for which nothing is rounded at all. What no
layer takes is refused with TypeError or ValueError.

The room imports NumPy and the standard library, nothing else of the project. `LAYERS` describes both layers: names,
defaults, shapes, functions. `time_limit` and `estimate_work` bound what a hostile call may cost.
"""

from .bounds import (
    FORMATS,
    Bounded,
    Format,
    GradientsBounded,
    error_bound,
    gradient_error_bounds,
    gradients_with_bound,
    number_format,
    with_bound,
)
from .convolution import (
    Gradients,
    conv2d,
    conv2d_gradients,
    conv_transpose2d,
    conv_transpose2d_gradients,
)
from .deadline import time_limit
from .exact import ExactInputs, ExactRange, exact_inputs, exact_range
from .geometry import Geometry, find_geometry, output_size
from .layers import LAYERS, Conv2d, Conv2dTranspose, Layer, Module
from .work import Work, estimate_work

__all__ = [
    "FORMATS",
    "LAYERS",
    "Bounded",
    "Conv2d",
    "Conv2dTranspose",
    "ExactInputs",
    "ExactRange",
    "Format",
    "Geometry",
    "Gradients",
    "GradientsBounded",
    "Layer",
    "Module",
    "Work",
    "conv2d",
    "conv2d_gradients",
    "conv_transpose2d",
    "conv_transpose2d_gradients",
    "error_bound",
    "estimate_work",
    "exact_inputs",
    "exact_range",
    "find_geometry",
    "gradient_error_bounds",
    "gradients_with_bound",
    "number_format",
    "output_size",
    "time_limit",
    "with_bound",
]
