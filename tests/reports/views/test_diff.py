"""What changed between two runs, and whether it got worse."""

from __future__ import annotations

import copy

import pytest

from conv_reports.results.loaded import load
from conv_reports.views import diff


def load_records(results, records, name):
    return load([results(records, name)])


def changed(records, which, **fields):
    """A copy of the records in which one verdict is another."""
    found = copy.deepcopy(records)
    verdicts = [record for record in found if record["record"] == "verdict" and record["outcome"] == which]
    verdicts[0] |= fields
    return found


def only_change(results, before, after):
    changes = diff.compare(load_records(results, before, "before.jsonl"), load_records(results, after, "after.jsonl"))
    (one,) = [one for one in changes.changes if one.change != "unchanged"]
    return one.change, changes.worse


DIVERGES = {"outcome": "diverges", "kind": "value", "subject": "output"}


@pytest.mark.parametrize(
    ("which", "fields", "change", "worse"),
    [
        ("conforms", DIVERGES, "worse", True),
        ("conforms", {"outcome": "crashed"}, "worse", True),
        ("conforms", {"outcome": "unavailable"}, "lost", True),
        ("conforms", {"outcome": "fault"}, "lost", True),
        ("diverges", {"outcome": "crashed"}, "worse", True),
        ("diverges", {"outcome": "conforms"}, "better", False),
        ("crashed", DIVERGES, "better", False),
        ("diverges", {"kind": "gradient"}, "other", False),
        ("diverges", {"ruling": "document_wrong"}, "other", False),
        ("unavailable", {"outcome": "conforms"}, "other", False),
        ("unavailable", {"outcome": "no_equivalent"}, "other", False),
    ],
)
def test_one_changed_verdict(results, synthetic, which, fields, change, worse):
    records = [record for record in synthetic.records(200) if record.get("ruling") is None]
    if which == "diverges" and "ruling" in fields:
        records = synthetic.records(200)
        fields = {"ruling": "implementation_wrong"}
    assert only_change(results, records, changed(records, which, **fields)) == (change, worse)


def test_messages_and_times_are_not_compared(results, synthetic):
    records = synthetic.records(60)
    after = copy.deepcopy(records)
    for record in after:
        if record["record"] == "verdict":
            record["seconds"] = 9.0
            if "raised" in record:
                record["raised"]["message"] += " at 0x1234"
                record["observed"] = "worded otherwise"
    changes = diff.compare(load_records(results, records, "before.jsonl"), load_records(results, after, "after.jsonl"))
    assert {one.change for one in changes.changes} == {"unchanged"}


def test_added_and_removed_are_told_and_not_worse(results, synthetic):
    changes = diff.compare(
        load_records(results, synthetic.records(40), "a.jsonl"), load_records(results, synthetic.records(60), "b.jsonl")
    )
    assert changes.counts["added"] > 0
    assert changes.counts["removed"] == 0
    assert not changes.worse
    back = diff.compare(changes.after, changes.before)
    assert back.counts["removed"] == changes.counts["added"]


def test_targets_of_other_names_match_by_api(results, synthetic):
    records = synthetic.records(40)
    renamed = [record | {"target": "ms-2.9"} if record.get("target") == "mindspore" else record for record in records]
    renamed = [record | {"name": "ms-2.9"} if record.get("name") == "mindspore" else record for record in renamed]
    changes = diff.compare(load_records(results, renamed, "old.jsonl"), load_records(results, records, "new.jsonl"))
    assert {one.change for one in changes.changes} == {"unchanged"}


def test_groups_hold_every_change_once(results, synthetic):
    before, after = synthetic.records(40), synthetic.records(60)
    for record in after:
        if record["record"] == "verdict" and record["target"] == "torch" and record["outcome"] == "conforms":
            record |= DIVERGES
    changes = diff.compare(load_records(results, before, "a.jsonl"), load_records(results, after, "b.jsonl"))
    told = diff.groups(changes)
    assert sum(len(group.cases) for group in told) == sum(one.change != "unchanged" for one in changes.changes)
    assert told[0].change == "worse"
    assert (told[0].before, told[0].after) == ("conforms", "diverges value output")
