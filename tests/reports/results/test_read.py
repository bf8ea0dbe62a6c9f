"""Results files are read strictly, up to the damage, and no further."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from conv_reports.results import read
from conv_reports.results.loaded import load

ROOT = Path(__file__).parents[3]


def test_synthetic_results_obey_the_published_schema(synthetic):
    schema = json.loads((ROOT / "specs/schema/results.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    for record in synthetic.records(100):
        validator.validate(record)


def test_whole_file_is_complete_and_loses_nothing(results, synthetic):
    records = synthetic.records(200)
    run = load([results(records)])
    assert run.sources[0].incomplete == ""
    assert len(run.entries) == sum(record["record"] == "verdict" for record in records)
    assert len(run.statements) == 4
    assert [target.name for target in run.targets if not target.available] == ["npu"]


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (b'{"record": "verdict", "case": "a', "not JSON"),
        (b"\xff\xfe\n", "not JSON"),
        (b"[1]\n", "expected a JSON object, found list"),
        (b'{"record": "verdict", "case": "a"}\n', "outcome is missing"),
        (
            b'{"record": "verdict", "case": "a", "target": "b", "api": "c", "outcome": "splendid"}\n',
            "outcome: expected one of",
        ),
        (b'{"record": "verdict", "case": 1, "target": "b", "api": "c", "outcome": "conforms"}\n', "case: unexpected 1"),
        (b'{"record": 7}\n', "record: expected a string"),
        (b'{"record": "verdict", "ratio": NaN}\n', "NaN is not JSON"),
        (b"[" * 100_000 + b"\n", "nested too deeply"),
        (
            b'{"record": "case", "id": "a", "layer": "conv2d", "arguments": {}, "clause": "c", "line": '
            + b"9" * 5000
            + b"}\n",
            "not JSON",
        ),
        (
            b'{"record": "verdict", "case": "unheard of", "target": "b", "api": "c", "outcome": "conforms"}\n',
            "no case record describes",
        ),
    ],
)
def test_damaged_file_is_read_up_to_the_damage(results, synthetic, damage, problem):
    path = results(synthetic.records(20))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:30]) + damage + b"".join(lines[30:]))
    run = load([path])
    assert len(run.entries) == sum(b'"record": "verdict"' in line for line in lines[:30])
    assert problem in run.sources[0].incomplete


def test_every_truncation_is_said_to_be_incomplete(results, synthetic):
    path = results(synthetic.records(5))
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(first, len(whole) - 1, 997):
        path.write_bytes(whole[:cut])
        assert load([path]).sources[0].incomplete


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"hello\n", "not a results file"),
        (b'{"record": "footer"}\n', ""),
        (b'{"record": "header", "format": 2}\n', "format 2"),
    ],
)
def test_other_files_are_refused_by_name(tmp_path, content, problem):
    path = tmp_path / "other.jsonl"
    path.write_bytes(content)
    with pytest.raises(read.NotResultsError, match=f"other.jsonl.*{problem}"):
        load([path])


def test_missing_file_is_named(tmp_path):
    with pytest.raises(read.UnreadableError, match=r"nowhere.jsonl: cannot be read: No such file"):
        load([tmp_path / "nowhere.jsonl"])


def test_judging_the_same_twice_is_refused_by_name(results, synthetic):
    records = synthetic.records(20)
    with pytest.raises(read.DuplicateVerdictError, match=r"second.jsonl.*already judged in.*first.jsonl"):
        load([results(records, "first.jsonl"), results(records, "second.jsonl")])


def test_the_same_target_in_another_version_is_kept_apart(results, synthetic):
    records = synthetic.records(20)
    older = [record | {"version": "2.9.0"} if record.get("framework") == "mindspore" else record for record in records]
    older = [record for record in older if record.get("target") in (None, "mindspore")]
    run = load([results(records, "new.jsonl"), results(older, "old.jsonl")])
    labels = {column.label for column in run.columns}
    assert "mindspore.nn.Conv2d @ mindspore" in labels
    assert "mindspore.nn.Conv2d @ mindspore (old.jsonl)" in labels


def test_unknown_records_of_a_later_version_are_passed_over(results, synthetic):
    records = synthetic.records(5)
    records.insert(3, {"record": "weather", "sun": True})
    assert load([results(records)]).sources[0].incomplete == ""


def test_a_line_holds_one_value(results, synthetic):
    path = results(synthetic.records(20))
    lines = path.read_text().splitlines()
    path.write_text("\n".join([f"  {lines[0]} ", lines[1] + lines[2], *lines[3:]]) + "\n")
    damage = list(read.records(path))[-1]
    assert isinstance(damage, read.Damage)
    assert damage.line == 2
    assert "more than one value" in damage.problem
