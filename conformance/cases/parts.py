"""The parts of a case: its arguments, its inputs, and what its document promises."""

from __future__ import annotations

import builtins
import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from conformance.apis import common, contracts
from conformance.case import (
    DTYPES,
    INTEGERS,
    LAYOUTS,
    MAX_AXES,
    MAX_ELEMENTS,
    OF_NEXT_CALL,
    ONLY_OF_INTEGERS,
    VALUES,
    VALUES_OF_INTEGERS,
    Added,
    Adding,
    Again,
    Arguments,
    Assigned,
    Case,
    Cast,
    Changed,
    Copied,
    Copying,
    Distribution,
    Inputs,
    LayerName,
    Moved,
    Overtaken,
    Phase,
    Promise,
    Returned,
    Standing,
    Step,
    Switched,
    Threaded,
)
from conformance.case.values import Numpy, Value
from conformance.cases.expansion import Binding
from conformance.cases.naming import case_name
from conformance.cases.node import Node
from conformance.cases.sizes import explain_oversize
from conformance.oracle.expectation import compute_the_same, find_refusal
from conformance.oracle.sequence import take
from conv_reference import LAYERS

CLOSED_SETS = {
    "values": VALUES,
    "layout": LAYOUTS,
    "dtype": DTYPES,
    "weight_dtype": DTYPES,
}
PARAMETERS = ("weight", "bias")
# What of an input may be wrong, beside an argument.
OF_INPUT = ("shape", "dtype")


@dataclass(frozen=True)
class SpecFile:
    """What the cases of a file share.

    Attributes:
        name: of the file in case ids, relative to the specs folder.
        api: the API in whose own arguments its cases are written, if they are in a vendor's.
        defaults: merged beneath every case, key by key.
    """

    name: str
    layer: LayerName
    api: str | None
    defaults: Node


@dataclass(frozen=True)
class Template:
    """A case as it is written, from which `for` makes several; `name` is theirs without what `for` binds."""

    node: Node
    name: str
    clause: str
    claim: str | None = None
    standing: Standing = Standing.OWN


def build_case(file: SpecFile, template: Template, binding: Binding) -> Case:
    """The case of one binding.

    Raises:
        SpecError: a value, name or size cannot be used.
    """
    node = template.node.with_names(binding)
    defaults = file.defaults.with_names(binding)
    arguments = {
        **defaults.child("arguments", {}).evaluate_items(),
        **node.child("arguments", {}).evaluate_items(),
    }
    inputs = _build_inputs(node, defaults)
    is_channels_last = file.api is not None and contracts()[file.api].is_channels_last(arguments)
    if inputs is not None and is_channels_last:
        inputs = replace(inputs, shape=move_channels(inputs.shape))
    if file.api is None and "raises" not in node.data:
        _check_parameters(node, file.layer, arguments)
    oversize = explain_oversize(file.layer, file.api, arguments, inputs)
    if oversize is not None:
        raise node.error(oversize, "arguments")
    if template.claim is None:
        promise = Promise(raises=_read_classes(node), unlike=_read_unlike(node, file.layer, arguments, inputs))
    else:
        promise = _build_promise(node.child("expect").with_names(_bind(arguments, binding, inputs)), arguments)
        if promise.shape is not None and is_channels_last:
            promise = replace(promise, shape=move_channels(promise.shape))
    case = Case(
        spec=file.name,
        name=case_name(template.name, binding),
        line=node.line,
        layer=file.layer,
        api=file.api,
        arguments=arguments,
        inputs=inputs,
        promise=promise,
        clause=template.clause,
        claim=template.claim,
        positional=_read_positional(node, arguments),
        wrong=_read_wrong(node, promise, file),
        standing=template.standing,
        limit=node.data.get("limit"),
        own_process=node.data.get("own_process", False),
    )
    if "then" in node.data:
        case = replace(case, then=_read_steps(node.child("then"), case))
    if case.wrong is not None:
        case = replace(case, twin=_build_twin(case, case.wrong, node, defaults))
    if case.claim is None:
        _check_validity(node, case)
    return case


def move_channels(shape: tuple[int, ...]) -> tuple[int, ...]:
    """(N, C, H, W) of (N, H, W, C), which is what the document of an API speaks of that has its channels last."""
    return shape if len(shape) < 3 else (*shape[:-3], shape[-1], *shape[-3:-1])


