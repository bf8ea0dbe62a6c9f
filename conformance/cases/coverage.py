"""How much of the declared space the canonical cases cover.

`specs/<layer>/space.yaml` declares the space: each of its cases names parameters with their values (`for`), how many
of them at a time are to be covered in every combination (`cover`), and what an admissible combination fulfils
(`where`). Every valid case of the layer counts, whatever file it stands in.

    python -m conformance.cases.coverage
"""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import ruamel.yaml

from conformance.apis.common import DEFAULTS
from conformance.case import LAYERS, Case, LayerName, values
from conformance.case.values import Value
from conformance.cases import expression, spec

SPECS = Path(__file__).resolve().parents[2] / "specs"
SPACE = "space.yaml"


def _argument(name: str) -> Callable[[Case], Value]:
    return lambda case: case.arguments.get(name, DEFAULTS.get(name))


def _input(name: str) -> Callable[[Case], Value]:
    return lambda case: getattr(case.inputs, name)


def _channels(case: Case) -> tuple[int, int]:
    """Channels of one group, in and out."""
    groups = case.arguments.get("groups", 1)
    return case.arguments["in_channels"] // groups, case.arguments["out_channels"] // groups


def _batch(case: Case) -> int | str:
    shape = case.inputs.shape if case.inputs else ()
    return shape[0] if len(shape) == 4 else "unbatched"


# What a name that a space binds is of a case.
PARAMETERS: Mapping[str, Callable[[Case], Value]] = {
    "kernel": _argument("kernel_size"),
    **{
        name: _argument(name)
        for name in ("stride", "padding", "dilation", "groups", "output_padding", "padding_mode", "bias")
    },
    "channels": _channels,
    "batch": _batch,
    **{name: _input(name) for name in ("dtype", "layout", "values")},
}


@dataclass(frozen=True)
class Space:
    """Declared values of parameters, and how many parameters at a time are to meet in every combination."""

    name: str
    strength: int
    domain: Mapping[str, tuple[Value, ...]]
    conditions: tuple[str, ...]


Combination = tuple[tuple[str, Value], ...]  # (parameter, value) pairs


@dataclass(frozen=True)
class Coverage:
    """What of one space is covered.

    Attributes:
        total: combinations of values, admissible or not.
        covered: those of them that a valid case holds.
        forbidden: by the conditions that no values can fulfil together, how many of the others hold each combination
            that those conditions exclude.
        missing: admissible combinations that no case holds.
    """

    space: Space
    total: int
    covered: int
    forbidden: Mapping[tuple[str, ...], Mapping[Combination, int]]
    missing: tuple[Combination, ...]


@dataclass(frozen=True)
class LayerCoverage:
    """The canonical cases of a layer, and the coverage of its spaces."""

    layer: LayerName
    files: Mapping[str, tuple[int, int]]  # of each file its valid and invalid cases
    spaces: tuple[Coverage, ...]


def measure(layer: LayerName, specs: Path = SPECS) -> LayerCoverage:
    """Expand the layer's specs and hold them against its declared spaces.

    Raises:
        SpecError: a spec file cannot be used.
    """
    files: dict[str, tuple[int, int]] = {}
    valid: list[Case] = []
    for path in sorted((specs / layer).glob("*.yaml")):
        cases = spec.load(path, f"{layer}/{path.name}").cases
        good = [case for case in cases if not case.promise.raises and case.inputs is not None]
        files[path.name] = (len(good), len(cases) - len(good))
        valid += good
    spaces = _spaces(specs / layer / SPACE)
    return LayerCoverage(layer, files, tuple(_coverage(space, valid) for space in spaces))


def _spaces(path: Path) -> Iterator[Space]:
    """The spaces that a file declares; `spec.load` has validated it."""
    for node in ruamel.yaml.YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))["cases"]:
        where = node.get("where", [])
        yield Space(
            node["name"],
            node["cover"],
            {name: values.from_yaml(items) for name, items in node["for"].items()},
            (where,) if isinstance(where, str) else tuple(where),
        )


