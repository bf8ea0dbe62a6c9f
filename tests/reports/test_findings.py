"""Divergences that were planted with a known condition are found as one finding with that condition."""

from __future__ import annotations

from reports import findings, run, words
from reports.findings import message_shape


def found(path):
    loaded = run.load([path])
    return loaded, findings.cluster(loaded)


def test_every_failure_is_in_exactly_one_finding(results):
    loaded, clusters = found(results())
    entries = [index for finding in clusters for index in finding.entries]
    assert sorted(entries) == [index for index, entry in enumerate(loaded.entries) if entry.failed]


def test_planted_conditions_are_recovered(results, synthetic):
    loaded, clusters = found(results(synthetic.records(500)))
    said = {
        (finding.signature.target, finding.signature.outcome, finding.signature.kind): words.circumstance(
            "en", loaded, finding
        )
        for finding in reversed(clusters)
        if not finding.signature.claim
    }
    assert said["megengine", "diverges", "value"] == "whenever dilation > 1 and groups > 1"
    assert said["mindspore", "diverges", "shape"] == "whenever padding = 1 and stride = 2"
    assert said["torch", "diverges", "wrongly_accepted"] == "whenever an argument is bool"
    assert "dtype = float64" in said["mindspore", "diverges", "wrongly_rejected"]


def test_hundreds_of_failures_become_tens_of_findings(results, synthetic):
    loaded, clusters = found(results(synthetic.records(500)))
    failures = sum(entry.failed for entry in loaded.entries)
    assert failures > 300
    assert len(clusters) <= 20


def test_the_representative_is_the_smallest_case(results):
    loaded, clusters = found(results())
    for finding in clusters:
        sizes = [findings.size(loaded.entries[index].case) for index in finding.entries]
        assert sizes[0] == min(sizes)


def test_ids_are_the_same_in_another_order_of_verdicts(results, synthetic):
    records = synthetic.records(200)
    verdicts = [record for record in records if record["record"] == "verdict"]
    others = [record for record in records if record["record"] not in ("verdict", "footer")]
    _, first = found(results(records))
    _, second = found(results(others + verdicts[::-1] + records[-1:], "shuffled.jsonl"))
    assert [finding.id for finding in first] == [finding.id for finding in second]


def test_message_shapes_forget_what_changes():
    first = message_shape("Conv2d: expected 4 channels, got (1, 3, 8, 8) at 0x7f00ab 'weight'", "torch.nn.Conv2d")
    second = message_shape("Conv2d: expected 16 channels, got (2, 1, 5) at 0xdeadbeef 'bias'\nmore", "torch.nn.Conv2d")
    assert first == second
    assert first != message_shape("Conv2d: expected 4 groups")
