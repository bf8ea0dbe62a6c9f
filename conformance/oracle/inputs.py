"""A case's arrays, made deterministically from its id, and their way to the target.

Numbers are held in float64 (complex128, int64) and are all representable in the dtype that they are made for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

import conv_reference as reference
from conformance.apis import common
from conformance.case import COMPLEX, INTEGERS, Array, Arrays, Inputs, LayerName
from conformance.case.values import Arguments
from conv_reference.bounds import number_format
from conv_reference.convolution import prepare

# (smallest normal, largest) magnitudes of the compute types; complex types as their parts.
_LIMITS = {
    "float16": (2.0**-14, 65504.0),
    "bfloat16": (2.0**-126, 2.0**127),
    "float32": (2.0**-126, 2.0**127),
    "float64": (2.0**-1022, 2.0**1023),
}
_WIDE = {"float16": "float64", "bfloat16": "float64", "float32": "float64", "complex64": "complex128"}

Fill = Callable[[np.random.Generator, Array, str, int], Array]


def _real(rng: np.random.Generator, exact: Array, dtype: str, terms: int) -> Array:
    return _like(exact, rng.standard_normal(exact.shape), rng.standard_normal(exact.shape))


def _tiny(rng: np.random.Generator, exact: Array, dtype: str, terms: int) -> Array:
    """Products lie just above the smallest normal number."""
    return _real(rng, exact, dtype, terms) * _tiny_scale(dtype)


def _tiny_product(rng: np.random.Generator, exact: Array, dtype: str, terms: int) -> Array:
    """As large as a product of tiny numbers, so that neither hides the other."""
    return _real(rng, exact, dtype, terms) * _tiny_scale(dtype) ** 2


def _tiny_scale(dtype: str) -> float:
    return _power(np.sqrt(_LIMITS[_part(dtype)][0]) * 4)


def _huge(rng: np.random.Generator, exact: Array, dtype: str, terms: int) -> Array:
    """Sums come as near to the largest number as they can without overflow, whatever their signs."""
    return _unit(rng, exact) * _power(np.sqrt(_LIMITS[_part(dtype)][1] / (8.0 * max(terms, 1))))


def _huge_sum(rng: np.random.Generator, exact: Array, dtype: str, terms: int) -> Array:
    """As large as a sum of products of huge numbers may be."""
    return _unit(rng, exact) * _power(_LIMITS[_part(dtype)][1] / 8.0)


def _unit(rng: np.random.Generator, exact: Array) -> Array:
    unit = rng.uniform(0.5, 1.0, exact.shape) * rng.choice((-1.0, 1.0), exact.shape)
    return _like(exact, unit, unit[::-1])


def _subnormal(rng: np.random.Generator, exact: Array, dtype: str, terms: int) -> Array:
    """Subnormal numbers; for x and the bias alone, so that products with small integers stay subnormal or nearly so."""
    return exact * _LIMITS[_part(dtype)][0] * 2.0**-5


def _ones(rng: np.random.Generator, exact: Array, dtype: str, terms: int) -> Array:
    return np.ones_like(exact)


def _arange(rng: np.random.Generator, exact: Array, dtype: str, terms: int) -> Array:
    return np.arange(exact.size, dtype=exact.dtype).reshape(exact.shape)


def _signed_zeros(rng: np.random.Generator, exact: Array, dtype: str, terms: int) -> Array:
    zeros = rng.choice((0.0, -0.0), exact.shape)
    return np.where(rng.random(exact.shape) < 0.4, zeros, exact)


def _with(special: float) -> Fill:
    def fill(rng: np.random.Generator, exact: Array, dtype: str, terms: int) -> Array:
        filled = exact.copy()
        if filled.size:
            filled.flat[int(rng.integers(filled.size))] = special
        return filled

    return fill


@dataclass(frozen=True)
class InputClass:
    """How a class fills the arrays; None keeps exact integers. `other` is of the weight and the upstream gradient."""

    x: Fill | None = None
    other: Fill | None = None
    bias: Fill | None = None
    sums: Literal["exact", "counted", "rounded"] = "exact"  # counted: exact where they are small enough


CLASSES: Mapping[str, InputClass] = {
    "exact": InputClass(),
    "real": InputClass(_real, _real, _real, "rounded"),
    "ones": InputClass(_ones),
    "arange": InputClass(_arange, sums="counted"),
    "tiny": InputClass(_tiny, _tiny, _tiny_product, "rounded"),
    "huge": InputClass(_huge, _huge, _huge_sum, "rounded"),
    "subnormal": InputClass(_subnormal, None, _subnormal, "rounded"),
    "signed_zeros": InputClass(_signed_zeros),
    "with_nan": InputClass(_with(np.nan)),
    "with_inf": InputClass(_with(np.inf)),
}


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
    bias = arguments.get("bias", True) is True and weight_shape is not None
    parameters = {k: arguments[k] for k in ("stride", "padding", "dilation", "groups") if k in arguments}
    extra = "padding_mode" if layer == "conv2d" else "output_padding"
    if extra in arguments:
        parameters[extra] = arguments[extra]
    try:
        if weight_shape is None:
            raise ValueError("the arguments define no layer")
        call = prepare(layer, np.zeros(inputs.shape), np.zeros(weight_shape), None, **parameters)
        terms = max(call.terms, *call.gradient_terms)
    except (TypeError, ValueError):
        return _for_no_layer(rng, inputs, weight_shape, arguments if bias else {})
    found = CLASSES[inputs.values]
    made = reference.exact_inputs(
        rng,
        layer,
        inputs.shape,
        weight_shape,
        # What is rounded anyway need not be exact in its own type, of which wide sums have none.
        dtype=inputs.dtype if found.sums == "exact" or found.other is None else _WIDE.get(inputs.dtype, inputs.dtype),
        bias=bias,
        gradients=inputs.gradients and inputs.dtype not in INTEGERS,
        **parameters,
    )

    def filled(array: Array | None, fill: Fill | None) -> Array | None:
        if array is None:
            return None
        array = array if fill is None else fill(rng, array, inputs.dtype, terms)
        return array.astype(np.int64) if inputs.dtype in INTEGERS else rounded(array, inputs.dtype)

    x, weight = filled(made.x, found.x), filled(made.weight, found.other)
    bias_, grad_output = filled(made.bias, found.bias), filled(made.grad_output, found.other)
    assert x is not None
    exact = found.sums == "exact" or (
        found.sums == "counted"
        and weight is not None
        and _sums_are_exact(x, weight, bias_, grad_output, terms, inputs.dtype)
    )
    return Arrays(x, weight, bias_, grad_output, exact)


def _for_no_layer(
    rng: np.random.Generator, inputs: Inputs, weight: tuple[int, ...] | None, arguments: Arguments
) -> Arrays:
    def some(shape: tuple[int, ...]) -> Array:
        return small(shape, rng)

    bias = some((arguments["out_channels"],)) if arguments else None
    return Arrays(some(inputs.shape), None if weight is None else some(weight), bias, None, True)


def small(shape: tuple[int, ...], rng: np.random.Generator | None = None) -> Array:
    """Small integers, for a call whose result is not compared."""
    return (rng or np.random.default_rng(0)).integers(1, 4, shape).astype(np.float64)


def _sums_are_exact(
    x: Array, weight: Array, bias: Array | None, grad_output: Array | None, terms: int, dtype: str
) -> bool:
    most = [float(np.abs(a).max()) if a is not None and a.size else 0.0 for a in (x, weight, bias, grad_output)]
    limit = np.iinfo(dtype).max if dtype in INTEGERS else 2.0 ** number_format(dtype).precision
    return bool(terms * max(most[0] * most[1], most[0] * most[3], most[1] * most[3], most[3]) + most[2] <= limit)


def _part(dtype: str) -> str:
    return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)


def _power(scale: float) -> float:
    """The power of two below a scale: multiplying by it is exact."""
    return float(2.0 ** np.floor(np.log2(scale)))


def _like(exact: Array, real: Array, imaginary: Array) -> Array:
    return real + 1j * imaginary if np.iscomplexobj(exact) else real


def rounded(array: Array, dtype: str) -> Array:
    """Numbers rounded to `dtype` (to nearest, ties to even), still held in float64 or complex128."""
    if dtype in INTEGERS:
        return array.astype(np.int64)
    if dtype == "bfloat16":
        return from_bfloat16(to_bfloat16(array)).astype(np.float64)
    with np.errstate(over="ignore"):
        return array.astype(dtype).astype(np.complex128 if dtype in COMPLEX else np.float64)


def to_bfloat16(array: Array) -> Array:
    """The 16-bit patterns of the nearest bfloat16, ties to even, by way of float32; every NaN becomes one quiet NaN."""
    with np.errstate(over="ignore"):
        bits = np.ascontiguousarray(array, dtype=np.float32).view(np.uint32)
    upper = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return np.where(np.isnan(array), 0x7FC0, upper).astype(np.uint16).reshape(array.shape)


def from_bfloat16(bits: Array) -> Array:
    """The 16-bit patterns of bfloat16 -> float32."""
    return (bits.astype(np.uint32) << 16).view(np.float32).reshape(bits.shape)
