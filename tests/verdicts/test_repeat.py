"""A case that was asked several times: one verdict, or an unstable one that tells what differs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from conformance.case import Authority, Kind, Outcome, Phase, Raised, Verdict
from conformance.verdicts.repeat import combine

CONFORMS = Verdict(Outcome.CONFORMS, ratio=0.5, seconds=1.0)
DIVERGES = Verdict(Outcome.DIVERGES, kind=Kind.VALUE, subject="output", observed="2.0", seconds=2.0)


def raise_with(message: str) -> Verdict:
    return Verdict(Outcome.CONFORMS, raised=Raised(Phase.FORWARD, "ValueError", (), message))


def test_one_verdict_stays_what_it_is() -> None:
    assert combine([CONFORMS]) == CONFORMS


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({"seconds": 1.0}, {"seconds": 2.0}, id="time"),
        pytest.param({"stderr": "one"}, {"stderr": "two"}, id="last words"),
        pytest.param({"ratio": math.nan}, {"ratio": math.nan}, id="not a number"),
        pytest.param({"observed": "at 0x7f12ab"}, {"observed": "at 0x55cdef"}, id="address"),
        pytest.param({"expected": "at 0x7f12ab"}, {"expected": "at 0x55cdef"}, id="address expected"),
    ],
)
def test_what_may_differ_leaves_the_first(first: dict[str, Any], second: dict[str, Any]) -> None:
    combined = combine([Verdict(Outcome.CONFORMS, **first), Verdict(Outcome.CONFORMS, **second)])
    assert repr(combined) == repr(combine([Verdict(Outcome.CONFORMS, **first)]))


def test_last_words_have_no_addresses() -> None:
    assert combine([Verdict(Outcome.CRASHED, stderr="at 0x7f12ab")]).stderr == "at 0x..."


def test_an_address_in_an_exceptions_message_may_differ() -> None:
    combined = combine([raise_with("object at 0x7f12ab"), raise_with("object at 0x55cdef")])
    assert combined.raised is not None
    assert combined.raised.message == "object at 0x..."


def test_verdicts_that_differ_are_unstable() -> None:
    combined = combine([CONFORMS, DIVERGES, CONFORMS])
    assert combined.outcome is Outcome.UNSTABLE
    assert combined.subject == "call"
    assert combined.expected == "the same verdict 3 times"
    assert (combined.authority, bool(combined.rests_on)) == (Authority.ROBUSTNESS, True)
    assert combined.seconds == 4.0


def test_an_unstable_verdict_tells_what_differs_and_how_often() -> None:
    observed = combine([CONFORMS, DIVERGES, CONFORMS]).observed
    assert observed == (
        "differs in kind, observed, outcome, ratio, subject: 2 times outcome conforms, ratio 0.5; "
        "1 times outcome diverges, kind value, subject output, observed 2.0"
    )


def test_what_holds_of_one_alone_is_told() -> None:
    observed = combine([CONFORMS, replace(CONFORMS, accident=True)]).observed
    assert observed == "differs in accident: 1 times outcome conforms; 1 times outcome conforms, accident True"


def test_a_long_value_is_cut() -> None:
    observed = combine([CONFORMS, Verdict(Outcome.CONFORMS, ratio=0.5, observed="x" * 500)]).observed
    assert "x" * 100 in observed
    assert "x" * 101 not in observed
