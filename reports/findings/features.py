"""What can be said of a case: the parameters that may matter to a divergence, as atoms.

An atom is ``(predicate, *operands)``; the language files say it in words under ``atom.<predicate>``. The order of
PREDICATES is the order of preference between atoms that hold of the same cases.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

from ..results.read import Case
from ..results.values import CANONICAL, form, integers, source

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
_LEAST = {"padding": 0, "output_padding": 0, "pads": 0}
_SPATIAL = frozenset({"kernel_size", "stride", "padding", "dilation", "output_padding"})
_COUNTS = frozenset({"in_channels", "out_channels"})
_UNTOLD = frozenset({"NoneType", "None", "bool", "str"})  # forms that the values themselves tell
_HUGE = 2**31
_EMPTY_AXES = {4: ("batch", "channels", "height", "width"), 3: ("channels", "height", "width")}


class Atoms:
    """The atoms of cases, each canonical case and each value taken apart once."""

    def __init__(self) -> None:
        self._cases: dict[str, frozenset[Atom]] = {}
        self._values: dict[tuple[str, str], tuple[Atom, ...]] = {}

    def __call__(self, case: Case, defaults: Mapping[str, str] = MappingProxyType({})) -> frozenset[Atom]:
        """Everything that `PREDICATES` can say of the case's arguments and inputs.

        Args:
            defaults: of a claim's case, what the API takes for an argument that is not given, as source.
        """
        if case.api is not None:
            return self._of(case, {**_literals(defaults), **case.arguments}) | {
                ("given", name) for name in case.arguments
            }
        if case.id not in self._cases:
            self._cases[case.id] = self._of(case, {**_canonical(case.layer), **case.arguments})
        return self._cases[case.id]

    def _of(self, case: Case, arguments: Mapping[str, Any]) -> frozenset[Atom]:
        found: set[Atom] = set()
        for name, value in arguments.items():
            key = name, repr(value)
            if key not in self._values:
                self._values[key] = tuple(_of_value(name, value))
            found.update(self._values[key])
        found.update(_of_relations(case, arguments))
        found.update(_of_inputs(case.inputs))
        return frozenset(found)


def _canonical(layer: str) -> Mapping[str, Any]:
    absent = "padding_mode" if layer == "conv_transpose2d" else "output_padding"
    return {name: value for name, value in CANONICAL.items() if name != absent}


@lru_cache(maxsize=256)
def _literal(text: str) -> tuple[Any, ...]:
    """(the default in the notation of a spec,), or () where it is no number, tuple of numbers, text, bool or None."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ()
    if isinstance(value, tuple) and all(isinstance(item, int) for item in value):
        return (list(value),)
    return (value,) if value is None or isinstance(value, (bool, int, str)) else ()


def _literals(defaults: Mapping[str, str]) -> dict[str, Any]:
    return {name: found[0] for name, text in defaults.items() if (found := _literal(text))}


def _numbers(value: Any) -> tuple[int, ...] | None:
    """The integers of a value, whatever they are wrapped in; None for anything else."""
    return integers(_unwrapped(value))


def _unwrapped(value: Any) -> Any:
    match value:
        case {"numpy": _, "value": inner} | {"numpy": _, "array": inner}:
            return inner
        case {"list": list(items)} | list(items):
            return [_unwrapped(item) for item in items]
        case _:
            return value


