"""What a contract is: the records that a framework's module fills in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.case import Array, Inputs, LayerName
from conformance.case.values import Arguments
from conformance.environments import Environment


@dataclass(frozen=True)
class NoEquivalent:
    """The vendor's API cannot express the layer."""

    reason: str


@dataclass(frozen=True)
class Layout:
    """How a parameter lies in the vendor's API, against the oracle's layout; both take (array, groups).

    `source` is `to_vendor` as a person would type it, in terms of the parameter's name and `groups`, and `source_back`
    is `from_vendor`; "" where the layouts are the same.
    """

    to_vendor: Callable[[Array, int], Array]
    from_vendor: Callable[[Array, int], Array]
    source: str = ""
    source_back: str = ""


OPERANDS: Mapping[str, str] = {"weight": "weight", "bias": "bias"}
AS_THE_ORACLE = Layout(lambda array, groups: array, lambda array, groups: array)


@dataclass(frozen=True)
class Contract:
    """One documented class or function of a vendor.

    Canonical arguments are the oracle's own (`conv_reference.LAYERS`); values that no layer
    can have pass through both ways, because a case may be about one.

    Attributes:
        api: the documented dotted name.
        layer: the canonical operation.
        to_vendor: the vendor's keyword arguments for canonical ones, given the case's inputs.
        to_canonical: canonical arguments for the vendor's, the vendor's own defaults filled in, given the case's
            inputs.
        functional: weight and bias are arguments of the call, `conformance.case.Tensor` among the arguments.
        operands: the vendor's names of ``weight`` and ``bias``, as arguments of a function or attributes of a layer.
        required: the vendor's names of the arguments, besides those, without which there is no layer.
        depthwise: whether each channel of its input is a group of its own, so that none are mixed.
        awaits_input: of a class, whether a layer has no parameters before its first input.
        at_call: of a class, the arguments that are not its constructor's: the layer is called with them.
        is_channels_last: whether x, the output and their gradients are (N, H, W, C) with the vendor's arguments.
        weight: (C_out, C_in/groups, kh, kw), transposed (C_in, C_out/groups, kh, kw), in the oracle's layout.
        bias: (C_out,) in the oracle's layout.
        gradients: whether it is run so that gradients can be asked for.
        dtype: of the calls that show whether its adapter is right.
        infers: whether the framework's own inference is asked for what the device lacks.
        source: of `Source` the fields that are others than the framework's.
        instead: by parameter and form that the API cannot express, such as ``padding_mode 'reflect'``, what a person
            writes beside the layer; in terms of x, left, right, top and bottom.
    """

    api: str
    layer: LayerName
    to_vendor: Callable[[Arguments, Inputs | None], Arguments | NoEquivalent]
    to_canonical: Callable[[Arguments, Inputs | None], Arguments | NoEquivalent]
    functional: bool = False
    operands: Mapping[str, str] = field(default_factory=lambda: OPERANDS)
    required: tuple[str, ...] = ("in_channels", "out_channels", "kernel_size")
    depthwise: bool = False
    awaits_input: bool = False
    at_call: tuple[str, ...] = ()
    is_channels_last: Callable[[Arguments], bool] = lambda arguments: False
    weight: Layout = AS_THE_ORACLE
    bias: Layout = AS_THE_ORACLE
    gradients: bool = True
    dtype: str = "float32"
    infers: bool = False
    source: Mapping[str, Any] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StepSource:
    """How a person writes what happens to a layer that has been called; "" where the framework has no such step.

    Attributes:
        change: gives the tensor ``{held}`` the numbers of the tensor ``{tensor}``, in place.
        checkpoint: saves ``layer`` as the framework does, and loads it into ``other``; lines.
        switch: tells ``layer`` whether it trains, ``{training}``.
        cast: makes the parameters of ``layer`` numbers of the dtype ``{dtype}``.
        forget: clears the gradient of the tensor ``{held}``, where that of the next call would be added to it.
        move: moves ``layer`` to the CPU.
        record: runs ``{call}`` so that gradients of the tensors ``{operands}`` can be asked for later, and calls the
            output ``{output}``; lines.
        accumulate: adds the gradients of ``{output}`` to those that were left, given ``{upstream}``.
        retain: the same, and keeps the graph.
        left: the gradient that was left with the tensor ``{held}``.
        share: runs ``layer`` with ``before`` and ``x``, goes back once, given ``grad_before`` and ``grad_output``, and
            calls the last output ``output``; gradients are where `Source.backward` has them. Lines.
    """

    change: str = ""
    checkpoint: str = ""
    switch: str = ""
    cast: str = ""
    forget: str = ""
    move: str = ""
    record: str = ""
    accumulate: str = ""
    retain: str = ""
    left: str = "{held}.grad"
    share: str = ""


