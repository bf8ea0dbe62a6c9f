"""How verdicts are held against a catalogue."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.case import Outcome
from conformance.catalogue.catalogue import Novelty
from conformance.catalogue.fact import Fact, Place, describe_place
from conformance.catalogue.news import find_news
from conformance.records.record import TargetRecord
from tests.catalogue.entries import ENVIRONMENT, HEAD, PLACE, entry, fact, read


def tell(text: str, found: Fact) -> Novelty | None:
    catalogue = read(HEAD + text)
    return catalogue.tell_novelty(found, catalogue.match(found))


@pytest.mark.parametrize(
    ("found", "novelty"),
    [
        (fact("x", "no kernel for it"), None),
        (fact("x", "another"), Novelty.CHANGED),
        (fact("x", "no kernel", "value"), Novelty.CHANGED),
        (fact("x"), Novelty.GONE),
        (fact("y", "no kernel"), Novelty.NEW),
        (fact("y"), None),
        (fact("x", outcome=Outcome.UNAVAILABLE), None),
    ],
)
def test_what_is_not_as_the_catalogue_has_it(found: Fact, novelty: Novelty | None) -> None:
    assert tell(entry(message="no kernel"), found) == novelty


@pytest.mark.parametrize(
    ("mode", "where", "novelty"),
    [
        pytest.param("", "", Novelty.GONE, id="by itself"),
        pytest.param("vmap", "", None, id="right in a mode alone"),
        pytest.param("vmap", '{versions: "==2.13.0", mode: vmap}', Novelty.GONE, id="of that mode"),
    ],
)
def test_what_is_right_in_a_mode_alone_is_not_gone(mode: str, where: str, novelty: Novelty | None) -> None:
    place = replace(PLACE, mode=mode, environment=(*PLACE.environment, *([("mode", mode)] if mode else [])))
    text = entry(message="no kernel", **({"where": where} if where else {}))
    assert tell(text, replace(fact("x"), place=place)) == novelty


def test_a_difference_is_shown_by_cases_that_pass() -> None:
    text = HEAD + entry(severity="difference", authority="none", kind="conforms")
    catalogue = read(text)
    match = catalogue.match(fact("x"))
    assert match is not None
    assert match.explains
    failing = fact("x", "no kernel")
    assert catalogue.tell_novelty(failing, catalogue.match(failing)) is Novelty.NEW


@pytest.mark.parametrize(
    ("outcome", "novelty"),
    [(Outcome.CONFORMS, None), (Outcome.CRASHED, None), (Outcome.TIMED_OUT, Novelty.CHANGED)],
)
def test_an_unstable_entry_takes_the_outcomes_that_were_seen(outcome: Outcome, novelty: Novelty | None) -> None:
    text = entry(more="unstable: [conforms, crashed]")
    assert tell(text, replace(fact("x"), outcome=outcome, kind=str(outcome))) == novelty


def test_an_unstable_entry_is_not_seen_in_a_case_that_conforms() -> None:
    text = HEAD + entry("conv2d/a.yaml::*: 1", more="unstable: [conforms, diverges]")
    news = find_news(read(text), [fact("x", "no kernel"), fact("y")])
    assert (news.known["torch", "TOR-one"], news.asked["torch", "TOR-one"]) == (1, 2)
    assert not news.gone


def test_an_entry_is_asked_for_where_it_does_not_hold_too() -> None:
    text = HEAD + entry("conv2d/a.yaml::x: 1\nconv2d/a.yaml::x*: 2", where='{versions: "==1"}')
    news = find_news(read(text), [fact("x"), fact("xx"), fact("y"), fact("x", outcome=Outcome.UNAVAILABLE)])
    assert news.asked == {("torch", "TOR-one"): 2}


def test_an_unstable_entry_is_not_counted() -> None:
    catalogue = read(HEAD + entry("conv2d/a.yaml::x: 7", more="unstable: [conforms, crashed]"))
    assert list(catalogue.find_miscounts([fact("x", "no")], frozenset({"conv2d/a.yaml"}))) == []


@pytest.mark.parametrize(
    ("mode", "where", "told"),
    [
        pytest.param("", "", 1, id="by itself"),
        pytest.param("vmap", "", 0, id="in a mode, which is asked less"),
        pytest.param("vmap", '{versions: "==2.13.0", mode: vmap}', 1, id="of that mode"),
    ],
)
def test_too_few_are_told_where_all_was_asked(mode: str, where: str, told: int) -> None:
    catalogue = read(HEAD + entry("conv2d/a.yaml::x*: 7", **({"where": where} if where else {})))
    place = replace(PLACE, mode=mode, environment=(*PLACE.environment, *([("mode", mode)] if mode else [])))
    shown = replace(fact("x", "no"), place=place)
    assert len(list(catalogue.find_miscounts([shown], frozenset({"conv2d/a.yaml"})))) == told


def test_of_a_file_that_a_target_was_not_asked_nothing_is_told() -> None:
    catalogue = read(HEAD + entry("conv2d/a.yaml::x*: 7\nconv2d/b.yaml::x*: 7"))
    (told,) = catalogue.find_miscounts([fact("x", "no")], frozenset({"conv2d/a.yaml", "conv2d/b.yaml"}))
    assert "a.yaml" in told.message


def test_news_are_counted_by_entry() -> None:
    text = HEAD + entry("conv2d/a.yaml::x[*]: 4", message="no kernel")
    found = [fact("x[k:1]", "no kernel"), fact("x[k:2]"), fact("x[k:3]", "other"), fact("y", "no")]
    news = find_news(read(text), found)
    assert news.known == {("torch", "TOR-one"): 1}
    assert (news.gone, news.changed) == ({"TOR-one": 1}, {"TOR-one": 1})
    assert [one.case for one in news.new] == ["conv2d/a.yaml::y"]


@pytest.mark.parametrize(
    ("where", "environment", "applies"),
    [
        ('{versions: "==2.13.0"}', {}, True),
        ('{versions: ">=2.12,<2.13"}', {}, False),
        ('{versions: "==2.13.0", platform: linux-x86_64}', {}, True),
        ('{versions: "==2.13.0", platform: linux-x86_64}', {"platform": "linux-aarch64"}, False),
        ('{versions: "==2.13.0", processor: "*process*"}', {}, True),
        ('{versions: "==2.13.0", processor: process}', {}, False),
        ('{versions: "==2.13.0", instructions: "*avx512_bf16*"}', {}, True),
        ('{versions: "==2.13.0", instructions: "*amx_tile*"}', {}, False),
        ('{versions: "==2.13.0", instructions: ["*amx_tile*", "*avx512*"]}', {}, True),
        ('{versions: "==2.13.0", threads: "1"}', {"threads": "2"}, False),
        ('{versions: "==2.13.0", threads: "1"}', {"threads": "1"}, True),
        ('{versions: "==2.13.0", cores: "1"}', {"cores": "2"}, False),
        ('{versions: "==2.13.0", cores: "1"}', {"cores": "1"}, True),
        ('{versions: "==2.13.0", device: "cuda*"}', {}, False),
    ],
)
def test_an_entry_holds_where_it_says(where: str, environment: dict[str, str], applies: bool) -> None:
    place = replace(PLACE, environment=tuple((ENVIRONMENT | environment).items()))
    match = read(HEAD + entry(where=where)).match(fact("x", "no", place=place))
    assert (match is not None and match.explains) is applies


def test_of_a_version_that_is_none_nothing_is_known() -> None:
    assert read(HEAD + entry()).match(fact("x", "no", place=replace(PLACE, version=""))) is None


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
    assert describe_place(target) == Place("t", "1", (("platform", expected), ("processor", "p")))
