"""How to say the same layer in another API: the calls that a run made, taken apart parameter by parameter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Literal, NamedTuple, TypeAlias

from ..findings.bits import to_bits
from ..findings.clusters import Finding
from ..results.loaded import LoadedRun
from ..results.records import Case
from ..results.values import to_integers, to_source
from .answers import Answers, Layer, is_portable
from .aspects import PARAMETERS, Aspect, complete_arguments
from .concerns import Concerns

_TRIED = 200  # cases that the example of a row is chosen from
_CONTEXT = ("kernel_size", "stride", "dilation")  # what a keyword may depend on besides its own parameter


# Whether a row is proven; contradicted: cases that could prove it were called on both, and none conforms on both.
Standing: TypeAlias = Literal["proven", "contradicted", "impossible", "untested"]
STANDINGS: tuple[Standing, ...] = ("proven", "contradicted", "impossible", "untested")


@dataclass(frozen=True)
class Cell:
    """One aspect on one column.

    Attributes:
        code: the keywords that say the aspect, from the simplest call that conforms, or else was made at all.
        example: index of that call's verdict, None when there is none.
        conforms: how many cases with the aspect did so.
        fails: how many failed in findings that are about this aspect.
        findings: ids of those.
        differs: how many differ, in differences that are about this aspect.
        differences: ids of those.
        reason: why there is no equivalent or it cannot be observed here, in its most frequent words.
        unsaid: whether no keyword of the API says the parameter: the arrays do.
    """

    code: str
    example: int | None
    conforms: int
    fails: int
    findings: tuple[str, ...]
    differs: int
    differences: tuple[str, ...]
    reason: str
    unsaid: bool


@dataclass(frozen=True)
class Shared:
    """One aspect as two columns say it of the same case, the simplest that conforms on both or was called on both.

    Attributes:
        first_code: the first column's keywords.
        second_code: the second column's.
        first: index of the first column's verdict.
        second: index of the second column's.
        where: the case's other parameters, as source, where the keywords depend on them too; "" elsewhere.
    """

    first_code: str
    second_code: str
    first: int
    second: int
    where: str

    def turn(self) -> Shared:
        return Shared(self.second_code, self.first_code, self.second, self.first, self.where)


class Default(NamedTuple):
    """What leaving out a parameter, or a keyword that says none, means to either column.

    `say_first` is how the first column's API says what the second's leaves out, `say_second` the other way round; ""
    where no case shows it.
    """

    name: str
    first: str
    second: str
    say_first: str = ""
    say_second: str = ""


@dataclass(frozen=True)
class Pair:
    """Two columns side by side.

    Attributes:
        proven: by row, how many cases that can prove the aspect conform on both, in values that were compared.
        standings: by row, what that comes to.
        shared: by row, None where no case was called on both.
        example: the verdicts of the richest case that conforms on both.
        defaults: what is left out and means different things; none where the run could not read the defaults of both.
    """

    proven: tuple[int, ...]
    standings: tuple[Standing, ...]
    shared: tuple[Shared | None, ...]
    example: tuple[int, int] | None
    defaults: tuple[Default, ...]

    def turn(self) -> Pair:
        """The same with the second column first."""
        shared = [
            row and Shared(row.second_code, row.first_code, row.second, row.first, row.where) for row in self.shared
        ]
        example = self.example and (self.example[1], self.example[0])
        defaults = [Default(one.name, one.second, one.first, one.say_second, one.say_first) for one in self.defaults]
        return Pair(self.proven, self.standings, tuple(shared), example, tuple(defaults))


@dataclass(frozen=True)
class Table:
    """One layer.

    Attributes:
        aspects: one a row.
        cells: by row and column.
        pairs: by two columns, the smaller first.
        general: by column, the ids of the findings and differences of valid calls that no row names.
    """

    layer: str
    columns: tuple[int, ...]
    aspects: tuple[Aspect, ...]
    cells: Mapping[tuple[int, int], Cell]
    pairs: Mapping[tuple[int, int], Pair]
    general: Mapping[int, tuple[str, ...]]

    def pair(self, first: int, second: int) -> Pair:
        """Two columns in either order."""
        return self.pairs[first, second] if first < second else self.pairs[second, first].turn()


def build_tables(run: LoadedRun, findings: Sequence[Finding], differences: Sequence[Finding]) -> tuple[Table, ...]:
    """One table a layer that the run asked canonical, valid cases of."""
    layers = dict.fromkeys(case.layer for case in run.cases.values() if is_portable(case))
    finding_of = {index: finding for finding in (*findings, *differences) for index in finding.members}
    return tuple(_build_table(run, layer, finding_of) for layer in layers)


def _build_table(run: LoadedRun, name: str, finding_of: dict[int, Finding]) -> Table:
    layer = Layer(run, name)
    answers = {column: Answers(layer, column) for column in layer.columns}
    concerns = {column: Concerns(answers[column], finding_of) for column in layer.columns}
    cells = {}
    for row, aspect in enumerate(layer.aspects):
        for column in layer.columns:
            cells[row, column] = _build_cell(answers[column], aspect, concerns[column])
    pairs = {}
    for first, second in combinations(layer.columns, 2):
        pairs[first, second] = _build_pair(answers[first], answers[second])
    general = {}
    for column in layer.columns:
        named = {identity for row in range(len(layer.aspects)) for identity in _list_ids(cells[row, column])}
        general[column] = tuple(one.id for one in concerns[column].findings if one.id not in named)
    return Table(name, layer.columns, layer.aspects, cells, pairs, general)


def _list_ids(cell: Cell) -> tuple[str, ...]:
    return cell.findings + cell.differences


def _build_cell(answers: Answers, aspect: Aspect, concerns: Concerns) -> Cell:
    layer = answers.layer
    having = layer.having[aspect]
    conforming = having & answers.conforming
    proving = layer.telling[aspect] & answers.valued
    code = ""
    example = None
    # The first is the simplest. A call that fails still shows how the aspect is said.
    shows = proving or conforming or having & answers.answered or having & answers.called
    place = next(to_bits(shows), None)
    if place is not None:
        code = answers.say(aspect, place)
        example = answers.index_of[place]
    failing = _count_about(concerns, aspect, answers.failed)
    differing = _count_about(concerns, aspect, answers.differing)
    return Cell(
        code=code,
        example=example,
        conforms=conforming.bit_count(),
        fails=sum(failing.values()),
        findings=tuple(failing),
        differs=sum(differing.values()),
        differences=tuple(differing),
        reason=_choose_reason(answers, having),
        unsaid=not answers.vocabulary.owned[aspect.parameter],
    )


def _count_about(concerns: Concerns, aspect: Aspect, places: int) -> Mapping[str, int]:
    """By the id of each finding that is about the aspect, how many of the places it explains."""
    counts = {}
    for finding in concerns.findings:
        count = (concerns.list_cases(finding, aspect) & places).bit_count()
        if count:
            counts[finding.id] = count
    return counts


def _choose_reason(answers: Answers, having: int) -> str:
    """The most frequent reason why a case with the aspect was not called."""
    counts = {reason: (having & places).bit_count() for reason, places in answers.reasons.items()}
    best = max(counts, key=lambda reason: counts[reason], default="")
    return best if counts.get(best) else ""


def _build_pair(first: Answers, second: Answers) -> Pair:
    layer = first.layer
    both_valued = first.valued & second.valued
    example = None
    if both_valued:
        # The simplest case has the lowest bit.
        richest = both_valued.bit_length() - 1
        example = (first.index_of[richest], second.index_of[richest])
    return Pair(
        proven=tuple((layer.telling[aspect] & both_valued).bit_count() for aspect in layer.aspects),
        standings=tuple(_stand(first, second, aspect) for aspect in layer.aspects),
        shared=tuple(_share(first, second, aspect) for aspect in layer.aspects),
        example=example,
        defaults=tuple(_compare_defaults(first, second)),
    )


def _stand(first: Answers, second: Answers, aspect: Aspect) -> Standing:
    telling = first.layer.telling[aspect]
    if telling & first.valued & second.valued:
        return "proven"
    if telling & first.answered & second.answered:
        return "contradicted"
    having = first.layer.having[aspect]
    if any(having & side.inexpressible and not having & side.called for side in (first, second)):
        return "impossible"
    return "untested"


def _share(first: Answers, second: Answers, aspect: Aspect) -> Shared | None:
    """The aspect as both say it of one case; None where no case was called on both."""
    layer = first.layer
    # A call that only conforms, or was only made, still says how to write the same.
    both_called = layer.having[aspect] & first.called & second.called
    both_conform = both_called & first.conforming & second.conforming
    proving = layer.telling[aspect] & first.valued & second.valued
    places = list(islice(to_bits(proving or both_conform or both_called), _TRIED))
    if not places:
        return None
    depends = aspect in first.varying or aspect in second.varying
    place = _choose_telling(layer, aspect, places, depends)
    depends = depends or first.says_more_than(aspect, place) or second.says_more_than(aspect, place)
    return Shared(
        first_code=first.say(aspect, place),
        second_code=second.say(aspect, place),
        first=first.index_of[place],
        second=second.index_of[place],
        where=_describe_context(aspect, layer.cases[place]) if depends else "",
    )


def _choose_telling(layer: Layer, aspect: Aspect, places: Sequence[int], depends: bool) -> int:
    """The first, but rather one whose components differ: (1, 1) tells less than (1, 2).

    Args:
        depends: other parameters matter; then rather one whose kernel has more than one element.
    """

    def is_uneven(place: int) -> bool:
        return len(set(to_integers(layer.cases[place].arguments.get(aspect.parameter)) or ())) > 1

    def has_large_kernel(place: int) -> bool:
        return max(to_integers(layer.cases[place].arguments.get("kernel_size")) or (0,)) > 1

    telling = [place for place in places if is_uneven(place)]
    if depends:
        telling = [place for place in telling or places if has_large_kernel(place)]
    return telling[0] if telling else places[0]


def _describe_context(aspect: Aspect, case: Case) -> str:
    arguments = complete_arguments(case)
    names = [name for name in _CONTEXT if name in arguments and name != aspect.parameter]
    return ", ".join(f"{name}={to_source(arguments[name])}" for name in names)


def _compare_defaults(first: Answers, second: Answers) -> Iterator[Default]:
    """What leaving a parameter out means to either API, where that differs."""
    run = first.layer.run
    contracts = (run.contract(first.column), run.contract(second.column))
    if contracts[0] is None or contracts[1] is None:
        return
    left, right = contracts[0].defaults, contracts[1].defaults
    if not left or not right:
        return
    compared: set[str] = set()
    for parameter in PARAMETERS:
        left_names = [name for name in first.vocabulary.owned[parameter] if name in left]
        right_names = [name for name in second.vocabulary.owned[parameter] if name in right]
        compared.update(left_names, right_names)
        # Compared by value: the keywords have other names anyway.
        if [left[name] for name in left_names] != [right[name] for name in right_names]:
            yield Default(
                parameter,
                _assign(left_names, left),
                _assign(right_names, right),
                say_first=_say_default(second, first, parameter, {name: right[name] for name in right_names}),
                say_second=_say_default(first, second, parameter, {name: left[name] for name in left_names}),
            )
    for name in dict.fromkeys([*left, *right]):
        if name not in compared and left.get(name) != right.get(name):
            yield Default(name, _assign([name], left), _assign([name], right))


def _say_default(source: Answers, target: Answers, parameter: str, defaults: Mapping[str, str]) -> str:
    """What of the target's call says the parameter where the source's leaves it at its default; "" where none does."""
    for place in islice(to_bits(source.valued & target.valued), _TRIED):
        mine = source.spoken(place).keywords
        if all(mine.get(name, default) == default for name, default in defaults.items()):
            theirs = target.spoken(place).keywords
            return _assign([name for name in target.vocabulary.owned[parameter] if name in theirs], theirs)
    return ""


def _assign(names: Sequence[str], defaults: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={defaults[name]}" for name in names if name in defaults)
