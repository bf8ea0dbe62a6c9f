"""What a script calls: the one line of a call, and the steps around it, no further than what is to be seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from conformance.apis import Contract, Framework
from conformance.case import HELD, STATE, Kind, Outcome, Phase, Verdict
from conformance.case.values import Arguments, Tensor, Value, to_source
from conformance.reproducers.arrays import arrays_of, image_in_vendor_layout, write_array, write_ones
from conformance.reproducers.asked import AskedCase
from conformance.targets.protocol import DEFAULT_DTYPE, PARAMETERS

# What is seen of these are elements; of any other divergence the elements do not matter.
OF_ELEMENTS = frozenset({Kind.VALUE, Kind.GRADIENT})
ABOUT_ERRORS = frozenset(
    {Kind.WRONGLY_REJECTED, Kind.WRONGLY_ACCEPTED, Kind.INTERNAL_ERROR, Kind.ERROR_CLASS, Kind.ERROR_PHASE}
)


@dataclass(frozen=True)
class Extent:
    """How far a script goes, so that it shows what is to be seen and no more.

    Attributes:
        last: the last phase that it enters.
        operands: of the backward phase, the tensors whose gradients it asks for; None for all that there are.
        keeps: whether what the last phase makes is looked at.
        sets: whether the parameters of a module are set.
        other: whether it also runs the call that is documented to be equivalent.
        reads: whether what is not looked at is read all the same, as a worker does: a process may die of that.
    """

    last: Phase = Phase.BACKWARD
    operands: tuple[str, ...] | None = None
    keeps: bool = True
    sets: bool = True
    other: bool = False
    reads: bool = False


def matter_elements(asked: AskedCase, verdict: Verdict) -> bool:
    """Whether what a verdict says is about elements of arrays."""
    return verdict.kind in OF_ELEMENTS and (verdict.worst is not None or asked.case.promise.same_as is not None)


def write_arrays(asked: AskedCase, verdict: Verdict) -> dict[str, str] | None:
    """The source of each array; None where one is too large to be read."""
    sources = {}
    for name, array in arrays_of(asked).items():
        source = write_array(array) if matter_elements(asked, verdict) else write_ones(array)
        if source is None:
            return None
        sources[name] = source
    return sources


def extent_of(asked: AskedCase, verdict: Verdict) -> Extent:
    """How far a script goes that shows a verdict."""
    is_seen = verdict.outcome is Outcome.DIVERGES and verdict.kind not in ABOUT_ERRORS
    of_gradient = verdict.subject.startswith("grad_")
    # A module without a dtype argument has the dtype of the parameters that it is given.
    sets = matter_elements(asked, verdict) or dtype_of_parameters(asked) != DEFAULT_DTYPE
    return Extent(
        last_phase(asked, verdict),
        operands=(verdict.subject.removeprefix("grad_"),) if of_gradient else None,
        keeps=is_seen,
        sets=sets or verdict.phase is Phase.PARAMETERS,
        other=asked.case.promise.same_as is not None and verdict.kind in (Kind.VALUE, Kind.WRONGLY_REJECTED),
        reads=verdict.outcome is Outcome.CRASHED,
    )


def last_phase(asked: AskedCase, verdict: Verdict) -> Phase:
    """The phase in which it is seen whether a verdict holds."""
    if verdict.kind is Kind.ERROR_PHASE:
        promised = asked.case.promise.phase
        assert promised is not None
        assert verdict.phase is not None
        return min(promised, verdict.phase, key=list(Phase).index)
    if verdict.raised is not None:
        return verdict.raised.phase
    if verdict.outcome is not Outcome.DIVERGES:
        known = verdict.phase not in (None, Phase.START)
        return verdict.phase if known and verdict.phase is not None else Phase.FORWARD
    if verdict.subject.startswith("grad_"):
        return Phase.BACKWARD
    return Phase.CONSTRUCT if verdict.subject in (*PARAMETERS, STATE) else Phase.FORWARD


def dtype_of_parameters(asked: AskedCase) -> str:
    inputs = asked.case.inputs
    return DEFAULT_DTYPE if inputs is None else inputs.weight_dtype or inputs.dtype


def write_call(contract: Contract, framework: Framework, arguments: Arguments, positional: Sequence[str] = ()) -> str:
    """The call as a person would type it, such as ``torch.nn.Conv2d(in_channels=4)``; of a class, the construction.

    Args:
        arguments: the vendor's.
        positional: the names of those that are passed by position, in this order.
    """
    shown = [write_argument(name, arguments[name], contract, framework) for name in positional]
    if contract.functional:
        shown.insert(0, "x")
    for name, value in arguments.items():
        if name not in positional and name not in contract.at_call:
            shown.append(f"{name}={write_argument(name, value, contract, framework)}")
    name = contract.api.rpartition(".")[2]
    return framework.source_of(contract).call.format(api=contract.api, name=name, arguments=", ".join(shown))


def write_layer_call(layer: str, contract: Contract, framework: Framework, arguments: Arguments) -> str:
    """The call of a layer, with the arguments that are given then."""
    given = {name: arguments[name] for name in contract.at_call if name in arguments}
    shown = [f"{name}={write_argument(name, value, contract, framework)}" for name, value in given.items()]
    return f"{layer}({', '.join(['x', *shown])})"


def write_argument(name: str, value: Value, contract: Contract, framework: Framework) -> str:
    if not isinstance(value, Tensor):
        return write_value(value, framework)
    operand = {own: name for name, own in contract.operands.items()}.get(name)
    if contract.functional and operand is not None:
        return operand
    filled = f'(np.arange({math.prod(value.shape)}) % 5 + 1).astype("float32").reshape({value.shape})'
    return framework.source.tensor.format(array=filled)


def write_value(value: Value, framework: Framework) -> str:
    """A value with the framework's spelling of dtypes."""
    return to_source(value, lambda dtype: framework.source.dtype.format(name=dtype))


