"""Scripts, executed in an interpreter that needs no framework: what they show, and that nothing of them is left."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.case import Confirmation, Kind, Outcome, Phase, Raised, Target, Verdict
from conformance.reproducers.confirm import End, Execution, Executor, shows
from tests.frameworks import ROOT

pytestmark = pytest.mark.process

HERE = Target("here", "torch", f"popen//python={sys.executable}", memory=200 << 20)
DIVERGES = "assert 1 == 2, 3\n"
CONFORMS = "assert 1 == 1, 3\n"
DIES = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
HANGS = "import time\nprint('begun', flush=True)\ntime.sleep(1000)\n"
FORKS = "import os, time\nif os.fork() == 0:\n    time.sleep(1000)\n"


def verdict_of(outcome: Outcome, kind: Kind | None = None, cls: str = "builtins.Other") -> Verdict:
    return Verdict(outcome, kind, raised=Raised(Phase.FORWARD, cls, (), "")) if kind else Verdict(outcome)


WRONG_VALUE = Verdict(Outcome.DIVERGES, Kind.VALUE)
REJECTED = verdict_of(Outcome.DIVERGES, Kind.WRONGLY_REJECTED, "ValueError")
CRASHED = Verdict(Outcome.CRASHED)
TIMED_OUT = Verdict(Outcome.TIMED_OUT)

# What an end shows


@pytest.mark.parametrize(
    ("how", "verdict", "shown"),
    [
        ("AssertionError: 3", WRONG_VALUE, True),
        ("AssertionError", WRONG_VALUE, True),
        ("", WRONG_VALUE, False),
        ("ValueError: no", WRONG_VALUE, False),
        ("SIGABRT", WRONG_VALUE, False),
        ("ValueError: no", REJECTED, True),
        ("ValueError", REJECTED, True),
        ("TypeError: no", REJECTED, False),
        ("ValueErrors: no", REJECTED, False),
        ("AssertionError: no", REJECTED, False),
        ("", REJECTED, False),
        ("AssertionError", verdict_of(Outcome.DIVERGES, Kind.WRONGLY_ACCEPTED), True),
        ("ValueError: no", verdict_of(Outcome.DIVERGES, Kind.WRONGLY_ACCEPTED), False),
        ("a.B: no", verdict_of(Outcome.DIVERGES, Kind.INTERNAL_ERROR, "a.B"), True),
        ("B: no", verdict_of(Outcome.DIVERGES, Kind.ERROR_CLASS, "a.B"), False),
        ("SIGABRT", CRASHED, True),
        ("signal 77", CRASHED, True),
        ("exit code 3", CRASHED, True),
        ("exit code 1", CRASHED, False),
        ("ValueError: no", CRASHED, False),
        ("", CRASHED, False),
        ("no end", CRASHED, False),
        ("no end", TIMED_OUT, True),
        ("", TIMED_OUT, False),
        ("SIGABRT", TIMED_OUT, False),
    ],
)
def test_what_the_end_of_a_script_shows(how: str, verdict: Verdict, shown: bool) -> None:
    assert shows(verdict, End(how, "AssertionError: ValueError")) is shown


@pytest.mark.parametrize(
    ("text", "begins"),
    [("ValueError", True), ("ValueError: the ker", True), ("Value", False), ("ValueError: a", False), ("", False)],
)
def test_an_end_begins_with_its_exception_or_with_its_message(text: str, begins: bool) -> None:
    assert End("ValueError: the kernel", "").begins(text) is begins


@pytest.mark.parametrize(
    ("execution", "text"),
    [
        (Execution(0, "at 3\n", "a warning"), "at 3"),
        (Execution(1, "at 3\n", "ValueError: no\n"), "at 3\nValueError: no"),
        (Execution(-11, "", "a stack\n"), "a stack\nSIGSEGV"),
        (Execution(None, "", ""), "no end"),
    ],
    ids=["its end", "an exception", "a signal", "the limit"],
)
def test_what_is_told_of_an_execution(execution: Execution, text: str) -> None:
    assert execution.describe() == text


MESSAGE = """\
Traceback (most recent call last):
  File "script.py", line 1, in <module>
KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "script.py", line 3, in <module>
    call()
ValueError: not that
  but this:
[1, 2]
a word of the framework's at its end
"""


@pytest.mark.parametrize(
    ("execution", "how"),
    [
        (Execution(0, "", "a warning"), ""),
        (Execution(1, "", MESSAGE), "ValueError: not that"),
        (Execution(1, "", '  File "script.py", line 1\n    x = (\nSyntaxError: no\n'), "SyntaxError: no"),
        (Execution(1, "", ""), "exit code 1"),
        (Execution(3, "", MESSAGE), "exit code 3"),
        (Execution(-8, "", MESSAGE), "SIGFPE"),
        (Execution(None, "", ""), "no end"),
    ],
    ids=["runs through", "raises", "cannot be read", "exits with one", "exits", "a signal", "the limit"],
)
def test_how_an_execution_ended(execution: Execution, how: str) -> None:
    assert execution.end.how == how


# Executing


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """An environment variable of all that a test starts; what it makes there is gone after the test."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    yield f"TMPDIR={tmp_path}"
    assert list(tmp_path.glob("conformance-*")) == []


