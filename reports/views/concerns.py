"""Which arguments a known cause is about: beside those it is told, wherever the reports recommend them."""

from __future__ import annotations

import re
from functools import cached_property

from ..findings.bits import to_bits, to_mask
from ..findings.clusters import Finding
from .answers import Answers
from .aspects import PARAMETERS, Aspect, is_about

_WORD = re.compile(r"\w+")
_TYPICAL = 0.5  # of the conforming cases; what most calls give anyway says nothing of a cause


class Concerns:
    """Of one column: which of its findings and differences are about an aspect.

    What no entry explains has a learnt condition, which names its arguments. Of an entry its title names them, in the
    layer's or the vendor's words; and it is about what all its cases give while most cases that conform do not.
    """

    def __init__(self, answers: Answers, finding_of: dict[int, Finding]) -> None:
        self._answers = answers
        self._places: dict[str, list[int]] = {}
        self._findings: dict[str, Finding] = {}
        for place in to_bits(answers.failed | answers.differing):
            finding = finding_of[answers.index_of[place]]
            self._places.setdefault(finding.id, []).append(place)
            self._findings[finding.id] = finding
        self._named = {identity: self._name(finding) for identity, finding in self._findings.items()}

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(self._findings.values())

    def list_cases(self, finding: Finding, aspect: Aspect) -> int:
        """The finding's cases that have the aspect, where it is about that."""
        having = to_mask(self._places.get(finding.id, ())) & self._answers.layer.having[aspect]
        return having if having and self._is_about(finding, aspect) else 0

    def _is_about(self, finding: Finding, aspect: Aspect) -> bool:
        if finding.entry is None:
            return is_about(finding, aspect)
        return aspect.parameter in self._named[finding.id]

    def _name(self, finding: Finding) -> frozenset[str]:
        """The parameters that an entry is about."""
        if finding.entry is None:
            return frozenset()
        words = set(_WORD.findall(finding.entry.title.en.lower()))
        owned = self._answers.vocabulary.owned
        named = {name for name in PARAMETERS if words & {name, *owned[name]}}
        return frozenset(named | {name for name in PARAMETERS if self._all_give(finding, name)})

    def _all_give(self, finding: Finding, parameter: str) -> bool:
        """Whether all the cases give a parameter, while most that conform leave it at its default."""
        answers = self._answers
        having = 0
        for aspect, places in answers.layer.having.items():
            if aspect.parameter == parameter:
                having |= places
        if to_mask(self._places[finding.id]) & ~having:
            return False
        conforming = answers.conforming
        return (having & conforming).bit_count() < _TYPICAL * conforming.bit_count()
