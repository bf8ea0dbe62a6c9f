"""The time that a case may take binds the oracle of an audit."""

from __future__ import annotations

import pytest

from conformance.audit import make_cached_oracle
from tests.verdicts.trial import INPUT, Trial


@pytest.mark.parametrize(("limit", "in_time"), [(0.0, False), (60.0, True)])
def test_an_audits_oracle_has_the_limit_of_a_case(limit: float, in_time: bool) -> None:
    expectation = make_cached_oracle(limit)(Trial(inputs=INPUT).case)
    assert (expectation.fault is None) is in_time
    assert (expectation.output is not None) is in_time
