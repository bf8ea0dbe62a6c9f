"""Which of the three voices stands apart: document, oracle or implementation.

Each voice makes a statement about the same thing: a shape, a dtype, "accepted". Who says the same as whom is a pattern
of three letters, and a table rules on each pattern.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from conformance.case import Ruling


class Silence(Enum):
    """What a voice says that has no say."""

    SILENT = "silent"


SILENT = Silence.SILENT


@dataclass(frozen=True)
class Voices:
    """What each voice says of one thing. Statements are equal where the voices agree; a voice may be `SILENT`."""

    document: object
    oracle: object
    implementation: object

    def without_oracle(self) -> Voices:
        """The same, where the oracle is to have no say."""
        return replace(self, oracle=SILENT)


# Document, oracle, implementation: the same letter for the same statement, a dash for silence.
RULINGS: Mapping[str, Ruling] = {
    "aaa": Ruling.HOLDS,
    "a-a": Ruling.HOLDS,
    "aba": Ruling.ORACLE_APART,
    "abb": Ruling.DOCUMENT_WRONG,
    "aab": Ruling.IMPLEMENTATION_WRONG,
    "abc": Ruling.ALL_DIFFER,
    "a-b": Ruling.DOCUMENT_AND_IMPLEMENTATION_PART,
    "-aa": Ruling.HOLDS,
    "-ab": Ruling.DOCUMENT_SILENT,
    # Nobody confirms what the implementation did, and the document's claim was not what it led to.
    "--a": Ruling.DOCUMENT_AND_IMPLEMENTATION_PART,
}

# The rulings on an implementation that is as its document says.
KEPT = frozenset({Ruling.HOLDS, Ruling.ORACLE_APART})


def rule(voices: Voices) -> Ruling:
    """Which voice stands apart."""
    return RULINGS[describe_agreement(voices)]


def describe_agreement(voices: Voices) -> str:
    """Who says the same as whom, as a key of `RULINGS`."""
    statements: list[object] = []
    letters = ""
    for statement in (voices.document, voices.oracle, voices.implementation):
        if statement is SILENT:
            letters += "-"
            continue
        if statement not in statements:
            statements.append(statement)
        letters += "abc"[statements.index(statement)]
    return letters
