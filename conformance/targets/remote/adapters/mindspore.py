"""MindSpore, inside its own interpreter. `adapters/__init__.py` says what it defines."""

import contextlib
import ctypes
import glob
import os
from typing import Any, Dict, List, Optional, Tuple

import mindspore as ms
import numpy as np
from mindspore import ops

FRAMEWORK = "mindspore"
DTYPES = {
    name: getattr(ms, name)
    for name in (
        "float16", "bfloat16", "float32", "float64", "complex64", "complex128",
        "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
    )
    if hasattr(ms, name)
}  # fmt: skip
DTYPES["bool"] = ms.bool_
NAMES = {dtype: name for name, dtype in DTYPES.items()}
_state: Dict[str, Any] = {"device": "CPU"}


@ms.jit  # type: ignore[untyped-decorator]
def _add_one(x: Any) -> Any:
    return x + 1


def setup(device: Optional[str]) -> None:
    if device is not None:
        _state["device"] = device
    ms.set_device(_state["device"])
    # Errors surface in the call that caused them, not in a later valid one; it is also several times faster.
    if hasattr(ms, "runtime") and hasattr(ms.runtime, "launch_blocking"):
        ms.runtime.launch_blocking()
    else:  # before 2.5
        ms.set_context(pynative_synchronize=True)
    ms.set_context(mode=ms.PYNATIVE_MODE)
    # Once a graph has run, threads that wait for work sleep: before, they spin, which is a third of all processor time.
    _add_one(ms.Tensor(1.0)).asnumpy()
    _state["target"] = ms.get_context("device_target")


def version() -> str:
    return str(ms.__version__)


def environment() -> Dict[str, str]:
    return {
        "device": _state["device"],
        "mode": "PyNative, synchronous",
        "threads": str(ms.get_context("runtime_num_threads")),
        "instructions": " ".join(_instructions()),
    }


# By the bits of oneDNN's `dnnl_cpu_isa_t`, the names of what it uses; of the levels, the highest.
_LEVELS = ((0x27, "onednn_avx512"), (0x07, "onednn_avx2"), (0x03, "onednn_avx"), (0x01, "onednn_sse41"))
_BFLOAT16 = ((0xE7, "avx512_bf16"),)


def _instructions() -> List[str]:
    """What the bundled oneDNN uses on this processor under the limits that are set, as itself says."""
    for path in glob.glob(os.path.join(os.path.dirname(ms.__file__), "lib", "libdnnl.so*")):
        with contextlib.suppress(OSError, AttributeError):
            used = ctypes.CDLL(path).dnnl_get_effective_cpu_isa()
            level = [name for bits, name in _LEVELS if used & bits == bits][:1]
            return level + [name for bits, name in _BFLOAT16 if used & bits == bits]
    return []


def reset() -> None:
    if ms.get_context("device_target") != _state["target"]:  # it cannot be changed back once it has been used
        raise RuntimeError("the device was changed")
    ms.set_seed(0)  # and NumPy's, from which its initialisers draw
    ms.set_context(mode=ms.PYNATIVE_MODE)  # cheaper than to ask for it


def lacks(error: BaseException) -> bool:
    return isinstance(error, RuntimeError) and "unregistered" in str(error).split("\n", 1)[0]


def _raw(array: Any, dtype: str) -> Any:
    if dtype == "bfloat16":
        # As bytes: a conversion would make one NaN of all.
        return ms.Tensor(ms.Tensor.convert_bytes_to_tensor(array.tobytes(), array.shape, ms.bfloat16))
    return ms.Tensor(array)


def tensor(array: Any, dtype: str, layout: str) -> Any:
    if layout == "strided":
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide[..., ::2] = array
        return _raw(wide, dtype)[..., ::2]
    if layout == "transposed":
        return _raw(np.ascontiguousarray(array.swapaxes(-1, -2)), dtype).swapaxes(-1, -2)
    if layout == "channels_last":
        return _raw(np.moveaxis(array, -3, -1).copy(), dtype).moveaxis(-1, -3)
    return _raw(array, dtype)


