"""Markdown shows what the results say, and nothing in it acts."""

from __future__ import annotations

import pytest

from conv_reports.output.escaping import escape, tick, to_code_line
from conv_reports.output.markdown import Route, write_porting_tables
from conv_reports.results.loaded import load

HOSTILE = "a|b\n# <img src=x onerror=alert(1)> [x](javascript:1) `@everyone`"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", r"a\|b"),
        ("# title", r"\# title"),
        ("<img>", "&lt;img&gt;"),
        ("[x](y)", r"\[x\]\(y\)"),
        ("@all", "&#64;all"),
        ("one\n\ntwo", "one two"),
        ("a\u202eb", r"a⟨U\+202E⟩b"),
    ],
)
def test_text_is_escaped(text, escaped):
    assert escape(text) == escaped


@pytest.mark.parametrize(
    ("text", "code"),
    [("", ""), ("a", "`a`"), ("a|b", r"`a\|b`"), ("a`b", "`` a`b ``"), ("``", "``` `` ```"), ("a\nb", "`a b`")],
)
def test_code_stays_within_its_fence(text, code):
    assert tick(text) == code


def test_a_line_of_a_block_cannot_end_it():
    assert to_code_line("x\n```\ny") == "x ''' y"


@pytest.fixture
def hostile_text(results, synthetic):
    records = synthetic.records(60)
    for record in records:
        if record["record"] == "verdict" and record["outcome"] == "no_equivalent":
            record["observed"] = HOSTILE
    return write_porting_tables(load([results(records)]), "en")


@pytest.mark.parametrize("markup", ["<img", "[x](", "@everyone"])
def test_porting_tables_are_inert(hostile_text, markup):
    assert markup not in hostile_text


def test_no_text_ends_a_cell(hostile_text):
    rows = [line for line in hostile_text.splitlines() if line.startswith("| padding")]
    assert rows
    assert all(row.replace(r"\|", "").count("|") == 6 for row in rows)


def test_differences_remain_beside_failures(results, synthetic):
    text = write_porting_tables(load([results(synthetic.records(500))]), "en")
    assert "differing: stricter than others" in text.replace("\\", "")


def test_a_failure_that_no_row_names_says_what_it_rests_on(results, synthetic):
    records = synthetic.records(150)
    conforming = [record for record in records if record.get("outcome") == "conforms" and "ruling" not in record]
    conforming[0] |= {
        "outcome": "unstable", "authority": "robustness", "rests_on": f"{HOSTILE}", "observed": "another"
    }  # fmt: skip
    text = write_porting_tables(load([results(records)]), "en")
    assert "Rests on robustness" in text
    assert "<img" not in text


def test_every_pair_of_frameworks_has_a_table(results):
    text = write_porting_tables(load([results()]), "zh")
    assert text.count("\n## ") + text.startswith("## ") == 2 * (2 * 2 * 3)
    assert "从 torch.nn.Conv2d 到 mindspore.nn.Conv2d" in text


def test_a_route_leads_either_way(results):
    run = load([results()])
    there = write_porting_tables(run, "en", Route("torch.nn.Conv2d", "mindspore.nn.Conv2d"))
    back = write_porting_tables(run, "en", Route("mindspore.nn.Conv2d", "torch.nn.Conv2d"))
    assert "| bias True | `bias=True` | `has_bias=True` |" in there
    assert "| bias True | `has_bias=True` | `bias=True` |" in back
