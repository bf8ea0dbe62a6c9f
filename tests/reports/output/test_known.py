"""The catalogue's entries in the reports: one finding each, told in the catalogue's words; drafts of the rest."""

from __future__ import annotations

import json

import pytest

from conformance import safe_yaml
from conformance.catalogue.load import CatalogueError, read
from conv_reports.__main__ import main
from conv_reports.findings.clusters import cluster
from conv_reports.output.data import Details, build_core
from conv_reports.output.known import list_seen
from conv_reports.results.loaded import load

FRAMEWORKS = {"TOR": "torch", "MIN": "mindspore", "MEG": "megengine"}
HOSTILE = "</script><b>`*x*`"


def test_what_an_entry_explains_is_one_finding(known):
    path, count = known
    finding = next(finding for finding in cluster(load([path])) if finding.entry is not None)
    assert (finding.id, len(finding.members), finding.authority) == ("MEG-one", count, "mathematics")


def test_a_verdict_whose_entry_the_file_lacks_is_told_as_if_it_were_new(synthetic, results):
    records = list(synthetic.records(150))
    told = len(cluster(load([results(records)])))
    for record in records:
        if record["record"] == "verdict":
            record["known"] = "MEG-one"
    assert len(cluster(load([results(records)]))) == told


def test_entries_are_listed_the_most_serious_first(known, capsys):
    assert main(["known", str(known[0])]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "MEG-one      3  silent wrong values; script shows it  It adds one to the output",
        "MEG-two      3  difference; script shows it  Zeros",
    ]


NOT_SHOWN = {"verdicts": 0, "execution": None}


@pytest.fixture
def on_three_targets(synthetic, results):
    """A file in which one of three targets shows an entry, and no other is."""
    elsewhere = [
        synthetic.entry(target="torch", **NOT_SHOWN),
        synthetic.entry(target="mindspore", holds=False, **NOT_SHOWN),
    ]
    unseen = {**elsewhere[0], "id": "MEG-three"}
    records = list(synthetic.records(150))
    return results([*records[:-1], elsewhere[0], synthetic.entry(), elsewhere[1], unseen, records[-1]])


def test_a_list_tells_which_targets_show_an_entry_and_which_do_not(on_three_targets, capsys):
    assert main(["known", str(on_three_targets)]) == 0
    sights = (
        "torch: not seen in its cases (3); megengine: script shows it; "
        "mindspore: outside of where it is known, and not seen in its cases (3)"
    )
    assert capsys.readouterr().out.splitlines() == [
        f"MEG-one        3  silent wrong values; {sights}  It adds one to the output",
        "MEG-three      0  silent wrong values; not seen in its cases (3)  It adds one to the output",
    ]


def test_the_report_tells_it_too_of_what_was_seen(on_three_targets):
    run = load([on_three_targets])
    entries = build_core(run, cluster(run), Details(run, []), None, [], [])["known"]
    assert [sight[:3] + sight[4:] for sight in entries["MEG-one"]["sights"]] == [
        ["torch", 0, -1, 3, 1], ["megengine", 3, 1, 3, 1], ["mindspore", 0, -1, 3, 0]
    ]  # fmt: skip
    assert "MEG-three" not in entries
    assert "megengine: script shows it" in entries["MEG-one"]["page"]["en"]


def test_entries_are_listed_in_chinese(known, capsys):
    assert main(["known", str(known[0]), "--language", "zh"]) == 0
    assert "悄无声息的错误数值" in capsys.readouterr().out


