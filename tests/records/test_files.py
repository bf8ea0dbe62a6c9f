"""Whatever becomes of the disk, the run says it in one line, and what was written stays readable."""

from __future__ import annotations

import errno
import fcntl
import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.records.record import Footer
from conformance.records.results import Lock, Writer
from conv_reports.results.loaded import load
from tests.fakes.suite import ROOT, Suite

pytest_plugins = ("pytester",)


@pytest.fixture
def little_disk() -> Iterator[None]:
    """No file may become longer than 6000 bytes: enough for some verdicts. As of a full disk, a write is cut."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.usefixtures("little_disk")
def test_a_full_disk_is_one_line_and_keeps_whole_lines(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "results.jsonl", ())
    footer = Footer(complete=False, finished="x" * 900, verdicts=0, seconds=0.0)
    for _ in range(5):
        writer.add(footer)
    with pytest.raises(OSError, match="File too large") as error:
        writer.add(footer)
    assert error.value.errno == errno.EFBIG
    text = writer.path.read_text()
    assert text.endswith("\n")
    assert all(json.loads(line) for line in text.splitlines())
    writer.close(complete=True)
    assert writer.path.read_text() == text


@pytest.mark.usefixtures("little_disk")
@pytest.mark.parametrize("options", [[], ["-n2"]], ids=["one process", "two processes"])
def test_a_run_whose_disk_is_full_ends_with_one_line_and_its_results(suite: Suite, options: list[str]) -> None:
    ended = suite.run(*options)
    assert ended.status == pytest.ExitCode.USAGE_ERROR
    assert ended.output.count("cannot write") == 1
    assert "Traceback" not in ended.output
    assert "INTERNALERROR" not in ended.output
    ended.lines.fnmatch_lines("*cannot write *results.jsonl: File too large; choose another with --results FILE*")
    verdicts = ended.records("verdict")
    assert verdicts
    assert len(load([ended.results]).judged) == len(verdicts)


@pytest.mark.parametrize("when", ["in the middle", "at the end"])
def test_a_run_whose_results_are_removed_ends_with_one_line(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    suite.behave(k2="wrong")
    folder = suite.folder / "out"
    if when == "at the end":
        monkeypatch.setattr("conformance.run.run.Run._confirm", lambda *_: shutil.rmtree(folder))
    else:
        remove_after(monkeypatch, folder, 3)
    ended = suite.run(results="out/results.jsonl")
    assert ended.status == pytest.ExitCode.USAGE_ERROR
    assert ended.output.count("cannot write") == 1
    assert "Traceback" not in ended.output
    assert "INTERNALERROR" not in ended.output
    ended.lines.fnmatch_lines("*cannot write *results.jsonl: it was removed; choose another with --results FILE*")


def test_a_run_whose_results_are_removed_before_the_scripts_are_executed_ends_with_one_line(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite.behave(k2="wrong")
    folder = suite.folder / "out"
    monkeypatch.setattr("conformance.run.run.Run.find_miscounts", lambda *_: shutil.rmtree(folder) or ())
    ended = suite.run(results="out/results.jsonl")
    assert ended.status == pytest.ExitCode.USAGE_ERROR
    assert ended.output.count("it was removed") == 1
    assert "Traceback" not in ended.output


def remove_after(monkeypatch: pytest.MonkeyPatch, folder: Path, count: int) -> None:
    """Remove a folder once that many records were written."""
    add = Writer.add
    written = []

    def add_and_remove(self: Writer, record: object) -> bool:
        written.append(record)
        if len(written) == count:
            shutil.rmtree(folder)
        return add(self, record)  # type: ignore[arg-type]

    monkeypatch.setattr(Writer, "add", add_and_remove)


# Two audits


@pytest.mark.parametrize("options", [[], ["-n2"]], ids=["one process", "two processes"])
def test_a_second_audit_on_one_results_file_is_refused(suite: Suite, options: list[str]) -> None:
    suite.write("results.jsonl", "what the first one has written")
    first = Lock(suite.folder / "results.jsonl")
    assert first.take()
    second = suite.run(*options)
    assert second.status == pytest.ExitCode.USAGE_ERROR
    second.lines.fnmatch_lines(
        "*another audit writes *results.jsonl; wait for its end, or choose another with --results*"
    )
    assert second.text == "what the first one has written"
    first.release()
    assert suite.run(*options).status == 0
    assert not list(suite.folder.glob("*.lock"))


@pytest.mark.process
def test_the_lock_of_a_run_that_was_killed_is_free(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    take = f"from pathlib import Path; from conformance.records.results import Lock; import os, signal; \
lock = Lock(Path({str(path)!r})); assert lock.take(); os.kill(os.getpid(), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", take], cwd=ROOT, env={"PYTHONPATH": str(ROOT / "src")}, check=False)
    assert (tmp_path / "results.jsonl.lock").exists()
    lock = Lock(path)
    assert lock.take()
    lock.release()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_file_that_its_owner_removes_meanwhile_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "results.jsonl"
    lock_file = tmp_path / "results.jsonl.lock"
    flock = fcntl.flock

    def remove_first(file: object, operation: int) -> None:
        monkeypatch.setattr("conformance.records.results.fcntl.flock", flock)
        lock_file.unlink()
        flock(file, operation)  # type: ignore[arg-type]

    monkeypatch.setattr("conformance.records.results.fcntl.flock", remove_first)
    lock = Lock(path)
    assert lock.take()
    assert lock_file.exists()
