"""The modes of MegEngine. `modes/__init__.py` says what a mode is."""

from typing import Any, Callable, Mapping

import megengine as mge
from megengine.jit import trace

Wrapped = Mapping[str, Callable[..., Any]]


def traced(adapter: Any, layer: Any, x: Any) -> Any:
    """Called twice: the first call is recorded, the second is what was made of it."""
    function = trace(lambda x: layer(x), symbolic=False)
    function(x)
    return adapter.forward(function, x)


def in_nhwc(adapter: Any, layer: Any, x: Any) -> Any:
    converted = mge.amp.convert_module_format(layer)
    return adapter.forward(converted, mge.amp.convert_tensor_format(x, inplace=False))


MODES: Mapping[str, Wrapped] = {
    "trace": {"forward": traced},
    "nhwc": {"forward": in_nhwc},
}
