"""One search language: the command line's and the page's give the same answers to the same questions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conv_reports.findings.clusters import cluster
from conv_reports.output import page
from conv_reports.results.loaded import load
from conv_reports.views import query

TABLE = json.loads(Path(__file__).with_name("queries.json").read_text(encoding="utf-8"))
VERDICTS, ARGUMENTS = TABLE["verdicts"], frozenset(TABLE["arguments"])


@pytest.mark.parametrize(("text", "expected"), TABLE["queries"])
def test_command_line_answers_the_shared_table(text, expected):
    if expected is None:
        with pytest.raises(query.QueryError):
            query.compile_query(text, ARGUMENTS)
        return
    meets = query.compile_query(text, ARGUMENTS)
    met = []
    for number, verdict in enumerate(VERDICTS):
        if meets(lambda field, verdict=verdict: verdict.get(field, "")):
            met.append(number)
    assert met == expected


def test_page_answers_the_shared_table(browser):
    script = page.join_scripts(["query"])
    answers = browser.new_page().evaluate(
        """([source, verdicts, names, queries]) => {
          const own = source.replace(/^function fact/m, "function pageFact");
          const fact = (verdict, field) => verdict[field] ?? "";
          const compile = new Function("fact", `${own}; return compileQuery;`)(fact);
          return queries.map((text) => {
            try {
              const holds = compile(text, new Set(names));
              return verdicts.flatMap((verdict, number) => (holds(verdict) ? [number] : []));
            } catch (problem) {
              return problem.constructor.name === "QueryError" ? null : String(problem);
            }
          });
        }""",
        [script, VERDICTS, sorted(ARGUMENTS), [text for text, _ in TABLE["queries"]]],
    )
    assert answers == [expected for _, expected in TABLE["queries"]]


REAL = [
    "api:torch* kind:wrongly_accepted",
    "status:differs direction:stricter",
    "authority:mathematics",
    "authority:robustness OR authority:own_document",
    "accident:yes",
    "compared:values",
    "status:conforms -compared:values",
    "wrong:stride",
    "explained:no",
    "mode: -framework:torch",
    "differs:1 -status:conforms",
    "groups:>1 dilation:>1 framework:megengine",
    "padding:same",
    "ratio:>0.5",
    "invalid:yes error:ValueError",
    "status:unavailable",
    "dtype:float64 layer:conv_transpose2d",
    'shape:"(4, 7, 10)"',
    'kernel_size:"(3, 5)" bias:false',
    "confirmed:yes OR confirmed:no",
    "claim:torch.nn.Conv2d/stride",
    "SIGFPE",
    "exact:yes ratio:0",
]


def count_on_page(page, layer, text):
    """How many verdicts the matrix of a layer shows."""
    page.evaluate(
        "([layer, text]) => { location.hash = `#matrix/${layer}?q=${encodeURIComponent(text)}`; }", [layer, text]
    )
    page.wait_for_function("text => document.getElementById('query').value === text", arg=text)
    page.wait_for_function("layer => document.querySelector('.choice[aria-current]')?.textContent === layer", arg=layer)
    status = page.locator("#view [role=status]").inner_text()
    return int(status.split(", ")[-1].split()[0].replace(",", ""))


@pytest.mark.parametrize("text", [*REAL, "finding:{most serious}"])
def test_both_find_the_same_verdicts_of_a_run(whole, open_page, text):
    run = load([whole[0]])
    findings = cluster(run)
    text = text.replace("{most serious}", findings[0].id)
    expected = len(list(query.select(run, findings, text)))
    assert expected > 0
    page = open_page(whole[1], "#matrix").page
    assert sum(count_on_page(page, layer, text) for layer in ("conv2d", "conv_transpose2d")) == expected


def test_a_wrong_query_is_explained(results, open_report):
    shown = open_report(results(), "#matrix?q=colour:blue").page
    assert "colour:" in shown.locator("#query-problem").inner_text()
