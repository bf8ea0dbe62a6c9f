"""Keras, inside its own interpreter, by the backend that KERAS_BACKEND names. `adapters/__init__.py` says what it
defines."""

import contextlib
import copy
import functools
import importlib
import os
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

# Not the settings of whoever runs this; Keras writes them where there are none.
os.environ["KERAS_HOME"] = os.getcwd()
import keras
from keras import ops

del os.environ["KERAS_HOME"]

FRAMEWORK = "keras"
BACKEND = keras.backend.backend()
PACKAGES = (FRAMEWORK, BACKEND)
engine: Any = importlib.import_module(BACKEND)
NARROW = ("float16", "bfloat16", "float32", "complex64", "int8", "uint8", "int16", "int32", "bool")
# JAX makes numbers of 32 bits of wider ones, unless it is told otherwise.
WIDE = () if BACKEND == "jax" else ("float64", "complex128", "int64")
# The others have no kernel for these.
UNSIGNED = ("uint16", "uint32") if BACKEND == "jax" else ()
DTYPES = {name: name for name in (*NARROW, *WIDE, *UNSIGNED)}
_state: Dict[str, Any] = {}


def setup(device: Optional[str]) -> None:
    _state["device"] = device


def version() -> str:
    return str(keras.__version__)


def environment() -> Dict[str, str]:
    return {
        "device": _state["device"] or "cpu",
        "backend": f"{BACKEND} {engine.__version__}",
        "instructions": _instructions(),
        "threads": os.environ.get("OMP_NUM_THREADS", "all") if BACKEND == "torch" else "all",
    }


def _instructions() -> str:
    """The sets in use that were found to change a verdict: ATen's level, and what the oneDNN uses that is inside torch
    and TensorFlow; JAX chooses by the processor alone. Whether TensorFlow asks its oneDNN is TF_ENABLE_ONEDNN_OPTS'
    matter, and whether for float16 the processor's, whatever limits oneDNN."""
    names = []
    if BACKEND == "torch":
        names.append(f"aten_{engine.backends.cpu.get_cpu_capability().lower()}")
    if BACKEND == "tensorflow" or (BACKEND == "torch" and engine.backends.mkldnn.is_available()):
        names += _onednn_instructions()
    return " ".join(names) or "all"


# What oneDNN tells apart, each with all before it, and what the kernel calls it: of its levels it uses the highest.
_LEVELS = (("onednn_sse41", "sse4_1"), ("onednn_avx", "avx"), ("onednn_avx2", "avx2"), ("onednn_avx512", "avx512f"))
_BEYOND = ("avx512_bf16", "avx512_fp16", "amx_tile")
# By oneDNN's limit, how many of its levels, and of those beyond; any other text limits nothing.
_LIMITS = {
    "SSE41": (1, 0),
    "AVX": (2, 0),
    "AVX2": (3, 0),
    "AVX2_VNNI": (3, 0),
    "AVX2_VNNI_2": (3, 0),
    "AVX512_CORE": (4, 0),
    "AVX512_CORE_VNNI": (4, 0),
    "AVX512_CORE_BF16": (4, 1),
    "AVX512_CORE_FP16": (4, 2),
    "AVX10_1_512": (4, 2),
}


def _onednn_instructions() -> List[str]:
    """Neither library exports oneDNN's own answer."""
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA") or "ALL"
    levels, beyond = _LIMITS.get(limit.upper(), (len(_LEVELS), len(_BEYOND)))
    present = _list_present()
    used = [name for name, flag in _LEVELS[:levels] if flag in present]
    return [*used[-1:], *(name for name in _BEYOND[:beyond] if name in present)]


