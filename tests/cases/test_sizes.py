"""What the oracle may spend on one case: far more than any shipped one takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cases import sizes, spec
from conformance.cases.vacuity import SPECS, find_shipped


@pytest.mark.parametrize("path", find_shipped(), ids=lambda path: path.relative_to(SPECS).as_posix())
def test_no_shipped_case_comes_near_the_limits(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "MAX_SECONDS", sizes.MAX_SECONDS / 5)
    monkeypatch.setattr(sizes, "MAX_BYTES", sizes.MAX_BYTES / 5)
    assert spec.load(path, path.name).cases or path.parent.name == "claims"
