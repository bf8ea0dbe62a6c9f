"""How a worker has many calls inferred at once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from conformance.targets.remote.worker.ahead import infer_ahead
from conformance.targets.remote.worker.execution import Execution

API = f"{__name__}.Described"


class Described:
    """A layer that no device runs; its output's shape is its input's, times `times`."""

    def __init__(self, times: int) -> None:
        self.times = times
        if times > 100:
            raise ValueError("too many")


class Compiler:
    """An adapter that infers, and remembers of how many layers at a time. It infers nothing of what is times zero."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.DTYPES = {"float32": "float32"}

    def construct(self, api: Any, arguments: Any) -> Any:
        return api(**arguments)

    def parameters(self, layer: Any) -> Any:
        return {}

    def tensor(self, array: Any, dtype: str, layout: str) -> Any:
        return array

    def forward(self, layer: Any, x: Any) -> Any:
        raise RuntimeError("unregistered")

    def lacks(self, error: BaseException) -> bool:
        return "unregistered" in str(error)

    def infer(self, layers: Any, xs: Any) -> Any:
        self.asked.append(len(layers))
        if any(layer.times == 0 for layer in layers):
            raise ValueError("times zero")
        return [("float32", tuple(layer.times * size for size in x.shape)) for layer, x in zip(layers, xs, strict=True)]


def make_call(number: int, times: int, infer: bool = True) -> dict[str, Any]:
    x = np.ones((1, number, 2, 3), "float32")
    return {
        "id": number, "api": API, "functional": False, "positional": [], "same_as": None, "arguments": {"times": times},
        "arrays": {"x": (x.dtype.name, x.shape, x.tobytes())}, "layout": "contiguous", "infer": infer,
        "channels_last": False, "at_call": [], "operands": {"weight": "weight", "bias": "bias"},
    }  # fmt: skip


def shape_of(number: int, times: int) -> tuple[str, tuple[int, ...]]:
    return "float32", (times, number * times, 2 * times, 3 * times)


def test_what_the_device_lacks_is_inferred_all_at_once() -> None:
    adapter = Compiler()
    foretold = infer_ahead(adapter, [make_call(number, number) for number in range(1, 9)], {API})
    assert foretold == {number: shape_of(number, number) for number in range(1, 9)}
    assert adapter.asked == [8]


@pytest.mark.parametrize("failing", range(1, 9))
def test_one_of_which_nothing_can_be_inferred_takes_nothing_from_the_others(failing: int) -> None:
    adapter = Compiler()
    calls = [make_call(number, 0 if number == failing else 1) for number in range(1, 9)]
    foretold = infer_ahead(adapter, calls, {API})
    assert foretold == {number: shape_of(number, 1) for number in range(1, 9) if number != failing}
    assert adapter.asked[0] == 8
    assert len(adapter.asked) == 7, "each half of what fails"


def test_a_layer_that_cannot_be_made_is_left_to_its_own_call() -> None:
    assert infer_ahead(Compiler(), [make_call(1, 101), make_call(2, 1), make_call(3, 1)], {API}).keys() == {2, 3}


def test_nothing_is_inferred_that_is_not_asked_for_or_that_the_device_may_have() -> None:
    adapter = Compiler()
    assert infer_ahead(adapter, [make_call(number, 1, infer=False) for number in (1, 2)], {API}) == {}
    assert infer_ahead(adapter, [make_call(number, 1) for number in (1, 2)], set()) == {}
    assert infer_ahead(adapter, [make_call(1, 1)], {API}) == {}, "one alone is asked when it is made"
    assert adapter.asked == []


@pytest.mark.parametrize("foretold", [None, shape_of(3, 2)], ids=["alone", "ahead"])
def test_a_call_tells_what_was_inferred_of_it(foretold: Any) -> None:
    adapter: Any = Compiler()
    progress: Any = SimpleNamespace(mark=lambda number, phase: None)
    result = Execution(adapter, make_call(3, 2), progress, foretold).run()
    assert result["lacking"] == "unregistered"
    assert result["inferred"] == shape_of(3, 2)
    assert adapter.asked == ([] if foretold else [1])
