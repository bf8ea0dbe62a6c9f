"""``python3 -m conformance``, where nothing is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run_bare(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a folder, by an interpreter that sees no installed package."""
    command = [sys.executable, "-S", "-m", "conformance", *arguments]
    environment = {"PATH": "/usr/bin:/bin", "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder that has the package as a wheel installs it: without the clone around it."""
    package = tmp_path / "conformance"
    package.mkdir()
    for name in ("__init__.py", "__main__.py"):
        shutil.copy(ROOT / "conformance" / name, package / name)
    return tmp_path


def test_help_in_a_clone_needs_no_package() -> None:
    done = run_bare(ROOT, "--help")
    assert done.returncode == 0, done.stderr
    assert "run the specs against torch, MindSpore and MegEngine" in done.stdout


@pytest.mark.parametrize("command", ["audit", "test"])
def test_outside_a_clone_a_command_says_what_it_needs(installed: Path, command: str) -> None:
    done = run_bare(installed, command)
    assert done.returncode == 2
    assert "this needs a clone of the repository, whose tox.ini makes the environments" in done.stderr
    assert f"{installed} is none" in done.stderr
    assert "--target torch=/path/to/python" in done.stderr


def test_outside_a_clone_nothing_is_made(installed: Path) -> None:
    run_bare(installed, "audit")
    assert [path.name for path in installed.iterdir() if path.name != "conformance"] == []


def test_help_outside_a_clone_is_the_same(installed: Path) -> None:
    assert run_bare(installed, "--help").stdout == run_bare(ROOT, "--help").stdout


def test_an_unknown_command_is_told_with_those_that_there_are() -> None:
    done = run_bare(ROOT, "audti")
    assert done.returncode == 2
    assert "choose from" in done.stderr
