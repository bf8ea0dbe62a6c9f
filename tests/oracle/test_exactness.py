"""What makes a case exact, what fills its arrays, and in which type its bounds are."""

from __future__ import annotations

import numpy as np
import pytest

import conv_reference as reference
from conformance.case import Case, Inputs, Promise, Tensor
from conformance.oracle.expectation import expect
from conformance.oracle.inputs import Blank, are_sums_exact, fill_with_huge_numbers, make, round_down_to_power
from conformance.oracle.rounding import round_to, to_bfloat16

LAYER = {"in_channels": 2, "out_channels": 3, "kernel_size": (2, 3)}
LIMIT = 2.0**24  # the whole numbers that float32 holds without a gap
ONE = np.ones(1)


def ask(api: str | None = None, inputs: Inputs | None = None, **arguments: object):
    """The expectation of a case of `LAYER`, or of the vendor's arguments."""
    given = arguments if api else {**LAYER, **arguments}
    layer = "conv_transpose2d" if api and "transpose" in api else "conv2d"
    return expect(Case("made.yaml", "case", 1, layer, api, given, inputs or Inputs((2, 2, 5, 4)), Promise(), ""))


@pytest.mark.parametrize(
    ("x", "weight", "bias", "gradient"),
    [
        (2.0**13, 2.0**12, 0.0, 0.0),
        (2.0**13, 0.0, 0.0, 2.0**12),
        (0.0, 2.0**13, 0.0, 2.0**12),
        (0.0, 0.0, 0.0, 2.0**25),
        (2.0**12, 2.0**12, 1.0, 0.0),
        (-(2.0**13), 2.0**12, 0.0, 0.0),
        (1.0, 1.0, 2.0**24, 0.0),
    ],
    ids=["output", "gradient of the weight", "gradient of x", "gradient of the bias", "bias", "negative", "bias alone"],
)
def test_sums_beyond_the_types_whole_numbers_are_not_exact(
    x: float, weight: float, bias: float, gradient: float
) -> None:
    arrays = [value * ONE for value in (x, weight, bias, gradient)]
    assert not are_sums_exact(*arrays, 1, "float32")
    halves = [value / 4 * ONE for value in (x, weight, bias, gradient)]
    assert are_sums_exact(*halves, 1, "float32")


def test_as_many_terms_as_fit_are_exact() -> None:
    assert are_sums_exact(2.0**10 * ONE, 2.0**10 * ONE, None, None, 16, "float32")
    assert not are_sums_exact(2.0**10 * ONE, 2.0**10 * ONE, None, None, 17, "float32")


def test_no_sum_of_truth_values_is_one() -> None:
    assert not are_sums_exact(ONE, ONE, None, None, 1, "bool")


def test_counting_is_exact_only_while_its_gradients_are() -> None:
    """The gradient of the weight sums over every position, the output over the kernel alone."""
    layer = {"in_channels": 1, "out_channels": 1, "kernel_size": 1}
    arrays = make("conv2d", layer, Inputs((1, 1, 400, 400), values="arange"), "seed")
    assert not arrays.exact


@pytest.mark.parametrize("name", ["x", "weight", "bias", "grad_output"])
@pytest.mark.parametrize("values", ["real", "tiny", "huge"])
def test_real_numbers_are_no_whole_ones(values: str, name: str) -> None:
    array = getattr(make("conv2d", LAYER, Inputs((2, 2, 5, 4), values=values), "seed"), name)
    mantissas = np.frexp(array)[0] * 2.0**8
    assert not np.array_equal(mantissas, np.round(mantissas))
    if name == "bias":
        return  # of three numbers, which may all be positive
    assert (array > 0).any()
    assert (array < 0).any()


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("values", ["exact", "real", "tiny", "huge"])
def test_complex_numbers_have_two_unlike_parts(dtype: str, values: str) -> None:
    x = make("conv2d", LAYER, Inputs((2, 2, 5, 4), dtype, values=values), "seed").x
    assert not np.array_equal(x.real, x.imag)
    assert np.all(x.imag != 0)
    assert np.isfinite(x).all()


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_huge_numbers_are_as_large_as_their_terms_allow(dtype: str) -> None:
    filled = fill_with_huge_numbers(Blank(np.ones(1000), dtype, 50), np.random.default_rng(0))
    largest = reference.number_format(dtype).largest
    reach = 50 * np.abs(filled).max() ** 2
    assert largest / 2**6 < reach < largest / 4


def test_a_power_of_two_is_rounded_down() -> None:
    assert [round_down_to_power(scale) for scale in (1.0, 1.9, 2.0, 0.3)] == [1.0, 1.0, 2.0, 0.25]


