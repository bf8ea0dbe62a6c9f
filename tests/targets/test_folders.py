"""The temporary folders of a run end with it, or with the beginning of the next one."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.targets import processes
from conformance.targets.processes import PREFIX, remove_abandoned
from tests.fakes.suite import ROOT
from tests.targets.conftest import wait_for

pytestmark = pytest.mark.process

MAKE = "from conformance.targets import processes; print(processes.folder(), flush=True); "


def make(place: Path, name: str) -> Path:
    folder = place / name
    (folder / "conformance-abcdefgh").mkdir(parents=True)
    (folder / "conformance-abcdefgh" / "stderr").write_text("last words")
    return folder


def test_what_a_killed_run_has_left_is_removed(tmp_path: Path) -> None:
    left = make(tmp_path, f"{PREFIX}left")
    remove_abandoned(str(tmp_path))
    assert not left.exists()


def test_what_a_living_run_uses_stays(tmp_path: Path) -> None:
    used = make(tmp_path, f"{PREFIX}used")
    descriptor = os.open(used, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    remove_abandoned(str(tmp_path))
    os.close(descriptor)
    assert (used / "conformance-abcdefgh" / "stderr").exists()


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    others = [make(tmp_path, "conformance-notes"), make(tmp_path, "elsewhere")]
    (tmp_path / f"{PREFIX}link").symlink_to(others[1])
    (tmp_path / f"{PREFIX}file").write_text("a file")
    before = sorted(tmp_path.iterdir())
    remove_abandoned(str(tmp_path))
    assert sorted(tmp_path.iterdir()) == before
    assert all((folder / "conformance-abcdefgh").exists() for folder in others)


@pytest.mark.parametrize(
    "end",
    ["", "import os; os._exit(0)", "import os; os.kill(os.getpid(), 9)"],
    ids=["at its end", "without its last steps", "killed"],
)
def test_the_folder_of_a_process_ends_with_it(tmp_path: Path, end: str) -> None:
    environment = {"PYTHONPATH": str(ROOT / "src"), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", MAKE + end], env=environment, capture_output=True, text=True, check=False
    )
    assert Path(done.stdout.strip()).parent == tmp_path
    wait_for(lambda: not list(tmp_path.iterdir()))  # the guard is another process, which takes its time


def test_the_next_run_removes_what_a_run_left_that_was_killed_with_its_guard(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(ROOT / "src"), "TMPDIR": str(tmp_path)}
    kill = "import os; os.kill(processes._guard().process.pid, 9); os.kill(os.getpid(), 9)"
    killed = subprocess.run(
        [sys.executable, "-c", MAKE + kill], env=environment, capture_output=True, text=True, check=False
    )
    left = Path(killed.stdout.strip())
    assert left.exists()
    subprocess.run([sys.executable, "-c", MAKE], env=environment, check=True, capture_output=True)
    assert not left.exists()


def test_targets_that_start_side_by_side_have_one_folder_and_one_guard(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(ROOT / "src"), "TMPDIR": str(tmp_path)}
    beside = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from conformance.targets import processes
together = Barrier(8)
def start(_):
    together.wait()
    return processes.mark().partition(".")[0], processes.folder()
with ThreadPoolExecutor(8) as pool:
    print(len(set(pool.map(start, range(8)))))
"""
    done = subprocess.run([sys.executable, "-c", beside], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "1\n", done.stderr


def test_a_folder_that_another_run_removes_before_it_is_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes.tempfile, "tempdir", str(tmp_path))
    lock, opened = fcntl.flock, []

    def lock_late(descriptor: int, operation: int) -> None:
        opened.append(descriptor)
        if len(opened) == 1:
            for folder in tmp_path.iterdir():
                folder.rmdir()
        lock(descriptor, operation)

    monkeypatch.setattr(processes.fcntl, "flock", lock_late)
    folder = processes._make_folder()
    assert len(opened) == 2
    assert os.path.samestat(os.stat(folder), os.fstat(opened[1]))
    os.close(opened[1])


def test_the_folder_is_below_that_of_the_system() -> None:
    assert Path(processes.folder()).name.startswith(PREFIX)
