"""This project imported anew, with a mistake in one of its modules."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType

from tests.mutation import Mutated

OURS = ("conformance", "conv_reference", "tests")


class MutatedLoader(SourceFileLoader):
    """Loads a module from its source after the change."""

    def __init__(self, mutated: Mutated) -> None:
        super().__init__(mutated.module, str(mutated.path))
        self._mutated = mutated

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._mutated.source, str(self._mutated.path), "exec")


class MutatedFinder:
    """Finds the one module with the mistake."""

    def __init__(self, mutated: Mutated) -> None:
        self._mutated = mutated

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._mutated.module:
            return None
        loader = MutatedLoader(self._mutated)
        return importlib.util.spec_from_file_location(fullname, self._mutated.path, loader=loader)


@contextmanager
def imported_anew(mutated: Mutated | None) -> Iterator[None]:
    """What is imported within is new, whoever has imported it before; afterwards all is as it was."""
    before = take_our_modules()
    finders = [MutatedFinder(mutated)] if mutated is not None else []
    sys.meta_path[:0] = finders
    try:
        yield
    finally:
        for finder in finders:
            sys.meta_path.remove(finder)
        take_our_modules()
        sys.modules.update(before)


def take_our_modules() -> dict[str, ModuleType]:
    """Remove this project's modules from those that count as imported."""
    names = [name for name in sys.modules if name.partition(".")[0] in OURS]
    return {name: sys.modules.pop(name) for name in names}
