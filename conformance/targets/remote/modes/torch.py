"""The modes of torch. `modes/__init__.py` says what a mode is."""

import contextlib
import importlib
import os
from typing import Any, Callable, ContextManager, Dict, Iterator, Mapping, Optional, Sequence, Tuple

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import functional_call
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
    """Ends the start where there is no C++ compiler, in one line that says so: else every call would.

    What is compiled stays in this worker's folder: one that is killed leaves half a library, which others would load.
    """
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = os.path.abspath("inductor")
    from torch._inductor.cpp_builder import get_cpp_compiler

    adapter.setup(device)
    get_cpp_compiler()


def find_exporter(adapter: Any, device: Optional[str]) -> None:
    """Ends the start where what torch.onnx.export and its program need is not installed: else every call would."""
    for name in ("onnx", "onnxscript", "onnxruntime"):
        importlib.import_module(name)
    adapter.setup(device)


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


@contextlib.contextmanager
def no_nnpack() -> Iterator[None]:
    with torch.backends.nnpack.flags(enabled=False):
        yield


@contextlib.contextmanager
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def autocast(layer: Any, x: Any) -> Any:
    """Of a layer and an input in float32, whose numbers bfloat16 has."""
    wide = {name: item.float() for name, item in layer.named_parameters()}

    def call(x: Any) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            return functional_call(layer, wide, (x.float(),))

    return call


def derive_forward(layer: Any, x: Any) -> Any:
    """A layer is its value at zero and, as it is linear beside that, its derivative along x."""
    return lambda x: sum(torch.func.jvp(layer, (torch.zeros_like(x),), (x,)))


def derive_twice(layer: Any, x: Any) -> Any:
    """The same by the derivative of the gradient, which is what this function takes."""
    return lambda x: sum(torch.autograd.functional.jvp(layer, torch.zeros_like(x), x, create_graph=True))


def pull_back(adapter: Any, layer: Any, x: Any, output: Any, grad_output: Any) -> Dict[str, Any]:
    own = dict(layer.named_parameters())
    _, pull = torch.func.vjp(lambda x, own: functional_call(layer, own, (x,)), x, own)
    of_x, of_own = pull(grad_output)
    return {"input": of_x, **of_own}


def describe(tensor: Any) -> Tuple[Any, ...]:
    return tuple(tensor.shape), tensor.dtype, tensor.stride()


def check(foretold: Any, found: Any) -> None:
    """Where there are elements: without any, strides mean nothing."""
    if found.numel():
        assert describe(foretold) == describe(found), f"{describe(found)}, and {describe(foretold)} was foretold"


def foretell_on_meta(layer: Any, x: Any) -> Any:
    def call(x: Any) -> Any:
        output = layer(x)
        own = {name: item.to("meta") for name, item in layer.named_parameters()}
        check(functional_call(layer, own, (x.to("meta"),)), output)
        return output

    return call


def foretell_on_fake(layer: Any, x: Any) -> Any:
    """What is foretold of the gradients besides, where there are any."""

    def call(x: Any) -> Any:
        output = layer(x)
        with FakeTensorMode(allow_non_fake_inputs=True) as fake:
            imagined = fake.from_tensor(x)
            foretold = layer(imagined)
        check(foretold, output)
        if output.requires_grad:
            own = list(layer.parameters())
            found = torch.autograd.grad(output, [x, *own], torch.ones_like(output), retain_graph=True)
            with fake:
                of_all = torch.autograd.grad(foretold, [imagined, *own], torch.ones_like(foretold))
            for one, gradient in zip(of_all, found):
                check(one, gradient)
        return output

    return call


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
    "no_nnpack": within(no_nnpack),
    "two_threads": within(two_threads),
    "autocast": calling(autocast),
    "meta": calling(foretell_on_meta),
    "fake": calling(foretell_on_fake),
    "to_mkldnn": calling(lambda layer, x: lambda x: to_mkldnn(layer)(x.to_mkldnn()).to_dense()),
    "trace": calling(lambda layer, x: torch.jit.trace(layer, x)),
    "script": calling(lambda layer, x: torch.jit.script(layer)),
    "export": calling(lambda layer, x: torch.export.export(layer, (x,)).module()),
    "onnx": {
        **calling(lambda layer, x: lambda x: torch.onnx.export(layer, (x,), dynamo=True)(x)[0]),
        "setup": find_exporter,
    },
    "vmap": calling(map_over_two),
    "jvp": calling(derive_forward),
    "vjp": {"backward": pull_back},
    "double_backward": calling(derive_twice),
    "aot_eager": compiled("aot_eager"),
    "inductor": {**compiled("inductor"), "setup": find_compiler},
}
