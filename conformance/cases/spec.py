"""Spec files: load, validate, expand into cases.

Every rejection is a `SpecError` that names the file, the line and the column.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import covertable

import conv_reference as reference
from conformance import safe_yaml
from conformance.apis import NoEquivalent, common, contracts
from conformance.case import (
    DTYPES,
    LAYOUTS,
    MAX_ELEMENTS,
    VALUES,
    Case,
    Distribution,
    Docstring,
    Document,
    DocumentKind,
    Inputs,
    LayerName,
    Phase,
    Promise,
    Statement,
    values,
)
from conformance.case.values import Value
from conformance.cases import expression
from conformance.cases.naming import case_name
from conformance.safe_yaml import YamlPath

MAX_COMBINATIONS = 200_000  # of one `for`, before `where`; with `cover`, of what is to be covered
MAX_CASES = 50_000  # of one file
_SHARED = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias")
PARAMETERS = {"conv2d": (*_SHARED, "padding_mode"), "conv_transpose2d": (*_SHARED, "output_padding")}
KNOWN = {
    "values": VALUES,
    "layout": LAYOUTS,
    "dtype": DTYPES,
    "weight_dtype": DTYPES,
}


class SpecError(safe_yaml.InputError):
    """A spec file that cannot be used: where, and what was expected."""


@dataclass(frozen=True)
class Spec:
    """One loaded spec file."""

    layer: LayerName
    api: str | None
    cases: tuple[Case, ...]
    statements: tuple[Statement, ...]


BASELINES = "baselines"  # the one folder of specs whose YAML is none


def folder_of(path: Path) -> Path | None:
    """The folder named specs that a YAML file stands in; None where it is no spec."""
    folder = next((folder for folder in path.parents if folder.name == "specs"), None)
    if folder is None or path.suffix not in (".yaml", ".yml") or path.relative_to(folder).parts[0] == BASELINES:
        return None
    return folder


def load(path: Path, name: str) -> Spec:
    """Load a spec file and expand its cases.

    Args:
        name: the file's name in case ids, relative to the specs folder.

    Raises:
        SpecError: the file cannot be read, is no YAML, breaks the schema, or has an expression,
            value or name that cannot be used.
    """
    document = safe_yaml.load(path, SpecError)
    document.validate("spec.json")
    return _Expander(document, name).spec()


class _Expander:
    """Expands one document; holds what every case of it needs."""

    def __init__(self, document: safe_yaml.Document, name: str) -> None:
        self.document = document
        self.data = document.data
        self.name = name
        self.layer: LayerName = self.data["layer"]
        self.api: str | None = self.data.get("api")
        self.names: dict[str, int] = {}

    def spec(self) -> Spec:
        if self.api is not None:
            self.known_api(self.api)
        cases: list[Case] = []
        statements: list[Statement] = []
        if "cases" in self.data:
            for i, node in enumerate(self.data["cases"]):
                clause = node.get("clause", self.data.get("clause"))
                if clause is None:
                    raise self.document.error(("cases", i), "a case needs a clause: its own, or the file's")
                cases += self.expand(node, ("cases", i), node["name"], clause, None)
        for i, claim in enumerate(self.data.get("claims", ())):
            statement = self.statement(claim, ("claims", i))
            statements.append(statement)
            clause = f"{statement.document}, {statement.section}: {statement.says}"
            for j, node in enumerate(claim.get("cases", ())):
                name = f"{claim['id']}.{node['name']}" if "name" in node else claim["id"]
                cases += self.expand(node, ("claims", i, "cases", j), name, clause, claim["id"])
        duplicate = next((s for n, s in enumerate(statements) if s.claim in {t.claim for t in statements[:n]}), None)
        if duplicate is not None:
            raise self.document.error(("claims",), f"the claim id {duplicate.claim!r} stands here twice")
        return Spec(self.layer, self.api, tuple(cases), tuple(statements))

    def statement(self, claim: Mapping[str, Any], path: YamlPath) -> Statement:
        source = self.source(claim, path)
        if (source.kind is DocumentKind.INSTALLED_DOCSTRING) is ("docstring" in claim):
            raise self.document.error(
                path, "a claim says how the installed docstring stands to it (docstring), unless it stands there itself"
            )
        return Statement(
            document=source.name,
            api=self.data["api"],
            claim=claim["id"],
            section=claim["section"],
            says=claim["says"],
            unchecked=claim.get("unchecked"),
            source=source,
            docstring=Docstring(claim["docstring"]) if "docstring" in claim else None,
            announced=claim.get("announced"),
        )

    def source(self, claim: Mapping[str, Any], path: YamlPath) -> Document:
        key = claim.get("document", self.data["document"])
        if key not in self.data["documents"]:
            where = (*path, "document") if "document" in claim else ("document",)
            raise self.document.error(
                where, f"the document {key!r} is none of documents: {', '.join(self.data['documents'])}"
            )
        data = self.data["documents"][key]
        return Document(**{**data, "kind": DocumentKind(data["kind"])})

    def known_api(self, api: str) -> None:
        known = [name for name, contract in contracts().items() if contract.layer == self.layer]
        if api not in known:
            raise self.document.error(("api",), f"{api} is no API of {self.layer}; known are {', '.join(known)}")

    def expand(
        self, node: Mapping[str, Any], path: YamlPath, name: str, clause: str, claim: str | None
    ) -> Iterator[Case]:
        line = self.document.positions[path][0]
        for binding in self.bindings(node, path):
            full = case_name(name, binding)
            if full in self.names:
                raise self.document.error(
                    path, f"the case {full!r} stands at line {self.names[full]} already; give one of them another name"
                )
            self.names[full] = line
            if len(self.names) > MAX_CASES:
                raise self.document.error(path, f"a spec file expands to at most {MAX_CASES} cases")
            yield self.case(node, path, full, line, clause, claim, binding)

    def bindings(self, node: Mapping[str, Any], path: YamlPath) -> Iterator[dict[str, Value]]:
        domain = {
            key: [self.value(item, (*path, "for", key, i), {}) for i, item in enumerate(items)]
            for key, items in node.get("for", {}).items()
        }
        cover = node.get("cover")
        strength = len(domain) if cover is None else min(cover, len(domain))
        sizes = map(len, domain.values())
        count = sum(math.prod(chosen) for chosen in itertools.combinations(sizes, strength))
        if count > MAX_COMBINATIONS:
            mend = "use cover" if strength == len(domain) else "cover fewer names at once"
            raise self.document.error(
                (*path, "for"), f"expands to {count} combinations, at most {MAX_COMBINATIONS} are allowed; {mend}"
            )
        where = node.get("where", [])
        conditions = [where] if isinstance(where, str) else where

        def holds(binding: Mapping[str, Value]) -> bool:
            return all(self.evaluate(text, (*path, "where"), binding) for text in conditions)

        if strength == len(domain):
            rows = itertools.product(*domain.values())
            found: Iterator[dict[str, Value]] = (dict(zip(domain, row, strict=True)) for row in rows)
        else:
            found = self.covering(domain, strength, conditions, (*path, "where"))
        for binding in found:
            if holds(binding):
                yield binding

    def covering(
        self, domain: Mapping[str, list[Value]], strength: int, conditions: list[str], path: YamlPath
    ) -> Iterator[dict[str, Value]]:
        """Rows that hold every admissible combination of `strength` names, far fewer than the whole product.

        Each condition is known to the library with the names that it speaks of, so that no combination is lost
        to one that it could have avoided; rows are of indices, which hash where a value does not.
        """
        names = list(domain)

        def constraint(text: str) -> dict[str, Any]:
            spoken_of = [i for i, name in enumerate(names) if name in expression.names(text)]

            @functools.cache
            def holds(*indices: int) -> bool:
                chosen = {names[i]: domain[names[i]][k] for i, k in zip(spoken_of, indices, strict=True)}
                return bool(self.evaluate(text, path, chosen))

            return {"operator": "fn", "requires": spoken_of, "evaluate": lambda row: holds(*map(row.get, spoken_of))}

        factors = [list(range(len(items))) for items in domain.values()]
        constraints = [constraint(text) for text in conditions]
        for row in dict.fromkeys(map(tuple, covertable.make(factors, strength=strength, constraints=constraints))):
            yield {name: domain[name][k] for name, k in zip(names, row, strict=True)}

    def case(
        self,
        node: Mapping[str, Any],
        path: YamlPath,
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
        if claim is None and "raises" not in node:
            self.known_parameters(arguments, (*path, "arguments"))
        self.sizes(arguments, given, (*path, "arguments"))
        if claim is None:
            raises = node.get("raises", ())
            promise = Promise(raises=(raises,) if isinstance(raises, str) else tuple(raises))
        else:
            names = {**arguments, **binding}
            if given is not None and len(given.shape) in (3, 4):
                names = {**dict(zip("NCHW"[-len(given.shape) :], given.shape, strict=True)), **names}
            promise = self.promise(node["expect"], (*path, "expect"), names, arguments)
        positional = tuple(node.get("positional", ()))
        for missing in set(positional) - set(arguments):
            raise self.document.error((*path, "positional"), f"{missing!r} is none of the case's arguments")
        return Case(self.name, name, line, self.layer, self.api, arguments, given, promise, clause, claim, positional)

    def inputs(
        self, node: Mapping[str, Any], path: YamlPath, defaults: Mapping[str, Any], binding: Mapping[str, Value]
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
        for key, known in KNOWN.items():
            if key in merged and merged[key] not in known:
                raise self.document.error(
                    (*path, "input", key), f"unknown {key} {merged[key]!r}, expected one of {', '.join(known)}"
                )
        if not isinstance(merged.get("gradients", True), bool):
            raise self.document.error(
                (*path, "input", "gradients"), f"gradients is true or false, got {merged['gradients']!r}"
            )
        shape = merged["shape"]
        if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
            raise self.document.error((*path, "input", "shape"), f"a shape is a list of integers >= 0, got {shape!r}")
        if math.prod(shape) > MAX_ELEMENTS:
            raise self.document.error(
                (*path, "input", "shape"),
                f"{shape} has more than {MAX_ELEMENTS} elements; it would not be allocated",
            )
        return Inputs(**merged)

    def known_parameters(self, arguments: Mapping[str, Value], path: YamlPath) -> None:
        known = PARAMETERS[self.layer]
        unknown = next((key for key in arguments if key not in known), None)
        if unknown is not None:
            where = (
                (*path, unknown) if (*path, unknown) in self.document.positions else ("defaults", "arguments", unknown)
            )
            raise self.document.error(where, f"{self.layer} has no parameter {unknown!r}; known are {', '.join(known)}")

    def sizes(self, arguments: Mapping[str, Value], given: Inputs | None, path: YamlPath) -> None:
        """Refuse a call whose arrays would not be allocated; one that is invalid has none."""
        for name, shape in _shapes(self.layer, self.api, arguments, given):
            if math.prod(shape) > MAX_ELEMENTS:
                raise self.document.error(
                    path,
                    f"{name} of shape {shape} has more than {MAX_ELEMENTS} elements; it would not be allocated",
                )

    def promise(
        self, node: Mapping[str, Any], path: YamlPath, names: Mapping[str, Value], arguments: Mapping[str, Value]
    ) -> Promise:
        raises = node.get("raises", ())
        same_as = None
        if "same_as" in node:
            same_as = {**arguments, **self.values(node["same_as"], (*path, "same_as"), names)}
        return Promise(
            **self.array(node, path, names),
            raises=(raises,) if isinstance(raises, str) else tuple(raises),
            phase=Phase(node["phase"]) if "phase" in node else None,
            accepts=bool(node.get("accepts")),
            operation=bool(node.get("operation")),
            parameters={
                key: None if item is None else tuple(self.array(item, (*path, "parameters", key), names).values())
                for key, item in node.get("parameters", {}).items()
            },
            defaults=self.values(node.get("defaults", {}), (*path, "defaults"), names),
            distribution=self.distribution(node["distribution"], (*path, "distribution"), names)
            if "distribution" in node
            else None,
            same_as=same_as,
        )

    def array(self, node: Mapping[str, Any], path: YamlPath, names: Mapping[str, Value]) -> dict[str, Any]:
        """The promised shape and dtype of an array, each None where the document is silent."""
        found: dict[str, Any] = {"shape": None, "dtype": None}
        if "shape" in node:
            found["shape"] = self.value(node["shape"], (*path, "shape"), names)
            # A formula without a floor may promise a fraction, which no output then keeps.
            if not isinstance(found["shape"], tuple) or not all(type(n) in (int, float) for n in found["shape"]):
                raise self.document.error((*path, "shape"), f"a shape is a list of numbers, got {found['shape']!r}")
        if "dtype" in node:
            found["dtype"] = self.value(node["dtype"], (*path, "dtype"), names)
            if not isinstance(found["dtype"], str):
                raise self.document.error((*path, "dtype"), f"a dtype is its name, got {found['dtype']!r}")
        return found

    def distribution(self, node: Mapping[str, Any], path: YamlPath, names: Mapping[str, Value]) -> Distribution:
        (family,) = set(node) - {"parameter"}
        numbers = self.value(node[family], (*path, family), names)
        if not all(isinstance(number, int | float) for number in numbers):
            raise self.document.error((*path, family), f"{family} takes numbers, got {numbers!r}")
        return Distribution(node["parameter"], family, tuple(map(float, numbers)))

    def values(self, mapping: Mapping[str, Any], path: YamlPath, names: Mapping[str, Value]) -> dict[str, Value]:
        return {key: self.value(item, (*path, key), names) for key, item in mapping.items()}

    def value(self, node: Any, path: YamlPath, names: Mapping[str, Value]) -> Value:
        """A YAML node as a value, its expressions evaluated."""

        def text(string: str) -> Value:
            return self.evaluate(string[1:], path, names) if string.startswith("=") else string

        try:
            return values.from_yaml(node, text)
        except ValueError as error:
            raise self.document.error(path, str(error)) from error

    def evaluate(self, text: str, path: YamlPath, names: Mapping[str, Value]) -> Any:
        try:
            return expression.evaluate(text, names)
        except expression.ExpressionError as error:
            raise self.document.error(path, str(error)) from error


def _shapes(
    layer: LayerName, api: str | None, arguments: Mapping[str, Value], given: Inputs | None
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The arrays that a call would allocate, as far as its arguments define any."""
    for name, value in arguments.items():
        if isinstance(value, values.Tensor):
            yield name, value.shape
    canonical = {**common.DEFAULTS, **arguments}
    try:
        if api is not None:
            translated = contracts()[api].to_canonical(arguments)
            if isinstance(translated, NoEquivalent):
                return
            canonical = {**common.DEFAULTS, **translated}
        weight = common.weight_shape(layer, canonical)
        if weight is None:
            return
        yield "a weight", weight
        if given is None:
            return
        geometry = {key: canonical[key] for key in ("stride", "padding", "dilation")}
        if layer == "conv_transpose2d":
            geometry["output_padding"] = canonical["output_padding"]
        output = reference.output_size(layer, given.shape[-2:], weight[-2:], **geometry)
        yield "an output", (*given.shape[:-3], canonical["out_channels"], *output)
        sides = common.four_sided(canonical["padding"]) or 2 * (common.pair(canonical["padding"]) or (0, 0))
        rows, columns = (sides[0] + sides[1], sides[2] + sides[3]) if len(sides) == 4 else (0, 0)
        yield "a padded input", (*given.shape[:-2], given.shape[-2] + rows, given.shape[-1] + columns)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return  # an invalid call
