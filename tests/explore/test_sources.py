"""What is drawn: from a seed, of what listed cases write, and never more than the host bears."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from conformance.apis import contracts
from conformance.case import Case
from conformance.cases import spec
from conformance.cases.vacuity import SPECS
from conformance.explore.domain import EDGES, describe_domain
from conformance.explore.drafts import LIMITS, Draft, finish, weigh
from conformance.explore.sources import Sources
from conformance.oracle.expectation import find_refusal
from conformance.reproducers.shrink import find_numbers

FILES = ("conv2d/padding.yaml", "conv2d/dtype.yaml", "conv2d/invalid.yaml", "claims/mindspore.nn.Conv2d.yaml")
API = "mindspore.nn.Conv2d"


@pytest.fixture(scope="module")
def listed() -> list[Case]:
    return [case for file in FILES for case in spec.load(SPECS / file, file).cases]


@pytest.fixture(scope="module")
def sources(listed: list[Case]) -> Sources:
    own = {API: describe_domain("conv2d", listed, API)}
    return Sources(describe_domain("conv2d", listed), own, {API: contracts()[API]})


def draw(sources: Sources, seed: str, count: int = 600) -> Iterator[Draft]:
    rng = Random(seed)
    interesting: list[Draft] = []
    for _ in range(count):
        draft = sources.draw(rng, interesting)
        interesting.append(draft)
        yield draft


@pytest.fixture(scope="module")
def cases(sources: Sources) -> list[Case]:
    finished = (finish(draft, f"x{number}") for number, draft in enumerate(draw(sources, "1")))
    return [case for case in finished if case is not None]


def test_a_seed_draws_the_same_again(sources: Sources) -> None:
    assert list(draw(sources, "2", 50)) == list(draw(sources, "2", 50))
    assert list(draw(sources, "2", 50)) != list(draw(sources, "3", 50))


def test_valid_and_invalid_calls_and_a_vendors_own_are_drawn(cases: list[Case]) -> None:
    assert sum(not case.promise.raises for case in cases) > 100
    assert sum(bool(case.promise.raises) for case in cases) > 50
    assert sum(case.api == API for case in cases) > 50


def test_an_invalid_call_stands_beside_its_valid_twin(cases: list[Case]) -> None:
    for case in cases:
        if case.promise.raises:
            assert case.twin is not None
            assert find_refusal(case.twin) is None


def test_numbers_at_which_integers_wrap_are_drawn_for_each_integer_argument(sources: Sources) -> None:
    finished = [finish(draft, f"x{number}") for number, draft in enumerate(draw(sources, "5", 2000))]
    numbers = [find_numbers(case) for case in finished if case is not None]
    reached = {path[0] for found in numbers for path, number in found.items() if number in EDGES}
    assert reached >= {"stride", "padding", "dilation"}


def test_a_vendors_own_values_are_those_of_its_claims(cases: list[Case]) -> None:
    modes = {case.arguments.get("pad_mode") for case in cases if case.api == API}
    assert {"same", "valid", "pad"} <= modes


def test_no_call_costs_more_than_is_allowed(cases: list[Case], sources: Sources) -> None:
    for draft in draw(sources, "4"):
        if weigh(draft) > LIMITS.elements:
            assert finish(draft, "x") is None
    assert all(weigh(Draft("conv2d", case.api, case.arguments, case.inputs)) <= LIMITS.elements for case in cases)
