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


# Two layers that are to print two texts


def ask_for_texts(api: str, unlike: dict[str, object], **arguments: object) -> object:
    """What the worker is sent for the other layer, or why nothing is."""
    promise = Promise(unlike=unlike)
    case = Case("made.yaml", "printed", 1, "conv2d", None, {**LAYER, **arguments}, None, promise, "")
    contract = contracts()[api]
    vendor = vendor_arguments(case, contract)
    if isinstance(vendor, NoEquivalent):
        return vendor.reason
    return encode_call(case, contract, vendor, expect(case), 1)["unlike"]


def test_the_other_layer_is_sent_in_the_vendors_arguments() -> None:
    plain = {"in_channels": 2, "out_channels": 3, "kernel_size": 2, "pad_mode": "pad", "has_bias": True}
    told = ask_for_texts("mindspore.nn.Conv2d", {"groups": 1, "padding": 1})
    assert isinstance(told, dict)
    assert told | plain == told
    assert told["padding"] == 1


@pytest.mark.parametrize(
    ("api", "reason"),
    [
        ("torch.nn.functional.conv2d", "a function prints nothing of a call"),
        ("mindspore.nn.Conv2d", "there is no padding_mode"),
        ("megengine.module.Conv2d", "both layers are the same call"),
    ],
)
def test_who_has_not_two_layers_is_not_asked_for_two_texts(api: str, reason: str) -> None:
    """MindSpore's has no such mode, and MegEngine's one way to write what "same" means."""
    unlike = {"padding_mode": "reflect"} if "mindspore" in api else {"padding": (1, 1)}
    told = ask_for_texts(api, unlike, kernel_size=3, padding="same" if "megengine" in api else 2)
    assert reason in str(told)


def test_a_layer_that_only_spells_out_defaults_is_the_same_call() -> None:
    """Keras' layers take their channels from their first input: two of one that differ in them are one call."""
    assert ask_for_texts("keras.layers.Conv2D", {"in_channels": 7, "stride": 1}) == "both layers are the same call"
    assert isinstance(ask_for_texts("keras.layers.Conv2D", {"in_channels": 7, "stride": 2}), dict)
    assert isinstance(ask_for_texts("torch.nn.Conv2d", {"in_channels": 7, "stride": 1}), dict)


def test_a_call_without_another_layer_asks_for_no_text() -> None:
    case = Case("made.yaml", "plain", 1, "conv2d", None, LAYER, None, Promise(), "")
    contract = contracts()["torch.nn.Conv2d"]
    assert encode_call(case, contract, LAYER, expect(case), 1)["unlike"] is None
