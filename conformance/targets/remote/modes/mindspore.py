"""The modes of MindSpore. `modes/__init__.py` says what a mode is."""

from typing import Any, Callable, Mapping

import mindspore as ms
from mindspore import ops

Wrapped = Mapping[str, Callable[..., Any]]


def in_graph(name: str) -> Callable[..., Any]:
    """A step in graph mode, which compiles it whole."""

    def run(adapter: Any, *arguments: Any) -> Any:
        ms.set_context(mode=ms.GRAPH_MODE)
        try:
            return getattr(adapter, name)(*arguments)
        finally:
            ms.set_context(mode=ms.PYNATIVE_MODE)

    return run


def compile_construct(level: str) -> Wrapped:
    def forward(adapter: Any, layer: Any, x: Any) -> Any:
        return adapter.forward(ms.jit(layer.construct, jit_level=level), x)

    return {"forward": forward}


def map_over_two(adapter: Any, layer: Any, x: Any) -> Any:
    """Mapped over two inputs, of which the second counts."""
    return adapter.forward(ms.vmap(layer), ops.stack([x, x]))[1]


def lacks(adapter: Any, error: BaseException) -> bool:
    """What is compiled says in other words that the device has no such kernel."""
    return bool(adapter.lacks(error)) or "Unsupported op [" in str(error)[:200]


MODES: Mapping[str, Wrapped] = {
    "graph": {"forward": in_graph("forward"), "backward": in_graph("backward"), "lacks": lacks},
    "jit_o0": {**compile_construct("O0"), "lacks": lacks},
    "jit_o1": {**compile_construct("O1"), "lacks": lacks},
    "vmap": {"forward": map_over_two, "lacks": lacks},
}
