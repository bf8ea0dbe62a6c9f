"""Divergences that were planted with a known condition are found as one finding with that condition."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from conv_reports.findings.clusters import Finding, cluster, cluster_differences, pick_foremost
from conv_reports.findings.order import rate_complexity, rate_seriousness
from conv_reports.output import words
from conv_reports.results.loaded import LoadedRun, load


class Clustered(NamedTuple):
    run: LoadedRun
    findings: tuple[Finding, ...]
    differences: tuple[Finding, ...]

    def circumstances(self, **signature):
        """In words, of the findings and differences whose signature has those fields."""
        chosen = [
            finding
            for finding in (*self.findings, *self.differences)
            if all(getattr(finding.signature, name) == value for name, value in signature.items())
        ]
        return [words.write_circumstance("en", self.run, finding) for finding in chosen]


def cluster_file(path):
    run = load([path])
    return Clustered(run, cluster(run), cluster_differences(run))


@pytest.fixture(scope="module")
def planted(synthetic, tmp_path_factory):
    return cluster_file(synthetic.write(tmp_path_factory.mktemp("planted") / "results.jsonl", synthetic.records(500)))


def test_every_failure_is_in_exactly_one_finding(planted):
    members = [index for finding in planted.findings for index in finding.members]
    assert sorted(members) == [index for index, judged in enumerate(planted.run.judged) if judged.failed]


@pytest.mark.parametrize(
    ("target", "kind", "circumstance"),
    [
        ("megengine", "value", "whenever dilation > 1 and groups > 1"),
        ("mindspore", "shape", "whenever padding = 1 and stride = 2"),
        ("mindspore", "wrongly_rejected", "in nearly all cases where dtype = float64"),
    ],
)
def test_planted_conditions_are_recovered(planted, target, kind, circumstance):
    assert planted.circumstances(target=target, kind=kind, claim="") == [circumstance]


def test_an_argument_that_is_accepted_wrongly_is_one_finding_with_its_values(planted):
    accepted = {
        finding.signature.subject: finding
        for finding in planted.differences
        if finding.signature.kind == "wrongly_accepted"
    }
    assert set(accepted) <= {"stride", "dilation", "groups", "kernel_size"}
    stride = accepted["stride"]
    assert words.write_circumstance("en", planted.run, stride) == "stride: True"
    assert words.write_headline("en", planted.run, stride).endswith("accepts invalid stride")
    assert {planted.run.columns[column].target.framework for column in stride.columns} == {"torch"}


@pytest.mark.parametrize(
    "brief",
    [
        "crashed whenever kernel_size = 3",
        "wrongly rejected whenever only constructed",
    ],
)
def test_findings_of_an_audit(audits, brief):
    run, findings, _ = cluster_file(audits.later)
    assert brief in [words.write_brief("en", run, finding) for finding in findings]


def test_differences_of_an_audit_are_no_findings(audits):
    run, findings, differences = cluster_file(audits.later)
    assert [words.write_brief("en", run, difference) for difference in differences] == [
        "stricter than others whenever kernel_size = 4",
        "more permissive than others stride: 0, -1",
    ]
    assert not {index for one in findings for index in one.members} & {
        index for one in differences for index in one.members
    }


@pytest.mark.parametrize("authority", ["own_document", "mathematics", "robustness"])
def test_every_authority_has_its_findings_in_an_audit(audits, authority):
    run, findings, _ = cluster_file(audits.later)
    resting = [finding for finding in findings if finding.authority == authority]
    assert resting
    for finding in resting:
        assert {run.judged[index].verdict.authority for index in finding.members} == {authority}


def test_an_outdated_copy_makes_no_finding(planted):
    outdated = [index for index, judged in enumerate(planted.run.judged) if judged.verdict.ruling == "copy_outdated"]
    assert outdated
    assert not {*outdated} & {index for finding in planted.findings for index in finding.members}


def test_a_copys_finding_says_that_the_installed_docstring_agrees(results, synthetic):
    records = synthetic.records(60)
    statement = next(record for record in records if record.get("says", {}).get("en") == synthetic.STATED)
    statement |= {"source": synthetic.COPY, "docstring": "same"}
    run, findings, _ = cluster_file(results(records))
    (basis,) = [words.write_basis("en", run, one) for one in findings if one.authority == "own_document"]
    assert basis.endswith("; the installed docstring says the same")


def test_a_finding_tells_the_sentence_that_it_rests_on_in_both_languages(planted):
    (finding,) = [one for one in planted.findings if one.authority == "own_document"]
    for language, says in (("en", "stride takes a string"), ("zh", "stride 接受字符串")):
        (rests,) = words.list_sentences(language, planted.run, finding)
        assert "2.13.0" in rests.partition(": ")[0]
        assert rests.endswith(f": {says}")
        assert says in words.write_circumstance(language, planted.run, finding)


def test_failures_of_two_authorities_are_two_findings(results, synthetic):
    records = synthetic.records(200)
    wrong = [record for record in records if record.get("kind") == "value"]
    for record in wrong[::2]:
        record["authority"] = "robustness"
    clustered = cluster_file(results(records))
    authorities = [finding.authority for finding in clustered.findings if finding.signature.kind == "value"]
    assert sorted(authorities) == ["mathematics", "robustness"]


def test_rejections_under_one_condition_are_one_finding_whatever_they_say(results, synthetic):
    records = synthetic.records(200)
    for number, record in enumerate(record for record in records if record.get("kind") == "wrongly_rejected"):
        record["raised"] = {"phase": "forward", "cls": "TypeError", "bases": [], "message": "ab" * (1 + number % 2)}
    clustered = cluster_file(results(records))
    assert clustered.circumstances(target="mindspore").count("whenever dtype = float64") == 1


def test_values_of_one_argument_are_joined(results, synthetic):
    records = synthetic.records(500)
    case_of = {record["id"]: record for record in records if record["record"] == "case"}
    for record in records:
        if record["record"] != "verdict" or record["outcome"] not in ("conforms", "diverges") or "ruling" in record:
            continue
        case = case_of[record["case"]]
        record["outcome"] = "conforms"
        record.pop("kind", None)
        reflects = case["arguments"].get("padding_mode") in ("circular", "reflect")
        if record["target"] == "torch" and not case["invalid"] and reflects:
            record |= {"outcome": "diverges", "kind": "value", "subject": "output"}
    clustered = cluster_file(results(records))
    assert clustered.circumstances(kind="value") == ["whenever padding_mode = 'reflect', 'circular'"]


def test_hundreds_of_failures_become_tens_of_findings(planted):
    assert sum(judged.failed for judged in planted.run.judged) > 200
    assert len(planted.findings) <= 20


def test_the_representative_is_the_simplest_case(results, synthetic):
    records = [record for record in synthetic.records(150) if record["record"] != "confirmation"]
    run, findings, _ = cluster_file(results(records))
    for finding in findings:
        complexities = [rate_complexity(run.judged[index].case) for index in finding.members]
        assert complexities[0] == min(complexities)


def test_a_case_whose_script_is_confirmed_represents_its_finding(results, synthetic):
    records = [record for record in synthetic.records(150) if record["record"] != "confirmation"]
    run, findings, _ = cluster_file(results(records))
    largest = max(findings, key=lambda finding: len(finding.members))
    last = run.judged[largest.members[-1]].verdict
    confirmation = {"record": "confirmation", "case": last.case, "target": last.target, "api": last.api,
                    "confirmed": True, "printed": ""}  # fmt: skip
    run, findings, _ = cluster_file(results([*records[:-1], confirmation, records[-1]], "confirmed.jsonl"))
    same = next(finding for finding in findings if finding.id == largest.id)
    first = run.judged[same.representative].verdict
    assert (first.case, first.api) == (last.case, last.api)


def test_ids_are_the_same_in_another_order_of_verdicts(results, synthetic):
    records = synthetic.records(200)
    verdicts = [record for record in records if record["record"] == "verdict"]
    others = [record for record in records if record["record"] not in ("verdict", "footer")]
    first = cluster_file(results(records))
    second = cluster_file(results([*others, *reversed(verdicts), records[-1]], "shuffled.jsonl"))
    assert [finding.id for finding in first.findings] == [finding.id for finding in second.findings]


def test_the_first_screen_has_one_of_a_kind(planted):
    signatures = [finding.signature for finding in pick_foremost(planted.findings)]
    kinds = [(signature.target, signature.outcome, signature.kind) for signature in signatures]
    assert len(kinds) == len(set(kinds))


def test_the_first_screen_has_every_sort_the_most_serious_first(planted):
    shown = [rate_seriousness(finding.signature) for finding in pick_foremost(planted.findings)]
    assert shown == sorted(shown)
    assert set(shown) == {rate_seriousness(finding.signature) for finding in planted.findings}
