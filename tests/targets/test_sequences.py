"""What happens to a layer between two calls: what a vendor is asked, what travels, and what the worker does."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from conformance.apis import NoEquivalent, contracts
from conformance.case import (
    Again,
    Assigned,
    Case,
    Cast,
    Changed,
    Copied,
    Copying,
    Inputs,
    Promise,
    Step,
    Switched,
    Threaded,
)
from conformance.oracle.expectation import expect
from conformance.targets.codec import decode_array
from conformance.targets.protocol import encode_call, vendor_arguments
from conformance.targets.remote.worker.apis import Lacking
from conformance.targets.remote.worker.sequel import Sequel

LAYER = {"in_channels": 2, "out_channels": 4, "kernel_size": 2, "groups": 2, "padding": 1}
INPUT = Inputs((1, 2, 5, 4))


def make(*steps: Step, api: str | None = None, **arguments: object) -> Case:
    return Case("made.yaml", "case", 1, "conv2d", api, {**LAYER, **arguments}, INPUT, Promise(), "", then=steps)


def encode(case: Case, api: str) -> list[dict[str, Any]]:
    contract = contracts()[api]
    arguments = vendor_arguments(case, contract)
    assert not isinstance(arguments, NoEquivalent), arguments
    steps: list[dict[str, Any]] = encode_call(case, contract, arguments, expect(case), 1)["then"]
    return steps


def explain(case: Case, api: str) -> str:
    arguments = vendor_arguments(case, contracts()[api])
    assert isinstance(arguments, NoEquivalent)
    return arguments.reason


def test_an_attribute_has_the_vendors_name_and_value() -> None:
    step = Assigned({"padding": (2, 1)})
    assert encode(make(step), "torch.nn.Conv2d")[0]["attributes"] == {"padding": (2, 1)}
    assert encode(make(step), "mindspore.nn.Conv2d")[0]["attributes"] == {"padding": (2, 2, 1, 1)}
    own = make(Assigned({"padding": 3}), api="torch.nn.Conv2d")
    assert encode(own, "torch.nn.Conv2d")[0]["attributes"] == {"padding": 3}


def test_what_no_attribute_tells_apart_is_not_asked() -> None:
    step = Assigned({"padding": "valid"})
    assert explain(make(step), "mindspore.nn.Conv2d") == "there is no attribute that tells the two layers apart"
    assert explain(make(Assigned({"padding_mode": "reflect"})), "mindspore.nn.Conv2d") == "there is no padding_mode"


def test_a_call_is_not_asked_that_the_vendor_lacks() -> None:
    step = Again(Inputs((2, 5, 4)))
    assert "batched" in explain(make(step), "mindspore.nn.Conv2d")


@pytest.mark.parametrize("step", [Copied(Copying.PICKLE), Cast("float64"), Switched(True), Assigned({"padding": 0})])
def test_a_function_has_nothing_to_copy(step: Step) -> None:
    assert "a function is no layer" in explain(make(step), "torch.nn.functional.conv2d")


def test_a_function_is_called_again_with_other_numbers() -> None:
    steps = encode(make(Changed(("weight",))), "torch.nn.functional.conv2d")
    assert [step["step"] for step in steps] == ["change", "call"]


def test_parameters_travel_in_the_vendors_layout_and_the_dtype_that_they_have_then() -> None:
    case = make(Cast("float64"), Changed(("weight",)))
    steps = encode(case, "megengine.module.Conv2d")
    dtype, shape, _ = steps[1]["arrays"]["weight"]
    assert (dtype, shape) == ("float64", (2, 2, 1, 2, 2))
    expectation = expect(case)
    assert expectation.arrays is not None
    np.testing.assert_array_equal(decode_array(steps[2]["arrays"]["x"]).values, expectation.arrays.x)
    assert set(steps[2]["arrays"]) == {"x", "grad_output"}


def test_another_thread_has_a_layer_of_other_numbers() -> None:
    case = make(Threaded(2))
    threads, last = encode(case, "torch.nn.Conv2d")
    built = encode_call(case, contracts()["torch.nn.Conv2d"], LAYER, expect(case), 1)["arrays"]
    assert (threads["number"], last["step"]) == (2, "call")
    assert threads["arrays"]["weight"] != built["weight"]
    assert threads["arrays"]["x"] != last["arrays"]["x"]


class Layer:
    def __init__(self, weight: Any = 1.0) -> None:
        self.weight = np.array([weight])
        self.padding = 0
        self.training = True

    def __repr__(self) -> str:
        return "Layer(5.0)"


class Adapter:
    FRAMEWORK = "made"
    DTYPES: Mapping[str, str] = MappingProxyType({"float64": "float64"})

    def array(self, tensor: Any) -> Any:
        return tensor, tensor.dtype.name

    def parameters(self, layer: Layer) -> Any:
        return {"weight": layer.weight}

    def change(self, layer: Layer, name: str, array: Any, dtype: str) -> None:
        getattr(layer, name)[...] = array

    def checkpoint(self, layer: Layer, other: Layer) -> Layer:
        other.weight[...] = layer.weight
        return other

    def switch(self, layer: Layer, training: bool) -> None:
        layer.training = training


def take(layer: Layer, **step: Any) -> Any:
    return Sequel(Adapter(), f"{__name__}.Layer", Layer).take(layer, step)


@pytest.mark.parametrize("how", ["deepcopy", "pickle", "checkpoint", "repr"])
def test_a_copy_has_the_numbers_that_the_layer_loses(how: str) -> None:
    layer = Layer(7.0)
    made = take(layer, step="copy", how=how)
    assert made is not layer
    assert made.weight.tolist() == [7.0]
    assert layer.weight.tolist() == [0.0]


def test_an_attribute_is_set() -> None:
    assert take(Layer(), step="assign", attributes={"padding": (1, 2)}).padding == (1, 2)


def test_a_layer_is_told_that_it_does_not_train() -> None:
    assert take(Layer(), step="switch", training=False).training is False


def test_numbers_are_changed_in_place() -> None:
    layer = Layer()
    held = layer.weight
    take(layer, step="change", arrays={"weight": ("float64", (1,), np.array([3.0]).tobytes())})
    assert held.tolist() == [3.0]


def test_a_step_that_an_adapter_lacks_is_lacking() -> None:
    with pytest.raises(Lacking, match="made has no such step: cast"):
        take(Layer(), step="cast", dtype="float64")
