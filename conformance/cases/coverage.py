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
from typing import TypeAlias

import ruamel.yaml

from conformance.case import Case, LayerName, values
from conformance.case.values import Value
from conformance.cases import expression, spec
from conv_reference import LAYERS

SPECS = Path(__file__).resolve().parents[2] / "specs"
SPACE = "space.yaml"


def _read_argument(name: str) -> Callable[[Case], Value]:
    return lambda case: case.arguments.get(name, LAYERS[case.layer].defaults.get(name))


def _read_input(name: str) -> Callable[[Case], Value]:
    return lambda case: getattr(case.inputs, name)


def _read_channels(case: Case) -> tuple[int, int]:
    """Channels of one group, in and out."""
    groups = case.arguments.get("groups", 1)
    return case.arguments["in_channels"] // groups, case.arguments["out_channels"] // groups


def _read_batch(case: Case) -> int | str:
    shape = case.inputs.shape if case.inputs else ()
    return shape[0] if len(shape) == 4 else "unbatched"


# How each name that a space may bind is read from a case.
PARAMETERS: Mapping[str, Callable[[Case], Value]] = {
    "kernel": _read_argument("kernel_size"),
    "stride": _read_argument("stride"),
    "padding": _read_argument("padding"),
    "dilation": _read_argument("dilation"),
    "groups": _read_argument("groups"),
    "output_padding": _read_argument("output_padding"),
    "padding_mode": _read_argument("padding_mode"),
    "bias": _read_argument("bias"),
    "channels": _read_channels,
    "batch": _read_batch,
    "dtype": _read_input("dtype"),
    "layout": _read_input("layout"),
    "values": _read_input("values"),
}


@dataclass(frozen=True)
class Space:
    """Declared values of parameters, and how many parameters at a time are to meet in every combination."""

    name: str
    strength: int
    domain: Mapping[str, tuple[Value, ...]]
    conditions: Conditions


Combination: TypeAlias = tuple[tuple[str, Value], ...]  # (parameter, value) pairs
Conditions: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Coverage:
    """What of one space is covered.

    Attributes:
        total: combinations of values, admissible or not.
        covered: those of them that a valid case holds.
        forbidden: by the conditions that no values can fulfil together, how many combinations each core excludes. A
            core is the part of a combination that is enough to be forbidden.
        missing: admissible combinations that no case holds.
    """

    space: Space
    total: int
    covered: int
    forbidden: Mapping[Conditions, Mapping[Combination, int]]
    missing: tuple[Combination, ...]

    @property
    def admissible(self) -> int:
        return self.covered + len(self.missing)


@dataclass(frozen=True)
class LayerCoverage:
    """The canonical cases of a layer, and the coverage of its spaces.

    Attributes:
        files: by name of a file the numbers of its valid and invalid cases.
    """

    layer: LayerName
    files: Mapping[str, tuple[int, int]]
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
        valid_here = [case for case in cases if not case.promise.raises and case.inputs is not None]
        files[path.name] = (len(valid_here), len(cases) - len(valid_here))
        valid += valid_here
    spaces = _read_spaces(specs / layer / SPACE)
    return LayerCoverage(layer, files, tuple(_measure_space(space, valid) for space in spaces))


def _read_spaces(path: Path) -> Iterator[Space]:
    """The spaces that a file declares; `spec.load` has validated it."""
    yaml = ruamel.yaml.YAML(typ="safe", pure=True)
    for node in yaml.load(path.read_text(encoding="utf-8"))["cases"]:
        where = node.get("where", [])
        yield Space(
            name=node["name"],
            strength=node["cover"],
            domain={name: values.from_yaml(items) for name, items in node["for"].items()},
            conditions=(where,) if isinstance(where, str) else tuple(where),
        )


