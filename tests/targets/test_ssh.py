"""A target over ssh ends as its interpreter does, and not as the ssh that leads there."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from conformance.targets.interpreter import Interpreter
from tests.fakes.ssh import install_ssh

pytestmark = pytest.mark.process


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    install_ssh(tmp_path, monkeypatch)
    return f"ssh=somebody@somewhere//python={sys.executable}"


def end_of(spec: str, source: str) -> tuple[str, bool]:
    """How an interpreter says that it ended, and whether it was killed from outside."""
    with Interpreter(spec) as interpreter:
        channel = interpreter.execute(source)
        with pytest.raises(EOFError):
            interpreter.receive(channel, 30.0)
        return interpreter.wait_for_end(), interpreter.was_killed_from_outside()


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGFPE"])
def test_a_signal_there_is_told(spec: str, name: str) -> None:
    source = f"import os; os.kill(os.getpid(), {int(signal.Signals[name])})"
    assert end_of(spec, source) == (name, False)


def test_who_is_killed_there_was_killed_from_outside(spec: str) -> None:
    assert end_of(spec, "import os; os.kill(os.getpid(), 9)")[1]


@pytest.mark.parametrize("code", [3, 255])
def test_an_exit_code_there_is_told(spec: str, code: int) -> None:
    assert end_of(spec, f"import os; os._exit({code})") == (f"exit code {code}", False)


def test_what_runs_there_answers(spec: str) -> None:
    with Interpreter(spec) as interpreter:
        channel = interpreter.execute("channel.send(6 * 7)")
        assert interpreter.receive(channel, 30.0) == 42


def test_a_too_old_interpreter_there_is_told(spec: str, tmp_path: Path) -> None:
    """One that knows the statement that asks for its version, and not those that travel."""
    old = tmp_path / "old"
    old.write_text('#!/bin/sh\ncase "$*" in *version_info*) printf "3 6";; *) echo SyntaxError >&2; exit 1;; esac\n')
    old.chmod(0o755)
    with Interpreter(f"ssh=somebody@somewhere//python={old}") as interpreter:
        with pytest.raises((EOFError, OSError)) as raised:
            interpreter.execute("channel.send(1)")
        said = interpreter.explain(raised.value)
    assert said == "it is Python 3.6, and needs CPython 3.8 or newer (exit code 1)"
