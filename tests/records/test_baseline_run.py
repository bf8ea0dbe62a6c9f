"""A run held against a baseline, and a baseline written from a run."""

from __future__ import annotations

from typing import Any

pytest_plugins = ("pytester",)

WRONG = {"k2": "wrong", "k3": "no such kernel"}


def written(suite: Any, *options: str) -> str:
    found = suite.run("--baseline", "known.yaml", "--write-baseline", *options)
    assert found.status == 0, found.output
    return (suite.folder / "known.yaml").read_text()


def test_what_a_run_writes_the_next_one_expects(suite: Any) -> None:
    suite.behave(**WRONG)
    text = written(suite)
    assert "conv2d/kernel.yaml::kernel[k:2-*]: 2" in text
    assert 'message: "RuntimeError in construct: no such kernel"' in text
    for options in ((), ("-n2",), ("specs/conv2d/kernel.yaml",), ("-k", "other")):
        found = suite.run("--baseline", "known.yaml", *options)
        assert found.status == 0, found.output
    found = suite.run("--baseline", "known.yaml")
    assert "4 xfailed" in found.output
    # The report still shows every divergence, each with what is known of it.
    diverging = [record for record in found.verdicts().values() if record["outcome"] == "diverges"]
    assert len(diverging) == 4
    assert all(record["known"].startswith("unreviewed") for record in diverging)


def test_a_divergence_that_is_new_gone_or_another_fails(suite: Any) -> None:
    suite.behave(**WRONG)
    written(suite)
    suite.behave(**WRONG, k4="wrong")
    new = suite.run("--baseline", "known.yaml")
    assert new.status == 1
    assert "2 failed" in new.output
    assert "not listed in known.yaml" in new.output
    suite.behave(k2="wrong")
    gone = suite.run("--baseline", "known.yaml", "-n2")
    assert gone.status == 1
    assert "stale: known.yaml:" in gone.output
    assert "2 failed" in gone.output
    suite.behave(k2="no such kernel", k3="another message")
    other = suite.run("--baseline", "known.yaml", "-k", "kernel")
    assert other.status == 1
    assert "4 failed" in other.output
    assert "observed  RuntimeError in construct: another message" in other.output
    assert (
        "as another divergence: wrongly rejected of call, 'RuntimeError in construct: no such kernel'" in other.output
    )
    # Of another version nothing is known.
    suite.behave(**WRONG)
    assert suite.run("--baseline", "known.yaml", version="1.6").status == 1


def test_too_many_or_too_few_of_a_pattern_fail_like_an_item(suite: Any) -> None:
    suite.behave(**WRONG)
    text = written(suite)
    (suite.folder / "known.yaml").write_text(text.replace("kernel[k:2-*]: 2", "kernel[k:2-*]: 1"))
    many = suite.run("--baseline", "known.yaml", "-k", "kernel", "--junitxml", "junit.xml")
    assert many.status == 1
    assert "listed 1 times for fakeflow.Conv2d of fakeflow, 2 diverge so" in many.output
    assert 'failures="1"' in (suite.folder / "junit.xml").read_text()
    (suite.folder / "known.yaml").write_text(text.replace("kernel[k:2-*]: 2", "kernel[k:2-*]: 3"))
    few = suite.run("--baseline", "known.yaml")
    assert few.status == 1
    assert "is listed 3 times" in few.output
    # Of a file of which not every case ran, it cannot be told.
    part = suite.run("--baseline", "known.yaml", "specs/conv2d/kernel.yaml::fakeflow.Conv2d/kernel[k:2-size:6]")
    assert part.status == 0, part.output


def test_a_baseline_is_not_written_from_a_part(suite: Any) -> None:
    suite.behave(**WRONG)
    for options, reason in (
        (("specs/conv2d/kernel.yaml",), "conv2d/invalid.yaml did not run"),
        (("-k", "not other"), "1 of the 9 cases of conv2d/kernel.yaml did not run"),
        (("-x", "--deselect", "specs/conv2d/invalid.yaml::fakeflow.Conv2d/stride[value:none]"), "1 of the 2 cases"),
    ):
        part = suite.run("--baseline", "known.yaml", "--write-baseline", *options)
        assert part.status == 1, part.output
        assert reason in part.output
    missing = suite.run(
        "--baseline", "known.yaml", "--write-baseline", target="fakeflow=/bin/false//framework=fakeflow"
    )
    assert missing.status == 1
    assert "target fakeflow is unavailable" in missing.output
    assert not (suite.folder / "known.yaml").exists()
    assert suite.run("--write-baseline").status == 4
