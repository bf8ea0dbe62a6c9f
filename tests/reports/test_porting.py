"""Porting tables learn each vendor's words from the calls alone."""

from __future__ import annotations

import pytest

from reports import findings, markdown, porting, run
from reports.porting import keywords


@pytest.fixture(scope="module")
def learnt(synthetic, tmp_path_factory):
    path = synthetic.write(tmp_path_factory.mktemp("porting") / "results.jsonl", synthetic.records(500))
    loaded = run.load([path])
    return loaded, porting.tables(loaded, findings.cluster(loaded))


def cell(learnt, api, parameter, form):
    loaded, tables = learnt
    for table in tables:
        for column in table.columns:
            if loaded.columns[column].api == api:
                row = [(aspect.parameter, aspect.form) for aspect in table.aspects].index((parameter, form))
                return table.cells[row, column]
    raise AssertionError(api)


@pytest.mark.parametrize(
    ("api", "parameter", "form", "code"),
    [
        ("torch.nn.Conv2d", "padding", "'same'", "padding='same'"),
        ("mindspore.nn.Conv2d", "padding", "'same'", "pad_mode='same'"),
        ("mindspore.nn.Conv2d", "padding", "int", "pad_mode='pad', padding=1"),
        ("mindspore.nn.Conv2d", "bias", "False", "has_bias=False"),
        ("mindspore.nn.Conv2d", "groups", "depthwise", "group=4"),
        ("megengine.module.Conv2d", "stride", "pair", "stride=(2, 1)"),
    ],
)
def test_keywords_are_found_that_say_a_parameter(learnt, api, parameter, form, code):
    assert cell(learnt, api, parameter, form).code == code


def test_what_has_no_equivalent_says_why(learnt):
    found = cell(learnt, "mindspore.nn.Conv2d", "padding_mode", "'reflect'")
    assert (found.conforms, found.example, found.reason) == (0, None, "has no padding_mode")


def test_rows_name_only_the_findings_that_are_about_them(learnt):
    assert cell(learnt, "megengine.module.Conv2d", "dilation", "int").findings
    assert not cell(learnt, "megengine.module.Conv2d", "stride", "int").findings
    assert cell(learnt, "mindspore.nn.Conv2d", "dtype", "float64").findings
    assert not cell(learnt, "mindspore.nn.Conv2d", "dtype", "float16").findings


def test_proven_counts_cases_that_conform_on_both(learnt):
    loaded, tables = learnt
    table = next(table for table in tables if table.layer == "conv2d")
    columns = {loaded.columns[column].api: column for column in table.columns}
    a, b = columns["torch.nn.Conv2d"], columns["megengine.module.Conv2d"]
    for row, aspect in enumerate(table.aspects):
        by_case = {}
        for entry in loaded.entries:
            if (
                entry.verdict.outcome == "conforms"
                and entry.column in (a, b)
                and not entry.case.api
                and not entry.case.invalid
            ):
                by_case.setdefault(entry.case.id, set()).add(entry.column)
        both = [case for case, seen in by_case.items() if seen == {a, b}]
        assert table.proven[row, min(a, b), max(a, b)] == sum(
            aspect in set(porting.aspects(loaded.cases[case])) for case in both
        )


def test_both_columns_of_a_row_speak_of_the_same_case(learnt):
    loaded, tables = learnt
    for table in tables:
        for (row, a, b), shared in table.shared.items():
            first, second = loaded.entries[shared.first], loaded.entries[shared.second]
            assert first.case is second.case
            assert (first.column, second.column) == (a, b)
            assert table.aspects[row] in set(porting.aspects(first.case))
            if table.proven[row, a, b]:
                assert first.verdict.outcome == second.verdict.outcome == "conforms"


def test_calls_are_taken_apart():
    assert keywords("a.b(1, (2, 3), x='a,b(', y=[1, {2: 3}], w=<tensor of shape (1, 2)>)") == {
        "0": "1", "1": "(2, 3)", "x": "'a,b('", "y": "[1, {2: 3}]", "w": "<tensor of shape (1, 2)>",
    }  # fmt: skip
    assert keywords("no call") == {}


def test_keywords_left_out_at_their_default_are_found_too(results, synthetic):
    records = synthetic.records(300)
    for number, record in enumerate(records):
        if record["record"] == "verdict" and "call" in record:
            record["call"] = record["call"].replace(", stride=1", "").replace(", padding=0", "", number % 2)
    loaded = run.load([results(records)])
    tables = porting.tables(loaded, findings.cluster(loaded))
    assert cell((loaded, tables), "torch.nn.Conv2d", "stride", "int").code == "stride=2"
    assert cell((loaded, tables), "torch.nn.Conv2d", "padding", "int").code == "padding=1"


def test_markdown_is_inert(results, synthetic):
    records = synthetic.records(60)
    for record in records:
        if record["record"] == "verdict" and record["outcome"] == "no_equivalent":
            record["observed"] = "a|b\n# <img src=x onerror=alert(1)> [x](javascript:1) `@everyone`"
    text = markdown.porting_tables(run.load([results(records)]), "en")
    assert "<img" not in text
    assert "[x](" not in text
    assert "@everyone" not in text
    assert all(line.count("|") >= 6 for line in text.splitlines() if line.startswith("| padding"))


def test_every_pair_of_frameworks_has_a_table(results):
    text = markdown.porting_tables(run.load([results()]), "zh")
    assert text.count("\n## ") + text.startswith("## ") == 2 * (2 * 2 * 3)
    assert "从 torch.nn.Conv2d 到 mindspore.nn.Conv2d" in text
