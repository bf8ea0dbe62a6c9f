"""How the checks read an answer: bit by bit, and never by way of the judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from conformance.case import Array, Observation, TypedArray
from conformance.certificate.errors import CheckFailedError, NotObservableError
from conformance.oracle.rounding import to_complex32


def output_of(observation: Observation) -> TypedArray:
    """The output of a valid call.

    Raises:
        NotObservableError: the device has no kernel for it.
        CheckFailedError: there is none for another reason.
    """
    raised = observation.raised
    if observation.lacking:
        raise NotObservableError(raised.message.splitlines()[0] if raised is not None else "")
    if raised is not None:
        raise CheckFailedError(f"a valid call raised {raised.cls} in {raised.phase}: {raised.message[:200]}")
    if observation.output is None:
        raise CheckFailedError(f"no output; parameters {dict(observation.parameters)}")
    return observation.output


def results_of(observation: Observation) -> dict[str, TypedArray]:
    """Output and gradients, each under a name that a sentence can use."""
    results = {}
    if observation.output is not None:
        results["the output"] = observation.output
    for name, gradient in observation.gradients.items():
        results[f"the gradient of {name}"] = gradient
    return results


def differing(first: Mapping[str, TypedArray], second: Mapping[str, TypedArray]) -> Iterator[str]:
    """The names of what is not there twice with the same dtype and bits."""
    for name in dict.fromkeys([*first, *second]):
        if not same_bits(first.get(name), second.get(name)):
            yield name


def same_bits(first: TypedArray | None, second: TypedArray | None) -> bool:
    """Whether two arrays, if both are there, have the same dtype and bits."""
    if first is None or second is None:
        return False
    return first.dtype == second.dtype and bits_of(first) == bits_of(second)


def bits_of(array: TypedArray) -> bytes:
    """The elements as the framework holds them."""
    values = np.ascontiguousarray(array.values)
    if array.dtype == "bfloat16":  # widened on arrival; the upper half holds every bit
        return (values.view(np.uint32) >> 16).astype(np.uint16).tobytes()
    if array.dtype == "complex32":
        return to_complex32(values).tobytes()
    return values.tobytes()


def check_equal(name: str, expected: Array, observed: TypedArray, dtype: str = "float32") -> None:
    """Every element is the expected one; a zero may have either sign, since arithmetic made it.

    Raises:
        CheckFailedError: dtype, shape or an element is another; `name` says of what.
    """
    if observed.dtype != dtype:
        raise CheckFailedError(f"{name} has the dtype {observed.dtype}, not {dtype}")
    if observed.values.shape != expected.shape:
        raise CheckFailedError(f"{name} has the shape {observed.values.shape}, not {expected.shape}")
    same = (observed.values == expected) | (np.isnan(observed.values) & np.isnan(expected))
    wrong = np.argwhere(~same)
    if wrong.size == 0:
        return
    index = tuple(int(i) for i in wrong[0])
    difference = f"{observed.values[index]}, not {expected[index]}; {len(wrong)} elements differ"
    raise CheckFailedError(f"{name} at {index} is {difference}")
