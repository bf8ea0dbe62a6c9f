"""The HTML page: a first screen that needs no script, and the data that the page's scripts draw the rest from.

Outside text reaches the page in two ways only: through Jinja2's autoescape on the first screen, and inside compressed
base64 that the scripts turn into text nodes. The Content-Security-Policy names the page's own script and style by their
digests, so that nothing else could run even if some text became markup.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports import words
from reports.findings import Finding, cluster
from reports.read import KINDS, OUTCOMES, RULINGS
from reports.run import FAILURES, Entry, Run
from reports.values import source
from reports.visible import visible

SCRIPTS = ("dom", "language", "data", "query", "picture", "verdict", "findings", "matrix", "main")
STYLES = ("base", "parts")
_SCRIPT_LIMIT = 64_000
_CHUNK = 64
_PICTURES = 5
_FIRST = 8
_SIDE = 64


def write(run: Run, out: Path) -> None:
    """Write the page, piece by piece."""
    found = cluster(run)
    script = "\n".join(_file(f"{name}.js") for name in SCRIPTS)
    style = "\n".join(_file(f"{name}.css") for name in STYLES)
    environment = Environment(
        loader=PackageLoader("reports", "page"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["visible"] = visible
    details = _Details(run, found)
    template = environment.get_template("page.html")
    stream = template.stream(
        run=run, first=_first_screen(run, found), script=Markup(script), style=Markup(style),
        script_digest=_digest(script), style_digest=_digest(style), say=_both, failures=sorted(FAILURES),
        core=lambda: _packed(_core(run, found, details)), chunks=lambda: (_packed(chunk) for chunk in details.chunks()),
    )  # fmt: skip
    with out.open("w", encoding="utf-8", newline="\n") as file:
        stream.dump(file)


def _file(name: str) -> str:
    text = files("reports").joinpath("page", name).read_text(encoding="utf-8")
    assert "</s" not in text.lower(), f"{name} would end its own element"
    return text


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _both(key: str, *values: object, **named: object) -> Markup:
    """Our sentence in every language; the style sheet shows the chosen one."""
    return Markup("").join(
        Markup('<span lang="{}">{}</span>').format(language, words.say(language, key, *values, **named)) for language in words.LANGUAGES
    )


def _packed(data: Any) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    packer = zlib.compressobj(6, wbits=31)
    return base64.b64encode(packer.compress(text.encode()) + packer.flush()).decode()


def _first_screen(run: Run, found: Sequence[Finding]) -> dict[str, Any]:
    outcomes = Counter(entry.verdict.outcome for entry in run.entries)
    counts = Counter((entry.column, kind_of(entry)) for entry in run.entries if entry.failed)
    kinds = [kind for kind in (*KINDS, "crashed", "timed_out", "unstable") if any(counts[c, kind] for c in range(len(run.columns)))]
    asked = Counter(entry.column for entry in run.entries if entry.failed or entry.verdict.outcome == "conforms")
    return {
        "judged": outcomes["conforms"] + sum(outcomes[outcome] for outcome in FAILURES),
        "failures": sum(outcomes[outcome] for outcome in FAILURES),
        "faults": outcomes["fault"],
        "incomplete": [(source.path.name, source.incomplete) for source in run.sources if source.incomplete],
        "kinds": kinds,
        "rows": [
            (column, [counts[index, kind] for kind in kinds], sum(counts[index, kind] for kind in kinds), asked[index])
            for index, column in enumerate(run.columns)
        ],
        "totals": [sum(counts[c, kind] for c in range(len(run.columns))) for kind in kinds],
        "findings": [
            {
                "id": finding.id,
                "kind": finding.signature.kind or finding.signature.outcome,
                "count": len(finding.entries),
                "headline": {language: words.headline(language, run, finding) for language in words.LANGUAGES},
                "when": {language: words.circumstance(language, finding) for language in words.LANGUAGES},
            }
            for finding in found[:_FIRST]
        ],
        "count": len(found),
    }


def kind_of(entry: Entry) -> str:
    """The column of the summary that a failure is counted in."""
    return entry.verdict.kind if entry.verdict.outcome == "diverges" else entry.verdict.outcome


class _Strings:
    """Each text once, made visible; index 0 is the empty one."""

    def __init__(self) -> None:
        self._index: dict[str, int] = {"": 0}
        self.texts: list[str] = [""]

    def __call__(self, text: str) -> int:
        index = self._index.get(text)
        if index is None:
            index = self._index[text] = len(self.texts)
            self.texts.append(visible(text))
        return index


class _Details:
    """Script, arrays, stderr of the failures, in chunks that the page unpacks when asked; pictures of few cases a finding."""

    def __init__(self, run: Run, found: Sequence[Finding]) -> None:
        self._run = run
        self._pictured = {index for finding in found for index in finding.entries[:_PICTURES]}
        self._order = [index for finding in found for index in finding.entries]
        self.place = {index: place for place, index in enumerate(self._order)}

    def chunks(self) -> Iterator[list[dict[str, Any]]]:
        for start in range(0, len(self._order), _CHUNK):
            yield [self._detail(index) for index in self._order[start : start + _CHUNK]]

    def _detail(self, index: int) -> dict[str, Any]:
        entry = self._run.entries[index]
        raw = entry.details() if entry.verdict.has else {}
        found: dict[str, Any] = {}
        if isinstance(raw.get("script"), str):
            found["script"] = visible(raw["script"], _SCRIPT_LIMIT)
        if isinstance(raw.get("stderr"), str):
            found["stderr"] = visible(raw["stderr"])
        if index in self._pictured and isinstance(raw.get("arrays"), dict):
            found["arrays"] = {visible(str(name), 40): _numbers(array) for name, array in raw["arrays"].items()}
        confirmation = self._run.confirmation(entry)
        if confirmation is not None:
            found |= {"confirmed": confirmation.confirmed, "printed": visible(confirmation.printed)}
        return found


def _core(run: Run, found: Sequence[Finding], details: _Details) -> dict[str, Any]:
    strings = _Strings()
    place = {case: index for index, case in enumerate(run.cases)}
    finding_of = {index: number for number, finding in enumerate(found) for index in finding.entries}
    cases = [
        [
            strings(case.spec), strings(case.name), strings(case.layer), case.line, strings(case.clause), strings(case.claim or ""),
            int(case.invalid), [[strings(name), strings(source(value))] for name, value in case.arguments.items()],
            [[strings(name), strings(source(value))] for name, value in (case.inputs or {}).items()],
        ]
        for case in run.cases.values()
    ]  # fmt: skip
    verdicts = [
        [
            place[entry.case.id], entry.column, OUTCOMES.index(v.outcome), _index(KINDS, v.kind), strings(v.subject),
            strings(v.expected), strings(v.observed), strings(v.phase), strings(v.raised.cls if v.raised else ""),
            strings(v.raised.message if v.raised else ""), None if v.ratio is None else f"{v.ratio:.4g}", int(v.exact),
            0 if v.worst is None else [list(map(str, v.worst.index)), *map(visible, (v.worst.expected, v.worst.observed, v.worst.bound))],
            _index(RULINGS, v.ruling), int(v.inferred), strings(v.call), strings(v.known),
            finding_of.get(index, -1), details.place.get(index, -1),
        ]
        for index, entry in enumerate(run.entries)
        for v in (entry.verdict,)
    ]  # fmt: skip
    return {
        "languages": {language: words.messages(language) for language in words.LANGUAGES},
        "outcomes": OUTCOMES, "kinds": KINDS, "rulings": RULINGS, "chunk": _CHUNK,
        "columns": [
            [visible(column.label), visible(column.api), visible(column.target.name), visible(column.target.framework), visible(column.target.version)]
            for column in run.columns
        ],
        "findings": [
            {
                "id": finding.id, "entries": finding.entries, "columns": finding.columns, "exceptions": finding.exceptions,
                "headline": {language: words.headline(language, run, finding) for language in words.LANGUAGES},
                "when": {language: words.circumstance(language, finding) for language in words.LANGUAGES},
            }
            for finding in found
        ],
        "cases": cases, "verdicts": verdicts, "strings": strings.texts,
    }  # fmt: skip


def _numbers(array: Any) -> Any:
    """Nested lists of numbers; the strings nan, inf and -inf pass, anything else becomes nan."""
    if isinstance(array, list):
        return [_numbers(item) for item in array[:_SIDE]]
    if isinstance(array, (int, float)) or array in ("inf", "-inf"):
        return array
    return "nan"


def _index(words: Sequence[str], word: str) -> int:
    return words.index(word) if word in words else -1
