"""Rubbish in, a named error or a result out: the spec loader, the catalogue reader, the results reader.

``--hypothesis-profile=search`` makes a long run of it, each time another one.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import safe_yaml
from conformance.case import (
    LAYERS,
    Confirmation,
    Document,
    DocumentKind,
    Entry,
    Inputs,
    Kind,
    Outcome,
    Phase,
    Raised,
    Severity,
    Statement,
    Text,
    Verdict,
    Worst,
)
from conformance.cases import expression, spec
from conformance.catalogue import load
from conformance.catalogue.fact import Fact, Place
from conformance.catalogue.recount import recount
from conformance.records import resume
from conformance.records.record import (
    CaseRecord,
    ConfirmationRecord,
    EntryRecord,
    Footer,
    Header,
    Question,
    StatementRecord,
    TargetRecord,
    VerdictRecord,
    describe_case,
)
from conv_reports.results import read

ROOT = Path(__file__).parent.parent.parent
# Rubbish costs little, so that more of it than of other examples is tried.
thorough = settings(max_examples=2 * settings.default.max_examples)


WORDS = [
    "layer", "conv2d", "clause", "about", "defaults", "cases", "name", "for", "where", "cover", "arguments", "input", "raises",
    "api", "document", "claims", "id", "section", "says", "unchecked", "expect", "shape", "dtype", "values", "layout",
    "gradients", "kernel_size", "stride", "padding", "in_channels", "out_channels", "groups", "bias", "list", "set", "numpy",
    "value", "array", "tensor", "float", "nan", "int64", "float32", "exact", "=k", "=k+1", "=(k,k)", "=k/0", "=[k]", "=k*k",
    "torch.nn.Conv2d", "same", "operation", "distribution", "uniform", "parameter", "weight", "parameters", "same_as",
    "accepts", "positional", "divergences", "versions", "==1", "kind", "reason", "message",
]  # fmt: skip
ODD = [
    "'", '"', ": ", "- ", "[", "]", "{", "}", "&a ", "*a", "!!python/object:os.system ", "|\n", "\n", "\n  ", "%", "? ", "\t",
    "\ud7ff", "\u202e", "\x00", "\x85", "<<", "~", ".inf", "1e999", "0x", "2001-01-01", "1_", "#", "---\n", "...\n",
]  # fmt: skip
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 9),
    st.integers(),
    st.floats(),
    st.sampled_from(WORDS),
    st.text(max_size=9),
)


def lists(items: Any, most: int = 3) -> Any:
    return st.lists(items, min_size=1, max_size=most)


def keyed(names: str, values: Any) -> Any:
    return st.dictionaries(st.sampled_from(names.split()), values, min_size=1, max_size=4)


trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)
case_parts = {
    "arguments": keyed("kernel_size stride padding in_channels out_channels groups bias x", trees),
    "input": st.none() | keyed("shape dtype values layout gradients", trees) | st.just({"shape": [1, 2, 5, 4]}),
    "for": keyed("k n m", lists(trees)),
    "where": st.sampled_from(["k > 1", "k in (1, 2)", "n", "k ==", "len(k)"]),
    "cover": st.integers(0, 5),
}
names = st.sampled_from(["a", "b", "c\n"])
canonical = st.fixed_dictionaries(
    {"name": names}, optional={**case_parts, "raises": scalars, "unlike": case_parts["arguments"]}
)
promise = keyed(
    "shape dtype raises phase accepts operation parameters state defaults distribution same_as",
    trees | st.just({"parameter": "weight", "uniform": ["=k", 1]}) | st.just({"weight": {"shape": "=k"}}),
)
claim_case = st.fixed_dictionaries({"expect": promise}, optional=case_parts)
bilingual = st.fixed_dictionaries({"en": st.text(min_size=1, max_size=5), "zh": st.text(max_size=5)})
claim = st.fixed_dictionaries(
    {"id": names, "section": st.just("1"), "says": bilingual},
    optional={"cases": lists(claim_case, 2), "unchecked": bilingual | scalars},
)
HEAD = {
    "layer": "conv2d",
    "api": "torch.nn.Conv2d",
    "documents": {"x": {"publisher": "p", "title": "t", "version": "1", "kind": "installed_docstring"}},
    "document": "x",
}
specs = st.one_of(
    st.fixed_dictionaries({"layer": st.sampled_from(LAYERS), "clause": st.just("x"), "cases": lists(canonical)}),
    lists(claim).map(lambda claims: {**HEAD, "claims": claims}),
)
pieces = st.lists(st.sampled_from([*WORDS, *ODD]) | st.text(max_size=5), max_size=40).map("".join)
SEEDS = [path.read_bytes()[:3000] for path in sorted((ROOT / "specs").glob("conv*/*.yaml"))[:12]]


@st.composite
def mutants(draw: Any, seeds: list[bytes]) -> bytes:
    """A good file with some of its bytes replaced, doubled or lost."""
    text = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 30))
        text[at : at + length] = draw(
            st.sampled_from([w.encode() for w in (*WORDS, *ODD)]) | st.binary(max_size=4)
        ) * draw(st.integers(0, 3))
    return bytes(text)


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def dumped(tree: Any) -> bytes:
    """JSON, which is YAML too, but for the numbers that JSON lacks and long lines."""
    return as_bytes(json.dumps(tree, ensure_ascii=False, indent=0))


def assert_refusal(error: safe_yaml.InputError, path: Path) -> None:
    """A refusal is one printable line, and points into the file."""
    message = str(error)
    assert re.match(rf"{re.escape(str(path))}:\d+:\d+: .", message)
    assert error.line >= 1
    assert error.column >= 1
    assert message.isprintable()
    assert len(message) < 1000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@thorough
@given(
    content=st.one_of(
        specs.map(dumped), mutants(SEEDS), pieces.map(as_bytes), st.binary(max_size=60), trees.map(dumped)
    )
)
def test_specs(folder: Path, content: bytes) -> None:
    path = folder / "fuzzed.yaml"
    path.write_bytes(content)
    try:
        loaded = spec.load(path, "fuzzed.yaml")
    except spec.SpecError as error:
        assert_refusal(error, path)
    else:
        for case in loaded.cases:
            assert case.id.isprintable()
            json.dumps(describe_case(case).to_json(), allow_nan=False)


@thorough
@given(text=pieces | st.text(st.sampled_from("kn0123456789.+-*/%()<>=,[]' andornotifelsemaxsqrt"), max_size=40))
def test_expressions(text: str) -> None:
    with contextlib.suppress(expression.ExpressionError):
        expression.evaluate(text, {"k": (1, 2), "n": 3})


KNOWN = b"""\
# About all.
framework: torch
entries:
  # About one.
  - id: TOR-one
    title: {en: it fails, zh: fails}
    severity: crash
    authority: robustness
    rests_on: {en: that, zh: z}
    effect: {en: e, zh: z}
    upstream: not reported
    where: {versions: ">=1,<2"}
    script: assert False
    seen:
      - api: torch.nn.Conv2d
        kind: value
        subject: output
        message: "it is "
        cases:
          # About y.
          x.yaml::y: 1
          x.yaml::z[*]: 3  # three
      - api: torch.nn.Conv2d
        kind: shape
        cases:
          x.yaml::q: 1