def _check_validity(node: Node, case: Case) -> None:
    """Refuse a canonical case that says of itself what the oracle does not: that it is valid, or invalid."""
    refusal = find_refusal(case)
    if not case.promise.raises:
        if refusal is not None:
            raise node.error(f"the oracle refuses this call: {refusal}; mend it, or say that it `raises`", "arguments")
        return
    classes = " or ".join(case.promise.raises)
    if refusal is None:
        raise node.error(f"`raises` is {classes}, but the oracle takes this call; leave it out, or mend it", "raises")
    if refusal.cls not in case.promise.raises:
        raise node.error(f"`raises` is {classes}, but the oracle raises {refusal}; write {refusal.cls}", "raises")
    twin = case.twin
    if twin is None or (case.api is None and not twin.arguments.keys() <= set(LAYERS[case.layer].parameters)):
        return  # what is wrong is a parameter that no layer has, which cannot be mended
    refusal = find_refusal(twin)
    if refusal is not None:
        raise node.error(
            f"with {case.wrong} mended the oracle still refuses the call: {refusal}; use `mended`", "wrong"
        )


def _read_wrong(node: Node, promise: Promise, file: SpecFile) -> str | None:
    """What is wrong with a call that is to be refused, which no other call says."""
    wrong: str | None = node.data.get("wrong")
    if promise.raises and wrong is None:
        raise node.error("a call that raises says what is wrong with it (wrong), which its valid twin mends")
    if wrong is not None and not promise.raises:
        raise node.error("nothing is wrong with a call that does not raise", "wrong")
    known = (*common.DEFAULTS, *LAYERS[file.layer].required, *OF_INPUT)
    if file.api is None and wrong is not None and wrong not in known:
        raise node.error(f"{wrong!r} is no argument, nor of the input; known are {', '.join(known)}", "wrong")
    return wrong


def _build_twin(case: Case, wrong: str, node: Node, defaults: Node) -> Case:
    """The valid call that differs from an invalid one in what is wrong alone.

    By default the wrong argument is as the file's defaults have it, or else as the layer or the vendor has. The name is
    of the call itself: calls that are mended to the same one share it.
    """
    mended = node.child("mended", {})
    arguments = {**case.arguments}
    if "mended" not in node.data:
        value = arguments.pop(wrong, None)
        default = {**_list_defaults(case), **defaults.child("arguments", {}).evaluate_items()}
        if wrong in default:
            arguments[wrong] = default[wrong]
            if case.promise.raises == ("ValueError",):
                arguments[wrong] = _write_alike(default[wrong], value)
    arguments |= mended.child("arguments", {}).evaluate_items()
    inputs = case.inputs
    if inputs is not None:
        fields = mended.child("input", {}).evaluate_items()
        if "shape" in fields and case.api is not None and contracts()[case.api].is_channels_last(arguments):
            fields["shape"] = move_channels(fields["shape"])
        inputs = replace(inputs, **fields)
    written = repr((sorted(arguments.items()), inputs))
    digest = hashlib.sha256(written.encode("utf-8", "backslashreplace")).hexdigest()[:12]
    return Case(
        spec=case.spec,
        name=f"twin.{digest}",
        line=case.line,
        layer=case.layer,
        api=case.api,
        arguments=arguments,
        inputs=inputs,
        promise=Promise(),
        clause=case.clause,
        positional=tuple(name for name in case.positional if name in arguments),
    )


def _list_defaults(case: Case) -> Mapping[str, Value]:
    """The layer's defaults, of a canonical call; a vendor has its own."""
    return LAYERS[case.layer].defaults if case.api is None else {}


def _write_alike(mended: Value, wrong: Value) -> Value:
    """A mended value in the notation of the wrong one: a NumPy scalar, a list, a pair.

    Where the value is wrong and not its type, an API that refuses the type was not asked about the value.
    """
    if isinstance(wrong, Numpy) and not wrong.is_array and common.is_int(mended):
        return Numpy(wrong.dtype, mended)
    both = common.pair(mended)
    if isinstance(wrong, tuple | list) and both is not None:
        return type(wrong)(both)
    return mended


