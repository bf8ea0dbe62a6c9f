"""What a reader should see first."""

from __future__ import annotations

import pytest

from conv_reports.findings.order import rate_complexity, rate_seriousness
from conv_reports.findings.signatures import Signature
from conv_reports.results.records import Case


def make_case(shape=(1, 2, 5, 4), inputs=None, **arguments):
    arguments = {"in_channels": 2, "out_channels": 3, "kernel_size": 2} | arguments
    inputs = {"shape": list(shape), "dtype": "float32", "values": "exact"} | (inputs or {})
    return Case("a", "conv2d", arguments, "", inputs)


@pytest.mark.parametrize(
    ("simple", "less_simple"),
    [
        (make_case(), make_case(shape=(0, 2, 5, 4))),
        (make_case(), make_case(inputs={"dtype": "float16"})),
        (make_case(), make_case(stride=2)),
        (make_case(stride=2), make_case(stride=[1, 2])),
        (make_case(stride=2, dilation=2), make_case(shape=(8, 64, 56, 56))),
    ],
    ids=["no elements", "a dtype", "a stride", "a pair", "many elements"],
)
def test_what_is_unusual_makes_a_case_less_simple(simple, less_simple):
    assert rate_complexity(simple) < rate_complexity(less_simple)


def test_findings_from_the_most_serious():
    signatures = [
        Signature("t", "diverges", "value", "output"),
        Signature("t", "crashed", "", "call"),
        Signature("t", "diverges", "shape", "output"),
        Signature("t", "diverges", "wrongly_accepted", "stride"),
        Signature("t", "diverges", "value", "output", claim="c", ruling="document_wrong"),
        Signature("t", "diverges", "error_class", "stride"),
        Signature("t", "diverges", "unheard_of", ""),
    ]
    assert [rate_seriousness(signature) for signature in signatures] == [0, 1, 2, 3, 4, 5, 6]
