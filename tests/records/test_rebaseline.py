"""What a written baseline looks like, and what of it a person's hand outlives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance import safe_yaml
from conformance.case import Outcome
from conformance.records import baseline, rebaseline
from conformance.records.baseline import BaselineError, Fact, Place
from conformance.records.record import TargetRecord

PLACE = Place("torch", "2.13.0+cpu", "linux-x86_64", "some processor", "cpu", "avx512 avx512_bf16")


def fact(name: str, observed: str = "", kind: str = "wrongly_rejected", **more: object) -> Fact:
    outcome = Outcome.DIVERGES if observed else Outcome.CONFORMS
    made = Fact(f"conv2d/a.yaml::{name}", "torch.nn.Conv2d", PLACE, outcome, kind if observed else "conforms", "call")
    return replace(made, observed=observed, **more)  # type: ignore[arg-type]


def read(text: str) -> baseline.Baseline:
    return baseline.read(safe_yaml.parse("known.yaml", text.encode(), BaselineError))


def cases(text: str) -> dict[str, int]:
    return {pattern.text: pattern.count for entry in read(text).entries for pattern in entry.patterns}


def test_cases_are_grouped_by_the_values_that_diverge() -> None:
    facts = [fact(f"all[k:{k}]", "no k") for k in range(5)]
    facts += [fact(f"some[k:{k}-d:{d}]", "no k" if d == 2 else "") for k in range(4) for d in (1, 2, 22)]
    facts += [fact(f"both[k:{k}-d:{d}-m:x]", "no k" if (k, d) == (1, 2) else "") for k in (1, 2) for d in (1, 2)]
    facts += [fact("alone", "no k")]
    assert cases(rebaseline.rewrite("", "known.yaml", facts)) == {
        "conv2d/a.yaml::all[*]": 5,
        "conv2d/a.yaml::some[*-d:2]": 4,
        "conv2d/a.yaml::both[k:1-d:2-m:x]": 1,
        "conv2d/a.yaml::alone": 1,
    }


@pytest.mark.parametrize(
    ("messages", "kind", "expected"),
    [
        (["size must be 3", "size must be 4"], "wrongly_rejected", ["size must be "]),
        (["must be one of {a, b}", "must be one of {b, a}"], "wrongly_rejected", ["must be one of "]),
        (["no kernel", "not a dtype"], "wrongly_rejected", ["no kernel", "not a dtype"]),
        (["at 0x7f0011223344"], "wrongly_rejected", ["at "]),
        (["-3.5; 12 of 96 elements", "7; 1 of 96 elements"], "value", [""]),
        (["nan; 12 of 96 elements"], "value", ["nan; "]),
        (["shape (2, 13)", "shape (2, 14)"], "shape", ["shape (2, "]),
        (["word " * 40], "wrongly_rejected", [("word " * 20).rstrip()]),
    ],
)
def test_a_message_is_cut_where_two_runs_may_differ(messages: list[str], kind: str, expected: list[str]) -> None:
    facts = [fact(f"c{n}", message, kind) for n, message in enumerate(messages)]
    entries = read(rebaseline.rewrite("", "known.yaml", facts)).entries
    assert [entry.message for entry in entries] == expected


WRITTEN = """\
# Who reviewed this: me.

divergences:
  # The kernel of dtype d was never written.
  - api: torch.nn.Conv2d
    versions: ">=2.12,<3"
    kind: wrongly_rejected
    message: "no kernel" # as of 2.12
    reason: >-
      a reason that
      takes two lines
    upstream: https://example.org/1
    cases:
      # mentioned in the document
      conv2d/a.yaml::x[*]: 2   # two
      # gone soon
      conv2d/a.yaml::y: 1
  # Fixed by now.
  - api: torch.nn.Conv2d
    versions: "*"
    kind: value
    reason: fixed
    cases:
      conv2d/a.yaml::z: 1
  # Of another machine.
  - api: torch.nn.Conv2d
    versions: ==2.13.0
    platform: macosx-arm64
    kind: value
    reason: elsewhere
    cases: {conv2d/a.yaml::z: 7}
