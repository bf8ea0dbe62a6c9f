"""A model's layers are looked up among the calls that a run made."""

from __future__ import annotations

import pytest

from conv_reports.__main__ import main
from conv_reports.findings.clusters import cluster, cluster_differences
from conv_reports.results.loaded import load
from conv_reports.views.model import Porter, join_call, normalise, read_layers
from conv_reports.views.porting import build_tables

PRINTED = """\
Net(
  (stem): Conv2d(3, 8, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))
  (blocks): Sequential(
    (0-2): 3 x Block(
      (a): Conv2d(6, 6, kernel_size=(3, 3), stride=(1, 1), groups=6, bias=False)
      (b): ReLU()
    )
  )
  (head): Conv2d(6, 2, kernel_size=(1, 1), stride=(1, 1))
)
"""


def test_a_printed_module_is_read_with_its_repetitions():
    layers, others = read_layers(PRINTED, ["some.nn.Conv2d"])
    assert [(layer.count, layer.keywords["0"]) for layer in layers] == [(1, "3"), (3, "6"), (1, "6")]
    assert layers[0].keywords["padding"] == "(1, 1)"
    assert others == {"ReLU": 3}


def test_a_list_of_calls_is_read():
    layers, _ = read_layers("layers:\n  - some.nn.Conv2d(3, 8, kernel_size=3)\n", ["some.nn.Conv2d"])
    assert [layer.source for layer in layers] == ["some.nn.Conv2d(3, 8, kernel_size=3)"]


@pytest.mark.parametrize(("text", "same"), [("(3, 3)", "3"), ("reflect", "'reflect'"), ("(1,)", "1"), ("[2, 2]", "2")])
def test_equal_values_have_one_text(text, same):
    assert normalise(text) == normalise(same)
    assert normalise("(1, 2)") != normalise("1")


@pytest.fixture(scope="module")
def porter(synthetic, tmp_path_factory):
    return make_porter(synthetic.write(tmp_path_factory.mktemp("model") / "results.jsonl", synthetic.records(2000)))


def make_porter(path, target="mindspore"):
    run = load([path])
    findings, differences = cluster(run), cluster_differences(run)
    tables = build_tables(run, findings, differences)
    return Porter(run, tables, (*findings, *differences), "torch", target)


def port(porter, call):
    ((layer,), _) = read_layers(call, porter.names())
    return porter.port(layer)


def test_a_layer_takes_its_own_channels_along(porter):
    said = "kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(1, 1), groups=1, padding_mode=zeros"
    one = port(porter, f"Conv2d(16, 32, {said}, bias=False)")
    assert one.call.startswith("mindspore.nn.Conv2d(in_channels=16, out_channels=32, kernel_size=3, stride=2")
    assert "pad_mode='pad', padding=1" in one.call
    assert (one.unlike, one.reason) == ((), "")


def test_a_layer_meets_what_its_cases_fail_in(porter):
    one = port(porter, "ConvTranspose2d(4, 8, kernel_size=3, stride=2, padding=1)")
    assert {finding.signature.kind for finding in one.findings} >= {"shape"}
    assert one.proven == 0


def test_a_layer_that_was_never_asked_is_told_with_the_nearest(porter):
    one = port(porter, "Conv2d(4, 8, kernel_size=(3, 3), stride=(7, 5), padding=(1, 1))")
    assert "stride=(7, 5)" in one.unlike
    assert one.proven == 0


def test_what_the_target_cannot_say_has_a_reason(porter):
    one = port(porter, "Conv2d(4, 8, kernel_size=3, stride=1, padding=1, dilation=1, groups=1, padding_mode=reflect)")
    assert (one.call, one.reason) == ("", "has no padding_mode")


def test_a_layer_that_was_never_asked_is_told_what_of_it_the_target_cannot_say(porter):
    """The nearest is the layer without its padding_mode: what that becomes would lose it without a word."""
    one = port(porter, "Conv2d(4, 8, kernel_size=(7, 7), stride=(7, 5), padding=(1, 1), padding_mode=reflect)")
    assert (one.call, one.reason) == ("", "has no padding_mode")
    assert "stride=(7, 5)" in one.unlike


