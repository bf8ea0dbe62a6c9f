"""Porting tables learn each vendor's words from the calls alone."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import pytest

from conv_reports.findings.clusters import cluster, cluster_differences
from conv_reports.results.loaded import LoadedRun, load
from conv_reports.views.aspects import Aspect, list_aspects
from conv_reports.views.porting import Table, build_tables
from conv_reports.views.proof import can_prove


class Learnt(NamedTuple):
    run: LoadedRun
    tables: tuple[Table, ...]

    def column(self, api):
        return next(place for place, column in enumerate(self.run.columns) if column.api == api)

    def table(self, api):
        return next(table for table in self.tables if self.column(api) in table.columns)

    def cell(self, api, parameter, form):
        table = self.table(api)
        return table.cells[table.aspects.index(Aspect(parameter, form)), self.column(api)]


def learn(path):
    run = load([path])
    return Learnt(run, build_tables(run, cluster(run), cluster_differences(run)))


@pytest.fixture(scope="module")
def learnt(synthetic, tmp_path_factory):
    return learn(synthetic.write(tmp_path_factory.mktemp("porting") / "results.jsonl", synthetic.records(500)))


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
    assert learnt.cell(api, parameter, form).code == code


def test_what_has_no_equivalent_says_why(learnt):
    cell = learnt.cell("mindspore.nn.Conv2d", "padding_mode", "'reflect'")
    assert (cell.conforms, cell.example, cell.reason) == (0, None, "has no padding_mode")


@pytest.mark.parametrize(
    ("api", "parameter", "form", "is_named"),
    [
        ("megengine.module.Conv2d", "dilation", "int", True),
        ("megengine.module.Conv2d", "stride", "int", False),
    ],
)
def test_rows_name_only_the_findings_that_are_about_them(learnt, api, parameter, form, is_named):
    assert bool(learnt.cell(api, parameter, form).findings) == is_named


@pytest.mark.parametrize(("form", "is_named"), [("float64", True), ("float16", False)])
def test_rows_name_only_the_differences_that_are_about_them(learnt, form, is_named):
    cell = learnt.cell("mindspore.nn.Conv2d", "dtype", form)
    assert (bool(cell.differences), bool(cell.differs)) == (is_named, is_named)
    assert not cell.findings


def test_a_call_that_differs_still_shows_how_it_is_said(results, synthetic):
    records = synthetic.records(150)
    for record in records:
        if record.get("api") == "torch.nn.Conv2d" and record.get("outcome") == "conforms":
            record |= {"outcome": "differs", "kind": "dtype", "subject": "output", "direction": "other_dtype"}
    cell = learn(results(records)).cell("torch.nn.Conv2d", "stride", "int")
    assert (cell.code, cell.conforms) == ("stride=2", 0)


def test_proven_counts_cases_that_prove_and_conform_in_values_on_both(learnt):
    first, second = learnt.column("torch.nn.Conv2d"), learnt.column("megengine.module.Conv2d")
    conforming = {first: set(), second: set()}
    for judged in learnt.run.judged:
        if judged.column in conforming and judged.conforms and not judged.case.api and not judged.case.invalid:
            conforming[judged.column].add(judged.case.id)
    table = learnt.table("torch.nn.Conv2d")
    proven = table.pair(first, second).proven
    assert any(proven)
    for row, aspect in enumerate(table.aspects):
        both = [learnt.run.cases[case] for case in conforming[first] & conforming[second]]
        assert proven[row] == sum(aspect in list_aspects(case) and can_prove(case, aspect) for case in both)


def stand(learnt, source, target, parameter, form):
    table = learnt.table(source)
    pair = table.pair(learnt.column(source), learnt.column(target))
    return pair.standings[table.aspects.index(Aspect(parameter, form))]


def test_a_row_without_compared_values_is_not_proven(results, synthetic):
    records = synthetic.records(300)
    for record in records:
        if record.get("api") == "megengine.module.Conv2d" and record.get("outcome") == "conforms":
            record["compared"] = ["call", "shape"]
    learnt = learn(results(records))
    table = learnt.table("torch.nn.Conv2d")
    pair = table.pair(learnt.column("torch.nn.Conv2d"), learnt.column("megengine.module.Conv2d"))
    assert not any(pair.proven)
    assert "proven" not in pair.standings


def test_what_is_not_proven_is_impossible_contradicted_or_untested(learnt):
    reflect = ("padding_mode", "'reflect'")
    assert stand(learnt, "torch.nn.Conv2d", "mindspore.nn.Conv2d", *reflect) == "impossible"
    assert stand(learnt, "torch.nn.Conv2d", "mindspore.nn.Conv2d", "dtype", "float64") == "contradicted"
    assert stand(learnt, "torch.nn.Conv2d", "mindspore.mint.nn.Conv2d", "stride", "int") == "untested"
    assert stand(learnt, "torch.nn.Conv2d", "torch.nn.functional.conv2d", "stride", "int") == "proven"


def list_shared(learnt):
    """(table, pair of columns, row, how both say the row) of all tables."""
    for table in learnt.tables:
        for columns, pair in table.pairs.items():
            for row, shared in enumerate(pair.shared):
                if shared is not None:
                    yield table, columns, row, shared


def test_both_columns_of_a_row_speak_of_the_same_case(learnt):
    for table, columns, row, shared in list_shared(learnt):
        first, second = learnt.run.judged[shared.first], learnt.run.judged[shared.second]
        assert first.case is second.case
        assert (first.column, second.column) == columns
        assert table.aspects[row] in list_aspects(first.case)


def test_where_a_row_is_proven_its_example_conforms_on_both(learnt):
    for table, columns, row, shared in list_shared(learnt):
        if table.pairs[columns].proven[row]:
            assert learnt.run.judged[shared.first].conforms
            assert learnt.run.judged[shared.second].conforms


def test_a_pair_turned_twice_is_itself(learnt):
    for table in learnt.tables:
        for (first, second), pair in table.pairs.items():
            assert table.pair(first, second) is pair
            assert table.pair(second, first).turn() == pair


@pytest.mark.parametrize(("parameter", "code"), [("stride", "stride=2"), ("padding", "padding=1")])
def test_keywords_left_out_at_their_default_are_found_too(results, synthetic, parameter, code):
    records = synthetic.records(300)
    for number, record in enumerate(records):
        if record["record"] == "verdict" and "call" in record:
            record["call"] = record["call"].replace(", stride=1", "").replace(", padding=0", "", number % 2)
    assert learn(results(records)).cell("torch.nn.Conv2d", parameter, "int").code == code


# A layer on two APIs that conform in everything: one knows "same", the other has to compute its padding.
APIS = {"torch.nn.ConvTranspose2d": "torch", "mindspore.nn.Conv2dTranspose": "mindspore"}
DEFAULTS = {
    "torch.nn.ConvTranspose2d": {"pad": "0", "kernel": "1", "order": "'C'"},
    "mindspore.nn.Conv2dTranspose": {"pad_mode": "'same'", "padding": "0", "fancy": "None"},
}
PADDINGS = [None, 1, [1, 2], "same", [1, 1, 2, 2], [2, 1, 3, 1]]


def state_padding(padding):
    """For the API that knows "same"."""
    if padding is None:
        return {}
    if padding == "same":
        return {"pad_mode": "same"}
    return {"pad_mode": "pad", "padding": padding}


def compute_padding(kernel, padding):
    """For the API that does not."""
    if padding is None:
        return {}
    if padding == "same":
        return {"pad": (kernel - 1) // 2}
    if isinstance(padding, list) and len(padding) == 4:
        return {"pad": padding[::2], "extra": [padding[0] - padding[1], padding[2] - padding[3]]}
    return {"pad": padding}


def write_call(api, arguments):
    shown = {name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()}
    return f"{api}({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


def make_records(synthetic):
    records = [synthetic.header(), *synthetic.targets()]
    for kernel, padding, extra in itertools.product([3, 5, 7], PADDINGS, [0, [0, 0], [1, 2]]):
        if extra != 0 and isinstance(padding, list) and len(padding) == 4:
            continue
        case = f"made.yaml::{kernel}-{padding}-{extra}"
        arguments = {"out_channels": 3, "kernel_size": kernel, "output_padding": extra}
        if padding is not None:
            arguments["padding"] = padding
        records.append({"record": "case", "id": case, "layer": "conv_transpose2d", "arguments": arguments,
                        "clause": "", "inputs": {"shape": [1, 2, 5, 4], "dtype": "float32"}})  # fmt: skip
        calls = {
            "torch.nn.ConvTranspose2d": {"extra": extra, "kernel": kernel, **compute_padding(kernel, padding)},
            "mindspore.nn.Conv2dTranspose": {"kernel_size": kernel, **state_padding(padding), "output_padding": extra},
        }
        for api, keywords in calls.items():
            records.append({"record": "verdict", "case": case, "target": APIS[api], "api": api,
                            "outcome": "conforms", "compared": ["values"], "call": write_call(api, keywords)})  # fmt: skip
    for api, defaults in DEFAULTS.items():
        records.append({"record": "contract", "api": api, "target": APIS[api], "weight": "", "bias": "",
                        "defaults": defaults})  # fmt: skip
    return [*records, synthetic.footer(records)]


class Small(NamedTuple):
    """The one table of that layer, whose one pair is the two APIs."""

    table: Table

    @property
    def pair(self):
        return self.table.pair(*self.table.columns)

    def row(self, parameter, form):
        return self.table.aspects.index(Aspect(parameter, form))

    def codes(self, parameter, form):
        shared = self.pair.shared[self.row(parameter, form)]
        return {shared.first_code, shared.second_code}

    def where(self, parameter, form):
        return self.pair.shared[self.row(parameter, form)].where


@pytest.fixture(scope="module")
def small(synthetic, tmp_path_factory):
    path = synthetic.write(tmp_path_factory.mktemp("porting") / "small.jsonl", make_records(synthetic))
    (table,) = learn(path).tables
    return Small(table)


def test_what_depends_on_other_parameters_says_on_which(small):
    assert small.codes("padding", "'same'") == {"pad=1", "pad_mode='same'"}
    assert small.where("padding", "'same'") == "kernel_size=3, stride=1, dilation=1"


def test_what_depends_on_nothing_says_so(small):
    assert small.codes("padding", "int") == {"pad=1", "pad_mode='pad', padding=1"}
    assert small.where("padding", "int") == ""
    assert small.where("kernel_size", "int") == ""


def test_a_keyword_that_another_parameter_needs_is_told_with_it(small):
    assert small.codes("padding", "four") == {"extra=(1, 2), pad=(2, 3)", "pad_mode='pad', padding=(2, 1, 3, 1)"}
    assert small.where("padding", "four") == "kernel_size=3, stride=1, dilation=1"


@pytest.mark.parametrize("form", ["four", "opposite"])
def test_four_sides_of_which_opposite_ones_are_equal_are_no_proof_of_four(small, form):
    assert small.pair.proven[small.row("padding", form)] == 3


def test_a_pair_of_defaults_is_no_way_of_its_own(small):
    assert any("(1, 2)" in code for code in small.codes("output_padding", "pair"))
    assert small.pair.proven[small.row("output_padding", "pair")] == 12


def test_defaults_are_compared_by_what_they_mean(small):
    assert {one.name: {one.first, one.second} for one in small.pair.defaults} == {
        "padding": {"pad=0", "pad_mode='same', padding=0"},
        "kernel_size": {"kernel=1", ""},
        "order": {"order='C'", ""},
        "fancy": {"fancy=None", ""},
    }


def test_a_default_is_said_in_the_others_words(learnt):
    source, target = learnt.column("torch.nn.Conv2d"), learnt.column("mindspore.nn.Conv2d")
    pair = learnt.table("torch.nn.Conv2d").pair(source, target)
    bias = next(one for one in pair.defaults if one.name == "bias")
    assert (bias.first, bias.second) == ("bias=True", "has_bias=False")
    assert (bias.say_first, bias.say_second) == ("bias=False", "has_bias=True")


def test_defaults_that_could_not_be_read_are_not_compared(synthetic, results):
    records = synthetic.records(60)
    for record in records:
        if record["record"] == "contract" and record["target"] == "torch":
            del record["defaults"]
    run, tables = learn(results(records))
    for table in tables:
        for columns, pair in table.pairs.items():
            frameworks = {run.columns[column].target.name for column in columns}
            assert "torch" not in frameworks or pair.defaults == ()


def test_what_no_keyword_says_the_arrays_say(small):
    unsaid = {small.table.aspects[row].parameter for (row, _), cell in small.table.cells.items() if cell.unsaid}
    assert unsaid == {"bias"}
