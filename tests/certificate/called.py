"""A test of this project called as a function: a hundred times as fast as by a pytest of its own."""

from __future__ import annotations

import importlib
import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.certificate.mutants import Test


def fails(test: Test) -> bool:
    """Whether a test fails with some of its parameters, as its module is imported now."""
    name = f"tests.{test.file.removesuffix('.py').replace('/', '.')}"
    function = getattr(importlib.import_module(name), test.name)
    return any(raises(function, parameters) for parameters in read_parameters(function))


def raises(function: Callable[..., None], parameters: Mapping[str, Any]) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        given = dict(parameters)
        if "monkeypatch" in inspect.signature(function).parameters:
            given["monkeypatch"] = patch
        try:
            function(**given)
        except (Exception, pytest.fail.Exception):
            return True
    return False


def read_parameters(function: Callable[..., None]) -> Iterator[Mapping[str, Any]]:
    """Every combination that its marks ask for."""
    marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
    for chosen in itertools.product(*(list(read_mark(mark)) for mark in marks)):
        yield {name: value for part in chosen for name, value in part.items()}


def read_mark(mark: pytest.Mark) -> Iterator[Mapping[str, Any]]:
    names, values = mark.args
    if isinstance(names, str):
        names = [name.strip() for name in names.split(",")]
    for value in values:
        given = getattr(value, "values", value) if isinstance(value, type(pytest.param())) else value
        if len(names) == 1 and given is value:
            given = (given,)
        yield dict(zip(names, given, strict=True))
