"""The ways in which canonical parameters can be given: the rows of a porting table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..findings.clusters import Finding
from ..findings.features import Atom
from ..results.records import Case
from ..results.values import CANONICAL_DEFAULTS, to_integers, to_source

# In the order of a table's rows.
PARAMETERS = ("in_channels", "out_channels", "kernel_size", *CANONICAL_DEFAULTS, "dtype", "batch")

_ABOUT_TYPES = frozenset({"numpy", "any", "is"})


@dataclass(frozen=True)
class Aspect:
    """A way in which a canonical parameter can be given, such as padding as a pair."""

    parameter: str
    form: str

    @property
    def place(self) -> tuple[int, str]:
        """Where its row stands in a table."""
        return PARAMETERS.index(self.parameter), self.form


def complete_arguments(case: Case) -> Mapping[str, Any]:
    """A canonical case's arguments, those left out at their defaults."""
    return {**CANONICAL_DEFAULTS, **case.arguments}


def list_aspects(case: Case) -> Iterator[Aspect]:
    """What a canonical case gives in other than the plainest way."""
    arguments = complete_arguments(case)
    for name, value in arguments.items():
        form = _name_form(name, value)
        if form and not _is_default(name, value):
            yield Aspect(name, form)
    groups = to_integers(arguments["groups"])
    if groups and groups[0] > 1 and groups == to_integers(arguments.get("in_channels")):
        yield Aspect("groups", "depthwise")
    inputs = case.inputs or {}
    if inputs.get("dtype", "float32") != "float32":
        yield Aspect("dtype", str(inputs["dtype"]))
    if len(inputs.get("shape") or ()) == 3:
        yield Aspect("batch", "none")


def _is_default(name: str, value: object) -> bool:
    """Whether the value says no more than the default, a pair of defaults too."""
    # A layer with a bias is worth a row: vendors part over it.
    if name == "bias" or name not in CANONICAL_DEFAULTS:
        return False
    default = CANONICAL_DEFAULTS[name]
    return value in (default, [default, default])


def _name_form(name: str, value: object) -> str:
    """How a value is given, "" where that makes no row."""
    if name in ("in_channels", "out_channels") or name not in PARAMETERS:
        return ""
    if isinstance(value, (bool, str)):
        return to_source(value)
    numbers = to_integers(value)
    if numbers is None:
        return ""
    if name == "groups":
        return "int"
    # Four numbers that say no more than two prove nothing of four.
    if len(numbers) == 4 and numbers[0] == numbers[1] and numbers[2] == numbers[3]:
        return "opposite"
    return {1: "int", 2: "pair", 4: "four"}.get(len(numbers), "")


def describe_parameters(case: Case) -> dict[str, str]:
    """The value of each of PARAMETERS in a canonical case, as source."""
    parameters = {name: to_source(value) for name, value in complete_arguments(case).items()}
    inputs = case.inputs or {}
    parameters["dtype"] = str(inputs.get("dtype", ""))
    parameters["batch"] = str(len(inputs.get("shape") or ()))
    return parameters


def is_about(finding: Finding, aspect: Aspect) -> bool:
    """Whether the finding's condition names the aspect."""
    predicates = {predicate for predicate, *_ in finding.condition}
    if predicates & _ABOUT_TYPES:
        return False  # about a type, not about a parameter
    return any(_names(atom, aspect) for atom in finding.condition)


def _names(atom: Atom, aspect: Aspect) -> bool:
    predicate, *operands = atom
    match predicate:
        case "asymmetric":
            return aspect == Aspect(operands[0], "four")
        case "dtype" | "weight_dtype" | "mixed_dtype":
            return aspect.parameter == "dtype" and (not operands or aspect.form in operands[0].split(", "))
        case "depthwise":
            return aspect.parameter == "groups"
        case "unbatched":
            return aspect.parameter == "batch"
        case "equal":
            return aspect.parameter == operands[0] and aspect.form in operands[1].split(", ")
        case _:
            words = {word.partition("[")[0] for operand in operands for word in operand.split(", ")}
            return aspect.parameter in words and aspect.form not in ("'same'", "'valid'")
