"""Both languages say everything, with the same blanks; every key is used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import reports
from reports import features, words
from reports.read import KINDS, OUTCOMES

SOURCES = Path(reports.__file__).parent
BLANK = re.compile(r"\{(\w+)\}")


def test_both_languages_have_the_same_keys():
    assert list(words.messages("en")) == list(words.messages("zh"))


@pytest.mark.parametrize("key", words.messages("en"))
def test_both_languages_have_the_same_blanks(key):
    assert sorted(BLANK.findall(words.messages("en")[key])) == sorted(BLANK.findall(words.messages("zh")[key]))


def test_chinese_is_chinese():
    same = {key for key, text in words.messages("zh").items() if text == words.messages("en")[key]}
    symbols = {key for key in same if not re.search(r"[A-Za-z]{3}", BLANK.sub("", words.messages("en")[key]))}
    assert same - symbols == {"search.hint", "atom.dtype", "atom.depthwise", "accuracy.dtype"}


FAMILIES = {
    "outcome": OUTCOMES,
    "kind": KINDS,
    "atom": features.PREDICATES,
    "phase": ("start", "construct", "parameters", "forward", "backward"),
    "subject": ("output", "grad_input", "grad_weight", "grad_bias", "weight", "bias", "call"),
    "change": ("worse", "better", "lost", "other", "added", "removed", "unchanged"),
    "manner": ("clean", "internal", "crash", "hang", "accepted", "none"),
    "ruling": (
        "holds",
        "document_wrong",
        "implementation_wrong",
        "oracle_apart",
        "all_differ",
        "document_silent",
        "document_and_implementation_part",
        "not_observable",
        "diverges",
        "fault",
        "unchecked",
        "not_run",
    ),
    "form": ("int", "pair", "four", "depthwise", "none"),
    "says": (
        *KINDS,
        "crashed",
        "timed_out",
        "unstable",
        "diverges",
        "against",
        "forbidden",
        "accepted_argument",
        "accepted_call",
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_term_of_a_closed_set_has_a_word(family):
    have = {key.partition(".")[2] for key in words.messages("en") if key.startswith(f"{family}.")}
    assert have == set(FAMILIES[family])


def test_every_key_is_used_and_every_used_key_exists():
    files = [*SOURCES.glob("page/*"), *SOURCES.glob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    keys = set(words.messages("en"))
    said = {key for key in re.findall(r"""say\((?:language, )?["']([\w.]+)["']""", text) if not key.endswith(".")} - {
        "en"
    }
    assert said <= keys
    literal = set(re.findall(r"""["'`]([\w]+(?:\.[\w]+)*)["'`]""", text))
    computed = {f"{family}.{term}" for family, terms in FAMILIES.items() for term in terms}
    computed |= {key for key in keys if key.startswith(("nav.", "preset.", "column.", "porting."))}
    assert keys <= said | literal | computed | {"search", "search.hint"}
