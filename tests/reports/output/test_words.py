"""Both languages say everything, with the same blanks; every key is used."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import conv_reports as reports
from conformance.case import Distribution, Kind
from conformance.oracle.expectation import Expected
from conformance.verdicts.comparison import compare
from conformance.verdicts.distribution import explain_misfit as fault
from conv_reports.findings import features
from conv_reports.output import words
from conv_reports.results.records import (
    ASPECTS,
    AUTHORITIES,
    DIRECTIONS,
    DOCSTRINGS,
    KINDS,
    OUTCOMES,
    SEVERITIES,
    SOURCE_KINDS,
    Source,
    Statement,
    Text,
)
from conv_reports.views.porting import STANDINGS
from conv_reports.views.topics import TOPICS

ROOT = Path(__file__).parents[3]
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
    "explained": ("yes", "no"),
    "outcome": OUTCOMES,
    "kind": KINDS,
    "atom": features.PREDICATES,
    "phase": ("start", "construct", "parameters", "forward", "backward", "then"),
    "subject": ("output", "grad_input", "grad_weight", "grad_bias", "weight", "bias", "state", "call"),
    "change": ("worse", "better", "lost", "other", "added", "removed", "unchanged"),
    "authority": (*AUTHORITIES, "unnamed"),
    "direction": DIRECTIONS,
    "severity": SEVERITIES,
    "aspect": ASPECTS,
    "source": SOURCE_KINDS,
    "docstring": DOCSTRINGS,
    "manner": ("checked", "accident", "internal", "crash", "hang", "accepted", "none"),
    "ruling": (
        "holds",
        "document_wrong",
        "implementation_wrong",
        "oracle_apart",
        "all_differ",
        "document_silent",
        "document_and_implementation_part",
        "copy_outdated",
        "announced",
        "not_observable",
        "diverges",
        "fault",
        "unchecked",
        "not_run",
    ),
    "standing": STANDINGS,
    "topic": tuple(TOPICS),
    "section": tuple(
        "args arguments parameters attributes variables inputs outputs returns raises exceptions description signature shapes shape note warning platforms examples example title references links frame depthwise".split()
    ),
    "form": ("int", "pair", "four", "opposite", "depthwise", "none"),
    "says": (
        *KINDS,
        "crashed",
        "timed_out",
        "unstable",
        "diverges",
        "stricter",
        "other_class",
        "other_phase",
        "other_dtype",
        "stale",
        "other_layer",
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
    files = [*SOURCES.glob("output/assets/*"), *SOURCES.rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    keys = set(words.messages("en"))
    said = {key for key in re.findall(r"""say\((?:language, )?["']([\w.]+)["']""", text) if not key.endswith(".")} - {
        "en"
    }
    assert said <= keys
    literal = set(re.findall(r"""["'`]([\w]+(?:\.[\w]+)*)["'`]""", text))
    computed = {f"{family}.{term}" for family, terms in FAMILIES.items() for term in terms}
    computed |= {
        key
        for key in keys
        if key.startswith(("nav.", "preset.", "column.", "porting.", "told.", "intro.", "heat.", "facet."))
    }
    assert keys <= said | literal | computed | {"search", "search.hint"}


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_a_paraphrase_stands_in_no_quotation_marks(language):
    quoted = re.compile("[\"'“”‘’「」『』«»]\\s*\\{says\\}")
    assert [key for key, text in words.messages(language).items() if quoted.search(text)] == []


PHRASES = {
    "the definition of conv2d": "conv2d 的定义",
    "a call returns or raises": "调用应返回或报错",
    "shape (2, 3)": "形状 (2, 3)",
    "document: shape (1, 6, 2, 3); oracle: shape (1, 6, 1, 3)": "文档：形状 (1, 6, 2, 3)；参考实现：形状 (1, 6, 1, 3)",
    "the process ended: SIGFPE; so it does alone in a fresh process": "进程终止：SIGFPE；单独在新进程中也如此",
    "the process ended: SIGFPE": "进程终止：SIGFPE",
    "no answer in 20 s, in backward; so it does alone in a fresh process": (
        "20 秒内没有返回，停在 backward 阶段；单独在新进程中也如此"
    ),
    "no answer in 20 s": "20 秒内没有返回",
    "no answer in 20 s; not so alone in a fresh process": "20 秒内没有返回；单独在新进程中则不然",
    "5.0; 3 of 96 elements outside the bound, at most 2^15 times it": "5.0；96 个元素中有 3 个超出界，至多为界的 2^15 倍",
    "ValueError in construct: no": "ValueError in construct: no",
}


@pytest.mark.parametrize("phrase", PHRASES)
def test_phrases_of_the_judge_are_translated(phrase):
    assert words.translate("zh", phrase) == PHRASES[phrase]
    assert words.translate("en", phrase) == phrase


def assert_is_chinese(text):
    assert re.search("[\u4e00-\u9fff]", text), text


@pytest.mark.parametrize(
    "distribution",
    [
        Distribution("weight", "uniform", (-1.0, 1.0)),
        Distribution("weight", "uniform", (-0.1, 0.1)),
        Distribution("weight", "normal", (3.0, 0.1)),
        Distribution("weight", "normal", (0.0, 9.0)),
        Distribution("weight", "constant", (1.0,)),
    ],
    ids=str,
)
def test_what_the_judge_says_of_distributions_is_among_the_phrases(distribution):
    assert_is_chinese(words.translate("zh", fault(distribution, np.linspace(-0.5, 0.5, 4000))))


@pytest.mark.parametrize("bound", [None, np.full(3, 0.25)], ids=["exact", "bounded"])
@pytest.mark.parametrize("side", ["expected", "observed"])
def test_what_the_judge_says_of_numbers_is_among_the_phrases(bound, side):
    comparison = compare("output", Kind.VALUE, Expected(np.ones(3), bound), np.full(3, 9.0), "float64")
    assert_is_chinese(words.translate("zh", getattr(comparison.divergence, side)))


def test_every_translated_reason_is_given_somewhere():
    claims = (ROOT / "specs" / "claims").glob("*.yaml")
    files = [*(ROOT / "conformance" / "apis").glob("*.py"), ROOT / "conformance" / "targets" / "steps.py", *claims]
    contracts = "\n".join(path.read_text(encoding="utf-8") for path in files)
    for sentence in words.sentences():
        assert sentence.replace('"', '\\"') in contracts or sentence in contracts, sentence


def test_a_reason_is_told_in_chinese():
    assert words.translate("zh", "there is no padding_mode") == "没有 padding_mode"
    assert words.translate("en", "there is no padding_mode") == "there is no padding_mode"
    assert words.translate("zh", "nobody has said this") == "nobody has said this"


def test_what_a_worker_cannot_do_is_told_in_chinese():
    """Each sentence that it raises of what its adapter lacks; of a name that is missing there is nothing to translate."""
    remote = ROOT / "conformance" / "targets" / "remote" / "worker"
    raised = [
        sentence
        for name in ("values.py", "sequel.py", "last_call.py")
        for sentence in re.findall(r'raise Lacking\(f"(.+)"\)', (remote / name).read_text(encoding="utf-8"))
    ]
    assert len(raised) > 2
    for sentence in raised:
        assert_is_chinese(words.translate("zh", re.sub(r"\{[^}]*\}", "this", sentence)))


def make_statement(title, version, section="Args: padding"):
    source = Source(publisher="A vendor", title=title, version=version, address="", kind="older_release")
    return Statement(f"the {title} of {version}", "api", "claim", section, Text("so", "\u5982\u6b64"), None, source)


def test_a_document_is_named_in_both_languages():
    docstring = make_statement("docstring of torch.nn.Conv2d", "torch 2.13.0")
    assert words.name_document("zh", docstring) == "torch.nn.Conv2d 的文档字符串（torch 2.13.0）"
    assert words.name_document("en", docstring) == docstring.document
    methods = make_statement("docstrings of methods of torch.nn.Module and torch.Tensor", "torch 2.13.0")
    assert words.name_document("zh", methods) == "torch.nn.Module、torch.Tensor 的方法的文档字符串（torch 2.13.0）"
    page = make_statement("Conv2d", "before 2.0, as it has no output_padding")
    assert words.name_document("zh", page) == "Conv2d（A vendor，早于 2.0，因为其中没有 output_padding）"


@pytest.mark.parametrize(
    ("section", "chinese"),
    [
        ("Args: padding", "参数: padding"),
        ("Supported Platforms", "支持平台"),
        ("description", "描述"),
        ("2, groups", "2, groups"),
        ("nobody's", "nobody's"),
    ],
)
def test_a_heading_that_every_document_has_is_translated(section, chinese):
    assert words.name_section("zh", section) == chinese
    assert words.name_section("en", section) == section


def test_every_version_that_a_claims_file_writes_in_words_is_translated():
    files = (ROOT / "specs" / "claims").glob("*.yaml")
    versions = {
        one for path in files for one in re.findall(r"^    version: (.+)$", path.read_text("utf-8"), re.MULTILINE)
    }
    assert versions
    for version in versions:
        if re.search("[a-z]+ [a-z]+ [a-z]+", version):
            assert_is_chinese(words.translate("zh", version))


def test_a_reason_within_a_phrase_is_translated_too():
    assert words.translate("zh", "with stride mended the call has no equivalent either: there is no padding_mode") == (
        "把 stride 改正后，调用仍无等价写法：没有 padding_mode"
    )
