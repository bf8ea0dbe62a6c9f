"""Padding of every vendor: strings, four sides, and what no vendor's call can say."""

from __future__ import annotations

import functools
import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.apis import Contract, NoEquivalent, contracts
from conformance.case import Inputs
from conv_reference import conv_transpose2d

LAYER = {"in_channels": 4, "out_channels": 6, "kernel_size": (3, 5)}
INPUT = Inputs((2, 4, 9, 9))


def translate(api: str, **arguments: Any) -> Any:
    """What becomes of padding and output_padding, and of pad_mode; or the reason why nothing does."""
    vendor = contracts()[api].to_vendor({**LAYER, **arguments}, INPUT)
    if isinstance(vendor, NoEquivalent):
        return vendor.reason
    return {name: vendor[name] for name in ("pad_mode", "padding", "output_padding") if name in vendor}


CONV2D = [
    pytest.param("torch.nn.Conv2d", "same", {"padding": "same"}, id="torch same"),
    pytest.param("torch.nn.Conv2d", "valid", {"padding": "valid"}, id="torch valid"),
    pytest.param("torch.nn.Conv2d", (1, 1, 2, 2), {"padding": (1, 2)}, id="torch four sides"),
    pytest.param("mindspore.mint.nn.Conv2d", "same", {"padding": "same"}, id="mint same"),
    pytest.param("mindspore.nn.Conv2d", "same", {"pad_mode": "same"}, id="nn same"),
    pytest.param("mindspore.nn.Conv2d", "valid", {"pad_mode": "valid"}, id="nn valid"),
    pytest.param("mindspore.nn.Conv2d", 1, {"pad_mode": "pad", "padding": 1}, id="nn int"),
    pytest.param("mindspore.nn.Conv2d", (1, 2), {"pad_mode": "pad", "padding": (1, 1, 2, 2)}, id="nn pair"),
    pytest.param("mindspore.nn.Conv2d", (0, 1, 2, 3), {"pad_mode": "pad", "padding": (0, 1, 2, 3)}, id="nn four sides"),
    pytest.param("megengine.module.Conv2d", "same", {"padding": (1, 2)}, id="megengine same"),
    pytest.param("megengine.module.Conv2d", "valid", {"padding": 0}, id="megengine valid"),
    pytest.param("megengine.functional.conv2d", "same", {"padding": (1, 2)}, id="megengine function same"),
]


@pytest.mark.parametrize(("api", "padding", "vendor"), CONV2D)
def test_padding_of_a_convolution(api: str, padding: Any, vendor: dict[str, Any]) -> None:
    assert translate(api, padding=padding) == vendor


TRANSPOSED = [
    pytest.param("torch.nn.ConvTranspose2d", 1, {"padding": (1, 2)}, id="torch same"),
    pytest.param("mindspore.mint.nn.ConvTranspose2d", 1, {"padding": (1, 2)}, id="mint same"),
    pytest.param("megengine.module.ConvTranspose2d", 1, {"padding": (1, 2)}, id="megengine same"),
    pytest.param("mindspore.nn.Conv2dTranspose", 1, {"pad_mode": "same"}, id="nn same"),
    pytest.param(
        "torch.nn.ConvTranspose2d", (5, 7), {"padding": (0, 0), "output_padding": (2, 2)}, id="torch same, stride wins"
    ),
]


@pytest.mark.parametrize(("api", "stride", "vendor"), TRANSPOSED)
def test_same_padding_of_a_transposed_convolution(api: str, stride: Any, vendor: dict[str, Any]) -> None:
    assert translate(api, padding="same", stride=stride) == vendor


@pytest.mark.parametrize(
    ("stride", "vendor"),
    [
        pytest.param(1, {"pad_mode": "valid"}, id="valid is no padding"),
        pytest.param(9, {"pad_mode": "pad", "padding": 0}, id="valid would add rows"),
    ],
)
def test_valid_padding_of_mindspores_transposed_layer(stride: int, vendor: dict[str, Any]) -> None:
    assert translate("mindspore.nn.Conv2dTranspose", padding="valid", stride=stride) == vendor


