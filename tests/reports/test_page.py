"""The page in a real browser: it shows what the results say, and nothing that they contain can act in it."""

from __future__ import annotations

import reports
from reports.visible import visible

HOSTILE = (
    "<script>alert(1)</script></script><img src=x onerror=alert(2)>\"'`{{7*7}}{% x %}${1}<!--]]>&lt;"
    "\u202egnp.exe\u2066\u0000\u0007\u001b[31m\x7f\u2028\ufeff\udc00\ud800 javascript:alert(3)"
)


def hostile(records):
    """Every text of every record turned hostile, references between records kept."""

    def turn(record):
        found = {}
        for key, value in record.items():
            if key in ("record", "outcome", "kind", "ruling", "layer", "phase", "dtype"):
                found[key] = value
            elif isinstance(value, str):
                found[key] = value + HOSTILE
            elif isinstance(value, dict):
                found[key] = turn(value)
            elif isinstance(value, list):
                found[key] = [item + HOSTILE if isinstance(item, str) else item for item in value]
            else:
                found[key] = value
        return found

    for record in records:
        record.pop("ratio", None)
    return [turn(record) for record in records]


def test_visible_spells_out_what_cannot_be_seen():
    assert visible("a\u202eb\x00\ud800\n\tc") == "a⟨U+202E⟩b⟨U+0000⟩⟨U+D800⟩\n\tc"
    assert visible("x" * 10, 4) == "xxxx… (+6)"


def test_hostile_text_stays_text(results, synthetic, open_report):
    records = hostile(synthetic.records(60))
    for record in records:
        if record["record"] == "verdict" and record["outcome"] == "diverges":
            record["observed"] += "M" * 1_000_000
            break
    report = open_report(results(records))
    for view in ("#overview", "#findings", "#matrix"):
        page = report.go(view)
        assert page.locator("img, iframe, script:not([type])").count() == 0
        text = page.locator("body").inner_text()
        assert not {"\u202e", "\u2066", "\x00", "\ufeff", "\u2028"} & set(text)
    page = report.go("#findings")
    for card in page.locator("details.finding > summary").all():
        card.click()
    assert "<script>alert(1)</script>" in page.locator("#view").inner_text()
    assert "⟨U+202E⟩" in page.locator("#view").inner_text()
    assert page.locator("#view img").count() == 0


def test_first_screen_counts_failures_without_a_script(results, browser, tmp_path):
    out = tmp_path / "report.html"
    path = results()
    reports.write_html([path], out)
    loaded = reports.load([path])
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(out.as_uri())
    text = page.locator("#overview").inner_text()
    context.close()
    failures = sum(entry.failed for entry in loaded.entries)
    assert f"{failures} of" in text
    assert "npu was not audited: no interpreter at ssh=user@npu; install mindspore 2.10.0 there" in text
    assert "Complete run" in text


def test_incomplete_run_says_so(results, synthetic, open_report):
    page = open_report(results(synthetic.records(20)[:-1])).page
    assert "Incomplete run" in page.locator("#overview").inner_text()


def test_link_to_a_finding_opens_it(results, open_report):
    report = open_report(results(), "#findings")
    identity = report.page.locator("details.finding").nth(2).get_attribute("id").removeprefix("finding-")
    page = report.go(f"#finding/{identity}")
    assert page.locator("details.finding[open]").count() == 1
    body = page.locator("details.finding[open] .body")
    body.locator(".script pre").wait_for()
    assert "import numpy as np" in body.inner_text()


def test_matrix_opens_a_verdict(results, open_report):
    page = open_report(results(), "#matrix").page
    page.locator(".grid .k-wrongly_rejected a").first.click()
    panel = page.locator("dialog[open]")
    panel.wait_for()
    assert "TypeError" in panel.inner_text()
