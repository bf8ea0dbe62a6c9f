"""What is special about a call: by the name of an argument, or of what its input has, in which way it is not ordinary.

A trait is a name and a class of values: ``("stride", "2^31")``, ``("dtype", "float16")``. There are few of each, so
that regions of the space can be counted, causes can be told by what they need, and neither takes memory without end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from conformance.apis import NoEquivalent, contracts
from conformance.case import Arguments, Case, DType, Inputs, Items, Numpy, Tensor, Value
from conformance.case.values import MAX_AXES
from conv_reference import LAYERS

Traits: TypeAlias = Mapping[str, str]

# The powers of two at which integers wrap, are negative, or are no integer of the processor any more.
POWERS = (15, 16, 31, 32, 62, 63)
ORDINARY = "ordinary"
USUAL = 13  # the largest number that is nothing special


def describe(case: Case) -> Traits:
    """The traits of a call: of its canonical arguments where it has such, and of what is the vendor's alone."""
    traits: dict[str, str] = {}
    for name, value in find_arguments(case).items():
        kind = classify(value)
        if kind != ORDINARY or name not in LAYERS[case.layer].required:
            traits[name] = kind
        if is_uneven(value):
            traits[f"{name} by axis"] = "uneven"
        if is_of_numpy(value):
            traits[f"{name} of NumPy"] = "scalar"
    return {**traits, **dict(describe_inputs(case.inputs))}


def find_arguments(case: Case) -> Arguments:
    """The arguments that are not as in most calls."""
    arguments = dict(case.arguments)
    if case.api is not None:
        arguments |= translate(case.api, case.arguments, case.inputs)
    defaults = LAYERS[case.layer].defaults
    special = {}
    for name, value in arguments.items():
        # To have no bias is nothing special: it is what a call is simplified to.
        is_plain = isinstance(value, bool) if name == "bias" else name in defaults and is_same(value, defaults[name])
        # A weight's sizes are channels and kernel.
        if not is_plain and not isinstance(value, Tensor):
            special[name] = value
    return special


def translate(api: str, arguments: Arguments, inputs: Inputs | None) -> Arguments:
    """A vendor's arguments as canonical ones; nothing where they name no layer."""
    try:
        canonical = contracts()[api].to_canonical(arguments, inputs)
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}
    return {} if isinstance(canonical, NoEquivalent) else canonical


def is_same(value: Value, default: Value) -> bool:
    """Whether a value is the default, written once or for both axes."""
    if isinstance(value, tuple | list) and len(value) == 2:
        return all(is_same(item, default) for item in value)
    return type(value) is type(default) and bool(value == default)


def describe_inputs(inputs: Inputs | None) -> Iterator[tuple[str, str]]:
    if inputs is None:
        yield "input", "none"
        return
    ordinary = Inputs(inputs.shape)
    for name in ("dtype", "weight_dtype", "values", "layout"):
        if getattr(inputs, name) != getattr(ordinary, name):
            yield name, str(getattr(inputs, name))
    if inputs.gradients:
        yield "gradients", "asked"
    for name, size in zip(("width", "height", "channels", "batch"), reversed(inputs.shape), strict=False):
        if size == 0 or size > USUAL:
            yield name, classify(size)
    if len(inputs.shape) != 4:
        yield "axes", str(len(inputs.shape))


def classify(value: Value) -> str:
    """The class of a value."""
    match value:
        case bool() | None:
            return str(value).lower()
        case int():
            return classify_integer(value)
        case float():
            return "float" if math.isfinite(value) else str(value)
        case str():
            return f"{value[:20]!r}"
        case DType(name):
            return f"dtype {name}"
        case Items(kind):
            return kind
        case Numpy(_, inner, False):
            return classify(inner)
        case Numpy(dtype, _, True):
            return f"array of {dtype}"
        case tuple() | list():
            return classify_several(value)
        case _:
            return type(value).__name__


def classify_integer(number: int) -> str:
    if number < 0:
        return "negative"
    if number <= USUAL:
        return ORDINARY if number else "zero"
    return next((f"from 2^{power}" for power in reversed(POWERS) if number >= 2**power - 2), "large")


def classify_several(values: tuple[Value, ...] | list[Value]) -> str:
    """The classes of the elements, and how many there are where that is not two."""
    kinds = sorted(set(map(classify, values[:MAX_AXES])) - {ORDINARY}) or [ORDINARY]
    return " ".join(kinds if len(values) == 2 else [*kinds, f"of {len(values)}"])


def is_uneven(value: Value) -> bool:
    """Whether a value is not the same for all axes."""
    return isinstance(value, tuple | list) and len(set(map(repr, value))) > 1


def is_of_numpy(value: Value) -> bool:
    """Whether a number, or one of several, is NumPy's."""
    items = value if isinstance(value, tuple | list) else (value,)
    return any(isinstance(item, Numpy) and not item.is_array for item in items)
