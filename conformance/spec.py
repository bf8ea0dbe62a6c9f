"""Spec files: load, validate, expand into cases.

Every rejection is a `SpecError` that names the file, the line and the column.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import covertable
import jsonschema
import ruamel.yaml
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from conformance import expression, inputs, values
from conformance.case import Case, Distribution, Inputs, LayerName, Phase, Promise
from conformance.values import Value

SCHEMA = Path(__file__).parent.parent / "specs" / "schema" / "spec.json"
MAX_BYTES = 2_000_000
MAX_DEPTH = 24
MAX_COMBINATIONS = 200_000  # of one `for`, before `where`
MAX_CASES = 50_000  # of one file

Path_ = tuple[str | int, ...]


class SpecError(Exception):
    """A spec file that cannot be used: where, and what was expected."""

    def __init__(self, file: str, line: int, column: int, message: str) -> None:
        self.file, self.line, self.column, self.message = file, line, column, message
        super().__init__(f"{file}:{line}:{column}: {message}")


@dataclass(frozen=True)
class Statement:
    """A statement of a document and how it is accounted for: `unchecked` is the reason, None when cases check it."""

    document: str
    api: str
    claim: str
    section: str
    says: str
    unchecked: str | None


@dataclass(frozen=True)
class Spec:
    """One loaded spec file."""

    layer: LayerName
    api: str | None
    cases: tuple[Case, ...]
    statements: tuple[Statement, ...]


def load(path: Path, name: str) -> Spec:
    """Load a spec file and expand its cases.

    Args:
        name: the file's name in case ids, relative to the specs folder.

    Raises:
        SpecError: the file cannot be read, is no YAML, breaks the schema, or has an expression,
            value or name that cannot be used.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SpecError(str(path), 1, 1, f"cannot be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise SpecError(str(path), 1, 1, f"a spec file has at most {MAX_BYTES} bytes, this one {len(raw)}")
    document = _Document.parse(str(path), raw)
    document.validate()
    return _Expander(document, name).spec()


@dataclass(frozen=True)
class _Document:
    """Plain data with the (line, column) of every node."""

    file: str
    data: Any
    positions: Mapping[Path_, tuple[int, int]]

    @classmethod
    def parse(cls, file: str, raw: bytes) -> _Document:
        try:
            text = raw.decode("utf-8")
            node = _yaml().compose(text)
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise SpecError(file, line, 1, "is not UTF-8") from error
        except ruamel.yaml.error.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            raise SpecError(file, line, column, f"is no YAML: {error.problem or error.context}") from error
        except ruamel.yaml.error.YAMLError as error:
            raise SpecError(file, 1, 1, f"is no YAML: {str(error).splitlines()[0]}") from error
        except RecursionError as error:
            raise SpecError(file, 1, 1, f"is nested deeper than {MAX_DEPTH} levels") from error
        except (ValueError, TypeError, AttributeError, IndexError, KeyError, AssertionError) as error:
            # The parser's own slips on malformed text are a malformed file all the same.
            raise SpecError(file, 1, 1, f"is no YAML: {error}") from error
        if node is None:
            raise SpecError(file, 1, 1, "is empty; expected a mapping with layer and cases")
        positions: dict[Path_, tuple[int, int]] = {}
        return cls(file, _plain(file, node, (), positions, set()), positions)

    def error(self, path: Path_, message: str) -> SpecError:
        while path not in self.positions:
            path = path[:-1]
        line, column = self.positions[path]
        return SpecError(self.file, line, column, message)

    def validate(self) -> None:
        best = jsonschema.exceptions.best_match(_validator().iter_errors(self.data))
        if best is not None:
            path = tuple(best.absolute_path)
            where = "/".join(map(str, path)) or "the file"
            raise self.error(path, f"{where}: {best.message[:500]}")


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


@functools.cache
def _yaml() -> Any:
    return ruamel.yaml.YAML(typ="safe", pure=True)


_SCALARS = ("int", "float", "bool", "null", "str")


def _plain(file: str, node: Node, path: Path_, positions: dict[Path_, tuple[int, int]], seen: set[int]) -> Any:
    mark = (node.start_mark.line + 1, node.start_mark.column + 1)
    positions[path] = mark
    if id(node) in seen:
        raise SpecError(file, *mark, "an alias: anchors and aliases are not allowed in specs")
    seen.add(id(node))
    if len(path) > MAX_DEPTH:
        raise SpecError(file, *mark, f"is nested deeper than {MAX_DEPTH} levels")
    kind = str(node.tag).removeprefix("tag:yaml.org,2002:")
    if isinstance(node, SequenceNode) and kind == "seq":
        return [_plain(file, child, (*path, i), positions, seen) for i, child in enumerate(node.value)]
    if isinstance(node, MappingNode) and kind == "map":
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key_mark = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key_node, ScalarNode) or str(key_node.tag) != "tag:yaml.org,2002:str":
                raise SpecError(file, *key_mark, "a key must be a string")
            if key_node.value in mapping:
                raise SpecError(file, *key_mark, f"the key {key_node.value!r} stands here twice")
            mapping[key_node.value] = _plain(file, value_node, (*path, key_node.value), positions, seen)
        return mapping
    if isinstance(node, ScalarNode) and kind in _SCALARS:
        try:
            return _yaml().constructor.construct_object(node)
        except (ValueError, OverflowError) as error:
            raise SpecError(file, *mark, f"is no {kind}: {error}") from error
    raise SpecError(file, *mark, f"the tag {node.tag} is not allowed in specs")