def test_entries_are_exported_as_data(known, capsys):
    assert main(["known", str(known[0]), "--format", "json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert first["workaround"]["text"]["en"] == "Take one away"
    assert second["severity"] == "difference"


def test_an_entry_is_a_page_that_can_be_posted(known, tmp_path):
    assert main(["known", str(known[0]), "--format", "markdown", "-o", str(tmp_path / "out")]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["MEG-one.md", "MEG-two.md"]
    page = (tmp_path / "out" / "MEG-one.md").read_text(encoding="utf-8")
    assert page.startswith("# It adds one to the output\n")
    assert "```python\nimport numpy as np\nassert 1 == 2\n```" in page
    assert "## Workaround" in page
    assert "https://example.org/1" in page
    assert HOSTILE not in page


def test_drafts_are_entries_that_a_catalogue_can_be_made_of(known, capsys):
    assert main(["known", str(known[0]), "--draft"]) == 0
    drafts = capsys.readouterr().out
    findings = cluster(load([known[0]]))
    by_framework: dict[str, str] = {}
    for draft in drafts.replace("\n\n", "\n").split("  - id: ")[1:]:
        framework = FRAMEWORKS[draft[:3]]
        by_framework[framework] = by_framework.get(framework, "") + f"  - id: {draft}"
    entries = []
    for framework, text in by_framework.items():
        document = safe_yaml.parse("x.yaml", f"framework: {framework}\nentries:\n{text}".encode(), CatalogueError)
        entries += read(document)
    assert len(entries) == sum(finding.entry is None for finding in findings)
    assert all(listed.entry.title.en.startswith("TODO") for listed in entries)


def test_the_page_tells_a_finding_in_the_catalogues_words(known, open_report):
    page = open_report(known[0], "#finding/MEG-one").page
    card = page.locator("#finding-MEG-one")
    card.locator(".script pre").first.wait_for()
    text = card.inner_text()
    assert "It adds one to the output" in text
    assert "assert 1 == 2" in text
    assert "Take one away" in text
    assert HOSTILE in text
    assert card.locator("a[href='https://example.org/1']").count() == 1
    assert page.locator("#finding-MEG-two").text_content().startswith("difference")


def test_a_diff_speaks_of_entries(synthetic, results, capsys):
    records = list(synthetic.records(60))
    before = results([*records[:-1], synthetic.entry(), synthetic.difference(), records[-1]], "before.jsonl")
    more = synthetic.entry(verdicts=5)
    other = synthetic.entry(id="MEG-three", title={"en": "It hangs", "zh": "卡死"})
    after = results([*records[:-1], more, other, records[-1]], "after.jsonl")
    assert main(["diff", str(before), str(after)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "MEG-" in line] == [
        "new        MEG-three: 0 -> 3 verdicts  It hangs",
        "gone       MEG-two: 3 -> 0 verdicts  Zeros",
        "changed    MEG-one: 3 -> 5 verdicts  It adds one to the output",
    ]
    assert main(["diff", str(before), str(after), "--format", "markdown"]) == 0
    assert "| 3 | 5 | It adds one to the output |" in capsys.readouterr().out


def test_a_draft_has_the_script_that_was_executed_and_says_how_it_ends(results, audited_records, capsys):
    confirmations = [record for record in audited_records if record["record"] == "confirmation"]
    crash = next(record for record in confirmations if record["printed"].endswith("SIGFPE"))
    crash["script"] = "import small\nsmall.call()\n"
    assert main(["known", str(results(audited_records)), "--draft"]) == 0
    drafts = capsys.readouterr().out
    assert '    script: |\n      import small\n      small.call()\n    ends: "SIGFPE"\n' in drafts
    assert drafts.count("ends:") == sum("AssertionError" not in record["printed"] for record in confirmations)


@pytest.mark.parametrize(("language", "says"), [("en", "the definition"), ("zh", "定义")])
def test_what_an_entry_rests_on_is_told_in_the_readers_language(known, tmp_path, language, says):
    assert main(["known", str(known[0]), "--format", "markdown", "--language", language, "-o", str(tmp_path)]) == 0
    assert says in (tmp_path / "MEG-one.md").read_text(encoding="utf-8")


def test_an_entry_of_an_earlier_version_rests_on_english_in_both_languages(synthetic, results):
    records = synthetic.known()
    for record in records:
        if record["record"] == "entry":
            record["rests_on"] = "the definition"
    (cause, *_) = list_seen(load([results(records)]))
    assert cause.entry.rests_on.zh == cause.entry.rests_on.en == "the definition"
