"""What of a layer a verdict is about: the columns of the overview's heat map, and the search's ``feature:``.

A call has many arguments, and one of them is behind a failure. Where an entry of the catalogue explains it, the words
of its title choose among the call's topics; elsewhere the verdict is about all of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..results.loaded import JudgedCase, LoadedRun
from ..results.records import Case
from ..results.values import CANONICAL_DEFAULTS
from .aspects import Aspect, list_aspects
from .geometry import measure

# By topic the words of a title that name it.
TOPICS: Mapping[str, frozenset[str]] = {
    "kernel": frozenset({"kernel", "kernel_size"}),
    "stride": frozenset({"stride", "strided"}),
    "padding": frozenset({"padding"}),
    "padding_strings": frozenset({"same", "valid", "strings"}),
    "padding_modes": frozenset({"padding_mode", "circular", "reflect", "replicate", "modes"}),
    "dilation": frozenset({"dilation", "dilated"}),
    "groups": frozenset({"groups", "grouped", "depthwise"}),
    "output_padding": frozenset({"output_padding"}),
    "bias": frozenset({"bias", "biases"}),
    "dtypes": frozenset({"dtype", "types", "float16", "float64", "bfloat16", "int8", "int32", "subnormal", "promoted"}),
    "batch": frozenset({"batch"}),
    "empty": frozenset({"empty", "zero"}),
    "gradients": frozenset({"gradient", "gradients", "backward"}),
    "defaults": frozenset({"default", "defaults", "signature", "position", "positional"}),
    "initial_values": frozenset({"initialiser", "start", "differ"}),
    "errors": frozenset({"refused", "refuses", "raises", "accepted", "taken", "takes"}),
}
_OF_PARAMETER = {
    "stride": "stride",
    "dilation": "dilation",
    "groups": "groups",
    "output_padding": "output_padding",
    "padding_mode": "padding_modes",
    "dtype": "dtypes",
    "batch": "batch",
}
_WORD = re.compile(r"\w+")


class Topics:
    """What the verdicts of a run are about. Many share a case, or a title: what those say is found once."""

    def __init__(self, run: LoadedRun) -> None:
        self._run = run
        self._of_case: dict[str, frozenset[str]] = {}
        self._in_order: dict[tuple[frozenset[str], str], Sequence[str]] = {}

    def list(self, judged: JudgedCase) -> Sequence[str]:
        """What a verdict is about, in the order of TOPICS."""
        entry = self._run.entry(judged)
        key = frozenset(self._list_of_call(judged)), entry.title.en if entry is not None else ""
        if key not in self._in_order:
            about, title = key
            words = set(_WORD.findall(title.lower()))
            named = {topic for topic in TOPICS if TOPICS[topic] & words}
            chosen = about & named or named or about
            self._in_order[key] = [topic for topic in TOPICS if topic in chosen]
        return self._in_order[key]

    def _list_of_call(self, judged: JudgedCase) -> Iterator[str]:
        case = judged.case
        verdict = judged.verdict
        if case.invalid:
            yield "errors"
            return
        if "initial_values" in verdict.compared or verdict.kind == "distribution":
            yield "initial_values"
        if "defaults" in verdict.compared or verdict.kind == "default":
            yield "defaults"
        if "gradients" in verdict.compared or verdict.kind == "gradient" or _fails_backward(judged):
            yield "gradients"
        if case.id not in self._of_case:
            self._of_case[case.id] = frozenset(_list_of_case(case))
        yield from self._of_case[case.id]


def _fails_backward(judged: JudgedCase) -> bool:
    return judged.verdict.phase == "backward" and judged.failed


def _list_of_case(case: Case) -> Iterator[str]:
    if case.api is None:
        geometry = measure(case)
        if geometry is not None and geometry.is_empty:
            yield "empty"
        topics = {_name_topic(aspect) for aspect in list_aspects(case)} - {""}
    else:
        # A claim's arguments are the vendor's own; those that are called as the layer's are known.
        topics = {_OF_PARAMETER.get(name, name) for name in case.arguments if name in CANONICAL_DEFAULTS}
    yield from topics or {"kernel"}


def _name_topic(aspect: Aspect) -> str:
    if aspect.parameter == "padding":
        return "padding_strings" if aspect.form.startswith("'") else "padding"
    if aspect.parameter == "bias":
        return "bias" if aspect.form == "False" else ""
    return _OF_PARAMETER.get(aspect.parameter, "")


@dataclass(frozen=True)
class Heat:
    """One API's verdicts on one topic: how many fail, differ, conform, and could not be asked."""

    fails: int
    differs: int
    conforms: int
    unasked: int

    @property
    def degree(self) -> int:
        """How large a part of what was judged fails: 0 none, 1 below a hundredth, 2 a tenth, 3 half, 4 more."""
        if not self.fails:
            return 0
        share = self.fails / (self.fails + self.differs + self.conforms)
        return 1 + sum(share >= limit for limit in (0.01, 0.1, 0.5))


def measure_heat(run: LoadedRun) -> Mapping[tuple[int, str], Heat]:
    """By column and topic; a topic that an API was not asked about is left out."""
    topics = Topics(run)
    counts: dict[tuple[int, str], Counter[str]] = {}
    for judged in run.judged:
        word = _name_heat(judged)
        for topic in topics.list(judged):
            counts.setdefault((judged.column, topic), Counter())[word] += 1
    return {
        key: Heat(count["fails"], count["differs"], count["conforms"], count["unasked"])
        for key, count in counts.items()
    }


def _name_heat(judged: JudgedCase) -> str:
    if judged.failed:
        return "fails"
    if judged.differs:
        return "differs"
    return "conforms" if judged.conforms else "unasked"
