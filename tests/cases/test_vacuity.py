"""The gate that no case is vacuous: what it lets pass and what not, and a sample of the shipped specs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.case import Case, Inputs, Promise
from conformance.cases.vacuity import find_shipped, find_vacuous
from conformance.oracle.expectation import Expected
from conv_reference import LAYERS
from tests import shipped
from tests.verdicts.trial import INPUT, Trial

FLIPPED, DROPPED = "the kernel is flipped", "the bias is dropped"
EXCHANGED, TURNED = "groups are exchanged", "height and width are exchanged"


def mistakes(inputs: Inputs = INPUT, promise: Promise | None = None, **arguments: Any) -> tuple[str, ...]:
    return find_vacuous(Trial(promise, inputs, **arguments).case)


@pytest.mark.parametrize("values", ["exact", "real", "arange", "tiny", "huge", "subnormal", "signed_zeros"])
def test_a_case_that_can_fail(values: str) -> None:
    assert mistakes(replace(INPUT, values=values)) == ()


def test_ones_alone_do_not_show_which_way_a_kernel_lies() -> None:
    ones = replace(INPUT, values="ones", gradients=False)
    assert mistakes(ones) == (FLIPPED,)
    assert mistakes(replace(ones, gradients=True)) == (), "but their gradients do"
    assert mistakes(ones, padding=1) == (), "and so do borders"


def test_what_no_arrays_could_show_is_no_mistake() -> None:
    assert mistakes(kernel_size=1) == ()
    assert mistakes(Inputs((1, 2, 1, 1)), kernel_size=3, padding=1) == (), "one tap alone is reached: the middle one"
    assert mistakes(bias=False) == ()
    assert mistakes(Inputs((0, 2, 5, 4))) == (), "nothing is computed"


def with_arrays(trial: Trial, **arrays: np.ndarray) -> tuple[str, ...]:
    """The mistakes that a case lets pass where its arrays are these; its gradients are not compared."""
    expectation = trial.expectation
    changed = replace(expectation.arrays, grad_output=None, **arrays)
    layer = LAYERS[trial.case.layer]
    parameters = {name: expectation.canonical[name] for name in layer.keywords}
    output = Expected(layer.forward(changed.x, changed.weight, changed.bias, **parameters), None)
    return find_vacuous(trial.case, replace(expectation, arrays=changed, output=output, gradients={}))


def both_ways(weight: np.ndarray) -> np.ndarray:
    return weight + weight[..., ::-1, ::-1]


def test_arrays_of_a_case_that_can_fail() -> None:
    assert with_arrays(Trial(inputs=INPUT)) == ()


def test_a_bias_of_zeros_does_not_show_that_it_is_dropped() -> None:
    assert with_arrays(Trial(inputs=INPUT), bias=np.zeros(3)) == (DROPPED,)


def test_a_symmetric_kernel_does_not_show_which_way_it_lies() -> None:
    trial = Trial(inputs=INPUT)
    assert with_arrays(trial, weight=both_ways(trial.expectation.arrays.weight)) == (FLIPPED,)


def test_an_input_of_zeros_does_not_show_the_kernel_and_by_its_shape_shows_the_turn() -> None:
    trial = Trial(inputs=INPUT)
    assert with_arrays(trial, x=np.zeros_like(trial.expectation.arrays.x)) == (FLIPPED,)


def test_groups_of_the_same_weights_do_not_show_that_they_are_exchanged() -> None:
    grouped = Trial(inputs=INPUT, in_channels=2, out_channels=4, groups=2)
    first = grouped.expectation.arrays.weight[:2]
    assert with_arrays(grouped, weight=np.concatenate([first, first])) == (EXCHANGED,)


def test_a_kernel_that_is_its_own_transpose_does_not_show_the_turn() -> None:
    square = Trial(inputs=Inputs((1, 2, 4, 4)), kernel_size=2)
    kernel = square.expectation.arrays.weight
    assert with_arrays(square, weight=kernel + kernel.swapaxes(-1, -2)) == (TURNED,)


def test_what_compares_no_values_is_not_asked() -> None:
    ones = replace(INPUT, values="ones", gradients=False)
    assert find_vacuous(Trial(Promise(shape=(1,)), ones).as_claim().case) == ()
    assert find_vacuous(Trial(Promise(raises=("ValueError",)), ones, stride=0).case) == ()
    assert find_vacuous(Trial(Promise(operation=True), ones).as_claim().case) == (FLIPPED,)


def test_a_bias_beneath_the_bound_is_seen() -> None:
    """Thousands of products round by more, in sum, than a bias of their own size is."""
    wide = Inputs((1, 64, 4, 4), dtype="float16", values="real", gradients=False)
    assert DROPPED in mistakes(wide, in_channels=64, kernel_size=(2, 3))


def is_sampled(case: Case) -> bool:
    """One case in eighty, by the hash of its name."""
    return hashlib.sha256(case.id.encode()).digest()[0] < 256 // 80


def test_a_sample_of_the_shipped_specs() -> None:
    """All of them take minutes: `python -m conformance.cases.vacuity` does it."""
    sample = [case for path in find_shipped() for case in shipped.load(path).cases if is_sampled(case)]
    assert len(sample) > 50
    assert [case.id for case in sample if find_vacuous(case)] == []
