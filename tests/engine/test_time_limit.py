"""The time that a case may take binds the oracle of an audit, and a spec may bind it closer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.audit import Audit
from conformance.cases import spec
from tests.verdicts.trial import INPUT, Trial

SPEC = """\
layer: conv2d
clause: the definition
defaults:
  arguments: {in_channels: 2, out_channels: 2, kernel_size: 3}
  input: {shape: [1, 2, 5, 5]}
cases:
  - name: short
    limit: 2.5
  - name: as-the-run
"""


@pytest.mark.parametrize(("limit", "in_time"), [(0.0, False), (60.0, True)])
def test_an_audits_oracle_has_the_limit_of_a_case(limit: float, in_time: bool) -> None:
    expectation = Audit([], limit).expect(Trial(inputs=INPUT).case)
    assert (expectation.fault is None) is in_time
    assert (expectation.output is not None) is in_time


def test_a_case_may_bind_the_oracle_closer() -> None:
    case = replace(Trial(inputs=INPUT).case, limit=1e-9)
    assert Audit([], 60.0).expect(case).fault is not None


def test_a_spec_may_say_what_a_case_may_take(tmp_path: Path) -> None:
    (tmp_path / "made.yaml").write_text(SPEC)
    cases = {case.name: case.limit for case in spec.load(tmp_path / "made.yaml", "made.yaml").cases}
    assert cases == {"short": 2.5, "as-the-run": None}


@pytest.mark.parametrize("limit", ["0", "-1", "soon"])
def test_a_limit_is_a_number_of_seconds(tmp_path: Path, limit: str) -> None:
    (tmp_path / "made.yaml").write_text(SPEC.replace("2.5", limit))
    with pytest.raises(spec.SpecError, match=r"made\.yaml:\d+:\d+: cases/0/limit: "):
        spec.load(tmp_path / "made.yaml", "made.yaml")
