"""Which voice stands apart: the table, and what must hold of it whatever the voices speak of."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.case import Ruling
from conformance.verdicts.ruling import KEPT, RULINGS, SILENT, Voices, rule
from tests.profiles import REPEATABLE

HERE, THERE, ELSEWHERE = (1, 2), (3, 4), (5, 6)


@pytest.mark.parametrize(
    ("document", "oracle", "implementation", "ruling"),
    [
        pytest.param(HERE, HERE, HERE, Ruling.HOLDS, id="all agree"),
        pytest.param(HERE, SILENT, HERE, Ruling.HOLDS, id="the two that speak agree"),
        pytest.param(HERE, THERE, HERE, Ruling.ORACLE_APART, id="against the oracle"),
        pytest.param(HERE, THERE, THERE, Ruling.DOCUMENT_WRONG, id="against the document"),
        pytest.param(HERE, HERE, THERE, Ruling.IMPLEMENTATION_WRONG, id="against the implementation"),
        pytest.param(HERE, THERE, ELSEWHERE, Ruling.ALL_DIFFER, id="each for itself"),
        pytest.param(HERE, SILENT, THERE, Ruling.DOCUMENT_AND_IMPLEMENTATION_PART, id="the two that speak part"),
        pytest.param(SILENT, HERE, THERE, Ruling.DOCUMENT_SILENT, id="against the oracle, document silent"),
        pytest.param(SILENT, HERE, HERE, Ruling.HOLDS, id="with the oracle, document silent"),
        pytest.param(SILENT, SILENT, HERE, Ruling.DOCUMENT_AND_IMPLEMENTATION_PART, id="alone"),
    ],
)
def test_which_voice_stands_apart(document: object, oracle: object, implementation: object, ruling: Ruling) -> None:
    assert rule(Voices(document, oracle, implementation)) is ruling


STATEMENTS = st.sampled_from([HERE, THERE, ELSEWHERE])
VOICES = st.builds(
    Voices, document=STATEMENTS | st.just(SILENT), oracle=STATEMENTS | st.just(SILENT), implementation=STATEMENTS
)


@settings(REPEATABLE)
@given(VOICES)
def test_every_agreement_has_a_ruling(voices: Voices) -> None:
    assert rule(voices) in Ruling


@settings(REPEATABLE)
@given(VOICES.filter(lambda voices: voices.document is not SILENT))
def test_a_promise_is_kept_where_the_implementation_says_what_the_document_says(voices: Voices) -> None:
    assert (rule(voices) in KEPT) is (voices.document == voices.implementation)


@settings(REPEATABLE)
@given(VOICES)
def test_an_oracle_without_a_say_never_stands_apart_and_blames_nobody(voices: Voices) -> None:
    assert rule(voices.without_oracle()) in (Ruling.HOLDS, Ruling.DOCUMENT_AND_IMPLEMENTATION_PART)


def test_the_table_has_no_row_for_an_implementation_that_was_not_observed() -> None:
    assert not [agreement for agreement in RULINGS if agreement.endswith("-")]
