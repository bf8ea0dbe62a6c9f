"""The catalogue's entries as an audit saw them: a list, pages ready to be posted, JSON, and drafts of what is new."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from ..findings.clusters import Finding, cluster
from ..findings.drafts import Sighting, find_sightings
from ..findings.order import rate_severity
from ..results.loaded import JudgedCase, LoadedRun
from ..results.records import Entry
from . import words
from .visible import visible

_SEVERITY_OF: Mapping[str, str] = {
    "value": "silent_wrong_values",
    "gradient": "silent_wrong_values",
    "crashed": "crash",
    "internal_error": "internal_error",
    "unstable": "crash",
    "timed_out": "hang",
    "shape": "wrong_shape_or_dtype",
    "dtype": "wrong_shape_or_dtype",
    "wrongly_rejected": "refuses_documented",
    "wrongly_accepted": "accepts_forbidden",
}  # of any other kind it is the document that is wrong
_TODO = "TODO"
_TITLE = 12  # words
_WIDTH = 100


@dataclass(frozen=True)
class Cause:
    """An entry of the catalogue on all the targets of a run.

    Attributes:
        entry: as the first target has it that showed it, or else the first.
        sights: as each target has it that was asked its cases.
    """

    entry: Entry
    sights: tuple[Entry, ...]

    @property
    def verdicts(self) -> int:
        """How many verdicts it explains."""
        return sum(entry.verdicts for entry in self.sights)


def list_causes(run: LoadedRun) -> Sequence[Cause]:
    """The entries that a run has looked for, the most serious first."""
    sights: dict[str, list[Entry]] = {}
    for entry in run.entries.values():
        sights.setdefault(entry.id, []).append(entry)
    causes = [Cause(next((one for one in them if one.verdicts), them[0]), tuple(them)) for them in sights.values()]
    return sorted(causes, key=_rate)


def _rate(cause: Cause) -> tuple[str, int, str]:
    entry = cause.entry
    return entry.framework, rate_severity(entry.severity), entry.id


def list_seen(run: LoadedRun) -> Sequence[Cause]:
    """Those of them that some target showed."""
    return [cause for cause in list_causes(run) if cause.verdicts]


def write_list(run: LoadedRun, language: str) -> str:
    """A line an entry: verdicts, severity, what each target showed of it, id and title."""
    causes = list_causes(run)
    width = max((len(cause.entry.id) for cause in causes), default=0)
    lines = []
    for cause in causes:
        entry = cause.entry
        severity = words.name_term(language, "severity", entry.severity)
        sights = "; ".join(_say_sights(cause, language))
        title = visible(entry.title.in_language(language), 200)
        lines.append(f"{visible(entry.id, 80).ljust(width)}  {cause.verdicts:5}  {severity}; {sights}  {title}")
    return "".join(line + "\n" for line in lines)


def _say_sights(cause: Cause, language: str) -> Iterator[str]:
    """What each target showed, which is named where there are several."""
    for entry in cause.sights:
        named = f"{visible(entry.target, 80)}: " if len(cause.sights) > 1 else ""
        yield named + words.say(language, _name_sight(entry), count=str(entry.asked))


def _name_sight(entry: Entry) -> str:
    """Whether a target showed an entry, and its script did."""
    if not entry.verdicts:
        return "known.not_seen" if entry.holds else "known.excluded"
    if entry.execution is None:
        return "known.not_executed"
    return "known.shown" if entry.execution.shown else "known.not_shown"


def write_json(run: LoadedRun) -> str:
    """All that the results files say of the entries."""
    entries = [asdict(entry) for cause in list_causes(run) for entry in cause.sights]
    return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"


def write_pages(run: LoadedRun, language: str) -> Mapping[str, str]:
    """By the name of a file, an entry as a page of Markdown that can be posted as an issue as it is."""
    pages = {}
    for cause in list_seen(run):
        pages[f"{visible(cause.entry.id, 80)}.md"] = write_page(run, cause, language)
    return pages


def write_page(run: LoadedRun, cause: Cause, language: str) -> str:
    """One entry in Markdown."""
    say = words.say
    entry = cause.entry
    targets = {target.name: target for target in run.targets}
    version = targets[entry.target].version if entry.target in targets else ""
    parts = [f"# {_escape(entry.title.in_language(language))}", _escape(entry.effect.in_language(language))]
    facts = [
        say(language, "known.apis", apis=", ".join(f"`{_quote(api)}`" for api in entry.apis)),
        say(
            language, "known.seen", version=f"{_escape(entry.framework)} {_escape(version)}", where=_escape(entry.where)
        ),
        say(language, "known.severity", severity=words.name_term(language, "severity", entry.severity)),
    ]
    rests = _escape(entry.rests_on.in_language(language))
    if entry.authority:
        authority = words.name_term(language, "authority", entry.authority)
        facts.append(say(language, "known.rests", authority=authority, rests=rests))
    else:
        facts.append(say(language, "known.differs", rests=rests))
    facts.append(say(language, "known.upstream" if entry.upstream else "known.unreported", upstream=entry.upstream))
    if len(cause.sights) > 1:
        sights = _escape("; ".join(_say_sights(cause, language)))
        facts.append(say(language, "known.looked_for", sights=sights))
    parts.append("\n".join(f"- {fact}" for fact in facts))
    if entry.correction is not None:
        parts.append(f"## {say(language, 'known.correction')}")
        parts.append(_escape(entry.correction.in_language(language)))
    parts.append(_fence(entry.script))
    ended = entry.execution.ended if entry.execution is not None else entry.ends
    parts.append(say(language, "known.ends", ends=f"`{_quote(ended)}`"))
    if entry.workaround is not None:
        parts.append(f"## {say(language, 'known.workaround')}")
        parts.append(_escape(entry.workaround.text.in_language(language)))
        parts.append(_fence(entry.workaround.script))
    return "\n\n".join(parts) + "\n"


def _escape(text: str) -> str:
    """Outside text in Markdown: no markup of its own."""
    shown = visible(text, 4000)
    for mark in "\\`*_[]<>#|":
        shown = shown.replace(mark, f"\\{mark}")
    return shown


def _quote(text: str) -> str:
    return visible(text, 400).replace("`", "'").replace("\n", " ")


def _fence(script: str) -> str:
    ticks = "```"
    while ticks in script:
        ticks += "`"
    return f"{ticks}python\n{visible(script, 8000).rstrip()}\n{ticks}"


def write_drafts(run: LoadedRun) -> str:
    """YAML entries of the new clusters; what a person has to write says TODO."""
    drafts = [_write_draft(run, finding) for finding in cluster(run) if finding.entry is None]
    return "\n".join(drafts)


def _write_draft(run: LoadedRun, finding: Finding) -> str:
    judged = run.judged[finding.representative]
    target = run.column(judged).target
    headline = words.write_headline("en", run, finding)
    rests = next(iter(words.list_sentences("en", run, finding)), _TODO)
    severity = _SEVERITY_OF.get(judged.word, "wrong_document")
    lines = [
        f"# {line}" for line in textwrap.wrap(f"{headline} {words.write_circumstance('en', run, finding)}", _WIDTH)
    ]
    lines += [
        f"- id: {target.framework[:3].upper()}-new-{finding.id}",
        "  title:",
        f"    en: {_scalar(' '.join([_TODO, *headline.split()][:_TITLE]))}",
        f"    zh: {_TODO}",
        f"  severity: {severity}",
        f"  authority: {finding.authority or 'mathematics'}",
        "  rests_on:",
        f"    en: {_scalar(rests)}",
        f"    zh: {_TODO}",
        "  effect:",
        f"    en: {_TODO}",
        f"    zh: {_TODO}",
        "  upstream: not reported",
        "  where:",
        f"    versions: {_scalar('==' + target.version.partition('+')[0])}",
        "  script: |",
    ]
    script = run.read_script(judged) or f"assert False, '{_TODO}'"
    lines += [f"    {line}" for line in visible(script, 8000).splitlines()]
    ends = _read_end(run, judged)
    if ends != "AssertionError":
        lines.append(f"  ends: {_scalar(ends)}")
    lines.append("  seen:")
    for sighting in find_sightings(run, finding):
        lines += _write_sighting(sighting)
    return "".join(f"  {line}".rstrip() + "\n" for line in lines)


def _read_end(run: LoadedRun, judged: JudgedCase) -> str:
    """How the script ended that was executed: the exception's class, a signal's name, or no end."""
    confirmation = run.confirmation(judged)
    if confirmation is None or not confirmation.confirmed:
        return "AssertionError"
    return confirmation.printed.rpartition("\n")[2].partition(":")[0]


def _write_sighting(sighting: Sighting) -> Iterator[str]:
    yield f"    - api: {sighting.api}"
    yield f"      kind: {sighting.kind}"
    if sighting.subject:
        yield f"      subject: {_scalar(sighting.subject)}"
    if sighting.message:
        yield f"      message: {_scalar(sighting.message)}"
    yield "      cases:"
    for pattern, count in sighting.cases.items():
        yield f"        {_scalar(pattern)}: {count}"


def _scalar(text: str) -> str:
    """A string as YAML on one line; JSON is YAML."""
    return json.dumps(visible(text, 1000), ensure_ascii=False)
