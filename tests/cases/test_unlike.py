"""`unlike`: what a spec may write of two layers that are to print two texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cases import spec

SPEC = """\
layer: conv2d
clause: the definition
defaults:
  arguments: {in_channels: 2, out_channels: 2, kernel_size: 3}
cases:
  - name: printed
"""


def load(folder: Path, text: str) -> spec.Spec:
    path = folder / "made.yaml"
    path.write_text(SPEC + text)
    return spec.load(path, "made.yaml")


def test_the_arguments_of_the_other_layer_are_promised_to_print_another_text(tmp_path: Path) -> None:
    (case,) = load(tmp_path, "    for: {step: [2]}\n    unlike: {stride: ['=step', 1]}\n").cases
    assert case.inputs is None
    assert case.promise.unlike == {"stride": (2, 1)}


REFUSED = {
    "the same": ("    unlike: {stride: 1}\n", "computes the same"),
    "the same in other words": ("    arguments: {padding: same}\n    unlike: {padding: [1, 1]}\n", "computes the same"),
    "no parameter": ("    unlike: {output_padding: 1}\n", "conv2d has no parameter 'output_padding'; known are"),
    "an invalid layer": ("    unlike: {stride: 0}\n", "the oracle refuses one of the two layers"),
    "an invalid case": ("    arguments: {padding: -1}\n    unlike: {stride: 2}\n", "the oracle refuses one of the two"),
    "an input": ("    input: {shape: [1, 2, 5, 5]}\n    unlike: {stride: 2}\n", "write `input: null`"),
    "nothing": ("    unlike: {}\n", "unlike"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_need_not_print_another_text_is_refused(tmp_path: Path, name: str) -> None:
    text, message = REFUSED[name]
    with pytest.raises(spec.SpecError) as refused:
        load(tmp_path, text)
    assert message in str(refused.value)
