"""The search language, for the command line; reports/output/assets/query.js is its twin in the page.

    query = all { "OR" all }      all = one { one }      one = "-" one | "(" query ")" | term
    term = [ field ":" ] pattern { "," pattern }
    pattern = word | '"' text '"' | ( ">" | ">=" | "<" | "<=" | "=" ) number

A word with ``*`` or ``?`` must match the whole field; without, it must be part of a text field (case, API, message,
...) or the whole of any other. A comparison holds of a field that has such a number in it. A term without a field
searches the case, the API, what was observed, the message and the call. Every argument's name is a field too. Letter
case is ignored. ``field:`` alone: it is empty. ``differs:1``: exactly one framework fails the case.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from ..findings.clusters import Finding
from ..results.loaded import Entry, Run
from ..results.values import source
from .diff import compare

TEXTS = ("case", "spec", "api", "column", "clause", "claim", "message", "expected", "observed", "call", "known")
WORDS = (
    "layer",
    "framework",
    "target",
    "version",
    "status",
    "kind",
    "subject",
    "phase",
    "error",
    "ruling",
    "finding",
    "changed",
    "dtype",
    "shape",
    "values",
    "layout",
    "exact",
    "inferred",
    "invalid",
    "confirmed",
    "ratio",
    "differs",
    "line",
)
FIELDS = (*TEXTS, *WORDS)
ANYWHERE = ("case", "api", "observed", "message", "call")

_TOKEN = re.compile(r'[()]|-(?=\S)|(?:"[^"]*"?|[^\s"()])+')
_TERM = re.compile(r"([A-Za-z_][A-Za-z0-9_]*):(?!:)(.*)", re.S)
_PATTERN = re.compile(r'"[^"]*"?|[^,]+')
_COMPARISON = re.compile(r"(>=|<=|>|<|=)(-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)", re.I)
_NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|inf)", re.I)
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
}

Facts: TypeAlias = Callable[[str], str]  # field -> its text
Holds: TypeAlias = Callable[[Facts], bool]


class QueryError(ValueError):
    """A query that the language does not allow; the message says what and how to mend it."""


def compile_query(text: str, names: frozenset[str] = frozenset()) -> Holds:
    """Turn a query into a predicate over the fields of a verdict.

    Args:
        names: the arguments' names, which are fields too.

    Raises:
        QueryError: unbalanced parentheses, or a field that does not exist.
    """
    tokens = _TOKEN.findall(text)
    tokens.reverse()
    holds = _either(tokens, names)
    if tokens:
        raise QueryError(f"unexpected {tokens[-1]!r}; parentheses come in pairs")
    return holds


def _either(tokens: list[str], names: frozenset[str]) -> Holds:
    parts = [_all(tokens, names)]
    while tokens and tokens[-1] == "OR":
        tokens.pop()
        parts.append(_all(tokens, names))
    return lambda facts: any(part(facts) for part in parts)


def _all(tokens: list[str], names: frozenset[str]) -> Holds:
    parts = []
    while tokens and tokens[-1] not in (")", "OR"):
        parts.append(_one(tokens, names))
    return lambda facts: all(part(facts) for part in parts)


def _one(tokens: list[str], names: frozenset[str]) -> Holds:
    if not tokens:
        raise QueryError("something must follow the -")
    token = tokens.pop()
    if token == "-":
        part = _one(tokens, names)
        return lambda facts: not part(facts)
    if token == "(":
        inner = _either(tokens, names)
        if not tokens or tokens.pop() != ")":
            raise QueryError("a parenthesis is not closed")
        return inner
    if token == ")":
        raise QueryError("unexpected ')'; parentheses come in pairs")
    term = _TERM.fullmatch(token)
    if term is None:
        matches = _pattern(token, part=True)
        return lambda facts: any(matches(facts(name)) for name in ANYWHERE)
    field, rest = term.groups()
    if field not in FIELDS and field not in names:
        raise QueryError(f"there is no field {field!r}; the fields are {', '.join(FIELDS)} and the arguments' names")
    patterns = [_pattern(part, part=field in TEXTS) for part in _PATTERN.findall(rest)] or [_pattern("", part=False)]
    return lambda facts: any(matches(facts(field)) for matches in patterns)


def _pattern(text: str, *, part: bool) -> Callable[[str], bool]:
    comparison = _COMPARISON.fullmatch(text)
    if comparison:
        compare, limit = _COMPARE[comparison[1]], float(comparison[2])
        return lambda value: any(compare(float(number), limit) for number in _NUMBER.findall(value))
    quoted = text.startswith('"')
    wanted = (text[1:].removesuffix('"') if quoted else text).lower()
    if not quoted and ("*" in wanted or "?" in wanted):
        glob = re.compile(re.escape(wanted).replace(r"\*", ".*").replace(r"\?", "."), re.S)
        return lambda value: glob.fullmatch(value.lower()) is not None
    if part and not quoted:
        return lambda value: wanted in value.lower()
    return lambda value: value.lower() == wanted


def argument_names(run: Run) -> frozenset[str]:
    return frozenset(name for case in run.cases.values() for name in case.arguments)


def frameworks_that_differ(run: Run) -> Mapping[str, int]:
    """Per case, how many frameworks fail it: 1 is what "exactly one framework differs" means."""
    found: dict[str, set[str]] = {}
    for entry in run.entries:
        if entry.failed:
            found.setdefault(entry.case.id, set()).add(run.column(entry).target.framework)
    return {case: len(frameworks) for case, frameworks in found.items()}


def facts(run: Run, entry: Entry, finding: str, changed: str, differs: int) -> Facts:
    """The fields of a verdict, as text; an unknown one is empty."""
    case, verdict, column = entry.case, entry.verdict, run.column(entry)

    def text(field: str) -> str:
        match field:
            case "case":
                return case.id
            case "spec" | "layer" | "clause":
                return str(getattr(case, field))
            case "claim":
                return case.claim or ""
            case "line":
                return str(case.line)
            case "invalid":
                return _yes(case.invalid)
            case "api":
                return column.api
            case "column":
                return column.label
            case "framework" | "version":
                return str(getattr(column.target, field))
            case "target":
                return verdict.target
            case "status":
                return verdict.outcome
            case "error":
                return verdict.raised.cls if verdict.raised else ""
            case "message":
                return verdict.raised.message if verdict.raised else ""
            case "exact" | "inferred":
                return _yes(getattr(verdict, field))
            case "confirmed":
                confirmation = run.confirmation(entry)
                return _yes(confirmation.confirmed) if confirmation else ""
            case "finding":
                return finding
            case "changed":
                return changed
            case "differs":
                return str(differs)
            case "ratio":
                return ratio_text(verdict.ratio)
            case "dtype" | "shape" | "values" | "layout":
                return _bare((case.inputs or {}).get(field, ""))
            case "kind" | "subject" | "phase" | "ruling" | "expected" | "observed" | "call" | "known":
                return str(getattr(verdict, field))
            case _:
                return _bare(case.arguments[field]) if field in case.arguments else ""

    return text


def ratio_text(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.4g}"


def _bare(value: object) -> str:
    return value if isinstance(value, str) else source(value)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def select(run: Run, found: Sequence[Finding], text: str, since: Run | None = None) -> Iterator[Entry]:
    """The verdicts that meet a query, in the order of the results.

    Raises:
        QueryError: the language does not allow the query.
    """
    holds = compile_query(text, argument_names(run))
    finding_of = {index: finding.id for finding in found for index in finding.entries}
    differs = frameworks_that_differ(run)
    changes = () if since is None else compare(since, run).changes
    changed = {one.after: one.change for one in changes if one.after is not None}
    for index, entry in enumerate(run.entries):
        if holds(facts(run, entry, finding_of.get(index, ""), changed.get(index, ""), differs.get(entry.case.id, 0))):
            yield entry
