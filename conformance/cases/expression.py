"""Arithmetic expressions in specs, evaluated by simpleeval over a closed set of names, functions and operators."""

from __future__ import annotations

import ast
import functools
import math
import operator
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import simpleeval

MAX_LENGTH = 500
MAX_MAGNITUDE = 2**256  # of an integer on the way to a result
MAX_ITEMS = 1000  # of a tuple on the way to a result


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


def _numeric(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """An operator on numbers alone: on text or tuples, % formats and * repeats without end."""

    def operate(a: Any, b: Any) -> Any:
        for value in (a, b):
            if not isinstance(value, int | float):
                raise ExpressionError(f"arithmetic takes numbers, got {type(value).__name__}")
            if isinstance(value, int) and abs(value) > MAX_MAGNITUDE:
                raise ExpressionError("an integer of more than 256 bits")
        return function(a, b)

    return operate


def _power(a: Any, b: Any) -> Any:
    if abs(b) > 256:
        raise ExpressionError(f"an exponent is at most 256, got {b}")
    return a**b


def _add(a: Any, b: Any) -> Any:
    if isinstance(a, tuple) and isinstance(b, tuple):
        if len(a) + len(b) > MAX_ITEMS:
            raise ExpressionError(f"a tuple of more than {MAX_ITEMS} items")
        return a + b
    return _numeric(operator.add)(a, b)


OPERATORS = {
    ast.Add: _add,
    ast.Sub: _numeric(operator.sub),
    ast.Mult: _numeric(operator.mul),
    ast.Div: _numeric(operator.truediv),
    ast.FloorDiv: _numeric(operator.floordiv),
    ast.Mod: _numeric(operator.mod),
    ast.Pow: _numeric(_power),
}


def evaluate(text: str, names: Mapping[str, Any]) -> Any:
    """Evaluate an expression.

    Raises:
        ExpressionError: it does not parse, uses what the grammar lacks, or fails over these names.
    """
    try:
        evaluator = _evaluator()
        evaluator.names = dict(names)
        return _settled(evaluator.eval(text, previously_parsed=_parse(text)))
    except ExpressionError as error:
        raise ExpressionError(f"cannot evaluate {text!r:.520}: {error}") from error
    except Exception as error:
        # Whatever an operator or a function raises over these values is the expression's fault.
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise ExpressionError(f"cannot evaluate {text!r:.520}: {reason}") from error


@functools.cache
def _evaluator() -> Any:
    """One for all expressions: making one costs more than most evaluations."""
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


def _settled(value: Any) -> Any:
    """A result that a case may hold: no function, no complex number from a root of a negative one."""
    if isinstance(value, complex) or callable(value):
        raise ExpressionError(f"a value is expected, got {type(value).__name__}")
    if isinstance(value, int) and abs(value) > MAX_MAGNITUDE:
        raise ExpressionError("an integer of more than 256 bits")
    if isinstance(value, tuple):
        return tuple(map(_settled, value))
    return value


def names(text: str) -> frozenset[str]:
    """The names in an expression; none where it does not parse, which evaluating it reports."""
    try:
        tree = _parse(text)
    except (ExpressionError, SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
