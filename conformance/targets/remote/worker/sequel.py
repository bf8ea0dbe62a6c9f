"""What happens to a layer that has been called, step by step."""

import copy
import importlib
import pickle
from typing import Any, Callable, Dict

import numpy as np

from .apis import Lacking
from .values import decode_array, decode_value, find_dtype


class Sequel:
    """The steps of a call, as `conformance/targets/protocol.py` sends them; an adapter has those of its framework."""

    def __init__(self, adapter: Any, api: str, build: Callable[[], Any]) -> None:
        """`api` is the layer's dotted name, and `build` makes another of the same arguments."""
        self.adapter = adapter
        self.api = api
        self.build = build

    def take(self, layer: Any, step: Dict[str, Any]) -> Any:
        """The layer after a step. Raises Lacking where the framework, or this adapter, has no such step."""
        return getattr(self, step["step"])(layer, step)

    def assign(self, layer: Any, step: Dict[str, Any]) -> Any:
        for name, value in step["attributes"].items():
            setattr(layer, name, decode_value(value, self.adapter))
        return layer

    def change(self, layer: Any, step: Dict[str, Any]) -> Any:
        for name, array in step["arrays"].items():
            self.find("change")(layer, name, decode_array(array), array[0])
        return layer

    def cast(self, layer: Any, step: Dict[str, Any]) -> Any:
        find_dtype(step["dtype"], self.adapter)
        return self.find("cast")(layer, step["dtype"])

    def move(self, layer: Any, step: Dict[str, Any]) -> Any:
        return self.find("move")(layer)

    def switch(self, layer: Any, step: Dict[str, Any]) -> Any:
        self.find("switch")(layer, step["training"])
        return layer

    def copy(self, layer: Any, step: Dict[str, Any]) -> Any:
        """The copy. What was copied has zeros from then on, so that what is no copy shows."""
        made = getattr(self, step["how"])(layer)
        self.clear(layer)
        return made

    def clear(self, layer: Any) -> Any:
        """A layer whose parameters are zeros."""
        for name, parameter in self.adapter.parameters(layer).items():
            array, dtype = self.adapter.array(parameter)
            self.find("change")(layer, name, np.zeros_like(array), dtype)
        return layer

    def deepcopy(self, layer: Any) -> Any:
        return copy.deepcopy(layer)

    def pickle(self, layer: Any) -> Any:
        return pickle.loads(pickle.dumps(layer))

    def checkpoint(self, layer: Any) -> Any:
        return self.find("checkpoint")(layer, self.clear(self.build()))

    def repr(self, layer: Any) -> Any:
        """What is printed, evaluated where its class is; the parameters come by the checkpoint."""
        names = dict(vars(importlib.import_module(self.api.rpartition(".")[0])))
        return self.find("checkpoint")(layer, eval(repr(layer), names))

    def find(self, step: str) -> Callable[..., Any]:
        """The adapter's part of a step."""
        found = getattr(self.adapter, step, None)
        if found is None:
            raise Lacking(f"{self.adapter.FRAMEWORK} has no such step: {step}")
        return found  # type: ignore[no-any-return]
