"""At the end of a run each finding is shrunk in its target, and what is executed and shown is the smaller call's script."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.case import Case, Promise
from conformance.run.shrinking import NOT_ASKED, make_ask
from conv_reports.findings.clusters import cluster
from conv_reports.output.data import Details
from conv_reports.results.loaded import load
from tests.fakes.suite import Result, Suite

pytest_plugins = ("pytester",)

LARGE = """\
layer: conv2d
clause: the definition
cases:
  - name: large
    for: {k: [1, 2, 3, 4]}
    arguments: {in_channels: 4, out_channels: 6, kernel_size: "=k", stride: 1}
    input: {shape: [2, 4, 9, 8], values: real, gradients: false}
"""
# What the fake framework's script begins with: the variables of its target, and its own imports.
HEAD = """\
import os
os.environ['FAKEFLOW_VERSION'] = '1.5'
import os, sys
if os.environ.get("FAKEFLOW", "script_hangs") != "script_hangs":
    sys.exit("no script")
{imports}import fakeflow
"""
WRONG = """\
layer = fakeflow.Conv2d(in_channels=1, out_channels=1, kernel_size=2)
layer.weight = np.ones((1, 1, 2, 2), dtype="float32")
layer.bias = np.ones((1,), dtype="float32")
x = np.ones((1, 1, 2, 2), dtype="float32")
output = layer(x)
found = output[0, 0, 0, 0].item()
assert found == 5.0, found
"""
CRASH = """\
fakeflow.script()
layer = fakeflow.Conv2d(in_channels=1, out_channels=1, kernel_size=3)
x = np.ones((1, 1, 3, 3), dtype="float32")
layer(x)
"""
REFUSED = """\
fakeflow.script()
fakeflow.Conv2d(in_channels=1, out_channels=1, kernel_size=4)
"""
WITH_NUMPY = HEAD.format(imports="import numpy as np\n")
SCRIPTS = {"k:2": WITH_NUMPY + WRONG, "k:3": WITH_NUMPY + CRASH, "k:4": HEAD.format(imports="") + REFUSED}
ACTS = {"k2": "wrong", "k3": "sigfpe", "k4": "no such kernel, please report this bug"}


def find_confirmed(result: Result) -> dict[str, dict[str, Any]]:
    """The confirmations, by the kernel of the case."""
    return {record["case"].partition("[")[2].rstrip("]"): record for record in result.records("confirmation")}


@pytest.fixture(scope="module")
def large(shared_suite: Suite) -> Suite:
    for file in ("kernel.yaml", "invalid.yaml"):
        (shared_suite.folder / "specs" / "conv2d" / file).unlink()
    shared_suite.write("specs/conv2d/large.yaml", LARGE)
    shared_suite.behave(**ACTS)
    return shared_suite


@pytest.fixture(scope="module")
def shrunk(large: Suite) -> Result:
    return large.run("--shrink", "300", "--tb=no")


@pytest.mark.parametrize("kernel", SCRIPTS)
def test_what_is_executed_is_the_script_of_the_smallest_call(kernel: str, shrunk: Result) -> None:
    confirmation = find_confirmed(shrunk)[kernel]
    assert confirmation["script"] == SCRIPTS[kernel]
    assert confirmation["confirmed"]


@pytest.mark.parametrize(
    ("kernel", "end"), [("k:2", "AssertionError: 6.0"), ("k:3", "SIGFPE"), ("k:4", "RuntimeError: no such kernel")]
)
def test_what_it_printed_says_how_it_ended(kernel: str, end: str, shrunk: Result) -> None:
    assert end in find_confirmed(shrunk)[kernel]["printed"]


def test_two_processes_shrink_what_one_does(shrunk: Result, large: Suite) -> None:
    parallel = large.run("--shrink", "300", "--tb=no", "-n2", results="parallel.jsonl")
    scripts = {kernel: record["script"] for kernel, record in find_confirmed(parallel).items()}
    assert scripts == SCRIPTS


def test_the_report_shows_what_was_executed(shrunk: Result) -> None:
    run = load([shrunk.results])
    details = [detail for chunk in Details(run, cluster(run)).chunks() for detail in chunk]
    assert {detail["script"] for detail in details} >= set(SCRIPTS.values())


def test_without_seconds_nothing_is_shrunk(large: Suite) -> None:
    kept = find_confirmed(large.run("--shrink", "0", "--tb=no", results="kept.jsonl"))
    # The arrays of the wrong value are too large to be read.
    assert kept.keys() == {"k:3", "k:4"}
    assert [("script" in record, record["confirmed"]) for record in kept.values()] == [(False, True)] * 2


def test_what_hangs_is_shrunk_no_longer_than_allowed(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.run.scripts.MARGIN", 1.0)
    suite.behave(k2="endless")
    begun = time.monotonic()
    result = suite.run("--shrink", "3", "--case-timeout", "1", "--tb=no", "-k", "k:2-size:6")
    assert find_confirmed(result)["k:2-size:6"]["confirmed"]
    assert time.monotonic() - begun < 30.0


SEQUENCE = """\
layer: conv2d
clause: the definition
cases:
  - name: again
    for: {k: [2]}
    arguments: {in_channels: 4, out_channels: 6, kernel_size: "=k"}
    input: {shape: [2, 4, 9, 8], values: real, gradients: false}
    then: [{call: {shape: [1, 4, 7, 8]}}]
"""


def test_a_layer_that_goes_on_is_shrunk_to_the_call_that_shows_it_already(suite: Suite) -> None:
    suite.write("specs/conv2d/again.yaml", SEQUENCE)
    suite.behave(k2="wrong")
    confirmation = find_confirmed(suite.run("--shrink", "300", "--tb=no", "-k", "again"))["k:2"]
    assert confirmation["script"] == WITH_NUMPY + WRONG
    assert confirmation["confirmed"]


@pytest.mark.parametrize("seconds", ["-1", "inf", "nan", "long"])
def test_seconds_are_a_number_that_ends(seconds: str, large: Suite) -> None:
    result = large.run("--shrink", seconds)
    assert result.status == 4
    result.lines.fnmatch_lines(["*--shrink*invalid*"])


def test_a_smaller_call_whose_answer_no_memory_holds_is_not_asked() -> None:
    """Smaller numbers in one argument may make an output that is larger by far."""
    asked: list[Case] = []

    def expect(case: Case) -> Any:
        if case.name == "enormous":
            raise MemoryError("Unable to allocate 288. GiB")
        return SimpleNamespace(raised=None, fault=None)

    audit: Any = SimpleNamespace(expect=expect, submit=lambda job: asked.append(job.task.case))
    case = Case("made.yaml", "case", 1, "conv2d", None, {}, None, Promise(), "")
    task: Any = SimpleNamespace(case=case, contract=None, target=None)
    ask = make_ask(audit, task, threading.Event(), 1.0)
    assert ask(replace(case, name="enormous")) is NOT_ASKED
    assert asked == []
