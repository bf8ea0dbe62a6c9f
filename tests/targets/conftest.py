"""Runs the suite, in a process of its own, on the fake framework in ``tests/fakes``."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
FAKES = HERE.parent / "fakes"
ROOT = HERE.parent.parent
SPEC = Path("specs") / "claims" / "fakeflow.Conv2d.yaml"

Targets = Mapping[str, Mapping[str, str]]  # environment variables, by the name of the target


@dataclass
class SuiteProcess:
    """The suite, running in a folder of its own; `finish` waits for its end."""

    folder: Path
    process: subprocess.Popen[str]
    output: str = ""

    @property
    def returncode(self) -> int | None:
        return self.process.returncode

    @property
    def temporary(self) -> Path:
        """The TMPDIR of this run, which all of its processes share."""
        return self.folder / "tmp"

    def finish(self, limit: float = 600.0) -> SuiteProcess:
        self.output = self.process.communicate(timeout=limit)[0]
        return self

    def end(self) -> None:
        """Leave nothing of it running."""
        self.process.kill()
        self.process.communicate()
        for process in self.processes():
            os.kill(process, 9)

    def records(self, kind: str) -> list[dict[str, Any]]:
        """The records that it has written so far."""
        try:
            lines = (self.folder / "results.jsonl").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [record for record in map(json.loads, lines) if record["record"] == kind]

    def verdicts(self, target: str) -> dict[str, dict[str, Any]]:
        """The verdicts on a target, by the number of the case, such as ``c03``."""
        return {v["case"].rpartition(".")[2]: v for v in self.records("verdict") if v["target"] == target}

    def processes(self, *variables: str) -> list[int]:
        """Every live process that belongs to this run and has these environment variables."""
        marks = {variable.encode() for variable in (f"TMPDIR={self.temporary}", *variables)}
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and is_alive(entry, marks)]

    def workers(self) -> list[int]:
        """The processes of this run's targets."""
        return self.processes(f"PYTHONPATH={FAKES}")

    def left_folders(self) -> list[Path]:
        """The folders of workers that nobody has removed."""
        return list(self.temporary.glob("conformance-*"))


def is_alive(entry: Path, marks: set[bytes]) -> bool:
    """Whether a process has these environment variables, and has not ended."""
    try:
        if not marks <= set((entry / "environ").read_bytes().split(b"\0")):
            return False
        status = (entry / "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return False
    return status not in "ZX"


def start_suite(
    folder: Path, targets: Targets, acts: Sequence[str], options: Sequence[str] = (), memory: str = "384M"
) -> SuiteProcess:
    """Start the suite with one case per act, on targets that have these environment variables."""
    write_spec(folder / SPEC, acts)
    (folder / "pytest.ini").write_text("[pytest]\n")
    temporary = folder / "tmp"
    temporary.mkdir()
    # Without Hypothesis' plugin, whose import at the end of a run would count towards the time that it takes.
    arguments = [
        "-p",
        "conformance.plugin",
        "-p",
        "fakes",
        "-p",
        "no:hypothesispytest",
        "--no-certify",
        "-q",
        "--tb=no",
    ]
    arguments += ["--report", "report.html", "--results", "results.jsonl", "specs", *options]
    for name, variables in targets.items():
        arguments += ["--target", name_target(name, variables, memory)]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src"), str(FAKES)]),
        "TMPDIR": str(temporary),
    }
    environment.pop("PYTEST_ADDOPTS", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    )
    return SuiteProcess(folder, process)


def name_target(name: str, variables: Mapping[str, str], memory: str) -> str:
    parts = [sys.executable, "framework=fakeflow", f"memory={memory}", f"env:PYTHONPATH={FAKES}"]
    parts += [f"env:{key}={value}" for key, value in variables.items()]
    return f"{name}={'//'.join(parts)}"


def write_spec(path: Path, acts: Sequence[str]) -> None:
    """A claim of fakeflow with the cases c00, c01, ..., which all promise the operation."""
    cases = []
    for number, act in enumerate(acts):
        cases.append({"name": f"c{number:02d}", "arguments": {"act": act}, "expect": {"operation": True}})
    content = {
        "layer": "conv2d",
        "api": "fakeflow.Conv2d",
        "documents": {
            "docstring": {
                "publisher": "nobody",
                "title": "docstring of fakeflow.Conv2d",
                "version": "fakeflow 1",
                "kind": "installed_docstring",
            }
        },
        "document": "docstring",
        "defaults": {
            "arguments": {"in_channels": 2, "out_channels": 3, "kernel_size": 2},
            "input": {"shape": [1, 2, 5, 4]},
        },
        "claims": [{"id": "acts", "section": "1", "says": {"en": "it acts", "zh": "它运作"}, "cases": cases}],
    }
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content))


def wait_for(condition: Callable[[], object], limit: float = 60.0) -> float:
    """Seconds until the condition held; `limit` is how long a failing test takes."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < limit, "it did not come about"
        time.sleep(0.02)
    return time.monotonic() - start


def crowding() -> float:
    """How many times longer than on an idle machine all takes now: others may work on it too, or be preferred."""
    start = time.monotonic()
    process = subprocess.Popen([sys.executable, "-c", "import numpy"])
    usage = os.wait4(process.pid, 0)[2]
    return max(1.0, (time.monotonic() - start) / (usage.ru_utime + usage.ru_stime))


@contextlib.contextmanager
def starting(parent: Path) -> Iterator[Callable[..., SuiteProcess]]:
    """`start_suite` in a new folder each time; whatever was started ends with the block."""
    with contextlib.ExitStack() as started:

        def start(targets: Targets, acts: Sequence[str], *options: str) -> SuiteProcess:
            folder = parent / str(len(list(parent.iterdir())))
            folder.mkdir()
            suite = start_suite(folder, targets, acts, options)
            started.callback(suite.end)
            return suite

        yield start


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., SuiteProcess]]:
    """Starts the suite: `start({target: its environment}, acts, *options)`."""
    folder = tmp_path / "runs"
    folder.mkdir()
    with starting(folder) as starter:
        yield starter