def parameter(array: Any, dtype: str) -> Any:
    return ms.Parameter(_raw(array, dtype))


def array(held: Any) -> Tuple[Any, str]:
    name = NAMES.get(held.dtype, str(held.dtype).lower())
    if name == "bfloat16":
        return np.frombuffer(held.contiguous().get_bytes(), np.uint16).reshape(held.shape), name
    return held.asnumpy(), name


def strides(held: Any) -> Tuple[int, ...]:
    return tuple(held.stride())


def construct(api: Any, arguments: Dict[str, Any]) -> Any:
    return api(**arguments)


def parameters(layer: Any) -> Dict[str, Any]:
    named = {"weight": layer.weight, "bias": getattr(layer, "bias", None)}
    return {name: item for name, item in named.items() if item is not None}


def set_parameter(layer: Any, name: str, array: Any, dtype: str) -> None:
    getattr(layer, name).set_data(_raw(array, dtype))


change = set_parameter  # which is in place


def state(layer: Any) -> Dict[str, Any]:
    return dict(layer.parameters_dict())


def checkpoint(layer: Any, other: Any) -> Any:
    ms.save_checkpoint(layer, "checkpoint.ckpt")
    ms.load_param_into_net(other, ms.load_checkpoint("checkpoint.ckpt"))
    return other


if hasattr(ms.nn.Cell, "to"):  # since 2.10

    def cast(layer: Any, dtype: str) -> Any:
        return layer.to(DTYPES[dtype])

    def move(layer: Any) -> Any:
        return layer.to(device="CPU").to(device=_state["device"])


def switch(layer: Any, training: bool) -> None:
    layer.set_train(training)


def forward(layer: Any, x: Any) -> Any:
    return layer(x)


def infer(layers: List[Any], xs: List[Any]) -> List[Tuple[str, Tuple[int, ...]]]:
    """What the compiler infers of layers' outputs, which needs no kernel.

    A function compiles in less than half the time of a cell, before which MindSpore collects garbage, and one of many
    layers in less than half of what they take apart.
    """
    for number, layer in enumerate(layers):
        layer.update_parameters_name(f"{number}.")  # a graph has each name once

    @ms.jit  # type: ignore[untyped-decorator]
    def describe(*xs: Any) -> Any:
        described = ()
        for layer, x in zip(layers, xs):
            output = layer(x)
            described = described + ((output.shape, output.dtype),)  # type: ignore[assignment]  # noqa: RUF005
        return described

    return [(NAMES.get(dtype, str(dtype).lower()), tuple(shape)) for shape, dtype in describe(*xs)]


def backward(layer: Any, x: Any, output: Any, grad_output: Any) -> Dict[str, Any]:
    names = list(parameters(layer))
    chosen = ms.ParameterTuple([getattr(layer, name) for name in names])
    gradient = ops.GradOperation(get_all=True, get_by_list=True, sens_param=True)
    of_inputs, of_parameters = gradient(layer, chosen)(x, grad_output)
    return {"input": of_inputs[0], **dict(zip(names, of_parameters))}


def share(layer: Any, xs: List[Any], grad_outputs: List[Any]) -> Tuple[Any, Dict[str, Any]]:
    """Its gradients are those of a function, which leave nothing behind: two calls are added in one alone."""

    def call_each(*xs: Any) -> Any:
        return tuple(layer(x) for x in xs)

    names = list(parameters(layer))
    chosen = ms.ParameterTuple([getattr(layer, name) for name in names])
    gradient = ops.GradOperation(get_all=True, get_by_list=True, sens_param=True)
    of_inputs, of_parameters = gradient(call_each, chosen)(*xs, tuple(grad_outputs))
    return layer(xs[-1]), {"input": of_inputs[-1], **dict(zip(names, of_parameters))}