def _has_numpy(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return any(isinstance(item, Mapping) and "numpy" in item for item in items)


def _of_value(name: str, value: Any) -> Iterator[Atom]:
    sort = form(value)
    if sort not in ("int", "tuple of 2", *_UNTOLD):
        yield "is", name, sort
    if sort not in ("int", "tuple of 2", "tuple of 4", "str") and not (sort == "bool" and "bias" in name):
        yield "any", sort
    if _has_numpy(value):
        yield "numpy", name
        yield "any", "NumPy"
    if value is None or isinstance(value, (bool, str)):
        yield "equal", name, source(value)
    numbers = _numbers(value)
    if numbers is None:
        return
    if name not in _COUNTS:
        yield from _of_numbers(name, numbers)
        if name in _SPATIAL and len(numbers) in (1, 2):
            for axis, number in enumerate(_pair(numbers)):
                yield from _of_component(f"{name}[{axis}]", number, _LEAST.get(name, 1))
    if name.startswith("kernel") and any(n > 0 and n % 2 == 0 for n in numbers):
        yield "even", name
    if any(n < 0 for n in numbers):
        yield "negative", name
        yield "any", "negative"
    if 0 in numbers and name not in _LEAST:
        yield "zero", name
        yield "any", "0"
    if any(abs(n) >= _HUGE for n in numbers):
        yield "huge", name


def _of_numbers(name: str, numbers: tuple[int, ...]) -> Iterator[Atom]:
    yield "valued", name, source(list(numbers) if len(numbers) > 1 else numbers[0])
    least = _LEAST.get(name, 1)
    if any(n > least for n in numbers):
        yield "more", name, str(least)
    if len(numbers) > 1:
        if len(numbers) != 2:
            yield "length", name, str(len(numbers))
        if len(set(numbers)) > 1:
            yield "uneven", name
    if len(numbers) == 4 and (numbers[0] != numbers[1] or numbers[2] != numbers[3]):
        yield "asymmetric", name


def _of_component(name: str, number: int, least: int) -> Iterator[Atom]:
    yield "valued", name, str(number)
    if number > least:
        yield "more", name, str(least)


def _of_relations(case: Case, arguments: Mapping[str, Any]) -> Iterator[Atom]:
    groups = _numbers(arguments.get("groups"))
    if groups and len(groups) == 1 and groups[0] > 0:
        for name in sorted(_COUNTS):
            channels = _numbers(arguments.get(name))
            if channels and channels[0] % groups[0]:
                yield "not_multiple", name, "groups"
        if groups[0] > 1 and groups == _numbers(arguments.get("in_channels")):
            yield ("depthwise",)
    for small, large in (("output_padding", "stride"), ("padding", "kernel_size"), ("stride", "kernel_size")):
        yield from _not_less(arguments, small, large)
    yield from _of_windows(case, arguments)


def _of_windows(case: Case, arguments: Mapping[str, Any]) -> Iterator[Atom]:
    """How the dilated kernel, the stride and the padded input go together, along either axis."""
    sizes = [_numbers(arguments.get(name, 1)) for name in ("kernel_size", "dilation", "stride")]
    if any(numbers is None or len(numbers) > 2 or min(numbers) < 1 for numbers in sizes):
        return
    kernel, dilation, stride = (_pair(numbers) for numbers in sizes if numbers)
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    if any(s > r for s, r in zip(stride, reach, strict=True)):
        yield ("gap",)
    padding = (0,) if arguments.get("padding") == "valid" else _numbers(arguments.get("padding", 0))
    shape = (case.inputs or {}).get("shape")
    if case.layer != "conv2d" or not padding or not isinstance(shape, list) or len(shape) not in (3, 4):
        return
    pads = (padding[0] + padding[1], padding[2] + padding[3]) if len(padding) == 4 else [2 * p for p in _pair(padding)]
    room = [size + pad - r for size, pad, r in zip(shape[-2:], pads, reach, strict=False)]
    if any(left < 0 for left in room):
        yield ("oversize",)
    elif any(left % s for left, s in zip(room, stride, strict=False)):
        yield ("remainder",)


def _pair(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return numbers * 2 if len(numbers) == 1 else numbers


def _not_less(arguments: Mapping[str, Any], small: str, large: str) -> Iterator[Atom]:
    first, second = _numbers(arguments.get(small)), _numbers(arguments.get(large, 1))
    if first and second and any(a > 0 and a >= b for a, b in zip(_pair(first), _pair(second), strict=False)):
        yield "not_less", small, large


def _of_inputs(inputs: Mapping[str, Any] | None) -> Iterator[Atom]:
    if inputs is None:
        yield ("no_inputs",)
        return
    shape = inputs.get("shape")
    if isinstance(shape, list):
        if len(shape) == 3:
            yield ("unbatched",)
        elif len(shape) != 4:
            yield "rank", str(len(shape))
        for axis, size in zip(_EMPTY_AXES.get(len(shape), ()), shape, strict=False):
            if size == 0:
                yield "empty", axis
    dtype, weight_dtype = inputs.get("dtype", "float32"), inputs.get("weight_dtype")
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
