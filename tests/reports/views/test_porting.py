"""Porting tables learn each vendor's words from the calls alone."""

from __future__ import annotations

import itertools

import pytest

from conv_reports.findings.clusters import cluster
from conv_reports.output import markdown
from conv_reports.results.loaded import load
from conv_reports.views import porting
from conv_reports.views.porting import keywords


@pytest.fixture(scope="module")
def learnt(synthetic, tmp_path_factory):
    path = synthetic.write(tmp_path_factory.mktemp("porting") / "results.jsonl", synthetic.records(500))
    run = load([path])
    return run, porting.tables(run, cluster(run))


def cell(learnt, api, parameter, form):
    run, tables = learnt
    for table in tables:
        for column in table.columns:
            if run.columns[column].api == api:
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
    run, tables = learnt
    table = next(table for table in tables if table.layer == "conv2d")
    columns = {run.columns[column].api: column for column in table.columns}
    a, b = columns["torch.nn.Conv2d"], columns["megengine.module.Conv2d"]
    for row, aspect in enumerate(table.aspects):
        by_case = {}
        for entry in run.entries:
            if (
                entry.verdict.outcome == "conforms"
                and entry.column in (a, b)
                and not entry.case.api
                and not entry.case.invalid
            ):
                by_case.setdefault(entry.case.id, set()).add(entry.column)
        both = [case for case, seen in by_case.items() if seen == {a, b}]
        assert table.proven[row, min(a, b), max(a, b)] == sum(
            aspect in set(porting.aspects(run.cases[case])) for case in both
        )


def test_both_columns_of_a_row_speak_of_the_same_case(learnt):
    run, tables = learnt
    for table in tables:
        for (row, a, b), shared in table.shared.items():
            first, second = run.entries[shared.first], run.entries[shared.second]
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
    run = load([results(records)])
    tables = porting.tables(run, cluster(run))
    assert cell((run, tables), "torch.nn.Conv2d", "stride", "int").code == "stride=2"
    assert cell((run, tables), "torch.nn.Conv2d", "padding", "int").code == "padding=1"


def test_markdown_is_inert(results, synthetic):
    records = synthetic.records(60)
    for record in records:
        if record["record"] == "verdict" and record["outcome"] == "no_equivalent":
            record["observed"] = "a|b\n# <img src=x onerror=alert(1)> [x](javascript:1) `@everyone`"
    text = markdown.porting_tables(load([results(records)]), "en")
    assert "<img" not in text
    assert "[x](" not in text
    assert "@everyone" not in text
    assert all(line.count("|") >= 6 for line in text.splitlines() if line.startswith("| padding"))


def test_every_pair_of_frameworks_has_a_table(results):
    text = markdown.porting_tables(load([results()]), "zh")
    assert text.count("\n## ") + text.startswith("## ") == 2 * (2 * 2 * 3)
    assert "从 torch.nn.Conv2d 到 mindspore.nn.Conv2d" in text


def calls(kernel, padding):
    """The same transposed layer in an API that knows "same", and in one that has to compute it."""
    stated = {"kernel_size": kernel} | ({} if padding is None else {"padding": padding})
    same = (
        {"pad_mode": "same"}
        if padding == "same"
        else {}
        if padding is None
        else {"pad_mode": "pad", "padding": padding}
    )
    computed = {"kernel": kernel}
    if padding == "same":
        computed["pad"] = (kernel - 1) // 2
    elif isinstance(padding, list) and len(padding) == 4:
        computed |= {"pad": padding[::2], "extra": [padding[0] - padding[1], padding[2] - padding[3]]}
    elif padding is not None:
        computed["pad"] = padding
    return stated, {"kernel_size": kernel, **same}, computed