def living(mark: str) -> list[str]:
    """The command lines of the processes that have the mark."""
    lines = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                lines.append((entry / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return lines


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 30.0
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def confirm(script: str, verdict: Verdict = WRONG_VALUE, limit: float = 60.0, target: Target = HERE) -> Confirmation:
    with Executor(target, limit) as executor:
        return executor.confirm(script, verdict)


def test_each_script_has_its_confirmation_whatever_the_one_before_it_did(mark: str) -> None:
    scripts = [
        (DIVERGES, WRONG_VALUE),
        (CONFORMS, WRONG_VALUE),
        ("raise SystemExit('no')\n", WRONG_VALUE),
        (DIES, WRONG_VALUE),
        (DIES, CRASHED),
        (DIVERGES, CRASHED),
        ("import os\nprint(os.getcwd())\n" + DIVERGES, WRONG_VALUE),
        ("import os\nos.fork()\n" + DIVERGES, WRONG_VALUE),
        (CONFORMS, WRONG_VALUE),
    ]
    with Executor(HERE, 30.0) as executor:
        confirmations = [executor.confirm(script, verdict, together=True) for script, verdict in scripts]
    confirmed = [confirmation.confirmed for confirmation in confirmations]
    assert confirmed == [True, False, False, False, True, False, True, True, False]
    assert confirmations[0].printed == "AssertionError: 3"
    assert confirmations[3].printed == "SIGKILL"
    wait_for(lambda: not living(mark))


ENDS = [
    ("print('x')\n", "", "x"),
    ("print('x')\nassert 1 == 2, 'a\\nb'\n", "AssertionError: a", "x"),
    ("raise SystemExit('no')\n", "no", ""),
    ("raise ValueError('a\\n' + 5000 * 'b')\n", "ValueError: a", ""),
    (DIES, "SIGKILL", ""),
    ("import time\nprint('x', flush=True)\ntime.sleep(1000)\n", "no end", "x"),
    ("print('y')\n", "", "y"),
]


def test_the_end_of_each_script_is_told_whatever_the_one_before_it_did(mark: str) -> None:
    with Executor(HERE, 2.0) as executor:
        ends = [executor.end_of(script) for script, _, _ in ENDS]
    assert ends == [End(how, printed) for _, how, printed in ENDS]
    wait_for(lambda: not living(mark))


def test_an_end_is_the_same_in_the_interpreter_that_scripts_share(mark: str) -> None:
    lasting = [end for end in ENDS if "SystemExit" not in end[0]]
    with Executor(HERE, 2.0) as executor:
        ends = [executor.end_of(script, together=True) for script, _, _ in lasting]
    assert ends == [End(how, printed) for _, how, printed in lasting]


LEAVES = "import numpy\nleft = [numpy.full(1 << 13, 7.0) for _ in range(20)]\n"
READS = "import numpy\nassert sum(abs(numpy.empty(1 << 13)).max() for _ in range(20)) == 0\n"


@pytest.mark.parametrize("before", ["", "import ctypes\nctypes.CDLL(None).mallopt(-6, 128)\n"], ids=["left", "filled"])
def test_what_a_script_has_left_in_memory_the_next_one_does_not_read(before: str) -> None:
    with Executor(HERE, 30.0) as executor:
        ends = [executor.execute_together(script) for script in (before + LEAVES, READS)]
    assert ends == [End(""), End("")]


GREEDY = "import numpy\nheld = [numpy.ones(1 << 21) for _ in range(1000)]\n" + DIVERGES


def test_a_script_has_the_memory_of_its_target_and_no_more() -> None:
    confirmation = confirm(GREEDY)
    assert not confirmation.confirmed
    assert "MemoryError" in confirmation.printed


def test_scripts_that_share_an_interpreter_have_its_memory_and_no_more() -> None:
    with Executor(HERE, 30.0) as executor:
        end = executor.execute_together(GREEDY)
    assert end is not None
    assert "MemoryError" in end.how


@pytest.mark.parametrize(
    ("rest", "verdict"),
    [("assert 1 == 2", WRONG_VALUE), ("time.sleep(1000)", TIMED_OUT)],
    ids=["ends", "hangs"],
)
def test_what_a_script_has_forked_ends_with_it(rest: str, verdict: Verdict, mark: str) -> None:
    confirmation = confirm(FORKS + f"else:\n    {rest}\n", verdict, limit=1.0)
    assert confirmation.confirmed, confirmation
    assert ("no end" in confirmation.printed) is (verdict is TIMED_OUT)
    wait_for(lambda: not living(mark))


def test_endless_output_is_bounded() -> None:
    confirmation = confirm("while True:\n    print('x' * 1_000_000)\n")
    assert not confirmation.confirmed
    assert "File too large" in confirmation.printed


def test_a_target_that_cannot_be_started_confirms_nothing() -> None:
    confirmation = confirm(DIVERGES, target=Target("torch", "torch", "popen//python=/nonexistent/python"))
    assert not confirmation.confirmed
    assert "not executed" in confirmation.printed


HOST = """
import sys
from conformance.reproducers.confirm import Executor
from conformance.case import Outcome, Target, Verdict
with Executor(Target("here", "torch", f"popen//python={sys.executable}")) as executor:
    executor.confirm(sys.argv[1], Verdict(Outcome.DIVERGES))
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
    wait_for(lambda: not list(tmp_path.glob("conformance-*")))


def test_stopping_ends_what_is_executed_and_executes_nothing_more(mark: str) -> None:
    executor = Executor(HERE, 60.0)
    threading.Timer(0.5, executor.stop).start()
    begun = time.monotonic()
    with executor:
        confirmations = [executor.confirm(HANGS, verdict, together=True) for verdict in [WRONG_VALUE, TIMED_OUT] * 2]
    assert time.monotonic() - begun < 10.0
    assert ["not executed" in confirmation.printed for confirmation in confirmations] == [True] * 4
    wait_for(lambda: not living(mark))
