"""Each kind of record writes a line and reads it back, and no other data is taken for one."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.case import (
    LAYERS,
    Aspect,
    Authority,
    Confirmation,
    Direction,
    Divergence,
    Docstring,
    Document,
    DocumentKind,
    Entry,
    Execution,
    Inputs,
    Kind,
    Outcome,
    Phase,
    Raised,
    Ruling,
    Severity,
    Statement,
    Text,
    Verdict,
    Workaround,
    Worst,
)
from conformance.certificate.certificate import Certificate, CheckResult
from conformance.records.record import (
    CLASSES,
    CaseRecord,
    ConfirmationRecord,
    ContractRecord,
    EntryRecord,
    Footer,
    Header,
    Question,
    Record,
    RecordError,
    StatementRecord,
    TargetRecord,
    VerdictRecord,
    read_line,
    read_record,
    write_line,
)
from tests.fakes.suite import Result, Suite

SCHEMA = Path(__file__).parents[2] / "specs" / "schema" / "results.json"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))

words = st.text(max_size=8)
numbers = st.integers() | st.floats() | st.complex_numbers()
finite = st.floats(0, 1e6)
texts = st.dictionaries(words, words, max_size=2)
questions = st.builds(Question, words, words, words)
check_results = st.builds(CheckResult, words, st.sampled_from(["passed", "failed", "not observable"]), words)
certificates = st.builds(Certificate, words, finite, st.dictionaries(words, st.tuples(check_results), max_size=2))
inputs = st.builds(
    Inputs,
    shape=st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)),
    dtype=words,
    values=words,
    layout=words,
    gradients=st.booleans(),
    weight_dtype=st.none() | words,
    seed=st.none() | words,
    infer=st.booleans(),
)
worsts = st.builds(Worst, st.tuples(st.integers(0, 9)), numbers, numbers, st.floats())
divergences = st.builds(Divergence, st.sampled_from(Kind), words, words, words, st.none() | st.floats())
verdicts = st.builds(
    Verdict,
    outcome=st.sampled_from(Outcome),
    kind=st.none() | st.sampled_from(Kind),
    subject=words,
    expected=words,
    observed=words,
    phase=st.none() | st.sampled_from(Phase),
    raised=st.none() | st.builds(Raised, st.sampled_from(Phase), words, st.tuples(words), words),
    ratio=st.none() | st.floats(),
    exact=st.booleans(),
    worst=st.none() | worsts,
    ruling=st.none() | st.sampled_from(Ruling),
    authority=st.none() | st.sampled_from(Authority),
    rests_on=words,
    direction=st.none() | st.sampled_from(Direction),
    further=st.lists(divergences, max_size=2).map(tuple),
    compared=st.lists(st.sampled_from(Aspect), unique=True).map(tuple),
    accident=st.booleans(),
    inferred=st.booleans(),
    stderr=words,
    arrays=st.none() | st.just({"x": [[1.0, "nan"]], "expected": []}),
    seconds=st.integers(0, 10**9).map(lambda microseconds: microseconds / 10**6),
)
available = st.builds(
    TargetRecord,
    name=words,
    framework=words,
    spec=words,
    apis=st.tuples(words),
    available=st.just(True),
    version=words,
    environment=texts,
    certificate=st.none() | certificates,
)
unavailable = st.builds(TargetRecord, words, words, words, st.tuples(words), available=st.just(False), reason=words)
cases = st.builds(
    CaseRecord,
    id=words,
    line=st.integers(1, 99),
    layer=st.sampled_from(LAYERS),
    api=st.none() | words,
    arguments=st.dictionaries(words, st.none() | st.integers() | words | st.lists(st.integers()), max_size=2),
    inputs=st.none() | inputs,
    invalid=st.booleans(),
    clause=words,
    claim=st.none() | words,
    wrong=st.none() | words.filter(bool),  # an argument has a name
)
bilingual = st.builds(Text, words, words)
statements = st.builds(
    Statement,
    document=words,
    api=words,
    claim=words,
    section=words,
    says=bilingual,
    unchecked=st.none() | bilingual,
    source=st.builds(Document, words, words, words, st.sampled_from(DocumentKind), st.none() | words),
    docstring=st.none() | st.sampled_from(Docstring),
    announced=st.none() | words,
)
entries = st.builds(
    Entry,
    id=words,
    framework=words,
    title=bilingual,
    severity=st.sampled_from(Severity),
    authority=st.none() | st.sampled_from(Authority),
    rests_on=bilingual,
    effect=bilingual,
    workaround=st.none() | st.builds(Workaround, bilingual, words),
    upstream=words,
    script=words,
    ends=words,
    correction=st.none() | bilingual,
)
executions = st.builds(Execution, st.booleans(), words, st.none() | words)
records = st.one_of(
    st.builds(Header, words, words, texts, st.tuples(words)),
    available,
    unavailable,
    st.builds(ContractRecord, words, words, words, words, st.none() | texts, words, words, texts),
    cases,
    st.builds(StatementRecord, statements),
    st.builds(VerdictRecord, questions, verdicts, words, st.none() | words, st.none() | words),
    st.builds(ConfirmationRecord, questions, st.builds(Confirmation, st.booleans(), words), st.none() | words),
    st.builds(
        EntryRecord,
        words,
        entries,
        words,
        st.lists(words).map(tuple),
        st.integers(0),
        st.integers(0),
        st.booleans(),
        st.none() | executions,
    ),
    st.builds(Footer, st.booleans(), words, st.integers(0, 99), st.integers(0, 9999).map(lambda tenths: tenths / 10)),
)


@given(records)
def test_a_record_is_read_back_as_it_was(record: Record) -> None:
    line = write_line(record)
    again = read_line(line)
    assert write_line(again) == line
    assert repr(again) == repr(record), "in which NaN is like itself"


@given(records)
def test_a_line_is_ascii_and_as_the_schema_says(record: Record) -> None:
    line = write_line(record)
    assert line.isascii()
    assert "\n" not in line
    VALIDATOR.validate(json.loads(line))


@pytest.mark.parametrize("cls", [Inputs, Verdict], ids=lambda cls: cls.__name__)
def test_the_round_trip_covers_every_field(cls: type) -> None:
    drawn = {Inputs: inputs, Verdict: verdicts}[cls]
    keywords = drawn.wrapped_strategy.kwargs
    assert set(keywords) == {field.name for field in dataclasses.fields(cls)}


@pytest.fixture(scope="module")
def whole(shared_suite: Suite) -> Result:
    shared_suite.behave(k2="wrong", k3="no such kernel", k4="unregistered")
    return shared_suite.run()


def test_the_lines_of_a_run_are_read_back_byte_for_byte(whole: Result) -> None:
    lines = whole.text.splitlines()
    assert [write_line(read_line(line)) for line in lines] == lines


def test_a_run_has_every_kind_of_record_but_those_of_documents_and_catalogues(whole: Result) -> None:
    assert {record["record"] for record in whole.records()} == CLASSES.keys() - {"statement", "entry"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "no record is called None"),
        ({"record": "odd"}, "no record is called 'odd'"),
        ({"record": ["verdict"]}, "no record is called"),
        ({"record": "verdict"}, "no verdict record: KeyError: 'outcome'"),
        ({"record": "verdict", "outcome": "odd"}, "no verdict record: ValueError: 'odd' is not a valid Outcome"),
        ({"record": "statement", "document": "d"}, "no statement record: KeyError: 'api'"),
        ({"record": "target", "certificate": []}, "no target record: "),
        ({"record": "header", "suite": "1", "started": "", "host": 3}, "no header record: AttributeError"),
    ],
    ids=repr,
)
def test_other_data_is_no_record(data: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordError, match=message):
        read_record(data)
