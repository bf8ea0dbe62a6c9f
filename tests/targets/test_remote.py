"""What runs in a target's interpreter is CPython 3.8's, and does there what it says."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import execnet
import pytest

from conformance.apis import frameworks
from conformance.targets import interpreter
from conformance.targets.interpreter import Interpreter
from conformance.targets.sources import REMOTE, WORKER, modules_of_worker, source_of

pytestmark = pytest.mark.process

FOLDER = Path(interpreter.__file__).parent / "remote"
FILES = sorted(FOLDER.rglob("*.py"))


def find_python38() -> str | None:
    """An interpreter of CPython 3.8: on the path, or among pyenv's."""
    candidates = [shutil.which("python3.8"), *map(str, Path.home().glob(".pyenv/versions/3.8*/bin/python"))]
    pyenv = shutil.which("pyenv")
    if pyenv is not None:
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True, check=False).stdout.strip()
        candidates += map(str, Path(root).glob("versions/3.8*/bin/python"))
    for python in candidates:
        if python is not None and is_python38(python):
            return python
    return None


def is_python38(python: str) -> bool:
    command = [python, "-c", "import sys; print(sys.version_info[:2])"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() == "(3, 8)"


@pytest.fixture(scope="module")
def python38() -> str:
    python = find_python38()
    if python is None:
        pytest.skip("no CPython 3.8: `pyenv install 3.8` makes one")
    return python


@pytest.fixture(params=["3.8", "ours"])
def python(request: pytest.FixtureRequest) -> str:
    return sys.executable if request.param == "ours" else request.getfixturevalue("python38")


@pytest.fixture
def started(python: str) -> Iterator[Interpreter]:
    with Interpreter(f"popen//python={python}", memory=1 << 29) as interpreter, interpreter.limit(60.0):
        yield interpreter


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(FOLDER).as_posix())
def test_every_file_is_python_38(python38: str, file: Path) -> None:
    program = "import sys; compile(open(sys.argv[1], encoding='utf-8').read(), sys.argv[1], 'exec')"
    result = subprocess.run([python38, "-c", program, str(file)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(FOLDER).as_posix())
def test_nothing_is_imported_but_the_standard_library_numpy_and_the_framework(file: Path) -> None:
    own = {file.stem, *frameworks()[file.stem].needs} if file.stem in frameworks() else set()
    imported = set(re.findall(r"^\s*(?:import|from) (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE))
    assert imported <= {*sys.stdlib_module_names, "numpy", *own}


def test_limits_answer_the_memory_that_they_allow(started: Interpreter) -> None:
    asking = started.execute("import resource; channel.send(resource.getrlimit(resource.RLIMIT_DATA)[0])")
    assert started.memory == 1 << 29
    assert started.receive(asking) == 1 << 29


def test_the_probe_says_what_can_be_imported(started: Interpreter) -> None:
    channel = started.execute(source_of(f"{REMOTE}.probe"))
    channel.send(["json", "no_such_framework", "csv"])
    assert started.receive(channel) == ["json", "csv"]


@pytest.mark.parametrize(
    ("script", "code", "out", "err"),
    [
        ("print(1 + 1)", 0, "2\n", ""),
        ("import sys; print('why', file=sys.stderr); sys.exit(3)", 3, "", "why\n"),
        ("import os; os.kill(os.getpid(), 11)", -signal.SIGSEGV, "", ""),
        ("import time; print('begun', flush=True); time.sleep(100)", None, "begun\n", ""),
    ],
    ids=["prints", "exits", "crashes", "hangs"],
)
def test_a_script_is_run_in_a_process_of_its_own(
    started: Interpreter, script: str, code: int | None, out: str, err: str
) -> None:
    channel = started.execute(source_of(f"{REMOTE}.run_script"))
    folder = started.receive(channel)
    channel.send((script, 3.0))
    assert started.receive(channel) == (code, out, err)
    assert not Path(folder).exists()


def test_scripts_share_an_interpreter_one_after_the_other(started: Interpreter) -> None:
    channel = started.execute(source_of(f"{REMOTE}.run_scripts"))
    started.receive(channel)
    answers = []
    for script in ("x = 1; print('kept', x)", "print('x'); print(x)"):
        channel.send(script)
        answers.append(started.receive(channel))
    assert answers == [("kept 1\n", ""), ("x\n", "NameError: name 'x' is not defined\n")]


PROGRAM = """
from . import other

def main(channel, folder):
    channel.send((other.__name__, folder))
    channel.send(channel.receive())
"""


def test_boot_runs_a_package_of_several_files(started: Interpreter, tmp_path: Path) -> None:
    channel = started.execute(source_of(f"{REMOTE}.boot"))
    files = {"sent/__init__.py": "", "sent/program.py": PROGRAM, "sent/other.py": ""}
    channel.send((files, "sent.program"))
    name, folder = started.receive(channel)
    channel.send("and listens")
    assert started.receive(channel) == "and listens"
    assert name == "sent.other"
    assert sorted(path.name for path in Path(folder, "sent").glob("*.py")) == ["__init__.py", "other.py", "program.py"]
    shutil.rmtree(folder)


def test_a_worker_without_its_framework_says_what_is_missing(started: Interpreter) -> None:
    """It needs neither NumPy nor the framework to say so."""
    channel = started.execute(source_of(f"{REMOTE}.boot"))
    files = {path: source_of(module) for path, module in modules_of_worker().items()}
    channel.send((files, f"{WORKER}.main"))
    channel.send({"adapter": "no_adapter", "device": None, "apis": [], "memory": started.memory, "previous": None})
    greeting = started.receive(channel)
    assert greeting["failed"] == "ModuleNotFoundError: No module named 'no_adapter'"
    with pytest.raises((EOFError, execnet.RemoteError)):
        started.receive(channel)
    assert started.wait_for_end() == "exit code 0"
    assert not Path(greeting["folder"]).exists()


def test_every_module_of_the_worker_travels() -> None:
    paths = {f"{WORKER}/{path.name}" for path in (FOLDER / "worker").glob("*.py")}
    assert set(modules_of_worker()) == paths
