"""What the kernel counts of processes that it ended for want of memory, and who is told to have been killed so."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from conformance.case import Target
from conformance.targets import interpreter as rooms
from conformance.targets import memory
from conformance.targets.connection import Connection
from conformance.targets.errors import Cause, KilledError, LostError, NotStartedError

pytestmark = pytest.mark.process

FAKES = Path(__file__).parent.parent / "fakes"


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system's files, of which there are none yet."""
    monkeypatch.setattr(memory, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(memory, "OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(memory, "MACHINE", tmp_path / "vmstat")
    return tmp_path


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize(
    ("own", "file"),
    [
        ("0::/user/one\n", "groups/user/one/memory.events"),
        ("9:cpu:/x\n4:memory:/box/one\n0::/\n", "groups/memory/box/one/memory.oom_control"),
        ("0::/not/seen/from/here\n", "groups/memory.events"),
        ("rubbish", "vmstat"),
    ],
    ids=["second version", "first version", "container", "no groups"],
)
def test_kills_are_counted_where_the_system_says_so(system: Path, own: str, file: str) -> None:
    write(system / "vmstat", "pgfault 7\noom_kill 9\n")
    write(system / "own", own)
    write(system / file, "low 0\noom 5\noom_kill 3\noom_group_kill 4\n")
    assert memory.count_kills() == 3


def test_where_nothing_is_said_nothing_is_known(system: Path) -> None:
    assert memory.count_kills() is None


def open_fakeflow(*details: str) -> Connection:
    parts = [f"popen//python={sys.executable}", f"env:PYTHONPATH={FAKES}", *details]
    return Connection(Target("fakeflow", "fakeflow", "//".join(parts)))


@pytest.mark.usefixtures("fakes")
@pytest.mark.parametrize(("kills", "said"), [([4, 4], "SIGKILL"), ([4, 5], "SIGKILL, as memory ran out")])
def test_who_is_killed_from_outside_is_told_so(monkeypatch: pytest.MonkeyPatch, kills: list[int], said: str) -> None:
    monkeypatch.setattr(rooms, "count_kills", lambda: kills.pop(0) if len(kills) > 1 else kills[0])
    with open_fakeflow() as worker:
        greeting = worker.start()
        os.kill(greeting.pid, signal.SIGKILL)
        with pytest.raises(LostError) as lost:
            worker.receive(1, 10.0)
    assert (lost.value.cause, lost.value.detail) == (Cause.KILLED, said)


@pytest.mark.usefixtures("fakes")
def test_who_is_killed_from_here_is_not() -> None:
    with open_fakeflow() as worker:
        worker.start()
        worker.kill()
        with pytest.raises(LostError) as lost:
            worker.receive(1, 10.0)
    assert lost.value.cause is Cause.DIED


@pytest.mark.usefixtures("fakes")
@pytest.mark.parametrize(("act", "error"), [("killed", KilledError), ("crash", NotStartedError)])
def test_a_start_that_was_killed_from_outside_is_no_failure_of_the_target(
    tmp_path: Path, act: str, error: type[Exception]
) -> None:
    details = f"env:FAKEFLOW_START={act}", f"env:FAKEFLOW_ONCE={tmp_path}"
    with open_fakeflow(*details) as worker, pytest.raises(error):
        worker.start()
