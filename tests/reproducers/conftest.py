"""What scripts show that the real frameworks execute."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from conformance.case import Verdict
from conformance.reproducers.asked import AskedCase
from conformance.reproducers.confirm import shows
from conformance.reproducers.script import write_script
from tests.frameworks import Execute

Says: TypeAlias = Callable[[AskedCase, Verdict], str]


@pytest.fixture
def says(execute: Execute) -> Says:
    """What the script of a verdict shows."""

    def show(asked: AskedCase, verdict: Verdict) -> str:
        script = write_script(asked, verdict)
        assert script is not None
        end = execute(asked.framework.name, script)
        if shows(verdict, end):
            return "DIVERGES"
        return "CONFORMS" if end.how == "" else end.how

    return show
