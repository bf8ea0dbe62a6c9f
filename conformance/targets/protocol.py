"""What travels between this suite and a worker: a case as the call that it is sent as, an answer as an observation.

A call is a dictionary, made by `encode_call`:

    id                          the number of the attempt; the answer has the same
    api                         dotted name of the API
    functional, positional      how it is called: with its parameters, with which arguments by position
    arguments, same_as          encoded values by name; those of the call that is documented to be equivalent
    unlike                      those of the layer that prints another text; None where no text is asked for
    arrays                      encoded arrays: x, weight, bias, grad_output, those that there are
    layout                      how x lies in memory; "channels_last" is contiguous where the API has (N, H, W, C)
    first                       shape and dtype of the x that a layer meets first, which some are built for; None where
                                there is none
    channels_last, at_call      whether the API has x, output and their gradients as (N, H, W, C), which on the wire
                                are (N, C, H, W); which arguments are given when the layer is called
    operands                    the API's names of weight and bias
    defaults, values, infer     what is asked for besides: defaults of the signature, initial values of the
                                parameters, the framework's own shape inference where the device lacks the operation
    then                        what happens to the layer once it has been called, by `encode_steps`
    read_back, witness          only from a certificate: what the framework holds after it was given, how often it was
                                called, and of what type its arguments were

An answer is a dictionary too, read by `decode_answer`; its keys are the fields of an `Observation`. `codec` says how
values and arrays are written.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.apis import Contract, NoEquivalent
from conformance.apis.common import DEFAULTS
from conformance.case import (
    Added,
    Again,
    Array,
    Assigned,
    Case,
    Cast,
    Changed,
    Copied,
    DType,
    Moved,
    Observation,
    Overtaken,
    Phase,
    Raised,
    Returned,
    Round,
    Switched,
    Tensor,
    Threaded,
    TypedArray,
)
from conformance.case.values import Arguments
from conformance.oracle import inputs, sequence
from conformance.oracle.expectation import Expectation
from conformance.targets.codec import WireArray, decode_array, encode_array, encode_value
from conformance.targets.errors import ProtocolError
from conformance.targets.steps import explain_no_sequence, find_attributes

PARAMETERS = ("weight", "bias")
OF_CALL = ("x", "grad_output")
DEFAULT_DTYPE = "float32"  # every vendor's


def vendor_arguments(case: Case, contract: Contract) -> Arguments | NoEquivalent:
    """A case's arguments as the vendor has them, or why the vendor has none."""
    if case.then:
        reason = explain_no_sequence(case, contract)
        if reason is not None:
            return NoEquivalent(reason)
    if case.api is not None:
        return case.arguments
    arguments = contract.to_vendor(case.arguments, case.inputs)
    if case.promise.unlike is not None and not isinstance(arguments, NoEquivalent):
        reason = explain_no_text(case, contract, arguments)
        if reason is not None:
            return NoEquivalent(reason)
    return arguments


def explain_no_text(case: Case, contract: Contract, arguments: Arguments) -> str | None:
    """Why a vendor cannot be asked whether two layers print two texts; None where it can."""
    if contract.functional:
        return "a function prints nothing of a call"
    other = find_unlike(case, contract)
    if isinstance(other, NoEquivalent):
        return other.reason
    # The other layer may spell out what the first leaves at its default.
    assert case.promise.unlike is not None
    defaults = {name: DEFAULTS[name] for name in case.promise.unlike if name in DEFAULTS}
    spelled_out = contract.to_vendor({**defaults, **case.arguments}, case.inputs)
    return "both layers are the same call" if other in (arguments, spelled_out) else None


def find_unlike(case: Case, contract: Contract) -> Arguments | NoEquivalent | None:
    """The vendor's arguments of the layer that prints another text; None where no text is asked for."""
    if case.promise.unlike is None:
        return None
    return contract.to_vendor({**case.arguments, **case.promise.unlike}, case.inputs)


def encode_call(
    case: Case, contract: Contract, arguments: Arguments, expectation: Expectation, number: int
) -> dict[str, Any]:
    """A case on an API, with the vendor's arguments, as the call that the worker is sent."""
    promise = case.promise
    unlike = find_unlike(case, contract)
    assert not isinstance(unlike, NoEquivalent)
    first = expectation if expectation.given is None else replace(expectation, arrays=expectation.given.first)
    return {
        "id": number,
        "api": contract.api,
        "functional": contract.functional,
        "arguments": encode_arguments(contract, arguments),
        "same_as": None if promise.same_as is None else encode_arguments(contract, promise.same_as),
        "unlike": None if unlike is None else encode_arguments(contract, unlike),
        "positional": list(case.positional),
        "arrays": encode_arrays(case, contract, arguments, first),
        "layout": "contiguous" if case.inputs is None else case.inputs.layout,
        "first": None if case.inputs is None else (case.inputs.shape, case.inputs.dtype),
        "channels_last": contract.is_channels_last(arguments),
        "at_call": list(contract.at_call),
        "operands": dict(contract.operands),
        "defaults": bool(promise.defaults),
        "values": promise.distribution is not None,
        "state": promise.state is not None,
        "infer": case.inputs is not None and not case.then and (case.inputs.infer or contract.infers),
        "then": encode_steps(case, contract, arguments, expectation),
    }


