"""What several results files say together."""

from __future__ import annotations

import pytest

from conv_reports.results import read
from conv_reports.results.loaded import load


def test_a_whole_run_holds_all_that_its_file_says(audits, audited_records):
    run = load([audits.later])
    assert run.files[0].incomplete == ""
    assert len(run.judged) == sum(record["record"] == "verdict" for record in audited_records)
    assert [statement.claim for statement in run.statements] == ["shape", "stride-text", "see-also"]
    assert [column.label for column in run.columns] == ["fakeflow.Conv2d"]
    assert run.contract(0).api == "fakeflow.Conv2d"


def test_a_footer_that_counts_otherwise_is_told(results, audited_records):
    audited_records[-1]["verdicts"] += 1
    assert "the footer counts" in load([results(audited_records)]).files[0].incomplete


def test_judging_the_same_twice_is_refused_by_name(results, audited_records):
    paths = [results(audited_records, "first.jsonl"), results(audited_records, "second.jsonl")]
    with pytest.raises(read.DuplicateVerdictError, match=r"second.jsonl.*already judged in.*first.jsonl"):
        load(paths)


def test_a_case_that_asks_something_else_is_refused_by_name(results, audited_records):
    first = results(audited_records, "first.jsonl")
    case = next(record for record in audited_records if record["record"] == "case")
    case["arguments"]["in_channels"] = 64
    with pytest.raises(read.InconsistentCaseError, match=r"second.jsonl: .* asks something else"):
        load([first, results(audited_records, "second.jsonl")])


def test_a_case_that_moved_within_its_file_is_the_same(results, audited_records):
    first = results([*audited_records[:-1]], "first.jsonl")
    cases = [record | {"line": 99} for record in audited_records if record["record"] in ("header", "case")]
    assert len(load([first, results(cases, "second.jsonl")]).files) == 2


def test_the_same_target_in_another_version_is_kept_apart(results, audited_records):
    newer = results(audited_records, "new.jsonl")
    target = next(record for record in audited_records if record["record"] == "target")
    target["version"] = "0.9"
    run = load([newer, results(audited_records, "old.jsonl")])
    assert [column.label for column in run.columns] == [
        "fakeflow.Conv2d @ fakeflow",
        "fakeflow.Conv2d @ fakeflow (old.jsonl)",
    ]


def test_a_target_that_cannot_be_used_is_told(results, synthetic):
    run = load([results(synthetic.records(5))])
    assert [target.name for target in run.targets if not target.available] == ["npu"]


def test_no_file_is_refused():
    with pytest.raises(ValueError, match="no results file was given"):
        load([])
