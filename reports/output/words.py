"""Our own sentences in the languages of the report, from languages/*.json.

Everything here is said for a reader: a text from outside passes through `visible` before it stands in a sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TypeVar

from ..findings.clusters import Finding
from ..findings.features import EVERY, Atom
from ..findings.messages import first_line
from ..results.loaded import JudgedCase, LoadedRun
from ..results.records import Case, Statement, Verdict
from ..views.errors import judge_manner
from .visible import visible

LANGUAGES = ("en", "zh")
Said = TypeVar("Said")  # a text, or several
_DOCSTRING = "docstring of "  # how the titles of docstrings begin
_METHODS = "docstrings of methods of "  # and those of several
_NAMED = 3  # cases that are named where no condition is known
_RESTS_LIMIT = 300  # characters of a sentence that a finding rests on


@cache
def messages(language: str) -> Mapping[str, str]:
    text = files(__package__).joinpath("languages", f"{language}.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


@cache
def sentences() -> Mapping[str, str]:
    """By our English words for it, the Chinese of why an API cannot say a call."""
    text = files(__package__).joinpath("languages", "sentences.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def say(language: str, key: str, *values: object, **named: object) -> str:
    return messages(language)[key].format(*values, **named)


def in_every_language(speak: Callable[[str], Said]) -> dict[str, Said]:
    """What `speak` makes of each language, by language."""
    return {language: speak(language) for language in LANGUAGES}


def name_term(language: str, family: str, word: str) -> str:
    """Our word for a term of a results file, such as an outcome; the term itself where we have none."""
    return messages(language).get(f"{family}.{word}", visible(word, 200))


def name_kind(language: str, word: str) -> str:
    """Our word for a kind of divergence or an outcome."""
    known = messages(language)
    return known.get(f"kind.{word}") or known.get(f"outcome.{word}") or visible(word, 200)


def translate(language: str, text: str) -> str:
    """A judge's phrase, or a reason of `sentences`, in another language; any other text as it is."""
    if language == "en":
        return text
    if text in sentences():
        return sentences()[text]
    # No phrase is long; a text that is may be hostile, and is not searched further.
    beginning = text[:1000]
    for key, pattern in _compile_phrases():
        phrase = pattern.fullmatch(beginning)
        if phrase:
            return say(language, key, *(translate(language, part) for part in phrase.groups()))
    return text


@cache
def _compile_phrases() -> Sequence[tuple[str, re.Pattern[str]]]:
    """The phrases that the judge writes into a results file, the longest first: (key, what the English one matches)."""
    phrases = [(key, text) for key, text in messages("en").items() if key.startswith("told.")]
    phrases.sort(key=lambda phrase: -len(phrase[1]))
    compiled = []
    for key, text in phrases:
        pattern = re.sub(r"\\\{\d\\\}", "(.+?)", re.escape(text))
        compiled.append((key, re.compile(pattern, re.DOTALL)))
    return compiled


def name_document(language: str, statement: Statement) -> str:
    """What a statement stands in."""
    source = statement.source
    if language == "en" or source is None:
        return visible(statement.document, 400)
    version = visible(translate(language, source.version), 200)
    if source.title.startswith(_DOCSTRING):
        of = visible(source.title.removeprefix(_DOCSTRING), 200)
        return say(language, "document.docstring", of=of, version=version)
    if source.title.startswith(_METHODS):
        classes = re.split(" and (?:of )?", visible(source.title.removeprefix(_METHODS), 200))
        return say(language, "document.methods", of="、".join(classes), version=version)
    title, publisher = visible(source.title, 200), visible(source.publisher, 200)
    return say(language, "document.page", title=title, publisher=publisher, version=version)


def name_section(language: str, section: str) -> str:
    """The place in a document, with the headings in a language that every document has."""
    if language == "en":
        return visible(section, 200)
    return visible(re.sub("^(?:Supported )?([A-Za-z]+)", lambda word: _name_heading(language, word), section), 200)


def _name_heading(language: str, word: re.Match[str]) -> str:
    return messages(language).get(f"section.{word[1].lower()}", word[0])


# A finding in words: what happens (headline), when (circumstance), or both as short as can be (brief).


