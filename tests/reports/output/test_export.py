"""Verdicts for other programs, findings for a pull request, several runs for a web server."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from types import SimpleNamespace

import pytest

from conv_reports.__main__ import main
from conv_reports.findings.clusters import cluster
from conv_reports.output.export import COLUMNS
from conv_reports.results.loaded import load

NOT_SEEN = {"verdicts": 0, "execution": None}


def read_csv(path, capsys):
    assert main(["export", str(path)]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def test_a_row_a_verdict(known, capsys):
    rows = read_csv(known[0], capsys)
    run = load([known[0]])
    assert tuple(rows[0]) == COLUMNS
    assert [row["outcome"] for row in rows] == [judged.verdict.outcome for judged in run.judged]
    told = [row for row in rows if row["known"] == "MEG-one"]
    assert len(told) == known[1]
    assert {row["severity"] for row in told} == {"silent_wrong_values"}


def test_huge_integers_are_whole(results, synthetic, capsys):
    records = synthetic.records(60)
    next(record for record in records if record["record"] == "case")["arguments"]["stride"] = 2**64 + 1
    assert any(f"stride={2**64 + 1}" in row["arguments"] for row in read_csv(results(records), capsys))


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1+1", "@x", "-2-3"])
def test_no_cell_is_a_formula(results, synthetic, capsys, text):
    records = synthetic.records(60)
    next(record for record in records if record.get("kind") == "value")["observed"] = text
    assert any(row["observed"] == f"'{text}" for row in read_csv(results(records), capsys))


def test_parquet_says_what_it_needs(known, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    assert main(["export", "--format", "parquet", str(known[0]), "-o", str(tmp_path / "x.parquet")]) == 2
    assert "Parquet needs pyarrow" in capsys.readouterr().err


def test_parquet_has_numbers_and_truth_values(known, tmp_path, monkeypatch):
    tables = []
    writer = SimpleNamespace(write_table=lambda table, output: tables.append(table))
    monkeypatch.setitem(sys.modules, "pyarrow", SimpleNamespace(table=dict))
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", writer)
    assert main(["export", "--format", "parquet", str(known[0]), "-o", str(tmp_path / "x.parquet")]) == 0
    (table,) = tables
    judged = load([known[0]]).judged
    assert table["ratio"] == [one.verdict.ratio for one in judged]
    assert table["seconds"] == [one.verdict.seconds for one in judged]
    assert table["exact"] == [one.verdict.exact for one in judged]
    assert table["invalid"] == [one.case.invalid for one in judged]
    assert None in table["ratio"]
    assert table["outcome"] == [one.verdict.outcome for one in judged]


def test_findings_are_annotations(known, capsys):
    assert main(["export", "--format", "annotations", str(known[0])]) == 0
    lines = capsys.readouterr().out.splitlines()
    (notice,) = [line for line in lines if line.startswith("::notice ")]
    assert "title=MEG-one%3A It adds one to the output::" in notice
    assert all(line.startswith(("::notice file=specs/", "::error file=specs/")) for line in lines)


def test_findings_are_sarif(known, capsys):
    assert main(["export", "--format", "sarif", str(known[0])]) == 0
    log = json.loads(capsys.readouterr().out)
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    findings = cluster(load([known[0]]))
    assert rules == [result["ruleId"] for result in run["results"]] == [finding.id for finding in findings]
    for finding, result in zip(findings, run["results"], strict=True):
        level = "error" if finding.entry is None else "note"
        assert (result["level"], result["occurrenceCount"]) == (level, len(finding.members))
        (place,) = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"].startswith("specs/")
        assert place["physicalLocation"]["region"]["startLine"] >= 1
        assert result["message"]["text"]


def test_a_site_traces_causes_through_its_runs(synthetic, results, tmp_path):
    first = synthetic.known()
    gone = [{**record, **NOT_SEEN} if record["record"] == "entry" else record for record in first]
    gone[0] = {**gone[0], "started": "2026-02-05T09:00:00+00:00"}
    paths = [str(results(first)), str(results(gone, "later.jsonl"))]
    assert main(["site", *paths, str(tmp_path / "site")]) == 0
    index = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    (row,) = [line for line in index.splitlines() if "<code>MEG-one</code>" in line]
    assert re.findall(r"<td[^>]*>(.*?)</td>", row) == ["● 3", "○"]


def test_a_site_has_a_page_a_run_and_their_history(audits, tmp_path):
    assert main(["site", str(audits.later), str(audits.earlier), str(tmp_path / "site")]) == 0
    names = sorted(path.name for path in (tmp_path / "site").iterdir())
    assert names == ["index.html", "index.zh.html", "run-1.html", "run-2.html"]
    index = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert index.index("run-2.html") < index.index("run-1.html")
    assert "历次运行" in (tmp_path / "site" / "index.zh.html").read_text(encoding="utf-8")
