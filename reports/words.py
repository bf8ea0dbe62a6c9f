"""Our own sentences in the languages of the report, from languages/*.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from reports.features import EVERY, Atom
from reports.findings import Finding
from reports.run import Run
from reports.visible import visible

LANGUAGES = ("en", "zh")


@cache
def messages(language: str) -> Mapping[str, str]:
    text = files("reports").joinpath("languages", f"{language}.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def say(language: str, key: str, *values: object, **named: object) -> str:
    return messages(language)[key].format(*values, **named)


def term(language: str, family: str, word: str) -> str:
    """Our word for a term of a results file, such as an outcome; the term itself where we have none."""
    return messages(language).get(f"{family}.{word}", visible(word, 200))


def condition(language: str, atoms: tuple[Atom, ...]) -> str:
    return say(language, "and").join(say(language, f"atom.{name}", *(visible(word, 60) for word in words)) for name, *words in atoms)


def headline(language: str, run: Run, finding: Finding) -> str:
    """What the finding says, in one sentence without its condition."""
    first = run.entries[finding.entries[0]].verdict
    like = finding.signature
    key = f"says.{like.kind if like.outcome == 'diverges' else like.outcome}"
    if key not in messages(language):
        key = "says.diverges"
    return say(
        language, key,
        apis=", ".join(visible(run.columns[column].label, 200) for column in finding.columns),
        subject=term(language, "subject", like.subject or "output"),
        expected=visible(first.expected, 160), observed=visible(first.observed, 160), phase=visible(like.shape and first.phase or first.phase, 40),
    )  # fmt: skip


def circumstance(language: str, finding: Finding) -> str:
    """When it happens: the finding's condition in words."""
    if finding.condition == (EVERY,):
        return say(language, "condition.always")
    if finding.condition:
        return say(language, "condition", condition=condition(language, finding.condition))
    return say(language, "condition.one" if len(finding.entries) == 1 else "condition.none")