def write_steps(asked: AskedCase, tensors: Mapping[str, str], extent: Extent) -> list[str]:
    """The lines that call the API: they leave `layer`, `output` or gradients, whatever the last phase makes.

    Args:
        tensors: the source of each tensor that there is.
    """
    if asked.contract.functional:
        return write_functional(asked, tensors, extent)
    goes_on = "x" in tensors and extent.last not in (Phase.CONSTRUCT, Phase.PARAMETERS)
    if not goes_on and not extent.keeps and extent.last is not Phase.PARAMETERS:
        return [write_construction(asked, asked.arguments, asked.case.positional)]
    shared = [name for name in PARAMETERS if extent.other and extent.sets and name in tensors]
    parameters = {name: name if name in shared else tensors[name] for name in PARAMETERS if name in tensors}
    lines = [f"{name} = {tensors[name]}" for name in shared]
    lines += write_layer(asked, parameters, extent)
    if not goes_on:
        return lines
    lines += [write_x(asked, tensors, extent), *write_running(asked, tensors, extent)]
    if extent.other:
        assert asked.case.promise.same_as is not None
        other = write_construction(asked, asked.case.promise.same_as)
        if extent.sets:
            run = write_layer_call("other", asked.contract, asked.framework, asked.case.promise.same_as)
            lines += [f"other = {other}", *write_building("other", asked)]
            lines += [*write_parameters("other", asked, parameters), f"other_output = {run}"]
        else:
            lines.append(write_layer_call(other, asked.contract, asked.framework, asked.case.promise.same_as))
    return lines


def write_layer(asked: AskedCase, parameters: Mapping[str, str], extent: Extent, layer: str = "layer") -> list[str]:
    """The lines that make a module.

    Args:
        parameters: the source of what its parameters are set to, as far as that.
        layer: its name.
    """
    lines = [f"{layer} = {write_construction(asked, asked.arguments, asked.case.positional)}"]
    lines += write_building(layer, asked)
    if extent.sets and extent.last is not Phase.CONSTRUCT:
        lines += write_parameters(layer, asked, parameters)
    return lines


def write_x(asked: AskedCase, tensors: Mapping[str, str], extent: Extent) -> str:
    """The line that makes what a module is called with."""
    x = tensors["x"]
    if extent.last is Phase.BACKWARD and asks_for("input", extent):
        x = asked.source.leaf.format(tensor=x)
    return f"x = {x}"


def write_construction(asked: AskedCase, arguments: Arguments, positional: Sequence[str] = ()) -> str:
    """The construction of a module, as the framework's mode has it."""
    call = write_call(asked.contract, asked.framework, arguments, positional)
    return asked.source.construct.format(construction=call)


def write_building(layer: str, asked: AskedCase) -> list[str]:
    """The line that gives a layer its parameters, where that takes the shape of its first input."""
    build = asked.source.build
    inputs = asked.case.inputs
    if not build or inputs is None:
        return []
    return [build.format(layer=layer, shape=image_in_vendor_layout(asked, "output", inputs.shape))]


