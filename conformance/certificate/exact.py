"""Calls whose every result is known to the last bit, in any dtype that can be exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from conformance.apis import AS_THE_ORACLE, Contract, NoEquivalent
from conformance.case import Array, Arrays, Case, Inputs, LayerName, Observation, Promise
from conformance.case.values import Arguments
from conformance.certificate.answers import check_equal, output_of
from conformance.certificate.calls import Call
from conformance.certificate.errors import CheckFailedError, NotObservableError
from conformance.certificate.layers import fit
from conformance.oracle.expectation import Expectation, compute_exactly, expect
from conformance.oracle.inputs import are_sums_exact
from conformance.targets import protocol

# What x and weight, and the upstream gradient, are multiplied by: sums of their products then need more bits than any
# narrower type has, and still no more than their own.
FACTORS: Mapping[str, tuple[int, int]] = {
    "float32": (11, 129),
    "complex64": (11, 129),
    "float64": (4097, 2**25 + 1),
    "complex128": (4097, 2**25 + 1),
}


class DeniedError(Exception):
    """The contract says that the API has no equivalent; the message is why."""


def build_exact_call(contract: Contract, arguments: Arguments, inputs: Inputs, name: str = "") -> Call:
    """A call of a layer on whole numbers.

    Args:
        arguments: canonical; of the layer that the API `fit`s.
        name: of the call; another name gives other numbers.

    Raises:
        DeniedError: the API cannot express it.
    """
    arguments = fit(contract, arguments)
    vendor = contract.to_vendor(arguments, inputs)
    if isinstance(vendor, NoEquivalent):
        raise DeniedError(vendor.reason)
    case = Case("certificate", name, 1, contract.layer, None, arguments, inputs, Promise(), "")
    return encode(case, contract, vendor, expect_exactly(case))


def build_vendor_call(contract: Contract, arguments: Arguments, inputs: Inputs) -> Call:
    """A call in the vendor's own arguments; what they mean is the contract's to say."""
    case = make_vendor_case(contract, arguments, inputs)
    return encode(case, contract, arguments, expect_exactly(case))


def make_vendor_case(contract: Contract, arguments: Arguments, inputs: Inputs) -> Case:
    """A case in the vendor's own arguments."""
    return Case("certificate", "vendor", 1, contract.layer, contract.api, arguments, inputs, Promise(), "")


def encode(case: Case, contract: Contract, vendor: Arguments, expectation: Expectation) -> Call:
    return Call(case, vendor, expectation, protocol.encode_call(case, contract, vendor, expectation, 0))


def exchange(contract: Contract, call: Call, **arrays: Array) -> Call:
    """The call with other operands, and what the oracle says of them."""
    assert call.expectation.arrays is not None
    assert call.expectation.canonical is not None
    exchanged = replace(call.expectation.arrays, **arrays)  # type: ignore[arg-type]
    expectation = compute(call.case.layer, call.expectation, exchanged)
    return encode(call.case, contract, call.arguments, expectation)


def expect_exactly(case: Case) -> Expectation:
    """What the oracle says of a case on whole numbers, as large as its dtype holds exactly.

    Without gradients where the dtype has too few numbers for so many terms.
    """
    try:
        expectation = expect(case)
    except ValueError:
        assert case.inputs is not None
        expectation = expect(replace(case, inputs=replace(case.inputs, gradients=False)))
    if expectation.raised is not None or expectation.fault is not None or expectation.arrays is None:
        raise ValueError(f"{case.arguments} is no layer: {expectation.raised or expectation.fault}")
    assert case.inputs is not None
    return compute(case.layer, expectation, widen(expectation.arrays, case.inputs.dtype))


def compute(layer: LayerName, expectation: Expectation, arrays: Arrays) -> Expectation:
    """What the oracle says of a layer on these arrays."""
    assert expectation.canonical is not None
    with np.errstate(invalid="ignore", over="ignore"):
        output, gradients = compute_exactly(layer, expectation.canonical, arrays)
    if arrays.bias is None:
        gradients.pop("bias", None)
    return replace(expectation, arrays=arrays, output=output, gradients=gradients)


def widen(arrays: Arrays, dtype: str) -> Arrays:
    """The same whole numbers, larger: their sums have bits that no narrower type holds."""
    if dtype not in FACTORS or arrays.weight is None or arrays.grad_output is None:
        return arrays
    of_operands, of_gradient = FACTORS[dtype]
    widened = replace(
        arrays,
        x=arrays.x * of_operands,
        weight=arrays.weight * of_operands,
        bias=None if arrays.bias is None else arrays.bias * of_operands**2,
        grad_output=arrays.grad_output * of_gradient,
    )
    terms = max(arrays.grad_output.size, arrays.weight.size)
    kind = {"complex32": "float16", "complex64": "float32", "complex128": "float64"}.get(dtype, dtype)
    is_exact = are_sums_exact(widened.x, widened.weight, widened.bias, widened.grad_output, terms, kind)  # type: ignore[arg-type]
    return widened if is_exact else arrays


def check_right(contract: Contract, call: Call, answer: Observation) -> None:
    """Output and gradients are the oracle's, dtype and bits.

    Raises:
        NotObservableError: the device lacks the operation.
        CheckFailedError: they are not.
    """
    assert call.case.inputs is not None
    dtype = call.case.inputs.dtype
    expectation = call.expectation
    assert expectation.output is not None
    assert expectation.canonical is not None
    check_equal("the output", expectation.output.value, output_of(answer), dtype)
    if answer.raised is not None:
        raise CheckFailedError(f"backward raised {answer.raised.cls}: {answer.raised.message[:200]}")
    layouts = {"weight": contract.weight, "bias": contract.bias}
    gradients = expectation.gradients if contract.gradients else {}
    for name, expected in gradients.items():
        if name not in answer.gradients:
            raise CheckFailedError(f"no gradient of {name}")
        layout = layouts.get(name, AS_THE_ORACLE)
        value: Array = layout.to_vendor(expected.value, expectation.canonical["groups"])
        check_equal(f"the gradient of {name}", value, answer.gradients[name], dtype)


def is_right(contract: Contract, call: Call, answer: Observation) -> bool:
    try:
        check_right(contract, call, answer)
    except (CheckFailedError, NotObservableError):
        return False
    return True
