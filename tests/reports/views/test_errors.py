"""How an answer to an invalid call is classed."""

from __future__ import annotations

import pytest

from conv_reports.results.loaded import load


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"outcome": "crashed"}, "crash"),
        ({"outcome": "timed_out"}, "hang"),
        ({"outcome": "unavailable"}, "none"),
        ({"outcome": "diverges", "kind": "wrongly_accepted"}, "accepted"),
        ({"raised": ("builtins.ValueError", "stride must be positive, got 0")}, "clean"),
        ({"raised": ("builtins.RuntimeError", "stride must be positive\nsee the manual")}, "clean"),
        ({"raised": ("builtins.AssertionError", "")}, "internal"),
        ({"raised": ("builtins.RuntimeError", "assertion `x' failed at src/opr/impl.cpp:123: bad")}, "internal"),
        ({"raised": ("RuntimeError", "INTERNAL ASSERT FAILED at somewhere, please report a bug")}, "internal"),
        (
            {"raised": ("RuntimeError", "The value is wrong.\n----\n- C++ Call Stack: (For framework developers)\n")},
            "internal",
        ),
    ],
)
def test_manner(results, synthetic, fields, expected):
    from conv_reports.views.errors import manner

    records = synthetic.records(60)
    invalid = {record["id"] for record in records if record["record"] == "case" and record["invalid"]}
    first = next(record for record in records if record["record"] == "verdict" and record["case"] in invalid)
    first.pop("raised", None)
    if "raised" in fields:
        cls, message = fields["raised"]
        fields = {"outcome": "conforms", "raised": {"phase": "construct", "cls": cls, "bases": [], "message": message}}
    first |= fields
    entries = load([results(records)]).entries
    found = {(entry.verdict.case, entry.verdict.api): manner(entry) for entry in entries}
    assert found[first["case"], first["api"]] == expected
    assert all(manner(entry) == "" for entry in entries if not entry.case.invalid)
