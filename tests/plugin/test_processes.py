"""Several processes of a target find what one does, whatever the framework does to them."""

from __future__ import annotations

from tests.fakes.suite import Suite

pytest_plugins = ("pytester",)


def test_three_processes_find_what_one_does(suite: Suite) -> None:
    suite.behave(k2="sigfpe", k3="wrong", k4="a message")
    one = suite.run(results="one.jsonl")
    three = suite.run("--processes=3", results="three.jsonl")
    assert three.stable() == one.stable()
    assert set(one.outcomes().values()) >= {"conforms", "crashed", "diverges"}
    assert three.status == one.status


def test_a_run_has_at_least_one_process(suite: Suite) -> None:
    assert suite.run("--processes=0").status == 4
