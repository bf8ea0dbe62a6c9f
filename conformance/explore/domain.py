"""What there is to draw from: what the listed cases write, argument by argument, mixed anew.

There is no second description of the space. A value that a spec has for an argument is drawn for that argument, whether
it stands there as a valid one or as what is wrong with a call, and so is what the claims write in a vendor's own
arguments. Only whole numbers are drawn besides: the sizes from 0 to 13, and powers of two with their neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.case import Case, LayerName, Value
from conformance.explore.traits import POWERS, USUAL

SIZES = tuple(range(USUAL + 1))
EDGES = tuple(2**power + near for power in POWERS for near in (-1, 0, 1))


@dataclass(frozen=True)
class Style:
    """How the arrays of a call are made, as a listed case has them together: not every dtype holds every value."""

    dtype: str
    values: str
    gradients: bool


@dataclass(frozen=True)
class Domain:
    """What the listed cases of a layer write, or those of an API in its vendor's own arguments.

    Attributes:
        arguments: by argument, the values of valid calls, and of claims' calls; each value once.
        wrong: by argument, the values that make a call invalid.
        styles, layouts: of the inputs.
    """

    layer: LayerName
    api: str | None
    arguments: Mapping[str, tuple[Value, ...]]
    wrong: Mapping[str, tuple[Value, ...]]
    styles: tuple[Style, ...]
    layouts: tuple[str, ...]


def describe_domain(layer: LayerName, cases: Iterable[Case], api: str | None = None) -> Domain:
    """The domain of listed cases.

    Args:
        api: whose own arguments they are in; None for canonical cases.
    """
    arguments: dict[str, dict[str, Value]] = {}
    wrong: dict[str, dict[str, Value]] = {}
    styles: dict[Style, None] = {}
    layouts: dict[str, None] = {}
    for case in cases:
        if case.layer != layer or case.api != api:
            continue
        for name, value in case.arguments.items():
            values = wrong if name == case.wrong else arguments
            values.setdefault(name, {})[repr(value)] = value
        if case.inputs is not None and case.wrong is None:
            styles[Style(case.inputs.dtype, case.inputs.values, case.inputs.gradients)] = None
            layouts[case.inputs.layout] = None
    return Domain(layer, api, _list(arguments), _list(wrong), tuple(styles), tuple(layouts))


def _list(values: Mapping[str, Mapping[str, Value]]) -> dict[str, tuple[Value, ...]]:
    return {name: tuple(by_text.values()) for name, by_text in values.items()}