# The end.
""".replace('"*"', '"!=1"')  # fmt: skip


def test_what_people_wrote_stays() -> None:
    facts = [
        fact("x[k:1]", "no kernel"),
        fact("x[k:2]", "no kernel"),
        fact("x[k:3]", "no kernel"),
        fact("y"),
        fact("z"),
    ]
    facts += [fact("w", "no kernel for w"), fact("v", "another")]
    text = rebaseline.rewrite(WRITTEN, "known.yaml", facts)
    expected = (
        WRITTEN.replace("x[*]: 2 ", "x[*]: 3 ")
        .replace("      # gone soon\n      conv2d/a.yaml::y: 1\n", "      conv2d/a.yaml::w: 1\n")
        .replace(
            '  # Fixed by now.\n  - api: torch.nn.Conv2d\n    versions: "!=1"\n    kind: value\n    reason: fixed\n'
            "    cases:\n      conv2d/a.yaml::z: 1\n",
            "",
        )
    )
    before, after = expected.split("# The end.\n")
    assert text.startswith(before)
    assert text.endswith("      conv2d/a.yaml::v: 1\n# The end.\n")
    assert after == ""
    assert rebaseline.rewrite(text, "known.yaml", facts) == text


def test_nothing_known_is_left_of_a_run_that_conforms() -> None:
    text = rebaseline.rewrite("", "known.yaml", [fact("x", "no")])
    assert len(read(text).entries) == 1
    assert read(rebaseline.rewrite(text, "known.yaml", [fact("x")])).entries == ()


@pytest.mark.parametrize(
    ("binding", "place", "applies"),
    [
        ("versions: ==2.13.0", {}, True),
        ("versions: '>=2.12,<2.13'", {}, False),
        ("versions: ==2.13.0", {"version": ""}, False),
        ("versions: ==2.13.0\n    platform: linux-x86_64", {}, True),
        ("versions: ==2.13.0\n    platform: linux-x86_64", {"platform": "linux-aarch64"}, False),
        ("versions: ==2.13.0\n    processor: '*process*'", {}, True),
        ("versions: ==2.13.0\n    processor: process", {}, False),
        ("versions: ==2.13.0\n    instructions: '*avx512_bf16*'", {}, True),
        ("versions: ==2.13.0\n    instructions: '*amx_tile*'", {}, False),
        ("versions: ==2.13.0\n    device: cuda*", {}, False),
    ],
)
def test_an_entry_speaks_of_the_targets_that_it_is_bound_to(binding: str, place: dict[str, str], applies: bool) -> None:
    text = f"divergences:\n  - api: torch.nn.Conv2d\n    {binding}\n    kind: value\n    reason: r\n"
    text += "    cases:\n      conv2d/a.yaml::x: 1\n"
    found = replace(fact("x", "3.0", "value"), place=replace(PLACE, **place))
    match = read(text).match(found)
    assert (match is not None and match.explains) is applies


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [("a*c", "abc", True), ("a*c", "ac", True), ("a*c", "abcd", False), ("a*a", "a", False), ("*b*b*", "abab", True),
     ("[k=*]", "[k=1]", True), ("a.c", "abc", False), ("*" * 40 + "b", "a" * 5000, False), ("a*b*a", "aba", True)],
)  # fmt: skip
def test_patterns(pattern: str, text: str, expected: bool) -> None:
    assert baseline.fits(pattern, text) is expected


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ("Linux-6.1-x86_64-with-glibc2.31", "linux-x86_64"),
        ("macOS-14.1-arm64-arm-64bit", "macos-arm64"),
        ("Plan9-4", "plan9"),
    ],
)
def test_a_place_names_system_and_machine(system: str, expected: str) -> None:
    environment = {"platform": system, "processor": "p"}
    target = TargetRecord("t", "torch", "popen", (), available=True, version="1", environment=environment)
    assert baseline.describe_place(target) == Place("t", "1", expected, "p", "")