def test_what_does_without_is_told(synthetic, tmp_path):
    records = synthetic.records(2000)
    for record in records:
        if record["record"] == "contract":
            record["instead"] = {"padding_mode 'reflect'": "pad(x)", "padding four": "pad more(x)"}
    porter = make_porter(synthetic.write(tmp_path / "results.jsonl", records))
    said = "kernel_size=3, stride=1, padding=1, dilation=1, groups=1"
    assert port(porter, f"Conv2d(4, 8, {said}, padding_mode=reflect)").instead == "pad(x)"
    assert port(porter, f"Conv2d(4, 8, {said})").instead == ""


def test_the_command_writes_markdown(known, tmp_path, capsys):
    model = tmp_path / "model.txt"
    model.write_text(PRINTED)
    assert main(["port", "--from", "torch", "--to", "megengine", str(model), str(known[0])]) == 0
    text = capsys.readouterr().out
    assert "# From torch to megengine" in text
    assert "5 layers, 3 of them different" in text
    assert "Not looked at: 3 ReLU." in text


@pytest.mark.parametrize(
    ("source", "text", "problem"),
    [
        ("nobody", "Conv2d(1, 2, 3)", "the run has torch, mindspore, megengine"),
        ("torch", "Linear(1, 2)", "no layer of 'torch' in it"),
        ("torch", "Conv2d(1, 2, 3, 4)", "argument 4 (4) by position: name it"),
    ],
)
def test_what_cannot_be_ported_says_why(known, tmp_path, capsys, source, text, problem):
    model = tmp_path / "model.txt"
    model.write_text(text)
    assert main(["port", "--from", source, "--to", "mindspore", str(model), str(known[0])]) == 2
    assert problem in capsys.readouterr().err


def test_what_is_given_by_position_stands_without_a_name():
    assert join_call("torch.conv2d", {"0": "x", "stride": "2"}) == "torch.conv2d(x, stride=2)"


def test_a_case_of_unusual_numbers_is_no_layer_that_is_wrong(synthetic, results):
    """Cases of subnormal numbers look as the layer does, and what they show is no failure that training meets."""
    records = synthetic.records(2000)
    said = (
        "kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(1, 1), groups=1, padding_mode=zeros, bias=False"
    )
    case = port(make_porter(results(records)), f"Conv2d(16, 32, {said})").case
    unusual = next(record for record in records if record.get("id") == case)
    unusual["inputs"]["values"] = "subnormal"
    verdict = next(one for one in records if one.get("case") == case and one["api"] == "mindspore.nn.Conv2d")
    verdict |= {"outcome": "diverges", "kind": "value", "expected": "1", "observed": "0", "authority": "mathematics"}
    verdict["rests_on"] = "a sum of products"
    one = port(make_porter(results(records)), f"Conv2d(16, 32, {said})")
    assert one.case != case
    assert "value" not in {finding.signature.kind for finding in one.findings}


def test_where_the_target_was_asked_nothing_of_it_this_is_said(synthetic, results):
    """A part of an audit may have asked the target other cases."""
    records = [
        record
        for record in synthetic.records(300)
        if record.get("target") != "mindspore" or "case" not in record or "-float64-" in record["case"]
    ]
    with pytest.raises(ValueError, match=r"torch\.nn\.Conv2d and mindspore\.\S+ were asked no case in common"):
        port(make_porter(results(records)), "Conv2d(4, 8, 3)")


@pytest.mark.parametrize(
    ("inputs", "is_told"), [({}, True), ({"values": "with_nan"}, False), ({"dtype": "float64"}, False)]
)
def test_beside_a_layer_stands_what_is_known_of_its_argument_unless_no_model_meets_it(
    synthetic, results, inputs, is_told
):
    records = [record for record in synthetic.known(500) if record.get("api") != "megengine.functional.conv2d"]
    for record in records:
        if record.get("id") == "MEG-one":
            record["title"]["en"] = "A dilation is forgotten"
    explained = {record["case"] for record in records if record.get("known") == "MEG-one"}
    for record in records:
        if record.get("id") in explained:
            record["inputs"] |= {"dtype": "float32", "values": "exact"} | inputs
    porter = make_porter(results(records), "megengine")
    said = "kernel_size=3, stride=1, padding=1, dilation=2, groups=1, bias=True"
    told = {finding.id for finding in port(porter, f"Conv2d(4, 8, {said})").findings}
    assert ("MEG-one" in told) == is_told
