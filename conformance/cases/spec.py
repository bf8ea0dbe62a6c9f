"""Spec files: load, validate, expand into cases.

Every rejection is a `SpecError` that names the file, the line and the column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance import safe_yaml
from conformance.apis import contracts
from conformance.case import Case, Docstring, Document, DocumentKind, LayerName, Statement, Text
from conformance.cases.expansion import expand
from conformance.cases.node import Node
from conformance.cases.parts import SpecFile, Template, build_case

MAX_CASES = 50_000  # of one file
CATALOGUE = "known"  # the one folder of specs whose YAML is none


class SpecError(safe_yaml.InputError):
    """A spec file that cannot be used: where, and what was expected."""


@dataclass(frozen=True)
class Spec:
    """One loaded spec file."""

    layer: LayerName
    api: str | None
    cases: tuple[Case, ...]
    statements: tuple[Statement, ...]


def folder_of(path: Path) -> Path | None:
    """The folder named specs that a YAML file stands in; None where it is no spec."""
    folder = next((folder for folder in path.parents if folder.name == "specs"), None)
    if folder is None or path.suffix not in (".yaml", ".yml") or path.relative_to(folder).parts[0] == CATALOGUE:
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
    root = Node(document, (), document.data, {})
    file = SpecFile(name, root.data["layer"], root.data.get("api"), root.child("defaults", {}))
    _check_api(root, file)
    statements = tuple(_read_statements(root))
    templates = [*_read_canonical(root), *_read_claims(root, statements)]
    return Spec(file.layer, file.api, tuple(_expand_all(file, templates)), statements)


def _check_api(root: Node, file: SpecFile) -> None:
    known = [name for name, contract in contracts().items() if contract.layer == file.layer]
    if file.api is not None and file.api not in known:
        raise root.error(f"{file.api} is no API of {file.layer}; known are {', '.join(known)}", "api")


def _read_canonical(root: Node) -> Iterator[Template]:
    cases = root.child("cases", [])
    for number, data in enumerate(cases.data):
        node = cases.child(number)
        clause = data.get("clause", root.data.get("clause"))
        if clause is None:
            raise node.error("a case needs a clause: its own, or the file's")
        yield Template(node, data["name"], clause)


def _read_statements(root: Node) -> Iterator[Statement]:
    """The claims of a file. Raises SpecError where two have one id, or one does not say whose it is."""
    claims = root.child("claims", [])
    lines: dict[str, int] = {}
    for number, claim in enumerate(claims.data):
        node = claims.child(number)
        first = lines.setdefault(claim["id"], node.line)
        if first != node.line:
            raise node.error(
                f"the claim {claim['id']!r} stands at line {first} already; give one of them another id", "id"
            )
        source = _read_source(node, root)
        if (source.kind is DocumentKind.INSTALLED_DOCSTRING) is ("docstring" in claim):
            raise node.error(
                "a claim says how the installed docstring stands to it (docstring), unless it stands there itself"
            )
        yield Statement(
            document=source.name,
            api=root.data["api"],
            claim=claim["id"],
            section=claim["section"],
            says=Text(**claim["says"]),
            unchecked=Text(**claim["unchecked"]) if "unchecked" in claim else None,
            source=source,
            docstring=Docstring(claim["docstring"]) if "docstring" in claim else None,
            announced=claim.get("announced"),
        )


def _read_source(claim: Node, root: Node) -> Document:
    """The document of a claim: its own, or the file's. Raises SpecError where `documents` has none of that key."""
    documents = root.data["documents"]
    key = claim.data.get("document", root.data["document"])
    if key not in documents:
        place = claim if "document" in claim.data else root
        raise place.error(f"the document {key!r} is none of documents: {', '.join(documents)}", "document")
    data = documents[key]
    return Document(**{**data, "kind": DocumentKind(data["kind"])})


def _read_claims(root: Node, statements: Sequence[Statement]) -> Iterator[Template]:
    claims = root.child("claims", [])
    for number, statement in enumerate(statements):
        # What the vendor says of the installed version goes first: by that alone it is held to a copy's sentence.
        own = "the installed docstring, as " if statement.docstring is Docstring.SAME else ""
        clause = f"{own}{statement.document}, {statement.section}: {statement.says.en}"
        cases = claims.child(number).child("cases", [])
        for position, data in enumerate(cases.data):
            name = f"{statement.claim}.{data['name']}" if "name" in data else statement.claim
            yield Template(cases.child(position), name, clause, statement.claim, statement.standing)


def _expand_all(file: SpecFile, templates: Iterable[Template]) -> Iterator[Case]:
    lines: dict[str, int] = {}
    for template in templates:
        node = template.node
        for binding in expand(node):
            node.check_time("split the file")
            case = build_case(file, template, binding)
            if case.name in lines:
                raise node.error(
                    f"the case {case.name!r} stands at line {lines[case.name]} already; give one of them another name"
                )
            lines[case.name] = case.line
            if len(lines) > MAX_CASES:
                raise node.error(f"a spec file expands to at most {MAX_CASES} cases")
            yield case