@pytest.mark.parametrize(
    ("dtype", "of_parts"),
    [("float16", "float16"), ("bfloat16", "bfloat16"), ("float32", "float32"), ("float64", "float64"),
     ("complex32", "float16"), ("complex64", "float32"), ("complex128", "float64")],
)  # fmt: skip
def test_a_bound_is_that_of_the_cases_dtype(dtype: str, of_parts: str) -> None:
    asked = ask(inputs=Inputs((2, 2, 5, 4), dtype, values="real"))
    arrays = asked.arrays
    bound = reference.error_bound("conv2d", arrays.x, arrays.weight, arrays.bias, dtype=dtype)
    np.testing.assert_array_equal(asked.output.bound, bound)
    terms = 2 * 2 * 3 + 1
    magnitude = reference.conv2d(np.abs(arrays.x), np.abs(arrays.weight), np.abs(arrays.bias))
    counted = (2 + np.sqrt(2)) * (terms + 4) if dtype.startswith("complex") else terms
    unit = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24, "float64": 2.0**-53}[of_parts]
    own = {"float64": terms, "complex128": np.sqrt(8) * terms}.get(dtype, 0)  # the oracle's
    np.testing.assert_allclose(asked.output.bound, (counted + own) * unit * magnitude, rtol=0.15)


@pytest.mark.parametrize("name", ["input", "weight", "bias"])
def test_a_gradients_bound_is_that_of_the_cases_dtype(name: str) -> None:
    single = ask(inputs=Inputs((2, 2, 5, 4), "float32", values="real")).gradients[name].bound
    double = ask(inputs=Inputs((2, 2, 5, 4), "float64", values="real")).gradients[name].bound
    assert 2.0**26 < np.median(single) / np.median(double) < 2.0**30


@pytest.mark.parametrize(
    ("api", "weight", "right", "wrong"),
    [
        ("torch.nn.functional.conv2d", (6, 2, 2, 2), (6,), (1,)),
        ("torch.nn.functional.conv2d", (6, 2, 2, 2), (6,), (6, 1, 1)),
        ("megengine.functional.conv2d", (6, 2, 2, 2), (1, 6, 1, 1), (6,)),
        ("torch.nn.functional.conv_transpose2d", (2, 6, 2, 2), (6,), (2,)),
    ],
)
def test_a_bias_of_another_shape_is_refused(
    api: str, weight: tuple[int, ...], right: tuple[int, ...], wrong: tuple[int, ...]
) -> None:
    taken = ask(api, weight=Tensor(weight), bias=Tensor(right))
    refused = ask(api, weight=Tensor(weight), bias=Tensor(wrong))
    assert taken.raised is None
    assert refused.raised is not None
    assert "bias" in refused.raised.message


def test_a_convolution_of_strided_same_is_no_refusal_and_a_wrong_stride_is() -> None:
    assert ask(padding="same", stride=2).raised is None
    assert ask(padding="same", stride=0).raised is not None
    assert ask(padding="same", stride=(1, 2, 3)).raised is not None


def test_without_a_bias_there_is_no_gradient_of_one() -> None:
    assert "bias" in ask().gradients
    assert "bias" not in ask(bias=False).gradients
    assert "bias" not in ask(bias=False, inputs=Inputs((2, 2, 5, 4), values="real")).gradients


def test_what_is_no_number_has_one_pattern_in_bfloat16() -> None:
    assert to_bfloat16(np.array([np.nan, -np.nan])).tolist() == [0x7FC0, 0x7FC0]


def test_rounding_is_away_from_nothing() -> None:
    """To nearest, ties to even, of either sign."""
    values = np.array([1 + 2.0**-8, 1 + 3 * 2.0**-8, -1 - 2.0**-8, -1 - 3 * 2.0**-8])
    assert round_to(values, "bfloat16").tolist() == [1.0, 1 + 2.0**-6, -1.0, -1 - 2.0**-6]


@pytest.mark.parametrize("dtype", ["float16", "float32", "complex64"])
def test_gradients_of_exact_inputs_are_exact(dtype: str) -> None:
    """The gradient of the weight sums over more terms than the output does."""
    layer = {"in_channels": 1, "out_channels": 1, "kernel_size": 1}
    made = make("conv2d", layer, Inputs((1, 1, 30, 30), dtype), "seed")
    limit = 2.0 ** reference.number_format(dtype).precision
    assert 30 * 30 * np.abs(made.x).max() * np.abs(made.grad_output).max() <= limit


def test_a_bias_of_exact_inputs_leaves_room_for_the_products() -> None:
    limits = reference.exact_range("bfloat16", 250)
    assert 250 * limits.x * limits.weight + limits.bias <= 2**8
