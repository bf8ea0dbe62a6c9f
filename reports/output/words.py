"""Our own sentences in the languages of the report, from languages/*.json."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from ..findings.clusters import Finding, first_line
from ..findings.features import EVERY, Atom
from ..results.loaded import Run
from .visible import visible

LANGUAGES = ("en", "zh")
_NAMED = 3  # cases that are told where no condition is known


@cache
def messages(language: str) -> Mapping[str, str]:
    text = files(__package__).joinpath("languages", f"{language}.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def say(language: str, key: str, *values: object, **named: object) -> str:
    return messages(language)[key].format(*values, **named)


def term(language: str, family: str, word: str) -> str:
    """Our word for a term of a results file, such as an outcome; the term itself where we have none."""
    return messages(language).get(f"{family}.{word}", visible(word, 200))


def kind(language: str, word: str) -> str:
    """Our word for a kind of divergence or an outcome."""
    said = messages(language)
    return said.get(f"kind.{word}") or said.get(f"outcome.{word}") or visible(word, 200)


@cache
def _phrases() -> Sequence[tuple[str, re.Pattern[str]]]:
    """The phrases that the judge writes into a results file, the longest first: (key, what the English one matches)."""
    phrases = [(key, text) for key, text in messages("en").items() if key.startswith("told.")]
    phrases.sort(key=lambda phrase: -len(phrase[1]))
    return [(key, re.compile(re.sub(r"\\\{\d\\\}", "(.+?)", re.escape(text)), re.DOTALL)) for key, text in phrases]


def told(language: str, text: str) -> str:
    """A judge's phrase in another language; any other text as it is."""
    if language == "en":
        return text
    found = ((key, pattern.fullmatch(text[:1000])) for key, pattern in _phrases())
    return next((say(language, key, *match.groups()) for key, match in found if match), text)


def condition(language: str, atoms: tuple[Atom, ...]) -> str:
    return say(language, "and").join(
        say(language, f"atom.{name}", *(visible(word, 200) for word in words)) for name, *words in atoms
    )


def headline(language: str, run: Run, finding: Finding) -> str:
    """What the finding says, in one sentence without its condition."""
    first = run.entries[finding.entries[0]].verdict
    like = finding.signature
    observed = first.observed
    if first.raised is not None:
        where = term(language, "phase", first.raised.phase)
        observed = f"{first.raised.cls.rpartition('.')[2]} ({where}): {_sentence(first_line(first.raised.message))}"
    key = f"says.{like.kind if like.outcome == 'diverges' else like.outcome}"
    if like.claim and (like.kind == "wrongly_accepted" or first.expected.startswith("document:")):
        key = "says.forbidden" if like.kind == "wrongly_accepted" else "says.against"
    elif like.kind == "wrongly_accepted" and like.subject != "call":
        case = run.entries[finding.entries[0]].case
        key = "says.accepted_argument" if like.subject in case.arguments else "says.accepted_call"
    elif key not in messages(language):
        key = "says.diverges"
    return say(
        language,
        key,
        kind=kind(language, like.kind or like.outcome),
        apis=visible(_apis([run.columns[column].label for column in finding.columns]), 300),
        subject=term(language, "subject", like.subject or "output").replace("-", " "),
        expected=visible(told(language, _rounded(first.expected)), 160),
        observed=visible(told(language, _rounded(observed)), 200),
        phase=term(language, "phase", first.phase),
    )


def _sentence(text: str) -> str:
    """The first sentence of a long line."""
    return re.split(r"(?<=[^\W\d_][.!]) (?=[A-Z])", text, maxsplit=1)[0]


def _rounded(text: str) -> str:
    """Numbers of many digits with six of them, a tuple of one as a person writes it."""
    text = re.sub(r"(?<=\d),\)", ")", text)
    return re.sub(r"\b\d{1,300}\.\d{7,300}(e[-+]?\d{1,3})?\b", lambda match: f"{float(match[0]):.6g}", text)


def _apis(labels: Sequence[str]) -> str:
    """``torch: nn.Conv2d, nn.functional.conv2d`` of several APIs of one framework."""
    first, *rest = {label.partition(".")[0] for label in labels}
    if len(labels) == 1 or rest:
        return ", ".join(labels)
    return f"{first}: {', '.join(label.partition('.')[2] for label in labels)}"


def brief(language: str, run: Run, finding: Finding) -> str:
    """The kind of a finding and its condition alone."""
    word = kind(language, finding.signature.kind or finding.signature.outcome)
    if not finding.condition or finding.signature.claim:
        return word
    return f"{word} {circumstance(language, run, finding)}"


def circumstance(language: str, run: Run, finding: Finding) -> str:
    """When it happens: the finding's condition in words, or the statement that it is against."""
    told = ""
    if finding.signature.claim:
        case = run.entries[finding.entries[0]].case
        said = [
            statement.says for statement in run.statements if (statement.api, statement.claim) == (case.api, case.claim)
        ]
        ruling = term(language, "ruling", finding.signature.ruling or "diverges")
        told = say(
            language, "condition.claim", ruling=ruling, says=visible(said[0] if said else finding.signature.claim, 300)
        )
        if not finding.condition or finding.condition == (EVERY,):
            return told
        told += " "
    if finding.condition == (EVERY,):
        return say(language, "condition.always")
    if finding.condition and finding.condition[0][0] == "tried":
        return condition(language, finding.condition)
    if finding.condition:
        key = "condition.mostly" if finding.exceptions else "condition"
        return told + say(language, key, condition=condition(language, finding.condition))
    cases = list(dict.fromkeys(run.entries[index].case.name for index in finding.entries))
    told = ", ".join(visible(name, 80) for name in cases[:_NAMED]) + (", …" if len(cases) > _NAMED else "")
    return say(language, "condition.none", count=len(cases), cases=told)
