"""The command line: what it writes, what it refuses, how it exits."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from xml.etree import ElementTree

import pytest

from conv_reports import representatives
from conv_reports.__main__ import main
from conv_reports.results.loaded import load


def test_page_is_written_and_nothing_beside_it(audits, tmp_path, capsys):
    out = tmp_path / "page.html"
    assert main([str(audits.later), "-o", str(out)]) == 0
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert capsys.readouterr().out == f"{out}\n"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["nowhere.jsonl"], "nowhere.jsonl: cannot be read: No such file"),
        (["query", "colour:blue", "{results}"], "there is no field 'colour'"),
        (["badge", "{results}", "--api", "fakeflow.Conv3d"], "no verdicts on 'fakeflow.Conv3d'; the run has fakeflow."),
        (["porting", "{results}", "--from", "fakeflow.Conv2d", "--to", "none"], "no layer was asked of both"),
        (["{results}", "-o", "/nowhere/page.html"], "/nowhere/.page.html.partial: No such file"),
    ],
    ids=["a file", "a query's field", "an API", "a pair of APIs", "a folder"],
)
def test_mistakes_are_named(audits, capsys, arguments, problem):
    assert main([argument.replace("{results}", str(audits.later)) for argument in arguments]) == 2
    assert problem in capsys.readouterr().err


def test_half_a_route_is_refused(audits, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["porting", str(audits.later), "--from", "fakeflow.Conv2d"])
    assert "--from and --to go together" in capsys.readouterr().err


def test_help_is_there(capsys):
    assert main(["--help"]) == 0
    assert capsys.readouterr().out.startswith("python -m reports RESULTS...")


def test_without_arguments_help_is_an_error(capsys):
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("python -m reports RESULTS...")


@pytest.mark.parametrize("command", ["diff", "query", "porting", "summary", "badge"])
def test_help_of_every_command_is_there(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert f"python -m reports {command}" in capsys.readouterr().out


def test_it_runs_as_a_module(audits):
    command = [sys.executable, "-m", "conv_reports", "summary", str(audits.later)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["complete"] is True


@pytest.mark.process
def test_reports_imports_no_test_runner_and_no_framework():
    forbidden = {"pytest", "_pytest", "execnet", "torch", "mindspore", "megengine", "conformance", "conv_reference"}
    code = "import sys, conv_reports.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not forbidden & set(done.stdout.split())


def test_query_prints_a_line_a_verdict(audits, capsys):
    assert main(["query", "status:crashed", str(audits.later)]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    crashed = [judged for judged in load([audits.later]).judged if judged.verdict.outcome == "crashed"]
    assert [case for _, _, _, case, _ in lines] == [judged.case.id for judged in crashed]
    assert {outcome for outcome, *_ in lines} == {"crashed"}
    assert all("SIGFPE" in seen for *_, seen in lines)


def test_query_counts(audits, capsys):
    assert main(["query", "status:crashed", "--count", str(audits.later)]) == 0
    assert capsys.readouterr().out == "3\n"


def test_query_that_finds_nothing_exits_by_that(audits):
    assert main(["query", "status:timed_out", str(audits.later)]) == 1


def test_query_knows_what_changed(audits, capsys):
    arguments = ["query", "changed:worse", str(audits.later), "--since", str(audits.earlier), "--count"]
    assert main(arguments) == 0
    assert capsys.readouterr().out == "3\n"


def test_diff_of_the_same_run_exits_by_0(audits):
    assert main(["diff", str(audits.later), str(audits.later)]) == 0


def test_diff_with_what_got_better_exits_by_0(audits):
    assert main(["diff", str(audits.later), str(audits.earlier)]) == 0


def test_diff_with_what_got_worse_exits_by_1_and_names_it(audits, capsys):
    assert main(["diff", str(audits.earlier), str(audits.later)]) == 1
    text = capsys.readouterr().out
    assert "worse: fakeflow.Conv2d: conforms -> crashed" in text
    assert "conv2d/kernel.yaml::kernel[k:3-size:6]" in text


def test_diff_in_markdown(audits, capsys):
    assert main(["diff", str(audits.earlier), str(audits.later), "--format", "markdown"]) == 1
    assert "| worse | 3 |" in capsys.readouterr().out


def test_diff_as_a_page(audits, tmp_path):
    out = tmp_path / "diff.html"
    assert main(["diff", str(audits.earlier), str(audits.later), "--format", "html", "-o", str(out)]) == 1
    assert "#changes" in out.read_text(encoding="utf-8")


def test_diff_warns_of_an_incomplete_run(results, audited_records, capsys):
    whole = results(audited_records, "a.jsonl")
    cut = results(audited_records[:-1], "b.jsonl")
    assert main(["diff", str(whole), str(cut)]) == 0
    assert "warning: b.jsonl is incomplete: no footer" in capsys.readouterr().out


def test_summary_counts_what_the_results_hold(audits, capsys):
    main(["summary", str(audits.later)])
    summary = json.loads(capsys.readouterr().out)
    run = load([audits.later])
    (api,) = summary["apis"]
    assert api["verdicts"] == len(run.judged)
    assert api["outcomes"] == Counter(judged.verdict.outcome for judged in run.judged)
    assert api["kinds"] == {"value": 3, "wrongly_rejected": 1}
    assert api["authorities"] == {"mathematics": 3, "own_document": 1, "robustness": 3}
    assert api["directions"] == {"more_permissive": 2, "stricter": 3}


def test_summary_says_what_the_findings_rest_on(audits, capsys):
    main(["summary", str(audits.later)])
    summary = json.loads(capsys.readouterr().out)
    assert summary["authorities"] == {"own_document": 1, "mathematics": 1, "robustness": 1}
    assert summary["findings"] == 3
    assert summary["differs"] == 5


def test_summary_says_how_many_conforming_verdicts_compared_values(audits, audited_records, capsys):
    main(["summary", str(audits.later)])
    summary = json.loads(capsys.readouterr().out)
    compared = [record["compared"] for record in audited_records if record.get("outcome") == "conforms"]
    with_values = sum("values" in aspects for aspects in compared)
    assert 0 < with_values < len(compared)
    assert (summary["conforming"], summary["values_compared"]) == (len(compared), with_values)
    assert summary["apis"][0]["values_compared"] == with_values


def test_summary_counts_sentences_that_accuse_nobody(results, capsys):
    main(["summary", str(results())])
    summary = json.loads(capsys.readouterr().out)
    assert (summary["outdated_sentences"], summary["announced_sentences"]) == (1, 1)


def test_a_file_without_authorities_says_so(results, synthetic, capsys):
    records = synthetic.records(60)
    for record in records:
        record.pop("authority", None)
    main(["summary", str(results(records))])
    summary = json.loads(capsys.readouterr().out)
    assert summary["authorities"]["unnamed"] == summary["findings"] > 0


def test_summary_names_what_was_not_audited(results, capsys):
    main(["summary", str(results())])
    summary = json.loads(capsys.readouterr().out)
    assert summary["unavailable"] == {"npu": "no interpreter at ssh=user@npu; install mindspore 2.10.0 there"}


def test_badge_counts_failing_cases(audits, capsys):
    main(["badge", str(audits.later)])
    image = ElementTree.fromstring(capsys.readouterr().out)
    assert image.get("aria-label") == "conformance: 7 failing of 17"


def test_badge_escapes(results, audited_records, capsys):
    for record in audited_records:
        if record.get("api") == "fakeflow.Conv2d":
            record["api"] = "fakeflow<script>&\u202e"
    main(["badge", str(results(audited_records)), "--api", "fakeflow<script>&\u202e"])
    image = ElementTree.fromstring(capsys.readouterr().out)
    assert image.get("aria-label", "").startswith("fakeflow<script>&⟨U+202E⟩: ")


def test_representatives_are_one_verdict_a_finding(audits):
    chosen = representatives([audits.later])
    assert len(chosen) == len(set(chosen)) == 3
    judged = {(one.verdict.case, one.verdict.target, one.verdict.api): one for one in load([audits.later]).judged}
    assert all(judged[key].verdict.outcome in ("diverges", "crashed") for key in chosen)


def test_a_word_that_is_no_file_is_an_unknown_command(capsys):
    assert main(["frobnicate"]) == 2
    assert "unknown command 'frobnicate'; the commands are diff, " in capsys.readouterr().err


def test_two_targets_of_one_file_are_compared(results, synthetic, capsys):
    records = synthetic.records(60)
    doubled = []
    for record in records:
        doubled.append(record)
        if record.get("target", record.get("name")) == "torch" and record["record"] in (
            "target",
            "verdict",
            "contract",
        ):
            name = {"name": "newer", "version": "9"} if record["record"] == "target" else {"target": "newer"}
            doubled.append({**record, **name})
    failing = next(one for one in doubled if one.get("target") == "newer" and one.get("outcome") == "conforms")
    failing |= {"outcome": "crashed", "authority": "robustness", "rests_on": "a call returns or raises"}
    doubled[-1] = synthetic.footer(doubled[:-1])
    path = results(doubled)
    assert main(["diff", str(path), "--targets", "torch,newer"]) == 1
    assert "worse" in capsys.readouterr().out
    assert main(["diff", str(path), "--targets", "newer,torch"]) == 0
    assert main(["diff", str(path), "--targets", "torch,nobody"]) == 2
