"""The shipped claims of a document that a call raises: what is wrong with it, and its valid twin."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from conformance.case import Case
from conformance.cases import coverage
from conformance.oracle.expectation import expect
from tests import shipped
from tests.specs.twins import list_differences

FILES = sorted((coverage.SPECS / "claims").glob("*.yaml"))


@functools.cache
def raising(path: Path) -> tuple[Case, ...]:
    cases = shipped.load(path).cases
    return tuple(case for case in cases if case.promise.raises)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_oracle_takes_every_twin(path: Path) -> None:
    for case in raising(path):
        assert case.twin is not None
        expectation = expect(case.twin)
        assert expectation.canonical is not None, case.id
        assert expectation.raised is None, case.id


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_twin_differs_in_what_is_wrong_and_the_channels_of_the_input_that_go_with_it(path: Path) -> None:
    for case in raising(path):
        differences = list_differences(case)
        assert case.wrong in differences, case.id
        if case.wrong == "in_channels":
            differences.discard("shape")
        assert differences == {case.wrong}, case.id
