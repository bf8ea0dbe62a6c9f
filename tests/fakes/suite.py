"""Runs the suite on a fake framework whose behaviour a file decides, anew for every run.

`suite` is for one test, and runs in its process. `shared_suite` is for the tests of a module, which look at the same
runs from several sides.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FAKES = Path(__file__).parent
ROOT = Path(__file__).parent.parent.parent

SPEC = """\
layer: conv2d
clause: the definition
cases:
  - name: kernel
    for: {k: [1, 2, 3, 4], size: [6, 7]}
    arguments: {in_channels: 1, out_channels: 2, kernel_size: "=k"}
    input: {shape: [1, 1, "=size", 8], gradients: false}
  - name: other
    arguments: {in_channels: 1, out_channels: 1, kernel_size: 5, padding: 1}
    input: {shape: [1, 1, 6, 8], gradients: false}
"""
INVALID = """\
layer: conv2d
clause: the definition
cases:
  - name: stride
    for: {value: [null, "1"]}
    arguments: {in_channels: 1, out_channels: 1, kernel_size: 1, stride: "=value"}
    input: {shape: [1, 1, 3, 4], gradients: false}
    raises: TypeError
    wrong: stride
"""
BEHAVIOUR = "behaviour.json"
CASES = 11  # of both specs: 4 kernels of 2 sizes, the other, 2 invalid strides


@dataclass(frozen=True)
class Result:
    """What a run said and wrote.

    Attributes:
        lines: what a person saw, for pytest's matchers.
        results: the results file.
    """

    status: int
    lines: pytest.LineMatcher
    results: Path

    @property
    def output(self) -> str:
        return str(self.lines)

    @property
    def text(self) -> str:
        """The results file."""
        return self.results.read_text()

    def records(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The records of the results file, or those of one kind."""
        records = [json.loads(line) for line in self.text.splitlines()]
        return [record for record in records if kind in (None, record["record"])]

    def verdicts(self) -> dict[str, dict[str, Any]]:
        """By the name of the case."""
        return {verdict["case"].partition("::")[2]: verdict for verdict in self.records("verdict")}

    def outcomes(self) -> dict[str, str]:
        """By the name of the case."""
        return {name: verdict["outcome"] for name, verdict in self.verdicts().items()}

    def stable(self) -> list[str]:
        """The verdicts' lines, times apart."""
        verdicts = self.records("verdict")
        for verdict in verdicts:
            del verdict["seconds"]
        return sorted(map(json.dumps, verdicts))


Runner = Callable[[Sequence[str]], tuple[int, list[str]]]  # from pytest's arguments to its status and output


@dataclass(frozen=True)
class Suite:
    """A folder with specs, in which the suite is run."""

    folder: Path
    run_pytest: Runner

    @property
    def kernel_spec(self) -> Path:
        return self.folder / "specs" / "conv2d" / "kernel.yaml"

    @property
    def interpreter(self) -> str:
        """The target, without its version."""
        return f"fakeflow={sys.executable}//env:PYTHONPATH={FAKES}"

    def behave(self, **acts: str) -> None:
        """What the framework does from now on, by kernel size: ``k2="wrong"``."""
        by_size = {name.removeprefix("k"): act for name, act in acts.items()}
        (self.folder / BEHAVIOUR).write_text(json.dumps(by_size))

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def run(self, *options: str, target: str = "", version: str = "1.5", results: str = "results.jsonl") -> Result:
        """Run pytest in the folder. `results` is the results file, beside which its report is written."""
        arguments = ["-p", "conformance.plugin", "-p", "fakes", "-p", "no:hypothesispytest", "-q"]
        arguments += ["--no-certify", "--shrink=0"]
        arguments += ["--results", results, "--report", str(Path(results).with_suffix(".html"))]
        arguments += ["--target", target or f"{self.interpreter}//env:FAKEFLOW_VERSION={version}", *options]
        status, lines = self.run_pytest(arguments)
        return Result(status, pytest.LineMatcher(lines), self.folder / results)


def make_suite(folder: Path, run_pytest: Runner) -> Suite:
    specs = folder / "specs" / "conv2d"
    specs.mkdir(parents=True)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    (specs / "kernel.yaml").write_text(SPEC)
    (specs / "invalid.yaml").write_text(INVALID)
    suite = Suite(folder, run_pytest)
    suite.behave()
    return suite


def make_environment(folder: Path) -> dict[str, str]:
    """Of pytest, and of what it starts: they find the suite, the fakes and their behaviour, and break no line."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "src"), str(FAKES)])
    acts = str(folder / BEHAVIOUR)
    environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "200", "FAKEFLOW_ACTS": acts}
    environment.pop("PYTEST_ADDOPTS", None)
    return environment


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, fakes: Path) -> Suite:
    for name, value in make_environment(pytester.path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def run_pytest(arguments: Sequence[str]) -> tuple[int, list[str]]:
        # xdist's workers are other processes, which must not inherit what this one has imported.
        shared_out = "-n2" in arguments or "--tx" in arguments
        run = pytester.runpytest_subprocess if shared_out else pytester.runpytest_inprocess
        done = run(*arguments)
        return int(done.ret), [*done.outlines, *done.errlines]

    return make_suite(pytester.path, run_pytest)


@pytest.fixture(scope="module")
def shared_suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    folder = tmp_path_factory.mktemp("suite")
    environment = make_environment(folder)

    def run_pytest(arguments: Sequence[str]) -> tuple[int, list[str]]:
        command = [sys.executable, "-m", "pytest", *arguments]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600
        )
        return done.returncode, [*done.stdout.splitlines(), *done.stderr.splitlines()]

    return make_suite(folder, run_pytest)
