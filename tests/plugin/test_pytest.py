"""The suite in pytest's own terms: ids, selection, stopping, reports, exit status."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from conformance.targets.command_line import PROBE_LIMIT
from conformance.targets.connection import START_LIMIT
from tests.fakes.suite import CASES, Result, Suite

pytest_plugins = ("pytester",)

KERNEL = "specs/conv2d/kernel.yaml::"


def name_options(value: object) -> str | None:
    """Options as they are typed, in the ids of tests."""
    return " ".join(value) if isinstance(value, list) else None


# One run of everything, which its tests look at from several sides


@pytest.fixture(scope="module")
def whole(shared_suite: Suite) -> Result:
    """A run in which two kernels diverge and one is lacking."""
    shared_suite.behave(k2="wrong", k3="no such kernel, please report this bug", k4="unregistered")
    return shared_suite.run("-rA", "--junitxml", "junit.xml")


@pytest.fixture(scope="module")
def parallel(whole: Result, shared_suite: Suite) -> Result:
    """The same run in two processes."""
    return shared_suite.run("-n2", "--tb=no", results="parallel.jsonl")


@pytest.fixture(scope="module")
def last_failed(whole: Result, shared_suite: Suite) -> Result:
    """What failed in the whole run, once more."""
    return shared_suite.run("--lf", "--tb=no", results="failed.jsonl")


def test_a_divergence_fails_the_run(whole: Result) -> None:
    assert whole.status == 1


def test_each_outcome_is_one_of_pytests(whole: Result) -> None:
    whole.lines.fnmatch_lines("4 failed, 4 passed, 3 skipped in *")


@pytest.mark.parametrize(
    ("status", "name"), [("FAILED", "kernel[k:2-size:6]"), ("PASSED", "kernel[k:1-size:7]"), ("PASSED", "stride[value:none]")]
)  # fmt: skip
def test_an_item_is_reported_by_its_id(whole: Result, status: str, name: str) -> None:
    assert (
        f"{status} specs/conv2d/{'invalid' if 'stride' in name else 'kernel'}.yaml::fakeflow.Conv2d/{name}"
        in whole.output
    )


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("kernel[k:1-size:6]", "conforms"),
        ("kernel[k:2-size:6]", "diverges"),
        ("kernel[k:3-size:6]", "diverges"),
        ("kernel[k:4-size:6]", "unavailable"),
        ("other", "no_equivalent"),
        ("stride[value:none]", "conforms"),
    ],
)
def test_what_the_framework_did_is_the_outcome(whole: Result, name: str, outcome: str) -> None:
    assert whole.outcomes()[name] == outcome


def test_the_footer_tells_that_the_run_is_complete(whole: Result) -> None:
    footer = whole.records()[-1]
    assert (footer["record"], footer["complete"], footer["verdicts"]) == ("footer", True, CASES)


def test_one_script_of_each_finding_was_executed_and_showed_it(whole: Result) -> None:
    assert [record["confirmed"] for record in whole.records("confirmation")] == [True, True]


def test_junit_counts_the_items(whole: Result, shared_suite: Suite) -> None:
    counted = ElementTree.parse(shared_suite.folder / "junit.xml").getroot()[0].attrib
    assert (counted["tests"], counted["failures"], counted["skipped"]) == (str(CASES), "4", "3")


def test_the_terminal_ends_with_a_table_and_the_files(whole: Result) -> None:
    whole.lines.fnmatch_lines(
        [
            "*conforms*diverges*no equivalent*unavailable",
            "fakeflow.Conv2d * 4 * 4 * 1 * 2",
            f"results: {whole.results}",
            f"report:  {whole.results.with_suffix('.html')}",
        ]
    )


def test_the_last_failures_run_again_alone(whole: Result, last_failed: Result) -> None:
    diverging = [name for name, outcome in whole.outcomes().items() if outcome == "diverges"]
    assert list(last_failed.outcomes()) == diverging
    last_failed.lines.fnmatch_lines("4 failed*")


def test_two_processes_find_what_one_does(whole: Result, parallel: Result) -> None:
    assert parallel.stable() == whole.stable()


def test_two_processes_end_as_one_does(whole: Result, parallel: Result) -> None:
    assert parallel.status == whole.status
    parallel.lines.fnmatch_lines("4 failed, 4 passed, 3 skipped in *")


def test_two_processes_write_the_same_kinds_of_records(whole: Result, parallel: Result) -> None:
    kinds = ("header", "target", "contract", "case", "verdict", "confirmation", "footer")
    counts = {kind: len(parallel.records(kind)) for kind in kinds}
    assert counts == {kind: len(whole.records(kind)) for kind in kinds}


def test_what_a_run_replaces_is_kept(suite: Suite) -> None:
    first = suite.run()
    text = first.text
    suite.run("-k", "other")
    assert (suite.folder / "results.previous.jsonl").read_text() == text


# Selection


@pytest.mark.parametrize(
    ("options", "counted"),
    [
        (["specs/conv2d/kernel.yaml"], "9 tests collected*"),
        (["-k", "Conv2d and not stride"], "9/11 tests collected*"),
        (["-m", "fakeflow and invalid", "--strict-markers"], "2/11 tests collected*"),
        (["-k", "fakeflow.Conv2d/kernel[k:3-size:6]"], "1/11 tests collected*"),
        (["-k", "kernel[k:3-size:6]"], "1/11 tests collected*"),
        (["-k", "k:3-size:6"], "1/11 tests collected*"),
        (["-k", "3-size:6]"], "1/11 tests collected*"),
    ],
    ids=name_options,
)
def test_items_are_selected_by_path_marker_and_any_part_of_a_name(
    suite: Suite, options: list[str], counted: str
) -> None:
    suite.run("--collect-only", *options).lines.fnmatch_lines(counted)


@pytest.mark.parametrize("add", ["item.extra_keyword_matches.add('mine')", "item.extra_keyword_matches = {'mine'}"])
def test_items_are_selected_by_a_name_that_another_plugin_gives_them(suite: Suite, add: str) -> None:
    suite.write("conftest.py", f"def pytest_itemcollected(item):\n    if 'k:3' in item.name:\n        {add}\n")
    suite.run("--collect-only", "-k", "mine").lines.fnmatch_lines("2/11 tests collected*")


def test_an_id_runs_its_item_alone(suite: Suite) -> None:
    result = suite.run(f"{KERNEL}fakeflow.Conv2d/kernel[k:3-size:6]")
    assert result.status == 0
    assert list(result.verdicts()) == ["kernel[k:3-size:6]"]


def test_a_run_of_nothing_has_its_own_status_and_replaces_nothing(suite: Suite) -> None:
    result = suite.run("-k", "nothing")
    assert result.status == pytest.ExitCode.NO_TESTS_COLLECTED
    assert not result.results.exists()


def test_the_report_makes_its_folder(suite: Suite) -> None:
    result = suite.run(f"{KERNEL}fakeflow.Conv2d/kernel[k:3-size:6]", "--report", "new/folder/report.html")
    assert result.status == 0
    assert (suite.folder / "new" / "folder" / "report.html").exists()


# Stopping


def test_a_stopped_run_keeps_its_results_and_says_so(suite: Suite) -> None:
    suite.behave(k1="wrong")
    stopped = suite.run("-x", "specs/conv2d/kernel.yaml")
    assert stopped.status == 1
    assert len(stopped.verdicts()) == 1
    assert stopped.records()[-1]["complete"] is False


@pytest.fixture
def broken(suite: Suite) -> Suite:
    """One of its specs is no YAML."""
    suite.write("specs/conv2d/broken.yaml", "layer: conv2d\nclause: none\ncases: [\n")
    return suite


def test_a_broken_spec_stops_the_run_before_it_starts(broken: Suite) -> None:
    stopped = broken.run()
    assert stopped.status == pytest.ExitCode.INTERRUPTED
    stopped.lines.fnmatch_lines("*broken.yaml:4:1: is no YAML*")
    assert not stopped.results.exists()


def test_a_broken_spec_leaves_the_others_where_that_is_asked(broken: Suite) -> None:
    going_on = broken.run("--continue-on-collection-errors")
    assert going_on.status == 1
    assert len(going_on.verdicts()) == CASES


# What cannot be used


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--target", "fakeflow=/no/such/python"], "*no interpreter at /no/such/python; give the path*"),
        (["--results", "file/results.jsonl"], "*cannot write *; choose another with --results FILE*"),
        (["--report", "file/report.html"], "*cannot write *; choose another with --report FILE*"),
        (["--known", "broken.yaml"], "*broken.yaml:1:1: entries: 3 is not of type 'array'*"),
        (["--known", "none.yaml"], "*none.yaml:1:1: cannot be read: No such file*"),
        (["--resume", "broken.yaml"], "*broken.yaml:1: not a results file*"),
        (["--resume", "none.jsonl"], "*none.jsonl: cannot be read: No such file*"),
        (["--update-known"], "*--update-known needs the catalogue to count anew: --known PATH*"),
        (["--repeat", "0"], "*argument --repeat: invalid*"),
    ],
    ids=name_options,
)
def test_what_cannot_be_used_is_named_with_the_remedy(suite: Suite, options: list[str], message: str) -> None:
    suite.write("file", "")
    suite.write("broken.yaml", "entries: 3\nframework: fakeflow\n")
    unusable = suite.run(*options)
    assert unusable.status == pytest.ExitCode.USAGE_ERROR
    unusable.lines.fnmatch_lines(message)


@pytest.mark.parametrize("options", [["--tb=no"], ["--tb=no", "-n2"], ["--tb=short"]], ids=" ".join)
def test_a_spec_that_cannot_be_used_is_told_with_its_place(suite: Suite, options: list[str]) -> None:
    suite.kernel_spec.write_text(suite.kernel_spec.read_text().replace("kernel_size:", "kernel_sise:"))
    result = suite.run(*options)
    # With xdist the other specs are asked all the same.
    assert result.status == (pytest.ExitCode.TESTS_FAILED if "-n2" in options else pytest.ExitCode.INTERRUPTED)
    message = "kernel.yaml:6:50: conv2d has no parameter 'kernel_sise'; known are in_channels"
    # pytest's own short summary repeats it, cut or whole, as wide as the terminal is and CI is set or not.
    told = [line for line in result.output.splitlines() if f"{message}, out_channels" in line]
    assert len([line for line in told if not line.startswith("ERROR ")]) == 1, result.output


def test_what_a_target_says_reaches_the_terminal_as_one_clean_line(suite: Suite) -> None:
    path = suite.write("python", "#!/bin/sh\nprintf 'gone\\033[2J\\007 for good\\n' >&2\nexit 7\n")
    path.chmod(0o755)
    suite.behave(k2="first \x1b[31m\x07line, please report this bug\nsecond line")
    dead = suite.run(target=f"fakeflow={path}")
    raising = suite.run(results="raising.jsonl")
    assert "gone\\x1b[2J\\x07 for good (exit code 7)" in dead.output
    assert "first \\x1b[31m\\x07line" in raising.output
    for result in (dead, raising):
        assert not set(result.output) & set("\x1b\x07")


def test_a_target_without_numpy_needs_numpy(suite: Suite, tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise ModuleNotFoundError(\"No module named 'numpy'\")\n")
    result = suite.run(target=suite.interpreter.replace("PYTHONPATH=", f"PYTHONPATH={tmp_path}:"))
    assert result.status == 1
    result.lines.fnmatch_lines("target fakeflow is unavailable: *No module named 'numpy'; it needs NumPy; *")


def test_a_target_that_hangs_at_its_start_is_told_while_it_lasts_and_given_up(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.run.asking.PATIENCE", 0.2)
    monkeypatch.setattr("conformance.targets.connection.START_LIMIT", 4.0)
    result = suite.run("--case-timeout", "1", target=suite.interpreter + "//env:FAKEFLOW_START=hang")
    assert result.status == 1
    result.lines.fnmatch_lines(
        [
            "waiting for target fakeflow to start, * s at most ...",
            "target fakeflow is unavailable: *no answer in 4 seconds*",
        ]
    )
    assert result.output.count("waiting for target") == 1


def test_a_start_is_given_well_under_three_minutes() -> None:
    assert START_LIMIT + PROBE_LIMIT <= 120


@pytest.fixture
def dead_target(suite: Suite) -> str:
    """An interpreter that ends before it answers."""
    path = suite.write("bare", "#!/bin/sh\necho no interpreter >&2\nexit 7\n")
    path.chmod(0o755)
    return f"fakeflow={path}"


@pytest.mark.parametrize("options", [[], ["-n2"]], ids=["one process", "two processes"])
def test_a_named_target_that_cannot_start_fails_the_run_with_a_line(
    suite: Suite, dead_target: str, options: list[str]
) -> None:
    result = suite.run(*options, target=dead_target)
    assert result.status == 1
    assert result.output.count("target fakeflow is unavailable") == 1
    result.lines.fnmatch_lines("target fakeflow is unavailable: *; it was named, so the run fails")
    assert set(result.outcomes().values()) == {"unavailable", "no_equivalent"}


def test_a_named_target_that_cannot_start_again_fails_the_run_too(suite: Suite) -> None:
    suite.behave(k2="segfault")
    once = suite.interpreter + f"//env:FAKEFLOW_ONCE={suite.folder}"
    result = suite.run("specs/conv2d/kernel.yaml", target=once)
    assert result.status == 1
    result.lines.fnmatch_lines("target fakeflow is unavailable: *no second start*; it was named, so the run fails")


@pytest.mark.parametrize(("options", "status"), [([], 0), (["--require-targets"], 1)])
def test_a_default_target_that_cannot_start_is_a_warning_unless_it_is_required(
    suite: Suite, options: list[str], status: int
) -> None:
    done, lines = suite.run_pytest(["-p", "conformance.plugin", "-p", "no:hypothesispytest", "-q", *options])
    assert done == status
    pytest.LineMatcher(lines).fnmatch_lines("target torch is unavailable: no interpreter at .tox/torch/bin/python*")
