"""YAML read safely: plain data with the position of every key, no tags, no aliases, bounded size, depth and time."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import re
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import jsonschema
import ruamel.yaml
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from conformance.printable import one_line

MAX_BYTES = 1_000_000
MAX_DEPTH = 24
MAX_LINE = 4000  # characters; the parser's time grows with the square of a line's length
MAX_SECONDS = 30.0  # of the processor, to load one file: to read it, and to make what it describes
MAX_BITS = 256  # of an integer
MAX_BRACKETS = 100  # open at once, those in text included; its time grows with their square too
SCHEMAS = Path(__file__).parent / "schema"

YamlPath: TypeAlias = tuple[str | int, ...]


Position: TypeAlias = tuple[int, int]  # line and column, both from 1


class InputError(Exception):
    """A file of the user that cannot be used: where, and what was expected."""

    def __init__(self, file: str, line: int, column: int, message: str) -> None:
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        super().__init__(f"{file}:{line}:{column}: {message}")


class Clock:
    """The time of this thread's processor that one file takes, so that other work on the machine does not count."""

    def __init__(self) -> None:
        self._started = time.thread_time()

    def is_over(self) -> bool:
        return time.thread_time() - self._started > MAX_SECONDS


def explain_time() -> str:
    return f"takes longer to load than {MAX_SECONDS:g} s"


@dataclass(frozen=True)
class Document:
    """A file's data, and where each part of it stands.

    Attributes:
        data: dicts, lists and scalars alone.
        positions: of every key and item.
        refuse: the error that says what this file is to be.
        clock: of the time that loading it takes.
    """

    file: str
    data: Any
    positions: Mapping[YamlPath, Position]
    refuse: type[InputError]
    clock: Clock

    def error(self, path: YamlPath, message: str) -> InputError:
        """An error at a path, or at the innermost part of it that the file has."""
        while path not in self.positions:
            path = path[:-1]
        return self.refuse(self.file, *self.positions[path], one_line(message))

    def validate(self, schema: str) -> None:
        """Hold the data against ``specs/schema/<schema>``; raises `refuse` where it differs."""
        errors = list(_make_validator(schema).iter_errors(self.data))
        if not errors:
            return
        # A misspelt key is often a missing one as well; what is written tells more than what is not.
        unknown_keys = (error for error in errors if error.validator == "additionalProperties")
        error = next(unknown_keys, None) or jsonschema.exceptions.best_match(errors)
        path = tuple(error.absolute_path)
        message = error.message
        unknown = _find_unknown_key(error)
        if unknown is not None:
            path = (*path, unknown)
            message = f"unknown key; known here are {', '.join(error.schema['properties'])}"
        elif error.validator == "pattern":
            if (*path, error.instance) in self.positions:  # it is a key
                path = (*path, error.instance)
            # What a pattern takes is said beside it, in words.
            message = f"{error.instance!r} cannot be used; write {error.schema.get('$comment', error.validator_value)}"
        place = "/".join(map(str, path)) or "the file"
        raise self.error(path, f"{place}: {message}")


def _find_unknown_key(error: Any) -> str | None:
    """The key that a schema's error is about; None where it is about something else."""
    if error.validator != "additionalProperties" or not isinstance(error.instance, dict):
        return None
    known = error.schema.get("properties")
    return next((key for key in error.instance if key not in known), None) if known else None