@pytest.fixture
def small(synthetic, results):
    """Tables of one layer on two APIs that conform in everything."""
    made = [synthetic.header(), *synthetic.targets()]
    apis = {"torch.nn.ConvTranspose2d": "torch", "mindspore.nn.Conv2dTranspose": "mindspore"}
    paddings = [None, 1, [1, 2], "same", [1, 1, 2, 2], [2, 1, 3, 1]]
    for kernel, padding, extra in itertools.product([3, 5, 7], paddings, [0, [0, 0], [1, 2]]):
        stated, same, computed = calls(kernel, padding)
        if extra != 0 and isinstance(padding, list) and len(padding) == 4:
            continue
        stated, computed = stated | {"output_padding": extra}, {"extra": extra} | computed
        identity = f"made.yaml::{kernel}-{padding}-{extra}"
        made.append({"record": "case", "id": identity, "layer": "conv_transpose2d", "arguments": stated, "clause": "",
                     "inputs": {"shape": [1, 2, 5, 4], "dtype": "float32"}})  # fmt: skip
        for api, said in zip(apis, (computed, same | {"output_padding": extra}), strict=True):
            source = ", ".join(f"{name}={tuple(v) if isinstance(v, list) else v!r}" for name, v in said.items())
            made.append({"record": "verdict", "case": identity, "target": apis[api], "api": api,
                         "outcome": "conforms", "call": f"{api}({source})"})  # fmt: skip
    defaults = [{"pad": "0", "kernel": "1", "order": "'C'"}, {"pad_mode": "'same'", "padding": "0", "fancy": "None"}]
    for (api, target), found in zip(apis.items(), defaults, strict=True):
        made.append({"record": "contract", "api": api, "target": target, "weight": "", "bias": "", "defaults": found})
    count = sum(one["record"] == "verdict" for one in made)
    made.append({"record": "footer", "complete": True, "finished": "", "verdicts": count})
    run = load([results(made)])
    (table,) = porting.tables(run, cluster(run))
    return table


def shared(table, parameter, form):
    """(what the first API is told, what the second is, where) of a row."""
    row = table.aspects.index(porting.Aspect(parameter, form))
    a, b = table.columns
    found = table.shared[row, a, b]
    return {found.first_code, found.second_code}, found.where


def test_what_depends_on_other_parameters_says_on_which(small):
    assert shared(small, "padding", "'same'") == ({"pad=1", "pad_mode='same'"}, "kernel_size=3, stride=1, dilation=1")
    assert shared(small, "padding", "int") == ({"pad=1", "pad_mode='pad', padding=1"}, "")
    assert shared(small, "kernel_size", "int")[1] == ""


def test_a_keyword_that_another_parameter_needs_is_told_with_it(small):
    assert shared(small, "padding", "four") == (
        {"extra=(1, 2), pad=(2, 3)", "pad_mode='pad', padding=(2, 1, 3, 1)"},
        "kernel_size=3, stride=1, dilation=1",
    )


def test_four_sides_of_which_opposite_ones_are_equal_are_no_proof_of_four(small):
    assert porting.Aspect("padding", "opposite") in small.aspects
    four, opposite = (small.aspects.index(porting.Aspect("padding", form)) for form in ("four", "opposite"))
    a, b = small.columns
    assert (small.proven[four, a, b], small.proven[opposite, a, b]) == (3, 3)


def test_a_pair_of_defaults_is_no_way_of_its_own(small):
    row = small.aspects.index(porting.Aspect("output_padding", "pair"))
    assert "(1, 2)" in " ".join(shared(small, "output_padding", "pair")[0])
    assert small.proven[(row, *small.columns)] == 12


def test_defaults_are_compared_by_what_they_mean(small):
    ((_, rows),) = small.defaults.items()
    found = {name: set(sides) for name, *sides in rows}
    assert found["padding"] == {"pad=0", "pad_mode='same', padding=0"}
    assert found["order"] == {"order='C'", ""}
    assert found["fancy"] == {"fancy=None", ""}
    assert set(found) == {"padding", "kernel_size", "order", "fancy"}


def test_defaults_that_could_not_be_read_are_not_compared(small, synthetic, results):
    made = synthetic.records(60)
    for record in made:
        if record["record"] == "contract" and record["target"] == "torch":
            record.pop("defaults", None)
    run = load([results(made, "unread.jsonl")])
    for table in porting.tables(run, cluster(run)):
        for (a, b), rows in table.defaults.items():
            if "torch" in (run.columns[a].target.name, run.columns[b].target.name):
                assert rows == ()


def test_what_no_keyword_says_the_arrays_say(small):
    assert {small.aspects[row].parameter for row, _ in small.unsaid} == {"bias"}
