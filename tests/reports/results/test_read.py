"""Results files are read strictly, up to the damage, and no further."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from conv_reports.results import read, records
from conv_reports.results.loaded import load

ROOT = Path(__file__).parents[3]


@pytest.fixture
def lines(audits):
    """Of a whole results file."""
    return audits.later.read_bytes().splitlines(keepends=True)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "results.jsonl"


def count_verdicts(lines):
    return sum(json.loads(line)["record"] == "verdict" for line in lines)


def test_a_whole_file_loses_nothing(audits, lines):
    records = list(read.records(audits.later))
    assert [type(record).__name__.lower() for record in records] == [json.loads(line)["record"] for line in lines]


def test_details_are_those_of_the_verdicts_line(audits, lines):
    raw = [json.loads(line) for line in lines]
    scripts = {
        (one["case"], one["api"]): one["script"] for one in raw if one["record"] == "verdict" and "script" in one
    }
    judged = [one for one in load([audits.later]).judged if "script" in one.verdict.has]
    assert {(one.case.id, one.verdict.api): one.details()["script"] for one in judged} == scripts


def test_what_a_verdict_rests_on_is_read(audits):
    (crashed, *_) = [one.verdict for one in load([audits.later]).judged if one.verdict.outcome == "crashed"]
    assert (crashed.authority, crashed.rests_on) == ("robustness", "a call returns or raises")
    (permissive, *_) = [one.verdict for one in load([audits.later]).judged if one.differs and one.case.invalid]
    assert (permissive.direction, permissive.compared) == ("more_permissive", ("call",))


def test_the_wrong_argument_of_a_case_is_read(audits):
    assert {case.wrong for case in load([audits.later]).cases.values() if case.invalid} == {"stride"}


def test_a_statement_of_an_earlier_version_has_its_english_in_both_languages(audited_records, results):
    for record in audited_records:
        if record["record"] == "statement":
            record["says"] = record["says"]["en"]
            if "unchecked" in record:
                record["unchecked"] = record["unchecked"]["en"]
    statements = {statement.claim: statement for statement in load([results(audited_records)]).statements}
    assert statements["stride-text"].says.zh == statements["stride-text"].says.en == "The stride may be a text."
    assert statements["see-also"].unchecked.zh == "points elsewhere"


def test_the_source_of_a_statement_is_read(audits):
    (statement, *_) = load([audits.later]).statements
    assert statement.source.kind == "installed_docstring"
    assert (statement.source.publisher, statement.source.version) == ("nobody", "fakeflow 1")


def test_what_else_is_wrong_with_a_call_is_read(results, audited_records):
    further = {"kind": "gradient", "subject": "grad_input", "expected": "1", "observed": "2", "ratio": 3.0}
    wrong = next(record for record in audited_records if record.get("kind") == "value")
    wrong["further"] = [further]
    (read_back,) = [one.verdict.further for one in load([results(audited_records)]).judged if one.verdict.further]
    assert read_back == (records.Further("gradient", "grad_input", "1", "2"),)


def test_synthetic_results_obey_the_published_schema(synthetic):
    schema = json.loads((ROOT / "specs/schema/results.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    for record in synthetic.records(100):
        validator.validate(record)


HUGE_NUMBER = b"9" * 5000


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (b'{"record": "verdict", "case": "a', "not JSON"),
        (b"\xff\xfe\n", "not JSON"),
        (b"[1]\n", "expected a JSON object, found list"),
        (b'{"record": 7}\n', "record: expected a string"),
        (b'{"record": "verdict", "case": "a"}\n', "outcome is missing"),
        (
            b'{"record": "verdict", "case": "a", "target": "b", "api": "c", "outcome": "splendid"}\n',
            "outcome: expected one of",
        ),
        (b'{"record": "verdict", "case": 1, "target": "b", "api": "c", "outcome": "conforms"}\n', "case: unexpected 1"),
        (
            b'{"record": "verdict", "case": "a", "target": "b", "api": "c", "outcome": "conforms", "ratio": "much"}\n',
            "ratio: expected a number, found 'much'",
        ),
        (
            b'{"record": "verdict", "case": "a", "target": "b", "api": "c", "outcome": "conforms", "seconds": 1'
            + b"0" * 400
            + b"}\n",
            "seconds: unexpected 1000",
        ),
        (
            b'{"record": "verdict", "case": "a", "target": "b", "api": "c", "outcome": "diverges", "authority": "us"}\n',
            "authority: expected one of own_document, mathematics, robustness, found 'us'",
        ),
        (
            b'{"record": "verdict", "case": "a", "target": "b", "api": "c", "outcome": "conforms", "compared": ["mood"]}\n',
            "compared: expected one of",
        ),
        (
            b'{"record": "verdict", "case": "a", "target": "b", "api": "c", "outcome": "diverges", "further": [1]}\n',
            "further: unexpected 1",
        ),
        (b'{"record": "verdict", "ratio": NaN}\n', "NaN is not JSON"),
        (b"[" * 100_000 + b"\n", "nested too deeply"),
        (
            b'{"record": "case", "id": "a", "layer": "b", "arguments": {}, "clause": "", "line": '
            + HUGE_NUMBER
            + b"}\n",
            "not JSON",
        ),
        (
            b'{"record": "verdict", "case": "unheard of", "target": "b", "api": "c", "outcome": "conforms"}\n',
            "no case record describes",
        ),
    ],
    ids=[
        "cut short",
        "no UTF-8",
        "an array",
        "a record without a name",
        "a field missing",
        "an outcome unheard of",
        "a field of another type",
        "a ratio that is no number",
        "seconds beyond a float",
        "an authority unheard of",
        "an aspect unheard of",
        "something further that is no object",
        "NaN",
        "nested deeply",
        "a huge integer",
        "a case unheard of",
    ],
)
def test_a_damaged_file_is_read_up_to_the_damage(path, lines, damage, problem):
    path.write_bytes(b"".join([*lines[:30], damage, *lines[30:]]))
    run = load([path])
    assert len(run.judged) == count_verdicts(lines[:30])
    assert problem in run.files[0].incomplete


@pytest.mark.parametrize("part", [0.1, 0.3, 0.5, 0.7, 0.9, 0.999])
def test_a_truncated_file_is_said_to_be_incomplete(path, lines, part):
    whole = b"".join(lines)
    path.write_bytes(whole[: int(len(whole) * part)])
    assert load([path]).files[0].incomplete


def test_a_file_that_ends_between_two_lines_is_said_to_be_incomplete(path, lines):
    path.write_bytes(b"".join(lines[:-1]))
    assert load([path]).files[0].incomplete.startswith("no footer")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"hello\n", "not a results file"),
        (b'{"record": "footer", "complete": true, "finished": "", "verdicts": 0}\n', "has one header, on line 1"),
        (b'{"record": "header", "format": 2}\n', "format 2"),
    ],
    ids=["empty", "text", "no header", "another format"],
)
def test_other_files_are_refused_by_name(path, content, problem):
    path.write_bytes(content)
    with pytest.raises(read.NotResultsError, match=rf"results\.jsonl.*{problem}"):
        load([path])


def test_a_second_header_is_refused(path, lines):
    path.write_bytes(b"".join([*lines[:3], lines[0]]))
    with pytest.raises(read.NotResultsError, match=r"results\.jsonl:4: a results file has one header"):
        load([path])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(read.UnreadableError, match=r"nowhere.jsonl: cannot be read: No such file"):
        load([tmp_path / "nowhere.jsonl"])


def test_unknown_records_of_a_later_version_are_passed_over(path, lines):
    path.write_bytes(b"".join([*lines[:3], b'{"record": "weather", "sun": true}\n', *lines[3:]]))
    assert load([path]).files[0].incomplete == ""


def test_a_line_holds_one_value(path, lines):
    path.write_bytes(b"".join([lines[0], lines[1].rstrip() + lines[2], *lines[3:]]))
    *_, damage = read.records(path)
    assert isinstance(damage, read.Damage)
    assert damage.line == 2
    assert "more than one value" in damage.problem


def test_blanks_around_a_value_are_no_damage(path, lines):
    path.write_bytes(b"".join([b"  " + lines[0].rstrip() + b" \n", *lines[1:]]))
    assert load([path]).files[0].incomplete == ""


def test_entries_of_an_earlier_version_are_left_out_and_all_else_is_read(results, synthetic):
    records = synthetic.known()
    whole = load([results(records)])
    for record in records:
        if record["record"] == "entry":
            del record["asked"], record["holds"]
    earlier = load([results(records, "earlier.jsonl")])
    assert whole.entries
    assert not earlier.entries
    assert not earlier.files[0].incomplete
    assert len(earlier.judged) == len(whole.judged)
