"""How to say the same layer in another API: the calls that this run made, taken apart parameter by parameter.

Nothing here knows a vendor. A keyword of the vendor's call belongs to a canonical parameter when it is a function of
it: over all cases equal values of the parameter went with equal values of the keyword.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reports.findings import Finding, size
from reports.read import Case, Contract
from reports.run import Run
from reports.values import CANONICAL, integers, source

_SAMPLE = 1_500  # cases of a layer that calls are learnt from, the simplest first

PARAMETERS = ("in_channels", "out_channels", "kernel_size", *CANONICAL, "dtype", "batch")


@dataclass(frozen=True)
class Aspect:
    """A way in which a canonical parameter can be given, such as padding as a pair."""

    parameter: str
    form: str


@dataclass(frozen=True)
class Cell:
    """One aspect on one column.

    Attributes:
        code: the keywords that say it, from the simplest call that conforms (or, failing that, was made at all).
        example: index of that verdict, None when there is none.
        conforms: how many cases with the aspect did so.
        fails: how many failed in findings whose condition names this aspect.
        findings: ids of those.
        reason: why there is no equivalent or it cannot be observed here, in its most frequent words.
    """

    code: str
    example: int | None
    conforms: int
    fails: int
    findings: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Table:
    """One layer.

    Attributes:
        cells: by row of `aspects` and column.
        proven: by row and two columns, how many cases with the aspect conform on both.
        examples: by two columns, the verdicts of the richest case that conforms on both.
        general: by column, the ids of the findings of valid calls that no row names.
    """

    layer: str
    columns: tuple[int, ...]
    aspects: tuple[Aspect, ...]
    cells: Mapping[tuple[int, int], Cell]
    proven: Mapping[tuple[int, int, int], int]
    examples: Mapping[tuple[int, int], tuple[int, int]]
    general: Mapping[int, tuple[str, ...]]


def tables(run: Run, found: Sequence[Finding]) -> tuple[Table, ...]:
    """One table a layer that the run asked canonical, valid cases of."""
    layers = dict.fromkeys(case.layer for case in run.cases.values() if case.api is None and not case.invalid)
    of_entry = {index: finding for finding in found for index in finding.entries}
    by_case: dict[str, dict[int, int]] = defaultdict(dict)
    for index, entry in enumerate(run.entries):
        if entry.case.api is None and not entry.case.invalid:
            by_case[entry.case.id][entry.column] = index
    return tuple(_table(run, layer, by_case, of_entry) for layer in layers)


def said(run: Run, column: int) -> Contract | None:
    """What the run says of a column's weight, bias and defaults."""
    return run.contracts.get((run.columns[column].target.name, run.columns[column].api))


def aspects(case: Case) -> Iterator[Aspect]:
    """What a canonical case gives in other than the plainest way."""
    given = {**CANONICAL, **case.arguments}
    for name, value in given.items():
        if name in CANONICAL and value == CANONICAL[name] and name != "bias":
            continue
        form = _form(name, value)
        if form:
            yield Aspect(name, form)
    groups = integers(given["groups"])
    if groups and groups[0] > 1 and groups == integers(given.get("in_channels")):
        yield Aspect("groups", "depthwise")
    inputs = case.inputs or {}
    if inputs.get("dtype", "float32") != "float32":
        yield Aspect("dtype", str(inputs["dtype"]))
    if len(inputs.get("shape") or ()) == 3:
        yield Aspect("batch", "none")


def _form(name: str, value: object) -> str:
    if name in ("in_channels", "out_channels"):
        return ""
    if isinstance(value, (bool, str)):
        return source(value)
    numbers = integers(value)
    if numbers is None:
        return ""
    if name == "groups":
        return "int"
    return {1: "int", 2: "pair", 4: "four"}.get(len(numbers), "")


def keywords(call: str) -> dict[str, str]:
    """The arguments of a call's source, positional ones under their place; {} for anything else."""
    start, end = call.find("("), call.rfind(")")
    if start < 0 or end < start:
        return {}
    found: dict[str, str] = {}
    for place, part in enumerate(_split(call[start + 1 : end])):
        name, equals, value = part.partition("=")
        if equals and name.strip().isidentifier() and not value.startswith("="):
            found[name.strip()] = value.strip()
        elif part.strip():
            found[str(place)] = part.strip()
    return found


