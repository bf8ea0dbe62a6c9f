"""The coverage of the declared space: what is covered, what is forbidden and by what, what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.case import LAYERS, LayerName
from conformance.cases import coverage

SPACE = """
layer: conv2d
clause: none
cases:
  - name: two
    cover: 2
    for:
      stride: [1, 2]
      padding: [0, same]
      bias: [true, false]
    where: padding != "same" or stride == 1
    arguments: {in_channels: 1, out_channels: 1, kernel_size: 2, stride: "=stride", padding: "=padding", bias: "=bias"}
    input: {shape: [1, 1, 5, 4]}
"""


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    (tmp_path / "conv2d").mkdir()
    (tmp_path / "conv2d" / "space.yaml").write_text(SPACE, encoding="utf-8")
    return tmp_path


def test_the_condition_that_forbids_a_combination_is_named(specs: Path) -> None:
    (two,) = coverage.measure("conv2d", specs).spaces
    assert (two.total, two.covered, two.missing) == (12, 11, ())
    assert two.forbidden == {('padding != "same" or stride == 1',): {(("stride", 2), ("padding", "same")): 1}}
    assert "1 with stride=2, padding=same" in coverage.describe(coverage.measure("conv2d", specs))


@pytest.fixture
def without_stride_2(specs: Path) -> Path:
    """Cases that hold less than the space declares."""
    text = SPACE.replace('stride: "=stride"', "stride: 1")
    (specs / "conv2d" / "space.yaml").write_text(text, encoding="utf-8")
    return specs


def test_an_admissible_combination_that_no_case_holds_is_missing(without_stride_2: Path) -> None:
    measured = coverage.measure("conv2d", without_stride_2)
    assert set(measured.spaces[0].missing) == {
        (("stride", 2), ("padding", 0)),
        (("stride", 2), ("bias", True)),
        (("stride", 2), ("bias", False)),
    }
    assert "MISSING: stride=2, padding=0" in coverage.describe(measured)


def test_a_case_of_another_file_counts(without_stride_2: Path) -> None:
    other = SPACE.replace("    cover: 2\n", "").replace("name: two", "name: all")
    (without_stride_2 / "conv2d" / "other.yaml").write_text(other, encoding="utf-8")
    assert coverage.measure("conv2d", without_stride_2).spaces[0].missing == ()


def test_an_invalid_case_covers_nothing(specs: Path) -> None:
    text = SPACE.replace("in_channels: 1", "in_channels: 0") + "    raises: ValueError\n    wrong: in_channels\n"
    text += "    mended: {arguments: {in_channels: 1}}\n"
    (specs / "conv2d" / "space.yaml").write_text(text, encoding="utf-8")
    assert coverage.measure("conv2d", specs).spaces[0].covered == 0


@pytest.mark.parametrize("layer", LAYERS)
def test_the_shipped_space_is_covered(layer: LayerName) -> None:
    measured = coverage.measure(layer)
    assert [space.missing for space in measured.spaces] == [(), (), ()]
    geometry, everything, wider = (set(space.space.domain) for space in measured.spaces)
    assert {"kernel", "stride", "padding", "dilation", "groups"} <= geometry <= everything
    assert wider == everything - {"output_padding"}
    assert [space.space.strength for space in measured.spaces] == [3, 2, 2]
    extra = {"padding_mode"} if layer == "conv2d" else {"output_padding"}
    assert everything == set(coverage.PARAMETERS) - {"padding_mode", "output_padding"} | extra
