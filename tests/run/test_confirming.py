"""What is never written shows in a worker, and in the script that a person runs."""

from __future__ import annotations

import pytest

from tests.fakes.suite import Result, Suite

pytestmark = pytest.mark.process


def run(suite: Suite, act: str) -> Result:
    suite.behave(k2=act)
    return suite.run("--tb=no", "-k", "kernel", results=f"{act}.jsonl")


@pytest.fixture(scope="module")
def unwritten(shared_suite: Suite) -> Result:
    return run(shared_suite, "unwritten")


def test_what_lay_in_memory_is_not_zero_by_luck(unwritten: Result) -> None:
    outcomes = unwritten.outcomes()
    assert {outcomes[f"kernel[k:2-size:{size}]"] for size in (6, 7)} == {"diverges"}
    assert outcomes["kernel[k:1-size:6]"] == "conforms"


def test_a_script_that_shows_nothing_by_itself_fills_its_memory(unwritten: Result) -> None:
    (confirmation,) = unwritten.records("confirmation")
    assert confirmation["confirmed"]
    assert confirmation["script"].splitlines()[:2] == [
        "import ctypes",
        "ctypes.CDLL(None).mallopt(-6, 128)  # M_PERTURB of glibc: memory that nobody writes is not zero",
    ]


def test_a_script_that_shows_its_verdict_stays_as_it_is(shared_suite: Suite) -> None:
    (confirmation,) = run(shared_suite, "wrong").records("confirmation")
    assert confirmation["confirmed"]
    assert "script" not in confirmation