def _split(text: str) -> Iterator[str]:
    depth, quote, start = 0, "", 0
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([{<":
            depth += 1
        elif character in ")]}>":
            depth -= 1
        elif character == "," and depth == 0:
            yield text[start:place]
            start = place + 1
    yield text[start:]


def _table(run: Run, layer: str, by_case: Mapping[str, Mapping[int, int]], of_entry: Mapping[int, Finding]) -> Table:
    cases = [case for case in run.cases.values() if case.layer == layer and case.id in by_case]
    has = {case.id: frozenset(aspects(case)) for case in cases}
    cases.sort(key=lambda case: (len(has[case.id]), size(case)))
    columns = tuple(sorted({column for case in cases for column in by_case[case.id]}))
    owners = {column: _owners(run, column, cases[:_SAMPLE], by_case) for column in columns}
    seen = sorted(
        {aspect for held in has.values() for aspect in held}, key=lambda a: (PARAMETERS.index(a.parameter), a.form)
    )
    mask = dict.fromkeys(seen, 0)
    conforming = dict.fromkeys(columns, 0)
    for bit, case in enumerate(cases):
        for aspect in has[case.id]:
            mask[aspect] |= 1 << bit
        for column, index in by_case[case.id].items():
            if run.entries[index].verdict.outcome == "conforms":
                conforming[column] |= 1 << bit
    cells, proven = {}, {}
    for row, aspect in enumerate(seen):
        holding = [case for case in cases if aspect in has[case.id]]
        for column in columns:
            cells[row, column] = _cell(run, aspect, column, holding, by_case, owners[column], of_entry)
            for other in columns:
                proven[row, column, other] = (mask[aspect] & conforming[column] & conforming[other]).bit_count()
    examples = {}
    for a in columns:
        for b in columns:
            both = (conforming[a] & conforming[b]).bit_length() - 1  # the last is the richest
            if a != b and both >= 0:
                examples[a, b] = (by_case[cases[both].id][a], by_case[cases[both].id][b])
    named = {
        column: {one for (_, at), cell in cells.items() if at == column for one in cell.findings} for column in columns
    }
    general = {
        column: tuple(dict.fromkeys(
            of_entry[index].id
            for case in cases
            for index in (by_case[case.id].get(column),)
            if index is not None and index in of_entry and of_entry[index].id not in named[column]
        ))
        for column in columns
    }  # fmt: skip
    return Table(layer, columns, tuple(seen), cells, proven, examples, general)


def names(finding: Finding, aspect: Aspect) -> bool:
    """Whether the finding's condition is about the aspect."""
    for predicate, *operands in finding.condition:
        match predicate:
            case "dtype" | "weight_dtype" | "mixed_dtype":
                if aspect.parameter == "dtype" and operands in ([], [aspect.form]):
                    return True
            case "depthwise":
                if aspect.parameter == "groups":
                    return True
            case "unbatched":
                if aspect.parameter == "batch":
                    return True
            case "equal":
                if operands == [aspect.parameter, aspect.form]:
                    return True
            case _:
                if aspect.parameter in operands and aspect.form not in ("'same'", "'valid'"):
                    return True
    return False


def _parameters(case: Case) -> dict[str, str]:
    given = {name: source(value) for name, value in {**CANONICAL, **case.arguments}.items()}
    inputs = case.inputs or {}
    return given | {"dtype": str(inputs.get("dtype", "")), "batch": str(len(inputs.get("shape") or ()))}


def _owners(
    run: Run, column: int, cases: Sequence[Case], by_case: Mapping[str, Mapping[int, int]]
) -> Mapping[str, tuple[str, ...]]:
    """Per canonical parameter the keywords of this API that say it."""
    observed = [
        (_parameters(case), keywords(run.entries[by_case[case.id][column]].verdict.call))
        for case in cases
        if column in by_case[case.id] and run.entries[by_case[case.id][column]].verdict.call
    ]
    owners: dict[str, tuple[str, ...]] = {}
    for parameter in PARAMETERS:
        owned = []
        for keyword in dict.fromkeys(name for _, call in observed for name in call):
            values: dict[str, str] = {}
            function = all(
                values.setdefault(given.get(parameter, ""), call.get(keyword, "")) == call.get(keyword, "")
                for given, call in observed
            )
            if function and len(set(values.values())) > 1:
                owned.append(keyword)
        owners[parameter] = tuple(owned)
    return owners


def _cell(
    run: Run, aspect: Aspect, column: int, cases: Sequence[Case], by_case: Mapping[str, Mapping[int, int]],
    owners: Mapping[str, tuple[str, ...]], of_entry: Mapping[int, Finding],
) -> Cell:  # fmt: skip
    indices = [by_case[case.id][column] for case in cases if column in by_case[case.id]]
    conforms = [index for index in indices if run.entries[index].verdict.outcome == "conforms"]
    failing = [index for index in indices if run.entries[index].failed]
    fails = [index for index in failing if names(of_entry[index], aspect)]
    called = [
        index
        for index in indices
        if run.entries[index].verdict.call and run.entries[index].verdict.outcome != "no_equivalent"
    ]
    example = next(iter(conforms or failing or called), None)
    reasons: dict[str, int] = defaultdict(int)
    for index in indices:
        if run.entries[index].verdict.outcome in ("no_equivalent", "unavailable"):
            reasons[run.entries[index].verdict.observed] += 1
    return Cell(
        "" if example is None else _code(run.entries[example].verdict.call, owners[aspect.parameter]),
        example, len(conforms), len(fails), tuple(dict.fromkeys(of_entry[index].id for index in fails)),
        max(reasons, key=lambda reason: reasons[reason], default=""),
    )  # fmt: skip


def _code(call: str, owned: Sequence[str]) -> str:
    given = keywords(call)
    return ", ".join(value if name.isdigit() else f"{name}={value}" for name, value in given.items() if name in owned)
