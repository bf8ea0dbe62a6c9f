"""A claim speaks of shapes as its vendor has them; a case has them as the oracle."""

from __future__ import annotations

from pathlib import Path

from conformance.case import Case
from conformance.cases import spec

CLAIM = """\
layer: conv2d
api: paddle.nn.Conv2D
documents: {x: {publisher: p, title: t, version: v, kind: installed_docstring}}
document: x
defaults: {arguments: {in_channels: 4, out_channels: 6, kernel_size: 3}, input: {shape: [2, 4, 9, 8]}}
claims:
  - id: last
    section: s
    says: {en: c, zh: c}
    cases:
      - arguments: {data_format: NHWC}
        input: {shape: [2, 9, 8, 4]}
        expect: {shape: ["=N", "=H - 2", "=W - 2", 6]}
      - name: first
        expect: {shape: [2, 6, 7, 6]}
      - name: refused
        arguments: {data_format: NHWC, padding: full}
        input: {shape: [2, 9, 8, 4]}
        wrong: padding
        mended: {arguments: {padding: 1}, input: {shape: [1, 9, 8, 4]}}
        expect: {raises: ValueError}
"""


def load(folder: Path) -> dict[str, Case]:
    path = folder / "paddle.nn.Conv2D.yaml"
    path.write_text(CLAIM)
    return {case.name: case for case in spec.load(path, f"claims/{path.name}").cases}


def test_shapes_are_read_in_the_vendors_order(tmp_path: Path) -> None:
    cases = load(tmp_path)
    for name in ("last", "last.first"):
        case = cases[name]
        assert case.inputs is not None
        assert case.inputs.shape == (2, 4, 9, 8)
        assert case.promise.shape == (2, 6, 7, 6)


def test_so_is_that_of_a_valid_twin(tmp_path: Path) -> None:
    twin = load(tmp_path)["last.refused"].twin
    assert twin is not None
    assert twin.inputs is not None
    assert twin.inputs.shape == (1, 4, 9, 8)