def _check_parameters(node: Node, layer: LayerName, arguments: Arguments) -> None:
    """Refuse a parameter that the layer lacks; an invalid call may be about one."""
    known = LAYERS[layer].parameters
    for name in arguments:
        if name in known:
            continue
        message = f"{layer} has no parameter {name!r}; known are {', '.join(known)}"
        if node.stands("arguments", name):
            raise node.error(message, "arguments", name)
        raise node.document.error(("defaults", "arguments", name), message)


def _read_unlike(node: Node, layer: LayerName, arguments: Arguments, inputs: Inputs | None) -> Arguments | None:
    """The arguments that make another layer, which is as valid."""
    if "unlike" not in node.data:
        return None
    if inputs is not None:
        raise node.error("what is printed of a layer is read when it is constructed; write `input: null`", "unlike")
    part = node.child("unlike")
    unlike = part.evaluate_items()
    for name in unlike:
        if name not in LAYERS[layer].parameters:
            known = ", ".join(LAYERS[layer].parameters)
            raise part.error(f"{layer} has no parameter {name!r}; known are {known}", name)
    other = {**arguments, **unlike}
    for one in (arguments, other):
        refusal = find_refusal(Case("", "", 0, layer, None, one, None, Promise(), ""))
        if refusal is not None:
            raise part.error(f"the oracle refuses one of the two layers: {refusal}")
    if compute_the_same(layer, arguments, other):
        raise part.error("the other layer computes the same, and may print the same")
    return unlike


def _read_positional(node: Node, arguments: Arguments) -> tuple[str, ...]:
    positional: tuple[str, ...] = tuple(node.data.get("positional", ()))
    for name in positional:
        if name not in arguments:
            raise node.error(f"{name!r} is none of the case's arguments", "positional")
    return positional


def _read_classes(node: Node) -> tuple[str, ...]:
    """The exception classes of `raises`: Python's, or a framework's with its module."""
    raises = node.data.get("raises", ())
    names = (raises,) if isinstance(raises, str) else tuple(raises)
    for name in names:
        known = getattr(builtins, name, None)
        is_exception = isinstance(known, type) and issubclass(known, BaseException)
        if not is_exception and not re.fullmatch(r"\w+(\.\w+)+", name):
            message = (
                f"{name!r} is no exception of Python; write one such as ValueError, or a framework's as module.Class"
            )
            raise node.error(message, "raises")
    return names


# Inputs


def _build_inputs(node: Node, defaults: Node) -> Inputs | None:
    """How the case's arrays are made; None where it ends with construction."""
    own = node.child("input", {})
    if own.data is None:
        return None
    default = defaults.child("input", {})
    merged = {} if default.data is None else default.evaluate_items()
    merged |= own.evaluate_items()
    if not merged:
        return None
    if "shape" not in merged:
        raise own.error("an input needs a shape")
    _check_inputs(own, merged)
    _check_shape(own, merged["shape"])
    inputs = Inputs(**merged)
    _check_layout(own, inputs)
    return inputs


def _check_inputs(node: Node, fields: Mapping[str, Value]) -> None:
    for name, known in CLOSED_SETS.items():
        if name in fields and fields[name] not in known:
            raise node.error(f"unknown {name} {fields[name]!r}, expected one of {', '.join(known)}", name)
    dtype = fields.get("dtype")
    values = fields.get("values", "exact")
    if dtype in INTEGERS and values not in VALUES_OF_INTEGERS:
        classes = ", ".join(VALUES_OF_INTEGERS)
        raise node.error(f"{dtype} holds no values of the class {values!r}, but of {classes}", "values")
    if values in ONLY_OF_INTEGERS and dtype not in INTEGERS:
        raise node.error(f"values of the class {values!r} are of integers, such as int8; say a dtype", "values")
    if not isinstance(fields.get("gradients", True), bool):
        raise node.error(f"gradients is true or false, got {fields['gradients']!r}", "gradients")
    if not isinstance(fields.get("seed", ""), str):
        raise node.error(f"a seed is a text, got {fields['seed']!r}", "seed")


