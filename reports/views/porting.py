"""How to say the same layer in another API: the calls that this run made, taken apart parameter by parameter.

Nothing here knows a vendor. A keyword of the vendor's call belongs to a canonical parameter when it is a function of
it: equal values of the parameter went with equal values of the keyword.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, islice

from ..findings.clusters import Finding, size
from ..results.loaded import FAILURES, Entry, Run
from ..results.read import Case, Contract
from ..results.values import CANONICAL, integers, source

_SAMPLE = 800  # cases of a layer that calls are learnt from, the simplest first
_MOSTLY = 0.8
_TRIED = 200  # cases that an example of a row is chosen from

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
class Shared:
    """One aspect as two columns say it of the same case, the simplest that conforms on both or was called on both.

    `first` and `second` are the verdicts' indices. `where` tells the case's other parameters, as source, where what is
    to be written depends on them too; "" elsewhere.
    """

    first_code: str
    second_code: str
    first: int
    second: int
    where: str


@dataclass(frozen=True)
class Table:
    """One layer. Of two columns the smaller stands first.

    Attributes:
        cells: by row of `aspects` and column.
        shared: by row and two columns.
        proven: by row and two columns, how many cases with the aspect conform on both.
        examples: by two columns, the verdicts of the richest case that conforms on both.
        unsaid: (row, column) where no keyword of the API says the parameter: the arrays do.
        defaults: by two columns, (parameter or keyword, first, second) where what is left out means different things;
            none where the run could not read the defaults of both.
        general: by column, the ids of the findings of valid calls that no row names.
    """

    layer: str
    columns: tuple[int, ...]
    aspects: tuple[Aspect, ...]
    cells: Mapping[tuple[int, int], Cell]
    shared: Mapping[tuple[int, int, int], Shared]
    proven: Mapping[tuple[int, int, int], int]
    examples: Mapping[tuple[int, int], tuple[int, int]]
    unsaid: frozenset[tuple[int, int]]
    defaults: Mapping[tuple[int, int], Sequence[tuple[str, str, str]]]
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
        if name in CANONICAL and value in (CANONICAL[name], [CANONICAL[name]] * 2) and name != "bias":
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
    if name in ("in_channels", "out_channels") or name not in PARAMETERS:
        return ""
    if isinstance(value, (bool, str)):
        return source(value)
    numbers = integers(value)
    if numbers is None:
        return ""
    if name == "groups":
        return "int"
    if len(numbers) == 4 and numbers[0] == numbers[1] and numbers[2] == numbers[3]:
        return "opposite"
    return {1: "int", 2: "pair", 4: "four"}.get(len(numbers), "")


@lru_cache(maxsize=20_000)
def keywords(call: str) -> Mapping[str, str]:
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
    cases.sort(key=lambda case: (len(has[case.id]), _magnitude(case), size(case)))
    columns = tuple(sorted({column for case in cases for column in by_case[case.id]}))
    speech = {column: _speech(run, column, cases[:_SAMPLE], by_case) for column in columns}
    rows = sorted({one for held in has.values() for one in held}, key=lambda a: (PARAMETERS.index(a.parameter), a.form))
    asked = {column: _asked(run, column, cases, by_case) for column in columns}
    cells, shared, proven = {}, {}, {}
    for row, aspect in enumerate(rows):
        mask = _mask(bit for bit, case in enumerate(cases) if aspect in has[case.id])
        varies = {column: _varies(run, aspect, mask, asked[column], cases, speech[column]) for column in columns}
        for column in columns:
            cells[row, column] = _cell(run, aspect, mask, asked[column], speech[column], of_entry)
        for a, b in combinations(columns, 2):
            both = mask & asked[a].conforming & asked[b].conforming
            proven[row, a, b] = both.bit_count()
            chosen = (both & asked[a].called & asked[b].called) or mask & asked[a].called & asked[b].called
            depends = varies[a] or varies[b]
            example = _telling(aspect, [cases[bit] for bit in islice(_bits(chosen), _TRIED)], depends)
            if example is not None:
                first, second = by_case[example.id][a], by_case[example.id][b]
                codes = _code(run, first, aspect, speech[a]), _code(run, second, aspect, speech[b])
                depends |= any(
                    set(_unusual(run.entries[one], speech[column])) - {*speech[column].owned[aspect.parameter]}
                    for column, one in ((a, first), (b, second))
                )
                shared[row, a, b] = Shared(*codes, first, second, _where(aspect, example) if depends else "")
    examples = {}
    for a, b in combinations(columns, 2):
        for case in reversed(cases):  # the last is the richest
            pair = [by_case[case.id].get(a), by_case[case.id].get(b)]
            if all(one is not None and run.entries[one].verdict.outcome == "conforms" for one in pair):
                examples[a, b] = (by_case[case.id][a], by_case[case.id][b])
                break
    unsaid = frozenset(
        (row, column) for row, one in enumerate(rows) for column in columns if not speech[column].owned[one.parameter]
    )
    defaults = {(a, b): _defaults(run, a, b, speech) for a, b in combinations(columns, 2)}
    general = _general(cells, cases, by_case, of_entry)
    return Table(layer, columns, tuple(rows), cells, shared, proven, examples, unsaid, defaults, general)


_CONTEXT = ("kernel_size", "stride", "dilation")
_COMPARED = 40  # calls that are looked at to see whether the same value is always said alike


def _varies(run: Run, aspect: Aspect, mask: int, asked: _Asked, cases: Sequence[Case], speech: _Speech) -> bool:
    """Whether one value of the parameter is said in several ways, according to the other parameters."""
    owned = speech.owned[aspect.parameter]
    said_as: dict[tuple[str, str], set[str]] = defaultdict(set)
    for bit in islice(_bits(mask & asked.called), _COMPARED):
        given = keywords(run.entries[asked.index[bit]].verdict.call)
        value = _parameters(cases[bit]).get(aspect.parameter, "")
        for name in owned:
            if name in given:
                said_as[name, value].add(given[name])
    return any(len(ways) > 1 for ways in said_as.values())


def _where(aspect: Aspect, case: Case) -> str:
    given = {**CANONICAL, **case.arguments}
    return ", ".join(f"{name}={source(given[name])}" for name in _CONTEXT if name in given and name != aspect.parameter)


def _defaults(run: Run, a: int, b: int, speech: Mapping[int, _Speech]) -> Sequence[tuple[str, str, str]]:
    """What leaving a parameter out means to either API, where that differs."""
    sides = [(column, contract.defaults) for column in (a, b) if (contract := said(run, column)) and contract.defaults]
    if len(sides) < 2:
        return ()
    rows: list[tuple[str, str, str]] = []
    told: set[str] = set()
    for parameter in PARAMETERS:
        named = [[one for one in speech[column].owned[parameter] if one in defaults] for column, defaults in sides]
        told |= {one for names in named for one in names}
        first, second = ([defaults[one] for one in names] for names, (_, defaults) in zip(named, sides, strict=True))
        if first != second:
            rows.append((parameter, _assigned(named[0], first), _assigned(named[1], second)))
    left, right = (defaults for _, defaults in sides)
    for name in dict.fromkeys([*left, *right]):
        if name not in told and left.get(name) != right.get(name):
            texts = (f"{name}={defaults[name]}" if name in defaults else "" for defaults in (left, right))
            rows.append((name, next(texts), next(texts)))
    return tuple(rows)


def _assigned(names: Sequence[str], values: Sequence[str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))


@dataclass(frozen=True)
class _Asked:
    """What became of a layer's cases on one column, as masks over the cases; `index` is of the verdict, by bit."""

    index: Mapping[int, int]
    conforming: int
    failed: int
    called: int
    reasons: Mapping[str, int]


