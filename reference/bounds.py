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
- *Complex*: with the usual four real products both parts are sums of 2n of them, each sum of
  magnitudes at most S by Cauchy-Schwarz, so the modulus of the error is at most
  sqrt(2) * gamma(2n) * S. Gauss's trick takes three sums of n products: t1 of the real parts, t2 of
  the imaginary ones, t3 of the sums of both, t1 - t2 and t3 - t1 - t2 are the result. The magnitudes
  of t1 and t2 add to at most S, those of t3 to at most 2S; two roundings are in t3's factors and two
  behind it. So the real part's error is at most gamma(n + 1) * S, the imaginary part's
  3 * gamma(n + 4) * S, the modulus at most sqrt(10) * gamma(n + 4) * S. The trick differentiated, with
  g = a + b*i going back through w = c + d*i, gives c*(a - b) + (c + d)*b and -d*(a + b) + (c + d)*b,
  whose magnitudes add to at most 1 + sqrt(2), the norm of [[1, 2], [0, 1]], times S each: the modulus
  is at most (2 + sqrt(2)) * gamma(n + 2) * S. Both are within (2 + sqrt(2)) * gamma(n + 4) * S. The
  gradient of a bias is the sum of a - b and of b beside that of b: sqrt(5 + 1) * gamma(m + 2) * S
  after m additions. At most 2n and 3n products underflow in the parts, sqrt(13) * n by modulus. The
  larger bound, of four products or three, counts, and 2S for overflow. A sum of one operand's own
  parts that overflows is outside this model. The bound is of the modulus: no multiple of gamma(n)
  bounds the error of an imaginary part made by the trick beside that part's own terms, a*d and b*c
  (section 23.2.4), nor does any algorithm bound a part beside itself, as a*c and b*d may cancel.
- *The oracle's own error*: gamma(n) * S with float64's u (none for integers, which are exact).

