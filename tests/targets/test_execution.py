"""How a worker calls a layer: with its channels last, and with arguments that are the call's."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from conformance.targets.remote.worker.execution import ROUNDS, Execution

IMAGE = np.arange(2 * 3 * 4 * 5, dtype="float32").reshape(2, 3, 4, 5)


class Scale:
    """A layer whose output is x times one number a channel, the channels being where its argument says."""

    def __init__(self, axis: int) -> None:
        self.axis = axis
        self.weight = np.ones(3, "float32")
        self.bias = None

    def __call__(self, x: Any, times: int = 1) -> Any:
        shape = [1, 1, 1, 1]
        shape[self.axis] = 3
        return x * self.weight.reshape(shape) * times


def make_tensor(array: Any, dtype: str, layout: str) -> Any:
    LAYOUTS.append(layout)
    return array


LAYOUTS: list[str] = []  # of the inputs that were made


def adapter(**more: Any) -> Any:
    def set_parameter(layer: Any, name: str, array: Any, dtype: str) -> None:
        setattr(layer, name, array)

    return SimpleNamespace(
        DTYPES={"float32": "float32"},
        lacks=lambda error: False,
        reset=lambda: RUNNING.clear(),
        tensor=make_tensor,
        array=lambda tensor: (tensor, tensor.dtype.name),
        construct=lambda api, arguments: api(**arguments),
        parameters=lambda layer: {"weight": layer.weight},
        set_parameter=set_parameter,
        change=set_parameter,
        forward=lambda layer, x: layer(x),
        backward=lambda layer, x, output, grad_output: {"input": grad_output * x, "weight": layer.weight},
        **more,
    )


def encode(array: Any) -> Any:
    return array.dtype.name, array.shape, array.tobytes()


def execute(find: Any = None, **call: Any) -> dict[str, Any]:
    finding = {} if find is None else {"find": find}
    return run_with(adapter(**finding), make_call(**call))


def make_call(**call: Any) -> Any:
    arrays = {"x": encode(IMAGE), "weight": encode(np.array([1, 2, 3], "float32")), "grad_output": encode(IMAGE)}
    return {
        "id": 0, "api": f"{__name__}.Scale", "functional": False, "positional": [], "same_as": None, "arrays": arrays,
        "layout": "contiguous", "infer": False, "channels_last": False, "at_call": [], "operands": {"weight": "weight", "bias": "bias"}, **call,
    }  # fmt: skip


def run_with(adapter: Any, asked: Any) -> dict[str, Any]:
    return Execution(adapter, asked, SimpleNamespace(mark=lambda number, phase: None)).run()


def read(wire: Any) -> Any:
    dtype, shape, data = wire
    return np.frombuffer(data, dtype).reshape(shape)


@pytest.mark.parametrize(("axis", "is_last"), [(1, False), (3, True)])
def test_what_travels_has_its_channels_first_wherever_the_layer_has_them(axis: int, is_last: bool) -> None:
    result = execute(arguments={"axis": axis}, channels_last=is_last, read_back=True)
    scaled = IMAGE * np.array([1, 2, 3], "float32").reshape(1, 3, 1, 1)
    assert "raised" not in result
    np.testing.assert_array_equal(read(result["output"]), scaled)
    np.testing.assert_array_equal(read(result["gradients"]["input"]), IMAGE * IMAGE)
    np.testing.assert_array_equal(read(result["gradients"]["weight"]), [1, 2, 3])
    np.testing.assert_array_equal(read(result["values"]["x"]), IMAGE)


@pytest.mark.parametrize(
    ("is_last", "layout", "made"),
    [
        (False, "channels_last", "channels_last"),
        (True, "channels_last", "contiguous"),
        (True, "transposed", "transposed"),
    ],
)
def test_channels_that_are_last_by_their_axes_are_last_in_memory(is_last: bool, layout: str, made: str) -> None:
    LAYOUTS.clear()
    execute(arguments={"axis": 3 if is_last else 1}, channels_last=is_last, layout=layout)
    assert LAYOUTS[0] == made


def test_an_argument_of_the_call_is_given_when_the_layer_is_called() -> None:
    result = execute(arguments={"axis": 1, "times": 2}, at_call=["times"], same_as={"axis": 1})
    np.testing.assert_array_equal(read(result["output"]), 2 * read(result["other"]))
    np.testing.assert_array_equal(read(result["gradients"]["weight"]), [1, 2, 3])


@pytest.mark.parametrize("arrays", [{}, None], ids=["constructed", "called"])
def test_what_is_saved_is_told_by_its_own_names(arrays: dict[str, Any] | None) -> None:
    call = make_call(arguments={"axis": 1}, state=True, **({} if arrays is None else {"arrays": arrays}))
    result = run_with(adapter(state=lambda layer: {"scale": layer.weight}), call)
    assert result["state"] == {"scale": (3,)}
    assert ("output" in result) is (arrays is None)


def test_of_a_framework_that_saves_nothing_nothing_is_told() -> None:
    assert "state" not in run_with(adapter(), make_call(arguments={"axis": 1}, state=True))


RUNNING: list[Any] = []  # the layers that were numbered since the last reset


class Numbered(Scale):
    """A layer that prints how many were made before it, and nothing else."""

    def __init__(self, axis: int) -> None:
        super().__init__(axis)
        self.name = f"numbered_{len(RUNNING)}"
        RUNNING.append(self)

    def __repr__(self) -> str:
        return self.name


def test_a_running_number_tells_no_two_layers_apart() -> None:
    result = execute(api=f"{__name__}.Numbered", arguments={"axis": 1}, unlike={"axis": 3}, arrays={})
    RUNNING.clear()
    assert result["texts"] == ["numbered_0", "numbered_0"]


class Told(Scale):
    """A layer that prints what it is made of, and where it lies in memory."""

    def __repr__(self) -> str:
        return f"Told(axis={self.axis}, at 0x7f00{id(self):012x})"


def test_two_layers_are_printed_without_what_changes_from_process_to_process() -> None:
    result = execute(api=f"{__name__}.Told", arguments={"axis": 1}, unlike={"axis": 3}, arrays={})
    assert result["texts"] == ["Told(axis=1, at 0x...)", "Told(axis=3, at 0x...)"]
    assert result["phase"] == "then"


def test_the_parameters_that_are_observed_are_those_of_the_first_layer() -> None:
    result = execute(api=f"{__name__}.Wider", arguments={"size": 3}, unlike={"size": 5}, arrays={})
    assert result["parameters"] == {"weight": ("float32", (3,))}


class Wider(Scale):
    """A layer whose weight is as long as it is told."""

    def __init__(self, size: int) -> None:
        super().__init__(1)
        self.weight = np.ones(size, "float32")


def test_a_layer_that_cannot_be_printed_raises_after_its_construction() -> None:
    result = execute(api=f"{__name__}.Silent", arguments={"axis": 1}, unlike={"axis": 3}, arrays={})
    assert (result["raised"]["phase"], result["raised"]["class"]) == ("then", "ArithmeticError")


class Silent(Scale):
    """A layer that cannot be printed."""

    def __repr__(self) -> str:
        raise ArithmeticError


def repeat(times: int, **changes: Any) -> Any:
    """Calls with the input times that, and other fields as given."""
    return [{"step": "call", "arrays": {"x": encode(times * IMAGE)}, "layout": "contiguous", **changes}]


def test_the_last_call_is_what_is_told() -> None:
    result = execute(arguments={"axis": 1}, then=[*repeat(2), *repeat(3)])
    scaled = 3 * IMAGE * np.array([1, 2, 3], "float32").reshape(1, 3, 1, 1)
    np.testing.assert_array_equal(read(result["output"]), scaled)
    assert result["gradients"] == {}, "the last call asks for none"


def test_of_a_call_that_is_not_the_last_nothing_is_told() -> None:
    for ends in ([{"step": "copy", "how": "photograph"}], repeat(2, arrays={"x": encode(IMAGE[:, :2])})):
        result = execute(arguments={"axis": 1}, then=[*repeat(2), *ends])
        assert "raised" in result
        assert "output" not in result
        assert result["gradients"] == {}
    assert execute(arguments={"axis": 1}, then=[{"step": "copy", "how": "photograph"}])["phase"] == "then"


def of_other_layer() -> Any:
    return {"x": encode(5 * IMAGE), "weight": encode(np.array([4, 5, 6], "float32"))}


class Lent(Scale):
    """A layer that leaves its weight where another one finds it, in the time of two calls."""

    meeting = threading.Barrier(2, timeout=5)
    lent: Any = None

    def __call__(self, x: Any, times: int = 1) -> Any:
        Lent.lent = self.weight
        Lent.meeting.wait()
        return x * Lent.lent.reshape(1, 3, 1, 1)


def test_two_layers_are_called_at_the_same_time() -> None:
    steps = [{"step": "threads", "number": 2, "arrays": of_other_layer()}, *repeat(2)]
    apart = execute(arguments={"axis": 1}, then=steps)
    ((times, output, raised),) = apart["rounds"]
    assert (times, raised) == (ROUNDS, None)
    np.testing.assert_array_equal(read(output), 2 * IMAGE * np.array([1, 2, 3], "float32").reshape(1, 3, 1, 1))
    lent = execute(api=f"{__name__}.Lent", arguments={"axis": 1}, then=steps)
    outputs = [read(output)[0, 0, 0, 1] for _, output, _ in lent["rounds"]]
    assert set(outputs) & {8.0}, "the other layer's weight, if it came last"
    assert sum(times for times, _, _ in lent["rounds"]) == ROUNDS


def test_a_layer_is_first_called_where_it_is_asked_to_be() -> None:
    called: list[bool] = []

    class Here(Scale):
        def __call__(self, x: Any, times: int = 1) -> Any:
            called.append(threading.current_thread() is threading.main_thread())
            return super().__call__(x)

    globals()["Here"] = Here
    elsewhere = {"step": "threads", "number": 1, "arrays": of_other_layer()}
    result = execute(api=f"{__name__}.Here", arguments={"axis": 1}, then=[elsewhere, *repeat(2)])
    assert "output" in result
    assert called == [False]
    execute(api=f"{__name__}.Here", arguments={"axis": 1}, then=[*repeat(2), elsewhere, *repeat(2)])
    assert called == [False, True, True, False]


def test_what_is_raised_in_a_thread_is_raised() -> None:
    steps = [{"step": "threads", "number": 1, "arrays": {}}, *repeat(2, arrays={"x": encode(IMAGE[:, :2])})]
    assert execute(arguments={"axis": 1}, then=steps)["raised"]["phase"] == "forward"


def test_one_that_is_none_of_the_call_is_given_when_it_is_made() -> None:
    result = execute(arguments={"axis": 1, "times": 2})
    assert result["raised"]["class"] == "TypeError"
    assert result["phase"] == "construct"


def test_an_api_that_no_dotted_name_means_is_found_by_the_adapter() -> None:
    result = execute(api="no_such_module.Scale")
    assert result["lacking"] == "no module for no_such_module.Scale"
    found = execute(api="no_such_module.Scale", arguments={"axis": 1}, find=lambda api: Scale)
    assert read(found["output"]).shape == IMAGE.shape


class Late:
    """A layer that has no weight before it meets an x."""

    def __call__(self, x: Any) -> Any:
        return x


@pytest.mark.parametrize(("is_last", "shape"), [(False, (2, 3, 4, 5)), (True, (2, 4, 5, 3))])
def test_a_layer_that_is_built_late_is_built_for_its_first_x(is_last: bool, shape: tuple[int, ...]) -> None:
    def build(layer: Any, shape: tuple[int, ...], dtype: str) -> None:
        layer.weight = np.zeros(3, "float32")
        met.append((shape, dtype))

    met: list[Any] = []
    call = {"api": f"{__name__}.Late", "arguments": {}, "first": ((2, 3, 4, 5), "float32"), "channels_last": is_last}
    result = run_with(adapter(build=build), make_call(**call, read_back=True))
    assert "raised" not in result
    assert met == [(shape, "float32")]
    np.testing.assert_array_equal(read(result["values"]["weight"]), [1, 2, 3])


def test_what_is_refused_then_is_refused_by_the_call() -> None:
    def build(layer: Any, shape: tuple[int, ...], dtype: str) -> None:
        raise ValueError("channels")

    call = {"api": f"{__name__}.Late", "arguments": {}, "first": ((2, 3, 4, 5), "float32")}
    assert run_with(adapter(build=build), make_call(**call))["raised"]["phase"] == "forward"
