"""The reports repeat the suite's closed sets, because they may not import it: what they repeat agrees."""

from __future__ import annotations

from conformance.apis.common import DEFAULTS
from conformance.case import (
    Aspect,
    Authority,
    Direction,
    Docstring,
    DocumentKind,
    Kind,
    Outcome,
    Phase,
    Ruling,
    Severity,
)
from conformance.records.record import FORMAT
from conv_reports.output import words
from conv_reports.results import records, values


def test_the_format_is_the_writers():
    assert records.FORMAT == FORMAT


def test_outcomes_are_the_suites():
    assert sorted(records.OUTCOMES) == sorted(Outcome)


def test_kinds_are_the_suites():
    assert sorted(records.KINDS) == sorted(Kind)


def test_phases_are_the_suites_in_the_order_of_a_call():
    assert tuple(Phase) == records.PHASES


def test_authorities_are_the_suites():
    assert tuple(Authority) == records.AUTHORITIES


def test_directions_are_the_suites():
    assert tuple(Direction) == records.DIRECTIONS


def test_aspects_are_the_suites():
    assert tuple(Aspect) == records.ASPECTS


def test_kinds_of_documents_are_the_suites():
    assert tuple(DocumentKind) == records.SOURCE_KINDS


def test_standings_of_the_docstring_are_the_suites():
    assert tuple(Docstring) == records.DOCSTRINGS


def test_severities_are_the_suites_in_their_order():
    assert tuple(Severity) == records.SEVERITIES


def test_every_ruling_has_a_word():
    assert {f"ruling.{ruling}" for ruling in Ruling} <= words.messages("en").keys()


def test_defaults_of_canonical_parameters_are_the_suites_in_its_order():
    assert list(values.CANONICAL_DEFAULTS.items()) == list(DEFAULTS.items())
