"""Reads a catalogue: one YAML file a framework. Schema: ``specs/schema/known.json``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from conformance import safe_yaml
from conformance.apis import frameworks
from conformance.case import ASSERTION, Authority, Entry, Outcome, Severity, Text, Workaround
from conformance.catalogue.catalogue import Catalogue
from conformance.catalogue.listed import ListedEntry, Pattern, Sighting, Where
from conformance.safe_yaml import Document, YamlPath

EXAMPLE = "conv2d/padding.yaml::same[k:3]"
MAX_SCRIPT = 15  # lines
MAX_TITLE = 12  # words
NOT_REPORTED = "not reported"
SPECS = "specs"


class CatalogueError(safe_yaml.InputError):
    """A catalogue that cannot be used or rewritten: where, and what was expected."""


def load(path: Path) -> Catalogue:
    """The entries of a file, or of all files of a folder.

    Raises:
        CatalogueError: a file cannot be read, is no YAML, or no catalogue; or two entries have one id.
    """
    entries: dict[str, ListedEntry] = {}
    for file in find_files(path):
        document = safe_yaml.load(file, CatalogueError)
        for number, listed in enumerate(read(document)):
            first = entries.setdefault(listed.entry.id, listed)
            if first is not listed:
                place = f"{first.file}:{first.line}"
                raise document.error(("entries", number, "id"), f"{listed.entry.id} is the id of {place} as well")
    return Catalogue(str(path), entries.values())


def find_files(path: Path) -> Sequence[Path]:
    """The files of a catalogue. Raises CatalogueError where there are none."""
    if not path.is_dir():
        return [path]
    files = sorted([*path.glob("*.yaml"), *path.glob("*.yml")])
    if not files:
        raise CatalogueError(str(path), 1, 1, "has no YAML file; one a framework is expected")
    return files


def read(document: Document) -> Iterator[ListedEntry]:
    """The entries of a document. Raises CatalogueError."""
    document.validate("known.json")
    framework = document.data["framework"]
    known = frameworks()
    if framework not in known:
        raise document.error(("framework",), f"no framework is called {framework!r}; known are {', '.join(known)}")
    for number, node in enumerate(document.data["entries"]):
        yield _Reader(document, framework, ("entries", number)).read(node)


class _Reader:
    """Reads one entry of a document."""

    def __init__(self, document: Document, framework: str, path: YamlPath) -> None:
        self._document = document
        self._framework = framework
        self._path = path

    def read(self, node: Mapping[str, Any]) -> ListedEntry:
        severity = Severity(node["severity"])
        unstable = frozenset(map(Outcome, node.get("unstable", ())))
        return ListedEntry(
            Entry(
                id=node["id"],
                framework=self._framework,
                title=self._read_title(node["title"]),
                severity=severity,
                authority=self._read_authority(node["authority"], severity),
                rests_on=Text(**node["rests_on"]),
                effect=Text(**node["effect"]),
                workaround=_read_workaround(node.get("workaround")),
                upstream="" if node["upstream"] == NOT_REPORTED else node["upstream"],
                script=self._read_script(node["script"]),
                ends=node.get("ends", ASSERTION),
                correction=self._read_correction(node.get("correction"), node["authority"]),
            ),
            self._read_where(node["where"]),
            unstable,
            tuple(self._read_sightings(node["seen"], severity)),
            self._document.file,
            self._document.positions[self._path][0],
        )

    def _error(self, path: YamlPath, message: str) -> safe_yaml.InputError:
        return self._document.error((*self._path, *path), message)

    def _read_title(self, node: Mapping[str, str]) -> Text:
        words = len(node["en"].split())
        if words > MAX_TITLE:
            raise self._error(("title", "en"), f"a title has at most {MAX_TITLE} words, this one {words}")
        return Text(**node)

    def _read_authority(self, name: str, severity: Severity) -> Authority | None:
        is_difference = severity is Severity.DIFFERENCE
        if is_difference != (name == "none"):
            raise self._error(("authority",), "a difference has the authority none, and nothing else has")
        return None if is_difference else Authority(name)

    def _read_correction(self, node: Mapping[str, str] | None, authority: str) -> Text | None:
        if node is None:
            return None
        if authority != Authority.OWN_DOCUMENT:
            raise self._error(("correction",), "only what rests on the vendor's own_document has a correction")
        return Text(**node)

    def _read_script(self, script: str) -> str:
        lines = len(script.strip().splitlines())
        if lines > MAX_SCRIPT:
            raise self._error(("script",), f"a bare script has at most {MAX_SCRIPT} lines, this one {lines}")
        return script

    def _read_where(self, node: Mapping[str, Any]) -> Where:
        try:
            versions = SpecifierSet(node["versions"])
        except InvalidSpecifier as error:
            message = f"versions: {error}; write one such as ==2.13.0"
            raise self._error(("where", "versions"), message) from error
        environment = {
            name: (patterns,) if isinstance(patterns, str) else tuple(patterns)
            for name, patterns in node.items()
            if name != "versions"
        }
        return Where(versions, environment)

    def _read_sightings(self, nodes: Sequence[Mapping[str, Any]], severity: Severity) -> Iterator[Sighting]:
        apis = [contract.api for contract in frameworks()[self._framework].contracts]
        for number, node in enumerate(nodes):
            path: YamlPath = ("seen", number)
            if node["api"] not in apis:
                raise self._error((*path, "api"), f"no such API of {self._framework}; known are {', '.join(apis)}")
            if node["kind"] == Outcome.CONFORMS and severity is not Severity.DIFFERENCE:
                raise self._error((*path, "kind"), "a case that conforms shows a difference alone")
            patterns = tuple(self._read_patterns((*path, "cases"), node["cases"]))
            yield Sighting(node["api"], node["kind"], node.get("subject"), node.get("message", ""), patterns)

    def _read_patterns(self, path: YamlPath, counts: Mapping[str, int]) -> Iterator[Pattern]:
        for text, count in counts.items():
            file, separator, _ = text.partition("::")
            if not separator or "*" in file:
                message = f"{text!r}: expected a case id such as {EXAMPLE}, * after the ::"
                raise self._error((*path, text), message)
            if self._lacks(file):
                raise self._error((*path, text), f"there is no spec file {file}")
            line = self._document.positions[*self._path, *path, text][0]
            yield Pattern(text, count, self._document.file, line)

    def _lacks(self, spec: str) -> bool:
        """Whether a catalogue that stands under a folder named specs names a file that is not there."""
        parents = Path(self._document.file).absolute().parents
        folder = next((parent for parent in parents if parent.name == SPECS), None)
        return folder is not None and not (folder / spec).exists()


def _read_workaround(node: Mapping[str, str] | None) -> Workaround | None:
    return None if node is None else Workaround(Text(node["en"], node["zh"]), node["script"])
