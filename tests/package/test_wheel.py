"""What ``pip install`` gives: the oracle with NumPy alone, under names that nobody else has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
PACKAGED = ("conformance", "reference", "reports", "specs", "src", "pyproject.toml", "README.md", "LICENSE")
VERSIONS = ("3.11", "3.12", "3.13")

# What a person would type first; prints the versions that it ran with.
FIRST_STEPS = """
import sys
import numpy as np
from conv_reference import conv2d, conv2d_gradients, error_bound
x = np.arange(24.0).reshape(1, 2, 4, 3)
weight = np.ones((1, 2, 3, 3))
output = conv2d(x, weight, padding=1)
assert output.shape == (1, 1, 4, 3)
assert output[0, 0, 1, 1] == x[0, :, :3].sum()
assert conv2d(x, weight, dtype="float32").dtype == np.float32
assert conv2d_gradients(x, weight, np.ones((1, 1, 2, 1))).weight.shape == weight.shape
assert error_bound("conv2d", x, weight, dtype="float32").shape == (1, 1, 2, 1)
print("%d.%d" % sys.version_info[:2])
"""


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A finished command, away from this clone and its environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYENV"))}
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: a build in the clone would take up what an earlier one left there."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in PACKAGED:
        origin = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        if origin.is_dir():
            shutil.copytree(origin, source / name, symlinks=True, ignore=ignored)
        else:
            shutil.copy(origin, source / name)
    made = run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, source, cwd=folder)
    assert made.returncode == 0, made.stderr
    (path,) = folder.glob("*.whl")
    return path


def top_level(names: Sequence[str]) -> set[str]:
    return {name.partition("/")[0] for name in names if ".dist-info/" not in name}


def test_the_wheel_takes_no_name_that_others_use(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert top_level(names) == {"conformance", "conv_reference", "conv_reports"}


@pytest.mark.parametrize(
    "name",
    [
        "conv_reference/py.typed",
        "conv_reports/py.typed",
        "conformance/py.typed",
        "conformance/schema/spec.json",
        "conformance/schema/results.json",
        "conformance/targets/remote/adapters/torch.py",
        "conv_reports/output/languages/zh.json",
    ],
)
def test_the_wheel_has_what_is_read_at_run_time(wheel: Path, name: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert name in archive.namelist()


def test_every_module_of_the_clone_is_in_the_wheel(wheel: Path) -> None:
    folders = {"conformance": "conformance", "conv_reference": "reference", "conv_reports": "reports"}
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for installed, folder in folders.items():
        for path in (ROOT / folder).rglob("*.py"):
            assert f"{installed}/{path.relative_to(ROOT / folder).as_posix()}" in names


def interpreter(version: str) -> Path:
    """A CPython of that version; the test is skipped where there is none."""
    named = [shutil.which(f"python{version}")]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    named += [str(path) for path in sorted(pyenv.glob(f"versions/{version}*/bin/python"))]
    for path in filter(None, named):
        answered = run(path, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])", cwd=Path("/"))
        if answered.stdout.strip() == version:
            return Path(path)
    pytest.skip(f"no CPython {version} on this machine")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_oracle_needs_numpy_alone(wheel: Path, tmp_path: Path, version: str) -> None:
    made = run(interpreter(version), "-m", "venv", "--without-pip", tmp_path / "venv", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    python = tmp_path / "venv" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python)
    installed = run(*pip, "install", "--quiet", wheel, cwd=tmp_path)
    assert installed.returncode == 0, installed.stderr
    listed = run(*pip, "list", "--format=freeze", cwd=tmp_path).stdout.split()
    assert {line.partition("==")[0] for line in listed} == {"conv-conformance", "numpy"}
    steps = run(python, "-I", "-c", FIRST_STEPS, cwd=tmp_path)
    assert (steps.stdout.strip(), steps.stderr) == (version, "")


def test_an_audit_says_that_it_needs_a_clone(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    asked = f"import sys, runpy; sys.path.insert(0, {str(tmp_path / 'site')!r}); sys.argv = ['conformance', 'audit']; "
    run_module = "runpy.run_module('conformance', run_name='__main__', alter_sys=True)"
    done = run(sys.executable, "-I", "-S", "-c", asked + run_module, cwd=tmp_path)
    assert done.returncode == 2
    assert "clone" in done.stderr
