"""What a contract is: the records that a framework's module fills in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

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
        to_canonical: canonical arguments for the vendor's, the vendor's own defaults filled in.
        functional: weight and bias are arguments of the call, `conformance.case.Tensor` among the arguments.
        weight: (C_out, C_in/groups, kh, kw), transposed (C_in, C_out/groups, kh, kw), in the oracle's layout.
        bias: (C_out,) in the oracle's layout.
    """

    api: str
    layer: LayerName
    to_vendor: Callable[[Arguments, Inputs | None], Arguments | NoEquivalent]
    to_canonical: Callable[[Arguments], Arguments | NoEquivalent]
    functional: bool = False
    weight: Layout = AS_THE_ORACLE
    bias: Layout = AS_THE_ORACLE


@dataclass(frozen=True)
class Source:
    """How a person writes the framework's code; each entry is Python source.

    Attributes:
        imports: what a script imports.
        prepare: settings that a script needs to show errors where they happen.
        tensor: makes a tensor of the NumPy array named ``{array}``.
        bfloat16: the same, for an array of float32 numbers that bfloat16 represents.
        numpy: turns the tensor named ``{tensor}`` into a NumPy array.
        wide: the same of bfloat16, which NumPy lacks, as float32.
        dtype_name: the common name of the dtype of the tensor named ``{tensor}``.
        turned: the tensor ``{tensor}`` with height and width exchanged, as a view where there are views.
        element: the element at ``{index}`` of the tensor named ``{tensor}``, as a Python number; not of bfloat16.
        set_parameter: sets the parameter ``{name}`` of ``{layer}`` to the tensor ``{tensor}``.
        leaf: the tensor ``{tensor}`` as one whose gradient can be asked for.
        backward: takes the gradients of ``{call}`` for the tensors ``{operands}``, of which ``{parameters}`` are those
            but x, given ``grad_output``.
        gradient_of_x: the gradient of the tensor ``{operand}`` after that, which has this ``{position}`` in operands.
        gradient_of_parameter: the same of another tensor, which has this ``{index}`` in parameters.
        dtype: the framework's spelling of a dtype's common name ``{name}``.
        seed: begins its random numbers at 0.
    """

    imports: str
    prepare: str
    tensor: str
    bfloat16: str
    numpy: str
    wide: str
    dtype_name: str
    turned: str
    element: str
    set_parameter: str
    leaf: str
    backward: str
    gradient_of_x: str
    gradient_of_parameter: str
    dtype: str
    seed: str = "pass"


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
class Framework:
    """A framework and its contracts.

    Attributes:
        name: the import name, which is the adapter's module name too.
        environment: what installs the audited version.
        limits: by name, those that a target can be given.
    """

    name: str
    environment: Environment
    source: Source
    contracts: tuple[Contract, ...]
    limits: Mapping[str, Limit] = field(default_factory=dict)
