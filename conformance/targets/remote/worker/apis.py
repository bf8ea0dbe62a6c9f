"""An API by its dotted name, the defaults in its signature, and what is called as a layer is."""

import functools
import importlib
import inspect
from typing import Any, Dict, List

from .texts import clean


class Lacking(Exception):  # noqa: N818
    """This framework, version or device has no such API or dtype."""


@functools.lru_cache(maxsize=None)  # a search for modules that are none takes longer than many a call
def find_api(api: str) -> Any:
    """The object that a dotted name means, imported from the longest importable prefix. Raises Lacking."""
    parts = api.split(".")
    for count in range(len(parts), 0, -1):
        try:
            item: Any = importlib.import_module(".".join(parts[:count]))
        except ImportError:
            continue
        for name in parts[count:]:
            if not hasattr(item, name):
                raise Lacking(f"{parts[0]} has no {api}")
            item = getattr(item, name)
        return item
    raise Lacking(f"no module for {api}")


def find_callable(adapter: Any, api: str) -> Any:
    """What is called for an API: the object of its name, or what the adapter has in its place."""
    return adapter.find(api) if hasattr(adapter, "find") else find_api(api)


def read_defaults(api: Any) -> Dict[str, str]:
    """The repr of each default in a signature. ValueError where it has none that can be read."""
    defaults = {}
    for name, parameter in inspect.signature(api).parameters.items():
        if parameter.default is not inspect.Parameter.empty:
            defaults[name] = clean(repr(parameter.default))
    return defaults


def read_all_defaults(adapter: Any, apis: List[str]) -> Dict[str, Dict[str, str]]:
    """`read_defaults` by API, for those that exist and can be read."""
    defaults = {}
    for api in apis:
        try:
            defaults[api] = read_defaults(find_callable(adapter, api))
        except (Lacking, TypeError, ValueError):
            continue
    return defaults


class FunctionalLayer:
    """A functional API with its parameters, called as a module is."""

    def __init__(
        self, function: Any, arguments: Dict[str, Any], positional: List[str], operands: Dict[str, str]
    ) -> None:
        """`operands` are the function's names of weight and bias."""
        self.function = function
        self.arguments = arguments
        self.positional = positional
        self.operands = operands
        self.weight: Any = None
        self.bias: Any = None

    def __call__(self, x: Any) -> Any:
        arguments = dict(self.arguments)
        arguments.update((own, getattr(self, name)) for name, own in self.operands.items())
        ordered = [arguments.pop(name) for name in self.positional]
        return self.function(x, *ordered, **arguments)


class CalledLayer:
    """A layer that is called with arguments besides x; it has whatever the layer has."""

    def __init__(self, layer: Any, arguments: Dict[str, Any]) -> None:
        self._layer = layer
        self._arguments = arguments

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)

    def __call__(self, x: Any) -> Any:
        return self._layer(x, **self._arguments)
