"""What a script calls: the one line of a call, and the steps around it."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from conformance.apis import Contract, Framework
from conformance.case import Kind, Phase, Verdict
from conformance.case.values import Arguments, Tensor, Value, to_source
from conformance.reproducers.asked import AskedCase
from conformance.targets.protocol import PARAMETERS


@dataclass(frozen=True)
class Extent:
    """How far a script goes, so that it shows what is to be seen and no more.

    Attributes:
        forward: whether it runs the layer, instead of only constructing it.
        backward: whether it asks for gradients, where there is an upstream gradient.
        other: whether it also runs the call that is documented to be equivalent.
        phases: whether it keeps, as `phase`, in which phase it is.
    """

    forward: bool = True
    backward: bool = True
    other: bool = False
    phases: bool = False


def extent_of(asked: AskedCase, verdict: Verdict) -> Extent:
    """How far a script goes that shows a verdict."""
    about_other = verdict.kind in (Kind.VALUE, Kind.WRONGLY_REJECTED)
    return Extent(
        forward=asked.contract.functional or verdict.subject not in PARAMETERS,
        backward=verdict.subject.startswith("grad") or verdict.phase is Phase.BACKWARD,
        other=asked.case.promise.same_as is not None and about_other,
        phases=verdict.kind is Kind.ERROR_PHASE,
    )


def write_call(contract: Contract, framework: Framework, arguments: Arguments, positional: Sequence[str] = ()) -> str:
    """The call as a person would type it, such as ``torch.nn.Conv2d(in_channels=4, ...)``.

    Args:
        arguments: the vendor's.
        positional: the names of those that are passed by position, in this order.
    """
    shown = [write_argument(name, arguments[name], contract, framework) for name in positional]
    if contract.functional:
        shown.insert(0, "x")
    for name, value in arguments.items():
        if name not in positional:
            shown.append(f"{name}={write_argument(name, value, contract, framework)}")
    return f"{contract.api}({', '.join(shown)})"


def write_argument(name: str, value: Value, contract: Contract, framework: Framework) -> str:
    if not isinstance(value, Tensor):
        return write_value(value, framework)
    if contract.functional and name in PARAMETERS:
        return name
    filled = f'(np.arange({math.prod(value.shape)}) % 5 + 1).astype("float32").reshape({value.shape})'
    return framework.source.tensor.format(array=filled)


def write_value(value: Value, framework: Framework) -> str:
    """A value with the framework's spelling of dtypes."""
    return to_source(value, lambda dtype: framework.source.dtype.format(name=dtype))


def write_steps(asked: AskedCase, arrays: Collection[str], extent: Extent) -> list[str]:
    """The lines that call the API: they leave `output`, `observed`, and `gradients` where asked for.

    Args:
        arrays: the names of the tensors that there are.
    """
    source = asked.framework.source
    if asked.contract.functional:
        lines = write_definition(asked, arrays)
        forward = "output = run(x, weight, bias)"
        backward = source.backward_functional
    else:
        lines = write_construction(asked, arrays, extent)
        forward = "output = layer(x)"
        backward = source.backward
    if "x" not in arrays or not extent.forward:
        return lines
    lines += write_phase(Phase.FORWARD, extent)
    lines += [forward, f"observed = {source.numpy.format(tensor='output')}"]
    if extent.other:
        lines += write_other(asked, arrays)
    if extent.backward and "grad_output" in arrays:
        lines += write_phase(Phase.BACKWARD, extent)
        lines.append(backward)
    return lines


def write_phase(phase: Phase, extent: Extent) -> list[str]:
    if not extent.phases:
        return []
    return [f'phase = "{phase}"']


def write_definition(asked: AskedCase, arrays: Collection[str]) -> list[str]:
    """A function of x, weight and bias that calls a functional API, and all three of them."""
    function = write_function("run", asked, asked.arguments, asked.case.positional)
    if "bias" in arrays:
        return function
    return ["bias = None", *function]


def write_construction(asked: AskedCase, arrays: Collection[str], extent: Extent) -> list[str]:
    """The layer of a module, with its parameters unless it is only constructed."""
    call = write_call(asked.contract, asked.framework, asked.arguments, asked.case.positional)
    lines = [*write_phase(Phase.CONSTRUCT, extent), f"layer = {call}"]
    if extent.forward:
        lines += write_phase(Phase.PARAMETERS, extent)
        lines += write_parameters("layer", asked, arrays)
    return lines


def write_parameters(layer: str, asked: AskedCase, arrays: Collection[str]) -> list[str]:
    template = asked.framework.source.set_parameter
    given = [name for name in PARAMETERS if name in arrays]
    return [template.format(layer=layer, name=name, tensor=name) for name in given]


def write_function(name: str, asked: AskedCase, arguments: Arguments, positional: Sequence[str] = ()) -> list[str]:
    # Without a bias it is still named, and is None.
    named = {**arguments, "bias": Tensor(())}
    call = write_call(asked.contract, asked.framework, named, positional)
    return [f"def {name}(x, weight, bias):", f"    return {call}"]


def write_other(asked: AskedCase, arrays: Collection[str]) -> list[str]:
    """The call that is documented to be equivalent; it leaves `other_output`."""
    arguments = asked.case.promise.same_as
    assert arguments is not None
    if asked.contract.functional:
        return [*write_function("other", asked, arguments), "other_output = other(x, weight, bias)"]
    construction = f"other = {write_call(asked.contract, asked.framework, arguments)}"
    return [construction, *write_parameters("other", asked, arrays), "other_output = other(x)"]
