"""The shipped canonical cases: what they claim to be valid or invalid is so, by the oracle."""

from __future__ import annotations

from collections.abc import Iterator

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
            assert found.raised.cls in case.promise.raises, (case.id, found.raised)


def test_every_invalid_call_has_a_valid_twin(cases: list[Case]) -> None:
    for case in cases:
        if case.promise.raises:
            assert case.twin is not None, case.id
            assert expect(case.twin).raised is None, (case.id, case.twin)


def test_a_twin_differs_in_what_is_wrong_alone(cases: list[Case]) -> None:
    for case in cases:
        if case.twin is None:
            continue
        # As text: 1 is not True, and NaN is itself.
        written = {f"{name}={value!r}" for name, value in case.arguments.items()}
        mended = {f"{name}={value!r}" for name, value in case.twin.arguments.items()}
        different = {text.partition("=")[0] for text in written ^ mended}
        different |= {
            name for name in ("shape", "dtype") if getattr(case.inputs, name) != getattr(case.twin.inputs, name)
        }
        assert different == {case.wrong}, case.id


def test_every_parameter_is_wrong_somewhere(cases: list[Case]) -> None:
    for layer in LAYERS:
        wrong = {case.wrong for case in cases if case.layer == layer and case.wrong is not None}
        assert wrong == {*PARAMETERS[layer].split(), "shape", "dtype"}
