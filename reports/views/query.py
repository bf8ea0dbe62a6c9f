"""The search language, for the command line; reports/output/assets/query.js is its twin in the page.

    query = all { "OR" all }      all = one { one }      one = "-" one | "(" query ")" | term
    term = [ field ":" ] pattern { "," pattern }
    pattern = word | '"' text '"' | ( ">" | ">=" | "<" | "<=" | "=" ) number

A word with ``*`` or ``?`` must match the whole field; without, it must be part of a text field (case, API, message,
...) or the whole of any other. A comparison holds of a field that has such a number in it. A term without a field
searches the case, the API, what was observed, the message and the call. Every argument's name is a field too. Letter
case is ignored. ``field:`` alone: it is empty. ``compared:values``: the values were among what was compared.
``status:differs``: otherwise than others, which is no failure. ``topic:stride``: what of the layer
the verdict is about, as on the heat map. ``explained:no``: a failure that no entry of the catalogue explains, which is
new. ``differs:1``: exactly one framework fails the case.
"""

from __future__ import annotations

import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ..findings.clusters import Finding
from ..results.loaded import JudgedCase, LoadedRun
from ..results.values import to_bare_text
from .diff import compare
from .topics import Topics

TEXTS = ("case", "spec", "api", "column", "clause", "claim", "message", "expected", "observed", "call", "known")
WORDS = (
    "layer",
    "framework",
    "target",
    "version",
    "mode",
    "status",
    "kind",
    "subject",
    "phase",
    "error",
    "ruling",
    "authority",
    "direction",
    "severity",
    "explained",
    "wrong",
    "accident",
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
LISTS = ("compared", "topic")  # one word of it is matched at a time
FIELDS = (*TEXTS, *WORDS, *LISTS)
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
Predicate: TypeAlias = Callable[[Facts], bool]
Matcher: TypeAlias = Callable[[str], bool]  # of one field's text


class QueryError(ValueError):
    """A query that the language does not allow; the message says what is wrong and how to mend it."""


def compile_query(text: str, names: frozenset[str] = frozenset()) -> Predicate:
    """Turn a query into a predicate over the fields of a verdict.

    Args:
        names: the arguments' names, which are fields too.

    Raises:
        QueryError: unbalanced parentheses, or a field that does not exist.
    """
    return _Parser(text, names).parse()


class _Parser:
    """Reads the tokens of a query from left to right, one method a rule of the grammar."""

    def __init__(self, text: str, names: frozenset[str]) -> None:
        self._tokens = _TOKEN.findall(text)
        self._tokens.reverse()  # the next token is the last
        self._names = names

    def parse(self) -> Predicate:
        predicate = self._parse_query()
        if self._tokens:
            raise QueryError(f"unexpected {self._next!r}; parentheses come in pairs")
        return predicate

    @property
    def _next(self) -> str:
        """The next token, "" at the end."""
        return self._tokens[-1] if self._tokens else ""

    def _parse_query(self) -> Predicate:
        parts = [self._parse_all()]
        while self._next == "OR":
            self._tokens.pop()
            parts.append(self._parse_all())
        return lambda facts: any(part(facts) for part in parts)

    def _parse_all(self) -> Predicate:
        parts = []
        while self._next not in ("", ")", "OR"):
            parts.append(self._parse_one())
        return lambda facts: all(part(facts) for part in parts)

    def _parse_one(self) -> Predicate:
        if not self._tokens:
            raise QueryError("something must follow the -")
        token = self._tokens.pop()
        match token:
            case "-":
                negated = self._parse_one()
                return lambda facts: not negated(facts)
            case "(":
                inner = self._parse_query()
                if self._next != ")":
                    raise QueryError("a parenthesis is not closed")
                self._tokens.pop()
                return inner
            case ")":
                raise QueryError("unexpected ')'; parentheses come in pairs")
            case _:
                return self._parse_term(token)

    def _parse_term(self, token: str) -> Predicate:
        term = _TERM.fullmatch(token)
        if term is None:
            matches = _compile_pattern(token, partly=True)
            return lambda facts: any(matches(facts(name)) for name in ANYWHERE)
        field, patterns = term.groups()
        if field not in FIELDS and field not in self._names:
            known = ", ".join(FIELDS)
            raise QueryError(f"there is no field {field!r}; the fields are {known} and the arguments' names")
        matchers = [_compile_pattern(pattern, partly=field in TEXTS) for pattern in _PATTERN.findall(patterns)]
        if not matchers:  # "field:" alone asks for an empty one
            matchers = [_compile_pattern("", partly=False)]
        if field in LISTS:
            return lambda facts: any(matches(item) for item in facts(field).split(", ") for matches in matchers)
        return lambda facts: any(matches(facts(field)) for matches in matchers)


def _compile_pattern(pattern: str, *, partly: bool) -> Matcher:
    """Turn a pattern into a matcher of one field's text.

    Args:
        partly: a word without wildcards need not be the whole text.
    """
    comparison = _COMPARISON.fullmatch(pattern)
    if comparison:
        holds = _COMPARE[comparison[1]]
        limit = float(comparison[2])
        return lambda text: any(holds(float(number), limit) for number in _NUMBER.findall(text))
    if pattern.startswith('"'):
        quoted = pattern[1:].removesuffix('"').lower()
        return lambda text: text.lower() == quoted
    word = pattern.lower()
    if "*" in word or "?" in word:
        glob = re.compile(re.escape(word).replace(r"\*", ".*").replace(r"\?", "."), re.S)
        return lambda text: glob.fullmatch(text.lower()) is not None
    if partly:
        return lambda text: word in text.lower()
    return lambda text: text.lower() == word


def list_argument_names(run: LoadedRun) -> frozenset[str]:
    return frozenset(name for case in run.cases.values() for name in case.arguments)


def count_failing_frameworks(run: LoadedRun) -> Mapping[str, int]:
    """Per case, how many frameworks fail it: 1 is what "exactly one framework differs" means."""
    frameworks: dict[str, set[str]] = defaultdict(set)
    for judged in run.judged:
        if judged.failed:
            frameworks[judged.case.id].add(run.column(judged).target.framework)
    return {case: len(failing) for case, failing in frameworks.items()}


@dataclass(frozen=True)
class _Context:
    """What is said of a verdict elsewhere than in its record; "" and 0 where nothing is."""

    finding: str
    changed: str
    differs: int
    topics: Topics


def _look_up(run: LoadedRun, judged: JudgedCase, context: _Context) -> Facts:
    """The fields of a verdict, as text; an unknown one is empty."""
    case = judged.case
    verdict = judged.verdict
    column = run.column(judged)

    def look_up(field: str) -> str:
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
                return _yes_or_no(case.invalid)
            case "api":
                return column.api
            case "column":
                return column.label
            case "framework" | "version" | "mode":
                return str(getattr(column.target, field))
            case "target":
                return verdict.target
            case "status":
                return verdict.outcome
            case "error":
                return verdict.error_class
            case "message":
                return verdict.error_message
            case "authority" | "direction":
                return getattr(verdict, field) or ""
            case "severity":
                entry = run.entry(judged)
                return entry.severity if entry else ""
            case "explained":
                return _yes_or_no(bool(verdict.known)) if verdict.known or judged.failed else ""
            case "wrong":
                return case.wrong or ""
            case "compared":
                return ", ".join(verdict.compared)
            case "topic":
                return ", ".join(context.topics.list(judged))
            case "exact" | "inferred" | "accident":
                return _yes_or_no(getattr(verdict, field))
            case "confirmed":
                confirmation = run.confirmation(judged)
                return _yes_or_no(confirmation.confirmed) if confirmation else ""
            case "finding" | "changed" | "differs":
                return str(getattr(context, field))
            case "ratio":
                return format_ratio(verdict.ratio)
            case "dtype" | "shape" | "values" | "layout":
                return to_bare_text((case.inputs or {}).get(field, ""))
            case "kind" | "subject" | "phase" | "ruling" | "expected" | "observed" | "call" | "known":
                return str(getattr(verdict, field))
            case _:
                return to_bare_text(case.arguments.get(field, ""))

    return look_up


def format_ratio(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.4g}"


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def select(
    run: LoadedRun, findings: Sequence[Finding], text: str, since: LoadedRun | None = None
) -> Iterator[JudgedCase]:
    """The verdicts that meet a query, in the order of the results.

    Args:
        since: an earlier run, which ``changed:`` asks about.

    Raises:
        QueryError: the language does not allow the query.
    """
    meets = compile_query(text, list_argument_names(run))
    finding_of = {index: finding.id for finding in findings for index in finding.members}
    failing = count_failing_frameworks(run)
    changes = compare(since, run).changes if since else ()
    change_of = {changed.after: changed.change for changed in changes}
    topics = Topics(run)
    for index, judged in enumerate(run.judged):
        context = _Context(
            finding=finding_of.get(index, ""),
            changed=change_of.get(index, ""),
            differs=failing.get(judged.case.id, 0),
            topics=topics,
        )
        if meets(_look_up(run, judged, context)):
            yield judged
