"""The modes of Keras: its backends, which an environment variable chooses, and models. `modes/__init__.py` says what a
mode is."""

from typing import Any, Callable, Mapping, Tuple

import keras

Wrapped = Mapping[str, Callable[..., Any]]


def describe(tensor: Any) -> Tuple[Any, ...]:
    return tuple(tensor.shape), keras.backend.standardize_dtype(tensor.dtype)


def run_in_model(adapter: Any, layer: Any, x: Any) -> Any:
    """Called with a symbolic tensor first, which tells shape and dtype of the output; then run as the model of that."""
    shape, dtype = describe(x)
    symbolic = keras.Input(batch_shape=shape, dtype=dtype)
    foretold = layer(symbolic)
    output = keras.Model(symbolic, foretold)(x)
    assert describe(foretold) == describe(output), f"{describe(output)}, and {describe(foretold)} was foretold"
    return output


MODES: Mapping[str, Wrapped] = {
    "jax": {},
    "torch": {},
    "symbolic": {"forward": run_in_model},
}
