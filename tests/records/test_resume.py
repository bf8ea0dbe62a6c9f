"""Going on with an earlier run, and asking twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conv_reports.results import read
from conv_reports.results.loaded import load

pytest_plugins = ("pytester",)


def asked(suite: Any) -> list[str]:
    """Cut the results file after the third verdict, in the middle of a line, and return its verdicts' lines."""
    path = suite.folder / "results.jsonl"
    lines = path.read_text().splitlines()
    third = [number for number, line in enumerate(lines) if '"record":"verdict"' in line][2]
    path.write_text("\n".join([*lines[: third + 1], lines[third + 1][:40]]))
    return [line for line in lines[: third + 1] if '"record":"verdict"' in line]


def test_a_resumed_run_asks_only_what_is_missing(suite: Any) -> None:
    suite.behave(k2="wrong")
    whole = suite.run()
    expected = whole.stable()
    kept = asked(suite)
    for options in ((), ("-n2",)):
        asked_before = [json.loads(line) for line in kept]
        found = suite.run("--resume", "results.jsonl", *options)
        assert found.status == 1
        assert "2 failed" in found.output
        assert found.stable() == expected
        footer = found.records()[-1]
        assert (footer["complete"], footer["verdicts"]) == (True, 11)
        # The earlier verdicts are the very ones, their times included.
        verdicts = found.verdicts().values()
        assert all(record in verdicts for record in asked_before)
        asked(suite)


def test_a_run_that_cannot_go_on_says_why(suite: Any) -> None:
    suite.run()
    text = (suite.folder / "results.jsonl").read_text()
    (suite.folder / "earlier.jsonl").write_text(text)
    other = suite.run("--resume", "earlier.jsonl", version="1.6")
    assert other.status == 4
    assert "earlier.jsonl: target fakeflow had version '1.5', now '1.6'" in other.output
    (suite.folder / "earlier.jsonl").write_text(text.replace('"suite":"', '"suite":"0.0.'))
    assert "written by suite 0.0." in suite.run("--resume", "earlier.jsonl").output
    verdict = next(line for line in text.splitlines() if '"record":"verdict"' in line)
    (suite.folder / "earlier.jsonl").write_text(text + verdict + "\n")
    twice = suite.run("--resume", "earlier.jsonl")
    assert twice.status == 4
    assert "was judged before" in twice.output
    (suite.folder / "earlier.jsonl").write_text(text)
    spec = suite.folder / "specs" / "conv2d" / "kernel.yaml"
    spec.write_text(spec.read_text().replace("out_channels: 2", "out_channels: 3"))
    changed = suite.run("--resume", "earlier.jsonl")
    assert changed.status == 2
    assert "has another arguments now" in changed.output


def test_a_fault_and_an_unavailable_target_are_asked_again(suite: Any) -> None:
    unavailable = suite.run(target="fakeflow=/bin/false//framework=fakeflow")
    assert unavailable.status == 0
    found = suite.run("--resume", "results.jsonl")
    assert {record["outcome"] for record in found.verdicts().values()} == {"conforms", "no_equivalent"}


def test_a_verdict_that_changes_between_repeats_is_unstable(suite: Any) -> None:
    suite.behave(k3="fickle", k2="wrong")
    found = suite.run("--repeat", "2")
    outcomes = {name: record["outcome"] for name, record in found.verdicts().items()}
    assert outcomes["kernel[k:3-size:6]"] == outcomes["kernel[k:3-size:7]"] == "unstable"
    assert outcomes["kernel[k:2-size:6]"] == "diverges"
    assert outcomes["kernel[k:1-size:6]"] == "conforms"
    assert "1 times outcome conforms" in found.verdicts()["kernel[k:3-size:6]"]["observed"]
    assert found.status == 1


def test_a_second_run_gives_the_same_verdicts_byte_for_byte(suite: Any) -> None:
    suite.behave(k2="wrong", k3="no such kernel at ADDRESS")
    first, second = suite.run().stable(), suite.run().stable()
    assert "no such kernel at 0x..." in "".join(first)
    assert first == second


def test_runs_combine_where_they_are_consistent(suite: Any) -> None:
    """Of two versions, of two parts; not of the same twice, nor of cases that changed in between."""
    kernel, invalid = "specs/conv2d/kernel.yaml", "specs/conv2d/invalid.yaml"
    first = suite.folder / "first.jsonl"
    suite.run("--results", str(first), kernel)
    second = suite.folder / "second.jsonl"
    suite.run("--results", str(second), invalid)
    third = suite.folder / "third.jsonl"
    suite.run("--results", str(third), kernel, version="1.6")
    together = load([first, second, third])
    assert [len(file.header.arguments) > 0 for file in together.files] == [True] * 3
    assert sorted(target.version for target in together.targets) == ["1.5", "1.6"]
    assert len(together.judged) == 9 + 2 + 9
    with pytest.raises(read.DuplicateVerdictError, match=r"first\.jsonl.*was already judged in .*first\.jsonl"):
        load([first, second, first])
    first.write_text(first.read_text().replace('"kernel_size":3', '"kernel_size":4'))
    with pytest.raises(
        read.InconsistentCaseError, match=r"third\.jsonl: conv2d/kernel.yaml::kernel\[k:3-size:6\] asks"
    ):
        load([first, third])