"""
patterns = st.sampled_from(["x::y", "x::*", "*", "x.yaml::y[k:1]", "x.yaml::z[*]"]) | st.text(max_size=6)
sighting = st.fixed_dictionaries(
    {
        "api": st.sampled_from(["torch.nn.Conv2d", "a.B"]),
        "kind": st.sampled_from(["value", "crashed", "conforms", "x"]),
        "cases": st.dictionaries(patterns, st.integers(-1, 3)),
    },
    optional={"message": scalars, "subject": scalars, "zzz": scalars},
)
texts = st.fixed_dictionaries({"en": scalars, "zh": scalars})
entry = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["TOR-a", "TOR-b", "x"]),
        "title": texts,
        "severity": st.sampled_from(["crash", "difference"]),
        "authority": st.sampled_from(["robustness", "none"]),
        "rests_on": scalars,
        "effect": texts,
        "upstream": st.sampled_from(["not reported", "https://a.b/1", "x"]),
        "where": st.fixed_dictionaries({"versions": st.sampled_from(["==1", ">=1,<2", "1", "~=1.0", "==*"])}),
        "script": scalars,
        "seen": st.lists(sighting, max_size=3),
    },
    optional=dict.fromkeys(["ends", "workaround", "unstable", "zzz"], scalars),
)
catalogues = st.fixed_dictionaries({"framework": st.just("torch"), "entries": st.lists(entry, max_size=3)})
PLACE = Place("t", "1.5", (("platform", "linux-x86_64"),))
facts = st.lists(
    st.builds(
        Fact,
        case=st.sampled_from(["y", "q", "z[k:1-n:2]", "z[k:2-n:2]", "z[k:1-n:a: b #]", 'z["]']).map("x.yaml::{}".format),
        api=st.just("torch.nn.Conv2d"),
        place=st.just(PLACE),
        outcome=st.sampled_from([Outcome.CONFORMS, Outcome.DIVERGES]),
        kind=st.sampled_from(["value", "shape"]),
        subject=st.sampled_from(["output", "weight"]),
        observed=st.text(max_size=12) | st.sampled_from(["it is 3", "it is 4", "else: # 'x'", "shape (1, 2)"]),
    ),
    max_size=6,
    unique_by=lambda fact: fact.case,
)  # fmt: skip


@thorough
@given(
    content=st.one_of(catalogues.map(dumped), mutants([KNOWN]), pieces.map(as_bytes), st.just(KNOWN)),
    found=facts,
)
def test_catalogues(folder: Path, content: bytes, found: list[Fact]) -> None:
    path = folder / "known.yaml"
    path.write_bytes(content)
    try:
        known = load.load(path)
        counted = recount(content.decode(), str(path), found)
    except load.CatalogueError as error:
        assert_refusal(error, path)
        return
    for fact in found:
        known.match(fact)
    # Of what was counted nothing is miscounted, and counting it again changes nothing.
    path.write_text(counted.text, encoding="utf-8")
    written = load.load(path)
    if not counted.gone:
        assert list(written.find_miscounts(found, frozenset({"x.yaml"}))) == []
    assert recount(counted.text, str(path), found) == counted


QUESTION = Question("x::y", "t", "a")
RECORDS = [
    Header("0.1.0", "2026", {}, ()).to_json(),
    TargetRecord("t", "f", "popen", ("a",), available=True).to_json(),
    CaseRecord("x::y", 1, "conv2d", None, {}, Inputs((1, 2, 3, 4)), False, "c", None).to_json(),
    VerdictRecord(QUESTION, Verdict(Outcome.CONFORMS)).to_json(),
    VerdictRecord(
        QUESTION,
        Verdict(
            Outcome.DIVERGES,
            kind=Kind.VALUE,
            raised=Raised(Phase.FORWARD, "A", ("B",), "c"),
            ratio=math.inf,
            worst=Worst((0,), 1.0, 2.0, 0.5),
        ),
        script="script",
    ).to_json(),
    StatementRecord(
        Statement("d", "a", "c", "1", Text("s", "z"), None, Document("p", "t", "v", DocumentKind.OFFICIAL_PAGE))
    ).to_json(),
    ConfirmationRecord(QUESTION, Confirmation(True, "")).to_json(),
    EntryRecord(
        "t",
        Entry("T-e", "f", Text("e", "z"), Severity.CRASH, None, Text("r", "z"), Text("e", "z"), None, "", "s"),
        "w",
        ("a",),
        1,
        1,
    ).to_json(),
    Footer(True, "2026", 1, 0.5).to_json(),
]
GOOD = [b"".join(as_bytes(json.dumps(record)) + b"\n" for record in RECORDS)]
fields = sorted({name for record in RECORDS for name in record})


@st.composite
def results(draw: Any) -> bytes:
    """Records with some of their values replaced."""
    lines = []
    for record in [RECORDS[0], *draw(st.lists(st.sampled_from(RECORDS), max_size=6))]:
        changed = {**record, **draw(st.dictionaries(st.sampled_from(fields), trees, max_size=2))}
        lines.append(as_bytes(json.dumps(changed)))
    return b"\n".join(lines)


@thorough
@given(content=st.one_of(results(), mutants(GOOD), st.binary(max_size=60)))
def test_results(folder: Path, content: bytes) -> None:
    path = folder / "results.jsonl"
    path.write_bytes(content)
    try:
        list(read.records(path))
        earlier = resume.load(path)
    except (read.ResultsError, resume.ResumeError) as error:
        assert str(path) in str(error)
    else:
        assert set(earlier.bases) >= {question.target for question in earlier.verdicts}