@dataclass(frozen=True)
class Source:
    """How a person writes the framework's code; each entry is Python source.

    What has a default may be left out where there is nothing to write: by a framework without bfloat16, classes or
    gradients.

    Attributes:
        imports: what a script imports, and defines where a call takes more than the name of the API.
        version: the version of what runs the calls.
        call: the call of an API with ``{arguments}``; ``{api}`` is its dotted name, ``{name}`` the last part of that.
        prepare: settings that a script needs to show errors where they happen.
        tensor: makes a tensor of the NumPy array named ``{array}``.
        narrow: the same of the dtype ``{name}``, which NumPy lacks, for an array of numbers that it represents.
        numpy: turns the tensor named ``{tensor}`` into a NumPy array.
        wide: the same of a dtype that NumPy lacks, as ``{held}``.
        dtype_name: the common name of the dtype of the tensor named ``{tensor}``.
        turned: the tensor ``{tensor}`` with height and width exchanged, as a view where there are views.
        moved: the tensor ``{tensor}`` with its last axis before the two before it, as a view where there are views.
        element: the element at ``{index}`` of the tensor named ``{tensor}``, as a Python number; of no ``narrow`` one.
        build: where layers get their parameters from the first input, gives ``{layer}`` those for an x of ``{shape}``.
        set_parameter: sets the parameter ``{name}`` of ``{layer}`` to the tensor ``{tensor}``.
        leaf: the tensor ``{tensor}`` as one whose gradient can be asked for.
        backward: takes the gradients of ``{call}`` for the tensors ``{operands}``, of which ``{parameters}`` are those
            but x, given ``grad_output``.
        gradient_of_x: the gradient of the tensor ``{operand}`` after that, which has this ``{position}`` in operands.
        gradient_of_parameter: the same of another tensor, which has this ``{index}`` in parameters.
        dtype: the framework's spelling of a dtype's common name ``{name}``.
        seed: begins its random numbers at 0.
        state: what is saved of ``layer``, by name.
        setting: what a mode sets before a call; lines.
        around: the context in which a mode runs a call, such as ``torch.inference_mode()``.
        construct: the layer as a mode makes it of ``{construction}``.
        run: the output as a mode has it of the callable ``{called}`` and x; "" for the plain call.
        steps: what happens to a layer that has been called.
        variables: environment variables that a script sets before it imports anything.
    """

    imports: str
    tensor: str
    numpy: str
    dtype_name: str
    turned: str
    moved: str
    element: str
    dtype: str
    version: str = "{framework}.__version__"
    call: str = "{api}({arguments})"
    prepare: str = ""
    narrow: str = "{array}"
    wide: str = "{tensor}"
    build: str = ""
    set_parameter: str = ""
    leaf: str = "{tensor}"
    backward: str = ""
    gradient_of_x: str = ""
    gradient_of_parameter: str = ""
    seed: str = "pass"
    state: str = ""
    setting: str = ""
    around: str = ""
    construct: str = "{construction}"
    run: str = ""
    steps: StepSource = StepSource()
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Limit:
    """What a target keeps to by its name, as ``torch@avx2``, so that one machine answers as several would.

    Attributes:
        description: to what it keeps, for people.
        variables: the environment variables that see to it.
    """

    description: str
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Mode:
    """How a target runs every layer by its name, as ``torch@channels_last``; the adapter's part is in `remote.modes`.

    Attributes:
        description: how, for people.
        source: of `Source` the fields that are others, so that a script does as the adapter.
        denies: why some inputs cannot be asked in it; None where they can.
        gradients: whether gradients can be asked for.
        functions: whether functional APIs are run so too.
        apis: those that are run so; none for all.
        dtype: the only one that is asked in it, because it computes in that whatever it is given; "" for all.
        compiles: whether a call costs a compilation, so that few are asked.
        infers: whether the shape and dtype of an output are inferred where the device lacks the operation.
        variables: the environment variables that choose it; such a mode is another backend, certified as a whole.
        of_functions: of `Source` the fields that are others again for what is no class.
    """

    description: str
    source: Mapping[str, Any]
    denies: Callable[[Inputs], str | None] = lambda inputs: None
    gradients: bool = True
    functions: bool = True
    apis: tuple[str, ...] = ()
    dtype: str = ""
    compiles: bool = False
    infers: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    of_functions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Framework:
    """A framework and its contracts.

    Attributes:
        name: the import name, which is the adapter's module name too.
        needs: import names of what else an interpreter has to have, or it is none of this framework.
        environment: what installs the audited version.
        limits: by name, those that a target can be given.
        modes: by name, in one of which a target can be run.
        pads: by padding_mode, source of the layer that only pads so, in terms of left, right, top and bottom.
    """

    name: str
    environment: Environment
    source: Source
    contracts: tuple[Contract, ...]
    needs: tuple[str, ...] = ()
    limits: Mapping[str, Limit] = field(default_factory=dict)
    modes: Mapping[str, Mode] = field(default_factory=dict)
    pads: Mapping[str, str] = field(default_factory=dict)

    def source_of(self, contract: Contract) -> Source:
        """How a person writes the calls of one of its APIs."""
        others: Mapping[str, Any] = contract.source
        return replace(self.source, **others) if others else self.source

    def run_in(self, mode: str) -> Framework:
        """The framework as it is run in a mode: scripts are written so, and its APIs are those that can be run so."""
        if not mode:
            return self
        chosen = self.modes[mode]
        contracts = [
            contract
            for contract in self.contracts
            if contract.api in (chosen.apis or (contract.api,)) and (chosen.functions or not contract.functional)
        ]
        others: Mapping[str, Any] = chosen.source
        return replace(
            self,
            source=replace(self.source, **others),
            contracts=tuple(run_contract_in(contract, chosen) for contract in contracts),
        )


def run_contract_in(contract: Contract, mode: Mode) -> Contract:
    """A contract as it holds in a mode."""

    def to_vendor(arguments: Arguments, inputs: Inputs | None) -> Arguments | NoEquivalent:
        reason = None if inputs is None else find_denial(mode, inputs)
        return contract.to_vendor(arguments, inputs) if reason is None else NoEquivalent(reason)

    return replace(
        contract,
        to_vendor=to_vendor,
        gradients=contract.gradients and mode.gradients,
        dtype=mode.dtype or contract.dtype,
        infers=mode.infers,
        source={**contract.source, **mode.of_functions} if contract.functional else contract.source,
    )


def find_denial(mode: Mode, inputs: Inputs) -> str | None:
    """Why inputs cannot be asked in a mode; None where they can."""
    if mode.dtype and inputs.dtype != mode.dtype:
        return f"it computes in {mode.dtype}, and is asked where that is the case's"
    return mode.denies(inputs)
