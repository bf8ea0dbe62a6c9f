"""What the oracle may spend on one case: far more than any shipped one takes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from conformance.case import Inputs, Numpy
from conformance.cases import parts, sizes, spec
from conformance.cases.vacuity import SPECS, find_shipped


@pytest.mark.parametrize("path", find_shipped(), ids=lambda path: path.relative_to(SPECS).as_posix())
def test_no_shipped_case_comes_near_the_limits(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = sizes.LISTED
    fifth = sizes.Limits(listed.elements, listed.seconds / 5, listed.bytes // 5)
    monkeypatch.setattr(parts, "explain_oversize", partial(sizes.explain_oversize, limits=fifth))
    assert spec.load(path, path.name).cases or path.parent.name == "claims"


@pytest.mark.parametrize("mode", ["zeros", "circular"])
def test_an_empty_batch_makes_no_padding_small(mode: str) -> None:
    arguments = {"in_channels": 1, "out_channels": 1, "kernel_size": 1, "padding": 2**31, "padding_mode": mode}
    told = sizes.explain_oversize("conv2d", None, arguments, Inputs((0, 1, 3, 3)))
    assert told is not None
    assert "would not be allocated" in told


def test_what_same_repeats_is_as_wide_as_the_dilated_kernel() -> None:
    arguments = {"in_channels": 1, "out_channels": 1, "kernel_size": 4, "dilation": (1, 2**31 - 1), "padding": "same"}
    asked = Inputs((1, 1, 7, 12))
    told = sizes.explain_oversize("conv2d", None, {**arguments, "padding_mode": "replicate"}, asked)
    assert told is not None
    assert f"a padded input of shape (1, 1, 10, {12 + 3 * (2**31 - 1)})" in told
    # Zeros are not written out.
    assert sizes.explain_oversize("conv2d", None, arguments, asked) is None


def test_a_numpy_number_of_channels_does_not_wrap_around():
    """Counted in int64, the positions of this output are fewer than none."""
    arguments = {"in_channels": 1, "out_channels": Numpy("int64", 6), "kernel_size": (7, 13), "dilation": 2**31 - 1}
    told = sizes.explain_oversize("conv_transpose2d", None, arguments, Inputs((2, 1, 5, 2)))
    assert told is not None
    assert told.startswith("an output of shape (2, 6, ")
