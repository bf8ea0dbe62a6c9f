"""The benchmark of the audit finds the suite wherever its cases are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import audit


@pytest.mark.process
def test_synthetic_cases_are_collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "OPTIONS", (*audit.OPTIONS, "--collect-only"))
    assert audit.run_audit(tmp_path, [audit.write_synthetic(tmp_path, audit.CONFIGURATIONS)]) is not None
    said = (tmp_path / "output").read_text(encoding="utf-8")
    assert f"{6 * audit.CONFIGURATIONS} tests collected" in said, "of each configuration an item for each of six APIs"
    assert json.loads((tmp_path / "host.json").read_text(encoding="utf-8"))["seconds"]["collect"] > 0
