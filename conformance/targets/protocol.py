"""What travels between this suite and a worker: a case as the call it is sent as, an answer as an observation."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any

from conformance.apis import Contract, NoEquivalent
from conformance.case import Case, Observation, Phase, Raised, TypedArray, values
from conformance.oracle import inputs
from conformance.oracle.expectation import Expectation
from conformance.targets import codec
from conformance.targets.errors import ProtocolError


def vendor_arguments(case: Case, contract: Contract) -> values.Arguments | NoEquivalent:
    return case.arguments if case.api is not None else contract.to_vendor(case.arguments, case.inputs)


def call(
    case: Case, contract: Contract, arguments: values.Arguments, expectation: Expectation, identity: int
) -> dict[str, Any]:
    """A call as it travels to the worker."""
    arrays = arrays_to_vendor(case, contract, arguments, expectation)
    promise = case.promise
    return {
        "id": identity,
        "api": contract.api,
        "functional": contract.functional,
        "arguments": _arguments_to_wire(contract, arguments),
        "same_as": None if promise.same_as is None else _arguments_to_wire(contract, promise.same_as),
        "positional": list(case.positional),
        "arrays": arrays,
        "layout": case.inputs.layout if case.inputs is not None else "contiguous",
        "defaults": bool(promise.defaults),
        "values": promise.distribution is not None,
        "infer": case.inputs is not None and case.inputs.infer,
    }


def _arguments_to_wire(contract: Contract, arguments: values.Arguments) -> dict[str, Any]:
    """A functional API's weight and bias travel as arrays, and no bias as none."""
    apart = ("weight", "bias") if contract.functional else ()
    return {name: codec.value_to_wire(value) for name, value in arguments.items() if name not in apart}


def arrays_to_vendor(
    case: Case, contract: Contract, arguments: values.Arguments, expectation: Expectation
) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """The arrays of a call in the vendor's layout, as they travel."""
    arrays = expectation.arrays
    if arrays is None or case.inputs is None:
        return {}
    groups = expectation.canonical["groups"] if expectation.canonical is not None else 1
    dtype, weight_dtype = case.inputs.dtype, case.inputs.weight_dtype or case.inputs.dtype
    found = {"x": codec.array_to_wire(arrays.x, dtype)}
    named = {"weight": (arrays.weight, contract.weight), "bias": (arrays.bias, contract.bias)}
    for name, (array, layout) in named.items():
        wanted = arguments.get(name)
        if array is None or (contract.functional and not isinstance(wanted, values.Tensor)):
            continue
        if expectation.raised is None:
            vendor = layout.to_vendor(array, groups)
        else:
            continue  # a layer that should not exist keeps the parameters that it was constructed with
        found[name] = codec.array_to_wire(vendor, weight_dtype)
    if contract.functional:
        for name in ("weight", "bias"):
            wanted = arguments.get(name)
            if isinstance(wanted, values.Tensor) and name not in found:
                found[name] = codec.array_to_wire(inputs.small(wanted.shape), weight_dtype)
    if arrays.grad_output is not None and expectation.output is not None:
        found["grad_output"] = codec.array_to_wire(arrays.grad_output, dtype)
    return found


def observation(answer: object, number: int) -> Observation:
    """What the worker answered to the attempt of that number, as an observation.

    Raises:
        ProtocolError: it is no result of that attempt. A target may have written on the wire itself.
    """
    try:
        result = _mapping(answer)
        if result["id"] != number:
            raise ProtocolError(f"the result of another call, {_shown(result['id'])}")
        lacking = "lacking" in result
        raised = _raised(result["raised"]) if "raised" in result else None
        if raised is None and lacking:
            raised = Raised(Phase(result["phase"]), "Lacking", (), _text(result["lacking"]))
        inferred = result.get("inferred")
        return Observation(
            phase=Phase(result["phase"]),
            parameters={_text(k): (_text(dtype), _shape(shape)) for k, (dtype, shape) in _items(result["parameters"])},
            values={_text(k): _array(wire) for k, wire in _items(result["values"])},
            defaults={_text(k): _text(default) for k, default in _items(result.get("defaults", {}))},
            output=_array(result["output"]) if "output" in result else None,
            other=_array(result["other"]) if "other" in result else None,
            gradients={_text(k): _array(wire) for k, wire in _items(result["gradients"])},
            raised=raised,
            lacking=lacking,
            inferred=None if inferred is None else (_text(inferred[0]), _shape(inferred[1])),
            inferred_rejection="inferred_rejection" in result,
            seconds=float(result["seconds"]),
        )
    except (LookupError, TypeError, ValueError, OverflowError) as error:
        raise ProtocolError(f"{_shown(answer)} ({type(error).__name__})") from error


def _shown(value: object) -> str:
    return f"{type(value).__name__} {reprlib.repr(value)}"


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(type(value))
    return value


def _items(value: object) -> Any:
    return _mapping(value).items()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(type(value))
    return value


def _shape(value: object) -> tuple[int, ...]:
    if not isinstance(value, tuple | list) or not all(type(n) is int and n >= 0 for n in value):
        raise TypeError(type(value))
    return tuple(value)


def _array(wire: Any) -> TypedArray:
    dtype, shape, data = wire
    if not isinstance(data, bytes):
        raise TypeError(type(data))
    array = codec.array_from_wire((_text(dtype), _shape(shape), data))
    if array.values.dtype.kind not in "biufc":
        raise TypeError(dtype)
    return array


def _raised(value: object) -> Raised:
    raised = _mapping(value)
    bases = tuple(map(_text, raised["bases"]))
    return Raised(Phase(raised["phase"]), _text(raised["class"]), bases, _text(raised["message"]))
