"""One audit of several machines, which pytest-xdist reaches over ssh, writes one results file."""

from __future__ import annotations

import sys

import pytest

from tests.fakes.ssh import install_ssh
from tests.fakes.suite import CASES, Result, Suite

pytest_plugins = ("pytester",)


@pytest.fixture(autouse=True)
def ssh(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    install_ssh(tmp_path_factory.mktemp("machines"), monkeypatch)


def run_on(suite: Suite, hosts: list[str], **options: str) -> Result:
    machines = [word for host in hosts for word in ("--tx", f"ssh={host}//python={sys.executable}")]
    files = ["--rsyncdir", str(suite.folder), str(suite.folder / "specs")]
    return suite.run("-d", *machines, *files, "-vv", **options)


def test_two_machines_say_what_one_says(suite: Suite) -> None:
    suite.behave(k2="wrong", k3="no kernel for it")
    alone = suite.run(results="alone.jsonl")
    shared_out = run_on(suite, ["east", "west"])
    assert shared_out.status == alone.status == pytest.ExitCode.TESTS_FAILED
    assert len(shared_out.verdicts()) == CASES
    assert shared_out.stable() == alone.stable()
    assert shared_out.records("footer")[0]["complete"]
    for machine in ("gw0", "gw1"):
        assert f"[{machine}]" in shared_out.output


def test_machines_whose_targets_differ_are_not_told_as_one(suite: Suite) -> None:
    """Each verdict would be told as one of the version that was first to answer."""
    mixed = run_on(suite, ["1.5", "1.6"], target=suite.interpreter)
    assert mixed.status == pytest.ExitCode.USAGE_ERROR
    mixed.lines.fnmatch_lines("*target fakeflow: version is 1.? on one machine, and 1.? on another; *")
    assert len({target["version"] for target in mixed.records("target")}) == 1
