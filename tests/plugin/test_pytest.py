"""The suite in pytest's own terms: ids, selection, stopping, reports, exit status."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

pytest_plugins = ("pytester",)

KERNEL = "specs/conv2d/kernel.yaml::"


def test_a_run_in_one_process_and_in_two_selects_stops_and_reports_as_pytest_does(suite: Any) -> None:
    suite.behave(k2="wrong", k3="no such kernel", k4="unregistered")
    whole = suite.run("-rA", "--junitxml", "junit.xml")
    assert whole.status == 1, whole.output
    assert f"FAILED {KERNEL}fakeflow.Conv2d/kernel[k:2-size:6]" in whole.output
    assert f"PASSED {KERNEL}fakeflow.Conv2d/kernel[k:1-size:7]" in whole.output
    assert "4 failed, 4 passed, 3 skipped" in whole.output
    outcomes = {name: record["outcome"] for name, record in whole.verdicts().items()}
    assert outcomes["kernel[k:2-size:6]"] == outcomes["kernel[k:3-size:6]"] == "diverges"
    assert outcomes["kernel[k:4-size:6]"] == "unavailable"
    assert outcomes["other"] == "no_equivalent"
    assert outcomes["stride[value:none]"] == "conforms"
    footer = whole.records()[-1]
    assert (footer["record"], footer["complete"], footer["verdicts"]) == ("footer", True, 11)
    scripts = [record["confirmed"] for record in whole.records() if record["record"] == "confirmation"]
    assert scripts == [True] * 2, "one of each finding was executed, and showed it"
    counted = ElementTree.parse(suite.folder / "junit.xml").getroot()[0].attrib
    assert (counted["tests"], counted["failures"], counted["skipped"]) == ("11", "4", "3")
    (row,) = [line.split() for line in whole.output.splitlines() if line.startswith("fakeflow.Conv2d ")]
    assert row == ["fakeflow.Conv2d", "4", "4", "1", "2"]
    for name in ("results.jsonl", "report.html"):
        assert str(suite.folder / name) in whole.output

    again = suite.run("--lf", "--tb=no")
    assert "4 failed" in again.output
    assert list(again.verdicts()) == [name for name, outcome in outcomes.items() if outcome == "diverges"]
    # Before the file that a run replaces stands what it held.
    assert len(again.verdicts("results.previous.jsonl")) == 11

    parallel = suite.run("-n2", "--tb=no")
    assert parallel.status == 1
    assert "4 failed, 4 passed, 3 skipped" in parallel.output
    assert parallel.stable() == whole.stable()


def test_selection_by_path_name_marker_and_id(suite: Any) -> None:
    assert "9 tests collected" in suite.run("--collect-only", "specs/conv2d/kernel.yaml").output
    assert "9/11 tests collected" in suite.run("--collect-only", "-k", "Conv2d and not stride").output
    assert (
        "2/11 tests collected" in suite.run("--collect-only", "-m", "fakeflow and invalid", "--strict-markers").output
    )
    one = suite.run(f"{KERNEL}fakeflow.Conv2d/kernel[k:3-size:6]")
    assert one.status == 0, one.output
    assert list(one.verdicts()) == ["kernel[k:3-size:6]"]
    for part in ("fakeflow.Conv2d/kernel[k:3-size:6]", "kernel[k:3-size:6]", "k:3-size:6", "3-size:6]"):
        assert "1/11 tests collected" in suite.run("--collect-only", "-k", part).output
    nothing = suite.run("-k", "nothing")
    assert nothing.status == 5


def test_a_stopped_run_keeps_its_results_and_says_so(suite: Any) -> None:
    suite.behave(k1="wrong")
    stopped = suite.run("-x", "specs/conv2d/kernel.yaml")
    assert stopped.status == 1
    assert len(stopped.verdicts()) == 1
    assert stopped.records()[-1]["complete"] is False


def test_a_broken_spec_stops_the_run_before_it_starts_unless_told_otherwise(suite: Any) -> None:
    (suite.folder / "specs" / "conv2d" / "broken.yaml").write_text("layer: conv2d\nclause: none\ncases: [\n")
    stopped = suite.run()
    assert stopped.status == 2
    assert "broken.yaml:4:1: is no YAML" in stopped.output
    assert not (suite.folder / "results.jsonl").exists()
    going = suite.run("--continue-on-collection-errors")
    assert going.status == 1
    assert len(going.verdicts()) == 11


def test_what_cannot_be_used_is_named_with_the_mend(suite: Any) -> None:
    missing = suite.run(target="fakeflow=/no/such/python")
    assert missing.status == 4
    assert "no interpreter at /no/such/python; give the path" in missing.output
    (suite.folder / "file").write_text("")
    unwritable = suite.run("--results", "file/results.jsonl")
    assert unwritable.status == 4
    assert "cannot write" in unwritable.output
    assert "choose another with --results FILE" in unwritable.output
    (suite.folder / "known.yaml").write_text("divergences: 3\n")
    baseline = suite.run("--baseline", "known.yaml")
    assert baseline.status == 4
    assert "known.yaml:1:1: divergences: 3 is not of type 'array'" in baseline.output
    assert suite.run("--baseline", "none.yaml").status == 4
    assert suite.run("--resume", "known.yaml").status == 4
    assert suite.run("--repeat", "0").status == 4


def test_an_unavailable_target_is_one_line_and_fails_only_where_that_is_asked(suite: Any) -> None:
    bare = suite.folder / "bare"
    bare.write_text("#!/bin/sh\necho no interpreter >&2\nexit 7\n")
    bare.chmod(0o755)
    found = suite.run(target=f"fakeflow={bare}")
    assert found.status == 0, found.output
    assert found.output.count("target fakeflow is unavailable") == 1
    assert {record["outcome"] for record in found.verdicts().values()} == {"unavailable", "no_equivalent"}
    assert suite.run("--require-targets", target=f"fakeflow={bare}").status == 1
