"""A layer that only pads, read as one framework writes it and written as another does.

How a framework writes it is source in terms of left, right, top and bottom, by padding_mode.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..results.loaded import LoadedRun
from .model import Written, normalise
from .vocabulary import parse_keywords


@dataclass(frozen=True)
class Pad:
    """How such a layer fills, and how much it adds on the side of each name."""

    mode: str
    sides: Mapping[str, int]


def find_pads(run: LoadedRun, framework: str) -> Mapping[str, str]:
    """How a framework, or a target of that name, writes such layers; nothing in an older file."""
    return next((one.pads for one in run.targets if framework in (one.framework, one.name) and one.pads), {})


def name_layer(source: str) -> str:
    """The dotted name of the layer that a source makes."""
    return source.partition("(")[0]


def read_pad(sources: Mapping[str, str], written: Written) -> Pad | None:
    """What a layer pads; None where it is none of the sources' layers."""
    for mode, source in sources.items():
        if name_layer(source).rpartition(".")[2] != written.name.rpartition(".")[2]:
            continue
        sides = _match(parse_keywords(source), written.keywords)
        if sides is not None:
            return Pad(mode, sides)
    return None


def write_pad(sources: Mapping[str, str], pad: Pad) -> str:
    """The source of a layer that pads so, "" where there is none."""
    if pad.mode not in sources:
        return ""
    tree = ast.parse(sources[pad.mode], mode="eval")
    return ast.unparse(_Fill(pad.sides).visit(tree))


class _Fill(ast.NodeTransformer):
    """Puts numbers in the place of names."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = numbers

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(self._numbers[node.id]) if node.id in self._numbers else node


def _match(source: Mapping[str, str], given: Mapping[str, str]) -> Mapping[str, int] | None:
    """The numbers that the names in a source's keywords have in others, of which the first says how much is added."""
    if not given:
        return None
    (_, names), *settings = source.items()
    (_, amount), *other_settings = given.items()
    if [(name, normalise(text)) for name, text in settings] != [
        (name, normalise(text)) for name, text in other_settings
    ]:
        return None
    try:
        value = ast.literal_eval(amount)
    except (ValueError, SyntaxError):
        return None
    leaves = list(_list_leaves(ast.parse(names, mode="eval").body))
    numbers = [value] * len(leaves) if isinstance(value, int) else list(_list_numbers(value))
    if len(numbers) != len(leaves) or any(type(number) is not int for number in numbers):
        return None
    # Where a source has a number, such as the batch's, the layer must have the same.
    if any(isinstance(leaf, int) and leaf != number for leaf, number in zip(leaves, numbers, strict=True)):
        return None
    return {leaf: number for leaf, number in zip(leaves, numbers, strict=True) if isinstance(leaf, str)}


def _list_leaves(node: ast.expr) -> Iterator[str | int]:
    """The names and numbers in nested tuples of source."""
    match node:
        case ast.Tuple():
            for element in node.elts:
                yield from _list_leaves(element)
        case ast.Name():
            yield node.id
        case ast.Constant(value=int() as number):
            yield number


def _list_numbers(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple | list):
        for item in value:
            yield from _list_numbers(item)
    else:
        yield value
