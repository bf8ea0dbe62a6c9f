"""Inputs whose every partial sum is exact in a given type, so that any order gives the same bits.

Integers up to 2**p are exact in a format of p bits (as oneDNN's benchdnn uses them). If a sum of K
products and a bias has |products| and |bias| adding to no more than 2**p, so has each partial sum,
in any order: nothing is ever rounded and the comparison threshold is zero.
"""

from typing import NamedTuple, Unpack

import numpy as np

from .arithmetic import Array
from .bounds import FORMATS, number_format
from .geometry import find_geometry
from .numbers import DType, dtype_name
from .parameters import LayerName, Parameters


class ExactRange(NamedTuple):
    """The largest magnitudes that keep every partial sum exact."""

    x: int
    weight: int
    bias: int


class ExactInputs(NamedTuple):
    """Operands in float64 that are whole numbers of the type they were made for.

    `grad_output` is None where no gradients were asked for, `bias` where no bias was.
    """

    x: Array
    weight: Array
    bias: Array | None
    grad_output: Array | None


def exact_range(dtype: DType, terms: int, *, bias: bool = True) -> ExactRange:
    """The largest integers for which a sum of `terms` products (and a bias) is exact in `dtype`.

    terms * x * weight + bias <= 2**p, p the bits of precision; a complex product counts four times and a complex bias
    twice, as the sums of their parts are multiplied where a complex product is made of three real ones. The
    magnitudes go up to 8 (x), 7 (weight) and 9 (bias): beyond that nothing more is found out. Where there
    is room for squares, weight has its share. An integer type has the range it has. ValueError where not even ones fit.
    """
    if terms < 0:
        raise ValueError(f"terms must be at least 0, not {terms}")
    name = dtype_name(dtype)
    if name in FORMATS or name.startswith("complex"):
        limit = 2 ** number_format(dtype).precision
    else:
        limit = int(np.iinfo(name).max)
    parts = 2 if name.startswith("complex") else 1
    count = terms * parts**2
    room = limit - parts * bias
    if count > room:
        raise ValueError(
            f"no exact inputs exist for {terms} terms{' and a bias' if bias else ''} in {name}: "
            f"even ones may add up to more than {limit}"
        )
    x = weight = 1
    while x < 8:
        if count * (x + 1) * weight > room:
            break
        x += 1
        if weight < 7 and count * x * (weight + 1) <= room:
            weight += 1
    return ExactRange(x, weight, min((limit - count * x * weight) // parts, 9) if bias else 0)


def exact_inputs(
    rng: np.random.Generator,
    layer: LayerName,
    x_shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    *,
    dtype: DType,
    bias: bool = True,
    gradients: bool = False,
    **parameters: Unpack[Parameters],
) -> ExactInputs:
    """Operands of one call that are exact in `dtype`, forward and (`gradients`) backward.

    Shapes and parameters as the layer's function takes them. All elements are non-zero integers of
    either sign (complex: in both parts), uniform over the range; float64 or complex128 arrays whose
    conversion to `dtype` is exact. With gradients x goes no further than grad_output. ValueError where none exist: see
    `exact_range`.
    """
    kind = complex if dtype_name(dtype).startswith("complex") else float
    geometry = find_geometry(layer, x_shape, weight_shape, **parameters)
    counts = [geometry.terms]
    if gradients:
        counts += geometry.gradient_terms
    limits = exact_range(dtype, max(counts), bias=bias)
    grad_output = None
    if gradients:
        # Both gradients multiply grad_output with an operand: x, or weight, which is no larger.
        limits = limits._replace(x=exact_range(dtype, max(counts), bias=False).weight)
        grad_output = exact_array(rng, geometry.like_x(geometry.output_shape), limits.x, kind)
    return ExactInputs(
        exact_array(rng, x_shape, limits.x, kind),
        exact_array(rng, weight_shape, limits.weight, kind),
        exact_array(rng, (geometry.out_channels,), limits.bias, kind) if bias else None,
        grad_output,
    )


def exact_array(rng: np.random.Generator, shape: tuple[int, ...], largest: int, kind: type = float) -> Array:
    """Non-zero integers of either sign up to `largest`, in float64 or complex128."""
    values: Array = rng.integers(1, largest, shape, endpoint=True) * rng.choice((-1.0, 1.0), shape)
    return values + 1j * exact_array(rng, shape, largest) if kind is complex else values