An element none of whose products (nor its bias) differs from zero has the bound zero: it must be
exactly right.
"""

from collections.abc import Mapping
from math import inf, sqrt
from typing import NamedTuple, Unpack

import numpy as np

from .arithmetic import Array
from .convolution import Gradients, backward, forward, prepare_backward, prepare_forward
from .numbers import DType, dtype_name
from .parameters import LayerName, Parameters


class Format(NamedTuple):
    """A binary floating-point format.

    precision: bits of a normal number's significand. least, greatest: the exponents of the smallest normal number
    and of the largest power of two.
    """

    precision: int
    least: int
    greatest: int

    @property
    def roundoff(self) -> float:
        """The unit roundoff u of rounding to nearest."""
        return 2.0**-self.precision

    @property
    def smallest_normal(self) -> float:
        """The smallest positive number of full precision."""
        return 2.0**self.least

    @property
    def smallest_subnormal(self) -> float:
        """The smallest positive number."""
        return 2.0 ** (self.least - self.precision + 1)

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return (2.0 - 2.0 ** (1 - self.precision)) * 2.0**self.greatest

    @property
    def largest_power_of_two(self) -> float:
        """The largest finite power of two, just above half of `largest`."""
        return 2.0**self.greatest


FORMATS: Mapping[str, Format] = {
    "float16": Format(precision=11, least=-14, greatest=15),
    "bfloat16": Format(precision=8, least=-126, greatest=127),
    "float32": Format(precision=24, least=-126, greatest=127),
    "float64": Format(precision=53, least=-1022, greatest=1023),
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
    name = {"complex32": "float16", "complex64": "float32", "complex128": "float64"}.get(name, name)
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
    layer: LayerName,
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    dtype: DType,
    accumulate: DType = None,
    **parameters: Unpack[Parameters],
) -> Bounded:
    """A layer's output, and the error bound of a result computed in `dtype`.

    A result conforms where |result - value| <= bound.

    layer: "conv2d" or "conv_transpose2d". x, weight, bias, parameters: as that function takes them. The operands are
    taken as they are: they should already be numbers of `dtype`.
    dtype: the floating-point or complex type of the result, and of the accumulation unless `accumulate` names
    another.

    Returns the output, unrounded (float64, complex128 or int64), and its componentwise bound (float64), both of the
    output's shape. The bound is

        gamma(n) * S,    gamma(n) = n*u / (1 - n*u),    S = the layer on the operands' absolute values,

    n the terms of an element, the bias one of them, and u the unit roundoff of the accumulation, and what must be
    added to it for a last rounding to `dtype`, for underflow and for the oracle's own rounding. It is zero where no
    product differs from zero, and infinite where a partial sum may pass the largest number of the types. It holds for
    any order of summation, with or without fused multiply-adds; not for hardware that flushes subnormal numbers to
    zero, and not for Winograd's algorithms, which multiply sums of taps.

    TypeError and ValueError as the layer's function; TypeError where `dtype` is no floating-point or complex type;
    ValueError where n*u >= 1, as no bound exists then.
    Source: Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd edition, chapter 3. The derivation is the
    docstring of this module.
    """
    call = prepare_forward(layer, x, weight, bias, **parameters)
    rounding = _Rounding.of(call.x, dtype, accumulate)
    terms = call.geometry.terms + (bias is not None)
    value = forward(call)
    magnitude = forward(call.with_operands(np.abs))
    reached = None
    if rounding.underflows(call.x, call.weight):
        reached = forward(call.with_operands(mark_nonzero))
    return Bounded(value, rounding.bound(value, magnitude, terms, reached))


def gradients_with_bound(
    layer: LayerName,
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
    call = prepare_backward(layer, x, weight, grad_output, **parameters)
    rounding = _Rounding.of(call.x, dtype, accumulate)
    terms = call.geometry.gradient_terms
    values = backward(call)
    magnitudes = backward(call.with_operands(np.abs))
    reached_x = reached_weight = None
    if rounding.underflows(call.grad_output, call.weight) or rounding.underflows(call.grad_output, call.x):
        reached_x, reached_weight, _ = backward(call.with_operands(mark_nonzero))
    additions = max(terms.bias - 1, 0)
    return GradientsBounded(
        x=Bounded(values.x, rounding.bound(values.x, magnitudes.x, terms.x, reached_x)),
        weight=Bounded(values.weight, rounding.bound(values.weight, magnitudes.weight, terms.weight, reached_weight)),
        bias=Bounded(values.bias, rounding.bound(values.bias, magnitudes.bias, additions, None, products=False)),
    )


def error_bound(
    layer: LayerName,
    x: Array,
    weight: Array,
    bias: Array | None = None,
    *,
    dtype: DType,
    accumulate: DType = None,
    **parameters: Unpack[Parameters],
) -> Array:
    """How far a correct result of a layer, computed in `dtype`, may lie from the exact one.

    |result - value| <= error_bound for each element alone, `value` what the layer's function gives unrounded;
    `with_bound` gives both.

    layer: "conv2d" or "conv_transpose2d". x, weight, bias, parameters (stride, padding, output_padding, dilation,
    groups, padding_mode): as that function takes them; the operands should already be numbers of `dtype`.
    dtype: the floating-point or complex type of the result, and of the accumulation unless `accumulate` names
    another.

    Returns gamma(n) * S (float64), shaped as the output: gamma(n) = n*u / (1 - n*u), n the products of an element and
    its bias, u the unit roundoff of the accumulation, S the layer on the operands' absolute values; and added to it
    what a last rounding to `dtype`, underflow and the oracle's own rounding need. Zero where nothing can be rounded;
    infinite where a partial sum may overflow. Any order of summation stays within it, with or without fused
    multiply-adds, and complex products made of four real ones or of three. Flushed subnormal numbers and Winograd's
    products may not.

    TypeError and ValueError as the layer's function; TypeError where `dtype` is no floating-point or complex type;
    ValueError where n*u >= 1, as no bound exists then.
    Source: Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd edition, lemma 3.1.
    """
    return with_bound(layer, x, weight, bias, dtype=dtype, accumulate=accumulate, **parameters).bound


def gradient_error_bounds(
    layer: LayerName,
    x: Array,
    weight: Array,
    grad_output: Array,
    *,
    dtype: DType,
    accumulate: DType = None,
    **parameters: Unpack[Parameters],
) -> Gradients:
    """The bounds of `gradients_with_bound` alone, shaped as the operands."""
    bounded = gradients_with_bound(layer, x, weight, grad_output, dtype=dtype, accumulate=accumulate, **parameters)
    return Gradients(bounded.x.bound, bounded.weight.bound, bounded.bias.bound)


class _Rounding(NamedTuple):
    """How a result came about: the accumulator's format, the result's, and the oracle's kind."""

    accumulator: Format
    result: Format
    kind: str

    @classmethod
    def of(cls, x: Array, dtype: DType, accumulate: DType) -> "_Rounding":
        result = number_format(dtype)
        accumulator = result if accumulate is None else number_format(accumulate)
        return cls(accumulator, result, x.dtype.kind)

    def underflows(self, left: Array, right: Array) -> bool:
        """Whether a product of two non-zero factors may lie below the smallest normal number."""
        return _smallest(left) * _smallest(right) < self.accumulator.smallest_normal

    def bound(
        self, value: Array, magnitude: Array, terms: int, underflowing: Array | None, *, products: bool = True
    ) -> Array:
        """The bound of each element, a sum of products or of numbers; products may underflow where `underflowing` is
        not zero. Uses up `magnitude`."""
        # The magnitudes and this very formula are computed in float64: a few roundings more.
        slack = 1.0 + 2.0 * gamma(2 * terms + 4, DOUBLE.roundoff)
        reach = np.asarray(magnitude, np.float64)
        error = self._relative(terms, products) * slack * reach
        if underflowing is not None:
            parts = sqrt(13.0) if self.kind == "c" else 1.0
            error[underflowing != 0] += parts * underflow(self.accumulator, terms)
        if self.result != self.accumulator:
            error = self._round_finally(value, error)
        # In place, as the arrays may be large.
        if self.kind == "c":
            reach *= 2.0
        reach += error
        error[~(reach <= min(self.accumulator.largest, self.result.largest))] = inf
        return error

    def _relative(self, terms: int, products: bool) -> float:
        """The error of an element beside its magnitude, the oracle's own included."""
        roundoff = self.accumulator.roundoff
        if self.kind == "i":
            return gamma(terms, roundoff)
        if self.kind != "c":
            return gamma(terms, roundoff) + gamma(terms, DOUBLE.roundoff)
        four = sqrt(2.0) * gamma(2 * terms, roundoff)
        three = (2.0 + sqrt(2.0)) * gamma(terms + 4, roundoff) if products else sqrt(6.0) * gamma(terms + 2, roundoff)
        return max(four, three) + sqrt(2.0) * gamma(2 * terms, DOUBLE.roundoff)

    def _round_finally(self, value: Array, error: Array) -> Array:
        """The error once the sum is stored in the result's type."""
        parts = sqrt(2.0) if self.kind == "c" else 1.0
        reach = np.abs(value) + error
        is_low = (np.abs(value) - error < self.result.smallest_normal) & (reach > 0)
        stored: Array = error + self.result.roundoff * reach
        stored += np.where(is_low, parts * underflow(self.result, 1), 0.0)
        return stored


def underflow(number_format: Format, roundings: int) -> float:
    """The absolute error of so many roundings below the normal numbers.

    Half the smallest subnormal each, and half of float64's for the oracle's own; that is no
    number, so a whole one stands for it (and, in float64, for both).
    """
    return roundings * (number_format.smallest_subnormal * 0.5 + DOUBLE.smallest_subnormal)


def mark_nonzero(array: Array) -> Array:
    """Ones where the array is not zero: a layer of such finds the elements that any product reaches."""
    is_nonzero: Array = array != 0
    return is_nonzero.astype(np.float64)


def _smallest(array: Array) -> float:
    """The smallest magnitude that is not zero, of a complex array's parts, their sums and their differences; infinity
    where there is none."""
    real, imaginary = array.real, array.imag
    parts = [real, imaginary, real + imaginary, real - imaginary] if array.dtype.kind == "c" else array
    sizes = np.abs(np.asarray(parts, np.float64))
    least = float(sizes.min(initial=inf))
    return least if least > 0 else float(sizes.min(initial=inf, where=sizes > 0))
