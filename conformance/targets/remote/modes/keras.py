"""The modes of Keras: its backends, which an environment variable chooses, and symbolic calls. `modes/__init__.py` says
what a mode is."""

from typing import Any, Callable, Mapping, Tuple

import keras

Wrapped = Mapping[str, Callable[..., Any]]


def describe(tensor: Any) -> Tuple[Any, ...]:
    return tuple(tensor.shape), keras.backend.standardize_dtype(tensor.dtype)


def foretell(adapter: Any, layer: Any, x: Any) -> Any:
    """Called with a symbolic tensor first, which refuses or tells shape and dtype of the output, and then as it is."""
    shape, dtype = describe(x)
    foretold = layer(keras.Input(batch_shape=shape, dtype=dtype))
    output = adapter.forward(layer, x)
    assert describe(foretold) == describe(output), f"{describe(output)}, and {describe(foretold)} was foretold"
    return output


MODES: Mapping[str, Wrapped] = {
    "jax": {},
    "torch": {},
    "symbolic": {"forward": foretell},
}
