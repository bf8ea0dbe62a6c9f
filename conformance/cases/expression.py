"""Arithmetic expressions in specs, evaluated by simpleeval over a closed set of names, functions and operators."""

from __future__ import annotations

import ast
import functools
import math
import operator
import warnings
from collections.abc import Callable, Mapping
from types import EllipsisType
from typing import Any

import simpleeval

MAX_LENGTH = 500
MAX_MAGNITUDE = 2**256  # of an integer on the way to a result
MAX_ITEMS = 1000  # of a tuple on the way to a result
MAX_EXPONENT = 256


class ExpressionError(ValueError):
    """An expression that cannot be parsed or evaluated."""


def pair(value: Any) -> tuple[Any, Any]:
    """An int or a pair as a pair (height, width)."""
    return tuple(value) if isinstance(value, tuple | list) else (value, value)


FUNCTIONS = {
    "min": min,
    "max": max,
    "abs": abs,
    "sum": sum,
    "len": len,
    "floor": math.floor,
    "ceil": math.ceil,
    "sqrt": math.sqrt,
    "pair": pair,
}

# Left out of simpleeval's own: attributes, comprehensions, f-strings, names of modules.
NODES = {
    ast.Constant, ast.Name, ast.Load, ast.Tuple, ast.Subscript, ast.UnaryOp, ast.USub,
    ast.UAdd, ast.Not, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BoolOp,
    ast.And, ast.Or, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Is,
    ast.IsNot, ast.IfExp, ast.Call,
}  # fmt: skip


def _on_numbers(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The same operator for numbers alone: on text and tuples, % formats and * repeats without end."""

    def operate(a: Any, b: Any) -> Any:
        for value in (a, b):
            if not isinstance(value, int | float):
                raise ExpressionError(f"arithmetic takes numbers, got {type(value).__name__}")
            _check_magnitude(value)
        return function(a, b)

    return operate


def _check_magnitude(value: Any) -> None:
    if isinstance(value, int) and abs(value) > MAX_MAGNITUDE:
        raise ExpressionError("an integer of more than 256 bits")


def _raise_to_power(base: Any, exponent: Any) -> Any:
    if abs(exponent) > MAX_EXPONENT:
        raise ExpressionError(f"an exponent is at most {MAX_EXPONENT}, got {exponent}")
    return base**exponent


_add_numbers = _on_numbers(operator.add)


def _add(a: Any, b: Any) -> Any:
    if not isinstance(a, tuple) or not isinstance(b, tuple):
        return _add_numbers(a, b)
    if len(a) + len(b) > MAX_ITEMS:
        raise ExpressionError(f"a tuple of more than {MAX_ITEMS} items")
    return a + b


OPERATORS = {
    ast.Add: _add,
    ast.Sub: _on_numbers(operator.sub),
    ast.Mult: _on_numbers(operator.mul),
    ast.Div: _on_numbers(operator.truediv),
    ast.FloorDiv: _on_numbers(operator.floordiv),
    ast.Mod: _on_numbers(operator.mod),
    ast.Pow: _on_numbers(_raise_to_power),
}


def evaluate(text: str, names: Mapping[str, Any]) -> Any:
    """Evaluate an expression.

    Raises:
        ExpressionError: the text does not parse, uses what the grammar lacks, or fails over these names.
    """
    try:
        if text in names:
            return _check_result(names[text])  # most expressions are a name alone
        evaluator = _make_evaluator()
        evaluator.names = dict(names)
        return _check_result(evaluator.eval(text, previously_parsed=_parse(text)))
    except ExpressionError as error:
        raise ExpressionError(f"cannot evaluate {text!r:.520}: {error}") from error
    except Exception as error:
        # Whatever an operator or a function raises over these values is the expression's fault.
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise ExpressionError(f"cannot evaluate {text!r:.520}: {reason}") from error


@functools.cache
def _make_evaluator() -> Any:
    """Kept for all expressions, as making an evaluator costs more than most evaluations."""
    evaluator = simpleeval.EvalWithCompoundTypes(functions=FUNCTIONS)
    evaluator.operators = {**evaluator.operators, **OPERATORS}
    evaluator.nodes = {node: handler for node, handler in evaluator.nodes.items() if node in NODES}
    return evaluator


@functools.lru_cache(maxsize=4096)
def _parse(text: str) -> ast.expr:
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"an expression has at most {MAX_LENGTH} characters, this one {len(text)}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Python's own on what it parses, such as `1 is 1`
        return ast.parse(text.strip(), mode="eval").body


def _check_result(value: Any) -> Any:
    """The value, if a case may hold it: no function, no complex number from a root of a negative one."""
    if isinstance(value, complex | bytes | EllipsisType) or callable(value):
        raise ExpressionError(f"a value is expected, got {type(value).__name__}")
    _check_magnitude(value)
    if isinstance(value, tuple):
        return tuple(map(_check_result, value))
    return value


def names(text: str) -> frozenset[str]:
    """The names in an expression; none where it does not parse, which evaluating it reports."""
    try:
        tree = _parse(text)
    except (ExpressionError, SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
