"""What a contract says to write instead: rows of the porting tables, and true in the frameworks themselves."""

from __future__ import annotations

import re

import pytest

from conformance.apis import frameworks
from conformance.apis.contract import NoEquivalent
from conformance.case import Inputs
from tests.frameworks import Execute

ARGUMENTS = {"in_channels": 1, "out_channels": 1, "kernel_size": 1}
LACKING = {
    "padding four": {"padding": (0, 1, 2, 3)},
    "batch none": {},
    "bias True": {"bias": True},
    **{f"padding_mode {mode!r}": {"padding": 1, "padding_mode": mode} for mode in ("reflect", "replicate", "circular")},
}
MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}  # as NumPy calls them
SCRIPT = """\
{imports}
left, right, top, bottom = 2, 1, 1, 0
array = np.arange(60, dtype=np.float32)[-{size}:].reshape({shape})
x = {tensor}
bias = {bias}
layer = lambda x: x
{instead}
assert ({y} == {expected}).all(), y
"""
ROUND = """\
left, right, top, bottom = 3, 1, 2, 0
array = np.arange(60, dtype=np.float32).reshape(1, 3, 4, 5)
x = {tensor}
y = {layer}(x)
assert np.array_equal({y}, np.pad(array, ((0, 0), (0, 0), (top, bottom), (left, right)), mode={mode!r})), y
"""


# What no function of the framework pads as.
UNPADDED = {"megengine": ("circular",), "keras": ("circular", "replicate")}


def list_remedies() -> list[tuple[str, str, str, bool]]:
    remedies = {}
    for name, framework in frameworks().items():
        for contract in framework.contracts:
            for form, source in contract.instead.items():
                remedies[name, form, source, contract.is_channels_last({})] = None
    return list(remedies)


@pytest.mark.parametrize("contract", [c for f in frameworks().values() for c in f.contracts], ids=lambda c: c.api)
def test_what_is_written_instead_is_what_the_api_lacks(contract):
    for form, arguments in LACKING.items():
        inputs = Inputs((1, 4, 4) if form == "batch none" else (1, 1, 4, 4))
        bias = {} if "bias" in contract.operands else {"bias": False}
        vendor = contract.to_vendor({**ARGUMENTS, **bias, **arguments}, inputs)
        if form in contract.instead:
            assert isinstance(vendor, NoEquivalent), form
        elif contract.layer == "conv2d" and not any(
            form.endswith(repr(mode)) for mode in UNPADDED.get(contract.api.partition(".")[0], ())
        ):
            assert not isinstance(vendor, NoEquivalent), form


@pytest.mark.parametrize(
    ("name", "form", "instead", "is_last"), list_remedies(), ids=lambda value: str(value).partition("  #")[0]
)
def test_what_is_written_instead_does_the_same(name, form, instead, is_last, execute: Execute):
    source = frameworks()[name].source
    mode = re.search(r"'(\w+)'", form)
    sides = "(top, bottom), (left, right), (0, 0)" if is_last else "(0, 0), (top, bottom), (left, right)"
    added = "np.arange(1, 6)" if is_last else "np.arange(1, 4).reshape(3, 1, 1)"
    expected = f"np.pad(array, ((0, 0), {sides})"
    expected += f", mode={MODES[mode[1]]!r})" if mode else ")"
    script = SCRIPT.format(
        imports=source.imports if "numpy" in source.imports else f"import numpy as np\n{source.imports}",
        size=20 if form == "batch none" else 60,
        shape=(1, 4, 5) if form == "batch none" else (1, 3, 4, 5),
        tensor=source.tensor.format(array="array"),
        bias=source.tensor.format(array=f"np.arange(1, {6 if is_last else 4}, dtype=np.float32)"),
        instead=instead,
        y=source.numpy.format(tensor="y"),
        expected={"batch none": "array", "bias True": f"array + {added}"}.get(form, expected),
    )
    end = execute(name, script)
    assert end.how == "", end


@pytest.mark.parametrize("name", [name for name, framework in frameworks().items() if framework.pads])
def test_a_layer_that_only_pads_does_so(name, execute: Execute):
    framework = frameworks()[name]
    checks = [
        ROUND.format(
            layer=layer,
            tensor=framework.source.tensor.format(array="array"),
            y=framework.source.numpy.format(tensor="y"),
            mode=MODES[mode],
        )
        for mode, layer in framework.pads.items()
    ]
    end = execute(name, "\n".join(["import numpy as np", framework.source.imports, *checks]))
    assert end.how == "", end
