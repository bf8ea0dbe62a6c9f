"""An adapter in a mode."""

import functools
from typing import Any, Callable, Dict, Mapping


class Moded:
    """What the mode defines stands before what the adapter has under that name, and is given the adapter first."""

    def __init__(self, adapter: Any, mode: str, modes: Mapping[str, Mapping[str, Callable[..., Any]]]) -> None:
        self.MODE = mode
        self._adapter = adapter
        self._wrapped = {name: functools.partial(function, adapter) for name, function in modes[mode].items()}

    def __getattr__(self, name: str) -> Any:
        return self._wrapped[name] if name in self._wrapped else getattr(self._adapter, name)

    def environment(self) -> Dict[str, str]:
        return {**self._adapter.environment(), "mode": self.MODE}
