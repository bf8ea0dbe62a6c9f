"""The modes of torch. `modes/__init__.py` says what a mode is."""

import contextlib
from typing import Any, Callable, ContextManager, Dict, Iterator, Mapping, Optional, Sequence

import torch
from torch.utils.mkldnn import to_mkldnn

Wrapped = Mapping[str, Callable[..., Any]]


STEPS = ("construct", "forward", "backward")


def within(context: Callable[[], ContextManager[Any]], steps: Sequence[str] = STEPS) -> Wrapped:
    """Each of the steps in a context of its own."""

    def step(name: str) -> Callable[..., Any]:
        def run(adapter: Any, *arguments: Any) -> Any:
            with context():
                return getattr(adapter, name)(*arguments)

        return run

    return {name: step(name) for name in steps}


def calling(wrap: Callable[[Any, Any], Any]) -> Wrapped:
    """Called is what is made of the layer, and of the input where an example is needed."""

    def forward(adapter: Any, layer: Any, x: Any) -> Any:
        return adapter.forward(wrap(layer, x), x)

    return {"forward": forward}


def compiled(backend: str) -> Wrapped:
    """Without breaks of the graph, which would run the layer as by itself."""

    def wrap(layer: Any, x: Any) -> Any:
        torch.compiler.reset()
        return torch.compile(layer, backend=backend, fullgraph=True, dynamic=False)

    return calling(wrap)


def find_compiler(adapter: Any, device: Optional[str]) -> None:
    """Ends the start where there is no C++ compiler, in one line that says so: else every call would."""
    from torch._inductor.cpp_builder import get_cpp_compiler

    adapter.setup(device)
    get_cpp_compiler()


def channels_last(of_weight: bool, of_input: bool) -> Wrapped:
    def construct(adapter: Any, api: Any, arguments: Dict[str, Any]) -> Any:
        return adapter.construct(api, arguments).to(memory_format=torch.channels_last)

    def wrap(layer: Any, x: Any) -> Any:
        return lambda x: layer(x.contiguous(memory_format=torch.channels_last))

    return {**({"construct": construct} if of_weight else {}), **(calling(wrap) if of_input else {})}


@contextlib.contextmanager
def deterministic() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


@contextlib.contextmanager
def flush_denormal() -> Iterator[None]:
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


@contextlib.contextmanager
def no_mkldnn() -> Iterator[None]:
    """NNPACK too, whose transforms are not exact, and which would take over."""
    with torch.backends.mkldnn.flags(enabled=False), torch.backends.nnpack.flags(enabled=False):
        yield


def map_over_two(layer: Any, x: Any) -> Any:
    """Mapped over two inputs, of which the second counts; the first has no infinity that a gradient of zero meets."""
    return lambda x: torch.vmap(layer)(torch.stack([torch.zeros_like(x), x]))[1]


MODES: Mapping[str, Wrapped] = {
    "channels_last": channels_last(of_weight=True, of_input=True),
    "channels_last_weight": channels_last(of_weight=True, of_input=False),
    "channels_last_input": channels_last(of_weight=False, of_input=True),
    "deterministic": within(deterministic),
    "flush_denormal": within(flush_denormal),
    "inference": within(torch.inference_mode, ("forward",)),
    "no_mkldnn": within(no_mkldnn),
    "to_mkldnn": calling(lambda layer, x: lambda x: to_mkldnn(layer)(x.to_mkldnn()).to_dense()),
    "trace": calling(lambda layer, x: torch.jit.trace(layer, x)),
    "script": calling(lambda layer, x: torch.jit.script(layer)),
    "export": calling(lambda layer, x: torch.export.export(layer, (x,)).module()),
    "vmap": calling(map_over_two),
    "aot_eager": compiled("aot_eager"),
    "inductor": {**compiled("inductor"), "setup": find_compiler},
}
