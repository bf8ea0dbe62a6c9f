"""Runs the suite, in a process of its own, on the fake framework in ``tests/fakes``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
FAKES = HERE.parent / "fakes"
ROOT = HERE.parent.parent


@dataclass
class Run:
    """One run of the suite: started in a folder of its own, with what it wrote."""

    folder: Path
    targets: Mapping[str, Mapping[str, str]]
    specs: Mapping[str, Sequence[str]]
    options: Sequence[str] = ()
    memory: str = "384M"
    output: str = ""
    returncode: int | None = None
    process: subprocess.Popen[str] = field(init=False)

    def start(self) -> Run:
        for name, acts in self.specs.items():
            path = self.folder / "specs" / "claims" / f"{name}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            cases = [{"name": f"c{n:02d}", "arguments": {"act": act}} for n, act in enumerate(acts)]
            claim = {"id": "acts", "section": "1", "says": "it acts", "cases": cases}
            for case in cases:
                case["expect"] = {"operation": True}
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
                "claims": [claim],
            }
            path.write_text(json.dumps(content))
        (self.folder / "pytest.ini").write_text("[pytest]\n")
        temporary = self.folder / "tmp"
        temporary.mkdir()
        # Without Hypothesis' plugin, whose import at the end of a run would count towards the time that it takes.
        plugins = ["-p", "conformance.plugin", "-p", "fakes", "-p", "no:hypothesispytest"]
        arguments = [*plugins, "--no-certify", "-q", "--tb=no", "--report", "report.html", "specs"]
        for name, variables in self.targets.items():
            extra = "".join(f"//env:{key}={value}" for key, value in variables.items())
            arguments += [
                "--target",
                f"{name}={sys.executable}//framework=fakeflow//memory={self.memory}//env:PYTHONPATH={FAKES}{extra}",
            ]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src"), str(FAKES)]),
            "TMPDIR": str(temporary),
        }
        environment.pop("PYTEST_ADDOPTS", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *arguments, "--results", "results.jsonl", *self.options],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
        return self

    def finish(self, limit: float = 600.0) -> Run:
        self.output = self.process.communicate(timeout=limit)[0]
        self.returncode = self.process.returncode
        return self

    def records(self, kind: str) -> list[dict[str, Any]]:
        try:
            lines = (self.folder / "results.jsonl").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [record for record in map(json.loads, lines) if record["record"] == kind]

    def verdicts(self, target: str) -> dict[str, dict[str, Any]]:
        """The verdicts on a target, by the number of the case, such as ``c03``."""
        return {v["case"].rpartition(".")[2]: v for v in self.records("verdict") if v["target"] == target}

    def processes(self, *variables: str) -> list[int]:
        """Every live process that belongs to this run (they share its TMPDIR) and has these environment variables."""
        marks = {variable.encode() for variable in (f"TMPDIR={self.folder / 'tmp'}", *variables)}
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and marks <= set((entry / "environ").read_bytes().split(b"\0")):
                    status = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                    if status not in "ZX":
                        found.append(int(entry.name))
            except (FileNotFoundError, PermissionError, ProcessLookupError):
                continue
        return found

    def workers(self) -> list[int]:
        """The processes of this run's targets."""
        return self.processes(f"PYTHONPATH={FAKES}")


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


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    started: list[Run] = []

    def make(targets: Mapping[str, Mapping[str, str]], acts: Sequence[str], *options: str, **more: Any) -> Run:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        made = Run(folder, targets, {"fakeflow.Conv2d": acts}, options, **more)
        started.append(made)
        return made.start()

    yield make
    for made in started:
        made.process.kill()
        made.process.communicate()
        for pid in made.processes():
            os.kill(pid, 9)