def write_headline(language: str, run: LoadedRun, finding: Finding) -> str:
    """What the finding says, in one sentence without its condition; of a known cause the catalogue's title."""
    if finding.entry is not None:
        return visible(finding.entry.title.in_language(language), 200)
    judged = run.judged[finding.representative]
    verdict = judged.verdict
    signature = finding.signature
    observed = _describe_observation(language, verdict)
    return say(
        language,
        _choose_headline(run, finding),
        kind=name_kind(language, signature.word),
        apis=visible(_list_apis([run.columns[column].label for column in finding.columns]), 300),
        subject=name_term(language, "subject", signature.subject or "output").replace("-", " "),
        expected=visible(translate(language, _round_numbers(verdict.expected)), 160),
        observed=visible(translate(language, _round_numbers(observed)), 200),
        phase=name_term(language, "phase", verdict.phase),
    )


def _choose_headline(run: LoadedRun, finding: Finding) -> str:
    """The key of the sentence."""
    signature = finding.signature
    judged = run.judged[finding.representative]
    wrongly_accepted = signature.kind == "wrongly_accepted"
    if signature.claim and wrongly_accepted:
        return "says.forbidden"
    if signature.claim and judged.verdict.expected.startswith("document:"):
        return "says.against"
    if signature.outcome == "differs" and f"says.{judged.verdict.direction}" in messages("en"):
        return f"says.{judged.verdict.direction}"
    if wrongly_accepted and signature.subject != "call":
        return "says.accepted_argument" if signature.subject in judged.case.arguments else "says.accepted_call"
    word = signature.kind if signature.outcome == "diverges" else signature.outcome
    return f"says.{word}" if f"says.{word}" in messages("en") else "says.diverges"


def _describe_observation(language: str, verdict: Verdict) -> str:
    raised = verdict.raised
    if raised is None:
        return verdict.observed
    phase = name_term(language, "phase", raised.phase)
    return f"{raised.class_name} ({phase}): {_first_sentence(first_line(raised.message))}"


def _first_sentence(line: str) -> str:
    return re.split(r"(?<=[^\W\d_][.!]) (?=[A-Z])", line, maxsplit=1)[0]


def _round_numbers(text: str) -> str:
    """Numbers of many digits with six of them, a tuple of one as a person writes it."""
    text = re.sub(r"(?<=\d),\)", ")", text)
    return re.sub(r"\b\d{1,300}\.\d{7,300}(e[-+]?\d{1,3})?\b", lambda number: f"{float(number[0]):.6g}", text)


def _list_apis(labels: Sequence[str]) -> str:
    """``torch: nn.Conv2d, nn.functional.conv2d`` of several APIs of one framework."""
    frameworks = {label.partition(".")[0] for label in labels}
    if len(labels) == 1 or len(frameworks) > 1:
        return ", ".join(labels)
    names = ", ".join(label.partition(".")[2] for label in labels)
    return f"{frameworks.pop()}: {names}"


def write_answer(language: str, judged: JudgedCase) -> str:
    """How an API answered an invalid call, in one line: class, phase, whether a check refused it, the first words."""
    verdict = judged.verdict
    manner = say(language, f"manner.{judge_manner(judged)}")
    if verdict.raised is None:
        return manner if manner in visible(verdict.observed) else f"{manner}: {visible(verdict.observed, 200)}"
    phase = name_term(language, "phase", verdict.raised.phase)
    line = visible(first_line(verdict.raised.message), 200)
    return f"{visible(verdict.raised.class_name, 80)} ({phase}; {manner}): {line}"


def write_brief(language: str, run: LoadedRun, finding: Finding) -> str:
    """The kind of a finding, or the direction of a difference, and its condition alone; a known cause's title."""
    if finding.entry is not None:
        return write_headline(language, run, finding)
    direction = run.judged[finding.representative].verdict.direction
    kind = name_kind(language, finding.signature.word)
    if direction is not None:
        kind = name_term(language, "direction", direction)
    if not finding.condition or finding.signature.claim:
        return kind
    return f"{kind} {write_circumstance(language, run, finding)}"


def write_circumstance(language: str, run: LoadedRun, finding: Finding) -> str:
    """When it happens: the finding's condition in words, or the statement that it is against.

    Of a known cause the catalogue's account of what it does.
    """
    if finding.entry is not None:
        return visible(finding.entry.effect.in_language(language))
    if not finding.signature.claim:
        return _write_condition(language, run, finding)
    statement = _retell_statement(language, run, finding)
    if finding.condition in ((), (EVERY,)):
        return statement
    condition = _write_condition(language, run, finding)
    return condition if finding.condition[0][0] == "tried" else f"{statement} {condition}"


def _shorten(text: str) -> str:
    """The sentences that a card has room for, where the first of them ends in time."""
    end = max(text.rfind(". ", 0, _RESTS_LIMIT), text.rfind("。", 0, _RESTS_LIMIT))
    return text if len(text) <= _RESTS_LIMIT or end < 0 else text[: end + 1]


