"""Real audits of the fake framework in tests/fakes: what the suite itself writes, in a second."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
FAKES = ROOT / "tests" / "fakes"

CANONICAL = """\
layer: conv2d
clause: the definition
cases:
  - name: kernel
    for: {k: [1, 2, 3, 4, 5], size: [6, 7, 8]}
    arguments: {in_channels: 2, out_channels: 3, kernel_size: "=k"}
    input: {shape: [1, 2, "=size", 9], gradients: false}
  - name: padding
    arguments: {in_channels: 1, out_channels: 1, kernel_size: 1, padding: 1}
    input: {shape: [1, 1, 6, 8], gradients: false}
"""
INVALID = """\
layer: conv2d
clause: the definition
cases:
  - name: stride
    for: {value: [null, "1", 0, -1]}
    arguments: {in_channels: 1, out_channels: 1, kernel_size: 1, stride: "=value"}
    input: {shape: [1, 1, 3, 4], gradients: false}
    raises: [TypeError, ValueError]
    wrong: stride
"""
CLAIMS = """\
layer: conv2d
api: fakeflow.Conv2d
documents:
  docstring: {publisher: nobody, title: docstring of fakeflow.Conv2d, version: fakeflow 1, kind: installed_docstring}
document: docstring
claims:
  - id: shape
    section: "1"
    says:
      en: The output has the size of the input less the kernel's, plus one.
      zh: 输出的尺寸为输入减去卷积核，再加一。
    cases:
      - for: {k: [1, 2]}
        arguments: {in_channels: 1, out_channels: 2, kernel_size: "=k"}
        input: {shape: [1, 1, 6, 7], gradients: false}
        expect: {shape: [1, 2, "=H - k + 1", "=W - k + 1"]}
  - id: stride-text
    section: "2"
    says: {en: The stride may be a text., zh: stride 可为文本。}
    cases:
      - arguments: {in_channels: 1, out_channels: 1, kernel_size: 1, stride: "1"}
        expect: {accepts: true}
  - id: see-also
    section: "3"
    says: {en: Other layers are related., zh: 其他相关的层。}
    unchecked: {en: points elsewhere, zh: 指向别处}
"""


def audit(folder: Path, acts: Mapping[int, str]) -> Path:
    """Run the suite in a new folder; the results file.

    Args:
        acts: what the framework does, by kernel size: an act of fakeflow's, or the message of an exception.
    """
    (folder / "specs" / "conv2d").mkdir(parents=True)
    (folder / "specs" / "claims").mkdir()
    (folder / "specs" / "conv2d" / "kernel.yaml").write_text(CANONICAL)
    (folder / "specs" / "conv2d" / "invalid.yaml").write_text(INVALID)
    (folder / "specs" / "claims" / "fakeflow.Conv2d.yaml").write_text(CLAIMS)
    (folder / "behaviour.json").write_text(json.dumps({str(size): act for size, act in acts.items()}))
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    target = f"fakeflow={sys.executable}//env:PYTHONPATH={FAKES}//env:FAKEFLOW_ACTS={folder / 'behaviour.json'}"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "conformance.plugin",
        "-p",
        "fakes",
        "--no-certify",
        "--shrink=0",
    ]
    command += ["--target", target, "--results", "results.jsonl", "--report", "report.html", "specs"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "src"), str(FAKES)])
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    # 0: everything conforms, 1: something fails; anything else is no audit.
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return folder / "results.jsonl"
