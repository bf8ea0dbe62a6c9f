"""What can be said of a case: the parameters that may matter to a divergence, as atoms.

An atom is ``(predicate, *operands)``; the language files say it in words under ``atom.<predicate>``. The order of
PREDICATES is the order of preference between atoms that hold of the same cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from reports.read import Case
from reports.values import form, integers, source

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
    "even",
    "dtype",
    "weight_dtype",
    "mixed_dtype",
    "empty",
    "unbatched",
    "rank",
    "values",
    "layout",
    "depthwise",
    "oversize",
    "length",
    "no_inputs",
    "any",
    "given",
    "is",
)

EVERY: Atom = ("every",)
_LEAST = {"padding": 0, "output_padding": 0, "pads": 0}
_COUNTS = frozenset({"in_channels", "out_channels"})
_HUGE = 2**31
_EMPTY_AXES = {4: ("batch", "channels", "height", "width"), 3: ("channels", "height", "width")}


class Atoms:
    """The atoms of cases, each case and each value taken apart once."""

    def __init__(self) -> None:
        self._cases: dict[str, frozenset[Atom]] = {}
        self._values: dict[tuple[str, str], tuple[Atom, ...]] = {}

    def __call__(self, case: Case) -> frozenset[Atom]:
        """Everything that `PREDICATES` can say of the case's arguments and inputs."""
        if case.id not in self._cases:
            found: set[Atom] = set()
            for name, value in case.arguments.items():
                key = name, source(value)
                if key not in self._values:
                    self._values[key] = tuple(_of_value(name, value))
                found.update(self._values[key])
                if case.api is not None:
                    found.add(("given", name))
            found.update(_of_relations(case))
            found.update(_of_inputs(case.inputs))
            self._cases[case.id] = frozenset(found)
        return self._cases[case.id]


def _of_value(name: str, value: Any) -> Iterator[Atom]:
    sort = form(value)
    if sort not in ("int", "tuple of 2"):
        yield "is", name, sort
    if sort not in ("int", "tuple of 2", "tuple of 4", "str") and not (sort == "bool" and "bias" in name):
        yield "any", sort
        if isinstance(value, dict) and "numpy" in value:
            yield "any", "NumPy"
    if value is None or isinstance(value, (bool, str)):
        yield "equal", name, source(value)
    numbers = integers(value)
    if numbers is None:
        return
    if name not in _COUNTS:
        yield "valued", name, source(value)
        least = _LEAST.get(name, 1)
        if any(n > least for n in numbers):
            yield "more", name, str(least)
        if len(numbers) > 1:
            if len(numbers) != 2:
                yield "length", name, str(len(numbers))
            if len(set(numbers)) > 1:
                yield "uneven", name
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


def _of_relations(case: Case) -> Iterator[Atom]:
    arguments = case.arguments
    groups = integers(arguments.get("groups"))
    if groups and len(groups) == 1 and groups[0] > 0:
        for name in sorted(_COUNTS):
            channels = integers(arguments.get(name))
            if channels and channels[0] % groups[0]:
                yield "not_multiple", name, "groups"
        if groups[0] > 1 and groups == integers(arguments.get("in_channels")):
            yield ("depthwise",)
    for small, large in (("output_padding", "stride"), ("padding", "kernel_size"), ("stride", "kernel_size")):
        yield from _not_less(arguments, small, large)
    kernel, dilation = integers(arguments.get("kernel_size")), integers(arguments.get("dilation", 1))
    padding = integers(arguments.get("padding", 0))
    shape = (case.inputs or {}).get("shape")
    if case.layer == "conv2d" and kernel and dilation and padding and isinstance(shape, list) and len(shape) in (3, 4):
        pads = (
            [2 * p for p in _pair(padding)] if len(padding) < 4 else [padding[0] + padding[1], padding[2] + padding[3]]
        )
        reach = [d * (k - 1) + 1 for d, k in zip(_pair(dilation), _pair(kernel), strict=False)]
        if any(r > size + pad for r, size, pad in zip(reach, shape[-2:], pads, strict=False)):
            yield ("oversize",)


def _pair(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return numbers * 2 if len(numbers) == 1 else numbers


def _not_less(arguments: Mapping[str, Any], small: str, large: str) -> Iterator[Atom]:
    first, second = integers(arguments.get(small)), integers(arguments.get(large, 1))
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
    if inputs.get("values"):
        yield "values", str(inputs["values"])
    if inputs.get("layout", "contiguous") != "contiguous":
        yield "layout", str(inputs["layout"])
