"""A call of an API as the checks ask it, and the changes that they make to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conformance.apis import Contract, NoEquivalent, common
from conformance.case import Array, Arrays, Case, Inputs, Promise
from conformance.case.values import Arguments
from conformance.certificate.layers import compute_output, fit, make_arrays
from conformance.oracle.expectation import Expectation, Expected
from conformance.targets import codec, protocol

# Those that an adapter names, as far as the framework has them: more than a spec may write.
INTEGERS = ("int8", "uint8", "int16", "int32", "int64")
DTYPES = ("float32", "float16", "bfloat16", "float64", "complex32", "complex64", "complex128", *INTEGERS)


@dataclass(frozen=True)
class Call:
    """A call with its arrays, what the oracle says of it, and how it travels.

    Each change makes another call. It concerns `wire` alone: what the call ought to have been stays.

    Attributes:
        arguments: the vendor's.
        wire: the call as the protocol sends it.
    """

    case: Case
    arguments: Arguments
    expectation: Expectation
    wire: Mapping[str, Any]

    @property
    def dtype(self) -> str:
        """Of the operands."""
        assert self.case.inputs is not None
        return self.case.inputs.dtype

    def _with(self, **changes: object) -> Call:
        return replace(self, wire={**self.wire, **changes})

    def with_vendor_arguments(self, **arguments: object) -> Call:
        """With arguments of the vendor's added or replaced."""
        return self._with(arguments={**self.wire["arguments"], **arguments})

    def with_array(self, name: str, array: Array, dtype: str = "float32") -> Call:
        """With another array in place of the one of that name."""
        return self._with(arrays={**self.wire["arrays"], name: codec.encode_array(array, dtype)})

    def with_unknown_dtype(self, name: str) -> Call:
        """With an array, "weight" or "grad_output", of a dtype that no framework has."""
        _, shape, data = self.wire["arrays"][name]
        return self._with(arrays={**self.wire["arrays"], name: ("no_such_dtype", shape, data)})

    def with_special_values(self) -> Call:
        """With zeros of both signs, infinities, subnormals and a NaN as the first elements of each array."""
        arrays = {name: put_special_values(array) for name, array in self.wire["arrays"].items()}
        return self._with(arrays=arrays)

    def without_arrays(self) -> Call:
        """Constructed, and no more."""
        return self._with(arrays={})

    def with_initial_values(self) -> Call:
        """Answered with the values that the parameters have after construction."""
        return self._with(values=True)

    def with_witness(self) -> Call:
        """Answered with how often each phase called into the framework, and with the types of the API's arguments."""
        return self._with(witness=True)

    def same_as(self, other: Call) -> Call:
        """Answered with the output of the other call's layer too."""
        return self._with(same_as=other.wire["arguments"])

    def unlike(self, other: Call) -> Call:
        """Constructed, and answered with what is printed of the layer and of the other call's."""
        return self._with(arrays={}, unlike=other.wire["arguments"])

    def followed_by(self, *steps: Mapping[str, object]) -> Call:
        """With what happens to the layer once it has been called."""
        return self._with(then=list(steps))

    def read_back(self) -> Call:
        """Answered with what the framework holds after it was given the arrays."""
        return self._with(read_back=True)


def build_call(
    contract: Contract,
    arguments: Arguments,
    arrays: Arrays | None = None,
    dtype: str = "",
    layout: str = "contiguous",
) -> Call:
    """A call of a layer that the API can express.

    Args:
        arguments: canonical; of the layer that the API `fit`s.
        arrays: those of `make_arrays` by default, without an upstream gradient.
        dtype: the contract's own where it is left out.

    Raises:
        ValueError: the API cannot express it.
    """
    arguments = fit(contract, arguments)
    if arrays is None:
        arrays = make_arrays(contract, arguments)
    inputs = Inputs(arrays.x.shape, dtype or contract.dtype, layout=layout, gradients=arrays.grad_output is not None)
    vendor = contract.to_vendor(arguments, inputs)
    if isinstance(vendor, NoEquivalent):
        raise ValueError(vendor.reason)
    case = Case("certificate", "call", 1, contract.layer, None, arguments, inputs, Promise(), "")
    output = Expected(compute_output(contract.layer, arguments, arrays), None)
    expectation = Expectation({**common.DEFAULTS, **arguments}, arrays, None, parameter_shapes(arrays), output)
    return Call(case, vendor, expectation, protocol.encode_call(case, contract, vendor, expectation, 0))


def parameter_shapes(arrays: Arrays) -> dict[str, tuple[int, ...]]:
    """The shapes of the parameters that there are, in the oracle's layout."""
    named = {"weight": arrays.weight, "bias": arrays.bias}
    return {name: array.shape for name, array in named.items() if array is not None}


# The bytes of a number of each dtype, complex ones as their parts, and its infinity.
FORMATS = {
    "float16": (2, 0x7C00),
    "bfloat16": (2, 0x7F80),
    "float32": (4, 0x7F80_0000),
    "float64": (8, 0x7FF0 << 48),
    "complex32": (2, 0x7C00),
    "complex64": (4, 0x7F80_0000),
    "complex128": (8, 0x7FF0 << 48),
}


def special_patterns(dtype: str) -> Array:
    """Bit patterns: -0, 0, infinity, -infinity, a quiet NaN with a payload, subnormals; of integers the ends."""
    if dtype in INTEGERS:
        ends = np.iinfo(dtype)
        return np.array([ends.min, ends.max, 0, 1], dtype)
    width, infinity = FORMATS[dtype]
    sign = 1 << (8 * width - 1)
    largest_subnormal = (infinity & -infinity) - 1
    # The highest bit of the mantissa, which is the first below the exponent's.
    quiet = (infinity >> 1) & ~infinity
    payload = 5
    subnormals = [1, sign | 1, largest_subnormal]
    return np.array([sign, 0, infinity, sign | infinity, infinity | quiet | payload, *subnormals], f"u{width}")


def put_special_values(array: codec.WireArray) -> codec.WireArray:
    """An array on the wire with special values as its first elements, as far as it has as many."""
    dtype, shape, data = array
    patterns = special_patterns(dtype)
    elements = np.frombuffer(data, patterns.dtype).copy()
    count = min(patterns.size, elements.size)
    elements[:count] = patterns[:count]
    return dtype, shape, elements.tobytes()
