"""Results files as a stream of frozen records.

What is large and seldom needed of a verdict (script, arrays, stderr) stays in the file: `details` reads it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .fields import DamagedError, Fields, parse_line
from .records import (
    ASPECTS,
    AUTHORITIES,
    DETAILS,
    DIRECTIONS,
    DOCSTRINGS,
    FORMAT,
    OUTCOMES,
    SEVERITIES,
    SOURCE_KINDS,
    Case,
    Confirmation,
    Contract,
    Damage,
    Entry,
    Execution,
    Footer,
    Further,
    Header,
    Raised,
    Record,
    Source,
    Statement,
    Target,
    Text,
    Verdict,
    Workaround,
    Worst,
)

__all__ = [
    "Damage",
    "DuplicateVerdictError",
    "Header",
    "InconsistentCaseError",
    "NotResultsError",
    "ResultsError",
    "UnreadableError",
    "details",
    "records",
]


_LATER_OF_ENTRIES = frozenset({"asked", "holds"})


class ResultsError(Exception):
    """A results file that cannot be used; the message names the file, the line and the remedy."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}" if line else f"{path}: {problem}")
        self.path = path
        self.line = line
        self.problem = problem


class UnreadableError(ResultsError):
    """The file does not exist or may not be read."""


class NotResultsError(ResultsError):
    """The file does not begin with the header of a results file in a format that we know."""


class InconsistentCaseError(ResultsError):
    """A case is another one here than in a file read before."""


class DuplicateVerdictError(ResultsError):
    """The same case on the same API of the same target was judged twice."""


def records(path: Path) -> Iterator[Record]:
    """The records of a results file in order, the header first; of a damaged file up to the damage, then `Damage`.

    Raises:
        UnreadableError: it cannot be opened or read.
        NotResultsError: its first line is no header of format 1.
    """
    try:
        with path.open("rb") as file:
            yield from _read_lines(path, file)
    except OSError as error:
        raise UnreadableError(path, 0, f"cannot be read: {error.strerror or error}") from error


def _read_lines(path: Path, lines: Iterator[bytes]) -> Iterator[Record]:
    offset = 0
    for number, line in enumerate(lines, start=1):
        try:
            record = _read_record(parse_line(line), offset)
        except DamagedError as damaged:
            if number == 1:
                problem = f"not a results file: {damaged}; give the .jsonl that an audit wrote"
                raise NotResultsError(path, 1, problem) from None
            yield Damage(number, str(damaged))
            return
        if (number == 1) != isinstance(record, Header):
            problem = "a results file has one header, on line 1; give the .jsonl that an audit wrote"
            raise NotResultsError(path, number, problem)
        if record is not None:
            yield record
        offset += len(line)
    if offset == 0:
        raise NotResultsError(path, 0, "the file is empty; give the .jsonl that an audit wrote")


def details(path: Path, offset: int) -> Mapping[str, Any]:
    """Script, arrays and stderr of the verdict whose line begins at `offset`."""
    with path.open("rb") as file:
        file.seek(offset)
        raw = parse_line(file.readline())
    return {key: raw[key] for key in DETAILS if key in raw}


def _read_record(raw: dict[str, Any], offset: int) -> Record | None:
    """None for a record that a later version of format 1 added, or of which an earlier one said too little."""
    name = raw.get("record")
    if not isinstance(name, str):
        raise DamagedError(f"record: expected a string, found {name!r:.60}")
    if name == "verdict":
        return _read_verdict(Fields(raw), offset)
    read = _READERS.get(name)
    return read(Fields(raw)) if read else None


def _read_header(fields: Fields) -> Header:
    version = fields.value("format")
    if version != FORMAT:
        raise DamagedError(f"format {version!r}, this version reads format {FORMAT}")
    return Header(
        suite=fields.text("suite"),
        started=fields.text("started"),
        host=fields.texts_by_name("host"),
        arguments=fields.texts("arguments"),
    )


def _read_target(fields: Fields) -> Target:
    return Target(
        name=fields.text("name"),
        framework=fields.text("framework"),
        available=fields.flag("available"),
        reason=fields.text("reason", ""),
        version=fields.text("version", ""),
        environment=fields.texts_by_name("environment", {}),
        apis=fields.texts("apis", []),
        certificate=fields.mapping("certificate", {}),
        mode=fields.text("mode", ""),
        pads=fields.texts_by_name("pads", {}),
    )


def _read_case(fields: Fields) -> Case:
    return Case(
        id=fields.text("id"),
        layer=fields.text("layer"),
        arguments=fields.mapping("arguments"),
        clause=fields.text("clause"),
        inputs=fields.mapping_or_none("inputs"),
        api=fields.text_or_none("api"),
        line=fields.integer("line", 0),
        invalid=fields.flag("invalid", False),
        claim=fields.text_or_none("claim"),
        wrong=fields.text_or_none("wrong"),
        goes_on=bool(fields.items("then", [])),
    )