def _check_shape(node: Node, shape: Value) -> None:
    if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
        raise node.error(f"a shape is a list of integers >= 0, got {shape!r}", "shape")
    _check_axes(node, shape)
    if math.prod(shape) > MAX_ELEMENTS:
        raise node.error(f"{shape} has more than {MAX_ELEMENTS} elements; it would not be allocated", "shape")


def _check_layout(node: Node, inputs: Inputs) -> None:
    if inputs.layout == "channels_last" and len(inputs.shape) < 3:
        message = f"channels_last moves the third axis from the end, which {inputs.shape} has not; leave the layout out"
        raise node.error(message)


def _check_axes(node: Node, shape: tuple[Value, ...]) -> None:
    if len(shape) > MAX_AXES:
        raise node.error(f"a shape has at most {MAX_AXES} axes, this one {len(shape)}; leave some out", "shape")


# Steps


def _read_steps(node: Node, case: Case) -> tuple[Step, ...]:
    """What happens to the layer once it has been called. Each call is merged over the one before it."""
    if case.inputs is None:
        raise node.error("a layer that goes on is called first: give the case an input")
    now = case
    steps: list[Step] = []
    for number in range(len(node.data)):
        part = node.child(number)
        ((name, _),) = part.data.items()
        step = _read_step(part.child(name), name, now)
        now = take(now, step)
        oversize = explain_oversize(now.layer, now.api, now.arguments, now.inputs)
        if oversize is not None:
            raise part.error(oversize)
        steps.append(step)
    _check_next_call(node, steps, case)
    return tuple(steps)


def _check_next_call(node: Node, steps: Sequence[Step], case: Case) -> None:
    """What says how the next call goes: that is the last one, and has gradients; what is added up is exact."""
    for number, step in enumerate(steps):
        if not isinstance(step, OF_NEXT_CALL):
            continue
        part = node.child(number)
        behind = steps[number + 1 :]
        if len(behind) > 1 or not all(isinstance(one, Again) for one in behind):
            raise part.error("this is said of the last call: nothing but that call comes after it")
        if any(isinstance(one, Threaded) for one in steps):
            raise part.error("this is said of a call of the main thread")
        calls = [case.inputs, *(one.inputs for one in steps if isinstance(one, Again))]
        if not all(inputs is not None and inputs.gradients for inputs in calls[-2:]):
            raise part.error("this is said of gradients, which the call does not ask for")
        last = next((place for place in reversed(range(number)) if isinstance(steps[place], Again)), -1)
        between = steps[last + 1 : number]
        if isinstance(step, Added) and any(isinstance(one, Assigned | Cast) for one in between):
            raise part.error("the layer of the call before is another one: call it first")


def _read_step(node: Node, name: str, case: Case) -> Step:
    """A step of a layer that a case calls."""
    value: Value = node.evaluate_items() if isinstance(node.data, dict) else node.evaluate()
    match name:
        case "call":
            _check_inputs(node, value)
            if "shape" in value:
                _check_shape(node, value["shape"])
            assert case.inputs is not None
            inputs = replace(case.inputs, **value)
            _check_layout(node, inputs)
            return Again(inputs)
        case "assign":
            return Assigned(_check_attributes(node, value, case))
        case "change" | "overtake":
            names: Value = (value,) if isinstance(value, str) else value
            for parameter in names:
                _check_known(node, "parameter", parameter, PARAMETERS)
            return Changed(names) if name == "change" else Overtaken(names)
        case "copy":
            _check_known(node, name, value, tuple(Copying))
            return Copied(Copying(value))
        case "cast":
            _check_known(node, "dtype", value, DTYPES)
            return Cast(value)
        case "threads":
            return Threaded(value)
        case "move":
            return Moved()
        case "add":
            _check_known(node, name, value, tuple(Adding))
            return Added(Adding(value))
        case "retain":
            if not isinstance(value, bool):
                raise node.error(f"retain is true or false, got {value!r}")
            return Returned(value)
        case _:
            if not isinstance(value, bool):
                raise node.error(f"train is true or false, got {value!r}")
            return Switched(value)


