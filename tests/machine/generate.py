"""Mistakes made by machine: every small change of a function that a hand may slip into.

A change replaces one node of the syntax tree. Messages, docstrings and annotations are left alone.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
NAMES = {
    "min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum", "maximum": "minimum",
    "floor": "ceil", "ceil": "floor", "logical_and": "logical_or", "logical_or": "logical_and",
}  # fmt: skip


@dataclass(frozen=True)
class Slip:
    """One change: `old` becomes `new` at a line, within a function of a module."""

    module: str
    within: str
    line: int
    old: str
    new: str
    source: str  # of the module, after the change

    def __str__(self) -> str:
        return f"{self.module}.{self.within}:{self.line}: {self.old!r} -> {self.new!r}"


@dataclass(frozen=True)
class Change:
    """What a node becomes; the texts are of the part that changes, where that is not the whole node."""

    node: ast.AST
    new: ast.AST
    old_text: str = ""
    new_text: str = ""


def generate(module: str, source: str) -> Iterator[Slip]:
    """Every slip of a module's functions and methods."""
    tree = ast.parse(source)
    for name, function in find_functions(tree):
        for parent, field, place, node in walk(function):
            for made in change(node):
                changed = replace(tree, parent, field, place, made.new)
                old = made.old_text or ast.unparse(node)
                new = made.new_text if made.old_text else ast.unparse(made.new)
                yield Slip(module, name, node.lineno, old, new, changed)


def find_functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """Functions and methods with their dotted names; what is defined within a function belongs to it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Definition):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from find_functions(node, f"{prefix}{node.name}.")


Place: TypeAlias = tuple[ast.AST, str, int | None, ast.expr | ast.stmt]


def walk(function: Definition) -> Iterator[Place]:
    """Every statement and expression of a function's body, with what holds it."""
    for number, statement in enumerate(function.body):
        if number == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        yield function, "body", number, statement
        yield from walk_below(statement)


def walk_below(node: ast.AST) -> Iterator[Place]:
    for field, value in ast.iter_fields(node):
        if field == "annotation" or isinstance(node, ast.JoinedStr | ast.Assert):
            continue
        for number, child in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(child, ast.expr | ast.stmt):
                yield node, field, number if isinstance(value, list) else None, child
            if isinstance(child, ast.AST):
                yield from walk_below(child)


def replace(tree: ast.AST, parent: ast.AST, field: str, place: int | None, new: ast.AST) -> str:
    """The source after a change; the tree is as before."""
    value = getattr(parent, field)
    if place is None:
        setattr(parent, field, new)
    else:
        setattr(parent, field, [*value[:place], new, *value[place + 1 :]])
    changed = ast.unparse(tree)
    setattr(parent, field, value)
    return changed


def change(node: ast.expr | ast.stmt) -> Iterator[Change]:
    """What a node may become by mistake."""
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in COMPARISONS:
            yield Change(node, altered(node, ops=[COMPARISONS[type(operator)]()]))
        case ast.BoolOp(op=operator, values=values):
            yield Change(node, altered(node, op=ast.Or() if isinstance(operator, ast.And) else ast.And()))
            for value in values:
                others = [other for other in values if other is not value]
                yield Change(node, altered(node, values=others) if len(others) > 1 else others[0])
        case ast.BinOp(op=operator) if type(operator) in OPERATORS:
            yield Change(node, altered(node, op=OPERATORS[type(operator)]()))
        case ast.UnaryOp(operand=operand):
            yield Change(node, operand)
        case ast.Constant(value=bool(value)):
            yield Change(node, ast.Constant(not value))
        case ast.Constant(value=int() | float() as value):
            yield Change(node, ast.Constant(value + 1))
        case ast.IfExp(body=body, orelse=orelse):
            yield Change(node, body)
            yield Change(node, orelse)
        case ast.If(test=test):
            for value in (True, False):
                yield Change(node, altered(node, test=ast.Constant(value)), f"if {ast.unparse(test)}", f"if {value}")
        case ast.Name(id=name, ctx=ast.Load()) if name in NAMES:
            yield Change(node, altered(node, id=NAMES[name]))
        case ast.Attribute(attr=name) if name in NAMES:
            yield Change(node, altered(node, attr=NAMES[name]))
        case ast.Call(keywords=[_, *_] as keywords):
            for keyword in keywords:
                others = [other for other in keywords if other is not keyword]
                yield Change(node, altered(node, keywords=others), ast.unparse(keyword), "")
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            for number, generator in enumerate(node.generators):
                for condition in generator.ifs:
                    unconditional = altered(generator, ifs=[])
                    generators = [*node.generators[:number], unconditional, *node.generators[number + 1 :]]
                    yield Change(node, altered(node, generators=generators), f"if {ast.unparse(condition)}", "")
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break():
            yield Change(node, ast.Pass())
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield Change(node, ast.Return(ast.Constant(None)))


def altered(node: ast.AST, **fields: object) -> Any:
    """A copy of a node with other fields."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed
