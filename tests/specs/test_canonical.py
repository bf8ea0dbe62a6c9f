"""The shipped canonical cases: what they claim to be valid or invalid is so, by the oracle."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.case import LAYERS as LAYER_NAMES
from conformance.case import Case, LayerName
from conformance.cases import coverage, spec
from conformance.oracle.expectation import expect
from conv_reference import LAYERS

FILES = [path for layer in LAYER_NAMES for path in sorted((coverage.SPECS / layer).glob("*.yaml"))]


def name_file(path: Path) -> str:
    return path.relative_to(coverage.SPECS).as_posix()


@functools.cache
def load(path: Path) -> tuple[Case, ...]:
    return spec.load(path, name_file(path)).cases


def test_there_are_three_thousand_valid_cases() -> None:
    assert sum(not case.promise.raises for path in FILES for case in load(path)) >= 3_000


def test_ids_are_unique() -> None:
    ids = [case.id for path in FILES for case in load(path)]
    assert len(set(ids)) == len(ids)


def is_computed(case: Case) -> bool:
    """Whether the oracle takes a case, and gives the gradients that it asks for and no others."""
    expectation = expect(case)
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


# `stride.range` in invalid.yaml: the one argument that is wrong, and how


def load_invalid(layer: LayerName) -> tuple[Case, ...]:
    return load(coverage.SPECS / layer / "invalid.yaml")


def name_wrong_argument(case: Case) -> str:
    return case.name.partition(".")[0]


def mend(case: Case) -> Case:
    """The case without its wrong argument, or with a right one where the layer needs one."""
    assert case.inputs is not None
    wrong = name_wrong_argument(case)
    required: Mapping[str, Any] = {"in_channels": case.inputs.shape[1], "out_channels": 4, "kernel_size": 3}
    arguments = {name: value for name, value in case.arguments.items() if name != wrong}
    if wrong in required:
        arguments[wrong] = required[wrong]
    return replace(case, arguments=arguments)


@pytest.mark.parametrize("layer", LAYER_NAMES)
def test_with_its_wrong_argument_mended_each_invalid_call_is_valid(layer: LayerName) -> None:
    refused = [case.id for case in load_invalid(layer) if expect(mend(case)).raised is not None]
    assert refused == []


@pytest.mark.parametrize("layer", LAYER_NAMES)
def test_every_parameter_is_wrong_in_some_invalid_call(layer: LayerName) -> None:
    assert {name_wrong_argument(case) for case in load_invalid(layer)} == set(LAYERS[layer].parameters)
