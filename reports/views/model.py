"""What the layers of a model become in another framework, told by cases that were really asked.

A layer is looked up among the calls that the run made of its API: the same keywords, whatever the numbers of channels.
The same case on the other framework's API says how it is written there, and whether that conforms. Nothing is guessed:
a layer that no case resembles is told with the nearest, and in what that differs.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ..findings.bits import to_bits
from ..findings.clusters import Finding
from ..results.loaded import LoadedRun
from ..results.records import Case
from .answers import Answers, Layer
from .aspects import list_aspects
from .porting import Table
from .vocabulary import parse_keywords

Look: TypeAlias = frozenset[tuple[str, str]]  # keywords with their values, channels and defaults left out

_CALL = re.compile(r"(?:(\d+) x )?([A-Za-z_][\w.]*)\(")
_CHANNELS = ("in_channels", "out_channels")
_POSITIONAL = (*_CHANNELS, "kernel_size")
_UNUSUAL = frozenset({"dtype", "batch"})
_USUAL_VALUES = frozenset({"exact", "real"})  # of all that a case may fill its arrays with


@dataclass(frozen=True)
class Written:
    """A layer as its file has it. `count` is how often the model has it."""

    name: str
    keywords: Mapping[str, str]
    source: str
    count: int


@dataclass(frozen=True)
class Ported:
    """What a layer becomes.

    Attributes:
        columns: of the source's and of the target's API; the second None where that framework has no such layer.
        call: the target's call, "" where there is none.
        proven: how many cases of the same look conform on both in values.
        case: id of the case that says it, "" where none does.
        reason: why the target cannot say it, or not one of its keywords.
        instead: source that does without what cannot be said, "" where the run has none.
        unlike: the keywords in which that case differs from the layer; () where it is the same.
        findings: what fails or differs in such cases of the target, and what is about their arguments.
    """

    written: Written
    columns: tuple[int, int | None]
    call: str
    proven: int
    case: str
    reason: str
    unlike: tuple[str, ...]
    findings: tuple[Finding, ...]
    instead: str = ""


def read_layers(text: str, names: Sequence[str]) -> tuple[Sequence[Written], Mapping[str, int]]:
    """The layers of a printed module or a list of calls, one a line: those named, and how many others of each name.

    Args:
        names: APIs whose layers are looked for, by full or last name.
    """
    wanted = {name.rpartition(".")[2] for name in names}
    layers: Counter[tuple[str, str]] = Counter()
    others: Counter[str] = Counter()
    containers = [1]  # how often the model has each container that is open
    for line in text.splitlines():
        if line.strip() == ")" and len(containers) > 1:
            containers.pop()
        for match in _CALL.finditer(line):
            arguments = _take_arguments(line[match.end() :])
            times = containers[-1] * int(match[1] or 1)
            if arguments is None:
                containers.append(times)
                continue
            if match[2].rpartition(".")[2] in wanted:
                layers[match[2], arguments] += times
            else:
                others[match[2]] += times
    written = [
        Written(name, parse_keywords(f"{name}({arguments})"), f"{name}({arguments})", count)
        for (name, arguments), count in layers.items()
    ]
    return written, others


def _take_arguments(rest: str) -> str | None:
    """What stands before the bracket that closes the call; None where none does on this line."""
    depth = 1
    for place, letter in enumerate(rest):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0:
            return rest[:place]
    return None


def normalise(text: str) -> str:
    """One text for equal values: ``(3, 3)`` is 3, and a bare word is a string."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        value = text
    if isinstance(value, tuple | list) and value and all(item == value[0] for item in value):
        value = value[0]
    return repr(value)


def join_call(api: str, arguments: Mapping[str, str]) -> str:
    """A call as source; what is given by position has its place for a name."""
    shown = [text if name.isdigit() else f"{name}={text}" for name, text in arguments.items()]
    return f"{api}({', '.join(shown)})"


