"""Cases in a vendor's own arguments that cite no document."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cases import spec

SPEC = """\
layer: conv2d
api: mindspore.nn.Conv2d
clause: the definition
defaults:
  arguments: {in_channels: 2, out_channels: 2, kernel_size: 3}
  input: {shape: [1, 2, 5, 5]}
cases:
"""
VALID = "  - name: valid\n    arguments: {pad_mode: same, stride: 2}\n"
INVALID = "  - name: invalid\n    arguments: {pad_mode: pad, padding: -1}\n    raises: ValueError\n    wrong: padding\n"
UNREFUSED = "  - name: x\n    arguments: {pad_mode: pad}\n    raises: ValueError\n    wrong: pad_mode\n"


def load(folder: Path, cases: str) -> spec.Spec:
    path = folder / "own.yaml"
    path.write_text(SPEC + cases)
    return spec.load(path, "own.yaml")


def test_they_are_of_that_api_and_of_no_claim(tmp_path: Path) -> None:
    loaded = load(tmp_path, VALID + INVALID)
    assert [(case.api, case.claim) for case in loaded.cases] == [("mindspore.nn.Conv2d", None)] * 2


def test_an_invalid_one_has_a_twin_in_the_same_arguments(tmp_path: Path) -> None:
    (case,) = load(tmp_path, INVALID).cases
    assert case.twin is not None
    assert case.twin.arguments == {"in_channels": 2, "out_channels": 2, "kernel_size": 3, "pad_mode": "pad"}


def test_whether_one_is_valid_is_the_oracles_to_say(tmp_path: Path) -> None:
    with pytest.raises(spec.SpecError, match="but the oracle takes this call"):
        load(tmp_path, UNREFUSED)
