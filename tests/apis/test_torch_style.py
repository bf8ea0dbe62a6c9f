"""Classes with torch's arguments: what their contracts make of an output's size."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.apis import contracts
from conformance.case import Inputs

TRANSPOSED = contracts()["torch.nn.ConvTranspose2d"]
LAYER = {"in_channels": 4, "out_channels": 6, "kernel_size": 3, "stride": 3}
INPUT = Inputs((2, 4, 5, 6))


# The smallest output of 5 rows and 6 columns has 15 and 18.
@pytest.mark.parametrize(
    ("size", "extra"),
    [((15, 18), (0, 0)), ([16, 20], (1, 2)), ((2, 6, 17, 19), (2, 1)), ((14, 18), (-1, 0))],
    ids=str,
)
def test_a_size_that_is_asked_for_is_an_output_padding(size: Any, extra: tuple[int, int]) -> None:
    canonical = TRANSPOSED.to_canonical({**LAYER, "output_size": size}, INPUT)
    assert canonical == {**TRANSPOSED.to_canonical(LAYER, INPUT), "output_padding": extra}


@pytest.mark.parametrize("size", [None, 15, (15,), "ab"], ids=str)
def test_what_is_no_size_is_not_read(size: Any) -> None:
    assert TRANSPOSED.to_canonical({**LAYER, "output_size": size}, INPUT) == TRANSPOSED.to_canonical(LAYER, INPUT)
