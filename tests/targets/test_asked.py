"""What a case asks is in the call that is sent, or the case was not asked."""

from __future__ import annotations

import pytest

from conformance.apis import NoEquivalent, contracts
from conformance.case import Case, Inputs, Promise
from conformance.oracle.expectation import expect
from conformance.targets.protocol import encode_call, explain_unasked, vendor_arguments

LAYER = {"in_channels": 2, "out_channels": 3, "kernel_size": 2}


def explain(api: str, dtype: str, weight_dtype: str | None) -> str | None:
    inputs = Inputs((1, 2, 4, 4), dtype=dtype, weight_dtype=weight_dtype, gradients=False)
    case = Case("made.yaml", "mixed", 1, "conv2d", None, LAYER, inputs, Promise(raises=("TypeError",)), "")
    contract = contracts()[api]
    arguments = vendor_arguments(case, contract)
    assert not isinstance(arguments, NoEquivalent)
    return explain_unasked(case, arguments, encode_call(case, contract, arguments, expect(case), 1))


def test_a_module_without_a_dtype_is_not_asked_for_parameters_of_another() -> None:
    told = explain("megengine.module.Conv2d", "float32", "float16")
    assert told == "the call says nothing of float16: the parameters would be float32"


@pytest.mark.parametrize("api", ["torch.nn.Conv2d", "mindspore.nn.Conv2d"])
def test_a_module_with_a_dtype_is_asked(api: str) -> None:
    assert explain(api, "float32", "float16") is None


@pytest.mark.parametrize("api", ["torch.nn.functional.conv2d", "megengine.functional.conv2d"])
def test_a_function_is_given_the_parameters_themselves(api: str) -> None:
    assert explain(api, "float32", "float16") is None


def test_parameters_in_float32_are_what_every_module_has() -> None:
    assert explain("megengine.module.Conv2d", "float16", "float32") is None
