"""Going on with an earlier run, and asking twice."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from conformance.records.basis import find_basis
from conformance.targets.sources import source_of
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


def test_a_verdict_that_nobody_gives_is_refused(suite: Suite, whole: Result) -> None:
    suite.write(FILE, whole.text.replace('"outcome":"conforms"', '"outcome":"conforms","kind":"odd"'))
    refused = suite.run("--resume", FILE)
    assert refused.status == pytest.ExitCode.USAGE_ERROR
    refused.lines.fnmatch_lines("*earlier.jsonl:*: no verdict record: *'odd'*")


def test_a_case_that_was_judged_twice_is_refused(suite: Suite, whole: Result) -> None:
    verdict = next(line for line in whole.text.splitlines() if '"record":"verdict"' in line)
    suite.write(FILE, whole.text + verdict + "\n")
    refused = suite.run("--resume", FILE)
    assert refused.status == pytest.ExitCode.USAGE_ERROR
    refused.lines.fnmatch_lines("*was judged before; give the file of one run*")


# What has changed since is asked again: the framework behaves otherwise now, which shows whether it was asked.


@pytest.fixture
def mended(suite: Suite, whole: Result) -> Suite:
    suite.behave()
    return suite


def count_diverging(result: Result) -> int:
    return list(result.outcomes().values()).count("diverges")


def test_what_has_not_changed_is_not_asked(mended: Suite) -> None:
    resumed = mended.run("--resume", "whole.jsonl")
    assert count_diverging(resumed) == 2
    resumed.lines.fnmatch_lines(f"*whole.jsonl: {CASES} verdicts taken over; 0 asked")


def test_a_case_that_is_another_now_is_asked_again_alone(mended: Suite) -> None:
    text = mended.kernel_spec.read_text()
    mended.kernel_spec.write_text(text.replace("out_channels: 2", "out_channels: 3"))
    resumed = mended.run("--resume", "whole.jsonl")
    assert count_diverging(resumed) == 0
    resumed.lines.fnmatch_lines("*whole.jsonl: 3 verdicts taken over; 8 asked (another case: 8)")


def test_a_case_that_stands_elsewhere_is_the_same(mended: Suite) -> None:
    mended.kernel_spec.write_text("# a comment\n" + mended.kernel_spec.read_text())
    assert count_diverging(mended.run("--resume", "whole.jsonl")) == 2


def test_cases_that_are_no_more_are_not_taken_over(mended: Suite) -> None:
    mended.kernel_spec.write_text(mended.kernel_spec.read_text().replace("k: [1, 2, 3, 4]", "k: [1, 2]"))
    resumed = mended.run("--resume", "whole.jsonl")
    assert len(resumed.verdicts()) == len(resumed.records("case")) == CASES - 4
    resumed.lines.fnmatch_lines(
        f"*whole.jsonl: {CASES - 4} verdicts taken over; 0 asked; 4 of its verdicts not asked for"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [("//env:FAKEFLOW_VERSION=1.5", "//env:FAKEFLOW_VERSION=1.6"), ("", "//env:MKL_CBWR=AVX2"), ("", "//memory=900M")],
    ids=["version", "environment", "memory"],
)
def test_another_target_is_asked_again(mended: Suite, old: str, new: str) -> None:
    target = mended.interpreter + "//env:FAKEFLOW_VERSION=1.5"
    target = target.replace(old, new) if old else target + new
    resumed = mended.run("--resume", "whole.jsonl", target=target)
    assert count_diverging(resumed) == 0
    resumed.lines.fnmatch_lines(f"*whole.jsonl: {CASES} asked (another target: {CASES})")


@pytest.mark.parametrize("options", [["--case-timeout", "30"], ["--repeat", "2"]], ids=["limit", "repeats"])
def test_what_is_asked_otherwise_is_asked_again(mended: Suite, options: list[str]) -> None:
    assert count_diverging(mended.run("--resume", "whole.jsonl", *options)) == 0


def test_other_code_asks_again(mended: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(module: str) -> str:
        return source_of(module) + ("# edited\n" if module == "conformance.verdicts.judge" else "")

    monkeypatch.setattr("conformance.run.describing.find_basis", partial(find_basis, read=read))
    resumed = mended.run("--resume", "whole.jsonl")
    assert count_diverging(resumed) == 0
    resumed.lines.fnmatch_lines(f"*whole.jsonl: {CASES} asked (other code: {CASES})")


def test_a_file_without_digests_settles_nothing(mended: Suite, whole: Result) -> None:
    records = whole.records()
    for record in records:
        record.pop("basis", None)
        record.pop("digest", None)
    mended.write(FILE, "".join(json.dumps(record) + "\n" for record in records))
    assert count_diverging(mended.run("--resume", FILE)) == 0


def test_what_an_unavailable_target_was_asked_is_asked_again(suite: Suite) -> None:
    suite.run(target="fakeflow=/bin/false//framework=fakeflow", results=FILE)
    resumed = suite.run("--resume", FILE)
    assert set(resumed.outcomes().values()) == {"conforms", "no_equivalent"}


@pytest.mark.parametrize("outcome", ["fault", "unavailable"], ids=["a fault", "a target that was given up"])
def test_what_says_nothing_of_the_framework_is_asked_again(suite: Suite, whole: Result, outcome: str) -> None:
    records = whole.records()
    for record in records:
        if record.get("outcome") == "conforms":
            record["outcome"] = outcome
            del record["phase"]
    suite.write(FILE, "".join(json.dumps(record) + "\n" for record in records))
    assert suite.run("--resume", FILE).stable() == whole.stable()


def test_what_is_taken_over_outlives_an_interrupted_run(mended: Suite) -> None:
    assert len(mended.run("--resume", "whole.jsonl", "-x").verdicts()) == CASES


# Asking only what has changed

UNCHECKED = """\
layer: conv2d
api: fakeflow.Conv2d
documents: {x: {publisher: p, title: t, version: v, kind: installed_docstring}}
document: x
claims: [{id: a, section: b, says: {en: c, zh: c}, unchecked: {en: it cannot be observed, zh: d}}]
"""


@pytest.mark.parametrize("options", [[], ["-n2"]], ids=["one process", "two processes"])
def test_only_changed_leaves_out_what_holds(mended: Suite, options: list[str]) -> None:
    text = mended.kernel_spec.read_text()
    mended.kernel_spec.write_text(text.replace("out_channels: 2", "out_channels: 3"))
    changed = mended.run("--only-changed", "whole.jsonl", *options)
    assert changed.status == 0
    assert len(changed.verdicts()) == 8
    changed.lines.fnmatch_lines("*whole.jsonl: 3 verdicts hold and were left out; 8 asked (another case: 8)")


def test_only_changed_succeeds_where_nothing_has(mended: Suite) -> None:
    claims = mended.folder / "specs" / "claims"
    claims.mkdir()
    (claims / "x.yaml").write_text(UNCHECKED)
    unchanged = mended.run("--only-changed", "whole.jsonl")
    assert unchanged.status == 0
    assert not unchanged.results.exists()
    unchanged.lines.fnmatch_lines(f"*whole.jsonl: {CASES} verdicts hold and were left out; 0 asked")


def test_only_changed_and_resume_exclude_each_other(mended: Suite) -> None:
    refused = mended.run("--only-changed", "whole.jsonl", "--resume", "whole.jsonl")
    assert refused.status == pytest.ExitCode.USAGE_ERROR
    refused.lines.fnmatch_lines("*--resume takes over what --only-changed leaves out; give one of them*")


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
