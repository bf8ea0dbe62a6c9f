"""JAX and Flax's NNX, inside their own interpreter. `adapters/__init__.py` says what it defines."""

import copy
import functools
import inspect
from typing import Any, Dict, Optional

import flax
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

FRAMEWORK = "jax"
PACKAGES = (FRAMEWORK, "flax")
DTYPES = {
    name: getattr(jnp, name)
    for name in (
        "float16", "bfloat16", "float32", "float64", "complex64", "complex128",
        "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
    )
}  # fmt: skip
DTYPES["bool"] = jnp.bool_
_state: Dict[str, Any] = {"device": None}


def setup(device: Optional[str]) -> None:
    """With numbers of 64 bits, which it otherwise makes numbers of 32 of."""
    _state["device"] = device
    jax.config.update("jax_enable_x64", True)
    if device is not None:
        jax.config.update("jax_platforms", device)


def version() -> str:
    return str(jax.__version__)


def environment() -> Dict[str, str]:
    return {
        "device": _state["device"] or jax.default_backend(),
        "flax": str(flax.__version__),
        "threads": "all",
        # XLA compiles for the processor alone.
        "instructions": "all",
        "mode": "x64" if jax.config.jax_enable_x64 else "x32",
    }


def reset() -> None:
    if not jax.config.jax_enable_x64:
        jax.config.update("jax_enable_x64", True)
    if jax.config.jax_numpy_dtype_promotion != "standard":
        jax.config.update("jax_numpy_dtype_promotion", "standard")


def lacks(error: BaseException) -> bool:
    return isinstance(error, jax.errors.JaxRuntimeError) and str(error).startswith("UNIMPLEMENTED")


def find(api: str) -> Any:
    """The function; of a class, what gives each of its layers random numbers that begin anew."""
    module, _, name = api.rpartition(".")
    if module == "jax.lax":
        return getattr(jax.lax, name)
    cls = getattr(nnx, name)

    @functools.wraps(cls, updated=())
    def make(*ordered: Any, **named: Any) -> Any:
        # Of the ways to draw numbers the one that is compiled in a sixth of the time.
        return cls(*ordered, **named, rngs=nnx.Rngs(jax.random.key(0, impl="rbg")))

    # That of the class itself says nothing: its metaclass passes everything on.
    signature = inspect.signature(cls.__init__)
    make.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]
    return make


def _raw(array: Any, dtype: str) -> Any:
    return jnp.array(array.view(jnp.bfloat16) if dtype == "bfloat16" else array)


def tensor(array: Any, dtype: str, layout: str) -> Any:
    if layout == "strided":
        return _raw(np.repeat(array, 2, axis=-1), dtype)[..., ::2]
    if layout == "transposed":
        return _raw(np.ascontiguousarray(array.swapaxes(-1, -2)), dtype).swapaxes(-1, -2)
    if layout == "channels_last":
        return jnp.moveaxis(_raw(np.moveaxis(array, -3, -1).copy(), dtype), -1, -3)
    return _raw(array, dtype)


def parameter(array: Any, dtype: str) -> Any:
    return _raw(array, dtype)


def array(held: Any) -> Any:
    numbers = np.asarray(held[...])
    name = numbers.dtype.name
    return (numbers.view("uint16") if name == "bfloat16" else numbers), name


def construct(api: Any, arguments: Dict[str, Any]) -> Any:
    return api(**arguments)


def parameters(layer: Any) -> Dict[str, Any]:
    held = {"weight": layer.kernel, "bias": layer.bias}
    return {name: variable for name, variable in held.items() if variable is not None}


def set_parameter(layer: Any, name: str, array: Any, dtype: str) -> None:
    parameters(layer)[name].set_value(_raw(array, dtype))


def change(layer: Any, name: str, array: Any, dtype: str) -> None:
    """A function's operand is another array, as none can be changed."""
    if isinstance(layer, nnx.Module):
        set_parameter(layer, name, array, dtype)
    else:
        setattr(layer, name, _raw(array, dtype))


def checkpoint(layer: Any, other: Any) -> Any:
    nnx.update(other, nnx.state(layer))
    return other


def switch(layer: Any, training: bool) -> None:
    if training:
        layer.train()
    else:
        layer.eval()


def forward(layer: Any, x: Any) -> Any:
    return jax.block_until_ready(layer(x))


def backward(layer: Any, x: Any, output: Any, grad_output: Any) -> Dict[str, Any]:
    """JAX takes derivatives of complex numbers as they are, and so what it is given and gives is conjugated."""
    if isinstance(layer, nnx.Module):
        vjp = functools.partial(nnx.vjp, graph=False)
        of_layer, of_x = _pull_back(vjp, lambda layer, x: layer(x), (layer, x), grad_output)
        return {"input": of_x, **parameters(of_layer)}
    of_weight, of_x = _pull_back(jax.vjp, functools.partial(_call_with, layer), (layer.weight, x), grad_output)
    return {"input": of_x, "weight": of_weight}


def _pull_back(vjp: Any, function: Any, operands: Any, grad_output: Any) -> Any:
    _, back = vjp(function, *operands)
    return jax.block_until_ready(jax.tree.map(_conjugate, back(_conjugate(grad_output))))


def _conjugate(array: Any) -> Any:
    return array.conj() if jnp.iscomplexobj(array) else array


def _call_with(layer: Any, weight: Any, x: Any) -> Any:
    other = copy.copy(layer)
    other.weight = weight
    return other(x)
