"""Scripts of findings, executed in an interpreter that needs no framework."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.case import Outcome, Target
from conformance.reproducers.confirm import Executor, confirm

ROOT = Path(__file__).parents[2]
HERE = Target("here", "torch", f"popen//python={sys.executable}", memory=200 << 20)
DIES = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
FORKS = "import os, time\nif os.fork() == 0:\n    time.sleep(1000)\n"


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """An environment variable of all that a test starts; what it makes there is gone after the test."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    yield f"TMPDIR={tmp_path}"
    assert list(tmp_path.glob("conformance-*")) == []


def living(mark: str) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append((entry / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 30.0
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_each_script_has_its_confirmation_whatever_the_one_before_it_did(mark: str) -> None:
    scripts = [
        ("print('DIVERGES')\n", Outcome.DIVERGES),
        ("print('CONFORMS')\n", Outcome.DIVERGES),
        ("raise SystemExit('no')\n", Outcome.DIVERGES),
        (DIES, Outcome.DIVERGES),
        (DIES, Outcome.CRASHED),
        ("print('DIVERGES')\n", Outcome.CRASHED),
        ("import os\nprint(os.getcwd())\nprint('DIVERGES')\n", Outcome.DIVERGES),
        ("import os\nos.fork()\nprint('DIVERGES')\n", Outcome.DIVERGES),
        ("print('CONFORMS')\n", Outcome.DIVERGES),
    ]
    with Executor(HERE, 30.0) as executor:
        found = list(executor.confirm_all(scripts))
    assert [each.confirmed for each in found] == [True, False, False, False, True, False, True, True, False]
    assert "CONFORMS" in found[1].printed
    assert found[3].printed == "SIGKILL"
    wait_for(lambda: not living(mark))


def test_a_script_has_the_memory_of_its_target_and_no_more(mark: str) -> None:
    greedy = "import numpy\nheld = [numpy.ones(1 << 21) for _ in range(1000)]\nprint('DIVERGES')\n"
    found = confirm(HERE, greedy)
    assert not found.confirmed
    assert "MemoryError" in found.printed
    with Executor(HERE, 30.0) as executor:
        (found,) = executor.confirm_all([(greedy, Outcome.DIVERGES)])
    assert not found.confirmed
    assert "MemoryError" in found.printed


@pytest.mark.parametrize("rest", ["print('DIVERGES')", "time.sleep(1000)"], ids=["ends", "hangs"])
def test_what_a_script_has_forked_ends_with_it(rest: str, mark: str) -> None:
    outcome = Outcome.DIVERGES if rest.startswith("print") else Outcome.TIMED_OUT
    found = confirm(HERE, FORKS + f"else:\n    {rest}\n", outcome, 1.0)
    assert found.confirmed, found
    assert ("no end within the limit" in found.printed) is (outcome is Outcome.TIMED_OUT)
    wait_for(lambda: not living(mark))


def test_endless_output_is_bounded() -> None:
    found = confirm(HERE, "while True:\n    print('x' * 1_000_000)\n")
    assert not found.confirmed
    assert "File too large" in found.printed


HOST = """
import sys
from conformance.reproducers.confirm import confirm
from conformance.case import Target
confirm(Target("here", "torch", f"popen//python={sys.executable}"), sys.argv[1])
"""


def test_scripts_and_what_they_start_end_with_the_process_that_executes_them(mark: str, tmp_path: Path) -> None:
    """Killed without warning; and what was started is in a session of its own, and no child of the script any more."""
    started = tmp_path / "started"
    leaves = f"import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        open({str(started)!r}, 'w')\n"
    host = subprocess.Popen([sys.executable, "-c", HOST, leaves + "time.sleep(1000)"], cwd=ROOT)
    wait_for(started.exists)
    assert len(living(mark)) >= 5
    host.kill()
    host.wait()
    wait_for(lambda: not living(mark))
    for left in tmp_path.glob("conformance-*"):  # folders are nobody's then but the system's
        shutil.rmtree(left)


def test_stopping_ends_what_is_executed_and_executes_nothing_more(mark: str) -> None:
    executor = Executor(HERE, 60.0)
    hangs = "import time\ntime.sleep(1000)\n"
    threading.Timer(0.5, executor.stop).start()
    begun = time.monotonic()
    with executor:
        found = list(executor.confirm_all([(hangs, Outcome.DIVERGES), (hangs, Outcome.TIMED_OUT)] * 2))
    assert time.monotonic() - begun < 10.0
    assert ["not executed" in each.printed for each in found] == [True] * 4
    wait_for(lambda: not living(mark))