def explain_unasked(case: Case, arguments: Arguments, call: Mapping[str, Any]) -> str | None:
    """What of a case is not in its call, which therefore asks something else; None where all of it is.

    A module without a dtype argument keeps its parameters in float32, unless they are set; those of a layer that is to
    be rejected are not.
    """
    if case.inputs is None or case.inputs.weight_dtype in (None, DEFAULT_DTYPE):
        return None
    if "weight" in call["arrays"] or any(isinstance(value, DType) for value in arguments.values()):
        return None
    return f"the call says nothing of {case.inputs.weight_dtype}: the parameters would be {DEFAULT_DTYPE}"


def encode_arguments(contract: Contract, arguments: Arguments) -> dict[str, Any]:
    """Encoded values by name. A functional API's weight and bias travel as arrays, and no bias as none."""
    apart = contract.operands.values() if contract.functional else ()
    return {name: encode_value(value) for name, value in arguments.items() if name not in apart}


def encode_arrays(
    case: Case, contract: Contract, arguments: Arguments, expectation: Expectation
) -> dict[str, WireArray]:
    """The arrays of a call in the vendor's layout; none where the case ends with construction."""
    arrays = expectation.arrays
    if arrays is None or case.inputs is None:
        return {}
    encoded = {"x": encode_array(arrays.x, case.inputs.dtype)}
    dtype = case.inputs.weight_dtype or case.inputs.dtype
    for name in PARAMETERS:
        array = vendor_parameter(name, contract, arguments, expectation)
        if array is not None:
            encoded[name] = encode_array(array, dtype)
    if contract.gradients and arrays.grad_output is not None and expectation.output is not None:
        encoded["grad_output"] = encode_array(arrays.grad_output, case.inputs.dtype)
    return encoded


def vendor_parameter(name: str, contract: Contract, arguments: Arguments, expectation: Expectation) -> Array | None:
    """The weight or bias to send, in the vendor's layout; None where none is."""
    argument = arguments.get(contract.operands.get(name, ""))
    if contract.functional and not isinstance(argument, Tensor):
        return None
    assert expectation.arrays is not None
    array = expectation.arrays.weight if name == "weight" else expectation.arrays.bias
    if array is not None and expectation.raised is None:
        layout = contract.weight if name == "weight" else contract.bias
        groups = 1 if expectation.canonical is None else expectation.canonical["groups"]
        return layout.to_vendor(array, groups)
    if isinstance(argument, Tensor) and contract.functional:
        return inputs.small(argument.shape, np.random.default_rng(0))
    return None  # a layer that should not exist keeps the parameters that it was constructed with


def encode_steps(
    case: Case, contract: Contract, arguments: Arguments, expectation: Expectation
) -> list[dict[str, Any]]:
    """What happens to the layer once it has been called, in the order of `sequence.list_steps`."""
    if expectation.given is None:
        return []
    encoded: list[dict[str, Any]] = []
    now = case
    for step, arrays in zip(sequence.list_steps(case), expectation.given.steps, strict=True):
        before = now
        now = sequence.take(now, step)
        held = encode_arrays(now, contract, arguments, replace(expectation, arrays=arrays))
        match step:
            case Again(called):
                encoded.append({"step": "call", "arrays": choose(held, OF_CALL), "layout": called.layout})
            case Changed(names):
                encoded.append({"step": "change", "arrays": choose(held, names)})
            case Assigned():
                attributes = find_attributes(before, step, contract)
                assert not isinstance(attributes, NoEquivalent)
                encoded.append({"step": "assign", "attributes": encode_arguments(contract, attributes)})
            case Copied(how):
                encoded.append({"step": "copy", "how": str(how)})
            case Cast(dtype):
                encoded.append({"step": "cast", "dtype": dtype})
            case Switched(training):
                encoded.append({"step": "switch", "training": training})
            case Threaded(number):
                encoded.append({"step": "threads", "number": number, "arrays": held})
            case Moved():
                encoded.append({"step": "move"})
            case Added(how):
                layout = sequence.find_inputs(now).layout
                encoded.append({"step": "add", "how": str(how), "arrays": choose(held, OF_CALL), "layout": layout})
            case Returned(retained):
                encoded.append({"step": "retain", "retained": retained, "arrays": choose(held, ("grad_output",))})
            case Overtaken(names):
                encoded.append({"step": "overtake", "arrays": choose(held, names)})
    return encoded


