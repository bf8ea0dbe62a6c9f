"""What the documents say that an API has, and has not: each sentence is theirs, none is computed from a contract."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.apis import NoEquivalent, contracts
from conformance.case import Inputs

LAYER = {"in_channels": 2, "out_channels": 2, "kernel_size": 3}
TORCH = ("torch.nn.Conv2d", "torch.nn.functional.conv2d")
MINT = "mindspore.mint.nn.Conv2d"
NN = ("mindspore.nn.Conv2d", "mindspore.nn.Conv2dTranspose")
MEGENGINE = ("megengine.module.Conv2d", "megengine.functional.conv2d")
MEGENGINE_TRANSPOSED = ("megengine.module.ConvTranspose2d", "megengine.functional.conv_transpose2d")


def is_denied(api: str, shape: tuple[int, ...] = (1, 2, 5, 5), **arguments: Any) -> bool:
    return isinstance(contracts()[api].to_vendor({**LAYER, **arguments}, Inputs(shape)), NoEquivalent)


@pytest.mark.parametrize("api", [*TORCH, MINT])
def test_padding_same_goes_with_a_stride_of_one(api: str) -> None:
    assert is_denied(api, padding="same", stride=2)
    assert is_denied(api, padding="same", stride=(1, 2))
    assert not is_denied(api, padding="same", stride=1)
    assert not is_denied(api, padding="same")


@pytest.mark.parametrize("api", MEGENGINE)
def test_without_strings_same_is_what_two_sides_can_say(api: str) -> None:
    assert is_denied(api, padding="same", stride=2)
    assert is_denied(api, padding="same", stride=3)
    assert is_denied(api, padding="same", kernel_size=2)
    assert not is_denied(api, padding="same", kernel_size=2, dilation=2)
    assert not is_denied(api, padding="same", kernel_size=5)


@pytest.mark.parametrize("api", [*NN, *MEGENGINE, *MEGENGINE_TRANSPOSED])
def test_these_take_batches_alone(api: str) -> None:
    assert is_denied(api, shape=(2, 5, 5))
    assert not is_denied(api)


@pytest.mark.parametrize("api", [*TORCH, MINT, "torch.nn.ConvTranspose2d"])
def test_these_take_single_images_too(api: str) -> None:
    assert not is_denied(api, shape=(2, 5, 5))


@pytest.mark.parametrize(
    ("api", "modes"),
    [
        ("torch.nn.Conv2d", {"reflect", "replicate", "circular"}),
        ("megengine.module.Conv2d", {"reflect", "replicate"}),
        ("torch.nn.functional.conv2d", set()),
        ("mindspore.nn.Conv2d", set()),
        ("megengine.functional.conv2d", set()),
    ],
)
def test_padding_modes(api: str, modes: set[str]) -> None:
    had = {mode for mode in ("reflect", "replicate", "circular") if not is_denied(api, padding=1, padding_mode=mode)}
    assert had == modes


@pytest.mark.parametrize("api", [*TORCH, MINT, *MEGENGINE])
def test_two_sides_alike(api: str) -> None:
    assert is_denied(api, padding=(1, 0, 2, 2))
    assert is_denied(api, padding=(1, 1, 2, 1))
    assert contracts()[api].to_vendor({**LAYER, "padding": (1, 1, 2, 2)}, None)["padding"] == (1, 2)


TRANSPOSED = ("torch.nn.ConvTranspose2d", "torch.nn.functional.conv_transpose2d", *MEGENGINE_TRANSPOSED)


@pytest.mark.parametrize("api", TRANSPOSED)
def test_output_padding_wins_back_less_than_a_step(api: str) -> None:
    """A side cropped too much is won back as long as that is less than stride or dilation; too little never is."""
    assert not is_denied(api, padding=(1, 0, 1, 0), stride=2)
    assert not is_denied(api, padding=(1, 0, 1, 0), dilation=2)
    assert is_denied(api, padding=(1, 0, 1, 0))
    assert is_denied(api, padding=(2, 0, 1, 0), stride=2)
    assert is_denied(api, padding=(0, 1, 0, 0), stride=3)
    asked = {**LAYER, "padding": (2, 1, 1, 1), "stride": 3, "output_padding": (1, 0)}
    vendor = contracts()[api].to_vendor(asked, None)
    assert (vendor["padding"], vendor["output_padding"]) == ((2, 1), (2, 0))


@pytest.mark.parametrize("api", MEGENGINE_TRANSPOSED)
def test_output_padding_is_needed_once(api: str) -> None:
    assert is_denied(api, padding="same", stride=4, output_padding=1)
    assert not is_denied(api, padding="same", stride=4)


@pytest.mark.parametrize(
    ("stride", "kernel", "dilation", "surplus"),
    [((4, 2), (2, 3), 1, (2, 0)), ((5, 5), (2, 2), (2, 1), (2, 3)), ((3, 7), (3, 3), 1, (0, 4)), (1, 1, 1, 0)],
)
def test_pad_mode_valid_keeps_at_least_input_times_stride(
    stride: Any, kernel: Any, dilation: Any, surplus: Any
) -> None:
    arguments = {**LAYER, "kernel_size": kernel, "stride": stride, "dilation": dilation, "pad_mode": "valid"}
    assert contracts()[NN[1]].to_canonical(arguments, None)["output_padding"] == surplus


def test_megengines_other_convolution_is_no_layer() -> None:
    contract = contracts()["megengine.module.Conv2d"]
    assert isinstance(contract.to_canonical({**LAYER, "conv_mode": "convolution"}, None), NoEquivalent)
    assert not isinstance(contract.to_canonical({**LAYER, "conv_mode": "cross_correlation"}, None), NoEquivalent)


@pytest.mark.parametrize("api", ["torch.nn.Conv2d", "mindspore.nn.Conv2d"])
def test_a_layer_has_the_dtype_of_its_weight(api: str) -> None:
    inputs = Inputs((1, 2, 5, 5), "float32", weight_dtype="float64")
    assert contracts()[api].to_vendor(LAYER, inputs)["dtype"].name == "float64"


def test_mindspores_transposed_layer_has_an_output_padding() -> None:
    assert not is_denied(NN[1], output_padding=1, stride=2)
    assert not is_denied(NN[1], output_padding=1, stride=2, padding="valid")
    assert is_denied(NN[1], output_padding=1, stride=2, padding="same")


@pytest.mark.parametrize("api", MEGENGINE_TRANSPOSED)
def test_a_transposed_layer_has_no_padding_mode(api: str) -> None:
    assert is_denied(api, padding_mode="reflect")


def test_without_groups_a_functions_weight_has_four_axes() -> None:
    layer = {**LAYER, "out_channels": 4}
    vendor = contracts()["megengine.functional.conv2d"].to_vendor(layer, None)
    assert vendor["weight"].shape == (4, 2, 3, 3)
