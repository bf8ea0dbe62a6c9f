"""Seeded mistakes: a passage of a package's source, found by its syntax, becomes another.

    mutant = Mutation("conv_reference", "call.x.conj()", "call.x", within="backward")
    mutated = mutant.apply()
    mutated.module, mutated.path, mutated.source

`where` names a package or a module; of a package every file is searched. `old` and `new` are Python, compared as
syntax trees: line breaks, comments, quotes, brackets and the file of the package make no difference.

- Two expressions replace a whole sub-expression, wherever it stands: an argument, an operand, a condition, a target.
- Anything else replaces statements that follow each other; `pass` removes them.
- The names `_1`, `_2`, ... in `old` stand for any expression, the same for the same name; `new` may use them.
- `within` is the name of the function or class that the passage stands in, dotted as far as needed ("Call.run").

`old` must stand in one file, as often as `times` says. Everything else is a `MutationError`.
"""

from __future__ import annotations

import ast
import copy
import importlib.util
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

HOLE = re.compile(r"_\d+")
# Fields that say nothing of what the source does: `ctx` follows from the place, `kind` is the u of u"".
IGNORED = {"ctx", "kind", "type_comment"}


class MutationError(Exception):
    """A mutation that cannot be made: its passage is not there, is there too often, or is no Python."""


@dataclass(frozen=True)
class Mutated:
    """One file with a mistake in it: its module's dotted name, its path, its source after the change."""

    module: str
    path: Path
    source: str


@dataclass(frozen=True)
class Mutation:
    """A mistake as data; see the module's docstring."""

    where: str
    old: str
    new: str
    within: str = ""
    times: int = 1

    def apply(self) -> Mutated:
        """The one file that changes, changed. Raises MutationError."""
        old, new = parse_passages(self.old, self.new)
        if dump(old) == dump(new):
            raise MutationError(f"{self.old!r} becomes itself")
        places = {file: list(find_places(file.tree(), old, self.within)) for file in read_files(self.where)}
        places = {file: found for file, found in places.items() if found}
        if sum(map(len, places.values())) != self.times or len(places) != 1:
            raise MutationError(self._describe_places(places))
        file = next(iter(places))
        tree = file.tree()
        # The last first, so that the positions of the others stay what they are.
        for place in reversed(list(find_places(tree, old, self.within))):
            place.replace(new)
        return Mutated(file.module, file.path, ast.unparse(tree) + "\n")

    def _describe_places(self, places: Mapping[File, Sequence[Place]]) -> str:
        inside = f" within {self.within}" if self.within else ""
        passage = f"{self.old!r}{inside}"
        if not places:
            return f"{self.where} has nowhere {passage}"
        lines = [f"{file.module}:{place.line}" for file, found in places.items() for place in found]
        return f"{self.where} has {passage} at {', '.join(lines)}; expected in one file, {self.times} times"


@dataclass(frozen=True)
class File:
    """A source file of a package."""

    module: str
    path: Path
    text: str

    def tree(self) -> ast.Module:
        """A syntax tree of its own, to change at will."""
        return ast.parse(self.text, str(self.path))


@cache
def read_files(where: str) -> tuple[File, ...]:
    """The source of a module, or of all modules of a package. Imports nothing but the packages around it."""
    try:
        spec = importlib.util.find_spec(where)
    except ModuleNotFoundError:
        spec = None
    if spec is None:
        raise MutationError(f"no module is called {where!r}")
    if spec.submodule_search_locations is None:
        assert spec.origin is not None
        path = Path(spec.origin)
        return (File(where, path, path.read_text(encoding="utf-8")),)
    files = []
    for folder in map(Path, spec.submodule_search_locations):
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            if parts[-1] == "__init__":
                parts = parts[:-1]
            files.append(File(".".join((where, *parts)), path, path.read_text(encoding="utf-8")))
    return tuple(files)


Passage = ast.expr | list[ast.stmt]


