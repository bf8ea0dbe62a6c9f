"""The mark of the tests that start a process is true."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ("pytester",)

ROOT = Path(__file__).parents[1]
TESTS = """
import subprocess, sys
import pytest

def start():
    subprocess.run([sys.executable, "-c", ""], check=True)

def test_without_the_mark():
    start()

def test_that_starts_nothing():
    pass

@pytest.mark.process
def test_with_the_mark():
    start()

def test_with_a_fixture_that_starts(pytester):
    start()
"""


def test_who_starts_a_process_without_the_mark_fails(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    done = pytester.runpytest_subprocess("-p", "pytester", "-p", "tests.conftest", "-o", f"pythonpath={ROOT}")
    done.assert_outcomes(passed=3, failed=1)
    done.stdout.fnmatch_lines(["E *mark this test with `process`*", "FAILED *::test_without_the_mark*"])


def test_who_starts_a_process_can_be_left_out(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    done = pytester.runpytest_subprocess(
        "-p", "pytester", "-p", "tests.conftest", "-o", f"pythonpath={ROOT}", "-m", "not process"
    )
    done.assert_outcomes(passed=1, failed=1, deselected=2)
