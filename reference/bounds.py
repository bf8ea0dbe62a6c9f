"""How far a correct result computed in a given type may lie from the exact one.

Derivation (Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd edition, chapter 3).
A sum of n products, added in any order, gives the exact sum of products each multiplied by at most
n factors (1 + delta), |delta| <= u, the unit roundoff: one for the product, at most n - 1 for the
additions. Their product is 1 + theta, |theta| <= gamma(n) = n*u / (1 - n*u) (lemma 3.1), so

    |computed - exact| <= gamma(n) * S,    S = the same layer on the operands' absolute values

for each element alone. A bias is one more term, so n counts it. A fused multiply-add only omits
roundings. Where n*u >= 1 the theorem says nothing, and no bound is given: ValueError.

To this are added, so that the bound also holds in the corners:

- *Another accumulation type*: u is the accumulator's, and storing the sum t in the result's type
  adds its unit roundoff times |t|, |t| <= |exact| + the error so far; where t may be below the
  smallest normal number, half the smallest subnormal instead covers it. With one type, the last
  addition's rounding is the final one, and is counted.
- *Underflow*: a product below the smallest normal number has an absolute error of at most half the
  smallest subnormal instead (section 2.1 there); additions have none. So n such halves are added,
  only if the smallest non-zero factors can underflow, and only to elements with a product other
  than zero. Hardware that flushes subnormals to zero is outside this model.
- *Overflow*: where a partial sum may pass the largest finite number, the bound is infinite.
- *Complex*: both parts are sums of 2n real products, each sum of magnitudes at most S by
  Cauchy-Schwarz, so the modulus of the error is at most sqrt(2) * gamma(2n) * S. This holds for the
  usual four real products; the three of Gauss's trick may exceed it.
- *The oracle's own error*: gamma(n) * S with float64's u (none for integers, which are exact).

An element none of whose products (nor its bias) differs from zero has the bound zero: it must be
exactly right.
"""

from math import inf, sqrt
from typing import NamedTuple, Unpack

import numpy as np

from .arithmetic import Array
from .convolution import Call, Gradients, Parameters, absolute, backward, forward, forward_with_magnitude, prepare
from .geometry import Layer
from .numbers import DType, dtype_name


class Format(NamedTuple):
    """A binary floating-point format: bits of precision, exponents of its normal numbers."""

    precision: int
    least: int
    greatest: int

    @property
    def roundoff(self) -> float:
        """The unit roundoff u of rounding to nearest."""
        return 2.0**-self.precision

    @property
    def normal(self) -> float:
        """The smallest normal number."""
        return 2.0**self.least

    def underflow(self, roundings: int) -> float:
        """The absolute error of so many roundings below the normal numbers.

        Half the smallest subnormal each, and half of float64's for the oracle's own; that is no
        number, so a whole one stands for it (and, in float64, for both).
        """
        return roundings * (2.0 ** (self.least - self.precision + 1) * 0.5 + 2.0**-1074)

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return (2.0 - 2.0 ** (1 - self.precision)) * 2.0**self.greatest


FORMATS = {
    "float16": Format(11, -14, 15),
    "bfloat16": Format(8, -126, 127),
    "float32": Format(24, -126, 127),
    "float64": Format(53, -1022, 1023),
}
DOUBLE = FORMATS["float64"]


class Bounded(NamedTuple):
    """An oracle's value, unrounded, and the error bound of each element, of the same shape."""

    value: Array
    bound: Array


class GradientsBounded(NamedTuple):
    """`Bounded` for each operand."""

    x: Bounded
    weight: Bounded
    bias: Bounded


def number_format(dtype: DType) -> Format:
    """The format of a floating-point type, or of a complex type's parts. TypeError for others."""
    name = dtype_name(dtype)
    name = {"complex64": "float32", "complex128": "float64"}.get(name, name)
    if name not in FORMATS:
        raise TypeError(f"an error bound needs a floating-point dtype, not {name}")
    return FORMATS[name]


def gamma(terms: int, roundoff: float) -> float:
    """n*u / (1 - n*u), Higham's gamma. ValueError where n*u >= 1: no bound exists."""
    if terms * roundoff >= 1.0:
        raise ValueError(
            f"no error bound exists for {terms} terms at unit roundoff {roundoff:.3g}; is the accumulation wider?"
        )
    return terms * roundoff / (1.0 - terms * roundoff)


def with_bound(
    layer: Layer,
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    dtype: DType,
    accumulate: DType = None,
    **parameters: Unpack[Parameters],
) -> Bounded:
    """A layer's output, and the error bound of a result computed in `dtype`.

    layer: "conv2d" or "conv_transpose2d"; x, weight, bias and parameters as that function takes
    them. The operands are taken as they are: they should already be numbers of `dtype`.
    dtype: of the result, and of the accumulation unless `accumulate` names another.

    Returns the unrounded output and its componentwise bound (float64), both of the output's shape.
    A result conforms where |result - value| <= bound. ValueError where no bound exists.
    """
    call = prepare(layer, x, weight, bias, **parameters)
    rounding = _Rounding.of(call, dtype, accumulate)
    terms = call.terms + (bias is not None)
    value, magnitude = forward_with_magnitude(call)
    structure = forward(_structure(call)) if rounding.underflows(call.x, call.weight) else None
    return Bounded(value, rounding.bound(value, magnitude, terms, structure))