def load(path: Path, refuse: type[InputError]) -> Document:
    """Read a YAML file.

    Raises:
        refuse: it cannot be read, is no YAML, or holds what only trusted YAML may: tags, aliases, endless depth.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise refuse(str(path), 1, 1, f"cannot be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise refuse(str(path), 1, 1, f"is larger than the {MAX_BYTES} bytes that are read; split it")
    return parse(str(path), raw, refuse)


def parse(file: str, raw: bytes, refuse: type[InputError]) -> Document:
    """`load` for bytes that were read already."""
    clock = Clock()
    try:
        text = raw.decode("utf-8")
        _check_cost(file, text, refuse)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an anchor defined twice is refused below where it matters: as an alias
            node = _compose(text, _TimedText(file, text, refuse, clock))
    except refuse:
        raise
    except UnicodeDecodeError as error:
        start = raw.rfind(b"\n", 0, error.start) + 1
        line = raw.count(b"\n", 0, error.start) + 1
        column = len(raw[start : error.start].decode("utf-8", "replace")) + 1
        raise refuse(file, line, column, "is not UTF-8; save it as UTF-8") from error
    except ruamel.yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise refuse(file, line, column, f"is no YAML: {one_line(error.reason)}") from error
    except ruamel.yaml.error.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise refuse(file, line, column, f"is no YAML: {one_line(error.problem or error.context or '')}") from error
    except RecursionError as error:
        raise refuse(file, 1, 1, f"is nested deeper than {MAX_DEPTH} levels") from error
    except Exception as error:
        # The parser's own slips on malformed text (it has several) are a malformed file all the same.
        raise refuse(file, 1, 1, f"is no YAML: {one_line(f'{type(error).__name__}: {error}')}") from error
    if node is None:
        raise refuse(file, 1, 1, "is empty")
    reader = _Reader(file, refuse)
    data = reader.read(node, ())
    return Document(file, data, reader.positions, refuse, clock)


def _compose(text: str, timed: _TimedText) -> Any:
    """The nodes of a text; None where it has none.

    libyaml takes a seventh of the time. What it refuses is left to the parser in Python, which takes all of YAML 1.2
    and says better what is wrong, and where.
    """
    with contextlib.suppress(Exception):
        return _yaml(pure=False).compose(text)
    return _yaml(pure=True).compose(timed)


class _TimedText(io.StringIO):
    """Text that the parser takes piece by piece, and no more of when the time is over."""

    def __init__(self, file: str, text: str, refuse: type[InputError], clock: Clock) -> None:
        super().__init__(text)
        self._file = file
        self._refuse = refuse
        self._clock = clock
        self._line = 1

    def read(self, size: int | None = -1) -> str:
        if self._clock.is_over():
            raise self._refuse(self._file, self._line, 1, f"{explain_time()}; split the file")
        piece = super().read(size)
        self._line += piece.count("\n")
        return piece


def _check_cost(file: str, text: str, refuse: type[InputError]) -> None:
    """Refuse what the parser would spend long on, before it does."""
    brackets = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > MAX_LINE:
            raise refuse(file, number, MAX_LINE + 1, f"a line has at most {MAX_LINE} characters; break it")
        for bracket in re.finditer(r"[\[{\]}]", line):
            brackets += 1 if bracket[0] in "[{" else -1
            brackets = max(brackets, 0)  # those in text need not match
            if brackets > MAX_BRACKETS:
                raise refuse(file, number, bracket.start() + 1, f"is nested deeper than {MAX_DEPTH} levels")


@functools.cache
def _make_validator(schema: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads((SCHEMAS / schema).read_text(encoding="utf-8")))


def _yaml(pure: bool) -> Any:
    """ruamel.yaml's own parser, or libyaml's where that is installed."""
    return ruamel.yaml.YAML(typ="safe", pure=pure)


_SCALARS = ("int", "float", "bool", "null", "str")
TOO_LONG = f"an integer has at most {MAX_BITS} bits; write a smaller one"
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Reader:
    """Turns the nodes of one file into plain data, and notes the position of each."""

    def __init__(self, file: str, refuse: type[InputError]) -> None:
        self.positions: dict[YamlPath, Position] = {}
        self._file = file
        self._refuse = refuse
        self._seen: set[int] = set()
        self._construct = _yaml(pure=True).constructor.construct_object

    def read(self, node: Node, path: YamlPath) -> Any:
        """The data of a node, and of all below it."""
        position = _find_position(node)
        self.positions.setdefault(path, position)  # of a mapping's value, that of its key
        if id(node) in self._seen:
            raise self._error(position, "is repeated by an alias, which is not allowed here; write it out")
        self._seen.add(id(node))
        if len(path) > MAX_DEPTH:
            raise self._error(position, f"is nested deeper than {MAX_DEPTH} levels")
        kind = str(node.tag).removeprefix("tag:yaml.org,2002:")
        if isinstance(node, SequenceNode) and kind == "seq":
            return [self.read(child, (*path, number)) for number, child in enumerate(node.value)]
        if isinstance(node, MappingNode) and kind == "map":
            return self._read_mapping(node, path)
        if isinstance(node, ScalarNode) and kind in _SCALARS:
            return self._read_scalar(node, kind)
        mend = "; quote it" if isinstance(node, ScalarNode) and not node.style else ""
        raise self._error(position, f"the tag {one_line(str(node.tag))} is not allowed here{mend}")

    def _read_mapping(self, node: MappingNode, path: YamlPath) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            position = _find_position(key_node)
            if id(key_node) in self._seen:
                raise self._error(position, "is repeated by an alias, which is not allowed here; write it out")
            self._seen.add(id(key_node))
            if not isinstance(key_node, ScalarNode) or str(key_node.tag) != "tag:yaml.org,2002:str":
                raise self._error(position, "a key must be a string; quote it")
            key = self._read_scalar(key_node, "str")
            if key in mapping:
                raise self._error(position, f"the key {one_line(repr(key))} stands here twice")
            self.positions[*path, key] = position
            mapping[key] = self.read(value_node, (*path, key))
        return mapping

    def _read_scalar(self, node: ScalarNode, kind: str) -> Any:
        if kind == "int" and len(node.value) > MAX_BITS + 10:
            raise self._error(_find_position(node), TOO_LONG)
        try:
            value = self._construct(node)
        except Exception as error:  # "1_" is an int to the resolver, and not to int()
            raise self._error(_find_position(node), f"is no {kind}: {one_line(str(error))}") from error
        if isinstance(value, int) and abs(value) >= 2**MAX_BITS:
            raise self._error(_find_position(node), TOO_LONG)
        if isinstance(value, str) and _SURROGATE.search(value):
            raise self._error(_find_position(node), "half of a surrogate pair is no character")
        return value

    def _error(self, position: Position, message: str) -> InputError:
        return self._refuse(self._file, *position, message)


def _find_position(node: Node) -> Position:
    return node.start_mark.line + 1, node.start_mark.column + 1
