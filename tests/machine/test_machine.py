"""Slips are made as they should be, each is shown to the tests of its function, and what is listed still stands."""

from __future__ import annotations

import functools
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine.equivalent import ANY, EQUIVALENT, Equivalent
from tests.machine.generate import Slip, generate
from tests.machine.plugin import find_code, is_explained, put


def slips_of(body: str) -> set[tuple[str, str]]:
    """What becomes what in a function with this body."""
    return {(slip.old, slip.new) for slip in generate("made", f"def f(a, b):\n    {body}\n")}


@functools.cache
def slips_in(module: str) -> list[Slip]:
    """Of a module of ours, which takes a second or two."""
    path = Path(str(importlib.import_module(module).__file__))
    return list(generate(module, path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("body", "slip"),
    [
        ("return a < b", ("a < b", "a <= b")),
        ("return a is None", ("a is None", "a is not None")),
        ("return a and b", ("a and b", "a or b")),
        ("return a and b", ("a and b", "b")),
        ("return a + b", ("a + b", "a - b")),
        ("return -a", ("-a", "a")),
        ("return not a", ("not a", "a")),
        ("return 2", ("2", "3")),
        ("return True", ("True", "False")),
        ("return a if b else 0", ("a if b else 0", "a")),
        ("if a: return b", ("if a", "if False")),
        ("return min(a)", ("min", "max")),
        ("return b(key=a)", ("key=a", "")),
        ("return [c for c in a if c]", ("if c", "")),
        ("b(a)", ("b(a)", "pass")),
        ("a += b", ("a += b", "pass")),
        ("raise a", ("raise a", "pass")),
        ("return a", ("return a", "return None")),
    ],
)
def test_a_slip_is_made(body: str, slip: tuple[str, str]) -> None:
    assert slip in slips_of(body)


@pytest.mark.parametrize("body", ['"""Says 2."""', "assert a < b", "c: Literal[1]", "pass"])
def test_what_does_nothing_is_left_alone(body: str) -> None:
    assert not slips_of(body)


def test_a_slip_stands_in_its_function_alone() -> None:
    source = "class C:\n    def f(self):\n        return 1\ndef g():\n    return 1\n"
    slip = next(slip for slip in generate("made", source) if slip.within == "C.f" and slip.new == "2")
    assert slip.source == "class C:\n\n    def f(self):\n        return 2\n\ndef g():\n    return 1"
    assert find_code(compile(slip.source, "made", "exec"), "C.f").co_consts == (None, 2)


def test_a_function_that_was_imported_already_has_the_slip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "import functools\n@functools.cache\ndef f():\n    return 1\n"
    (tmp_path / "made_for_a_slip.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("made_for_a_slip")
    put(next(slip for slip in generate("made_for_a_slip", source) if slip.new == "2"))
    assert module.f() == 2


@pytest.mark.parametrize("one", EQUIVALENT, ids=lambda one: f"{one.within}: {one.old} -> {one.new}")
def test_what_is_listed_is_a_slip_that_can_be_made(one: Equivalent) -> None:
    made = [slip for slip in slips_in(one.where) if one.explains(slip)]
    assert made
    assert all(is_explained(slip) for slip in made)
    assert one.why


def test_any_slip_is_one_of_its_function_alone() -> None:
    one = Equivalent("made", "f", ANY, ANY, "speed")
    assert one.explains(Slip("made", "f", 1, "a", "b", ""))
    assert not one.explains(Slip("made", "g", 1, "a", "b", ""))
    assert not Equivalent("made", "f", "a", "b", "speed").explains(Slip("made", "f", 1, "a", "c", ""))


def test_what_is_not_listed_is_not_explained() -> None:
    assert not is_explained(Slip("conformance.verdicts.judge", "judge", 1, "a", "b", ""))


@pytest.mark.process
def test_only_what_no_test_notices_survives(tmp_path: Path) -> None:
    """Of a sum, a step that is taken once, and a function that no test calls."""
    (tmp_path / "made.py").write_text(
        "def add(a, b):\n    return a + b\n"
        "def rise(a):\n    return a + (1 if a < 2 else 0)\n"
        "def guess(a):\n    return a * 2\n"
    )
    (tmp_path / "test_made.py").write_text(
        "import made\n"
        "def test_add(): assert made.add(2, 2) == 4\n"
        "def test_rise(): assert made.rise(1) == 2 and made.rise(2) == 2\n"
        "def test_again(): assert made.add(1, 0) == 1\n"
    )
    ended = subprocess.run(
        [sys.executable, "-m", "tests.machine", "made", str(tmp_path / "test_made.py")],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([*sys.path, str(tmp_path)])},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1, ended.stderr
    survivors = {line.rpartition(": ")[2] for line in ended.stdout.splitlines() if line.startswith("survives")}
    assert survivors == {"'a * 2' -> 'a / 2'", "'2' -> '3'", "'return a * 2' -> 'return None'"}, ended.stdout
