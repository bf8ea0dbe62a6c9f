"""Gradients against the framework's own forward."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from conformance.apis import AS_THE_ORACLE, Contract
from conformance.case import Array, Arrays
from conformance.case.values import Arguments
from conformance.certificate.answers import check_equal, output_of
from conformance.certificate.calls import build_call
from conformance.certificate.errors import CheckFailedError, NotObservableError
from conformance.certificate.layers import first_expressible, fit, input_shape, make_arrays
from conformance.certificate.subject import Subject

LAYER: Arguments = {"in_channels": 2, "out_channels": 4, "kernel_size": (2, 1), "stride": (2, 1), "groups": 2}
UNGROUPED: Arguments = {**LAYER, "groups": 1}


def check_gradients(subject: Subject) -> str:
    """Catches gradients of the wrong operand, of another upstream gradient, scaled or forgotten.

    Each is the difference quotient of the framework's own forward, which is linear in each operand. So a step of one
    is as good as a small one, and with integers the difference is exact: in float64 where the framework has it, and
    in float32.
    """
    contract = subject.contract
    if not contract.gradients:
        raise NotObservableError("none can be asked for")
    layer = fit(contract, first_expressible(contract, LAYER, UNGROUPED))
    x = np.random.default_rng(1).integers(-2, 3, input_shape(layer, batch=1)).astype(np.float64)
    arrays = make_arrays(contract, layer, x, gradients=True)
    compared = []
    for dtype in ("float64", "float32"):
        (answer,) = subject.ask(build_call(contract, layer, arrays, dtype))
        if dtype == "float64" and answer.raised is not None:
            continue
        output = output_of(answer).values.astype(np.float64)
        quotients = difference_quotients(subject, layer, arrays, output, dtype)
        for name, quotient in quotients.items():
            if name not in answer.gradients:
                raise CheckFailedError(f"no gradient of {name}")
            expected = in_vendor_layout(contract, name, quotient, layer.get("groups", 1))
            check_equal(f"the gradient of {name}", expected, answer.gradients[name], dtype)
        compared.append(dtype)
    return ", ".join(compared)


def difference_quotients(
    subject: Subject, layer: Arguments, arrays: Arrays, output: Array, dtype: str
) -> dict[str, Array]:
    """By how much grad_output * output grows with each element of each operand, in the oracle's layout."""
    assert arrays.grad_output is not None
    steps = list(steps_of_one(arrays))
    calls = [build_call(subject.contract, layer, moved, dtype) for _, moved in steps]
    growths: dict[str, list[float]] = {"input": [], "weight": [], "bias": []}
    for (name, _), answer in zip(steps, subject.ask(*calls), strict=True):
        for image in output_of(answer).values:
            growth = (image - output[0]) * arrays.grad_output[0]
            growths[name].append(float(growth.sum()))
    operands = {"input": arrays.x, "weight": arrays.weight, "bias": arrays.bias}
    there = {name: operand for name, operand in operands.items() if operand is not None}
    return {name: np.array(growths[name]).reshape(operand.shape) for name, operand in there.items()}


def steps_of_one(arrays: Arrays) -> Iterator[tuple[str, Arrays]]:
    """Every element of every operand, moved by one: those of x in one batch."""
    plain = replace(arrays, grad_output=None)
    units = np.eye(arrays.x.size).reshape(-1, *arrays.x.shape[1:])
    yield "input", replace(plain, x=arrays.x + units)
    assert arrays.weight is not None
    for unit in np.eye(arrays.weight.size):
        yield "weight", replace(plain, weight=arrays.weight + unit.reshape(arrays.weight.shape))
    if arrays.bias is not None:
        for unit in np.eye(arrays.bias.size):
            yield "bias", replace(plain, bias=arrays.bias + unit)


def in_vendor_layout(contract: Contract, name: str, gradient: Array, groups: int) -> Array:
    layouts = {"input": AS_THE_ORACLE, "weight": contract.weight, "bias": contract.bias}
    return layouts[name].to_vendor(gradient, groups)
