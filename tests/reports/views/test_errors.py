"""How an answer to an invalid call is classed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conv_reports.__main__ import main
from conv_reports.results.loaded import JudgedCase, load
from conv_reports.results.records import Case, Raised, Verdict
from conv_reports.views.errors import judge_manner, name_invalid

VERDICT = Verdict(
    case="a", target="t", api="t.Conv2d", outcome="conforms", kind="", subject="", expected="", observed="", phase="",
    raised=None, ratio=None, exact=False, worst=None, ruling="", inferred=False, call="", known="", seconds=0.0,
    offset=0, has=frozenset(),
)  # fmt: skip


def invalid(**fields):
    case = Case("a", "conv2d", {}, "", invalid=True)
    return JudgedCase(case, 0, replace(VERDICT, **fields), Path("results.jsonl"))


@pytest.mark.parametrize(
    ("outcome", "manner"),
    [
        ("crashed", "crash"),
        ("timed_out", "hang"),
        ("unavailable", "none"),
        ("diverges", "accepted"),
        ("differs", "accepted"),
    ],
)
def test_manner_without_an_exception(outcome, manner):
    assert judge_manner(invalid(outcome=outcome)) == manner


@pytest.mark.parametrize(("accident", "manner"), [(False, "checked"), (True, "accident")])
@pytest.mark.parametrize("outcome", ["conforms", "differs", "diverges"])
def test_manner_of_an_exception(outcome, accident, manner):
    raised = Raised("construct", "builtins.ValueError", (), "stride must be positive, got 0")
    assert judge_manner(invalid(outcome=outcome, raised=raised, accident=accident)) == manner


def test_an_error_that_asks_to_be_reported_is_internal():
    raised = Raised("construct", "RuntimeError", (), "please report a bug")
    assert judge_manner(invalid(outcome="diverges", kind="internal_error", raised=raised)) == "internal"


def test_a_valid_call_has_no_manner(audits):
    valid = [judged for judged in load([audits.later]).judged if not judged.case.invalid]
    assert {judge_manner(judged) for judged in valid} == {""}


def test_manners_of_an_audit(audits):
    asked = [judged for judged in load([audits.later]).judged if judged.case.invalid]
    assert [(judged.case.name, judge_manner(judged)) for judged in asked] == [
        ("stride[value:none]", "checked"),
        ("stride[value:1]", "checked"),
        ("stride[value:0]", "accepted"),
        ("stride[value:-1]", "accepted"),
    ]


@pytest.mark.parametrize(
    ("arguments", "wrong", "name"),
    [
        ({"stride": 0}, "stride", "stride=0"),
        ({"stride": {"list": [1, 2]}}, "stride", "stride=[1, 2]"),
        ({"stride": 1}, "input", "stride[value:0]"),
    ],
)
def test_an_invalid_case_is_named_by_its_value(arguments, wrong, name):
    case = Case("x.yaml::stride[value:0]", "conv2d", arguments, "", invalid=True, wrong=wrong)
    assert name_invalid(case) == name


def test_the_command_answers_a_value_in_a_line_an_api(audits, capsys):
    assert main(["errors", "stride=0", str(audits.later)]) == 0
    assert capsys.readouterr().out == "fakeflow.Conv2d: accepted\n"


def test_a_refusal_is_told_with_class_phase_and_words(audits, capsys):
    assert main(["errors", "stride = None", str(audits.later)]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("fakeflow.Conv2d: TypeError (construct; checked): ")


def test_a_value_that_nobody_tried_is_told_with_those_that_were(audits, capsys):
    assert main(["errors", "stride=77", str(audits.later)]) == 2
    assert "tried were stride=None, stride='1', stride=0, stride=-1" in capsys.readouterr().err