class Side:
    """One API, and how its calls look."""

    def __init__(self, run: LoadedRun, answers: Answers) -> None:
        self.answers = answers
        contract = run.contract(answers.column)
        self._defaults = {name: normalise(text) for name, text in (contract.defaults if contract else {}).items()}
        owned = answers.vocabulary.owned
        # Where no two calls differ in a parameter, its keyword cannot be learnt; mostly it has the layer's own name.
        self._owned = {parameter: owned[parameter] or (parameter,) for parameter in owned}

    def complete(self, keywords: Mapping[str, str]) -> Mapping[str, str]:
        """Positional arguments by their names.

        Raises:
            ValueError: there are more of them than the channels and the kernel's size.
        """
        named = {}
        for name, text in keywords.items():
            if name.isdigit():
                if int(name) >= len(_POSITIONAL):
                    raise ValueError(f"argument {int(name) + 1} ({text}) by position: name it")
                name = self._owned[_POSITIONAL[int(name)]][0]
            named[name] = text
        return named

    def channels(self, keywords: Mapping[str, str]) -> Mapping[str, str]:
        """What a call says of each of in_channels, out_channels and groups."""
        said = {}
        for parameter in (*_CHANNELS, "groups"):
            for name in self._owned[parameter]:
                if name in keywords:
                    said[parameter] = keywords[name]
        return said

    def look(self, keywords: Mapping[str, str]) -> Look:
        """The call without its channels and defaults; of groups only whether they are depthwise."""
        said = self.channels(keywords)
        hidden = {name for parameter in _CHANNELS for name in self._owned[parameter]}
        items = []
        for name, text in keywords.items():
            value = normalise(text)
            if name in hidden or value == self._defaults.get(name):
                continue
            if name in self._owned["groups"]:
                value = "depthwise" if text == said.get("in_channels") else "grouped"
            items.append((name, value))
        return frozenset(items)

    def write(self, api: str, keywords: Mapping[str, str], channels: Mapping[str, str]) -> str:
        """A case's call with the channels of a layer."""
        texts = dict(keywords)
        for parameter, text in channels.items():
            for name in self._owned[parameter]:
                if name in texts:
                    texts[name] = text
        return join_call(api, texts)


