"""A case's arrays, made deterministically from its seed, which is its id unless a spec says otherwise.

Numbers are held in float64 (complex128, int64) and are all representable in the dtype that they are made for.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias

import numpy as np

import conv_reference as reference
from conformance.apis import common
from conformance.case import BOOL, INTEGERS, UNSIGNED, Array, Arrays, Inputs, LayerName
from conformance.case.values import Arguments
from conformance.oracle.rounding import round_to
from conv_reference import LAYERS

# Types in which sums of those numbers are made that are rounded to a narrower type afterwards.
WIDER = {
    "float16": "float64",
    "bfloat16": "float64",
    "float32": "float64",
    "complex32": "complex128",
    "complex64": "complex128",
}


@dataclass(frozen=True)
class Blank:
    """An array that a class of values fills.

    Attributes:
        exact: the small integers that it holds so far, of the final shape and kind.
        dtype: common name of the dtype that the numbers are for.
        terms: the most products that one element of the output or of a gradient sums.
    """

    exact: Array
    dtype: str
    terms: int


Fill: TypeAlias = Callable[[Blank, np.random.Generator], Array]


# Fills


def fill_with_ones(blank: Blank, rng: np.random.Generator) -> Array:
    return np.ones_like(blank.exact)


def fill_by_counting(blank: Blank, rng: np.random.Generator) -> Array:
    return np.arange(blank.exact.size).reshape(blank.exact.shape)


def fill_by_counting_from_one(blank: Blank, rng: np.random.Generator) -> Array:
    return fill_by_counting(blank, rng) + 1


def fill_with_real_numbers(blank: Blank, rng: np.random.Generator) -> Array:
    real = rng.standard_normal(blank.exact.shape)
    imaginary = rng.standard_normal(blank.exact.shape)
    return join_parts(blank, real, imaginary)


def fill_with_tiny_numbers(blank: Blank, rng: np.random.Generator) -> Array:
    """Products lie just above the smallest normal number."""
    return fill_with_real_numbers(blank, rng) * find_tiny_scale(blank.dtype)


def fill_with_tiny_products(blank: Blank, rng: np.random.Generator) -> Array:
    """As large as a product of tiny numbers, so that neither hides the other."""
    return fill_with_real_numbers(blank, rng) * find_tiny_scale(blank.dtype) ** 2


def fill_with_huge_numbers(blank: Blank, rng: np.random.Generator) -> Array:
    """Sums come as near to the largest number as they can without overflow, whatever their signs.

    Products may reach an eighth of it and the bias another, so that there is room for a complex sum, of twice as many.
    """
    products = find_largest(blank.dtype) / (8.0 * max(blank.terms, 1))
    return fill_near_one(blank, rng) * round_down_to_power(np.sqrt(products))


def fill_with_huge_sums(blank: Blank, rng: np.random.Generator) -> Array:
    """As large as a sum of products of huge numbers may be."""
    return fill_near_one(blank, rng) * round_down_to_power(find_largest(blank.dtype) / 8.0)


def fill_near_one(blank: Blank, rng: np.random.Generator) -> Array:
    """Magnitudes between 1/2 and 1, of either sign."""
    magnitudes = rng.uniform(0.5, 1.0, blank.exact.shape)
    numbers = magnitudes * rng.choice((-1.0, 1.0), blank.exact.shape)
    return join_parts(blank, numbers, numbers[::-1])


def fill_with_subnormal_numbers(blank: Blank, rng: np.random.Generator) -> Array:
    """For x and the bias alone, so that products with small integers stay subnormal or nearly so."""
    return blank.exact * reference.number_format(blank.dtype).smallest_normal * 2.0**-5


def fill_with_signed_zeros(blank: Blank, rng: np.random.Generator) -> Array:
    """Two elements in five are a zero of either sign."""
    zeros = rng.choice((0.0, -0.0), blank.exact.shape)
    return np.where(rng.random(blank.exact.shape) < 0.4, zeros, blank.exact)


def fill_with_one(special: float, blank: Blank, rng: np.random.Generator) -> Array:
    """One element is `special`."""
    filled = blank.exact.copy()
    if filled.size:
        filled.flat[int(rng.integers(filled.size))] = special
    return filled


def fill_to_the_limits(blank: Blank, rng: np.random.Generator) -> Array:
    """As large as integers of the type are, or as int64 allows, in which the oracle adds products up."""
    limits = np.iinfo(blank.dtype)
    largest = math.isqrt(2**62 // (blank.terms + 1))
    low, high = max(int(limits.min), -largest), min(int(limits.max), largest)
    return rng.integers(low, high, blank.exact.shape, endpoint=True)


def fill_with_parts_apart(blank: Blank, rng: np.random.Generator) -> Array:
    """Real parts 2^24 times as large as imaginary ones: together the two are no number of float32, apart both are."""
    apart = blank.exact.copy()
    if np.iscomplexobj(apart):
        apart.real *= 2.0**24
    return apart


def fill_with_real_parts(blank: Blank, rng: np.random.Generator) -> Array:
    """Their products with any complex number are exact where those with its parts are."""
    return blank.exact.real.astype(blank.exact.dtype)


def join_parts(blank: Blank, real: Array, imaginary: Array) -> Array:
    """Complex numbers where the array is complex, real ones where it is not."""
    if not np.iscomplexobj(blank.exact):
        return real
    joined = np.empty_like(blank.exact)
    joined.real = real
    joined.imag = imaginary
    return joined


def find_tiny_scale(dtype: str) -> float:
    """What numbers of about 1 are multiplied by, for products just above the smallest normal number."""
    return 4 * round_down_to_power(np.sqrt(reference.number_format(dtype).smallest_normal))


def find_largest(dtype: str) -> float:
    """What no sum may pass: the largest power of two; of float16, whose powers are few, the largest number."""
    number_format = reference.number_format(dtype)
    return number_format.largest if dtype == "float16" else number_format.largest_power_of_two


def round_down_to_power(scale: float) -> float:
    """The power of two below a scale: multiplying by it is exact."""
    return float(2.0 ** np.floor(np.log2(scale)))


# Classes


@dataclass(frozen=True)
class InputClass:
    """How a class of values fills the arrays; None keeps small integers.

    Attributes:
        x, weight, bias, upstream: their fills; the last is of the gradient with respect to the output.
        sums: whether sums are exact; "counted" ones are where they are small enough.
    """

    x: Fill | None = None
    weight: Fill | None = None
    bias: Fill | None = None
    upstream: Fill | None = None
    sums: Literal["exact", "counted", "rounded"] = "exact"


def fill_all(fill: Fill, sums: Literal["exact", "counted", "rounded"], bias: Fill | None = None) -> InputClass:
    """Every array filled alike, or the bias otherwise."""
    return InputClass(fill, fill, bias or fill, fill, sums)


CLASSES: Mapping[str, InputClass] = {
    "exact": InputClass(),
    "real": fill_all(fill_with_real_numbers, "rounded"),
    "ones": InputClass(fill_with_ones),
    "arange": InputClass(fill_by_counting, sums="counted"),
    # What a person checks by eye: of every array, x and the others alike.
    "all_ones": fill_all(fill_with_ones, "counted"),
    "all_counted": fill_all(fill_by_counting_from_one, "counted"),
    "tiny": fill_all(fill_with_tiny_numbers, "rounded", fill_with_tiny_products),
    "huge": fill_all(fill_with_huge_numbers, "rounded", fill_with_huge_sums),
    "subnormal": InputClass(fill_with_subnormal_numbers, bias=fill_with_subnormal_numbers, sums="rounded"),
    "signed_zeros": InputClass(fill_with_signed_zeros),
    # One element of x, or of the operand that the name tells.
    "with_nan": InputClass(x=partial(fill_with_one, np.nan)),
    "with_inf": InputClass(x=partial(fill_with_one, np.inf)),
    "nan_in_weight": InputClass(weight=partial(fill_with_one, np.nan)),
    "inf_in_weight": InputClass(weight=partial(fill_with_one, np.inf)),
    "nan_in_bias": InputClass(bias=partial(fill_with_one, np.nan)),
    "inf_in_bias": InputClass(bias=partial(fill_with_one, np.inf)),
    "nan_in_upstream": InputClass(upstream=partial(fill_with_one, np.nan)),
    "inf_in_upstream": InputClass(upstream=partial(fill_with_one, np.inf)),
    "apart": InputClass(fill_with_parts_apart, fill_with_real_parts, fill_with_parts_apart, fill_with_real_parts),
    "wrapping": fill_all(fill_to_the_limits, "exact"),
}


# Making


def make(layer: LayerName, arguments: Arguments, inputs: Inputs, seed: str) -> Arrays:
    """The arrays of one call.

    Args:
        arguments: canonical arguments. Where they define no layer, only x is made, of small integers
            (and the weight, where the arguments still define one).
        seed: any text; the same text gives the same arrays, whatever else is run.

    Raises:
        ValueError: no exact inputs exist for so many terms in this dtype; the case should ask for "real".
    """
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big"))
    weight_shape = common.weight_shape(layer, arguments)
    if weight_shape is None:
        return Arrays(small(inputs.shape, rng))
    has_bias = arguments.get("bias", True) is True
    keywords = {name: arguments[name] for name in LAYERS[layer].keywords if name in arguments}
    try:
        geometry = reference.find_geometry(layer, inputs.shape, weight_shape, **keywords)
        terms = max(geometry.terms, *geometry.gradient_terms)
    except (TypeError, ValueError):
        bias = small((arguments["out_channels"],), rng) if has_bias else None
        return Arrays(small(inputs.shape, rng), small(weight_shape, rng), bias)
    integers = reference.exact_inputs(
        rng,
        layer,
        inputs.shape,
        weight_shape,
        dtype=choose_exact_dtype(CLASSES[inputs.values], inputs.dtype),
        bias=has_bias,
        gradients=inputs.gradients and inputs.dtype not in (*INTEGERS, BOOL),
        **keywords,
    )
    return fill_arrays(integers, inputs, terms, rng)


def fill_arrays(integers: reference.ExactInputs, inputs: Inputs, terms: int, rng: np.random.Generator) -> Arrays:
    """The arrays of a class of values, made of small integers."""
    input_class = CLASSES[inputs.values]

    def fill(array: Array, how: Fill | None) -> Array:
        held = np.abs(array) if inputs.dtype in UNSIGNED else array
        numbers = held if how is None else how(Blank(held, inputs.dtype, terms), rng)
        return round_to(numbers, inputs.dtype)

    # In this order, in which the numbers of a seed are drawn.
    x = fill(integers.x, input_class.x)
    weight = fill(integers.weight, input_class.weight)
    bias = None
    if integers.bias is not None:
        bias = fill(integers.bias, input_class.bias)
    grad_output = None
    if integers.grad_output is not None:
        grad_output = fill(integers.grad_output, input_class.upstream)
    exact = input_class.sums == "exact"
    if input_class.sums == "counted":
        exact = are_sums_exact(x, weight, bias, grad_output, terms, inputs.dtype)
    return Arrays(x, weight, bias, grad_output, exact)


def choose_exact_dtype(input_class: InputClass, dtype: str) -> str:
    """The dtype in which the small integers are to be exact that a class starts from.

    Numbers that are rounded anyway need not be exact in their own type, in which wide sums are exact for none.
    """
    if dtype == BOOL:
        return "int8"
    if input_class.sums == "exact" or input_class.weight is None:
        return dtype
    return WIDER.get(dtype, dtype)


def are_sums_exact(
    x: Array, weight: Array, bias: Array | None, grad_output: Array | None, terms: int, dtype: str
) -> bool:
    """Whether output and gradients are exact in `dtype`, in whatever order their terms are added."""
    if dtype == BOOL:
        return False
    limit = np.iinfo(dtype).max if dtype in INTEGERS else 2.0 ** reference.number_format(dtype).precision
    of_x = find_largest_magnitude(x)
    of_weight = find_largest_magnitude(weight)
    of_bias = find_largest_magnitude(bias)
    of_gradient = find_largest_magnitude(grad_output)
    largest_product = max(of_x * of_weight, of_x * of_gradient, of_weight * of_gradient, of_gradient)
    return bool(terms * largest_product + of_bias <= limit)


def find_largest_magnitude(array: Array | None) -> float:
    """0 where there are no elements."""
    if array is None or array.size == 0:
        return 0.0
    return float(np.abs(array).max())


def small(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Small integers, for a call whose result is not compared with the oracle's."""
    return rng.integers(1, 4, shape).astype(np.float64)
