"""The shipped canonical cases: what they claim to be valid or invalid is so, by the oracle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from conformance.case import LAYERS, Case, LayerName
from conformance.cases import coverage, spec
from conformance.oracle.expectation import expect

PARAMETERS = {
    "conv2d": "in_channels out_channels kernel_size stride padding dilation groups bias padding_mode",
    "conv_transpose2d": "in_channels out_channels kernel_size stride padding output_padding dilation groups bias",
}


def load(layer: LayerName) -> Iterator[Case]:
    for path in sorted((coverage.SPECS / layer).glob("*.yaml")):
        yield from spec.load(path, f"{layer}/{path.name}").cases


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [case for layer in LAYERS for case in load(layer)]


def test_three_thousand_valid_cases(cases: list[Case]) -> None:
    assert sum(not case.promise.raises for case in cases) >= 3_000


def test_ids_are_unique(cases: list[Case]) -> None:
    assert len({case.id for case in cases}) == len(cases)


def test_the_oracle_accepts_what_is_valid_and_computes_it(cases: list[Case]) -> None:
    for case in cases:
        if not case.promise.raises:
            found = expect(case)
            assert found.raised is None, case.id
            assert found.output is not None, case.id
            asked = case.inputs is not None and case.inputs.gradients
            assert bool(found.gradients) == asked, case.id


def test_the_oracle_refuses_what_is_invalid_with_the_promised_class(cases: list[Case]) -> None:
    for case in cases:
        if case.promise.raises:
            found = expect(case)
            assert found.raised is not None, case.id
            assert found.raised[0] in case.promise.raises, (case.id, found.raised)


def test_a_wrong_argument_stands_alone(cases: list[Case]) -> None:
    """With its one wrong argument (`stride.range`: stride) mended, each invalid call is valid."""
    asked: dict[str, set[str]] = {layer: set() for layer in LAYERS}
    for case in cases:
        if not case.spec.endswith("/invalid.yaml"):
            continue
        assert case.inputs is not None
        wrong = case.name.split(".", 1)[0]
        asked[case.layer].add(wrong)
        mended = dict(case.arguments)
        del mended[wrong]
        mended |= {
            "in_channels": {"in_channels": case.inputs.shape[1]},
            "out_channels": {"out_channels": 4},
            "kernel_size": {"kernel_size": 3},
        }.get(wrong, {})
        assert expect(replace(case, arguments=mended)).raised is None, case.id
    assert asked == {layer: set(names.split()) for layer, names in PARAMETERS.items()}
