"""The modes of MindSpore. `modes/__init__.py` says what a mode is."""

import copy
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

import mindspore as ms
from mindspore import ops
from mindspore.mint.nn import functional

Wrapped = Mapping[str, Callable[..., Any]]


def in_graph(**context: Any) -> Wrapped:
    """Each step in graph mode, which compiles it whole."""

    def step(name: str) -> Callable[..., Any]:
        def run(adapter: Any, *arguments: Any) -> Any:
            ms.set_context(mode=ms.GRAPH_MODE, **context)
            try:
                return getattr(adapter, name)(*arguments)
            finally:
                ms.set_context(mode=ms.PYNATIVE_MODE)

        return run

    return {"forward": step("forward"), "backward": step("backward"), "lacks": lacks}


def in_graph_at(level: str) -> Wrapped:
    return in_graph(jit_config={"jit_level": level})


def compile_construct(level: str) -> Wrapped:
    def forward(adapter: Any, layer: Any, x: Any) -> Any:
        return adapter.forward(ms.jit(layer.construct, jit_level=level), x)

    return {"forward": forward}


def list_parameters(adapter: Any, layer: Any) -> Dict[str, Any]:
    return {name: getattr(layer, name) for name in adapter.parameters(layer)}


def go_back_with_value(adapter: Any, layer: Any, x: Any, output: Any, grad_output: Any) -> Dict[str, Any]:
    """The gradients of a loss, which is a number."""
    own = list_parameters(adapter, layer)
    loss = ms.value_and_grad(lambda x: (layer(x) * grad_output).sum(), 0, ms.ParameterTuple(list(own.values())))
    _, (of_x, of_own) = loss(x)
    return {"input": of_x, **dict(zip(own, of_own))}


def pull_back(adapter: Any, layer: Any, x: Any, output: Any, grad_output: Any) -> Dict[str, Any]:
    own = list_parameters(adapter, layer)
    _, pull = ms.vjp(layer, x, weights=ms.ParameterTuple(list(own.values())))
    of_inputs, of_own = pull(grad_output)
    return {"input": of_inputs[0], **dict(zip(own, of_own))}


def derive_forward(adapter: Any, layer: Any, x: Any) -> Any:
    """A layer is its value at zero and, as it is linear beside that, its derivative along x."""
    return adapter.forward(lambda x: sum(ms.jvp(layer, ops.zeros_like(x), x)), x)


def mix_precision(adapter: Any, layer: Any, x: Any) -> Any:
    """Of a layer and an input in float32, whose numbers float16 has."""
    wide = copy.deepcopy(layer)
    for item in wide.get_parameters():
        item.set_dtype(ms.float32)
    mixed = ms.amp.auto_mixed_precision(wide, "O2", ms.float16)
    return adapter.forward(mixed, x.astype(ms.float32)).astype(ms.float16)


def call_function(adapter: Any, layer: Any, x: Any) -> Any:
    """The function with the layer's own arguments; a padding that is symmetric has two numbers there."""
    padding = layer.padding
    if isinstance(padding, tuple) and padding[::2] == padding[1::2]:
        padding = padding[::2]
    own = (layer.stride, layer.pad_mode, padding, layer.dilation, layer.group)
    return adapter.forward(lambda x: ops.conv2d(x, layer.weight, layer.bias, *own), x)


class ByFunction(ms.nn.Cell):  # type: ignore[misc]
    """A layer of `mint.nn` called by the function of `mint.nn.functional`, with its own arguments."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def construct(self, x: Any) -> Any:
        layer = self.layer
        padding = layer.padding
        if layer.padding_mode != "zeros":
            x = functional.pad(x, layer._reversed_padding, mode=layer.padding_mode)
            padding = 0
        if layer.transposed:
            last = (padding, layer.output_padding, layer.groups, layer.dilation)
            return functional.conv_transpose2d(x, layer.weight, layer.bias, layer.stride, *last)
        return functional.conv2d(x, layer.weight, layer.bias, layer.stride, padding, layer.dilation, layer.groups)


def infer_functions(adapter: Any, layers: List[Any], xs: List[Any]) -> List[Tuple[str, Tuple[int, ...]]]:
    found: List[Tuple[str, Tuple[int, ...]]] = adapter.infer([ByFunction(layer) for layer in layers], xs)
    return found


def be_asynchronous(adapter: Any, device: Optional[str]) -> None:
    """All of the adapter's settings but one."""
    blocking = ms.runtime.launch_blocking
    ms.runtime.launch_blocking = lambda: None
    try:
        adapter.setup(device)
    finally:
        ms.runtime.launch_blocking = blocking


def read_another_first(adapter: Any, layer: Any, x: Any) -> Any:
    """The default: an error may be raised where something else is read."""
    output = adapter.forward(layer, x)
    try:
        (x + 0).asnumpy()
    except Exception as error:
        raise RuntimeError(f"raised where another tensor was read: {error}") from error
    return output


def map_over_two(adapter: Any, layer: Any, x: Any) -> Any:
    """Mapped over two inputs, of which the second counts."""
    return adapter.forward(ms.vmap(layer), ops.stack([x, x]))[1]


def lacks(adapter: Any, error: BaseException) -> bool:
    """Said in other words: compiled, that the device has no such kernel; derived, that there is no derivative."""
    said = str(error)[:300]
    return bool(adapter.lacks(error)) or "Unsupported op [" in said or "bprop not defined" in said


MODES: Mapping[str, Wrapped] = {
    "graph": in_graph(),
    "graph_o0": in_graph_at("O0"),
    "graph_o1": in_graph_at("O1"),
    "graph_o2": in_graph_at("O2"),
    "jit_o0": {**compile_construct("O0"), "lacks": lacks},
    "jit_o1": {**compile_construct("O1"), "lacks": lacks},
    "vmap": {"forward": map_over_two, "lacks": lacks},
    "value_and_grad": {"backward": go_back_with_value},
    "vjp": {"backward": pull_back},
    "jvp": {"forward": derive_forward, "lacks": lacks},
    "amp": {"forward": mix_precision},
    "function": {"forward": call_function},
    "inferred": {},  # as a call asks for it
    "inferred_function": {
        "forward": lambda adapter, layer, x: adapter.forward(ByFunction(layer), x),
        "infer": infer_functions,
    },
    "asynchronous": {"setup": be_asynchronous, "forward": read_another_first},
}