@pytest.mark.parametrize(
    ("api", "arguments", "reason"),
    [
        pytest.param(
            "torch.nn.Conv2d",
            {"padding": "same", "stride": 2},
            "documented for stride 1 only",
            id="torch same, strided",
        ),
        pytest.param("torch.nn.Conv2d", {"padding": (0, 1, 2, 2)}, "same on opposite sides", id="torch uneven sides"),
        pytest.param(
            "megengine.module.Conv2d",
            {"padding": "same", "stride": 2},
            "depends on the input's size",
            id="megengine same, strided",
        ),
        pytest.param(
            "megengine.module.Conv2d", {"padding": "same", "kernel_size": 2}, "odd total", id="megengine odd total"
        ),
        pytest.param("mindspore.nn.Conv2d", {"padding": "other"}, "pad_mode's", id="nn unknown string"),
        pytest.param(
            "mindspore.nn.Conv2dTranspose",
            {"padding": "same", "output_padding": 1, "stride": 2},
            'goes with pad_mode="pad" alone',
            id="nn same and output_padding",
        ),
        pytest.param(
            "torch.nn.ConvTranspose2d",
            {"padding": "same", "stride": (5, 7), "output_padding": 1},
            "no string that output_padding could go with",
            id="torch same and output_padding",
        ),
    ],
)
def test_what_a_vendors_call_cannot_say_has_its_reason(api: str, arguments: dict[str, Any], reason: str) -> None:
    assert reason in translate(api, **arguments)


SIDES = tuple(itertools.product(range(3), repeat=2))


@pytest.mark.parametrize("output_padding", [0, 1, 2])
@pytest.mark.parametrize(("top", "bottom"), SIDES, ids=[f"{top}-{bottom}" for top, bottom in SIDES])
def test_a_transposed_layer_cropped_unevenly_is_asked_where_output_padding_can_say_it(
    top: int, bottom: int, output_padding: int
) -> None:
    """By trying all that two sides can say: which of it has the asked layer's output?"""
    x, weight = np.arange(1.0, 13).reshape(1, 1, 3, 4), np.arange(1.0, 10).reshape(1, 1, 3, 3)
    compute = functools.partial(conv_transpose2d, x, weight, stride=3)
    asked = {"padding": (top, bottom, 1, 1), "output_padding": (output_padding, 0)}
    expected = compute(**asked)
    same = [
        (sides, added)
        for sides, added in itertools.product(range(3), repeat=2)
        if np.array_equal(compute(padding=(sides, 1), output_padding=(added, 0)), expected)
    ]
    answer = contracts()["torch.nn.ConvTranspose2d"].to_vendor({**LAYER, "stride": 3, **asked}, INPUT)
    if isinstance(answer, NoEquivalent):
        assert same == []
    else:
        added = answer["output_padding"][0]
        assert [(answer["padding"][0], added)] == same


@pytest.mark.parametrize("contract", contracts().values(), ids=list(contracts()))
def test_four_sides_are_taken_or_refused_never_cut(contract: Contract) -> None:
    arguments = contract.to_vendor({**LAYER, "padding": (0, 1, 2, 3)}, INPUT)
    assert isinstance(arguments, NoEquivalent) or contract.to_canonical(arguments, INPUT)["padding"] == (0, 1, 2, 3)


@pytest.mark.parametrize("contract", contracts().values(), ids=list(contracts()))
def test_padding_that_is_not_given_is_the_vendors_default_or_the_canonical_one(contract: Contract) -> None:
    layer = {**LAYER, "in_channels": 1, "bias": "bias" in contract.operands}
    one_channel = replace(INPUT, shape=(2, 1, 9, 9))  # which a layer that mixes none has too
    vendor = contract.to_vendor(layer, one_channel)
    assert contract.to_canonical(vendor, one_channel)["padding"] == 0


@pytest.mark.parametrize(
    ("pad_mode", "padding"), [("same", "same"), ("valid", "valid"), ("pad", 3)], ids=["same", "valid", "pad"]
)
def test_mindspores_pad_mode_is_canonical_padding(pad_mode: str, padding: Any) -> None:
    vendor = {**LAYER, "pad_mode": pad_mode, "padding": 3 if pad_mode == "pad" else 0}
    assert contracts()["mindspore.nn.Conv2d"].to_canonical(vendor, None)["padding"] == padding


def test_mindspore_pads_as_same_by_default() -> None:
    assert contracts()["mindspore.nn.Conv2d"].to_canonical(LAYER, None)["padding"] == "same"


def test_mindspores_pad_mode_and_padding_may_not_contradict_each_other() -> None:
    contradictory = contracts()["mindspore.nn.Conv2d"].to_canonical({**LAYER, "pad_mode": "valid", "padding": 1}, None)
    assert isinstance(contradictory, NoEquivalent)


TRANSPOSED_APIS = [name for name, contract in contracts().items() if contract.layer == "conv_transpose2d"]


@pytest.mark.parametrize("stride", [2, 9])
@pytest.mark.parametrize("api", TRANSPOSED_APIS)
def test_same_takes_no_output_padding_and_none_is_overwritten(api: str, stride: int) -> None:
    """With padding spelled out, the call would be another layer's, which takes output_padding."""
    reason = translate(api, kernel_size=(4, 4), padding="same", stride=stride, output_padding=1)
    assert "output_padding" in reason
