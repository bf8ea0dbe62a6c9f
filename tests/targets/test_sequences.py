"""What happens to a layer between two calls: what a vendor is asked, what travels, and what the worker does."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from conformance.apis import NoEquivalent, contracts
from conformance.case import (
    Added,
    Adding,
    Again,
    Assigned,
    Case,
    Cast,
    Changed,
    Copied,
    Copying,
    Inputs,
    Moved,
    Overtaken,
    Promise,
    Returned,
    Step,
    Switched,
    Threaded,
)
from conformance.oracle.expectation import expect
from conformance.targets.codec import decode_array
from conformance.targets.protocol import encode_call, vendor_arguments
from conformance.targets.remote.worker.apis import Lacking
from conformance.targets.remote.worker.last_call import LastCall
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


def test_the_call_before_travels_with_the_sum() -> None:
    case = make(Added(Adding.TWO_GRAPHS))
    add, last = encode(case, "torch.nn.Conv2d")
    first = encode_call(case, contracts()["torch.nn.Conv2d"], LAYER, expect(case), 1)["arrays"]
    assert (add["step"], add["how"], add["layout"]) == ("add", "two_graphs", "contiguous")
    assert add["arrays"] == {name: first[name] for name in ("x", "grad_output")}
    assert last["arrays"]["x"] != first["x"]


def test_another_upstream_gradient_travels_with_a_graph_that_is_used_twice() -> None:
    step, last = encode(make(Returned(True)), "torch.nn.functional.conv2d")
    assert (step["step"], step["retained"], set(step["arrays"])) == ("retain", True, {"grad_output"})
    assert step["arrays"]["grad_output"] != last["arrays"]["grad_output"]


def test_numbers_that_overtake_travel_in_the_vendors_layout() -> None:
    step, _ = encode(make(Overtaken(("weight",))), "megengine.module.Conv2d")
    assert set(step["arrays"]) == {"weight"}
    assert step["arrays"]["weight"][1] == (2, 2, 1, 2, 2)
    assert encode(make(Moved()), "torch.nn.Conv2d")[0] == {"step": "move"}


@pytest.mark.parametrize("step", [Added(Adding.ONE_GRAPH), Returned(True), Overtaken(("weight",))])
def test_what_is_run_without_gradients_has_none_to_add(step: Step) -> None:
    assert explain(make(step, padding=0), "onnx.Conv") == "it is run without gradients"


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


class Execution:
    """What a last call asks of the execution of its case, and what it is told."""

    def __init__(self, adapter: Any) -> None:
        self.adapter = adapter
        self.phases: list[str] = []
        self.kept: dict[str, Any] = {}

    def enter(self, phase: str) -> None:
        self.phases.append(phase)

    def make_tensor(self, array: Any, layout: str) -> Any:
        return array

    def keep_output(self, output: Any) -> None:
        self.kept["output"] = output

    def keep_gradients(self, gradients: Any) -> None:
        self.kept["gradients"] = gradients

    def find_parameters(self, layer: Any) -> Any:
        return {}

    def read_back(self, held: Any) -> None:
        pass


class Recording(Adapter):
    """An adapter whose layer multiplies its input by its weight, and which notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.left = 0.0

    def record(self, layer: Layer, x: float) -> Any:
        self.asked.append(f"record {x:g}")
        return x, float(layer.weight[0]) * x

    def accumulate(self, tape: float, output: float, upstream: float) -> None:
        self.asked.append(f"accumulate {tape:g} {upstream:g}")
        self.left += tape * upstream

    def retain(self, tape: float, output: float, upstream: float) -> None:
        self.asked.append(f"retain {tape:g} {upstream:g}")
        self.left += tape * upstream

    def collect(self, layer: Layer, x: float) -> Any:
        return {"weight": self.left}

    def share(self, layer: Layer, xs: Any, upstreams: Any) -> Any:
        return float(layer.weight[0]) * xs[-1], {"weight": sum(x * up for x, up in zip(xs, upstreams, strict=True))}

    def forget(self, layer: Layer) -> None:
        self.asked.append("forget")


CALL = {"arrays": {"x": 5.0, "grad_output": 7.0}, "layout": "contiguous"}
BEFORE = {"arrays": {"x": 2.0, "grad_output": 3.0}, "layout": "contiguous"}
SEVEN = ("float64", (1,), np.array([7.0]).tobytes())
FORWARD_AND_BACK = ["forward", "backward", "forward", "backward"]


@pytest.mark.parametrize(
    ("step", "asked", "phases", "weight"),
    [
        (
            {"step": "add", "how": "accumulated", **BEFORE},
            ["forget", "record 2", "accumulate 2 3", "record 5", "accumulate 5 7"],
            ["forward", *FORWARD_AND_BACK],
            41.0,
        ),
        (
            {"step": "add", "how": "two_graphs", **BEFORE},
            ["forget", "record 2", "record 5", "accumulate 2 3", "accumulate 5 7"],
            ["forward", "forward", "forward", "backward", "backward"],
            41.0,
        ),
        ({"step": "add", "how": "one_graph", **BEFORE}, [], ["forward", "backward"], 41.0),
        (
            {"step": "retain", "retained": True, "arrays": {"grad_output": 4.0}},
            ["forget", "record 5", "retain 5 4", "accumulate 5 7"],
            ["forward", "forward", "backward", "backward"],
            55.0,
        ),
        (
            {"step": "retain", "retained": False, "arrays": {"grad_output": 4.0}},
            ["forget", "record 5", "accumulate 5 4", "accumulate 5 7"],
            ["forward", "forward", "backward", "backward"],
            55.0,
        ),
        (
            {"step": "overtake", "arrays": {"weight": SEVEN}},
            ["forget", "record 5", "accumulate 5 7"],
            ["forward", "forward", "backward"],
            35.0,
        ),
    ],
    ids=["accumulated", "two graphs", "one graph", "retained", "not retained", "overtaken"],
)
def test_the_last_call_goes_as_the_step_says(step: Any, asked: list[str], phases: list[str], weight: float) -> None:
    adapter, layer = Recording(), Layer(2.0)
    execution = Execution(adapter)
    LastCall(execution, layer, CALL).run(step)
    assert adapter.asked == asked
    assert execution.phases == phases
    assert execution.kept == {"output": 10.0, "gradients": {"weight": weight}}
    assert layer.weight.tolist() == [7.0 if step["step"] == "overtake" else 2.0]


def test_a_way_back_that_an_adapter_lacks_is_lacking() -> None:
    with pytest.raises(Lacking, match="made has no such way back: record"):
        LastCall(Execution(Adapter()), Layer(), CALL).run({"step": "overtake", "arrays": {}})


def test_a_mode_has_a_way_of_its_own_to_call() -> None:
    adapter = Recording()
    adapter.MODE = "made"  # type: ignore[attr-defined]
    with pytest.raises(Lacking):
        LastCall(Execution(adapter), Layer(), CALL).run({"step": "overtake", "arrays": {}})


def test_a_layer_is_moved_by_the_adapter() -> None:
    with pytest.raises(Lacking, match="made has no such step: move"):
        take(Layer(), step="move")


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
