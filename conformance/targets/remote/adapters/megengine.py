"""MegEngine, inside its own interpreter. `adapters/__init__.py` says what it defines."""

import contextlib
import ctypes
import os
import re
from typing import Any, Dict, List, Optional, Tuple

# Its threads wait for each other by spinning, for 5 ms by default before they sleep, which costs several times what
# the calls themselves do, and slows whatever runs beside them. It reads this once, when its first thread starts.
os.environ.setdefault("MGB_WORKER_MAX_SPIN", "1000")

import megengine as mge
import numpy as np
from megengine.autodiff import GradManager

FRAMEWORK = "megengine"
DTYPES = {name: name for name in ("float16", "float32", "int8", "uint8", "int16", "uint16", "int32", "bool")}
_state: Dict[str, Any] = {}
PR_SET_TIMERSLACK = 29
SLACK = 20_000_000  # nanoseconds by which a timer of MegEngine's own threads may come late


def setup(device: Optional[str]) -> None:
    # One of its threads wakes some thousand times a second to look for work that it would be told of, which takes a
    # sixth of a core for as long as the process lives. Threads inherit how late a timer may wake them.
    set_timer_slack(SLACK)
    if device is not None:
        mge.set_default_device(device)
    _state["device"] = mge.get_default_device()
    # Errors surface in the call that caused them, not in a later valid one.
    mge.config.async_level = 0
    # Start its threads, which print that they spin otherwise than by default: not among what the first call prints.
    mge.Tensor(0.0).numpy()
    set_timer_slack(0)  # this thread's own default


def set_timer_slack(nanoseconds: int) -> None:
    """How late timers may wake this thread and those that it starts. Nothing where the system has no such setting."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, nanoseconds)


def version() -> str:
    return str(mge.__version__)


def environment() -> Dict[str, str]:
    return {
        "device": mge.get_default_device(),
        "async_level": str(mge.config.async_level),
        "threads": str(_threads()),
        "instructions": _instructions(),
    }


def _threads() -> int:
    """How many threads compute: the device tells."""
    device = re.match(r"multithread(\d+)", mge.get_default_device())
    return int(device.group(1)) if device else 1


def _instructions() -> str:
    """The level of the processor, by which the library's own kernels are chosen, and the limit of the MKL inside."""
    features: Dict[str, bool] = getattr(np.core, "_multiarray_umath").__cpu_features__  # noqa: B009
    levels = (("avx512", "AVX512_SKX"), ("avx2", "AVX2"), ("avx", "AVX"), ("sse41", "SSE41"))
    names = [name for name, feature in levels if features.get(feature)][:1]
    limit = os.environ.get("MKL_ENABLE_INSTRUCTIONS")
    return " ".join([*names, "mkl_" + limit.lower()] if limit else names)


def reset() -> None:
    mge.random.seed(0)
    mge.config.async_level = 0
    mge.config.deterministic_kernel = False
    mge.amp.enabled = False
    if mge.get_default_device() != _state["device"]:
        mge.set_default_device(_state["device"])


def lacks(error: BaseException) -> bool:
    return False


def _raw(array: Any, dtype: str) -> Any:
    return mge.Tensor(array)


def tensor(array: Any, dtype: str, layout: str) -> Any:
    if layout == "strided":
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide[..., ::2] = array
        return _raw(wide, dtype)[..., ::2]
    if layout == "transposed":
        axes = (*range(array.ndim - 2), array.ndim - 1, array.ndim - 2)
        return mge.functional.transpose(_raw(np.ascontiguousarray(array.transpose(axes)), dtype), axes)
    if layout == "channels_last":
        axes = (*range(array.ndim - 3), array.ndim - 1, array.ndim - 3, array.ndim - 2)
        return mge.functional.transpose(_raw(np.moveaxis(array, -3, -1).copy(), dtype), axes)
    return _raw(array, dtype)


def parameter(array: Any, dtype: str) -> Any:
    return mge.Parameter(array)


def array(held: Any) -> Tuple[Any, str]:
    values = held.numpy()
    return values, values.dtype.name


def construct(api: Any, arguments: Dict[str, Any]) -> Any:
    return api(**arguments)


def parameters(layer: Any) -> Dict[str, Any]:
    return dict(layer.named_parameters())


def set_parameter(layer: Any, name: str, array: Any, dtype: str) -> None:
    setattr(layer, name, parameter(array, dtype))


def change(layer: Any, name: str, array: Any, dtype: str) -> None:
    getattr(layer, name)[...] = _raw(array, dtype)


def state(layer: Any) -> Dict[str, Any]:
    return dict(layer.state_dict())


def checkpoint(layer: Any, other: Any) -> Any:
    mge.save(layer.state_dict(), "checkpoint")
    other.load_state_dict(mge.load("checkpoint"))
    return other


def switch(layer: Any, training: bool) -> None:
    layer.train(training)


def forward(layer: Any, x: Any) -> Any:
    output = layer(x)
    output.numpy()  # waits
    return output


def backward(layer: Any, x: Any, output: Any, grad_output: Any) -> Dict[str, Any]:
    forget(layer)
    x.grad = None
    manager = GradManager().attach(list(_operands(layer, x).values()))
    with manager:
        manager.backward(layer(x), grad_output)
    return collect(layer, x)


def _operands(layer: Any, x: Any) -> Dict[str, Any]:
    operands = {"input": x, "weight": layer.weight, "bias": layer.bias}
    return {name: item for name, item in operands.items() if item is not None}


def forget(layer: Any) -> None:
    for item in (layer.weight, layer.bias):
        if item is not None:
            item.grad = None  # the next one would be added to it


def record(layer: Any, x: Any) -> Tuple[Any, Any]:
    manager = GradManager().attach(list(_operands(layer, x).values()))
    manager.record()
    return manager, forward(layer, x)


def accumulate(tape: Any, output: Any, grad_output: Any) -> None:
    tape.backward(output, grad_output)


def collect(layer: Any, x: Any) -> Dict[str, Any]:
    operands = _operands(layer, x)
    return {name: item.grad for name, item in operands.items() if item.grad is not None}


def share(layer: Any, xs: List[Any], grad_outputs: List[Any]) -> Tuple[Any, Dict[str, Any]]:
    forget(layer)
    manager = GradManager().attach([*_operands(layer, xs[-1]).values(), *xs[:-1]])
    with manager:
        outputs = [layer(x) for x in xs]
        manager.backward(outputs, grad_outputs)
    return outputs[-1], collect(layer, xs[-1])
