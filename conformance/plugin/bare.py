"""An item that needs nothing set up is run and reported without pytest's thirty functions around its three phases.

They are for fixtures, captured output, logging and marks, and take longer than what such an item does. Whoever else
listens finds the same hooks called with the same reports: where another plugin would see a difference, the item is
run as any other. The reports of phases in which nothing is done are made for those who take notice of them.
"""

from __future__ import annotations

import time
from typing import Literal

import pytest

# What is not called here. Where a plugin besides pytest's own has one of them, pytest runs the item.
LEFT_OUT = ("pytest_runtest_setup", "pytest_runtest_call", "pytest_runtest_teardown", "pytest_runtest_makereport")
OPTIONS = ("setuponly", "setupshow", "usepdb", "trace")
MARKS = frozenset({"skip", "skipif", "xfail"})
# The last one is about test functions, and lets all else be.
KNOWN = ("_pytest.", "xdist.", "conformance.", "_hypothesis_pytestplugin")
# To whom it is the same whether a phase is reported in which nothing was done.
INDIFFERENT = tuple(f"_pytest.{name}" for name in ("cacheprovider", "logging", "main", "stepwise", "terminal"))
POSSIBLE = pytest.StashKey[bool]()
NOTICED = pytest.StashKey[bool]()


def may_run(item: pytest.Item) -> bool:
    """Whether nobody can tell that an item was run here."""
    stash = item.config.stash
    if POSSIBLE not in stash:
        stash[POSSIBLE] = _is_possible(item.config)
    return stash[POSSIBLE] and not any(mark.name in MARKS for mark in item.iter_markers())


def _is_possible(config: pytest.Config) -> bool:
    """Whether neither an option nor another plugin asks for what is left out."""
    if any(config.getoption(name, False) for name in OPTIONS):
        return False
    for name in LEFT_OUT:
        for listening in getattr(config.hook, name).get_hookimpls():
            if not listening.function.__module__.startswith(KNOWN):
                return False
    return True


def _is_noticed(config: pytest.Config) -> bool:
    """Whether anybody takes notice of the reports of phases in which nothing is done."""
    if config.getoption("durations", None) is not None:
        return True
    listening = config.hook.pytest_runtest_logreport.get_hookimpls()
    naming = config.hook.pytest_report_teststatus.get_hookimpls()
    return not (
        all(one.function.__module__.startswith(("conformance.", *INDIFFERENT)) for one in listening)
        and all(one.function.__module__.startswith(KNOWN) for one in naming)
    )


def run(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Run and report an item."""
    hook = item.ihook
    stash = item.config.stash
    if NOTICED not in stash:
        stash[NOTICED] = _is_noticed(item.config)
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    call = pytest.CallInfo.from_call(item.runtest, "call", reraise=(pytest.exit.Exception, KeyboardInterrupt))
    report: pytest.TestReport = hook.pytest_runtest_makereport(item=item, call=call)
    if stash[NOTICED]:
        hook.pytest_runtest_logreport(report=_make_passed(report, "setup"))
    hook.pytest_runtest_logreport(report=report)
    if report.failed:
        hook.pytest_exception_interact(node=item, call=call, report=report)
    # What other items have set up may end here, though this one has set up nothing.
    item.session._setupstate.teardown_exact(nextitem)
    if stash[NOTICED]:
        hook.pytest_runtest_logreport(report=_make_passed(report, "teardown"))
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _make_passed(report: pytest.TestReport, when: Literal["setup", "teardown"]) -> pytest.TestReport:
    """The report of a phase in which there was nothing to do."""
    now = time.time()
    return pytest.TestReport(report.nodeid, report.location, report.keywords, "passed", None, when, start=now, stop=now)
