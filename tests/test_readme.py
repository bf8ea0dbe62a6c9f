"""What the README shows works as it stands."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cases import spec
from tests.frameworks import target_of

pytest_plugins = ("pytester",)

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The README's code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """The command lines of the README's console blocks, comments left out."""
    lines = [line for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]
    return [line.removeprefix("$ ").partition("  #")[0].strip() for line in lines]


def map_of_rooms() -> list[str]:
    """The paths in the first column of the README's last table."""
    table = README.partition("## The rooms")[2]
    return re.findall(r"^\| `([^`]+)`", table, flags=re.MULTILINE)


def test_the_example_of_a_case_asks_for_as_many_paddings_as_it_says(tmp_path: Path) -> None:
    (example,) = blocks("yaml")
    path = tmp_path / "specs" / "conv2d" / "padding.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(example, encoding="utf-8")
    cases = spec.load(path, "conv2d/padding.yaml").cases
    words = "zero one two three four five six seven eight nine ten".split()
    assert f"for {words[len(cases)]} paddings" in README
    assert all(case.inputs is not None and case.inputs.values == "exact" and case.inputs.gradients for case in cases)


@pytest.mark.parametrize("example", blocks("python"), ids=lambda text: text.partition("\n")[0])
def test_python_examples_run(example: str) -> None:
    exec(compile(example, "README.md", "exec"), {})


@pytest.fixture(scope="module")
def options() -> str:
    """What the two commands and pytest say of theirs."""
    asked = [[sys.executable, "-m", module, "--help"] for module in ("pytest", "conformance")]
    return "".join(subprocess.run(one, cwd=ROOT, capture_output=True, text=True, check=True).stdout for one in asked)


@pytest.mark.process
@pytest.mark.parametrize("command", commands())
def test_commands_name_files_and_options_that_exist(command: str, options: str) -> None:
    for word in shlex.split(command):
        if word.partition("/")[0] == "specs":
            assert (ROOT / word.partition("::")[0]).exists()
        elif word.startswith("--") and " -m reports" not in command:
            assert f" {word.partition('=')[0]}" in options


@pytest.mark.parametrize(
    "command", [line for line in commands() if re.search(r" specs/conv", line) and "--target" not in line]
)
def test_commands_select_cases(command: str, pytester: pytest.Pytester) -> None:
    words = shlex.split(command)
    selection = words[1:] if words[0] == "pytest" else words[words.index("audit") + 1 :]
    arguments = [f"{ROOT}/{word}" if word.startswith("specs/") else word for word in selection]
    pytester.makeini("[pytest]")
    listed = pytester.run(
        sys.executable, "-m", "pytest", "-p", "conformance.plugin", "--collect-only", "-q", *arguments
    )
    assert listed.ret == 0, listed.stdout.str()


def test_the_finding_is_what_the_framework_does(pytester: pytest.Pytester) -> None:
    target = target_of("mindspore")
    shown = next(block for block in blocks("text") if " on mindspore" in block).splitlines()
    case, _, api = shown[0].partition(" on ")
    file, _, name = case.partition("::")
    pytester.makeini("[pytest]\naddopts = -p conformance.plugin")
    python = target.spec.partition("//python=")[2]
    item = f"{ROOT}/specs/{file}::{api}/{name}"
    run = pytester.run(
        sys.executable,
        "-m",
        "pytest",
        item,
        "--no-certify",
        "--target",
        f"mindspore={python}",
        "--results",
        "results.jsonl",
        "--report",
        "report.html",
    )
    run.stdout.fnmatch_lines([re.sub(r"([\[\]])", r"[\1]", line) for line in shown])


# The tree that a person adds a framework to.
TREE = ("conformance", "reference", "reports", "specs", "src")


@pytest.mark.process
def test_a_framework_is_added_by_the_two_files_and_certified(tmp_path: Path) -> None:
    """To the letter: it takes seconds, as an interpreter is started, certified and asked a spec."""
    for folder in TREE:
        shutil.copytree(ROOT / folder, tmp_path / folder, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p conformance.plugin --import-mode=importlib\n")
    files = [block for block in blocks("py") if re.match(r"# \S+\.py\n", block)]
    for text in files:
        (tmp_path / text.partition("\n")[0].removeprefix("# ")).write_text(text)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (command,) = [line for line in commands() if "--target pebble=" in line]
    words = shlex.split(command.replace("/path/to/python", str(python)))
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path / 'src'}:{tmp_path}", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", *words, "--shrink=0"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert len(files) == 3
    assert re.search(r"^pebble\.correlate +\d+$", done.stdout, flags=re.MULTILINE), done.stdout  # conforms, all of them
    assert done.returncode == 0, done.stdout
    help_text = subprocess.run(
        [sys.executable, "-m", "conformance", "--help"], cwd=tmp_path, env=environment, capture_output=True, text=True
    ).stdout
    assert "pebble" in help_text


@pytest.mark.parametrize("path", map_of_rooms())
def test_the_map_names_folders_that_exist(path: str) -> None:
    assert (ROOT / path).is_dir()


def test_every_room_is_on_the_map() -> None:
    rooms = {"reference", "reports", "specs", "tests", "benchmarks"}
    rooms |= {f"conformance/{init.parent.name}" for init in (ROOT / "conformance").glob("*/__init__.py")}
    assert rooms <= {path.rstrip("/") for path in map_of_rooms()}