def _asked(run: Run, column: int, cases: Sequence[Case], by_case: Mapping[str, Mapping[int, int]]) -> _Asked:
    index = {bit: by_case[case.id][column] for bit, case in enumerate(cases) if column in by_case[case.id]}
    verdicts = {bit: run.entries[place].verdict for bit, place in index.items()}
    reasons: dict[str, list[int]] = defaultdict(list)
    for bit, verdict in verdicts.items():
        if verdict.outcome in ("no_equivalent", "unavailable"):
            reasons[verdict.observed].append(bit)
    return _Asked(
        index,
        _mask(bit for bit, verdict in verdicts.items() if verdict.outcome == "conforms"),
        _mask(bit for bit, verdict in verdicts.items() if verdict.outcome in FAILURES),
        _mask(bit for bit, verdict in verdicts.items() if verdict.call and verdict.outcome != "no_equivalent"),
        {reason: _mask(bits) for reason, bits in reasons.items()},
    )


def _mask(bits: Iterable[int]) -> int:
    digits = bytearray()
    for bit in bits:
        if bit >> 3 >= len(digits):
            digits.extend(bytes((bit >> 3) + 1 - len(digits)))
        digits[bit >> 3] |= 1 << (bit & 7)
    return int.from_bytes(digits, "little")


