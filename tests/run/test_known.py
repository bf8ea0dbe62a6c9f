"""A run held against a catalogue, whose scripts it executes and whose numbers it can write anew."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

import conformance.run.run
from tests.fakes.suite import Result, Suite

pytest_plugins = ("pytester",)

BUG = "no such kernel, please report this bug"
WRONG = {"k2": "wrong", "k3": BUG}
FILE = "known.yaml"
CATALOGUE = f"""\
framework: fakeflow
entries:
  - id: FAK-one-too-many
    title: {{en: A kernel of two adds one to every output, zh: 大小为二的卷积核使每个输出多一}}
    severity: silent_wrong_values
    authority: mathematics
    rests_on: {{en: the definition, zh: 定义}}
    effect: {{en: every network with such a kernel, zh: 所有使用该卷积核的网络}}
    workaround:
      en: take one away
      zh: 减去一
      script: |
        import numpy as np
        import fakeflow
        layer = fakeflow.Conv2d(1, 1, 2)
        assert layer(np.ones((1, 1, 2, 2), "float32")).item() - 1 == 4
    upstream: not reported
    where: {{versions: "==1.5"}}
    script: |
      import numpy as np
      import fakeflow
      layer = fakeflow.Conv2d(1, 1, 2)
      assert layer(np.ones((1, 1, 2, 2), "float32")).item() == 4
    seen:
      - api: fakeflow.Conv2d
        kind: value
        subject: output
        cases:
          conv2d/kernel.yaml::kernel[k:2-*]: 2
  - id: FAK-no-kernel
    title: {{en: A kernel of three asks for a report, zh: 大小为三的卷积核要求报告错误}}
    severity: crash
    authority: robustness
    rests_on: {{en: an internal error asks to be reported, zh: 内部错误要求上报}}
    effect: {{en: every network with such a kernel, zh: 所有使用该卷积核的网络}}
    upstream: https://example.org/1
    where: {{versions: "==1.5"}}
    script: |
      import fakeflow
      fakeflow.Conv2d(1, 1, 3)
    ends: "RuntimeError: no such kernel"
    seen:
      - api: fakeflow.Conv2d
        kind: internal_error
        subject: call
        message: "RuntimeError in construct: {BUG}"
        cases:
          conv2d/kernel.yaml::kernel[k:3-*]: 2
