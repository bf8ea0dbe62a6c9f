"""The gate that no case is vacuous: what it lets pass and what not, and a sample of the shipped specs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.case import Inputs, Promise
from conformance.cases import spec
from conformance.cases.vacuity import SPECS, cases, vacuous
from tests.verdicts.conftest import INPUT, Call

FLIPPED, DROPPED = "the kernel is flipped", "the bias is dropped"
EXCHANGED, TURNED = "groups are exchanged", "height and width are exchanged"


def mistakes(inputs: Inputs = INPUT, promise: Promise | None = None, **arguments: Any) -> tuple[str, ...]:
    return vacuous(Call(promise, inputs, **arguments).case)


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


def with_arrays(call: Call, **arrays: np.ndarray) -> tuple[str, ...]:
    from conformance.oracle.expectation import _compute

    changed = replace(call.expectation.arrays, grad_output=None, **arrays)
    output, gradients = _compute(call.case, call.expectation.canonical, changed)
    return vacuous(call.case, replace(call.expectation, arrays=changed, output=output, gradients=gradients))


def test_each_mistake_is_seen_by_itself() -> None:
    call = Call(inputs=INPUT)
    arrays = call.expectation.arrays
    assert with_arrays(call) == ()
    assert with_arrays(call, bias=np.zeros(3)) == (DROPPED,)
    even = arrays.weight + arrays.weight[..., ::-1, ::-1]
    assert with_arrays(call, weight=even) == (FLIPPED,)
    assert set(with_arrays(call, x=np.zeros_like(arrays.x))) == {FLIPPED}, "the output's shape still shows the turn"
    grouped = Call(inputs=INPUT, in_channels=2, out_channels=4, groups=2)
    first = grouped.expectation.arrays.weight[:2]
    assert with_arrays(grouped, weight=np.concatenate([first, first])) == (EXCHANGED,)
    square = Call(inputs=Inputs((1, 2, 4, 4)), kernel_size=2)
    kernel = square.expectation.arrays.weight
    assert with_arrays(square, weight=kernel + kernel.swapaxes(-1, -2)) == (TURNED,)


def test_what_compares_no_values_is_not_asked() -> None:
    ones = replace(INPUT, values="ones", gradients=False)
    assert vacuous(Call(Promise(shape=(1,)), ones).claimed().case) == ()
    assert vacuous(Call(Promise(raises=("ValueError",)), ones, stride=0).case) == ()
    assert vacuous(Call(Promise(operation=True), ones).claimed().case) == (FLIPPED,)


def test_a_bias_beneath_the_bound_is_seen() -> None:
    """Thousands of products round by more, in sum, than a bias of their own size is."""
    wide = Inputs((1, 64, 4, 4), dtype="float16", values="real", gradients=False)
    assert DROPPED in mistakes(wide, in_channels=64, kernel_size=(2, 3))


def test_a_sample_of_the_shipped_specs() -> None:
    """Every spec file, one case in eighty by the hash of its name: all of them take minutes, `python -m` does it."""
    sample = [
        case
        for case in cases([path for path in sorted(SPECS.glob("*/*.yaml")) if spec.folder_of(path) is not None])
        if hashlib.sha256(case.id.encode()).digest()[0] < 256 // 80
    ]
    assert len(sample) > 50
    assert {case.id: found for case in sample if (found := vacuous(case))} == {}