def _read_verdict(fields: Fields, offset: int) -> Verdict:
    outcome = fields.choice("outcome", OUTCOMES)
    return Verdict(
        case=fields.text("case"),
        target=fields.text("target"),
        api=fields.text("api"),
        outcome=outcome,
        kind=fields.text("kind", ""),
        subject=fields.text("subject", ""),
        expected=fields.text("expected", ""),
        observed=fields.text("observed", ""),
        phase=fields.text("phase", ""),
        raised=_read_raised(fields.nested("raised")),
        ratio=fields.wide_number_or_none("ratio"),
        exact=fields.flag("exact", False),
        worst=_read_worst(fields.nested("worst")),
        ruling=fields.text("ruling", ""),
        inferred=fields.flag("inferred", False),
        call=fields.text("call", ""),
        known=fields.text("known", ""),
        seconds=float(fields.number_or_none("seconds") or 0.0),
        offset=offset,
        has=fields.present(DETAILS),
        authority=fields.choice_or_none("authority", AUTHORITIES),
        rests_on=fields.text("rests_on", ""),
        direction=fields.choice_or_none("direction", DIRECTIONS),
        further=tuple(_read_further(further) for further in fields.nested_items("further")),
        compared=fields.choices("compared", ASPECTS),
        accident=fields.flag("accident", False),
    )


def _read_further(fields: Fields) -> Further:
    return Further(
        kind=fields.text("kind"),
        subject=fields.text("subject"),
        expected=fields.text("expected"),
        observed=fields.text("observed"),
    )


def _read_raised(fields: Fields | None) -> Raised | None:
    if fields is None:
        return None
    return Raised(
        phase=fields.text("phase"),
        cls=fields.text("cls"),
        bases=fields.texts("bases"),
        message=fields.text("message"),
    )


def _read_worst(fields: Fields | None) -> Worst | None:
    if fields is None:
        return None
    return Worst(
        index=tuple(fields.items("index", [])),
        expected=fields.text("expected", ""),
        observed=fields.text("observed", ""),
        bound=fields.text("bound", ""),
    )


def _read_confirmation(fields: Fields) -> Confirmation:
    return Confirmation(
        case=fields.text("case"),
        target=fields.text("target"),
        api=fields.text("api"),
        confirmed=fields.flag("confirmed"),
        printed=fields.text("printed"),
        script=fields.text("script", ""),
    )


def _read_entry(fields: Fields) -> Entry | None:
    if not fields.present(_LATER_OF_ENTRIES):
        return None  # of an earlier version, which said less: the verdicts are read without the catalogue
    return Entry(
        target=fields.text("target"),
        id=fields.text("id"),
        framework=fields.text("framework"),
        title=_read_text(fields.nested("title")),
        severity=fields.choice("severity", SEVERITIES),
        authority=fields.text("authority", ""),
        rests_on=_read_text_or_words(fields, "rests_on"),
        effect=_read_text(fields.nested("effect")),
        workaround=_read_workaround(fields.nested("workaround")),
        upstream=fields.text("upstream", ""),
        where=fields.text("where", ""),
        apis=fields.texts("apis", []),
        script=fields.text("script"),
        ends=fields.text("ends"),
        asked=fields.integer("asked"),
        verdicts=fields.integer("verdicts"),
        holds=fields.flag("holds"),
        execution=_read_execution(fields.nested("execution")),
        correction=_read_correction(fields.nested("correction")),
    )


def _read_text(fields: Fields | None) -> Text:
    if fields is None:
        raise DamagedError("a text is missing")
    return Text(fields.text("en"), fields.text("zh"))


def _read_text_or_words(fields: Fields, name: str) -> Text:
    """A text; of an earlier version, which had English alone, the same words in both languages."""
    words = fields.value(name)
    return Text(words, words) if isinstance(words, str) else _read_text(fields.nested(name))


def _read_correction(fields: Fields | None) -> Text | None:
    return None if fields is None else _read_text(fields)


def _read_workaround(fields: Fields | None) -> Workaround | None:
    return None if fields is None else Workaround(_read_text(fields), fields.text("script"))


def _read_execution(fields: Fields | None) -> Execution | None:
    if fields is None:
        return None
    return Execution(fields.flag("shown"), fields.text("ended"), fields.text_or_none("workaround"))


def _read_statement(fields: Fields) -> Statement:
    return Statement(
        document=fields.text("document"),
        api=fields.text("api"),
        claim=fields.text("claim"),
        section=fields.text("section"),
        says=_read_text_or_words(fields, "says"),
        unchecked=None if fields.value("unchecked") is None else _read_text_or_words(fields, "unchecked"),
        source=_read_source(fields.nested("source")),
        docstring=fields.choice_or_none("docstring", DOCSTRINGS),
        announced=fields.text("announced", ""),
    )


def _read_source(fields: Fields | None) -> Source | None:
    if fields is None:
        return None
    return Source(
        publisher=fields.text("publisher"),
        title=fields.text("title"),
        version=fields.text("version"),
        kind=fields.choice("kind", SOURCE_KINDS),
        address=fields.text("address", ""),
    )


def _read_contract(fields: Fields) -> Contract:
    return Contract(
        api=fields.text("api"),
        target=fields.text("target"),
        weight=fields.text("weight"),
        bias=fields.text("bias"),
        defaults=fields.texts_by_name("defaults", {}),
        weight_back=fields.text("weight_back", ""),
        bias_back=fields.text("bias_back", ""),
        instead=fields.texts_by_name("instead", {}),
    )


def _read_footer(fields: Fields) -> Footer:
    return Footer(
        complete=fields.flag("complete"),
        finished=fields.text("finished"),
        verdicts=fields.integer("verdicts"),
        seconds=fields.number_or_none("seconds"),
    )


_READERS: Mapping[str, Callable[[Fields], Record | None]] = {
    "header": _read_header,
    "target": _read_target,
    "case": _read_case,
    "confirmation": _read_confirmation,
    "entry": _read_entry,
    "statement": _read_statement,
    "contract": _read_contract,
    "footer": _read_footer,
}
