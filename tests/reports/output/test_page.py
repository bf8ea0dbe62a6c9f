"""The page in a real browser: it shows what the results say, and nothing that they contain can act in it."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import numpy as np
import pytest

import conv_reference as reference
from conv_reports import write_html
from conv_reports.findings.clusters import cluster
from conv_reports.output.visible import visible
from conv_reports.results.loaded import load
from conv_reports.views.errors import list_invalid

HOSTILE = (
    "<script>alert(1)</script></script><img src=x onerror=alert(2)>\"'`{{7*7}}{% x %}${1}<!--]]>&lt;"
    "\u202egnp.exe\u2066\u0000\u0007\u001b[31m\x7f\u2028\ufeff\udc00\ud800 javascript:alert(3)"
)


def hostile(records):
    """Every text of every record turned hostile, references between records kept."""

    def turn(record):
        found = {}
        for key, value in record.items():
            if key in (
                "record",
                "outcome",
                "kind",
                "ruling",
                "layer",
                "phase",
                "dtype",
                "authority",
                "direction",
                "compared",
                "docstring",
            ):
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


@pytest.fixture(scope="module")
def hostile_report(synthetic, tmp_path_factory):
    records = hostile(synthetic.records(60))
    longest = next(record for record in records if record.get("outcome") == "diverges")
    longest["observed"] += "M" * 1_000_000
    folder = tmp_path_factory.mktemp("hostile")
    write_html([synthetic.write(folder / "results.jsonl", records)], folder / "report.html")
    return folder / "report.html"


@pytest.mark.parametrize("view", ["overview", "findings", "matrix"])
def test_hostile_text_makes_no_element(hostile_report, open_page, view):
    page = open_page(hostile_report, f"#{view}").page
    assert page.locator("img, iframe, script:not([type])").count() == 0


@pytest.mark.parametrize("view", ["overview", "findings", "matrix"])
def test_hostile_text_hides_nothing(hostile_report, open_page, view):
    text = open_page(hostile_report, f"#{view}").page.locator("body").inner_text()
    assert not {"\u202e", "\u2066", "\x00", "\ufeff", "\u2028"} & set(text)


def test_hostile_text_is_shown_as_text(hostile_report, open_page):
    page = open_page(hostile_report, "#findings").page
    for card in page.locator("details.finding > summary").all():
        card.click()
    assert "<script>alert(1)</script>" in page.locator("#view").inner_text()
    assert "⟨U+202E⟩" in page.locator("#view").inner_text()
    assert page.locator("#view img").count() == 0


def test_first_screen_counts_failures_without_a_script(whole, browser):
    run = load([whole[0]])
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(whole[1].as_uri())
    text = page.locator("#overview").inner_text()
    context.close()
    failures = sum(entry.failed for entry in run.judged)
    assert f"{failures} of" in text
    assert "npu was not audited: no interpreter at ssh=user@npu; install mindspore 2.10.0 there" in text
    assert "Complete run" in text


def test_first_screen_speaks_by_authority(whole, open_page):
    lead = open_page(whole[1]).page.locator(".lead").inner_text().replace("\xa0", " ")
    findings = cluster(load([whole[0]]))
    names = {"own_document": "the vendor's own document", "mathematics": "mathematics", "robustness": "robustness"}
    for authority, name in names.items():
        count = sum(finding.authority == authority for finding in findings)
        assert count
        assert f"{count} by {name}" in lead


def test_first_screen_keeps_differences_and_copies_apart(whole, open_page):
    run = load([whole[0]])
    page = open_page(whole[1]).page
    apart = page.locator(".apart").inner_text()
    differing = sum(judged.differs for judged in run.judged)
    assert f"differ from what others do: {differing}." in apart
    assert "outdated or damaged: 1." in apart
    assert "announced for a later version: 1." in apart
    failing = sum(judged.failed for judged in run.judged)
    conforming = sum(judged.conforms for judged in run.judged)
    assert page.locator(".lead").inner_text().startswith(f"{failing} of {failing + conforming:,} ")


def test_values_compared_stand_beside_the_count(whole, open_page):
    run = load([whole[0]])
    page = open_page(whole[1]).page
    for row, column in zip(page.locator(".counts tbody tr").all(), run.columns, strict=True):
        compared = [
            judged.verdict.compared for judged in run.judged if run.column(judged) is column and judged.conforms
        ]
        with_values = sum("values" in aspects for aspects in compared)
        cells = [cell.replace(",", "") for cell in row.locator("td").all_inner_texts()]
        assert cells[2] == (str(len(compared)) if compared else "")
        assert cells[3] == (str(with_values) if compared else "")


def test_each_finding_names_what_it_rests_on(whole, open_page):
    page = open_page(whole[1], "#findings").page
    bases = page.locator("details.finding .basis").all_text_contents()
    assert len(bases) == page.locator("details.finding").count()
    assert "Rests on the vendor's own document: torch 2.13.0, torch.nn.Conv2d, Parameters" in bases
    assert any(basis.startswith("Rests on mathematics: the definition of conv2d") for basis in bases)
    assert "Rests on robustness: a call returns or raises" in bases


def test_a_difference_has_its_own_sign_in_the_matrix(whole, open_page):
    page = open_page(whole[1], "#matrix?q=status:differs").page
    cell = page.locator(".grid .k-differs:not(.dim) a").first
    assert cell.inner_text() == "≠"
    cell.click()
    panel = page.locator("dialog[open]")
    panel.wait_for()
    assert "than others" in panel.inner_text()
    assert panel.locator(".basis").count() == 0


def unfold(page):
    folded = page.locator("details.finding:not([open]) > summary")
    while folded.count():
        folded.first.click()


def test_an_arguments_invalid_values_are_folded_until_it_is_chosen(whole, open_page):
    page = open_page(whole[1], "#errors").page
    assert page.locator("table.errors").count() == 0
    page.locator("a.choice", has_text="dilation").click()
    page.locator("table.errors").wait_for()
    names = page.locator(".errors tbody th").all_inner_texts()
    assert names
    assert all(name.startswith("dilation=") for name in names)
    (summary,) = page.locator("details.finding > summary").all_text_contents()
    assert f"{len(names)} values" in summary


@pytest.mark.parametrize("sign", ["~", "✓", "A"], ids=["accident", "checked", "accepted"])
def test_error_tables_tell_checks_from_accidents(whole, open_page, sign):
    page = open_page(whole[1], "#errors").page
    unfold(page)
    manner = {"~": "accident", "✓": "checked", "A": "accepted"}[sign]
    cells = page.locator(f".errors .m-{manner}")
    assert cells.count()
    assert set(cells.all_inner_texts()) == {sign}


def test_porting_tells_what_differs(synthetic, results, open_report):
    path = results(synthetic.records(500))
    page = open_report(path, "#port/torch.nn.Conv2d/mindspore.nn.Conv2d").page
    assert "stricter than others" in page.locator(".porting").first.inner_text()


def test_documents_name_their_kind_and_version(whole, open_page):
    page = open_page(whole[1], "#documents").page
    assert page.locator(".source").all_inner_texts() == ["official page 2.13.0", "third-party copy 2019"]
    text = page.locator("#view").inner_text()
    assert "https://pytorch.org/docs" in text
    assert "The installed docstring is silent." in text
    assert "Announced for after 2.14.0." in text
    assert page.locator("#view a[href^=http]").count() == 0


def test_what_else_is_wrong_is_shown(synthetic, results, open_report):
    records = synthetic.records(60)
    verdict = next(record for record in records if record.get("kind") == "value")
    verdict["further"] = [{"kind": "gradient", "subject": "grad_input", "expected": "<b>1", "observed": "2"}]
    page = open_report(results(records), f"#verdict/{quote(verdict['case'], safe='')}/{verdict['api']}").page
    assert "gradient of the input: 2 (Expected: <b>1)" in page.locator("dialog").inner_text()


def test_incomplete_run_says_so(results, synthetic, open_report):
    page = open_report(results(synthetic.records(20)[:-1])).page
    assert "Incomplete run" in page.locator("#overview").inner_text()


def test_link_to_a_finding_opens_it(whole, open_page):
    report = open_page(whole[1], "#findings")
    identity = report.page.locator("details.finding").nth(1).get_attribute("id").removeprefix("finding-")
    page = report.go(f"#finding/{identity}")
    assert page.locator("details.finding[open]").count() == 1
    top = "document.querySelector('.finding[open] summary').getBoundingClientRect().top"
    assert page.evaluate(f"{top} >= document.querySelector('.top').getBoundingClientRect().bottom")
    body = page.locator("details.finding[open] .body")
    body.locator(".script pre").wait_for()
    assert "import numpy as np" in body.inner_text()


def test_matrix_opens_a_verdict(whole, open_page):
    page = open_page(whole[1], "#matrix?q=kind:wrongly_rejected").page
    page.locator(".grid .k-wrongly_rejected a").first.click()
    panel = page.locator("dialog[open]")
    panel.wait_for()
    assert "TypeError" in panel.inner_text()


VIEWS = ("overview", "findings", "matrix", "errors", "documents", "port", "vendor", "accuracy", "changes")


COLOURS = {"runOnly": ["color-contrast"]}
# Behind an open dialog the page is inert: its skip link with it, and the rule would take the dialog's first link.
NO_SKIP_LINK = {"skip-link": {"enabled": False}}


def find_violations(page, theme, context=None, **options):
    """(rule, the first elements that break it) of what the accessibility engine finds."""
    from axe_playwright_python.sync_playwright import Axe  # where it is missing, `browser` has skipped the test

    if theme == "dark":
        options |= COLOURS
    found = Axe().run(page, context=context, options=options)
    return [(one["id"], [node["html"][:200] for node in one["nodes"]][:3]) for one in found.response["violations"]]


@pytest.mark.parametrize(
    ("theme", "view"),
    [
        *[("light", view) for view in VIEWS],
        ("dark", "overview"),
        ("dark", "findings"),
        ("dark", "errors"),
        ("dark", "matrix"),
        ("dark", "documents"),
        ("dark", "port"),
        ("dark", "vendor"),
    ],
)
def test_every_view_is_accessible(whole, open_page, theme, view):
    page = open_page(whole[1], f"#{view}", color_scheme=theme, viewport={"width": 1200, "height": 600}).page
    if view == "findings":
        for card in page.locator("details.finding > summary").all()[:3]:
            card.click()
        page.locator(".script pre").first.wait_for()
    assert not find_violations(page, theme)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_verdict_is_accessible(whole, open_page, theme):
    page = open_page(whole[1], "#matrix", color_scheme=theme, viewport={"width": 1200, "height": 600}).page
    page.locator(".grid .k-value a").first.click()
    page.locator("dialog .script").wait_for()
    assert not find_violations(page, theme, context="dialog", rules=NO_SKIP_LINK)


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_speaks_the_readers_language(whole, open_page, language, view):
    page = open_page(whole[1], f"#{view}", locale=language).page
    text = "".join(page.locator("main, header").all_inner_texts())
    chinese = re.search(r"[\u4e00-\u9fff]", text.replace("中文", ""))
    assert bool(chinese) == (language == "zh-CN")
    assert "undefined" not in text


def test_what_cannot_be_said_has_what_to_write_instead(whole, open_page):
    page = open_page(whole[1], "#port/torch.nn.Conv2d/mindspore.nn.Conv2d").page
    rows = page.locator("table.wide tr", has_text="has no padding_mode").all_inner_texts()
    written = {"'reflect'" in row: "y = layer(reflect(x))" in row for row in rows}
    assert written[True]
    assert not written.get(False)


@pytest.mark.parametrize(
    ("language", "says", "reason"),
    [("en-US", "names related layers", "points elsewhere"), ("zh-CN", "列出相关的层", "指向别处")],
)
def test_a_statement_stands_in_the_readers_language(whole, open_page, language, says, reason):
    page = open_page(whole[1], "#documents", locale=language).page
    row = page.locator("tr", has_text="/see-also")
    assert says in row.inner_text()
    assert reason in row.inner_text()


@pytest.mark.parametrize(
    ("language", "says"), [("en-US", "Parameters: stride takes a string"), ("zh-CN", "参数: stride 接受字符串")]
)
def test_a_verdict_tells_the_sentence_in_the_readers_language(whole, open_page, language, says):
    page = open_page(whole[1], "#documents", locale=language).page
    page.locator("tr", has_text="/stride").locator("a.ruling").first.click()
    panel = page.locator("dialog[open]")
    panel.wait_for()
    assert says in panel.inner_text()


@pytest.mark.parametrize(("language", "none"), [("en-US", "none"), ("zh-CN", "无")])
def test_a_mode_without_a_difference_is_one_row(synthetic, results, open_report, language, none):
    records = [record for record in synthetic.records(20) if record["record"] != "confirmation"]
    page = open_report(results(synthetic.in_mode(records)[0]), "#modes", locale=language).page
    assert none in page.locator("#view tbody tr", has_text="torch@vmap").inner_text()
    assert page.locator("#view h3").count() == 0


def test_what_a_mode_shows_otherwise_leads_to_its_verdict(synthetic, results, open_report):
    records = [record for record in synthetic.records(20) if record["record"] != "confirmation"]
    made, changed = synthetic.in_mode(records, {"outcome": "crashed", "observed": "the process ended: SIGSEGV"})
    page = open_report(results(made), "#modes", viewport={"width": 1200, "height": 600}).page
    assert not find_violations(page, "light")
    page.locator("#view tbody tr", has_text="torch@vmap").get_by_role("button").click()
    assert page.locator("#view h3").evaluate("title => title === document.activeElement")
    page.get_by_text(changed["case"]).click()
    page.locator("dialog[open]").wait_for()
    assert "SIGSEGV" in page.locator("dialog[open]").inner_text()


@pytest.mark.parametrize(
    ("language", "other", "heading"), [("en-US", "zh", "变化"), ("zh-CN", "en", "Changes")], ids=["en", "zh"]
)
def test_language_is_switched_and_kept(whole, open_page, language, other, heading):
    report = open_page(whole[1], "#changes", locale=language)
    page = report.page
    page.locator("#language").click()
    assert page.locator("html").get_attribute("lang") == other
    assert page.locator("#view h2").inner_text() == heading
    assert report.go("#overview").locator("html").get_attribute("lang") == other


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("view", VIEWS)
def test_no_view_is_wider_than_the_screen(whole, open_page, view, width):
    page = open_page(whole[1], f"#{view}", viewport={"width": width, "height": 800}).page
    page.evaluate("for (const one of [...document.querySelectorAll('.finding > summary')].slice(0, 3)) one.click()")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_theme_is_switched_and_kept(whole, open_page):
    report = open_page(whole[1], color_scheme="light")
    colour = "getComputedStyle(document.documentElement).backgroundColor"
    page = report.page
    assert page.evaluate(colour) == "rgb(255, 255, 255)"
    page.locator("#theme").click()
    dark = page.evaluate(colour)
    assert dark != "rgb(255, 255, 255)"
    assert report.go("#findings").evaluate(colour) == dark


def test_copy_button_copies_the_whole_script(whole, open_page):
    report = open_page(whole[1], "#findings", permissions=["clipboard-read", "clipboard-write"])
    page = report.page
    page.locator("details.finding > summary").first.click()
    page.locator(".copy").first.click()
    page.get_by_role("button", name="Copied").wait_for()
    script = page.evaluate("navigator.clipboard.readText()")
    assert script.startswith("import numpy as np\n")
    assert script.endswith("print('observed', y.shape)\n")


def test_confirmations_are_shown(whole, open_page):
    run = load([whole[0]])
    states = {True: "executed: shows the divergence", False: "executed: does not show"}
    report = open_page(whole[1])
    for (_, case, target, api), confirmation in run.confirmations.items():
        page = report.go(f"#verdict/{quote(case, safe='')}/{api}")
        page.locator("dialog .state").wait_for()
        assert states[confirmation.confirmed] in page.locator("dialog .state").inner_text(), target


def test_matrix_is_used_by_keyboard(whole, open_page):
    page = open_page(whole[1], "#matrix").page
    grid = page.locator(".grid")
    grid.focus()
    active = "document.getElementById(document.querySelector('.grid').getAttribute('aria-activedescendant'))"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(f"{active}.id") == "cell-1-1"
    page.keyboard.press("End")
    last = int(grid.get_attribute("aria-rowcount")) - 2
    assert page.evaluate(f"{active}.id") == f"cell-{last}-1"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("dialog[open]").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_function("() => location.hash.startsWith('#matrix')")
    assert page.evaluate("document.activeElement.className") == "grid"


def test_matrix_keeps_few_rows_in_the_document(results, synthetic, open_report):
    page = open_report(results(synthetic.records(900)), "#matrix").page
    grid = page.locator(".grid")
    assert int(grid.get_attribute("aria-rowcount")) > 500
    assert page.locator(".grid .row").count() < 100
    grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight; }")
    page.wait_for_function(
        "() => document.querySelector('.grid .row:last-child').getAttribute('aria-rowindex')"
        " === document.querySelector('.grid').getAttribute('aria-rowcount')"
    )
    assert page.locator(".grid .row").count() < 100


def test_counts_of_the_first_screen_lead_to_as_many_cases(whole, open_page):
    report = open_page(whole[1])
    page = report.page
    links = page.locator(".counts td a")
    for number in range(0, links.count(), 4):
        page = report.go("#overview")
        link = page.locator(".counts td a").nth(number)
        told = link.inner_text()
        link.click()
        page.locator("#view [role=status]").wait_for()
        assert page.locator("#view [role=status]").inner_text().endswith(f"{told} failing cases")


def test_documents_account_for_every_statement(whole, open_page):
    page = open_page(whole[1], "#documents").page
    assert "5 of 5 statements accounted for" in page.locator("#view").inner_text()
    rows = page.locator(".statements tbody tr").all_inner_texts()
    for row, ruling in zip(
        rows,
        [
            "the document holds", "the document is wrong", "not observable here", "not checkable",
            "announced for a later version", "the copy is outdated or damaged",
        ],
        strict=True,
    ):  # fmt: skip
        assert ruling in row


def test_picture_marks_the_worst_element_and_its_operands(results, synthetic, open_report):
    records = synthetic.records(60)
    case = next(
        record for record in records if record["record"] == "case" and not record["api"] and record["layer"] == "conv2d"
    )
    case["arguments"] = {"in_channels": 1, "out_channels": 1, "kernel_size": 2, "stride": 1, "padding": 1}
    case["inputs"] |= {"shape": [1, 1, 2, 2]}
    verdict = next(record for record in records if record["record"] == "verdict" and record["case"] == case["id"])
    verdict |= {
        "outcome": "diverges", "kind": "value", "subject": "output", "expected": "e", "observed": "o",
        "worst": {"index": [0, 0, 0, 1], "expected": "7.0", "observed": "0.0", "bound": "0.0"},
        "arrays": {"x": [[[[2.0, 3.0], [4.0, 5.0]]]], "weight": [[[[1.0, 1.0], [2.0, 1.0]]]], "bias": [0.0],
                   "expected": [[[[2.0, 7.0, 6.0], [6.0, 14.0, 13.0], [4.0, 9.0, 5.0]]]],
                   "observed": [[[[2.0, 0.0, 6.0], [6.0, 14.0, 13.0], [4.0, 9.0, 5.0]]]],
                   "bound": [[[[0, 0, 0], [0, 0, 0], [0, 0, 0]]]]},
    }  # fmt: skip
    page = open_report(results(records), f"#verdict/{quote(case['id'], safe='')}/{verdict['api']}").page
    page.locator("dialog .pictures").wait_for()
    assert page.locator("dialog figcaption").all_inner_texts() == [
        "Input [0, 0]", "Kernel [0, 0]", "Expected [0, 0]", "Observed [0, 0]",
        "Error (observed − expected); the bound is 0",
    ]  # fmt: skip
    assert "The 2 products whose sum is 7" in page.locator("dialog .verdict").inner_text()
    assert "x[0, 0, 0, 0] = 2  ×  w[0, 0, 1, 0] = 2" in page.locator("dialog .verdict").inner_text()
    assert page.locator("dialog figure:first-child .used").count() == 2
    assert page.locator("dialog .worst title").all_text_contents() == ["[0, 1] 7", "[0, 1] 0", "[0, 1] -7"]


def fail(records, layer, subject, arguments, index, arrays):
    """Let the first verdict on another case fail with those arrays; the address that shows it."""
    case = next(
        one for one in records
        if one["record"] == "case" and not one["api"] and one["layer"] == layer and not one.get("invalid")
        and "made" not in one["arguments"]
    )  # fmt: skip
    verdict = next(one for one in records if one["record"] == "verdict" and one["case"] == case["id"])
    case["arguments"] = {**arguments, "made": True}
    verdict |= {
        "outcome": "diverges", "kind": "value" if subject == "output" else "gradient", "subject": subject,
        "expected": "e", "observed": "o", "arrays": arrays,
        "worst": {"index": list(index), "expected": "1.0", "observed": "0.0", "bound": "0.5"},
    }  # fmt: skip
    return f"#verdict/{quote(case['id'], safe='')}/{verdict['api']}"


def test_error_is_drawn_against_the_bound(synthetic, results, open_report):
    def row(*values):
        return [[list(values)]]

    arrays = {"x": row(1, 1, 1, 1), "weight": [[[[1]]]], "expected": row(1, 1, "inf", 1),
              "observed": row(1.25, "nan", "inf", 4), "bound": row(0.5, 0.5, 0.5, 0.5)}  # fmt: skip
    records = synthetic.records(60)
    at = fail(records, "conv2d", "output", {"in_channels": 1, "out_channels": 1}, (0, 0, 3), arrays)
    page = open_report(results(records), at).page
    page.locator("dialog .pictures").wait_for()
    shown = page.locator("dialog figure").last
    assert shown.locator("figcaption").inner_text() == "Error / bound"
    assert shown.locator("title").all_text_contents() == ["[0, 0] 0.5", "[0, 1] Infinity", "[0, 2] 0", "[0, 3] 6"]
    assert shown.locator("text").all_text_contents() == ["0.5", "∞", "0", "6"]
    classes = shown.locator("rect").evaluate_all("all => all.map((one) => one.getAttribute('class').split(' ')[0])")
    assert classes == ["n2", "p5", "z", "p5"]


LAYERS = [
    ("conv2d", {"stride": [2, 1], "padding": [1, 2], "dilation": [1, 2], "groups": 2}),
    ("conv2d", {"padding": "same", "stride": 2}),
    ("conv2d", {"padding": [2, 1, 0, 2], "padding_mode": "reflect"}),
    ("conv2d", {"padding": 2, "padding_mode": "circular"}),
    ("conv2d", {"padding": [2, 1], "padding_mode": "replicate", "dilation": 2}),
    ("conv_transpose2d", {"stride": [3, 2], "padding": [1, 2], "output_padding": [1, 0], "groups": 2}),
    ("conv_transpose2d", {"padding": "same", "stride": [2, 3]}),
    ("conv_transpose2d", {"padding": [1, 0, 2, 1], "dilation": [2, 1]}),
]


PICTURED = list(product(["output", "grad_input", "grad_weight"], LAYERS))


def draw_picture(draw, subject, layer, arguments):
    """(arrays of a call whose every element is one too large, the place of one element)."""
    groups = arguments.get("groups", 1)
    x = draw.integers(1, 9, (2, 4, 6, 5)).astype(float)
    weight_shape = (4, 6 // groups, 3, 2) if layer == "conv_transpose2d" else (6, 4 // groups, 3, 2)
    weight = draw.integers(1, 9, weight_shape).astype(float)
    bias = np.arange(6.0)
    arguments = {name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()}
    expected = getattr(reference, layer)(x, weight, bias, **arguments)
    upstream = draw.integers(1, 9, expected.shape).astype(float)
    if subject != "output":
        gradients = getattr(reference, f"{layer}_gradients")(x, weight, upstream, **arguments)
        expected = gradients[["grad_input", "grad_weight"].index(subject)]
    arrays = {"x": x, "weight": weight, "bias": bias, "grad_output": upstream, "expected": expected,
              "observed": expected + 1, "bound": expected * 0 + 0.5}  # fmt: skip
    return arrays, tuple(int(draw.integers(size)) for size in expected.shape)


class Pictures(NamedTuple):
    """A report of the verdicts in PICTURED: of each its address, and what the oracle has for its worst element."""

    report: Path
    addresses: list[str]
    elements: list[float]


@pytest.fixture(scope="module")
def pictures(synthetic, tmp_path_factory):
    draw = np.random.default_rng(7)
    records = synthetic.records(150)
    addresses, elements = [], []
    for subject, (layer, arguments) in PICTURED:
        arrays, index = draw_picture(draw, subject, layer, arguments)
        lists = {name: array.tolist() for name, array in arrays.items()}
        stated = {"in_channels": 4, "out_channels": 6, "kernel_size": [3, 2], **arguments}
        addresses.append(fail(records, layer, subject, stated, index, lists))
        elements.append(arrays["expected"][index])
    folder = tmp_path_factory.mktemp("pictures")
    results = synthetic.write(folder / "results.jsonl", records)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conv_reports.output.data._PICTURES", len(PICTURED))
        write_html([results], folder / "report.html")
    return Pictures(folder / "report.html", addresses, elements)


def name_picture(number):
    subject, (layer, arguments) = PICTURED[number]
    return "-".join([subject, layer, *arguments])


@pytest.mark.parametrize("number", range(len(PICTURED)), ids=name_picture)
def test_operands_of_the_worst_element_make_up_what_the_oracle_computes(pictures, open_page, number):
    element = pictures.elements[number]
    page = open_page(pictures.report, pictures.addresses[number]).page
    page.locator("dialog .pictures + details summary").wait_for()
    summary = page.locator("dialog .pictures + details summary").inner_text()
    alone = summary == f"No product reaches it: it is {element:g}, the bias or nothing"
    assert alone or summary.endswith(f"whose sum is {element:g}")
    assert (page.locator("dialog .used").count() == 0) == alone
    assert page.locator("dialog .worst").count() == 4


def test_shapes_are_drawn_to_one_scale(whole, open_page):
    wrong = next(entry for entry in load([whole[0]]).judged if entry.verdict.kind == "shape")
    page = open_page(whole[1], f"#verdict/{quote(wrong.case.id, safe='')}/{wrong.verdict.api}").page
    page.locator("dialog .pictures").wait_for()
    sizes = page.locator("dialog svg").evaluate_all("all => all.map((one) => one.querySelectorAll('rect').length)")
    assert sizes == [17 * 23, 18 * 24]
    assert page.locator("dialog svg .p3").count() == 18 * 24 - 17 * 23


def test_the_overview_says_what_this_is_without_a_script(whole, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(whole[1].as_uri())
    text = page.locator("#overview").inner_text()
    cells = page.locator(".warm td a").count()
    context.close()
    assert "Three authorities may call something wrong" in text
    assert "Dispute it" in text
    assert cells > 20


def test_a_cell_of_the_heat_map_opens_what_is_in_it(whole, open_page):
    page = open_page(whole[1]).page
    cell = page.locator(".warm td[class^=w]:not(.w0) a").first
    counted = int(cell.inner_text())
    cell.click()
    page.locator("#view .note[role=status]").wait_for()
    assert f"{counted} failing cases" in page.locator("#view .note[role=status]").inner_text().replace("\xa0", " ")


def test_a_vendors_page_has_its_findings_alone(whole, open_page):
    run = load([whole[0]])
    page = open_page(whole[1], "#vendor/megengine").page
    shown = set(page.locator("#view details.finding").evaluate_all("cards => cards.map(card => card.id.slice(8))"))
    of_vendor = {
        finding.id
        for finding in cluster(run)
        if any(run.columns[column].target.framework == "megengine" for column in finding.columns)
    }
    assert shown == of_vendor


def test_a_vendors_version_is_named_once(synthetic, results, open_report):
    records = [record for record in synthetic.records(20) if record["record"] != "confirmation"]
    page = open_report(results(synthetic.in_mode(records)[0]), "#vendor/torch").page
    assert page.locator("#view h2").inner_text() == "torch 2.13.0"


def test_a_vendors_wrong_sentences_are_a_click_away(whole, open_page):
    page = open_page(whole[1], "#vendor/torch", viewport={"width": 1200, "height": 300}).page
    page.get_by_role("link", name="Sentences of its documents that are wrong").click()
    page.wait_for_function("() => location.hash === '#vendor/torch/documents'")
    heading = page.locator("#view h3", has_text="Sentences of its documents that are wrong")
    below = "document.querySelector('.top').getBoundingClientRect().bottom"
    top = heading.evaluate("heading => heading.getBoundingClientRect().top")
    assert page.evaluate(below) <= top < 300


def test_two_frameworks_stand_on_one_page_with_all_layers(whole, open_page):
    page = open_page(whole[1], "#port").page
    page.get_by_role("link", name="torch → mindspore").click()
    page.wait_for_function("() => location.hash === '#port/torch/mindspore'")
    whole_model, *titles = page.locator("#view h2").all_inner_texts()
    assert whole_model == "From torch to mindspore"
    assert [title.partition(" to ")[0] for title in titles] == ["From torch.nn.Conv2d", "From torch.nn.ConvTranspose2d"]
    assert all(" to mindspore." in title for title in titles)


@pytest.mark.parametrize("known_first", [True, False])
def test_beside_an_argument_stands_what_is_known_of_it(results, synthetic, open_report, known_first):
    records = synthetic.known(500)
    for record in records:
        if record.get("id") == "MEG-one":
            record["title"]["en"] = "A dilation is forgotten" if known_first else "It adds one"
            record["severity"] = "silent_wrong_values"
    page = open_report(results(records), "#port/torch.nn.Conv2d/megengine.module.Conv2d").page
    assert page.locator(".finding", has_text=records[-3]["title"]["en"]).count()
    row = page.locator(".porting tr", has=page.locator("th code", has_text=re.compile("^dilation$"))).first
    assert "silent wrong values" in row.inner_text()


def test_an_opened_finding_is_what_the_address_names(whole, open_page):
    page = open_page(whole[1], "#findings").page
    card = page.locator("details.finding").nth(1)
    card.locator("summary").first.click()
    page.wait_for_function("() => location.hash.startsWith('#finding/')")
    assert page.evaluate("location.hash") == f"#finding/{card.get_attribute('id').removeprefix('finding-')}"


@pytest.mark.parametrize("at", ["#nowhere", "#finding/nothing", "#verdict/a/b"])
def test_a_dead_link_says_so(whole, open_page, at):
    page = open_page(whole[1], at).page
    assert f"There is nothing at {at}" in page.locator("#missing").inner_text()


def test_a_slash_goes_to_the_search_and_a_facet_is_a_query(whole, open_page):
    page = open_page(whole[1], "#findings").page
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "query"
    page.select_option("#facets select[aria-label=framework]", "megengine")
    assert page.locator("#query").input_value() == "framework:megengine"
    page.select_option("#facets select[aria-label=API]", "megengine.module.Conv2d")
    assert page.locator("#query").input_value() == 'framework:megengine column:"megengine.module.Conv2d"'
    page.select_option("#facets select[aria-label=framework]", "")
    assert page.locator("#query").input_value() == 'column:"megengine.module.Conv2d"'


def count_shown(page):
    """The findings and failing cases that the list of findings tells."""
    numbers = re.findall(r"[\d,]+", page.locator("#view .note[role=status]").inner_text())
    return int(numbers[0].replace(",", "")), int(numbers[-1].replace(",", ""))


def test_what_is_known_and_what_is_new_are_facets(known, open_report):
    page = open_report(known[0], "#findings").page
    shown, failing = count_shown(page)
    page.select_option("#facets select[aria-label='known or new']", label="known")
    page.wait_for_function("() => document.getElementById('query').value === 'explained:yes'")
    assert count_shown(page) == (1, known[1])
    page.select_option("#facets select[aria-label='known or new']", label="new")
    page.wait_for_function("() => document.getElementById('query').value === 'explained:no'")
    assert count_shown(page) == (shown - 1, failing - known[1])


def test_targets_and_modes_are_facets_where_there_are_several(synthetic, results, open_report):
    records = [record for record in synthetic.records(60) if record["record"] != "confirmation"]
    path = results(synthetic.in_mode(records, {"outcome": "crashed", "observed": "the process ended: SIGSEGV"})[0])
    page = open_report(path, "#findings").page
    page.select_option("#facets select[aria-label=mode]", "vmap")
    page.select_option("#facets select[aria-label=target]", "torch@vmap")
    page.wait_for_function("() => document.getElementById('query').value === 'mode:vmap target:torch@vmap'")
    assert count_shown(page)[1] > 0


def test_one_target_a_framework_is_no_facet(whole, open_page):
    page = open_page(whole[1], "#findings").page
    names = page.locator("#facets select").evaluate_all("all => all.map((one) => one.getAttribute('aria-label'))")
    assert "framework" in names
    assert not {"target", "mode"} & set(names)


def test_tables_sort_by_a_column(whole, open_page):
    page = open_page(whole[1]).page
    head = page.locator(".counts thead th").nth(2)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    counts = [
        int(text.replace(",", "") or 0) for text in page.locator(".counts tbody td:nth-child(3)").all_inner_texts()
    ]
    assert counts == sorted(counts, reverse=True)


def test_a_row_of_the_error_tables_is_a_value(whole, open_page):
    page = open_page(whole[1], "#errors").page
    unfold(page)
    names = page.locator(".errors tbody th").all_inner_texts()
    assert len(names) == len(set(names))
    assert "dilation=0" in names
    assert "stride must be positive" in page.locator(".errors .words").first.inner_text()


def test_plain_numbers_lead_the_error_tables(whole, open_page):
    names = open_page(whole[1], "#errors?q=wrong:dilation").page.locator(".errors tbody th").all_inner_texts()
    plain = [re.fullmatch(r"dilation=-?\d+", name) is not None for name in names]
    assert any(plain)
    assert plain == sorted(plain, reverse=True)


def test_layers_of_networks_that_bite_stand_first(synthetic, results, open_report):
    records = synthetic.records(150)
    for record in records:
        for field in ("id", "case"):
            if record["record"] in ("case", "verdict") and str(record.get(field, "")).startswith("conv2d/"):
                record[field] = f"conv2d/networks.yaml::{record[field].partition('::')[2]}"
    page = open_report(results(records), "#port/torch/megengine").page
    last = page.locator("#view table.wide").first.locator("tbody td:last-child").all_inner_texts()
    conforming = [text.startswith("conforms on both") for text in last]
    assert {True, False} <= set(conforming)
    assert conforming == sorted(conforming)


def test_a_badge_leads_to_all_that_has_it(known, open_report):
    page = open_report(known[0]).page
    badge = page.locator(".matter .badge", has_text="silent wrong values").first
    badge.click()
    page.locator("#view .note[role=status]").wait_for()
    assert page.locator("#query").input_value() == "severity:silent_wrong_values"
    shown = page.locator("#view details.finding:not(:has(.s-difference)) > summary .badge").all_text_contents()
    assert set(shown) == {"silent wrong values"}
    page.locator("#view details.finding > summary").first.click()
    page.locator("#view .tags a", has_text="megengine.module.Conv2d").click()
    page.wait_for_function("() => document.querySelector('#query').value === 'column:\"megengine.module.Conv2d\"'")


def test_a_finding_says_whose_it_is(known, open_report):
    page = open_report(known[0]).page
    said = page.locator(".matter .says:visible", has_text="It adds one to the output").first.inner_text()
    assert said.startswith("megengine It adds one to the output")
    page.goto(page.url.partition("#")[0] + "#findings")
    card = page.locator("#view details.finding .says", has_text="It adds one to the output").first
    # A browser may leave out a card's text while it stands off the screen (content-visibility), so not inner_text.
    assert (card.text_content() or "").startswith("megengine It adds one to the output")


def test_without_scripts_the_catalogue_is_readable(known, browser, tmp_path):
    write_html([known[0]], tmp_path / "page.html")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    article = page.locator("article", has_text="It adds one to the output").inner_text()
    context.close()
    for part in ("MEG-one", "silent wrong values", "All networks", "assert 1 == 2", "Take one away"):
        assert part in article


def test_without_scripts_the_tables_of_errors_and_porting_are_readable(whole, browser):
    run = load([whole[0]])
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(whole[1].as_uri())
    errors = page.locator("noscript table.errors").all_inner_texts()
    porting = "".join(page.locator("noscript table.porting").all_inner_texts())
    context.close()
    for layer, values in list_invalid(run).items():
        (table,) = [text for text in errors if all(value in text for value in values)]
        raised = [judged for judgeds in values.values() for judged in judgeds if judged.verdict.raised]
        assert raised
        for judged in raised:
            assert f"{judged.verdict.error_class}, {judged.verdict.phase}" in table, layer
    assert "has no padding_mode" in porting
    assert "pad_mode='pad'" in porting


def test_the_overview_tells_one_finding_by_picture_and_script(whole, open_page):
    told = open_page(whole[1]).page.locator("#told")
    told.locator(".pictures svg").first.wait_for()
    assert told.locator(".script pre").count() == 1
    told.locator("a", has_text="The whole finding").click()
    told.page.locator("details.finding[open]").wait_for()
    assert told.page.locator("details.finding[open]").count() == 1


def test_a_wrong_sentence_has_its_correction_beside_it(synthetic, results, open_report):
    records = synthetic.known()
    for record in records:
        if record.get("id") == "MEG-one":
            record |= {"severity": "wrong_document", "authority": "own_document"}
            record["correction"] = {"en": "It adds one.", "zh": "输出加一。"}
    path = results(records)
    page = open_report(path, "#vendor/megengine").page
    card = page.locator("#finding-MEG-one")
    card.locator("summary").first.click()
    card.locator(".body").wait_for()
    assert "Proposed correction\n\nIt adds one." in card.inner_text()


def test_accuracy_is_drawn_by_dtype_and_terms(whole, open_page):
    run = load([whole[0]])
    page = open_page(whole[1], "#accuracy").page
    bound = float(page.locator(".plot .bound").first.get_attribute("y1"))
    points = page.locator(".plot a.worst").evaluate_all(
        "points => points.map(point => [point.getAttribute('aria-label'), point.querySelector('path').getAttribute('transform')])"
    )
    assert points
    for said, place in points:
        ratio = float(re.search(r"worst (\S+),", said).group(1))
        height = float(re.search(r" (\S+)\)$", place).group(1))
        assert (height < bound) == (ratio > 1), said
    frameworks = {
        run.columns[judged.column].target.framework
        for judged in run.judged
        if judged.verdict.ratio and judged.case.api is None
    }
    assert set(page.locator(".plots figcaption").all_inner_texts()) == frameworks


def test_versions_of_a_framework_stand_side_by_side(synthetic, results, open_report):
    records = synthetic.known()
    newer = [
        {**record, **({"name": "newer", "version": "1.14"} if record["record"] == "target" else {"target": "newer"})}
        for record in records
        if record.get("target", record.get("name")) == "megengine" and record["record"] in ("target", "contract")
    ]
    newer.append(synthetic.entry(target="newer", verdicts=0, execution=None))
    page = open_report(results([*records[:-1], *newer, records[-1]]), "#vendor/megengine").page
    heads = page.locator(".versions thead th").all_inner_texts()
    row = page.locator(".versions tr", has_text="It adds one to the output")
    assert heads[1:] == ["megengine 1.13.0", "newer 1.14"]
    assert row.locator("td").all_inner_texts() == ["● 3", "○"]
