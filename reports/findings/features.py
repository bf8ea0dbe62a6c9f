"""What can be said of a case: the parameters that may matter to a divergence, as atoms.

An atom is ``(predicate, *operands)``; the language files say it in words under ``atom.<predicate>``. The order of
PREDICATES is the order of preference between atoms that hold of the same cases.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from ..results.records import Case
from ..results.values import CANONICAL_DEFAULTS, describe_type, to_integers, to_source

Atom: TypeAlias = tuple[str, ...]

PREDICATES = (
    "every",
    "equal",
    "tried",
    "not_multiple",
    "not_less",
    "more",
    "valued",
    "negative",
    "zero",
    "huge",
    "uneven",
    "asymmetric",
    "even",
    "gap",
    "remainder",
    "dtype",
    "weight_dtype",
    "mixed_dtype",
    "empty",
    "unbatched",
    "rank",
    "values",
    "layout",
    "gradients",
    "depthwise",
    "oversize",
    "length",
    "no_inputs",
    "numpy",
    "any",
    "given",
    "is",
)

EVERY: Atom = ("every",)

# The least value with a plain meaning: 0 where something is added, 1 where something is multiplied.
_LEAST: Mapping[str, int] = {"padding": 0, "output_padding": 0, "pads": 0}
_SPATIAL = frozenset({"kernel_size", "stride", "padding", "dilation", "output_padding"})
_CHANNELS = ("in_channels", "out_channels")
_HUGE = 2**31
_AXES_BY_RANK: Mapping[int, Sequence[str]] = {
    4: ("batch", "channels", "height", "width"),
    3: ("channels", "height", "width"),
}

# Types that the values themselves tell, or that are the usual way to give a value.
_PLAIN_TYPES = frozenset({"int", "tuple of 2", "NoneType", "None", "bool", "str"})
_USUAL_TYPES = frozenset({"int", "tuple of 2", "tuple of 4", "str"})

# A parameter that has to be less than another one, or whose windows part where it is not.
_SMALL_AND_LARGE = (("output_padding", "stride"), ("padding", "kernel_size"), ("stride", "kernel_size"))


class Atoms:
    """The atoms of cases. Each canonical case and each value is taken apart once."""

    def __init__(self) -> None:
        self._by_case: dict[str, frozenset[Atom]] = {}
        self._by_value: dict[tuple[str, str], tuple[Atom, ...]] = {}

    def of_case(self, case: Case, defaults: Mapping[str, str] = MappingProxyType({})) -> frozenset[Atom]:
        """Everything that `PREDICATES` can say of the case's arguments and inputs.

        Args:
            defaults: of a claim's case, what the API takes for an argument that is not given, as source.
        """
        if case.api is not None:
            written = frozenset(("given", name) for name in case.arguments)
            return written | self._describe(case, {**_parse_defaults(defaults), **case.arguments})
        if case.id not in self._by_case:
            self._by_case[case.id] = self._describe(case, {**_canonical_defaults(case.layer), **case.arguments})
        return self._by_case[case.id]

    def _describe(self, case: Case, arguments: Mapping[str, Any]) -> frozenset[Atom]:
        atoms: set[Atom] = set()
        for name, value in arguments.items():
            key = (name, repr(value))
            if key not in self._by_value:
                self._by_value[key] = tuple(_describe_value(name, value))
            atoms.update(self._by_value[key])
        atoms.update(_describe_channels(arguments))
        atoms.update(_describe_sizes(arguments))
        atoms.update(_describe_windows(case, arguments))
        atoms.update(_describe_inputs(case.inputs))
        return frozenset(atoms)


def _canonical_defaults(layer: str) -> Mapping[str, Any]:
    absent = "padding_mode" if layer == "conv_transpose2d" else "output_padding"
    return {name: value for name, value in CANONICAL_DEFAULTS.items() if name != absent}


class _Literal(NamedTuple):
    """A default in the notation of a spec."""

    value: Any


def _parse_defaults(defaults: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    for name, text in defaults.items():
        literal = _parse_literal(text)
        if literal is not None:
            values[name] = literal.value
    return values


@lru_cache(maxsize=256)
def _parse_literal(text: str) -> _Literal | None:
    """None for what is no integer, tuple of integers, text, bool or None."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if isinstance(value, tuple) and all(isinstance(item, int) for item in value):
        return _Literal(list(value))
    if value is None or isinstance(value, (bool, int, str)):
        return _Literal(value)
    return None


def _numbers(value: Any) -> tuple[int, ...] | None:
    """The integers of a value, whatever they are wrapped in; None for anything else."""
    return to_integers(_unwrap(value))


def _unwrap(value: Any) -> Any:
    match value:
        case {"numpy": _, "value": inner} | {"numpy": _, "array": inner}:
            return inner
        case {"list": list(items)} | list(items):
            return [_unwrap(item) for item in items]
        case _:
            return value


