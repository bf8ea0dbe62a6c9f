"""What is taken for known, and what is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.case import Case, Inputs, Kind, Outcome, Value, Verdict
from conformance.catalogue import load
from conformance.explore.novelty import Known, list_causes
from conformance.explore.traits import describe
from tests.explore.test_traits import make_case

PLACE = "torch", "torch.nn.Conv2d"
WRONG = Verdict(Outcome.DIVERGES, Kind.VALUE, "output", observed="0.0; 1 of 1 elements")
CRASHED = Verdict(Outcome.CRASHED, subject="call", observed="the process ended: SIGSEGV")
ENTRY = """\
framework: torch
entries:
  - id: TOR-some-cause
    title: {{en: a title, zh: 标题}}
    severity: silent_wrong_values
    authority: mathematics
    rests_on: {{en: the definition, zh: 定义}}
    effect: {{en: an effect, zh: 影响}}
    upstream: not reported
    where: {{versions: "==1"}}
    script: assert False
    seen:
      - api: torch.nn.Conv2d
        kind: {kind}
        cases: {{"conv2d/x.yaml::*": 2}}
"""


def make_known(folder: Path, kind: str, *listed: Case) -> Known:
    """What a catalogue knows whose one entry lists these cases."""
    (folder / "known.yaml").write_text(ENTRY.format(kind=kind), encoding="utf-8")
    cases = [replace(case, spec="conv2d/x.yaml", name=f"case[n:{number}]") for number, case in enumerate(listed)]
    known = Known()
    for api, cause in list_causes(load.load(folder / "known.yaml").entries, cases):
        known.add(("torch", api), cause)
    return known


def test_a_call_that_looks_so_and_has_what_all_listed_cases_have_is_known(tmp_path: Path) -> None:
    known = make_known(tmp_path, "value", make_case(stride=2, dilation=2), make_case(stride=3, groups=2))
    assert known.explain(PLACE, WRONG, describe(make_case(stride=4, padding=1)))


@pytest.mark.parametrize(
    ("verdict", "arguments"),
    [(WRONG, {"padding": 1}), (CRASHED, {"stride": 2}), (WRONG, {"stride": 2**31})],
    ids=["without what they have", "another outcome", "another class of value"],
)
def test_any_other_call_is_new(tmp_path: Path, verdict: Verdict, arguments: dict[str, Value]) -> None:
    known = make_known(tmp_path, "value", make_case(stride=2, dilation=2), make_case(stride=3, groups=2))
    assert known.explain(PLACE, verdict, describe(make_case(**arguments))) is None


def test_another_api_is_new(tmp_path: Path) -> None:
    known = make_known(tmp_path, "value", make_case(stride=2))
    assert known.explain(("torch", "torch.nn.functional.conv2d"), WRONG, describe(make_case(stride=2))) is None


def test_a_smallest_call_is_known_by_a_listed_case_that_has_all_of_it(tmp_path: Path) -> None:
    known = make_known(tmp_path, "value", make_case(stride=2, dilation=2))
    smallest = describe(make_case(stride=2))
    assert known.explain(PLACE, WRONG, smallest) is None
    assert known.explain_smallest(PLACE, WRONG, smallest)


def test_where_numbers_are_special_they_alone_are_the_condition(tmp_path: Path) -> None:
    tiny = Inputs((1, 2, 5, 5), dtype="bfloat16", values="tiny")
    known = make_known(tmp_path, "value", make_case(tiny, padding=2))
    assert known.explain(PLACE, replace(WRONG, kind=Kind.GRADIENT), describe(make_case(tiny, stride=2)))
    assert known.explain(PLACE, WRONG, describe(make_case(padding=2))) is None


def test_a_call_that_is_known_to_end_the_process_is_not_asked(tmp_path: Path) -> None:
    known = make_known(tmp_path, "crashed", make_case(stride=0))
    assert known.expects_loss(PLACE, describe(make_case(stride=0, padding=1)))
    assert not known.expects_loss(PLACE, describe(make_case(stride=2)))


def test_a_crash_of_an_ordinary_call_keeps_no_call_from_being_asked(tmp_path: Path) -> None:
    known = make_known(tmp_path, "crashed", make_case())
    assert not known.expects_loss(PLACE, describe(make_case(stride=2)))


def test_what_is_unusual_of_a_listed_case_is_all_that_a_call_needs(tmp_path: Path) -> None:
    known = make_known(tmp_path, "value", make_case(stride=2**31, dilation=2), make_case(padding=-1, dilation=2))
    assert known.explain(PLACE, WRONG, describe(make_case(stride=2**31)))
    assert known.explain(PLACE, WRONG, describe(make_case(dilation=2))) is None