def parse_passages(old: str, new: str) -> tuple[Passage, Passage]:
    """Both as expressions where both are, else both as statements."""
    before = parse_statements(old)
    after = parse_statements(new)
    if isinstance(before[0], ast.Expr) and isinstance(after[0], ast.Expr) and len(before) == len(after) == 1:
        return before[0].value, after[0].value
    return before, after


def parse_statements(source: str) -> list[ast.stmt]:
    try:
        body = ast.parse(dedent(source).strip()).body
    except SyntaxError as error:
        raise MutationError(f"{source!r} is no Python: {error.msg}") from error
    if not body:
        raise MutationError("an empty passage matches nothing; to remove statements, let them become 'pass'")
    return body


def dump(passage: Passage) -> str:
    if isinstance(passage, list):
        return "\n".join(map(ast.dump, passage))
    return ast.dump(passage)


@dataclass(frozen=True)
class Place:
    """Where a passage stands: a field of a node, or some items of the list in that field.

    `holes` holds what stands there for `_1`, `_2`, ...
    """

    parent: ast.AST
    field: str
    items: slice | None
    line: int
    holes: Mapping[str, ast.expr]

    def replace(self, passage: Passage) -> None:
        """Put the passage there."""
        if isinstance(passage, list):
            filled = [fill(statement, self.holes) for statement in passage]
        else:
            filled = [fill(passage, self.holes)]
        if self.items is None:
            setattr(self.parent, self.field, filled[0])
        else:
            getattr(self.parent, self.field)[self.items] = filled


def find_places(tree: ast.AST, passage: Passage, within: str, names: tuple[str, ...] = ()) -> Iterator[Place]:
    """All places of the passage, in the order of the source."""
    if isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        names = (*names, tree.name)
    for field, value in ast.iter_fields(tree):
        if is_inside(names, within):
            yield from places_in_field(tree, field, value, passage)
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from find_places(child, passage, within, names)


def is_inside(names: tuple[str, ...], within: str) -> bool:
    """Whether one of the functions and classes around a place has the dotted name `within`."""
    if not within:
        return True
    return f".{within}." in f".{'.'.join(names)}."


def places_in_field(parent: ast.AST, field: str, value: object, passage: Passage) -> Iterator[Place]:
    candidates: list[tuple[slice | None, Any]]
    if not isinstance(value, list):
        candidates = [(None, value)]
    elif isinstance(passage, list):
        count = len(passage)
        candidates = [(slice(i, i + count), value[i : i + count]) for i in range(len(value) - count + 1)]
    else:
        candidates = [(slice(i, i + 1), item) for i, item in enumerate(value)]
    for items, candidate in candidates:
        holes: dict[str, ast.expr] = {}
        if matches(passage, candidate, holes):
            first = candidate[0] if isinstance(candidate, list) else candidate
            yield Place(parent, field, items, first.lineno, holes)


def matches(pattern: object, candidate: object, holes: dict[str, ast.expr]) -> bool:
    """Whether a candidate is the pattern; adds what stands for its holes."""
    if isinstance(pattern, ast.Name) and HOLE.fullmatch(pattern.id):
        if not isinstance(candidate, ast.expr):
            return False
        earlier = holes.setdefault(pattern.id, candidate)
        return earlier is candidate or matches(earlier, candidate, {})
    if type(pattern) is not type(candidate):
        return False
    if isinstance(pattern, list):
        assert isinstance(candidate, list)
        if len(pattern) != len(candidate):
            return False
        return all(matches(ours, theirs, holes) for ours, theirs in zip(pattern, candidate, strict=True))
    if isinstance(pattern, ast.AST):
        fields = [name for name in pattern._fields if name not in IGNORED]
        return all(matches(getattr(pattern, f, None), getattr(candidate, f, None), holes) for f in fields)
    return bool(pattern == candidate)


def fill(passage: ast.AST, holes: Mapping[str, ast.expr]) -> Any:
    """A copy of the passage with what stands for its holes."""

    class Filler(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            if not HOLE.fullmatch(node.id):
                return node
            if node.id not in holes:
                raise MutationError(f"{node.id} stands for nothing in the passage that is replaced")
            return copy.deepcopy(holes[node.id])

    return Filler().visit(copy.deepcopy(passage))
