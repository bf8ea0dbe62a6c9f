"""A part of a spec file, with all that is needed to take values from it and to refuse it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.case import values
from conformance.case.values import Value
from conformance.cases import expression
from conformance.safe_yaml import Document, InputError, YamlPath, explain_time

# How a tuple of numbers begins in Python; between braces, YAML ends the text at the comma.
TUPLE = re.compile(r"\(\s*[-+]?[0-9.]+\s*(,|\)|$)")


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a spec file.

    Attributes:
        document: the file, which knows the line and column of each part.
        path: where the part stands in the file.
        data: the part as plain YAML data.
        names: the values that its expressions may speak of.
    """

    document: Document
    path: YamlPath
    data: Any
    names: Mapping[str, Value]

    def child(self, key: str | int, default: Any = None) -> Node:
        """The part below a key or number; `default` is the data of one that the file lacks."""
        lacks = isinstance(key, str) and key not in self.data
        return Node(self.document, (*self.path, key), default if lacks else self.data[key], self.names)

    def with_names(self, names: Mapping[str, Value]) -> Node:
        """The same part, its expressions over other names."""
        return Node(self.document, self.path, self.data, names)

    @property
    def line(self) -> int:
        """The line on which the part begins, from 1."""
        return self.document.positions[self.path][0]

    def error(self, message: str, *keys: str | int) -> InputError:
        """An error at the part, or at what stands below it under these keys, as far as the file has them."""
        return self.document.error((*self.path, *keys), message)

    def check_time(self, remedy: str, *keys: str | int) -> None:
        """Raises SpecError at the part, or below it, when loading its file takes too long."""
        if self.document.clock.is_over():
            raise self.error(f"{explain_time()}; {remedy}", *keys)

    def stands(self, *keys: str | int) -> bool:
        """Whether the file has something below the part under these keys."""
        return (*self.path, *keys) in self.document.positions

    def evaluate(self) -> Value:
        """The part as a value. A string that begins with ``=`` is an expression."""
        if not isinstance(self.data, str | list | dict):
            return self.data
        try:
            return values.from_yaml(self.data, self._evaluate_text)
        except ValueError as error:
            raise self.error(str(error)) from error

    def evaluate_items(self) -> dict[str, Value]:
        """The parts of a mapping as values, by key."""
        return {key: self.child(key).evaluate() for key in self.data}

    def evaluate_expression(self, text: str) -> Any:
        """The value of an expression that belongs to the part."""
        try:
            return expression.evaluate(text, self.names)
        except expression.ExpressionError as error:
            raise self.error(str(error)) from error

    def _evaluate_text(self, text: str) -> Value:
        if TUPLE.match(text):
            raise self.error(f"{text!r} is text in YAML; a tuple is written in brackets: [2, 3]")
        return self.evaluate_expression(text[1:]) if text.startswith("=") else text
