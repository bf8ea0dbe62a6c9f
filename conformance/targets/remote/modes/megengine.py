"""The modes of MegEngine. `modes/__init__.py` says what a mode is."""

import copy
from typing import Any, Callable, Mapping

import megengine as mge
from megengine.functional.debug_param import get_execution_strategy, set_execution_strategy
from megengine.jit import trace
from megengine.utils.comp_graph_tools import GraphInference

Wrapped = Mapping[str, Callable[..., Any]]


def traced(symbolic: bool) -> Wrapped:
    """Called twice: the first call is recorded, the second is what was made of it."""

    def forward(adapter: Any, layer: Any, x: Any) -> Any:
        function = trace(lambda x: layer(x), symbolic=symbolic)
        function(x)
        return adapter.forward(function, x)

    return {"forward": forward}


def trace_step(adapter: Any, layer: Any, x: Any, output: Any, grad_output: Any) -> Any:
    """Forward and backward are recorded together, as a step of a training is."""
    step = trace(lambda x, grad_output: adapter.backward(layer, x, output, grad_output), symbolic=True)
    step(x, grad_output)
    return step(x, grad_output)


def as_module(adapter: Any, layer: Any, x: Any) -> Any:
    """As part of a model: a layer alone it does not trace."""
    return adapter.forward(mge.traced_module.trace_module(mge.module.Sequential(layer), x), x)


def from_dump(adapter: Any, layer: Any, x: Any) -> Any:
    """Written to a file and run from there, without a layer."""
    function = trace(lambda x: layer(x), symbolic=True, capture_as_const=True)
    function(x)
    function.dump("dumped.mge", arg_names=["x"], output_names=["y"])
    return mge.Tensor(GraphInference("dumped.mge").run(inp_dict={"x": x.numpy()})["y"])


class Autocast:
    """Of a layer and an input in float32, whose numbers float16 has; its parameters are those of the layer."""

    def __init__(self, layer: Any) -> None:
        self.weight = layer.weight
        self.bias = layer.bias
        self.layer = copy.copy(layer)

    def __call__(self, x: Any) -> Any:
        self.layer.weight = self.weight.astype("float32")
        self.layer.bias = None if self.bias is None else self.bias.astype("float32")
        with mge.amp.autocast():
            return self.layer(x.astype("float32"))


def autocast(adapter: Any, layer: Any, x: Any) -> Any:
    return adapter.forward(Autocast(layer), x)


def back_of_autocast(adapter: Any, layer: Any, x: Any, output: Any, grad_output: Any) -> Any:
    return adapter.backward(Autocast(layer), x, output, grad_output)


def by_strategy(strategy: str) -> Wrapped:
    def step(name: str) -> Callable[..., Any]:
        def run(adapter: Any, *arguments: Any) -> Any:
            before = get_execution_strategy()
            set_execution_strategy(strategy)
            try:
                return getattr(adapter, name)(*arguments)
            finally:
                set_execution_strategy(before)

        return run

    return {name: step(name) for name in ("forward", "backward")}


def in_nhwc(adapter: Any, layer: Any, x: Any) -> Any:
    converted = mge.amp.convert_module_format(layer)
    return adapter.forward(converted, mge.amp.convert_tensor_format(x, inplace=False))


def be_asynchronous(adapter: Any) -> None:
    adapter.reset()
    mge.config.async_level = 2


def read_another_first(adapter: Any, layer: Any, x: Any) -> Any:
    """The default: an error may be raised where something else is read."""
    output = layer(x)
    try:
        (x + 0).numpy()
    except Exception as error:
        raise RuntimeError(f"raised where another tensor was read: {error}") from error
    return adapter.forward(lambda x: output, x)


MODES: Mapping[str, Wrapped] = {
    "trace": traced(symbolic=False),
    "symbolic": traced(symbolic=True),
    "traced_step": {"backward": trace_step},
    "traced_module": {"forward": as_module},
    "dump": {"forward": from_dump},
    "autocast": {"forward": autocast, "backward": back_of_autocast},
    "nhwc": {"forward": in_nhwc},
    "profile": by_strategy("PROFILE"),
    "reproducible": by_strategy("REPRODUCIBLE"),
    "asynchronous": {"reset": be_asynchronous, "forward": read_another_first},
}
