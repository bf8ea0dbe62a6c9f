"""Divergences that were planted with a known condition are found as one finding with that condition."""

from __future__ import annotations

from conv_reports.findings.clusters import cluster, foremost, message_shape, size, sort
from conv_reports.output import words
from conv_reports.results.loaded import load
from conv_reports.results.read import Case


def found(path):
    run = load([path])
    return run, cluster(run)


def test_every_failure_is_in_exactly_one_finding(results):
    run, findings = found(results())
    entries = [index for finding in findings for index in finding.entries]
    assert sorted(entries) == [index for index, entry in enumerate(run.entries) if entry.failed]


def test_planted_conditions_are_recovered(results, synthetic):
    run, findings = found(results(synthetic.records(500)))
    said = {
        (finding.signature.target, finding.signature.outcome, finding.signature.kind): words.circumstance(
            "en", run, finding
        )
        for finding in reversed(findings)
        if not finding.signature.claim
    }
    assert said["megengine", "diverges", "value"] == "whenever dilation > 1 and groups > 1"
    assert said["mindspore", "diverges", "shape"] == "whenever padding = 1 and stride = 2"
    assert "dtype = float64" in said["mindspore", "diverges", "wrongly_rejected"]


def test_an_argument_that_is_accepted_wrongly_is_one_finding_with_its_values(results, synthetic):
    run, findings = found(results(synthetic.records(500)))
    accepted = {one.signature.subject: one for one in findings if one.signature.kind == "wrongly_accepted"}
    assert set(accepted) <= {"stride", "dilation", "groups", "kernel_size"}
    stride = accepted["stride"]
    assert words.circumstance("en", run, stride) == "stride: True"
    assert words.headline("en", run, stride).endswith("accepts invalid stride")
    assert {run.columns[column].target.framework for column in stride.columns} == {"torch"}


def test_rejections_under_one_condition_are_one_finding_whatever_they_say(results, synthetic):
    records = synthetic.records(200)
    for number, record in enumerate(record for record in records if record.get("kind") == "wrongly_rejected"):
        record["raised"] = {"phase": "forward", "cls": "TypeError", "bases": [], "message": "ab" * (1 + number % 2)}
    run, findings = found(results(records))
    told = [words.circumstance("en", run, one) for one in findings if one.signature.target == "mindspore"]
    assert told.count("whenever dtype = float64") == 1


def test_values_of_one_argument_are_joined(results, synthetic):
    records = synthetic.records(500)
    of = {record["id"]: record for record in records if record["record"] == "case"}
    for record in records:
        if record["record"] != "verdict" or record["outcome"] not in ("conforms", "diverges") or "ruling" in record:
            continue
        case = of[record["case"]]
        record.pop("kind", None)
        record["outcome"] = "conforms"
        if (
            record["target"] == "torch"
            and not case["invalid"]
            and case["arguments"].get("padding_mode") in ("circular", "reflect")
        ):
            record |= {"outcome": "diverges", "kind": "value", "subject": "output"}
    run, findings = found(results(records))
    told = [words.circumstance("en", run, one) for one in findings if one.signature.kind == "value"]
    assert told == ["whenever padding_mode = 'reflect', 'circular'"]


def test_hundreds_of_failures_become_tens_of_findings(results, synthetic):
    run, findings = found(results(synthetic.records(500)))
    failures = sum(entry.failed for entry in run.entries)
    assert failures > 300
    assert len(findings) <= 20


def test_the_representative_is_the_simplest_case_or_one_whose_script_is_confirmed(results, synthetic):
    records = synthetic.records(150)
    run, findings = found(results([one for one in records if one["record"] != "confirmation"]))
    for finding in findings:
        sizes = [size(run.entries[index].case) for index in finding.entries]
        assert sizes[0] == min(sizes)
    largest = max(findings, key=lambda finding: len(finding.entries))
    last = run.entries[largest.entries[-1]].verdict
    confirmation = {"record": "confirmation", "case": last.case, "target": last.target, "api": last.api,
                    "confirmed": True, "printed": ""}  # fmt: skip
    run, findings = found(results([*records[:-1], confirmation, records[-1]], "confirmed.jsonl"))
    first = next(run.entries[one.entries[0]].verdict for one in findings if one.id == largest.id)
    assert (first.case, first.api) == (last.case, last.api)


def test_what_is_unusual_makes_a_case_less_simple():
    def case(shape=(1, 2, 5, 4), arguments=(), **inputs):
        given = {"in_channels": 2, "out_channels": 3, "kernel_size": 2, **dict(arguments)}
        return Case("a", "conv2d", given, "", {"shape": list(shape), "dtype": "float32", "values": "exact"} | inputs)

    plain = size(case())
    assert size(case((0, 2, 5, 4))) > plain
    assert size(case(dtype="float16")) > plain
    assert size(case(arguments=[("stride", 2)])) > plain
    assert size(case(arguments=[("stride", [1, 2])])) > size(case(arguments=[("stride", 2)]))
    assert size(case((8, 64, 56, 56))) > size(case(arguments=[("stride", 2), ("dilation", 2)]))


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
    assert message_shape("-----\n- Kernel select failed:\n-----") == "Kernel select failed:"
    announced = "-----\n- Kernel select failed:\n-----\nUnsupported data type! The types are a"
    assert message_shape(announced) == "Kernel select failed: Unsupported data type! The types are a"


def test_the_first_screen_has_every_sort_and_one_of_a_kind(results, synthetic):
    _, findings = found(results(synthetic.records(500)))
    first = foremost(findings)
    kinds = [(one.signature.target, one.signature.outcome, one.signature.kind) for one in first]
    assert len(kinds) == len(set(kinds))
    assert [sort(one) for one in first] == sorted(sort(one) for one in first)
    assert {sort(one) for one in first} == {sort(one) for one in findings}
