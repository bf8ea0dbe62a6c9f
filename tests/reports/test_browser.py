"""Without a browser its tests are skipped where a person works, and fail where CI does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
# Of the tests that need a browser, one that looks for it before anything else: it makes its page itself, in a moment.
ONE = "tests/reports/views/test_query.py::test_a_wrong_query_is_explained"


@pytest.mark.parametrize(
    ("ci", "status", "outcome"),
    [
        ({}, 0, "1 skipped"),
        ({"CI": ""}, 0, "1 skipped"),
        ({"CI": "false"}, 0, "1 skipped"),
        ({"CI": "true"}, 1, "1 error"),
    ],
    ids=["unset", "empty", "false", "true"],
)
def test_without_chromium(ci, status, outcome, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_ADDOPTS")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", ONE, "-q", "-rs", "-p", "no:cacheprovider"],
        cwd=ROOT, env=environment | {"PATH": str(tmp_path)} | ci, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == status, run.stdout
    assert outcome in run.stdout
    assert "chromium, playwright and axe-playwright-python; install them: apt-get install chromium" in run.stdout