class Porter:
    """Ports the layers of one framework to another."""

    def __init__(
        self, run: LoadedRun, tables: Sequence[Table], findings: Sequence[Finding], source: str, target: str
    ) -> None:
        self._run = run
        self._tables = tables
        self._findings = {finding.id: finding for finding in findings}
        self._finding_of = {index: finding for finding in findings for index in finding.members}
        self._target = target
        self._sides: dict[int, Side] = {}
        self._looks: dict[int, Mapping[Look, Sequence[int]]] = {}
        self._layers = {table.layer: Layer(run, table.layer) for table in tables}
        self.sources = [column for table in tables for column in table.columns if self._is_of(column, source)]
        if not self.sources or not any(self._is_of(column, target) for table in tables for column in table.columns):
            audited = dict.fromkeys(one.framework for one in run.targets if one.available)
            raise ValueError(f"from {source!r} to {target!r}: the run has {', '.join(audited)}")

    def _is_of(self, column: int, framework: str) -> bool:
        target = self._run.columns[column].target
        return framework in (target.framework, target.name)

    def names(self) -> Sequence[str]:
        return [self._run.columns[column].api for column in self.sources]

    def port(self, written: Written) -> Ported:
        source = self._find_source(written.name)
        table = next(table for table in self._tables if source in table.columns)
        target = self._find_target(table, source)
        if target is None:
            return Ported(written, (source, None), "", 0, "", "", (), ())
        mine = self._side(table, source)
        theirs = self._side(table, target)
        keywords = mine.complete(written.keywords)
        look = mine.look(keywords)
        looks = self._list_looks_of_both(source, target, mine, theirs)
        nearest = look if look in looks else self._find_nearest(look, looks, theirs)
        places = looks[nearest]
        place = self._choose(mine, theirs, places)
        if nearest != look:
            # One keyword that cannot be said is enough: what the nearest becomes would be the layer without it.
            place = next(self._list_unsayable(look - nearest, looks, theirs), place)
        verdict = theirs.answers.verdict(place)
        call = ""
        if verdict.outcome != "no_equivalent":
            said = theirs.answers.spoken(place).keywords
            call = theirs.write(self._run.columns[target].api, said, mine.channels(keywords))
        both = [place for place in places if (mine.answers.valued & theirs.answers.valued) >> place & 1]
        return Ported(
            written,
            (source, target),
            call,
            len(both) if nearest == look else 0,
            mine.answers.layer.cases[place].id,
            verdict.observed if verdict.outcome in ("no_equivalent", "unavailable") else "",
            tuple(f"{name}={value}" for name, value in sorted(nearest ^ look)),
            tuple(self._list_findings(table, target, theirs, places)),
            self._find_instead(target, theirs, place) if verdict.outcome == "no_equivalent" else "",
        )

    def _list_unsayable(self, keywords: Look, looks: Mapping[Look, Sequence[int]], theirs: Side) -> Iterator[int]:
        """A case for each of the keywords that the target could say in no case that has it."""
        for keyword in sorted(keywords):
            asked = [place for other, places in looks.items() if keyword in other for place in places]
            asked = [place for place in asked if place in theirs.answers.index_of]
            if asked and all(theirs.answers.verdict(place).outcome == "no_equivalent" for place in asked):
                yield asked[0]

    def _find_instead(self, target: int, theirs: Side, place: int) -> str:
        """What a person writes where the target cannot say a case."""
        contract = self._run.contract(target)
        known = contract.instead if contract is not None else {}
        aspects = list_aspects(theirs.answers.layer.cases[place])
        return next((known[key] for key in (f"{one.parameter} {one.form}" for one in aspects) if key in known), "")

    def _find_source(self, name: str) -> int:
        """The API that a layer's name means: by its end, and of several the one that conforms most."""
        named = [column for column in self.sources if f".{self._run.columns[column].api}".endswith(f".{name}")]
        conforming = Counter(judged.column for judged in self._run.judged if judged.conforms)
        return max(named, key=lambda column: conforming[column])

    def _find_target(self, table: Table, source: int) -> int | None:
        able = [column for column in table.columns if self._is_of(column, self._target)]
        return max(able, key=lambda column: sum(table.pair(source, column).proven), default=None)

    def _side(self, table: Table, column: int) -> Side:
        if column not in self._sides:
            self._sides[column] = Side(self._run, Answers(self._layers[table.layer], column))
        return self._sides[column]

    def _list_looks_of_both(self, source: int, target: int, mine: Side, theirs: Side) -> Mapping[Look, Sequence[int]]:
        """Those with a case that the target was asked as well, which in a part of an audit it may not have been."""
        looks = {}
        for look, places in self._list_looks(source, mine).items():
            asked = [place for place in places if place in theirs.answers.index_of]
            if asked:
                looks[look] = asked
        if not looks:
            labels = " and ".join(self._run.columns[column].label for column in (source, target))
            raise ValueError(f"{labels} were asked no case in common")
        return looks

    def _list_looks(self, column: int, side: Side) -> Mapping[Look, Sequence[int]]:
        """By look, the plain cases that were called so, the simplest first.

        A layer is not wrong there because cases that look so show what infinities or subnormal numbers do.
        """
        if column not in self._looks:
            looks: dict[Look, list[int]] = defaultdict(list)
            for place in to_bits(side.answers.answered):
                case = side.answers.layer.cases[place]
                if _is_usual(case):
                    looks[side.look(side.answers.spoken(place).keywords)].append(place)
            self._looks[column] = looks
        return self._looks[column]

    def _find_nearest(self, look: Look, looks: Mapping[Look, Sequence[int]], theirs: Side) -> Look:
        """The look that differs in the fewest keywords; of equally near ones rather one that the target can say."""

        def rate(other: Look) -> tuple[int, bool, list[tuple[str, str]]]:
            is_said = any(theirs.answers.answered >> place & 1 for place in looks[other])
            return len(other ^ look), not is_said, sorted(other)

        return min(looks, key=rate)

    def _choose(self, mine: Side, theirs: Side, places: Sequence[int]) -> int:
        """The case to tell: one that proves it, else one that the target answered, else the simplest."""
        for mask in (mine.answers.valued & theirs.answers.valued, theirs.answers.answered):
            for place in places:
                if mask >> place & 1:
                    return place
        return places[0]

    def _list_findings(self, table: Table, target: int, theirs: Side, places: Sequence[int]) -> Iterator[Finding]:
        found: dict[str, None] = {}
        for place in places:
            finding = self._finding_of.get(theirs.answers.index_of.get(place, -1))
            if finding is not None:
                found[finding.id] = None
        # Asked for are arguments that all these cases give: an entry may be about one of them, and miss these cases.
        common = set.intersection(*({*list_aspects(theirs.answers.layer.cases[place])} for place in places))
        for row, aspect in enumerate(table.aspects):
            if aspect in common:
                cell = table.cells[row, target]
                found.update(dict.fromkeys(name for name in cell.findings if self._can_meet(name)))
                # A difference that nobody has looked at is of its own cases: its learnt condition names other values.
                known = [name for name in cell.differences if self._findings[name].entry is not None]
                found.update(dict.fromkeys(name for name in known if self._can_meet(name)))
        for identity in found:
            yield self._findings[identity]

    def _can_meet(self, identity: str) -> bool:
        """Whether a model can meet a finding at all: not all its cases are of unusual numbers."""
        return any(_is_usual(self._run.judged[index].case) for index in self._findings[identity].members)


def _is_usual(case: Case) -> bool:
    """Whether a case is what training meets: a batch of ordinary float32 numbers, and not of none."""
    inputs = case.inputs or {}
    if any(aspect.parameter in _UNUSUAL for aspect in list_aspects(case)) or 0 in inputs.get("shape", ()):
        return False
    return inputs.get("values", "exact") in _USUAL_VALUES
