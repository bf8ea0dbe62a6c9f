"""What changed between two runs, and whether it got worse."""

from __future__ import annotations

import copy

import pytest

from conv_reports.results.loaded import load
from conv_reports.views.diff import compare, group_changes

DIVERGES = {"outcome": "diverges", "kind": "value", "subject": "output"}
CRASHED = {"outcome": "crashed"}
CONFORMS = {"outcome": "conforms"}
DIFFERS = {"outcome": "differs", "kind": "wrongly_rejected", "subject": "call", "direction": "stricter"}
UNAVAILABLE = {"outcome": "unavailable"}


@pytest.fixture
def compare_records(results):
    """Compare two runs by their records."""

    def compare_both(before, after):
        return compare(load([results(before, "before.jsonl")]), load([results(after, "after.jsonl")]))

    return compare_both


def with_verdict(records, fields):
    """The records with the first conforming verdict replaced."""
    changed = copy.deepcopy(records)
    place = next(place for place, record in enumerate(changed) if record.get("outcome") == "conforms")
    key = {name: changed[place][name] for name in ("record", "case", "target", "api")}
    changed[place] = key | fields
    return changed


@pytest.mark.parametrize(
    ("before", "after", "change", "worse"),
    [
        (CONFORMS, DIVERGES, "worse", True),
        (CONFORMS, CRASHED, "worse", True),
        (CONFORMS, UNAVAILABLE, "lost", True),
        (CONFORMS, {"outcome": "fault"}, "lost", True),
        (DIVERGES, CRASHED, "worse", True),
        (DIFFERS, DIVERGES, "worse", True),
        (DIFFERS, CRASHED, "worse", True),
        (DIVERGES, DIFFERS, "better", False),
        (CONFORMS, DIFFERS, "other", False),
        (DIFFERS, CONFORMS, "other", False),
        (DIFFERS, DIFFERS | {"kind": "dtype", "direction": "other_dtype"}, "other", False),
        (DIFFERS, UNAVAILABLE, "lost", True),
        (DIVERGES, CONFORMS, "better", False),
        (DIVERGES, UNAVAILABLE, "lost", True),
        (CRASHED, DIVERGES, "better", False),
        (DIVERGES, DIVERGES | {"kind": "gradient"}, "other", False),
        (DIVERGES, DIVERGES | {"ruling": "document_wrong"}, "other", False),
        (UNAVAILABLE, CONFORMS, "other", False),
        (UNAVAILABLE, {"outcome": "no_equivalent"}, "other", False),
    ],
)
def test_one_changed_verdict(compare_records, audited_records, before, after, change, worse):
    diff = compare_records(with_verdict(audited_records, before), with_verdict(audited_records, after))
    assert [changed.change for changed in diff.changes if changed.change != "unchanged"] == [change]
    assert diff.worse == worse


def test_a_run_is_unchanged_against_itself(audits):
    run = load([audits.later])
    assert compare(run, run).counts["unchanged"] == len(run.judged)


def test_messages_and_times_are_not_compared(compare_records, audited_records):
    after = copy.deepcopy(audited_records)
    for record in after:
        if record["record"] == "verdict":
            record["seconds"] = 9.0
        if "raised" in record:
            record["raised"]["message"] += " at 0x1234"
            record["observed"] = "worded otherwise"
    diff = compare_records(audited_records, after)
    assert {changed.change for changed in diff.changes} == {"unchanged"}


def without_first_verdict(records):
    place = next(place for place, record in enumerate(records) if record["record"] == "verdict")
    return [*records[:place], *records[place + 1 :]]


def test_an_added_verdict_is_not_worse(compare_records, audited_records):
    diff = compare_records(without_first_verdict(audited_records), audited_records)
    assert diff.counts["added"] == 1
    assert not diff.worse


def test_a_removed_verdict_is_not_worse(compare_records, audited_records):
    diff = compare_records(audited_records, without_first_verdict(audited_records))
    assert diff.counts["removed"] == 1
    assert not diff.worse


def rename_target(records, old, new):
    renamed = []
    for record in records:
        if record.get("target") == old:
            record = record | {"target": new}
        if record["record"] == "target" and record["name"] == old:
            record = record | {"name": new}
        renamed.append(record)
    return renamed


def test_targets_of_other_names_match_by_api(compare_records, audited_records):
    diff = compare_records(rename_target(audited_records, "fakeflow", "fakeflow-0.9"), audited_records)
    assert {changed.change for changed in diff.changes} == {"unchanged"}


def test_groups_hold_every_change_once(audits):
    diff = compare(load([audits.earlier]), load([audits.later]))
    groups = group_changes(diff)
    changed = [one for one in diff.changes if one.change != "unchanged"]
    assert sorted(one.case for group in groups for one in group.cases) == sorted(one.case for one in changed)
    assert [(group.change, group.before, group.after) for group in groups] == [
        ("worse", "conforms", "crashed call forward"),
        ("other", "conforms", "differs wrongly_rejected construct RuntimeError"),
    ]
