"""A run held against a baseline, and a baseline written from a run."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from tests.fakes.suite import Result, Suite

pytest_plugins = ("pytester",)

BUG = "no such kernel, please report this bug"
WRONG = {"k2": "wrong", "k3": BUG}
FILE = "known.yaml"


@pytest.fixture(scope="module")
def text(shared_suite: Suite) -> str:
    """A baseline, written by a run in which two kernels diverge."""
    shared_suite.behave(**WRONG)
    written = shared_suite.run("--baseline", FILE, "--write-baseline")
    assert written.status == 0, written.output
    return (shared_suite.folder / FILE).read_text()


@pytest.fixture
def known(suite: Suite, text: str) -> Suite:
    """Two kernels diverge, and a baseline knows it."""
    suite.behave(**WRONG)
    suite.write(FILE, text)
    return suite


# What a run writes


def test_a_written_baseline_has_patterns_and_messages(text: str) -> None:
    assert "conv2d/kernel.yaml::kernel[k:2-*]: 2" in text
    assert f'message: "RuntimeError in construct: {BUG}"' in text


@pytest.mark.parametrize(
    "options", [[], ["-n2"], ["specs/conv2d/kernel.yaml"], ["-k", "other"]], ids=lambda options: " ".join(options) or "all"
)  # fmt: skip
def test_what_a_run_writes_the_next_one_expects(known: Suite, options: list[str]) -> None:
    assert known.run("--baseline", FILE, *options).status == 0


def test_an_expected_divergence_is_shown_with_what_is_known(known: Suite) -> None:
    result = known.run("--baseline", FILE)
    result.lines.fnmatch_lines("*4 xfailed*")
    reasons = [verdict["known"] for verdict in result.records("verdict") if verdict["outcome"] == "diverges"]
    assert len(reasons) == 4
    assert all(reason.startswith("unreviewed") for reason in reasons)


# What is not as the baseline has it


def test_a_new_divergence_fails(known: Suite) -> None:
    known.behave(**WRONG, k4="wrong")
    result = known.run("--baseline", FILE)
    assert result.status == 1
    result.lines.fnmatch_lines(["*not listed in known.yaml*", "*2 failed*"])


@pytest.mark.parametrize("options", [[], ["-n2"]], ids=["one process", "two processes"])
def test_a_divergence_that_is_gone_fails(known: Suite, options: list[str]) -> None:
    known.behave(k2="wrong")
    result = known.run("--baseline", FILE, *options)
    assert result.status == 1
    result.lines.fnmatch_lines(["*stale: known.yaml:*", "*2 failed*"])


def test_another_divergence_than_the_known_one_fails(known: Suite) -> None:
    known.behave(k2=BUG, k3="another message, please report this bug")
    result = known.run("--baseline", FILE, "-k", "kernel")
    assert result.status == 1
    result.lines.fnmatch_lines(
        [
            "*observed  RuntimeError in construct: another message*",
            f"*as another divergence: internal error of call, 'RuntimeError in construct: {BUG}'",
            "*4 failed*",
        ]
    )


def test_of_another_version_nothing_is_known(known: Suite) -> None:
    assert known.run("--baseline", FILE, version="1.6").status == 1


# How many there are


def recount(known: Suite, count: int) -> None:
    """Let the baseline say that so many cases of kernel 2 diverge; two do."""
    path = known.folder / FILE
    path.write_text(path.read_text().replace("kernel[k:2-*]: 2", f"kernel[k:2-*]: {count}"))


def test_more_cases_than_a_pattern_says_fail_like_an_item(known: Suite) -> None:
    recount(known, 1)
    result = known.run("--baseline", FILE, "-k", "kernel", "--junitxml", "junit.xml")
    assert result.status == 1
    result.lines.fnmatch_lines("*listed 1 times for fakeflow.Conv2d of fakeflow, 2 diverge so*")
    assert ElementTree.parse(known.folder / "junit.xml").getroot()[0].attrib["failures"] == "1"


def test_fewer_cases_than_a_pattern_says_fail(known: Suite) -> None:
    recount(known, 3)
    result = known.run("--baseline", FILE)
    assert result.status == 1
    result.lines.fnmatch_lines("*is listed 3 times*")


def test_fewer_cases_cannot_be_told_where_not_every_case_of_the_file_ran(known: Suite) -> None:
    recount(known, 3)
    item = "specs/conv2d/kernel.yaml::fakeflow.Conv2d/kernel[k:2-size:6]"
    assert known.run("--baseline", FILE, item).status == 0


# Only a whole run makes a baseline


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["specs/conv2d/kernel.yaml"], "conv2d/invalid.yaml did not run"),
        (["-k", "not other"], "1 of the 9 cases of conv2d/kernel.yaml did not run"),
        (["--deselect", "specs/conv2d/invalid.yaml::fakeflow.Conv2d/stride[value:none]"], "1 of the 2 cases of"),
        (["--target", "fakeflow=/bin/false//framework=fakeflow"], "target fakeflow is unavailable"),
    ],
    ids=["a file", "a name", "an item less", "no target"],
)
def test_a_baseline_is_not_written_from_a_part(suite: Suite, options: list[str], reason: str) -> None:
    suite.behave(**WRONG)
    target = options[1] if options[0] == "--target" else ""
    part = suite.run("--baseline", FILE, "--write-baseline", *([] if target else options), target=target)
    assert_left(part, suite, reason)


def test_a_baseline_is_not_written_from_a_stopped_run(suite: Suite) -> None:
    suite.write("specs/conv2d/broken.yaml", "layer: conv2d\ncases: [\n")
    stopped = suite.run("--baseline", FILE, "--write-baseline", "--continue-on-collection-errors", "--maxfail=1")
    assert stopped.status != 0
    assert not (suite.folder / FILE).exists()


def assert_left(part: Result, suite: Suite, reason: str) -> None:
    """The run failed and said why, and no baseline was written."""
    assert part.status == 1, part.output
    part.lines.fnmatch_lines(f"*baseline: known.yaml is left as it was, because *{reason}*")
    assert not (suite.folder / FILE).exists()