"""


@pytest.fixture
def known(suite: Suite) -> Suite:
    """Two kernels diverge, and a catalogue knows it."""
    suite.behave(**WRONG)
    suite.write(FILE, CATALOGUE)
    return suite


def run(suite: Suite, *options: str, version: str = "1.5") -> Result:
    return suite.run("--known", FILE, *options, version=version)


# As the catalogue has it


@pytest.mark.parametrize(
    "options", [[], ["-n2"], ["specs/conv2d/kernel.yaml"], ["-k", "other"]], ids=lambda options: " ".join(options) or "all"
)  # fmt: skip
def test_what_is_known_is_expected(known: Suite, options: list[str]) -> None:
    result = run(known, *options)
    assert result.status == 0, result.output


def test_a_verdict_names_the_entry_that_explains_it(known: Suite) -> None:
    result = run(known)
    result.lines.fnmatch_lines("*4 xfailed*")
    assert [verdict["known"] for verdict in result.records("verdict") if verdict["outcome"] == "diverges"] == [
        "FAK-one-too-many", "FAK-one-too-many", "FAK-no-kernel", "FAK-no-kernel"
    ]  # fmt: skip


def test_the_end_of_a_run_lists_what_is_known_by_entry(known: Suite) -> None:
    run(known).lines.fnmatch_lines(
        [
            "known        2  FAK-one-too-many  A kernel of two adds one to every output",
            "known        2  FAK-no-kernel *",
        ]
    )


# The scripts


def test_every_entry_that_was_seen_is_executed(known: Suite) -> None:
    entries = {record["id"]: record for record in run(known).records("entry")}
    assert entries["FAK-one-too-many"]["execution"]["shown"]
    assert entries["FAK-one-too-many"]["execution"]["ended"].startswith("AssertionError")
    assert entries["FAK-one-too-many"]["execution"]["workaround"] == ""
    assert entries["FAK-no-kernel"]["execution"] == {
        "shown": True, "ended": f"RuntimeError: {BUG}", "workaround": None
    }  # fmt: skip
    assert [entry["verdicts"] for entry in entries.values()] == [2, 2]


def test_what_is_known_has_its_entrys_script_and_is_not_shrunk(known: Suite) -> None:
    assert run(known).records("confirmation") == []


def test_where_all_is_known_what_was_written_is_not_read_again(known: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance.run.run, "representatives", None)  # which fails where it is called
    assert run(known).records("footer")[0]["complete"]
    known.behave(k4="wrong")
    assert run(known).status == pytest.ExitCode.INTERNAL_ERROR


def test_an_entry_whose_cases_are_not_asked_is_not_told(known: Suite) -> None:
    assert run(known, "-k", "other").records("entry") == []


@pytest.mark.parametrize(("version", "holds"), [("1.6", False), ("1.5", True)])
def test_an_entry_that_another_target_does_not_show_says_so(known: Suite, version: str, holds: bool) -> None:
    """Where the entry holds it is unstable, or its cases would be gone."""
    known.write(FILE, CATALOGUE.replace("upstream:", "unstable: [conforms, diverges]\n    upstream:"))
    known.write("calm.json", "{}")
    calm = known.interpreter.replace("fakeflow=", "calm=", 1) + "//framework=fakeflow"
    calm += f"//env:FAKEFLOW_VERSION={version}//env:FAKEFLOW_ACTS={known.folder / 'calm.json'}"
    result = run(known, "--target", calm, "-k", "kernel")
    assert result.status == 0, result.output
    entries = {(entry["target"], entry["id"]): entry for entry in result.records("entry")}
    shown, calmed = (entries[target, "FAK-one-too-many"] for target in ("fakeflow", "calm"))
    assert (shown["asked"], shown["verdicts"], shown["holds"], "execution" in shown) == (2, 2, True, True)
    assert (calmed["asked"], calmed["verdicts"], calmed["holds"], "execution" in calmed) == (2, 0, holds, False)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("item() == 4", "item() == 5"), "*FAK-one-too-many on fakeflow: its script does not end as it says: it ran*"),
        (
            ("item() == 4", "items == 4"),
            "*FAK-one-too-many on fakeflow: its script does not end as it says: Attribute*",
        ),
        (("- 1 == 4", "- 2 == 4"), "*FAK-one-too-many on fakeflow: its workaround fails: AssertionError*"),
        (("fakeflow.Conv2d(1, 1, 3)", "pass"), "*FAK-no-kernel on fakeflow: its script does not end as it says*"),
    ],
    ids=["passes", "fails otherwise", "workaround", "raises nothing"],
)
def test_a_script_that_does_not_show_its_entry_fails_the_run(
    known: Suite, change: tuple[str, str], complaint: str
) -> None:
    known.write(FILE, CATALOGUE.replace(*change))
    result = run(known)
    assert result.status == 1
    result.lines.fnmatch_lines(complaint)


# What is not as the catalogue has it


def test_a_new_divergence_fails(known: Suite) -> None:
    known.behave(**WRONG, k4="wrong")
    result = run(known)
    assert result.status == 1
    result.lines.fnmatch_lines(
        ["*new: no entry of known.yaml lists it*", "new          2  value of output, fakeflow.Conv2d", "*2 failed*"]
    )


@pytest.mark.parametrize("options", [[], ["-n2"]], ids=["one process", "two processes"])
def test_a_divergence_that_is_gone_fails(known: Suite, options: list[str]) -> None:
    known.behave(k2="wrong")
    result = run(known, *options)
    assert result.status == 1
    result.lines.fnmatch_lines(
        ["*gone: FAK-no-kernel lists it at known.yaml:*", "gone         2  FAK-no-kernel", "*2 failed*"]
    )


def test_another_divergence_than_the_known_one_fails(known: Suite) -> None:
    known.behave(k2=BUG, k3="another message, please report this bug")
    result = run(known, "-k", "kernel")
    assert result.status == 1
    result.lines.fnmatch_lines(
        [
            "*observed  RuntimeError in construct: another message*",
            f"*changed: FAK-no-kernel lists it at*: internal error of call, 'RuntimeError in construct: {BUG}'",
            "*4 failed*",
        ]
    )


def test_of_another_version_nothing_is_known(known: Suite) -> None:
    assert run(known, version="1.6").status == 1


# How many there are


def recount(known: Suite, count: int) -> None:
    """Let the catalogue say that so many cases of kernel 2 diverge; two do."""
    known.write(FILE, CATALOGUE.replace("kernel[k:2-*]: 2", f"kernel[k:2-*]: {count}"))


def test_more_cases_than_a_pattern_says_fail_like_an_item(known: Suite) -> None:
    recount(known, 1)
    result = run(known, "-k", "kernel", "--junitxml", "junit.xml")
    assert result.status == 1
    result.lines.fnmatch_lines("*FAK-one-too-many lists * 1 times for fakeflow.Conv2d of fakeflow, 2 show it so*")
    assert ElementTree.parse(known.folder / "junit.xml").getroot()[0].attrib["failures"] == "1"


def test_fewer_cases_than_a_pattern_says_fail(known: Suite) -> None:
    recount(known, 3)
    result = run(known)
    assert result.status == 1
    result.lines.fnmatch_lines("*lists * 3 times*")


def test_fewer_cases_cannot_be_told_where_not_every_case_of_the_file_ran(known: Suite) -> None:
    recount(known, 3)
    item = "specs/conv2d/kernel.yaml::fakeflow.Conv2d/kernel[k:2-size:6]"
    assert run(known, item).status == 0


# Counting anew


def test_a_whole_run_counts_the_catalogue_anew(known: Suite) -> None:
    recount(known, 7)
    result = run(known, "--update-known")
    assert result.status == 0, result.output
    assert (known.folder / FILE).read_text() == CATALOGUE


def test_a_listing_of_the_cases_counts_nothing_and_fails_nothing(known: Suite) -> None:
    recount(known, 7)
    assert run(known, "--update-known", "--collect-only").status == 0
    assert "kernel[k:2-*]: 7" in (known.folder / FILE).read_text()


def test_an_entry_that_nothing_shows_is_left_to_a_person(known: Suite) -> None:
    known.behave(k2="wrong")
    result = run(known, "--update-known")
    result.lines.fnmatch_lines("known.yaml: nothing shows FAK-no-kernel any more; take it out")
    assert (known.folder / FILE).read_text() == CATALOGUE


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["specs/conv2d/kernel.yaml"], "conv2d/invalid.yaml did not run"),
        (["-k", "not other"], "1 of the 9 cases of conv2d/kernel.yaml did not run"),
        (["--deselect", "specs/conv2d/invalid.yaml::fakeflow.Conv2d/stride[value:none]"], "1 of the 2 cases of"),
        (["--target", "fakeflow=/bin/false//framework=fakeflow"], "target fakeflow is unavailable"),
    ],
    ids=["a file", "a name", "an item less", "no target"],
)
def test_a_part_of_the_specs_counts_nothing(known: Suite, options: list[str], reason: str) -> None:
    recount(known, 7)
    target = options[1] if options[0] == "--target" else ""
    part = known.run("--known", FILE, "--update-known", *([] if target else options), target=target)
    assert part.status == 1, part.output
    part.lines.fnmatch_lines(f"*catalogue: known.yaml is left as it was, because *{reason}*")
    assert "kernel[k:2-*]: 7" in (known.folder / FILE).read_text()


def test_a_stopped_run_counts_nothing(known: Suite) -> None:
    recount(known, 7)
    known.write("specs/conv2d/broken.yaml", "layer: conv2d\ncases: [\n")
    stopped = run(known, "--update-known", "--continue-on-collection-errors", "--maxfail=1")
    assert stopped.status != 0
    assert "kernel[k:2-*]: 7" in (known.folder / FILE).read_text()