def _list_present() -> List[str]:
    """The sets that the processor has, as Linux says; none where it does not, nor on a processor of other sets."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("flags"):
                return line.split()
    return []


def reset() -> None:
    keras.utils.clear_session(free_memory=False)  # layers are named by running numbers
    keras.utils.set_random_seed(0)
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.config.set_image_data_format("channels_last")
    if BACKEND == "torch" and not engine.is_grad_enabled():
        raise RuntimeError("gradients were left off")


def lacks(error: BaseException) -> bool:
    message = str(error)
    if BACKEND == "torch":
        # The initial numbers of integers, which it lacks too, are nothing that the layer is about.
        is_initial = "check_uniform_bounds" in message
        return isinstance(error, NotImplementedError) and "not implemented for" in message and not is_initial
    if BACKEND == "tensorflow":
        return isinstance(error, engine.errors.NotFoundError) and "Could not find device for node" in message
    return False


def _raw(array: Any, dtype: str) -> Any:
    if dtype != "bfloat16":
        return ops.convert_to_tensor(array)
    if BACKEND == "torch":
        return engine.from_numpy(array.view("int16")).view(engine.bfloat16)
    return ops.convert_to_tensor(array.view("bfloat16"))


def tensor(array: Any, dtype: str, layout: str) -> Any:
    if layout == "strided":
        return _raw(np.repeat(array, 2, axis=-1), dtype)[..., ::2]
    if layout == "transposed":
        return ops.swapaxes(_raw(np.ascontiguousarray(array.swapaxes(-1, -2)), dtype), -1, -2)
    if layout == "channels_last":
        return ops.moveaxis(_raw(np.moveaxis(array, -3, -1).copy(), dtype), -1, -3)
    return _raw(array, dtype)


def parameter(array: Any, dtype: str) -> Any:
    return _differentiable(_raw(array, dtype))


def _differentiable(held: Any) -> Any:
    """What torch can take gradients of; the others are told when they run."""
    if BACKEND == "torch" and (held.is_floating_point() or held.is_complex()):
        held.requires_grad_()
    return held


def array(held: Any) -> Tuple[Any, str]:
    name = keras.backend.standardize_dtype(held.dtype)
    held = getattr(held, "value", held)
    if BACKEND == "torch":
        held = held.detach().contiguous()
        return (held.view(engine.int16) if name == "bfloat16" else held).numpy(), name
    numbers = np.asarray(held)
    return (numbers.view("uint16") if name == "bfloat16" else numbers), name


def construct(api: Any, arguments: Dict[str, Any]) -> Any:
    return api(**arguments)


def build(layer: Any, shape: Tuple[int, ...], dtype: str) -> None:
    layer.build(shape)


def _is_layer(layer: Any) -> bool:
    """Whether it is no function with its operands."""
    return isinstance(layer, keras.Layer)


def parameters(layer: Any) -> Dict[str, Any]:
    if not _is_layer(layer):
        held = {"weight": layer.weight, "bias": layer.bias}
    elif layer.built:
        held = {"weight": layer.kernel, "bias": layer.bias}
    else:
        held = {}
    return {name: variable for name, variable in held.items() if variable is not None}


def set_parameter(layer: Any, name: str, array: Any, dtype: str) -> None:
    parameters(layer)[name].assign(_raw(array, dtype))


def change(layer: Any, name: str, array: Any, dtype: str) -> None:
    """In place; a function's operand is another tensor, as not every backend's can be changed."""
    if _is_layer(layer):
        set_parameter(layer, name, array, dtype)
    else:
        setattr(layer, name, parameter(array, dtype))


def checkpoint(layer: Any, other: Any) -> Any:
    store: Dict[str, Any] = {}
    layer.save_own_variables(store)
    other.load_own_variables(store)
    return other


def forward(layer: Any, x: Any) -> Any:
    if BACKEND != "tensorflow":
        return layer(_differentiable(x))
    with engine.GradientTape() as tape:
        tape.watch(x)
        if not _is_layer(layer):
            tape.watch(list(parameters(layer).values()))
        output = layer(x)
    _state["tape"] = tape
    return output


def backward(layer: Any, x: Any, output: Any, grad_output: Any) -> Dict[str, Any]:
    held = {name: getattr(operand, "value", operand) for name, operand in parameters(layer).items()}
    if BACKEND == "jax":
        run = functools.partial(_run_with if _is_layer(layer) else _call_with, layer)
        _, back = engine.vjp(run, list(held.values()), x)
        # It does not conjugate, as the others do.
        of_parameters, of_x = engine.tree.map(engine.numpy.conj, back(engine.numpy.conj(grad_output)))
        return {"input": of_x, **dict(zip(held, of_parameters))}
    operands = {"input": x, **held}
    if BACKEND == "torch":
        gradients = engine.autograd.grad([output], list(operands.values()), [grad_output])
    else:
        gradients = _state.pop("tape").gradient(output, list(operands.values()), grad_output)
    return dict(zip(operands, gradients))


def _run_with(layer: Any, values: Any, x: Any) -> Any:
    return layer.stateless_call(values, [], x)[0]


def _call_with(function: Any, values: Any, x: Any) -> Any:
    other = copy.copy(function)
    (other.weight,) = values
    return other(x)