class _Expander:
    """Expands one document; holds what every case of it needs."""

    def __init__(self, document: _Document, name: str) -> None:
        self.document = document
        self.data = document.data
        self.name = name
        self.layer: LayerName = self.data["layer"]
        self.api: str | None = self.data.get("api")
        self.names: dict[str, int] = {}

    def spec(self) -> Spec:
        cases: list[Case] = []
        statements: list[Statement] = []
        if "cases" in self.data:
            for i, node in enumerate(self.data["cases"]):
                clause = node.get("clause", self.data.get("clause"))
                if clause is None:
                    raise self.document.error(("cases", i), "a case needs a clause: its own, or the file's")
                cases += self.expand(node, ("cases", i), node["name"], clause, None)
        for i, claim in enumerate(self.data.get("claims", ())):
            document = claim.get("document", self.data["document"])
            statements.append(
                Statement(document, self.data["api"], claim["id"], claim["section"], claim["says"], claim.get("unchecked"))
            )
            clause = f"{document}, {claim['section']}: {claim['says']}"
            for j, node in enumerate(claim.get("cases", ())):
                name = f"{claim['id']}.{node['name']}" if "name" in node else claim["id"]
                cases += self.expand(node, ("claims", i, "cases", j), name, clause, claim["id"])
        duplicate = next((s for n, s in enumerate(statements) if s.claim in {t.claim for t in statements[:n]}), None)
        if duplicate is not None:
            raise self.document.error(("claims",), f"the claim id {duplicate.claim!r} stands here twice")
        return Spec(self.layer, self.api, tuple(cases), tuple(statements))

    def expand(self, node: Mapping[str, Any], path: Path_, name: str, clause: str, claim: str | None) -> Iterator[Case]:
        line = self.document.positions[path][0]
        for binding in self.bindings(node, path):
            label = ",".join(f"{key}={_label(value)}" for key, value in binding.items()).replace(",", "-")
            full = f"{name}[{label}]" if label else name
            if full in self.names:
                raise self.document.error(
                    path, f"the case {full!r} stands at line {self.names[full]} already; give one of them another name"
                )
            self.names[full] = line
            if len(self.names) > MAX_CASES:
                raise self.document.error(path, f"a spec file expands to at most {MAX_CASES} cases")
            yield self.case(node, path, full, line, clause, claim, binding)

    def bindings(self, node: Mapping[str, Any], path: Path_) -> Iterator[dict[str, Value]]:
        domain = {
            key: [self.value(item, (*path, "for", key, i), {}) for i, item in enumerate(items)]
            for key, items in node.get("for", {}).items()
        }
        count = math.prod(map(len, domain.values()))
        cover = node.get("cover")
        if count > MAX_COMBINATIONS and cover is None:
            raise self.document.error(
                (*path, "for"), f"expands to {count} combinations, at most {MAX_COMBINATIONS} are allowed; use cover"
            )
        where = node.get("where", [])
        conditions = [where] if isinstance(where, str) else where

        def holds(binding: Mapping[str, Value]) -> bool:
            return all(self.evaluate(text, (*path, "where"), binding) for text in conditions)

        if cover is None or cover >= len(domain):
            rows = itertools.product(*domain.values())
            found: Iterator[dict[str, Value]] = (dict(zip(domain, row, strict=True)) for row in rows)
        else:
            found = self.covering(domain, cover, conditions, (*path, "where"))
        for binding in found:
            if holds(binding):
                yield binding

    def covering(
        self, domain: Mapping[str, list[Value]], strength: int, conditions: list[str], path: Path_
    ) -> Iterator[dict[str, Value]]:
        """Rows that hold every admissible combination of `strength` names, far fewer than the whole product.

        Each condition is known to the library with the names that it speaks of, so that no combination is lost
        to one that it could have avoided; rows are of indices, which hash where a value does not.
        """

        def constraint(text: str) -> dict[str, Any]:
            names = [key for key in domain if key in expression.names(text)]

            @functools.cache
            def holds(*indices: int) -> bool:
                chosen = {name: domain[name][i] for name, i in zip(names, indices, strict=True)}
                return bool(self.evaluate(text, path, chosen))

            return {"operator": "fn", "requires": names, "evaluate": lambda row: holds(*map(row.get, names))}

        factors = {key: list(range(len(items))) for key, items in domain.items()}
        constraints = [constraint(text) for text in conditions]
        for row in covertable.make(factors, strength=strength, constraints=constraints):
            yield {key: items[row[key]] for key, items in domain.items()}

    def case(
        self,
        node: Mapping[str, Any],
        path: Path_,
        name: str,
        line: int,
        clause: str,
        claim: str | None,
        binding: Mapping[str, Value],
    ) -> Case:
        defaults = self.data.get("defaults", {})
        arguments = {
            **self.values(defaults.get("arguments", {}), ("defaults", "arguments"), binding),
            **self.values(node.get("arguments", {}), (*path, "arguments"), binding),
        }
        given = self.inputs(node, path, defaults, binding)
        if claim is None:
            raises = node.get("raises", ())
            promise = Promise(raises=(raises,) if isinstance(raises, str) else tuple(raises))
        else:
            names = {**arguments, **binding}
            if given is not None and len(given.shape) in (3, 4):
                names = {**dict(zip("NCHW"[-len(given.shape) :], given.shape, strict=True)), **names}
            promise = self.promise(node["expect"], (*path, "expect"), names, arguments)
        return Case(self.name, name, line, self.layer, self.api, arguments, given, promise, clause, claim)

    def inputs(
        self, node: Mapping[str, Any], path: Path_, defaults: Mapping[str, Any], binding: Mapping[str, Value]
    ) -> Inputs | None:
        own = node.get("input", {})
        if own is None:
            return None
        merged = {
            **self.values(defaults.get("input") or {}, ("defaults", "input"), binding),
            **self.values(own, (*path, "input"), binding),
        }
        if "shape" not in merged:
            if merged:
                raise self.document.error((*path, "input"), "an input needs a shape")
            return None
        for key, known in (("values", inputs.CLASSES), ("layout", inputs.LAYOUTS), ("dtype", inputs.DTYPES)):
            if key in merged and merged[key] not in known:
                raise self.document.error(
                    (*path, "input", key), f"unknown {key} {merged[key]!r}, expected one of {', '.join(known)}"
                )
        shape = merged["shape"]
        if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
            raise self.document.error((*path, "input", "shape"), f"a shape is a list of integers >= 0, got {shape!r}")
        if math.prod(shape) > inputs.MAX_ELEMENTS:
            raise self.document.error(
                (*path, "input", "shape"), f"{shape} has more than {inputs.MAX_ELEMENTS} elements; it would not be allocated"
            )
        return Inputs(**merged)

    def promise(self, node: Mapping[str, Any], path: Path_, names: Mapping[str, Value], arguments: Mapping[str, Value]) -> Promise:
        expect = {key: self.value(item, (*path, key), names) if key in ("shape", "dtype") else item for key, item in node.items()}
        parameters: dict[str, tuple[tuple[int, ...] | None, str | None] | None] = {}
        for key, item in node.get("parameters", {}).items():
            inner = None if item is None else self.values(item, (*path, "parameters", key), names)
            parameters[key] = None if inner is None else (inner.get("shape"), inner.get("dtype"))
        distribution = None
        if "distribution" in node:
            (family,) = set(node["distribution"]) - {"parameter"}
            numbers = self.value(node["distribution"][family], (*path, "distribution", family), names)
            distribution = Distribution(node["distribution"]["parameter"], family, tuple(map(float, numbers)))
        raises = node.get("raises", ())
        same_as = None
        if "same_as" in node:
            same_as = {**arguments, **self.values(node["same_as"], (*path, "same_as"), names)}
        return Promise(
            shape=expect.get("shape"),
            dtype=expect.get("dtype"),
            raises=(raises,) if isinstance(raises, str) else tuple(raises),
            phase=Phase(node["phase"]) if "phase" in node else None,
            accepts=bool(node.get("accepts")),
            operation=bool(node.get("operation")),
            parameters=parameters,
            defaults=self.values(node.get("defaults", {}), (*path, "defaults"), names),
            distribution=distribution,
            same_as=same_as,
        )

    def values(self, mapping: Mapping[str, Any], path: Path_, names: Mapping[str, Value]) -> dict[str, Value]:
        return {key: self.value(item, (*path, key), names) for key, item in mapping.items()}

    def value(self, node: Any, path: Path_, names: Mapping[str, Value]) -> Value:
        """A YAML node as a value, its expressions evaluated."""

        def text(string: str) -> Value:
            return self.evaluate(string[1:], path, names) if string.startswith("=") else string

        try:
            return values.from_yaml(node, text)
        except ValueError as error:
            raise self.document.error(path, str(error)) from error

    def evaluate(self, text: str, path: Path_, names: Mapping[str, Value]) -> Any:
        try:
            return expression.evaluate(text, names)
        except expression.ExpressionError as error:
            raise self.document.error(path, str(error)) from error


def _label(value: Value) -> str:
    """A value as it stands in a case's name: short, readable, without what ids reserve."""
    match value:
        case tuple():
            return "x".join(map(_label, value)) or "empty"
        case None:
            return "none"
        case bool() | int() | float():
            return str(value).lower()
        case str():
            return value.replace("::", ":") or "empty"
        case _:
            return json.dumps(values.to_json(value), separators=(",", ":")).replace('"', "").replace(",", ";")
