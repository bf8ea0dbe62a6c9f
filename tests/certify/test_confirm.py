"""Scripts of findings, executed in an interpreter that needs no framework."""

from __future__ import annotations

import sys

from conformance.case import Outcome
from conformance.confirm import confirm_all
from conformance.target import Target

HERE = Target("here", "torch", f"popen//python={sys.executable}")
DIES = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"


def test_each_script_has_its_confirmation_whatever_the_one_before_it_did() -> None:
    scripts = [
        ("print('DIVERGES')\n", Outcome.DIVERGES),
        ("print('CONFORMS')\n", Outcome.DIVERGES),
        ("raise SystemExit('no')\n", Outcome.DIVERGES),
        (DIES, Outcome.DIVERGES),
        (DIES, Outcome.CRASHED),
        ("print('DIVERGES')\n", Outcome.CRASHED),
        ("import os\nprint(os.getcwd())\nprint('DIVERGES')\n", Outcome.DIVERGES),
    ]
    found = list(confirm_all(HERE, scripts, 30.0))
    assert [each.confirmed for each in found] == [True, False, False, False, True, False, True]
    assert "CONFORMS" in found[1].printed
