"""A search from the command line: it finds a seeded fault, shrinks it, saves it, and what it saved fails as any spec."""

from __future__ import annotations

from pathlib import Path

import pytest
import ruamel.yaml

from tests.fakes.suite import Result, Suite

pytest_plugins = ("pytester",)

# The fake framework ignores its stride, and with this a kernel of two adds one to every output.
FAULT = {"k2": "wrong"}
VALUE = {"in_channels": 1, "out_channels": 1, "kernel_size": 2}
SAVED = Path("found", "specs", "explored", "conv2d.yaml")
CATALOGUE = """\
framework: fakeflow
entries:
  - id: FAK-one-too-many
    title: {en: A kernel of two adds one to every output, zh: 大小为二的卷积核使每个输出多一}
    severity: silent_wrong_values
    authority: mathematics
    rests_on: {en: the definition, zh: 定义}
    effect: {en: every network with such a kernel, zh: 所有使用该卷积核的网络}
    upstream: not reported
    where: {versions: "==1.5"}
    script: assert False
    seen:
      - api: fakeflow.Conv2d
        kind: value
        subject: output
        cases:
          conv2d/kernel.yaml::kernel[k:2-*]: 2
"""


def explore(suite: Suite, extent: str, *options: str, results: str = "results.jsonl") -> Result:
    return suite.run("--explore", extent, "--save", "found", *options, results=results)


@pytest.fixture(scope="module")
def searched(shared_suite: Suite) -> Result:
    shared_suite.behave(**FAULT)
    return explore(shared_suite, "2,1")


@pytest.fixture(scope="module")
def saved(searched: Result, shared_suite: Suite) -> Path:
    return shared_suite.folder / SAVED


def read_cases(file: Path) -> list[dict[str, object]]:
    cases: list[dict[str, object]] = ruamel.yaml.YAML(typ="safe").load(file)["cases"]
    return cases


def test_it_finds_the_fault_and_shrinks_it(saved: Path) -> None:
    inputs = [case["input"] for case in read_cases(saved) if case["arguments"] == VALUE]
    assert inputs == [{"shape": [1, 1, 2, 2], "values": "all_ones", "gradients": False}]


def test_each_cause_is_found_once(saved: Path) -> None:
    assert len(read_cases(saved)) == len({repr(case["arguments"]) for case in read_cases(saved)}) <= 3


def test_what_is_found_fails_in_the_same_run(searched: Result) -> None:
    assert searched.status == 1
    searched.lines.fnmatch_lines(["*expected 5.0 exactly at (0, 0, 0, 0)*"])
    assert {verdict["outcome"] for verdict in searched.verdicts().values()} == {"diverges"}


def test_the_header_tells_seed_and_version_and_the_progress_what_was_reached(searched: Result) -> None:
    searched.lines.fnmatch_lines(
        [
            "explore: seed 1, fakeflow 1.5; *",
            "explore: new: fakeflow.*",
            "explore: * s, * of them shrinking: fakeflow * calls a minute (*% of its time); * pairs and * triples of traits; * new clusters",
        ]
    )
    assert "faults" not in searched.output


def test_the_saved_spec_runs_as_any_other(saved: Path, shared_suite: Suite) -> None:
    shared_suite.behave(**FAULT)
    assert shared_suite.run(str(saved), results="again.jsonl").status == 1


def test_the_same_seed_finds_the_same_first(saved: Path, shared_suite: Suite) -> None:
    before = read_cases(saved)
    shared_suite.behave(**FAULT)
    explore(shared_suite, "0.5,1", results="same.jsonl")
    assert read_cases(saved)[0] == before[0]


def test_what_the_catalogue_lists_is_not_found(shared_suite: Suite) -> None:
    shared_suite.behave(**FAULT)
    known = shared_suite.write("known.yaml", CATALOGUE)
    result = explore(shared_suite, "1,1", "--known", str(known), results="known.jsonl")
    assert "expected 5.0 exactly" not in result.output


def test_a_crash_is_found(suite: Suite) -> None:
    suite.behave(k3="sigfpe")
    result = explore(suite, "0.5,1")
    result.lines.fnmatch_lines(["explore: new: fakeflow.crashed.*SIGFPE*"])


def test_nothing_found_is_a_success(suite: Suite) -> None:
    result = explore(suite, "0.5,1", "-k", "k:1")
    assert result.status == 0


def test_without_a_valid_case_there_is_nothing_to_draw_from(suite: Suite) -> None:
    result = explore(suite, "1,1", "-k", "stride")
    assert result.status == 4
    result.lines.fnmatch_lines(["*nothing to draw calls from*"])


@pytest.mark.parametrize("extent", ["-1", "long", "1,seed", "inf"])
def test_seconds_and_seed_are_numbers(extent: str, suite: Suite) -> None:
    result = suite.run(f"--explore={extent}")
    assert result.status == 4
    result.lines.fnmatch_lines(["*--explore*invalid*"])