def _bits(mask: int) -> Iterator[int]:
    """The places of the ones, in order."""
    while mask:
        yield (mask & -mask).bit_length() - 1
        mask &= mask - 1


def _telling(aspect: Aspect, cases: Sequence[Case], depends: bool) -> Case | None:
    """The first, but rather one whose components differ: (1, 1) tells less than (1, 2).

    Args:
        depends: other parameters matter; then rather one whose kernel has more than one element.
    """
    telling = [case for case in cases if len(set(integers(case.arguments.get(aspect.parameter)) or ())) > 1]
    if depends:
        telling = [case for case in telling or cases if max(integers(case.arguments.get("kernel_size")) or (0,)) > 1]
    return next(iter(telling), cases[0] if cases else None)


def _general(
    cells: Mapping[tuple[int, int], Cell], cases: Sequence[Case], by_case: Mapping[str, Mapping[int, int]],
    of_entry: Mapping[int, Finding],
) -> Mapping[int, tuple[str, ...]]:  # fmt: skip
    named = {(column, one) for (_, column), cell in cells.items() for one in cell.findings}
    found: dict[int, dict[str, None]] = {column: {} for _, column in cells}
    for case in cases:
        for column, index in by_case[case.id].items():
            if index in of_entry and (column, of_entry[index].id) not in named:
                found[column][of_entry[index].id] = None
    return {column: tuple(ids) for column, ids in found.items()}


def _magnitude(case: Case) -> int:
    """How large the numbers of a call are: a reader wants small ones."""
    return sum(abs(n) for value in case.arguments.values() for n in integers(value) or ())


def names(finding: Finding, aspect: Aspect) -> bool:
    """Whether the finding's condition is about the aspect."""
    if any(predicate in ("numpy", "any", "is") for predicate, *_ in finding.condition):
        return False  # about a type, not about a parameter
    for predicate, *operands in finding.condition:
        match predicate:
            case "asymmetric":
                if aspect == Aspect(operands[0], "four"):
                    return True
            case "dtype" | "weight_dtype" | "mixed_dtype":
                if aspect.parameter == "dtype" and (not operands or aspect.form in operands[0].split(", ")):
                    return True
            case "depthwise":
                if aspect.parameter == "groups":
                    return True
            case "unbatched":
                if aspect.parameter == "batch":
                    return True
            case "equal":
                if operands[0] == aspect.parameter and aspect.form in operands[1].split(", "):
                    return True
            case _:
                named = {word.partition("[")[0] for operand in operands for word in operand.split(", ")}
                if aspect.parameter in named and aspect.form not in ("'same'", "'valid'"):
                    return True
    return False


def _parameters(case: Case) -> dict[str, str]:
    given = {name: source(value) for name, value in {**CANONICAL, **case.arguments}.items()}
    inputs = case.inputs or {}
    return given | {"dtype": str(inputs.get("dtype", "")), "batch": str(len(inputs.get("shape") or ()))}


@dataclass(frozen=True)
class _Speech:
    """How an API says things.

    Attributes:
        owned: per canonical parameter the keywords that say it.
        usual: per keyword the parameter that it says and, of each of its values, what the keyword then mostly is.
    """

    owned: Mapping[str, tuple[str, ...]]
    usual: Mapping[str, tuple[str, Mapping[str, str]]]


