"""The catalogue's entries as an audit saw them: a list, pages ready to be posted, JSON, and drafts of what is new."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

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
    "internal_error": "crash",
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


def list_entries(run: LoadedRun) -> Sequence[Entry]:
    """The entries that a run has seen, the most serious first; one that several targets showed stands for each."""
    return sorted(
        run.entries.values(), key=lambda entry: (entry.framework, rate_severity(entry.severity), entry.id, entry.target)
    )


def write_list(run: LoadedRun, language: str) -> str:
    """A line an entry: severity, verdicts, whether its script showed it, id and title."""
    entries = list_entries(run)
    width = max((len(entry.id) for entry in entries), default=0)
    lines = []
    for entry in entries:
        severity = words.name_term(language, "severity", entry.severity)
        shown = words.say(language, _say_execution(entry))
        title = visible(entry.title.in_language(language), 200)
        lines.append(f"{visible(entry.id, 80).ljust(width)}  {entry.verdicts:5}  {severity}; {shown}  {title}")
    return "".join(line + "\n" for line in lines)


def _say_execution(entry: Entry) -> str:
    if entry.execution is None:
        return "known.not_executed"
    return "known.shown" if entry.execution.shown else "known.not_shown"


def write_json(run: LoadedRun) -> str:
    """All that the results files say of the entries."""
    return json.dumps([asdict(entry) for entry in list_entries(run)], indent=2, ensure_ascii=False) + "\n"


def write_pages(run: LoadedRun, language: str) -> Mapping[str, str]:
    """By the name of a file, an entry as a page of Markdown that can be posted as an issue as it is."""
    pages = {}
    for entry in list_entries(run):
        pages[f"{visible(entry.id, 80)}.md"] = write_page(run, entry, language)
    return pages


def write_page(run: LoadedRun, entry: Entry, language: str) -> str:
    """One entry in Markdown."""
    say = words.say
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
    if entry.authority:
        authority = words.name_term(language, "authority", entry.authority)
        facts.append(say(language, "known.rests", authority=authority, rests=_escape(entry.rests_on)))
    else:
        facts.append(say(language, "known.differs", rests=_escape(entry.rests_on)))
    facts.append(say(language, "known.upstream" if entry.upstream else "known.unreported", upstream=entry.upstream))
    parts.append("\n".join(f"- {fact}" for fact in facts))
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
        f"  rests_on: {_scalar(next(iter(words.list_sentences(run, finding)), _TODO))}",
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
