"""The shipped canonical cases: what they claim to be valid or invalid is so, by the oracle."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.case import LAYERS as LAYER_NAMES
from conformance.case import Case, LayerName
from conformance.cases import coverage
from conformance.oracle.expectation import expect
from conv_reference import LAYERS
from tests import shipped
from tests.specs.twins import list_differences

FILES = [path for layer in LAYER_NAMES for path in sorted((coverage.SPECS / layer).glob("*.yaml"))]


def name_file(path: Path) -> str:
    return path.relative_to(coverage.SPECS).as_posix()


def load(path: Path) -> tuple[Case, ...]:
    return shipped.load(path).cases


def test_there_are_three_thousand_valid_cases() -> None:
    assert sum(not case.promise.raises for path in FILES for case in load(path)) >= 3_000


def test_ids_are_unique() -> None:
    ids = [case.id for path in FILES for case in load(path)]
    assert len(set(ids)) == len(ids)


def is_computed(case: Case) -> bool:
    """Whether the oracle takes a case, and gives the gradients that it asks for and no others; none for a text."""
    expectation = expect(case)
    if case.promise.unlike is not None:
        return expectation.raised is None
    asks_gradients = case.inputs is not None and case.inputs.gradients
    return (
        expectation.raised is None and expectation.output is not None and bool(expectation.gradients) == asks_gradients
    )


@pytest.mark.parametrize("path", FILES, ids=name_file)
def test_the_oracle_accepts_what_is_valid_and_computes_it(path: Path) -> None:
    valid = [case for case in load(path) if not case.promise.raises]
    assert [case.id for case in valid if not is_computed(case)] == []


def is_refused(case: Case) -> bool:
    """Whether the oracle refuses a case with an exception that it promises."""
    raised = expect(case).raised
    return raised is not None and raised.cls in case.promise.raises


@pytest.mark.parametrize("path", FILES, ids=name_file)
def test_the_oracle_refuses_what_is_invalid_with_the_promised_class(path: Path) -> None:
    invalid = [case for case in load(path) if case.promise.raises]
    assert [case.id for case in invalid if not is_refused(case)] == []


# What is wrong with an invalid call, and its valid twin


@pytest.mark.parametrize("path", FILES, ids=name_file)
def test_every_invalid_call_has_a_valid_twin(path: Path) -> None:
    invalid = [case for case in load(path) if case.promise.raises]
    assert [case.id for case in invalid if case.twin is None or expect(case.twin).raised is not None] == []


@pytest.mark.parametrize("path", FILES, ids=name_file)
def test_a_twin_differs_in_what_is_wrong_alone(path: Path) -> None:
    twins = [case for case in load(path) if case.twin is not None]
    assert [case.id for case in twins if list_differences(case) != {case.wrong}] == []


def is_written_alike(case: Case) -> bool:
    """Whether what is wrong has the type that it has in the valid twin, and is a list or a pair there too."""
    assert case.twin is not None
    wrong = case.arguments[str(case.wrong)]
    mended = case.twin.arguments.get(str(case.wrong))
    return isinstance(mended, type(wrong)) or isinstance(wrong, int | str)


@pytest.mark.parametrize("layer", LAYER_NAMES)
def test_a_twin_of_a_wrong_value_keeps_its_type(layer: LayerName) -> None:
    """An API that takes no NumPy integers, or no lists, was not asked about a NumPy zero."""
    cases = [case for case in load(coverage.SPECS / layer / "invalid.yaml") if case.promise.raises == ("ValueError",)]
    values = [case for case in cases if case.wrong in case.arguments]
    assert [case.id for case in values if not is_written_alike(case)] == []


@pytest.mark.parametrize("layer", LAYER_NAMES)
def test_every_parameter_is_wrong_somewhere(layer: LayerName) -> None:
    wrong = {case.wrong for path in FILES for case in load(path) if case.layer == layer and case.wrong is not None}
    assert wrong == {*LAYERS[layer].parameters, "shape", "dtype"}