def _speech(run: Run, column: int, cases: Sequence[Case], by_case: Mapping[str, Mapping[int, int]]) -> _Speech:
    observed = [
        (_parameters(case), keywords(run.entries[by_case[case.id][column]].verdict.call))
        for case in cases
        if column in by_case[case.id] and run.entries[by_case[case.id][column]].verdict.call
    ]
    given = {parameter: [said.get(parameter, "") for said, _ in observed] for parameter in PARAMETERS}
    owners: dict[str, list[str]] = {parameter: [] for parameter in PARAMETERS}
    usual: dict[str, tuple[str, Mapping[str, str]]] = {}
    for keyword in dict.fromkeys(name for _, call in observed for name in call):
        values = [call.get(keyword, "") for _, call in observed]
        present = [place for place, (_, call) in enumerate(observed) if keyword in call]
        for parameter in _said_by(keyword, given, values, present):
            owners[parameter].append(keyword)
            usual[keyword] = parameter, _usual(given[parameter], values)
    return _Speech({parameter: tuple(keywords) for parameter, keywords in owners.items()}, usual)


def _usual(given: Sequence[str], call: Sequence[str]) -> Mapping[str, str]:
    """What a keyword mostly is for each value of a parameter."""
    found: dict[str, tuple[int, str]] = {}
    for (value, said_as), number in Counter(zip(given, call, strict=True)).items():
        found[value] = max(found.get(value, (0, "")), (number, said_as))
    return {value: said_as for value, (_, said_as) in found.items()}


def _said_by(
    keyword: str, given: Mapping[str, Sequence[str]], call: Sequence[str], present: Sequence[int]
) -> Sequence[str]:
    """The parameters that a keyword is a function of, absence being a value; or else the one that it mostly follows.

    Args:
        given: of each parameter its value in every call.
        call: the keyword's value in every call, "" where it is absent.
        present: the calls that have it.
    """
    strict = [one for one in PARAMETERS if _followed(given[one], call) == 1.0]
    if strict:
        return strict
    within = [call[place] for place in present]
    followed = {one: _followed([given[one][place] for place in present], within) for one in PARAMETERS}
    best = max(PARAMETERS, key=lambda one: followed[one])
    return [best] if followed[best] >= _MOSTLY else []


def _followed(given: Sequence[str], call: Sequence[str]) -> float:
    """In what part of the calls the keyword has its most frequent value for that value of the parameter.

    0 where it never varies: then it says nothing.
    """
    usual: dict[str, tuple[int, str]] = {}
    for (value, said), number in Counter(zip(given, call, strict=True)).items():
        if number > usual.get(value, (0, ""))[0]:
            usual[value] = number, said
    if len({said for _, said in usual.values()}) < 2:
        return 0.0
    return sum(number for number, _ in usual.values()) / len(call)


def _cell(run: Run, aspect: Aspect, mask: int, asked: _Asked, speech: _Speech, of_entry: Mapping[int, Finding]) -> Cell:
    conforms = mask & asked.conforming
    fails = [asked.index[bit] for bit in _bits(mask & asked.failed)]
    behind = {of_entry[index].id: of_entry[index] for index in fails}
    about = {one: names(finding, aspect) for one, finding in behind.items()}
    fails = [index for index in fails if about[of_entry[index].id]]
    first = next(_bits(conforms or mask & asked.failed or mask & asked.called), None)
    example = None if first is None else asked.index[first]
    reasons = {reason: (mask & bits).bit_count() for reason, bits in asked.reasons.items() if mask & bits}
    return Cell(
        "" if example is None else _code(run, example, aspect, speech),
        example, conforms.bit_count(), len(fails), tuple(dict.fromkeys(of_entry[index].id for index in fails)),
        max(reasons, key=lambda reason: reasons[reason], default=""),
    )  # fmt: skip


def _code(run: Run, index: int, aspect: Aspect, speech: _Speech) -> str:
    """The keywords that say the aspect, and those that are not as they usually are for their own parameter."""
    entry = run.entries[index]
    told = {*speech.owned[aspect.parameter], *_unusual(entry, speech)}
    return ", ".join(
        text if name.isdigit() else f"{name}={text}"
        for name, text in keywords(entry.verdict.call).items()
        if name in told
    )


def _unusual(entry: Entry, speech: _Speech) -> Iterator[str]:
    parameters = _parameters(entry.case)
    for name, text in keywords(entry.verdict.call).items():
        parameter, usual = speech.usual.get(name, ("", {}))
        value = parameters.get(parameter, "")
        if value in usual and text not in (usual[value], value):
            yield name
