"""A layer that only pads is read as its framework writes it, and written as another does."""

from __future__ import annotations

import pytest

from conv_reports.__main__ import main
from conv_reports.views.model import read_layers
from conv_reports.views.pads import Pad, read_pad, write_pad

MINE = {"zeros": "mine.Zeros((left, right, top, bottom))", "reflect": "mine.Mirror((left, right, top, bottom))"}
THEIRS = {
    "zeros": "theirs.Pad(((0, 0), (top, bottom), (left, right)))",
    "reflect": "theirs.Pad(((0, 0), (top, bottom), (left, right)), mode='reflect')",
}
UNEVEN = {"left": 1, "right": 2, "top": 3, "bottom": 4}


def read(sources, call):
    ((layer,), _) = read_layers(call, ["Zeros", "Mirror", "Pad"])
    return read_pad(sources, layer)


@pytest.mark.parametrize(
    ("sources", "call", "pad"),
    [
        (MINE, "Mirror((1, 2, 3, 4))", Pad("reflect", UNEVEN)),
        (MINE, "mine.Mirror(padding=[1, 2, 3, 4])", Pad("reflect", UNEVEN)),
        (MINE, "Zeros(2)", Pad("zeros", dict.fromkeys(UNEVEN, 2))),
        (THEIRS, "Pad(((0, 0), (3, 4), (1, 2)))", Pad("zeros", UNEVEN)),
        (THEIRS, "Pad(((0, 0), (3, 4), (1, 2)), mode=reflect)", Pad("reflect", UNEVEN)),
    ],
)
def test_sides_are_read(sources, call, pad):
    assert read(sources, call) == pad


@pytest.mark.parametrize(
    ("sources", "call"),
    [
        (MINE, "Mirror()"),
        (MINE, "Mirror(n)"),
        (MINE, "Mirror((1, 2))"),
        (MINE, "Mirror((1, 2, 3, 4.5))"),
        (MINE, "Mirror(True)"),
        (MINE, "Mirror(1, 2)"),
        (THEIRS, "Pad(((1, 1), (3, 4), (1, 2)))"),
        (THEIRS, "Pad(((0, 0), (3, 4), (1, 2)), mode='circular')"),
        (THEIRS, "Pad(2)"),
    ],
)
def test_what_is_another_layer_is_not_read(sources, call):
    assert read(sources, call) is None


def test_sides_are_written():
    assert write_pad(THEIRS, Pad("reflect", UNEVEN)) == "theirs.Pad(((0, 0), (3, 4), (1, 2)), mode='reflect')"
    assert write_pad(THEIRS, Pad("circular", UNEVEN)) == ""


def test_a_models_padding_layers_are_ported(synthetic, results, tmp_path, capsys):
    records = synthetic.records(500)
    for record in records:
        if record["record"] == "target" and record["name"] in ("torch", "mindspore"):
            record["pads"] = {"torch": MINE, "mindspore": {"reflect": THEIRS["reflect"]}}[record["name"]]
    model = tmp_path / "model.txt"
    model.write_text("Mirror((3, 3, 3, 3))\nZeros(1)\nMirror(n)\nConv2d(3, 8, kernel_size=3)\n")
    assert main(["port", "--from", "torch", "--to", "mindspore", str(model), str(results(records))]) == 0
    text = capsys.readouterr().out
    assert "3 layers, 3 of them different" in text
    assert "| `theirs.Pad(((0, 0), (3, 3), (3, 3)), mode='reflect')` | only pads; no case asks it |" in text
    assert "no layer there only pads so" in text
    assert "Not looked at: 1 Mirror." in text
