"""What is special about a call."""

from __future__ import annotations

import pytest

from conformance.case import Case, Inputs, Numpy, Promise, Value
from conformance.explore.traits import classify, describe

SIZES = {"in_channels": 2, "out_channels": 3, "kernel_size": 3}


def make_case(inputs: Inputs | None = None, api: str | None = None, **arguments: Value) -> Case:
    inputs = Inputs((2, 2, 5, 5), gradients=False) if inputs is None else inputs
    return Case("x.yaml", "x", 1, "conv2d", api, {**SIZES, **arguments}, inputs, Promise(), "")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (3, "ordinary"),
        (0, "zero"),
        (-1, "negative"),
        (100, "large"),
        (2**31 - 1, "from 2^31"),
        (2**31 + 1, "from 2^31"),
        (2**63, "from 2^63"),
        (2.0, "float"),
        (float("nan"), "nan"),
        (True, "true"),
        (None, "none"),
        ("same", "'same'"),
        ((1, 2), "ordinary"),
        ((1, -2), "negative"),
        ((1, 2, 3, 4), "ordinary of 4"),
        (Numpy("int64", 2**31), "from 2^31"),
        (Numpy("int64", 2, is_array=True), "array of int64"),
    ],
)
def test_each_value_has_its_class(value: Value, kind: str) -> None:
    assert classify(value) == kind


def test_what_is_as_in_most_calls_is_no_trait() -> None:
    assert describe(make_case(stride=1, padding=(0, 0), bias=False, padding_mode="zeros")) == {}


def test_an_argument_that_is_given_is_a_trait_by_itself_and_by_axis() -> None:
    assert describe(make_case(stride=(1, 2))) == {"stride": "ordinary", "stride by axis": "uneven"}


def test_a_number_of_numpys_is_a_trait_beside_its_value() -> None:
    traits = describe(make_case(padding=(Numpy("int64", 1), 1)))
    assert traits == {"padding": "ordinary", "padding by axis": "uneven", "padding of NumPy": "scalar"}


def test_what_of_the_input_is_not_ordinary_is_a_trait() -> None:
    inputs = Inputs((0, 2, 5, 40), dtype="float16", values="tiny", layout="strided")
    assert describe(make_case(inputs)) == {
        "dtype": "float16",
        "values": "tiny",
        "layout": "strided",
        "gradients": "asked",
        "batch": "zero",
        "width": "large",
    }


def test_a_vendors_own_arguments_have_traits_beside_the_layers() -> None:
    case = make_case(api="mindspore.nn.Conv2d", pad_mode="pad", padding=2, weight_init="ones")
    traits = describe(case)
    assert traits.items() >= {"padding": "ordinary", "pad_mode": "'pad'", "weight_init": "'ones'"}.items()
