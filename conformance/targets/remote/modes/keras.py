"""The modes of Keras: its backends, which an environment variable chooses. `modes/__init__.py` says what a mode is."""

from typing import Any, Callable, Mapping

Wrapped = Mapping[str, Callable[..., Any]]

MODES: Mapping[str, Wrapped] = {
    "jax": {},
    "torch": {},
}
