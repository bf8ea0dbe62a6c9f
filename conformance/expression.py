"""Arithmetic expressions in specs, evaluated by simpleeval over a closed set of names and functions."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from typing import Any

import simpleeval

MAX_LENGTH = 500


class ExpressionError(ValueError):
    """An expression that cannot be parsed or evaluated."""


def pair(value: Any) -> tuple[Any, Any]:
    """An int or a pair as a pair (height, width)."""
    return tuple(value) if isinstance(value, tuple | list) else (value, value)  # type: ignore[return-value]


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
    ast.Expr, ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Tuple, ast.Subscript, ast.UnaryOp, ast.USub,
    ast.UAdd, ast.Not, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BoolOp,
    ast.And, ast.Or, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Is,
    ast.IsNot, ast.IfExp, ast.Call,
}  # fmt: skip


def evaluate(text: str, names: Mapping[str, Any]) -> Any:
    """Evaluate an expression.

    Raises:
        ExpressionError: it does not parse, uses what the grammar lacks, or fails over these names.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"an expression has at most {MAX_LENGTH} characters, this one {len(text)}")
    evaluator = simpleeval.EvalWithCompoundTypes(names=dict(names), functions=FUNCTIONS)
    evaluator.nodes = {
        node: handler for node, handler in evaluator.nodes.items() if node in NODES
    }
    try:
        return evaluator.eval(text)
    except (simpleeval.InvalidExpression, SyntaxError, ArithmeticError, TypeError, ValueError, LookupError, RecursionError, MemoryError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ExpressionError(f"cannot evaluate {text!r}: {reason}") from error


def names(text: str) -> frozenset[str]:
    """The names in an expression; none where it does not parse, which evaluating it reports."""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return frozenset()
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
