"""The reports repeat the suite's closed sets, because they may not import it: what they repeat agrees."""

from __future__ import annotations

from conformance.apis.common import DEFAULTS
from conformance.case import Kind, Outcome, Phase, Ruling
from conformance.records.record import FORMAT
from conv_reports.output import words
from conv_reports.results import read, values


def test_the_format_is_the_writers():
    assert read.FORMAT == FORMAT


def test_outcomes_are_the_suites():
    assert sorted(read.OUTCOMES) == sorted(Outcome)


def test_kinds_are_the_suites():
    assert sorted(read.KINDS) == sorted(Kind)


def test_phases_are_the_suites_in_the_order_of_a_call():
    assert tuple(Phase) == read.PHASES


def test_every_ruling_has_a_word():
    assert {f"ruling.{ruling}" for ruling in Ruling} <= words.messages("en").keys()


def test_defaults_of_canonical_parameters_are_the_suites_in_its_order():
    assert list(values.CANONICAL.items()) == list(DEFAULTS.items())
