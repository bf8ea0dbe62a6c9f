"""Runs the suite on a fake framework whose behaviour a file decides, anew for every run."""

from __future__ import annotations

import json
import os
import sys
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
"""


@dataclass(frozen=True)
class Result:
    """What a run said and wrote."""

    status: int
    output: str
    folder: Path

    def records(self, name: str = "results.jsonl") -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    def verdicts(self, name: str = "results.jsonl") -> dict[str, dict[str, Any]]:
        """By the name of the case."""
        return {r["case"].partition("::")[2]: r for r in self.records(name) if r["record"] == "verdict"}

    def stable(self, name: str = "results.jsonl") -> list[str]:
        """The verdicts' lines, times apart."""
        kept = [{k: v for k, v in r.items() if k != "seconds"} for r in self.records(name) if r["record"] == "verdict"]
        return sorted(json.dumps(record) for record in kept)


@dataclass
class Suite:
    """A folder with specs, in which the suite is run."""

    pytester: pytest.Pytester

    @property
    def folder(self) -> Path:
        return self.pytester.path

    def behave(self, **acts: str) -> None:
        """What the framework does from now on, by kernel size: ``k2="wrong"``."""
        (self.folder / "behaviour.json").write_text(json.dumps({name[1:]: act for name, act in acts.items()}))

    def run(self, *options: str, target: str = "", version: str = "1.5") -> Result:
        """In this process, but for xdist, which starts others that must find the fakes by themselves."""
        arguments = ["-p", "conformance.plugin", "-p", "fakes", "-p", "no:hypothesispytest", "-q", "--no-certify"]
        arguments += options
        for option in ("results", "report"):
            if f"--{option}" not in options:
                arguments += [f"--{option}", f"{option}.{'jsonl' if option == 'results' else 'html'}"]
        behaviour = self.folder / "behaviour.json"
        made = f"fakeflow={sys.executable}//env:PYTHONPATH={FAKES}//env:FAKEFLOW_ACTS={behaviour}"
        arguments += ["--target", target or f"{made}//env:FAKEFLOW_VERSION={version}"]
        run = self.pytester.runpytest_subprocess if "-n2" in options else self.pytester.runpytest_inprocess
        done = run(*arguments)
        return Result(int(done.ret), "\n".join([*done.outlines, *done.errlines]), self.folder)


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, fakes: Path) -> Suite:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "src"), str(fakes)]))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    specs = pytester.path / "specs" / "conv2d"
    specs.mkdir(parents=True)
    pytester.makeini("[pytest]\naddopts = --import-mode=importlib")
    (specs / "kernel.yaml").write_text(SPEC)
    (specs / "invalid.yaml").write_text(INVALID)
    made = Suite(pytester)
    made.behave()
    return made
