"""``python3 -m conformance``, where nothing is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.apis import frameworks
from conformance.environments import choose_environments, read_environments

pytestmark = pytest.mark.process

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
    for name in ("__init__.py", "__main__.py", "environments.py"):
        shutil.copy(ROOT / "conformance" / name, package / name)
    return tmp_path


def test_help_in_a_clone_needs_no_package() -> None:
    done = run_bare(ROOT, "--help")
    assert done.returncode == 0, done.stderr
    assert "run the specs against frameworks" in done.stdout
    assert all(name in done.stdout for name in frameworks())


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


def test_help_outside_a_clone_needs_no_framework(installed: Path) -> None:
    done = run_bare(installed, "--help")
    assert done.returncode == 0, done.stderr
    assert "--frameworks" in done.stdout


def test_a_framework_that_is_not_known_is_told_with_those_that_are() -> None:
    done = run_bare(ROOT, "audit", "--frameworks", "torch,numpy")
    assert done.returncode == 2
    assert f"no framework is called 'numpy'; known are {', '.join(read_environments())}" in done.stderr


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files of a clone that the commands read, and an interpreter that has "tox", which tells what it is asked."""
    for name in ("__init__.py", "__main__.py", "environments.py"):
        (tmp_path / "conformance").mkdir(exist_ok=True)
        shutil.copy(ROOT / "conformance" / name, tmp_path / "conformance" / name)
    shutil.copytree(ROOT / "conformance" / "apis", tmp_path / "conformance" / "apis")
    (tmp_path / "tox.ini").touch()
    bin_folder = tmp_path / ".tox" / ".bootstrap" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder.parent / "ready").touch()
    tox = bin_folder / "python"
    tox.write_text('#!/bin/sh\necho "$@"\n')
    tox.chmod(0o755)
    return tmp_path


PREPARE = "-m tox run-parallel -e"
DEFAULT = ",".join(choose_environments(None, read_environments()))


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["audit"], [f"{PREPARE} {DEFAULT} -qq", "-m tox run -e audit -qq"]),
        (["test", "-x"], [f"{PREPARE} {DEFAULT} -qq", "-m tox run -e test -qq -- -x"]),
        (
            ["audit", "--frameworks", "torch,mindspore", "specs"],
            [f"{PREPARE} torch,mindspore -qq", "-m tox run -e audit -qq -- --target=torch --target=mindspore specs"],
        ),
        (["test", "--frameworks", "torch"], [f"{PREPARE} torch -qq", "-m tox run -e test -qq"]),
    ],
)
def test_the_frameworks_that_are_named_are_made_and_asked(arguments: list[str], lines: list[str], clone: Path) -> None:
    done = run_bare(clone, *arguments)
    assert [line for line in done.stdout.splitlines() if line.startswith("-m")] == lines


def test_an_unknown_command_is_told_with_those_that_there_are() -> None:
    done = run_bare(ROOT, "audti")
    assert done.returncode == 2
    assert "choose from" in done.stderr


def test_each_step_is_told_and_tox_has_not_the_last_word(clone: Path) -> None:
    done = run_bare(clone, "audit")
    steps = [line for line in done.stdout.splitlines() if not line.startswith("-m")]
    assert [step.split()[0] for step in steps] == ["preparing", "making"]
    assert done.stdout.endswith("-m tox run -e audit -qq\n")
