"""What became of a layer's cases on each API, for the porting tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice

from ..findings.bits import to_bits, to_mask
from ..findings.order import rate_complexity
from ..results.loaded import LoadedRun
from ..results.records import FAILURES, Case, Verdict
from ..results.values import to_integers
from .aspects import Aspect, describe_parameters, list_aspects
from .proof import can_prove
from .vocabulary import Spoken, learn_vocabulary, parse_keywords

_SAMPLE = 800  # cases of a layer that a vocabulary is learnt from, the simplest first
_COMPARED = 40  # calls that are looked at to see whether the same value is always said alike


def is_portable(case: Case) -> bool:
    """Whether a case says how a layer is written: every API is asked it, and may take it."""
    return case.api is None and not case.invalid and not case.goes_on


class Layer:
    """The portable cases of a layer. Sets of them are masks over their places.

    Attributes:
        verdicts: by case and column, the index of the verdict.
        cases: the simplest first.
        parameters: of each case.
        columns: those that were asked, in order.
        aspects: what any case has, in the order of a table's rows.
        having: by aspect, the cases that have it.
        telling: by aspect, those of them that prove it where they conform.
    """

    def __init__(self, run: LoadedRun, name: str) -> None:
        self.run = run
        self.name = name
        self.verdicts: dict[str, dict[int, int]] = defaultdict(dict)
        for index, judged in enumerate(run.judged):
            if judged.case.layer == name and is_portable(judged.case):
                self.verdicts[judged.case.id][judged.column] = index
        aspects_of = {identity: frozenset(list_aspects(run.cases[identity])) for identity in self.verdicts}

        def simplest_first(case: Case) -> tuple[object, ...]:
            return len(aspects_of[case.id]), _sum_numbers(case), rate_complexity(case)

        self.cases = sorted((run.cases[identity] for identity in self.verdicts), key=simplest_first)
        self.columns = tuple(sorted({column for by_column in self.verdicts.values() for column in by_column}))
        places: dict[Aspect, list[int]] = defaultdict(list)
        for place, case in enumerate(self.cases):
            for aspect in aspects_of[case.id]:
                places[aspect].append(place)
        self.aspects = tuple(sorted(places, key=lambda aspect: aspect.place))
        self.having = {aspect: to_mask(places[aspect]) for aspect in self.aspects}
        self.telling = {aspect: to_mask(self._list_telling(aspect, having)) for aspect, having in places.items()}
        self.parameters = [describe_parameters(case) for case in self.cases]

    def _list_telling(self, aspect: Aspect, having: Iterable[int]) -> list[int]:
        return [place for place in having if can_prove(self.cases[place], aspect)]


def _sum_numbers(case: Case) -> int:
    """How large the numbers of a call are: a reader wants small ones."""
    total = 0
    for value in case.arguments.values():
        total += sum(abs(number) for number in to_integers(value) or ())
    return total


class Answers:
    """What became of a layer's cases on one column, and how its API says them.

    Attributes:
        index_of: by a case's place, the index of its verdict.
        conforming, differing, failed, called: the cases of which that is true.
        valued: those that conform in values that were compared.
        inexpressible: those that the API cannot say.
        reasons: by the reason why a case was not called, the cases.
        varying: the aspects that are said in several ways, according to the other parameters.
    """

    def __init__(self, layer: Layer, column: int) -> None:
        self.layer = layer
        self.column = column
        self.index_of: dict[int, int] = {}
        conforming = []
        differing = []
        failed = []
        called = []
        valued = []
        inexpressible = []
        reasons: dict[str, list[int]] = defaultdict(list)
        for place, case in enumerate(layer.cases):
            index = layer.verdicts[case.id].get(column)
            if index is None:
                continue
            self.index_of[place] = index
            verdict = layer.run.judged[index].verdict
            if verdict.outcome == "conforms":
                conforming.append(place)
                if "values" in verdict.compared:
                    valued.append(place)
            if verdict.outcome == "differs":
                differing.append(place)
            if verdict.outcome in FAILURES:
                failed.append(place)
            if verdict.outcome == "no_equivalent":
                inexpressible.append(place)
            if verdict.outcome in ("no_equivalent", "unavailable"):
                reasons[verdict.observed].append(place)
            if verdict.call and verdict.outcome != "no_equivalent":
                called.append(place)
        self.conforming = to_mask(conforming)
        self.differing = to_mask(differing)
        self.failed = to_mask(failed)
        self.called = to_mask(called)
        self.valued = to_mask(valued)
        self.inexpressible = to_mask(inexpressible)
        self.reasons = {reason: to_mask(places) for reason, places in reasons.items()}
        self.vocabulary = learn_vocabulary(list(self._sample()))
        self.varying = frozenset(aspect for aspect in layer.aspects if self._varies(aspect))

    @property
    def answered(self) -> int:
        """The cases that the API was really asked."""
        return self.conforming | self.differing | self.failed

    def _sample(self) -> Iterator[Spoken]:
        for place in range(min(_SAMPLE, len(self.layer.cases))):
            if place in self.index_of and self.verdict(place).call:
                yield self.spoken(place)

    def verdict(self, place: int) -> Verdict:
        return self.layer.run.judged[self.index_of[place]].verdict

    def spoken(self, place: int) -> Spoken:
        return Spoken(self.layer.parameters[place], parse_keywords(self.verdict(place).call))

    def say(self, aspect: Aspect, place: int) -> str:
        return self.vocabulary.say(aspect, self.spoken(place))

    def says_more_than(self, aspect: Aspect, place: int) -> bool:
        """Whether a case's call has something unusual to say of another parameter."""
        unusual = set(self.vocabulary.list_unusual(self.spoken(place)))
        return bool(unusual - set(self.vocabulary.owned[aspect.parameter]))

    def _varies(self, aspect: Aspect) -> bool:
        """Whether one value of the parameter is said in several ways, according to the other parameters."""
        ways: dict[tuple[str, str], set[str]] = defaultdict(set)
        for place in islice(to_bits(self.layer.having[aspect] & self.called), _COMPARED):
            spoken = self.spoken(place)
            value = spoken.parameters.get(aspect.parameter, "")
            for keyword in self.vocabulary.owned[aspect.parameter]:
                if keyword in spoken.keywords:
                    ways[keyword, value].add(spoken.keywords[keyword])
        return any(len(texts) > 1 for texts in ways.values())
