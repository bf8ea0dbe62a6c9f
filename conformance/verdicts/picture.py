"""The arrays that a divergence keeps, where all are small enough to be looked at."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from conformance.case import Added, Array, Divergence, Numbers
from conformance.oracle.expectation import Expected
from conformance.oracle.sequence import find_step
from conformance.verdicts.comparison import fill_bound, round_expected
from conformance.verdicts.evidence import Evidence

MAX_ELEMENTS = 2000  # of each array of a picture
GRADIENT = "grad_"


def take(evidence: Evidence, divergence: Divergence) -> Mapping[str, Numbers] | None:
    """Operands and results of a divergence, in the oracle's layout; None where they make no picture.

    `bound` is there when elements were compared, of the shape of `expected`.
    """
    arrays = evidence.expectation.arrays
    inputs = evidence.case.inputs
    output = evidence.observation.output
    if arrays is None or arrays.weight is None or inputs is None or output is None:
        return None
    named: dict[str, Array | None] = {"x": arrays.x, "weight": arrays.weight, "bias": arrays.bias}
    expected = evidence.expectation.output
    observed = output.values
    if divergence.subject.startswith(GRADIENT):
        name = divergence.subject.removeprefix(GRADIENT)
        if name != "input" and find_step(evidence.case, Added) is not None:
            return None  # it is of two calls, and these are the arrays of one
        if name not in evidence.observation.gradients or name not in evidence.expectation.gradients:
            return None
        named["grad_output"] = arrays.grad_output
        expected = evidence.expectation.gradients[name]
        observed = lay_out_gradient(evidence, name, expected)
    if expected is not None:
        named["expected"] = round_expected(expected, inputs.dtype)
    named["observed"] = observed
    if expected is not None and divergence.worst is not None:
        named["bound"] = fill_bound(expected)
    return convert_small_arrays(named)


def lay_out_gradient(evidence: Evidence, name: str, expected: Expected) -> Array:
    """An observed gradient in the oracle's layout; one of another shape as the vendor laid it out."""
    observed = evidence.observation.gradients[name].values
    layout = evidence.layout_of(name)
    if layout.to_vendor(expected.value, evidence.groups).shape != observed.shape:
        return observed
    return layout.from_vendor(observed, evidence.groups)


def convert_small_arrays(named: Mapping[str, Array | None]) -> dict[str, Numbers] | None:
    """Arrays as nested lists; None where one is too large, or complex."""
    picture = {}
    for name, array in named.items():
        if array is None:
            continue
        if array.size > MAX_ELEMENTS or np.iscomplexobj(array):
            return None
        picture[name] = convert_numbers(array)
    return picture


def convert_numbers(array: Array) -> Numbers:
    """Numbers for JSON: a whole one without its point, and those that JSON lacks as text."""
    converted = array.astype(object)  # of Python's own
    if np.issubdtype(array.dtype, np.floating):
        wide = array.astype(np.float64)
        # Beyond 2^53 the neighbours of a float64 are no whole numbers of their own.
        whole = (wide == np.trunc(wide)) & (np.abs(wide) < 2**53)
        converted[whole] = wide[whole].astype(np.int64)
        lacking = ~np.isfinite(wide)
        converted[lacking] = [str(number) for number in wide[lacking].tolist()]
    numbers: Numbers = converted.tolist()
    return numbers
