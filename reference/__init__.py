"""The oracle: Conv2d and Conv2dTranspose by definition, with proven error bounds. NumPy only."""

from .bounds import (
    Bounded,
    GradientsBounded,
    error_bound,
    gradient_error_bounds,
    gradients_with_bound,
    with_bound,
)
from .convolution import (
    Gradients,
    conv2d,
    conv2d_gradients,
    conv_transpose2d,
    conv_transpose2d_gradients,
)
from .exact import ExactInputs, ExactRange, exact_inputs, exact_range
from .geometry import output_size
from .layers import Conv2d, Conv2dTranspose

__all__ = [
    "Bounded",
    "Conv2d",
    "Conv2dTranspose",
    "ExactInputs",
    "ExactRange",
    "Gradients",
    "GradientsBounded",
    "conv2d",
    "conv2d_gradients",
    "conv_transpose2d",
    "conv_transpose2d_gradients",
    "error_bound",
    "exact_inputs",
    "exact_range",
    "gradient_error_bounds",
    "gradients_with_bound",
    "output_size",
    "with_bound",
]