def _coverage(space: Space, cases: Iterable[Case]) -> Coverage:
    rows = {tuple(PARAMETERS[name](case) for name in space.domain) for case in cases if _hashable(case)}
    total = covered = 0
    forbidden: dict[tuple[str, ...], Counter[Combination]] = {}
    missing: list[Combination] = []
    for chosen in itertools.combinations(range(len(space.domain)), space.strength):
        names = [list(space.domain)[i] for i in chosen]
        seen = {tuple(row[i] for i in chosen) for row in rows}
        for combination in itertools.product(*(space.domain[name] for name in names)):
            total += 1
            if combination in seen:
                covered += 1
                continue
            bound = dict(zip(names, combination, strict=True))
            conditions = _forbidding(space, bound)
            if conditions is None:
                missing.append(tuple(bound.items()))
            else:
                forbidden.setdefault(conditions, Counter())[_core(space, conditions, bound)] += 1
    return Coverage(space, total, covered, forbidden, tuple(missing))


def _hashable(case: Case) -> bool:
    """Whether the case's arguments are plain: a list or a NumPy scalar is no value of a space."""
    return all(isinstance(value, int | str | tuple) for value in case.arguments.values())


def _forbidding(space: Space, bound: Mapping[str, Value]) -> tuple[str, ...] | None:
    """The fewest conditions that no values of the other parameters can fulfil together; None where all can be."""
    for count in range(1, len(space.conditions) + 1):
        for conditions in itertools.combinations(space.conditions, count):
            if not _fulfilled(space, conditions, bound):
                return conditions
    return None


def _core(space: Space, conditions: tuple[str, ...], bound: Mapping[str, Value]) -> Combination:
    """What of a forbidden combination is enough to be forbidden."""
    core = dict(bound)
    for name in bound:
        fewer = {key: value for key, value in core.items() if key != name}
        if not _fulfilled(space, conditions, fewer):
            core = fewer
    return tuple(core.items())


def _fulfilled(space: Space, conditions: tuple[str, ...], bound: Mapping[str, Value]) -> bool:
    free = [name for name in space.domain if name not in bound and any(name in expression.names(c) for c in conditions)]
    return any(
        all(expression.evaluate(condition, {**bound, **dict(zip(free, row, strict=True))}) for condition in conditions)
        for row in itertools.product(*(space.domain[name] for name in free))
    )


def report(coverage: LayerCoverage) -> str:
    """The coverage of a layer, for people."""
    lines = [f"{coverage.layer}: {sum(map(sum, coverage.files.values()))} cases"]
    for file, (valid, invalid) in coverage.files.items():
        lines.append(f"  {file:24}{valid:6} valid{invalid:6} invalid")
    lines.append(f"  {'together':24}{_sum(coverage, 0):6} valid{_sum(coverage, 1):6} invalid")
    for each in coverage.spaces:
        admissible = each.covered + len(each.missing)
        lines += ["", f"  {each.space.name}: every {each.space.strength} of {', '.join(each.space.domain)}"]
        lines.append(
            f"    {each.covered} of {admissible} admissible combinations covered ({each.covered / admissible:.2%}); "
            f"{each.total - admissible} more are forbidden"
        )
        for conditions, combinations in each.forbidden.items():
            lines.append(f"    forbidden {sum(combinations.values())} by {'; and '.join(conditions)}:")
            lines += [f"      {count:4} with {_shown(combination)}" for combination, count in combinations.items()]
        lines += [f"    MISSING: {_shown(combination)}" for combination in each.missing]
    return "\n".join(lines)


def _sum(coverage: LayerCoverage, column: int) -> int:
    return sum(counts[column] for counts in coverage.files.values())


def _shown(combination: Combination) -> str:
    return ", ".join(f"{name}={value}" for name, value in combination)


def main() -> int:
    """Print the coverage of both layers; 1 where an admissible combination is missing."""
    try:
        measured = [measure(layer) for layer in LAYERS]
    except spec.SpecError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n\n".join(map(report, measured)))
    return int(any(each.missing for coverage in measured for each in coverage.spaces))


if __name__ == "__main__":
    sys.exit(main())