def choose(arrays: Mapping[str, WireArray], names: Sequence[str]) -> dict[str, WireArray]:
    """Those of these names that there are."""
    return {name: arrays[name] for name in names if name in arrays}


def decode_answer(answer: object, number: int) -> Observation:
    """What the worker answered to the call of that number.

    Raises:
        ProtocolError: it is no result of that attempt. A target may have written on the wire itself.
    """
    try:
        result = check_mapping(answer)
        if result["id"] != number:
            raise ProtocolError(f"the result of another call, {show(result['id'])}")
        return Observation(
            phase=Phase(result["phase"]),
            parameters=decode_parameters(result["parameters"]),
            state=decode_state(result.get("state")),
            values=decode_arrays(result["values"]),
            defaults=decode_texts(result.get("defaults", {})),
            texts=decode_pair(result.get("texts")),
            given=decode_texts(result.get("given", {})),
            output=decode_optional_array(result, "output"),
            other=decode_optional_array(result, "other"),
            gradients=decode_arrays(result["gradients"]),
            raised=decode_raised(result),
            lacking="lacking" in result,
            inferred=decode_inferred(result.get("inferred")),
            inferred_rejection="inferred_rejection" in result,
            rounds=decode_rounds(result.get("rounds", [])),
            seconds=float(result["seconds"]),
        )
    except (LookupError, TypeError, ValueError, OverflowError) as error:
        raise ProtocolError(f"{show(answer)} ({type(error).__name__})") from error


def show(value: object) -> str:
    """A value in one short line, whatever it is."""
    return f"{type(value).__name__} {reprlib.repr(value)}"


# What follows raises LookupError, TypeError or ValueError where the form is another one.


def decode_parameters(value: object) -> dict[str, tuple[str, tuple[int, ...]]]:
    parameters = {}
    for name, (dtype, shape) in check_mapping(value).items():
        parameters[check_text(name)] = (check_text(dtype), check_shape(shape))
    return parameters


def decode_state(value: object) -> dict[str, tuple[int, ...]] | None:
    if value is None:
        return None
    return {check_text(name): check_shape(shape) for name, shape in check_mapping(value).items()}


def decode_texts(value: object) -> dict[str, str]:
    return {check_text(name): check_text(text) for name, text in check_mapping(value).items()}


def decode_pair(value: Any) -> tuple[str, str] | None:
    if value is None:
        return None
    one, other = value
    return check_text(one), check_text(other)


def decode_arrays(value: object) -> dict[str, TypedArray]:
    return {check_text(name): decode_checked_array(wire) for name, wire in check_mapping(value).items()}


def decode_optional_array(result: Mapping[str, Any], name: str) -> TypedArray | None:
    return decode_checked_array(result[name]) if name in result else None


def decode_checked_array(wire: Any) -> TypedArray:
    dtype, shape, data = wire
    if not isinstance(data, bytes):
        raise TypeError(type(data))
    array = decode_array((check_text(dtype), check_shape(shape), data))
    if array.values.dtype.kind not in "biufc":
        raise TypeError(dtype)
    return array


def decode_raised(result: Mapping[str, Any]) -> Raised | None:
    """The exception that was raised; what this version or device lacks is one without a class."""
    if "raised" in result:
        raised = check_mapping(result["raised"])
        bases = tuple(check_text(base) for base in raised["bases"])
        return Raised(Phase(raised["phase"]), check_text(raised["class"]), bases, check_text(raised["message"]))
    if "lacking" in result:
        return Raised(Phase(result["phase"]), "Lacking", (), check_text(result["lacking"]))
    return None


def decode_rounds(value: object) -> tuple[Round, ...]:
    if not isinstance(value, list):
        raise TypeError(type(value))
    rounds = []
    for times, output, raised in value:
        if type(times) is not int:
            raise TypeError(type(times))
        if output is not None:
            rounds.append(Round(times, decode_checked_array(output)))
        else:
            rounds.append(Round(times, raised=decode_raised({"raised": raised})))
    return tuple(rounds)


def decode_inferred(value: Any) -> tuple[str, tuple[int, ...]] | None:
    if value is None:
        return None
    dtype, shape = value
    return check_text(dtype), check_shape(shape)


def check_mapping(value: object) -> Mapping[Any, Any]:
    if not isinstance(value, dict):
        raise TypeError(type(value))
    return value


def check_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(type(value))
    return value


def check_shape(value: object) -> tuple[int, ...]:
    if not isinstance(value, tuple | list):
        raise TypeError(type(value))
    if not all(type(size) is int and size >= 0 for size in value):
        raise TypeError(value)
    return tuple(value)
