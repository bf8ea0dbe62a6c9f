"""The command line: what it writes, what it refuses, how it exits."""

from __future__ import annotations

import json
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from conv_reports import representatives
from conv_reports.__main__ import main
from conv_reports.results.loaded import load


def test_page_is_written(results, tmp_path, capsys):
    out = tmp_path / "page.html"
    assert main([str(results()), "-o", str(out)]) == 0
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert capsys.readouterr().out.strip() == str(out)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["nowhere.jsonl"], "nowhere.jsonl: cannot be read: No such file"),
        (["query", "colour:blue", "{results}"], "there is no field 'colour'"),
        (
            ["badge", "{results}", "--api", "torch.nn.Conv3d"],
            "no verdicts on 'torch.nn.Conv3d'; the run has torch.nn.Conv2d",
        ),
        (
            ["porting", "{results}", "--from", "torch.nn.Conv2d", "--to", "torch.nn.ConvTranspose2d"],
            "no layer was asked of both",
        ),
        (["{results}", "-o", "/nowhere/page.html"], "/nowhere/.page.html.partial: No such file"),
    ],
)
def test_mistakes_are_named(results, capsys, arguments, problem):
    path = str(results())
    assert main([argument.replace("{results}", path) for argument in arguments]) == 2
    assert problem in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["diff"], ["query"], ["porting"], ["summary"], ["badge"]])
def test_help_is_there(command, capsys):
    try:
        code = main([*command, "--help"])
    except SystemExit as done:
        code = done.code
    assert code == 0
    assert "python -m reports" in capsys.readouterr().out


def test_it_runs_as_a_module(results):
    done = subprocess.run(
        [sys.executable, "-m", "conv_reports", "summary", str(results())], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["complete"] is True


def test_reports_imports_no_test_runner_and_no_framework():
    forbidden = ["pytest", "_pytest", "execnet", "torch", "mindspore", "megengine", "conformance", "conv_reference"]
    code = f"import sys, conv_reports, conv_reports.__main__; print([name for name in {forbidden!r} if name in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_query_prints_what_it_finds(results, capsys):
    path = results()
    assert main(["query", "status:crashed", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == sum(entry.verdict.outcome == "crashed" for entry in load([path]).entries)
    assert all(line.split("\t")[0] == "crashed" and "SIGFPE" in line for line in lines)
    assert main(["query", "status:timed_out", str(path)]) == 1
    assert main(["query", "status:crashed", "--count", str(path)]) == 0


def test_diff_exits_by_what_got_worse(results, synthetic, capsys, tmp_path):
    records = synthetic.records(60)
    before = results(records, "before.jsonl")
    after = [dict(record) for record in records]
    broken = next(record for record in after if record["record"] == "verdict" and record["outcome"] == "conforms")
    broken |= {"outcome": "crashed", "observed": "SIGSEGV"}
    worse = results(after, "after.jsonl")
    assert main(["diff", str(before), str(before)]) == 0
    assert main(["diff", str(worse), str(before)]) == 0
    capsys.readouterr()
    assert main(["diff", str(before), str(worse)]) == 1
    assert broken["case"] in capsys.readouterr().out
    assert main(["diff", str(before), str(worse), "--format", "markdown"]) == 1
    assert "| worse | 1 |" in capsys.readouterr().out
    out = tmp_path / "diff.html"
    assert main(["diff", str(before), str(worse), "--format", "html", "-o", str(out)]) == 1
    assert "#changes" in out.read_text(encoding="utf-8")


def test_diff_warns_of_an_incomplete_run(results, synthetic, capsys):
    records = synthetic.records(60)
    assert main(["diff", str(results(records, "a.jsonl")), str(results(records[:-1], "b.jsonl"))]) == 0
    assert "warning: b.jsonl is incomplete: no footer" in capsys.readouterr().out


def test_summary_counts_what_the_results_hold(results, capsys):
    path = results()
    main(["summary", str(path)])
    said = json.loads(capsys.readouterr().out)
    run = load([path])
    assert sum(api["verdicts"] for api in said["apis"]) == len(run.entries)
    assert sum(sum(api["kinds"].values()) for api in said["apis"]) == sum(
        entry.verdict.outcome == "diverges" for entry in run.entries
    )
    assert said["unavailable"] == {"npu": "no interpreter at ssh=user@npu; install mindspore 2.10.0 there"}


def test_badge_is_svg_and_escapes(results, synthetic, capsys):
    records = synthetic.records(20)
    for record in records:
        if record.get("api") == "torch.nn.Conv2d":
            record["api"] = "torch<script>&\u202e"
        if record["record"] == "target":
            record["apis"] = []
    path = results(records)
    main(["badge", str(path), "--api", "torch<script>&\u202e"])
    image = ElementTree.fromstring(capsys.readouterr().out)
    assert image.get("aria-label", "").startswith("torch<script>&⟨U+202E⟩: ")


def test_representatives_are_one_script_a_finding(results):
    path = results()
    run = load([path])
    chosen = representatives([path])
    assert len(chosen) == len(set(chosen)) > 3
    by_key = {(entry.verdict.case, entry.verdict.target, entry.verdict.api): entry for entry in run.entries}
    assert all("script" in by_key[key].details() for key in chosen)