def _has_numpy(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return any(isinstance(item, Mapping) and "numpy" in item for item in items)


def _pair(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return numbers * 2 if len(numbers) == 1 else numbers


def _describe_value(name: str, value: Any) -> Iterator[Atom]:
    yield from _describe_type(name, value)
    if value is None or isinstance(value, (bool, str)):
        yield "equal", name, to_source(value)
    numbers = _numbers(value)
    if numbers is None:
        return
    # A number of channels is no property of a call by itself; how it goes with groups is.
    if name not in _CHANNELS:
        yield from _describe_numbers(name, numbers)
        yield from _describe_components(name, numbers)
    yield from _describe_odd_numbers(name, numbers)


def _describe_type(name: str, value: Any) -> Iterator[Atom]:
    kind = describe_type(value)
    if kind not in _PLAIN_TYPES:
        yield "is", name, kind
    if kind not in _USUAL_TYPES and not (kind == "bool" and "bias" in name):
        yield "any", kind
    if _has_numpy(value):
        yield "numpy", name
        yield "any", "NumPy"


def _describe_numbers(name: str, numbers: tuple[int, ...]) -> Iterator[Atom]:
    yield "valued", name, to_source(list(numbers) if len(numbers) > 1 else numbers[0])
    least = _LEAST.get(name, 1)
    if any(number > least for number in numbers):
        yield "more", name, str(least)
    if len(numbers) > 1 and len(numbers) != 2:
        yield "length", name, str(len(numbers))
    if len(set(numbers)) > 1:
        yield "uneven", name
    if len(numbers) == 4 and (numbers[0] != numbers[1] or numbers[2] != numbers[3]):
        yield "asymmetric", name


def _describe_components(name: str, numbers: tuple[int, ...]) -> Iterator[Atom]:
    """What holds along one axis, as ``stride[0]``."""
    if name not in _SPATIAL or len(numbers) > 2:
        return
    least = _LEAST.get(name, 1)
    for axis, number in enumerate(_pair(numbers)):
        yield "valued", f"{name}[{axis}]", str(number)
        if number > least:
            yield "more", f"{name}[{axis}]", str(least)


def _describe_odd_numbers(name: str, numbers: tuple[int, ...]) -> Iterator[Atom]:
    if name.startswith("kernel") and any(number > 0 and number % 2 == 0 for number in numbers):
        yield "even", name
    if any(number < 0 for number in numbers):
        yield "negative", name
        yield "any", "negative"
    if 0 in numbers and name not in _LEAST:
        yield "zero", name
        yield "any", "0"
    if any(abs(number) >= _HUGE for number in numbers):
        yield "huge", name


def _describe_channels(arguments: Mapping[str, Any]) -> Iterator[Atom]:
    groups = _numbers(arguments.get("groups"))
    if not groups or len(groups) != 1 or groups[0] <= 0:
        return
    for name in _CHANNELS:
        channels = _numbers(arguments.get(name))
        if channels and channels[0] % groups[0]:
            yield "not_multiple", name, "groups"
    if groups[0] > 1 and groups == _numbers(arguments.get("in_channels")):
        yield ("depthwise",)


def _describe_sizes(arguments: Mapping[str, Any]) -> Iterator[Atom]:
    for small, large in _SMALL_AND_LARGE:
        first = _numbers(arguments.get(small))
        second = _numbers(arguments.get(large, 1))
        if not first or not second:
            continue
        axes = zip(_pair(first), _pair(second), strict=False)
        if any(a > 0 and a >= b for a, b in axes):
            yield "not_less", small, large


def _describe_windows(case: Case, arguments: Mapping[str, Any]) -> Iterator[Atom]:
    """How the dilated kernel, the stride and the padded input go together, along either axis."""
    kernel = _positive_pair(arguments.get("kernel_size", 1))
    dilation = _positive_pair(arguments.get("dilation", 1))
    stride = _positive_pair(arguments.get("stride", 1))
    if kernel is None or dilation is None or stride is None:
        return
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    if any(s > r for s, r in zip(stride, reach, strict=True)):
        yield ("gap",)
    padding = _total_padding(arguments.get("padding", 0))
    shape = (case.inputs or {}).get("shape")
    if case.layer != "conv2d" or padding is None or not isinstance(shape, list) or len(shape) not in (3, 4):
        return
    # What the padded input has left beside one window.
    rest = [size + pad - r for size, pad, r in zip(shape[-2:], padding, reach, strict=False)]
    if any(left < 0 for left in rest):
        yield ("oversize",)
    elif any(left % s for left, s in zip(rest, stride, strict=False)):
        yield ("remainder",)


def _positive_pair(value: Any) -> tuple[int, ...] | None:
    """(height, width); None for anything but one or two positive integers."""
    numbers = _numbers(value)
    if numbers is None or len(numbers) > 2 or min(numbers) < 1:
        return None
    return _pair(numbers)


def _total_padding(value: Any) -> tuple[int, ...] | None:
    """What padding adds to height and width; None for "same" and what is no padding."""
    if value == "valid":
        return (0, 0)
    numbers = _numbers(value)
    if not numbers:
        return None
    if len(numbers) == 4:
        top, bottom, left, right = numbers
        return (top + bottom, left + right)
    return tuple(2 * number for number in _pair(numbers))


def _describe_inputs(inputs: Mapping[str, Any] | None) -> Iterator[Atom]:
    if inputs is None:
        yield ("no_inputs",)
        return
    shape = inputs.get("shape")
    if isinstance(shape, list):
        yield from _describe_shape(shape)
    dtype = inputs.get("dtype", "float32")
    weight_dtype = inputs.get("weight_dtype")
    yield "dtype", str(dtype)
    if weight_dtype is not None and weight_dtype != dtype:
        yield ("mixed_dtype",)
        yield "weight_dtype", str(weight_dtype)
    if inputs.get("gradients"):
        yield ("gradients",)
    if inputs.get("values"):
        yield "values", str(inputs["values"])
    if inputs.get("layout", "contiguous") != "contiguous":
        yield "layout", str(inputs["layout"])


def _describe_shape(shape: Sequence[Any]) -> Iterator[Atom]:
    if len(shape) == 3:
        yield ("unbatched",)
    elif len(shape) != 4:
        yield "rank", str(len(shape))
    axes = _AXES_BY_RANK.get(len(shape), ())
    for axis, size in zip(axes, shape, strict=False):
        if size == 0:
            yield "empty", axis
