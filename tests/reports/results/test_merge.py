"""Merging results files: what is kept, what is counted anew, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from conv_reports.__main__ import main
from conv_reports.results.loaded import load
from conv_reports.results.merge import ContradictionError, merge
from conv_reports.results.read import DuplicateVerdictError, NotResultsError, ResultsError

Records = list[dict[str, Any]]
Change = Callable[[Records], object]


def write(path: Path, records: Records) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def read(path: Path) -> Records:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def split(records: Records) -> tuple[Records, Records]:
    """Two shards of a run: every other case."""
    cases = [record["id"] for record in records if record["record"] == "case"]
    shards: tuple[Records, Records] = ([], [])
    for number, shard in enumerate(shards):
        mine = set(cases[number::2])
        for record in records:
            if record.get("case", record.get("id")) in mine or record["record"] not in (
                "case",
                "verdict",
                "confirmation",
            ):
                shard.append(dict(record))
        shard[-1]["verdicts"] = sum(record["record"] == "verdict" for record in shard)
    return shards


def find(records: Records, kind: str) -> dict[str, Any]:
    return next(record for record in records if record["record"] == kind)


def sort(records: Records) -> list[str]:
    """The records but for header and footer, in an order of their own."""
    kept = [record for record in records if record["record"] not in ("header", "footer")]
    return sorted(json.dumps(record, sort_keys=True) for record in kept)


@pytest.fixture
def shards(audited_records: Records, tmp_path: Path) -> list[Path]:
    return [write(tmp_path / f"shard{number}.jsonl", shard) for number, shard in enumerate(split(audited_records))]


def change(path: Path, kind: str, **fields: Any) -> None:
    records = read(path)
    find(records, kind).update(fields)
    write(path, records)


def test_shards_of_a_run_make_the_run(shards: Sequence[Path], audited_records: Records, tmp_path: Path) -> None:
    merge(shards, tmp_path / "merged.jsonl")
    merged = read(tmp_path / "merged.jsonl")
    assert sort(merged) == sort(audited_records)
    assert merged[0] == audited_records[0]
    seconds = 2 * audited_records[-1]["seconds"]  # each shard says that it took so long
    assert merged[-1] == {**audited_records[-1], "seconds": pytest.approx(seconds, abs=0.1)}
    assert not load([tmp_path / "merged.jsonl"]).files[0].incomplete


def test_different_command_lines_stand_beside_each_other(shards: Sequence[Path], tmp_path: Path) -> None:
    change(shards[0], "header", arguments=["specs/conv2d"])
    change(shards[1], "header", arguments=["specs/claims", "-q"])
    merge(shards, tmp_path / "merged.jsonl")
    assert read(tmp_path / "merged.jsonl")[0]["arguments"] == ["specs/conv2d", "|", "specs/claims", "-q"]


def test_an_interrupted_shard_makes_no_complete_run(shards: Sequence[Path], tmp_path: Path) -> None:
    change(shards[1], "footer", complete=False)
    merge(shards, tmp_path / "merged.jsonl")
    assert read(tmp_path / "merged.jsonl")[-1]["complete"] is False


def test_a_shard_without_its_end_makes_no_complete_run(shards: Sequence[Path], tmp_path: Path) -> None:
    write(shards[1], read(shards[1])[:-1])
    merge(shards, tmp_path / "merged.jsonl")
    assert read(tmp_path / "merged.jsonl")[-1]["complete"] is False


@pytest.mark.parametrize(
    ("kind", "fields", "problem"),
    [
        ("header", {"suite": "0.0.1"}, "written by version 0.0.1 of the suite"),
        ("target", {"version": "9.9"}, "version is 9.9, and in"),
        ("target", {"environment": {"threads": "64"}}, "target fakeflow: "),
        ("target", {"basis": {"code": "0" * 20, "target": "0" * 20}}, "the code of the suite is 00000000000000000000"),
        ("contract", {"weight": "another layout"}, "the contract fakeflow."),
        ("statement", {"says": {"en": "something else", "zh": "别的"}}, "the statement "),
    ],
    ids=["suite", "version", "environment", "code", "contract", "statement"],
)
def test_a_contradiction_is_refused(
    shards: Sequence[Path], tmp_path: Path, kind: str, fields: dict[str, Any], problem: str
) -> None:
    change(shards[1], kind, **fields)
    with pytest.raises(ContradictionError, match=problem) as raised:
        merge(shards, tmp_path / "merged.jsonl")
    assert str(raised.value).startswith(str(shards[1]))
    assert list(tmp_path.glob("*merged*")) == []


def test_another_case_of_one_id_is_refused(shards: Sequence[Path], tmp_path: Path) -> None:
    case = find(read(shards[0]), "case")
    write(shards[1], [*read(shards[1])[:-1], {**case, "arguments": {**case["arguments"], "stride": 7}}])
    with pytest.raises(ContradictionError, match="merge runs of the same specs"):
        merge(shards, tmp_path / "merged.jsonl")


def test_a_case_on_another_line_is_the_same(shards: Sequence[Path], tmp_path: Path) -> None:
    case = find(read(shards[0]), "case")
    records = read(shards[1])
    write(shards[1], [*records[:-1], {**case, "line": case["line"] + 1}, records[-1]])
    merge(shards, tmp_path / "merged.jsonl")
    ids = [record["id"] for record in read(tmp_path / "merged.jsonl") if record["record"] == "case"]
    assert ids.count(case["id"]) == 1


def test_one_file_given_twice_is_refused(shards: Sequence[Path], tmp_path: Path) -> None:
    with pytest.raises(DuplicateVerdictError, match="give each run once"):
        merge([shards[0], shards[0]], tmp_path / "merged.jsonl")


def test_a_damaged_file_is_refused_with_its_line(shards: Sequence[Path], tmp_path: Path) -> None:
    shards[1].write_bytes(shards[1].read_bytes()[:-20])
    with pytest.raises(ResultsError, match=r"shard1.jsonl:\d+: damaged: cut off; finish the run with --resume"):
        merge(shards, tmp_path / "merged.jsonl")


def test_what_is_no_results_file_is_refused(shards: Sequence[Path], tmp_path: Path) -> None:
    with pytest.raises(NotResultsError):
        merge([shards[0], write(tmp_path / "other.jsonl", [{"x": 1}])], tmp_path / "merged.jsonl")


def test_machines_may_differ_and_are_told(shards: Sequence[Path], tmp_path: Path) -> None:
    target = find(read(shards[1]), "target")
    change(shards[1], "target", environment={**target["environment"], "processor": "Kunpeng 920"})
    host = find(read(shards[1]), "header")["host"]
    change(shards[1], "header", host={**host, "processor": "Kunpeng 920"})
    merge(shards, tmp_path / "merged.jsonl")
    merged = read(tmp_path / "merged.jsonl")
    first = target["environment"]["processor"]
    assert find(merged, "target")["environment"]["processor"] == f"{first} | Kunpeng 920"
    assert merged[0]["host"]["processor"].endswith("| Kunpeng 920")


def test_verdicts_of_several_origins_have_no_basis_in_common(shards: Sequence[Path], tmp_path: Path) -> None:
    """A run that goes on with the merged file asks them again."""
    basis = find(read(shards[1]), "target")["basis"]
    change(shards[1], "target", basis={**basis, "target": "0" * 20})
    merge(shards, tmp_path / "merged.jsonl")
    assert "basis" not in find(read(tmp_path / "merged.jsonl"), "target")


def test_a_machine_without_a_framework_has_no_say_on_it(
    audited_records: Records, shards: Sequence[Path], tmp_path: Path
) -> None:
    lacking = [dict(record) for record in audited_records if record["record"] not in ("confirmation", "contract")]
    for record in lacking:
        if record["record"] == "verdict":
            record["outcome"] = "unavailable"
    target = find(lacking, "target")
    target.update(available=False, reason="not installed")
    for field in ("version", "environment", "basis"):
        target.pop(field)
    without = write(tmp_path / "without.jsonl", lacking)
    merge([without, *shards], tmp_path / "merged.jsonl")
    assert sort(read(tmp_path / "merged.jsonl")) == sort(audited_records)


def make_entry(asked: int, verdicts: int, **more: Any) -> dict[str, Any]:
    """A record of the catalogue as an audit writes it."""
    text = {"en": "words", "zh": "words"}
    return {
        "record": "entry", "target": "fakeflow", "id": "FAK-one", "framework": "fakeflow", "title": text,
        "severity": "crash", "authority": "robustness", "rests_on": text, "effect": text, "upstream": None,
        "where": "everywhere", "apis": ["fakeflow.Conv2d"], "script": "assert False", "ends": "AssertionError",
        "asked": asked, "verdicts": verdicts, "holds": True, **more,
    }  # fmt: skip


def test_entries_are_counted_together(shards: Sequence[Path], tmp_path: Path) -> None:
    shown = {"shown": True, "ended": "", "workaround": ""}
    gone = {"shown": False, "ended": "", "workaround": ""}
    for path, entry in zip(shards, (make_entry(3, 2, execution=shown), make_entry(4, 0, execution=gone)), strict=True):
        records = read(path)
        write(path, [*records[:-1], entry, records[-1]])
    merge(shards, tmp_path / "merged.jsonl")
    entries = [record for record in read(tmp_path / "merged.jsonl") if record["record"] == "entry"]
    assert entries == [make_entry(7, 2, execution=gone)]


def test_the_command_writes_the_file(shards: Sequence[Path], tmp_path: Path, capsys: Any) -> None:
    merged = tmp_path / "merged.jsonl"
    assert main(["merge", *map(str, shards), "-o", str(merged)]) == 0
    assert capsys.readouterr().out == f"{merged}\n"
    assert load([merged]).judged


def test_the_command_tells_a_contradiction(shards: Sequence[Path], tmp_path: Path, capsys: Any) -> None:
    assert main(["merge", str(shards[0]), str(shards[0]), "-o", str(tmp_path / "merged.jsonl")]) == 2
    assert "give each run once" in capsys.readouterr().err