def write_functional(asked: AskedCase, tensors: Mapping[str, str], extent: Extent) -> list[str]:
    lines = write_operands(asked, tensors, extent)
    lines += write_running(asked, tensors, extent)
    if extent.other:
        assert asked.case.promise.same_as is not None
        other = write_call(asked.contract, asked.framework, asked.case.promise.same_as)
        lines.append(f"other_output = {other}" if extent.keeps else other)
    return lines


def write_operands(asked: AskedCase, tensors: Mapping[str, str], extent: Extent) -> list[str]:
    """The lines that make what a function is called with."""
    lines = []
    for name in ("x", *PARAMETERS):
        if name in tensors:
            tensor = tensors[name]
            if extent.last is Phase.BACKWARD and asks_for(operand_of(name), extent):
                tensor = asked.source.leaf.format(tensor=tensor)
            lines.append(f"{name} = {tensor}")
    return lines


def write_forward(asked: AskedCase) -> str:
    """Source of the output, where layer or tensors are there."""
    call = write_layer_call("layer", asked.contract, asked.framework, asked.arguments)
    if asked.contract.functional:
        call = write_call(asked.contract, asked.framework, asked.arguments, asked.case.positional)
    run = asked.source.run
    if not run:
        return call
    return run.format(called="layer" if call == "layer(x)" else f"(lambda x: {call})")


def write_running(asked: AskedCase, tensors: Mapping[str, str], extent: Extent) -> list[str]:
    """The lines that run a call, forward alone or with its gradients."""
    call = write_forward(asked)
    if extent.last is not Phase.BACKWARD or "grad_output" not in tensors:
        if extent.reads and read_output(asked) != "output":
            return enter_mode(asked, [f"output = {call}", read_output(asked)])
        return enter_mode(asked, [f"output = {call}" if extent.keeps else call])
    operands = list_operands(asked, tensors, extent).values()
    parameters = [operand for operand in operands if operand != "x"]
    backward = asked.source.backward
    lines = [f"grad_output = {tensors['grad_output']}"]
    gradients = backward.format(call=call, operands=", ".join(operands), parameters=", ".join(parameters))
    return [*lines, *enter_mode(asked, gradients.splitlines())]


def read_output(asked: AskedCase) -> str:
    return write_numpy(asked, "output")


def write_numpy(asked: AskedCase, tensor: str) -> str:
    """Source of a tensor as a NumPy array."""
    source = asked.source
    held = None if asked.case.inputs is None else HELD.get(asked.case.inputs.dtype)
    return source.numpy.format(tensor=tensor) if held is None else source.wide.format(tensor=tensor, held=held)


def enter_mode(asked: AskedCase, lines: list[str]) -> list[str]:
    """The lines, in the context of the framework's mode, if it has one."""
    around = asked.source.around
    return [f"with {around}:", *(f"    {line}" for line in lines)] if around else lines


def list_operands(asked: AskedCase, tensors: Mapping[str, str], extent: Extent) -> dict[str, str]:
    """Source of the tensors whose gradients are asked for, by ``input``, ``weight`` and ``bias``."""
    operands = {}
    for name in ("x", *PARAMETERS):
        if name in tensors and asks_for(operand_of(name), extent):
            is_held = name in PARAMETERS and not asked.contract.functional
            operands[operand_of(name)] = f"layer.{asked.contract.operands[name]}" if is_held else name
    return operands


def operand_of(name: str) -> str:
    """What a gradient is called that is that of a tensor."""
    return "input" if name == "x" else name


def asks_for(operand: str, extent: Extent) -> bool:
    return extent.operands is None or operand in extent.operands


def write_gradients(asked: AskedCase, tensors: Mapping[str, str], extent: Extent) -> dict[str, str]:
    """Source of each gradient that the steps have asked for, by ``input``, ``weight`` and ``bias``."""
    source = asked.source
    operands = list_operands(asked, tensors, extent)
    parameters = [name for name in operands if name != "input"]
    gradients = {}
    for position, (name, operand) in enumerate(operands.items()):
        if name == "input":
            gradients[name] = source.gradient_of_x.format(operand=operand, position=position)
        else:
            index = parameters.index(name)
            gradients[name] = source.gradient_of_parameter.format(operand=operand, position=position, index=index)
    return gradients


def write_parameters(layer: str, asked: AskedCase, tensors: Mapping[str, str]) -> list[str]:
    """The lines that set the parameters of a layer to tensors, whose source is given by name."""
    template = asked.source.set_parameter
    operands = asked.contract.operands
    return [template.format(layer=layer, name=operands[name], tensor=tensor) for name, tensor in tensors.items()]