def write_basis(language: str, run: LoadedRun, finding: Finding) -> str:
    """The authority of a finding, and what that rests on; "" where the results file names none.

    Where the circumstance says the document's sentence, only the place of that is named. A copy's sentence is the
    vendor's own because the installed docstring says the same, which is said too.
    """
    if not finding.authority:
        return ""
    authority = name_term(language, "authority", finding.authority)
    sentences = list_sentences(language, run, finding)
    if not sentences:
        return say(language, "basis.alone", authority=authority)
    rests = sentences[0]
    statement = None if finding.entry is not None else _find_statement(run, finding)
    if statement is not None and finding.signature.claim:
        rests = rests.removesuffix(f": {statement.says.in_language(language)}")
    rests = visible(_shorten(rests), _RESTS_LIMIT)
    if statement is not None and statement.docstring == "same":
        rests = say(language, "basis.same", rests=rests.removesuffix("."))
    if len(sentences) > 1:
        rests += say(language, "basis.more", count=len(sentences) - 1)
    return say(language, "basis", authority=authority, rests=rests)


def list_sentences(language: str, run: LoadedRun, finding: Finding) -> Sequence[str]:
    """The sentences and definitions that a finding rests on, its representative's first."""
    if finding.entry is not None:
        return [finding.entry.rests_on.in_language(language)]
    sentences: dict[str, None] = {}
    for index in finding.members:
        judged = run.judged[index]
        if judged.verdict.rests_on:
            sentences[_retell_basis(language, run, judged)] = None
    return list(sentences)


def _retell_basis(language: str, run: LoadedRun, judged: JudgedCase) -> str:
    """What a failure rests on; a claim's sentence stands behind the document and the place, in both languages."""
    rests = judged.verdict.rests_on
    statement = _find_tested(run, judged.case)
    if statement is None or not rests.endswith(f": {statement.says.en}"):
        return translate(language, rests)
    place = f"{name_document(language, statement)}, {name_section(language, statement.section)}"
    return f"{place}: {statement.says.in_language(language)}"


def list_authorities(language: str, counts: Mapping[str, int]) -> str:
    """How many findings rest on which authority."""
    parts = []
    for authority, count in counts.items():
        name = name_term(language, "authority", authority)
        parts.append(say(language, "lead.authority", count=f"{count:,}", authority=name))
    return say(language, "lead.comma").join(parts)


def _write_condition(language: str, run: LoadedRun, finding: Finding) -> str:
    if not finding.condition:
        return _name_cases(language, run, finding)
    if finding.condition == (EVERY,):
        return say(language, "condition.always")
    condition = _join_atoms(language, finding.condition)
    if finding.condition[0][0] == "tried":
        return condition
    return say(language, "condition.mostly" if finding.exceptions else "condition", condition=condition)


def _join_atoms(language: str, atoms: Sequence[Atom]) -> str:
    parts = []
    for predicate, *operands in atoms:
        parts.append(say(language, f"atom.{predicate}", *(visible(operand, 200) for operand in operands)))
    return say(language, "and").join(parts)


def _retell_statement(language: str, run: LoadedRun, finding: Finding) -> str:
    """Which sentence of the document the finding is against, in the suite's words, and who is wrong."""
    statement = _find_statement(run, finding)
    sentence = finding.signature.claim if statement is None else statement.says.in_language(language)
    ruling = name_term(language, "ruling", finding.signature.ruling or "diverges")
    return say(language, "condition.claim", ruling=ruling, says=visible(sentence, 300))


def _find_statement(run: LoadedRun, finding: Finding) -> Statement | None:
    """The statement that the finding's smallest case tests; None of a canonical case, and where the file has none."""
    return _find_tested(run, run.judged[finding.representative].case)


def _find_tested(run: LoadedRun, case: Case) -> Statement | None:
    """The statement that a case tests; None of a canonical case, and where the file has none."""
    if case.claim is None:
        return None
    for statement in run.statements:
        if (statement.api, statement.claim) == (case.api, case.claim):
            return statement
    return None


def _name_cases(language: str, run: LoadedRun, finding: Finding) -> str:
    names = list(dict.fromkeys(run.judged[index].case.name for index in finding.members))
    named = ", ".join(visible(name, 80) for name in names[:_NAMED])
    if len(names) > _NAMED:
        named += ", …"
    return say(language, "condition.none", count=len(names), cases=named)