def _measure_space(space: Space, cases: Iterable[Case]) -> Coverage:
    names = list(space.domain)
    rows = {tuple(PARAMETERS[name](case) for name in names) for case in cases if _is_plain(case)}
    total = 0
    covered = 0
    forbidden: dict[Conditions, Counter[Combination]] = {}
    missing: list[Combination] = []
    for positions in itertools.combinations(range(len(names)), space.strength):
        chosen = [names[position] for position in positions]
        held = {tuple(row[position] for position in positions) for row in rows}
        for items in itertools.product(*(space.domain[name] for name in chosen)):
            total += 1
            if items in held:
                covered += 1
                continue
            combination = tuple(zip(chosen, items, strict=True))
            conditions = _find_forbidding(space, combination)
            if conditions is None:
                missing.append(combination)
                continue
            core = _find_core(space, conditions, combination)
            forbidden.setdefault(conditions, Counter())[core] += 1
    return Coverage(space, total, covered, forbidden, tuple(missing))


def _is_plain(case: Case) -> bool:
    """Whether the case's arguments may be values of a space: no list and no NumPy scalar is."""
    return all(isinstance(value, int | str | tuple) for value in case.arguments.values())


def _find_forbidding(space: Space, combination: Combination) -> Conditions | None:
    """The fewest conditions that no values of the other parameters can fulfil together; None where all can be."""
    for count in range(1, len(space.conditions) + 1):
        for conditions in itertools.combinations(space.conditions, count):
            if not _can_fulfil(space, conditions, combination):
                return conditions
    return None


def _find_core(space: Space, conditions: Conditions, combination: Combination) -> Combination:
    """The part of a forbidden combination that is enough to be forbidden."""
    core = combination
    for pair in combination:
        fewer = tuple(other for other in core if other != pair)
        if not _can_fulfil(space, conditions, fewer):
            core = fewer
    return core


def _can_fulfil(space: Space, conditions: Conditions, combination: Combination) -> bool:
    """Whether values of the other parameters fulfil the conditions together with the combination."""
    bound = dict(combination)
    spoken_of = frozenset[str]().union(*map(expression.names, conditions))
    free = [name for name in space.domain if name in spoken_of and name not in bound]
    for row in itertools.product(*(space.domain[name] for name in free)):
        binding = {**bound, **dict(zip(free, row, strict=True))}
        if all(expression.evaluate(condition, binding) for condition in conditions):
            return True
    return False


def describe(coverage: LayerCoverage) -> str:
    """The coverage of a layer, for people."""
    valid = sum(counts[0] for counts in coverage.files.values())
    invalid = sum(counts[1] for counts in coverage.files.values())
    lines = [f"{coverage.layer}: {valid + invalid} cases"]
    for file, counts in [*coverage.files.items(), ("together", (valid, invalid))]:
        lines.append(f"  {file:24}{counts[0]:6} valid{counts[1]:6} invalid")
    for space in coverage.spaces:
        lines += ["", *_describe_space(space)]
    return "\n".join(lines)


def _describe_space(coverage: Coverage) -> Iterator[str]:
    space, admissible = coverage.space, coverage.admissible
    yield f"  {space.name}: every {space.strength} of {', '.join(space.domain)}"
    yield (
        f"    {coverage.covered} of {admissible} admissible combinations covered "
        f"({coverage.covered / admissible:.2%}); {coverage.total - admissible} more are forbidden"
    )
    for conditions, counts in coverage.forbidden.items():
        yield f"    forbidden {sum(counts.values())} by {'; and '.join(conditions)}:"
        for combination, count in counts.items():
            yield f"      {count:4} with {_describe_combination(combination)}"
    for combination in coverage.missing:
        yield f"    MISSING: {_describe_combination(combination)}"


def _describe_combination(combination: Combination) -> str:
    return ", ".join(f"{name}={value}" for name, value in combination)


def main() -> int:
    """Print the coverage of both layers; 1 where an admissible combination is missing, 2 where a spec is wrong."""
    try:
        layers = [measure(layer) for layer in LAYERS]
    except spec.SpecError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n\n".join(map(describe, layers)))
    return int(any(space.missing for coverage in layers for space in coverage.spaces))


if __name__ == "__main__":
    sys.exit(main())
