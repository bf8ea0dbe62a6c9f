"""PaddlePaddle, inside its own interpreter. `adapters/__init__.py` says what it defines."""

import os
import warnings
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

with warnings.catch_warnings():
    # It says on every import that no ccache is installed, which only a build of extensions needs.
    warnings.simplefilter("ignore")
    import paddle

FRAMEWORK = "paddle"
DTYPES = {
    name: getattr(paddle, name)
    for name in (
        "float16", "bfloat16", "float32", "float64", "complex64", "complex128",
        "int8", "uint8", "int16", "int32", "int64", "bool",
    )
}  # fmt: skip
NAMES = {dtype: name for name, dtype in DTYPES.items()}
_state: Dict[str, Any] = {"device": "cpu"}


def setup(device: Optional[str]) -> None:
    if device is not None:
        _state["device"] = device
    paddle.set_device(_state["device"])
    _state["place"] = paddle.get_device()


def version() -> str:
    return str(paddle.__version__)


def environment() -> Dict[str, str]:
    return {
        "device": _state["device"],
        "mode": "dynamic",
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
        # The limit of the MKL inside, whose products are its convolution.
        "instructions": "mkl_" + os.environ.get("MKL_ENABLE_INSTRUCTIONS", "all").lower(),
    }


def reset() -> None:
    paddle.seed(0)
    paddle.set_default_dtype("float32")
    if not paddle.in_dynamic_mode():
        paddle.disable_static()
    if not paddle.is_grad_enabled():
        raise RuntimeError("gradients were left off")
    if paddle.get_device() != _state["place"]:
        paddle.set_device(_state["device"])


def lacks(error: BaseException) -> bool:
    return isinstance(error, RuntimeError) and "is not registered" in str(error).split("\n", 1)[0]


def _raw(array: Any, dtype: str) -> Any:
    """NumPy's uint16 is paddle's bfloat16, pattern by pattern."""
    return paddle.to_tensor(array)


def tensor(array: Any, dtype: str, layout: str) -> Any:
    if layout == "strided":
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide[..., ::2] = array
        return _raw(wide, dtype)[..., ::2]
    if layout == "transposed":
        return _turn(_raw(np.ascontiguousarray(array.swapaxes(-1, -2)), dtype))
    if layout == "channels_last":
        return paddle.moveaxis(_raw(np.moveaxis(array, -3, -1).copy(), dtype), -1, -3)
    return _raw(array, dtype)


def _turn(held: Any) -> Any:
    axes = list(range(held.ndim))
    axes[-2:] = axes[-1], axes[-2]
    return held.transpose(axes)


def parameter(array: Any, dtype: str) -> Any:
    return paddle.nn.Parameter(_raw(array, dtype))


def array(held: Any) -> Tuple[Any, str]:
    return held.detach().numpy(), NAMES.get(held.dtype, str(held.dtype))


def strides(held: Any) -> Tuple[int, ...]:
    return tuple(held.strides)


def construct(api: Any, arguments: Dict[str, Any]) -> Any:
    return api(**arguments)


def parameters(layer: Any) -> Dict[str, Any]:
    return dict(layer.named_parameters())


def set_parameter(layer: Any, name: str, array: Any, dtype: str) -> None:
    setattr(layer, name, parameter(array, dtype))


def change(layer: Any, name: str, array: Any, dtype: str) -> None:
    getattr(layer, name).set_value(_raw(array, dtype))


def state(layer: Any) -> Dict[str, Any]:
    return dict(layer.state_dict())


def checkpoint(layer: Any, other: Any) -> Any:
    paddle.save(layer.state_dict(), "checkpoint.pdparams")
    other.set_state_dict(paddle.load("checkpoint.pdparams"))
    return other


def cast(layer: Any, dtype: str) -> Any:
    return layer.to(dtype=dtype)


def move(layer: Any) -> Any:
    return layer.to(device="cpu").to(device=_state["place"])


def switch(layer: Any, training: bool) -> None:
    if training:
        layer.train()
    else:
        layer.eval()


def forward(layer: Any, x: Any) -> Any:
    x.stop_gradient = False
    return layer(x)


def backward(layer: Any, x: Any, output: Any, grad_output: Any) -> Dict[str, Any]:
    operands = _operands(layer, x)
    return dict(zip(operands, paddle.grad([output], list(operands.values()), [grad_output])))


def _operands(layer: Any, x: Any) -> Dict[str, Any]:
    operands = {"input": x, "weight": layer.weight, "bias": layer.bias}
    return {name: item for name, item in operands.items() if item is not None}


def record(layer: Any, x: Any) -> Tuple[Any, Any]:
    return None, forward(layer, x)


def accumulate(tape: Any, output: Any, grad_output: Any) -> None:
    output.backward(grad_output)


def retain(tape: Any, output: Any, grad_output: Any) -> None:
    output.backward(grad_output, retain_graph=True)


def collect(layer: Any, x: Any) -> Dict[str, Any]:
    return {name: item.grad for name, item in _operands(layer, x).items() if item.grad is not None}


def share(layer: Any, xs: List[Any], grad_outputs: List[Any]) -> Tuple[Any, Dict[str, Any]]:
    outputs = [forward(layer, x) for x in xs]
    operands = _operands(layer, xs[-1])
    return outputs[-1], dict(zip(operands, paddle.grad(outputs, list(operands.values()), grad_outputs)))
