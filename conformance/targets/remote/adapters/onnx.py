"""ONNX, inside its own interpreter, by onnxruntime. `adapters/__init__.py` says what it defines."""

import inspect
from typing import Any, Dict, Optional, Tuple

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

FRAMEWORK = "onnx"
DTYPES = {
    name: np.dtype(name)
    for name in (
        "float16", "bfloat16", "float32", "float64", "complex64", "complex128",
        "int8", "uint8", "int16", "int32", "int64",
    )
}  # fmt: skip
OPSET = 22  # in which both operators are as they are now
_state: Dict[str, Any] = {}


def setup(device: Optional[str]) -> None:
    """A device is an execution provider."""
    _state["providers"] = None if device is None else [device]
    run_by(run)


def run_by(function: Any) -> None:
    """Have models run by a function of the model and x."""
    _state["run"] = function


def run(model: Any, x: Any) -> Any:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=_state["providers"])
    return session.run(None, {"X": x})[0]


def version() -> str:
    return str(onnxruntime.__version__)


def environment() -> Dict[str, str]:
    return {
        "device": (_state["providers"] or ["cpu"])[0],
        "threads": "all",
        # Its kernels go by the processor alone.
        "instructions": "all",
        "onnx": str(onnx.__version__),
    }


def reset() -> None:
    pass


def lacks(error: BaseException) -> bool:
    return "Could not find an implementation for" in str(error)


class Operator:
    """An operator as a function of its inputs and attributes: a model of one node, with its weights inside."""

    # What an attribute means that is left out stands in the documents, and is no Python value.
    __signature__ = inspect.Signature()

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, X: Any, W: Any, B: Any = None, **attributes: Any) -> Any:  # noqa: N803
        held = {"W": W} if B is None else {"W": W, "B": B}
        node = helper.make_node(self.name, ["X", *held], ["Y"], **attributes)
        dtype = helper.np_dtype_to_tensor_dtype(X.dtype)
        x = helper.make_tensor_value_info("X", dtype, X.shape)
        y = helper.make_tensor_value_info("Y", dtype, [None] * X.ndim)
        weights = [numpy_helper.from_array(array, name) for name, array in held.items()]
        graph = helper.make_graph([node], "one_node", [x], [y], weights)
        opsets = [helper.make_opsetid("", OPSET)]
        return _state["run"](helper.make_model_gen_version(graph, opset_imports=opsets), X)


def find(api: str) -> Any:
    return Operator(api.rpartition(".")[2])


def _raw(array: Any, dtype: str) -> Any:
    return array.view(DTYPES[dtype]) if dtype == "bfloat16" else array


def tensor(array: Any, dtype: str, layout: str) -> Any:
    held = _raw(array, dtype)
    if layout == "strided":
        return np.repeat(held, 2, axis=-1)[..., ::2]
    if layout == "transposed":
        return np.ascontiguousarray(held.swapaxes(-1, -2)).swapaxes(-1, -2)
    if layout == "channels_last":
        return np.moveaxis(np.moveaxis(held, -3, -1).copy(), -1, -3)
    return held


def parameter(array: Any, dtype: str) -> Any:
    return _raw(array, dtype)


def array(held: Any) -> Tuple[Any, str]:
    if held.dtype == DTYPES["bfloat16"]:
        return held.view("uint16"), "bfloat16"
    return held, held.dtype.name


def strides(held: Any) -> Tuple[int, ...]:
    return tuple(step // held.itemsize for step in held.strides)


def forward(layer: Any, x: Any) -> Any:
    return layer(x)
