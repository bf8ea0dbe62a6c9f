"""Going on with an earlier run, and asking twice."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from conv_reports.results import read
from conv_reports.results.loaded import load
from tests.fakes.suite import CASES, Result, Suite

pytest_plugins = ("pytester",)

FILE = "earlier.jsonl"


# Going on


@pytest.fixture(scope="module")
def earlier(shared_suite: Suite) -> Result:
    shared_suite.behave(k2="wrong")
    return shared_suite.run(results="whole.jsonl")


@pytest.fixture
def whole(suite: Suite, earlier: Result) -> Result:
    """An earlier run's file, `whole.jsonl`, of a framework that still behaves so."""
    suite.behave(k2="wrong")
    return replace(earlier, results=suite.write("whole.jsonl", earlier.text))


@pytest.fixture
def begun(suite: Suite, whole: Result) -> list[dict[str, Any]]:
    """The verdicts of a file that was cut after the third one, in the middle of a line."""
    lines = whole.text.splitlines()
    third = [number for number, line in enumerate(lines) if '"record":"verdict"' in line][2]
    suite.write(FILE, "\n".join([*lines[: third + 1], lines[third + 1][:40]]))
    return [json.loads(line) for line in lines[: third + 1] if '"record":"verdict"' in line]


@pytest.mark.parametrize("options", [[], ["-n2"]], ids=["one process", "two processes"])
def test_a_resumed_run_asks_only_what_is_missing(
    suite: Suite, whole: Result, begun: list[dict[str, Any]], options: list[str]
) -> None:
    resumed = suite.run("--resume", FILE, *options)
    assert resumed.status == 1
    resumed.lines.fnmatch_lines("*2 failed*")
    assert resumed.stable() == whole.stable()
    footer = resumed.records()[-1]
    assert (footer["complete"], footer["verdicts"]) == (True, CASES)
    # The earlier verdicts are the very ones, their times included.
    verdicts = resumed.verdicts().values()
    assert all(verdict in verdicts for verdict in begun)


def test_a_run_may_replace_the_file_that_it_goes_on_with(suite: Suite, whole: Result) -> None:
    assert suite.run("--resume", "whole.jsonl", results="whole.jsonl").stable() == whole.stable()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"version":"1.5"', '"version":"1.6"', "*earlier.jsonl: target fakeflow had version '1.6', now '1.5'*"),
        ('"suite":"', '"suite":"0.0.', "*earlier.jsonl: written by suite 0.0.*; run without --resume*"),
        ('"outcome":"conforms"', '"outcome":"conforms","kind":"odd"', "*earlier.jsonl:*: no verdict record: *'odd'*"),
    ],
    ids=["another version", "another suite", "a verdict that nobody gives"],
)
def test_a_file_that_a_run_cannot_go_on_with_is_refused(
    suite: Suite, whole: Result, old: str, new: str, message: str
) -> None:
    suite.write(FILE, whole.text.replace(old, new))
    refused = suite.run("--resume", FILE)
    assert refused.status == pytest.ExitCode.USAGE_ERROR
    refused.lines.fnmatch_lines(message)


def test_a_case_that_was_judged_twice_is_refused(suite: Suite, whole: Result) -> None:
    verdict = next(line for line in whole.text.splitlines() if '"record":"verdict"' in line)
    suite.write(FILE, whole.text + verdict + "\n")
    refused = suite.run("--resume", FILE)
    assert refused.status == pytest.ExitCode.USAGE_ERROR
    refused.lines.fnmatch_lines("*was judged before; give the file of one run*")


def test_a_case_that_is_another_now_is_refused(suite: Suite, whole: Result) -> None:
    suite.kernel_spec.write_text(suite.kernel_spec.read_text().replace("out_channels: 2", "out_channels: 3"))
    refused = suite.run("--resume", "whole.jsonl")
    assert refused.status == pytest.ExitCode.INTERRUPTED
    refused.lines.fnmatch_lines("*has another arguments now; run without --resume*")


def test_what_an_unavailable_target_was_asked_is_asked_again(suite: Suite) -> None:
    unavailable = suite.run(target="fakeflow=/bin/false//framework=fakeflow", results=FILE)
    assert unavailable.status == 0
    resumed = suite.run("--resume", FILE)
    assert set(resumed.outcomes().values()) == {"conforms", "no_equivalent"}


def test_a_fault_is_asked_again(suite: Suite, whole: Result) -> None:
    suite.write(FILE, whole.text.replace('"outcome":"conforms"', '"outcome":"fault"'))
    assert suite.run("--resume", FILE).stable() == whole.stable()


# Asking twice


@pytest.fixture(scope="module")
def repeated(shared_suite: Suite) -> Result:
    """Every case asked twice, of a framework that answers kernel 3 in two ways."""
    shared_suite.behave(k3="fickle", k2="wrong")
    return shared_suite.run("--repeat", "2")


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("kernel[k:1-size:6]", "conforms"),
        ("kernel[k:2-size:6]", "diverges"),
        ("kernel[k:3-size:6]", "unstable"),
        ("kernel[k:3-size:7]", "unstable"),
    ],
)
def test_a_verdict_that_changes_between_repeats_is_unstable(repeated: Result, name: str, outcome: str) -> None:
    assert repeated.outcomes()[name] == outcome


def test_an_unstable_verdict_says_how_often_each_came(repeated: Result) -> None:
    assert "1 times outcome conforms" in repeated.verdicts()["kernel[k:3-size:6]"]["observed"]


def test_an_unstable_verdict_fails_the_run(repeated: Result) -> None:
    assert repeated.status == 1


def test_a_second_run_gives_the_same_verdicts_byte_for_byte(suite: Suite) -> None:
    suite.behave(k2="wrong", k3="no such kernel at ADDRESS, please report this bug")
    first = suite.run().stable()
    assert "no such kernel at 0x..." in "".join(first)
    assert suite.run().stable() == first


# Several files together


KERNEL = "specs/conv2d/kernel.yaml"


@pytest.fixture(scope="module")
def kernels(shared_suite: Suite) -> Result:
    shared_suite.behave()
    return shared_suite.run(KERNEL, results="kernels.jsonl")


@pytest.fixture(scope="module")
def invalid(shared_suite: Suite) -> Result:
    shared_suite.behave()
    return shared_suite.run("specs/conv2d/invalid.yaml", results="invalid.jsonl")


@pytest.fixture(scope="module")
def newer(shared_suite: Suite) -> Result:
    shared_suite.behave()
    return shared_suite.run(KERNEL, version="1.6", results="newer.jsonl")


def test_runs_of_two_versions_and_of_two_parts_combine(kernels: Result, invalid: Result, newer: Result) -> None:
    together = load([kernels.results, invalid.results, newer.results])
    assert len(together.files) == 3
    assert sorted(target.version for target in together.targets) == ["1.5", "1.6"]
    assert len(together.judged) == 9 + 2 + 9


def test_the_same_run_twice_does_not_combine(kernels: Result, invalid: Result) -> None:
    with pytest.raises(read.DuplicateVerdictError, match=r"kernels\.jsonl.*was already judged in .*kernels\.jsonl"):
        load([kernels.results, invalid.results, kernels.results])


def test_runs_between_which_a_case_changed_do_not_combine(kernels: Result, newer: Result, suite: Suite) -> None:
    changed = suite.write("changed.jsonl", kernels.text.replace('"kernel_size":3', '"kernel_size":4'))
    message = r"newer\.jsonl: conv2d/kernel.yaml::kernel\[k:3-size:6\] asks"
    with pytest.raises(read.InconsistentCaseError, match=message):
        load([changed, newer.results])