def gradients_with_bound(
    layer: Layer,
    x: Array,
    weight: Array,
    grad_output: Array,
    *,
    dtype: DType,
    accumulate: DType = None,
    **parameters: Unpack[Parameters],
) -> GradientsBounded:
    """A layer's gradients, each with the error bound of a result computed in `dtype`.

    As `with_bound`. The terms are the most products that meet in one element: for the input the
    output channels of a group times the taps that reach one position (times the padded positions
    that repeat it), for the weight the output positions of the batch. The bias gradient sums n
    numbers without products: gamma(n - 1).
    """
    call = prepare(layer, x, weight, grad_output, backward=True, **parameters)
    rounding = _Rounding.of(call, dtype, accumulate)
    values, magnitudes, terms = backward(call), backward(absolute(call)), call.gradient_terms
    assert call.other is not None
    factors = (call.weight, call.x)
    underflows = any(rounding.underflows(call.other, factor) for factor in factors)
    structure = backward(_structure(call)) if underflows else None
    return GradientsBounded(
        *(
            Bounded(value, rounding.bound(value, magnitude, count, reached))
            for value, magnitude, count, reached in zip(
                values,
                magnitudes,
                (terms.x, terms.weight, max(terms.bias - 1, 0)),
                (structure.x, structure.weight, None) if structure else (None, None, None),
                strict=True,
            )
        )
    )


def error_bound(
    layer: Layer,
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    dtype: DType,
    accumulate: DType = None,
    **parameters: Unpack[Parameters],
) -> Array:
    """The bound of `with_bound` alone."""
    return with_bound(layer, x, weight, bias, dtype=dtype, accumulate=accumulate, **parameters).bound


def gradient_error_bounds(
    layer: Layer,
    x: Array,
    weight: Array,
    grad_output: Array,
    *,
    dtype: DType,
    accumulate: DType = None,
    **parameters: Unpack[Parameters],
) -> Gradients:
    """The bounds of `gradients_with_bound` alone."""
    bounded = gradients_with_bound(layer, x, weight, grad_output, dtype=dtype, accumulate=accumulate, **parameters)
    return Gradients(bounded.x.bound, bounded.weight.bound, bounded.bias.bound)


class _Rounding(NamedTuple):
    """How a result came about: the accumulator's format, the result's, and the oracle's kind."""

    accumulator: Format
    result: Format
    kind: str

    @classmethod
    def of(cls, call: Call, dtype: DType, accumulate: DType) -> "_Rounding":
        result = number_format(dtype)
        accumulator = result if accumulate is None else number_format(accumulate)
        return cls(accumulator, result, call.x.dtype.kind)

    def underflows(self, left: Array, right: Array) -> bool:
        """Whether a product of two non-zero factors may lie below the smallest normal number."""
        return _smallest(left) * _smallest(right) < self.accumulator.normal

    def bound(self, value: Array, magnitude: Array, terms: int, underflowing: Array | None) -> Array:
        """The bound of each element; products may underflow where `underflowing` is not zero."""
        terms, factor = (2 * terms, sqrt(2.0)) if self.kind == "c" else (terms, 1.0)
        own = 0.0 if self.kind == "i" else gamma(terms, DOUBLE.roundoff)
        relative = gamma(terms, self.accumulator.roundoff) + own
        # The magnitudes and this very formula are computed in float64: a few roundings more.
        relative *= factor * (1.0 + 2.0 * gamma(terms + 4, DOUBLE.roundoff))
        error = relative * magnitude.astype(np.float64, copy=False)
        if underflowing is not None:
            error += np.where(underflowing != 0, factor * self.accumulator.underflow(terms), 0.0)
        if self.result != self.accumulator:
            reach = np.abs(value) + error
            low = (np.abs(value) - error < self.result.normal) & (reach > 0)
            error = error + self.result.roundoff * reach
            error += np.where(low, factor * self.result.underflow(1), 0.0)
        largest = min(self.accumulator.largest, self.result.largest)
        bounded = magnitude + error <= largest
        return error if bounded.all() else np.where(bounded, error, inf)


def _smallest(array: Array) -> float:
    """The smallest magnitude of a non-zero part, infinity where there is none."""
    parts = array.view(np.float64) if array.dtype.kind == "c" else array
    sizes = np.abs(parts)
    least = float(sizes.min()) if sizes.size else inf
    return least if least > 0 else float(np.min(sizes, initial=inf, where=sizes > 0))


def _structure(call: Call) -> Call:
    """Ones where the operands are not zero, to find the elements that any product reaches."""
    return call._replace(
        x=(call.x != 0).astype(np.float64),
        weight=(call.weight != 0).astype(np.float64),
        other=None if call.other is None else (call.other != 0).astype(np.float64),
    )