def _check_attributes(node: Node, attributes: Arguments, case: Case) -> Arguments:
    """Attributes that leave the parameters as they are."""
    for name in attributes:
        if case.api is None and name not in LAYERS[case.layer].keywords:
            known = ", ".join(LAYERS[case.layer].keywords)
            raise node.error(f"{name!r} is no attribute of {case.layer} that can be changed; known are {known}", name)
    if case.api is None:
        before = common.weight_shape(case.layer, {**common.DEFAULTS, **case.arguments})
        if before != common.weight_shape(case.layer, {**common.DEFAULTS, **case.arguments, **attributes}):
            raise node.error("the weight would be of another shape, and it stays as it is")
    return attributes


def _check_known(node: Node, name: str, value: Value, known: Sequence[str]) -> None:
    if value not in known:
        raise node.error(f"unknown {name} {value!r}, expected one of {', '.join(known)}")


# Promises


def _bind(arguments: Arguments, binding: Binding, inputs: Inputs | None) -> dict[str, Value]:
    """What a promise may speak of: the sizes of the input, the call's arguments, and what `for` binds."""
    names: dict[str, Value] = {}
    if inputs is not None and len(inputs.shape) in (3, 4):
        letters = "NCHW"[-len(inputs.shape) :]
        names |= zip(letters, inputs.shape, strict=True)
    return {**names, **arguments, **binding}


def _build_promise(node: Node, arguments: Arguments) -> Promise:
    data = node.data
    promised = _build_array(node)
    return Promise(
        shape=promised["shape"],
        dtype=promised["dtype"],
        raises=_read_classes(node),
        phase=Phase(data["phase"]) if "phase" in data else None,
        accepts=bool(data.get("accepts")),
        operation=bool(data.get("operation")),
        parameters=_build_parameters(node.child("parameters", {})),
        state=_build_state(node.child("state")) if "state" in data else None,
        defaults=node.child("defaults", {}).evaluate_items(),
        distribution=_build_distribution(node.child("distribution")) if "distribution" in data else None,
        same_as={**arguments, **node.child("same_as").evaluate_items()} if "same_as" in data else None,
    )


def _build_parameters(node: Node) -> dict[str, Any]:
    """By parameter its promised shape and dtype; None for one that is promised to be absent."""
    parameters: dict[str, Any] = {}
    for name in node.data:
        promised = node.child(name)
        parameters[name] = None if promised.data is None else tuple(_build_array(promised).values())
    return parameters


def _build_state(node: Node) -> dict[str, tuple[int, ...]]:
    """By name the promised shape."""
    state = {name: node.child(name).evaluate() for name in node.data}
    for name, shape in state.items():
        _check_promised_shape(node, shape, name)
    return state


def _build_array(node: Node) -> dict[str, Any]:
    """The promised shape and dtype of an array, each None where the document is silent."""
    shape = node.child("shape").evaluate()
    # A formula without a floor may promise a fraction, which no output then keeps.
    if "shape" in node.data:
        _check_promised_shape(node, shape, "shape")
    dtype = node.child("dtype").evaluate()
    if "dtype" in node.data and not isinstance(dtype, str):
        raise node.error(f"a dtype is its name, got {dtype!r}", "dtype")
    return {"shape": shape, "dtype": dtype}


def _check_promised_shape(node: Node, shape: Value, key: str) -> None:
    if not _is_numbers(shape):
        raise node.error(f"a shape is a list of numbers, got {shape!r}", key)
    _check_axes(node, shape)


def _is_numbers(value: Value) -> bool:
    return isinstance(value, tuple) and all(type(number) in (int, float) for number in value)


def _build_distribution(node: Node) -> Distribution:
    (family,) = set(node.data) - {"parameter"}
    numbers = node.child(family).evaluate()
    if not all(isinstance(number, int | float) for number in numbers):
        raise node.error(f"{family} takes numbers, got {numbers!r}", family)
    arguments = tuple(map(float, numbers))
    if not all(map(math.isfinite, arguments)):
        raise node.error(f"{family} takes finite numbers, got {arguments!r}", family)
    if family == "uniform" and arguments[0] >= arguments[1]:
        raise node.error(f"{family} takes a lower and a higher end, got {arguments!r}", family)
    if family.endswith("normal") and arguments[1] <= 0:
        raise node.error(f"{family} takes a mean and a standard deviation above 0, got {arguments!r}", family)
    return Distribution(node.data["parameter"], family, arguments)
