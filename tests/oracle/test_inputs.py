"""Inputs: representable, exact where they say so, never vacuous, the same for the same seed."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import conv_reference as reference
from conformance.case import (
    BOOL,
    DTYPES,
    INTEGERS,
    ONLY_OF_INTEGERS,
    UNSIGNED,
    VALUES,
    VALUES_OF_INTEGERS,
    Arrays,
    Inputs,
)
from conformance.oracle.inputs import (
    CLASSES,
    Blank,
    InputClass,
    fill_all,
    fill_by_counting,
    fill_with_huge_numbers,
    fill_with_huge_sums,
    fill_with_ones,
    find_largest,
    find_tiny_scale,
    make,
)

LAYER = {"in_channels": 4, "out_channels": 6, "kernel_size": (2, 3), "groups": 2, "padding": (1, 0)}
FLOATS = [dtype for dtype in DTYPES if dtype not in (*INTEGERS, BOOL)]
REALS = [dtype for dtype in FLOATS if not dtype.startswith("complex")]
OPERANDS = ("x", "weight", "bias", "grad_output")

EVERY = [
    (dtype, values)
    for dtype, values in itertools.product(DTYPES, CLASSES)
    if dtype in INTEGERS or values not in ONLY_OF_INTEGERS
    if dtype in FLOATS or values in VALUES_OF_INTEGERS
]
EVERY_CLASS = pytest.mark.parametrize(("dtype", "values"), EVERY)
LAYERS = pytest.mark.parametrize("layer", ["conv2d", "conv_transpose2d"])


def numpy_dtype(name: str) -> Any:
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def make_arrays(
    dtype: str = "float32",
    values: str = "exact",
    layer: str = "conv2d",
    shape: tuple[int, ...] = (1, 4, 3, 3),
    seed: str = "seed",
    **changes: Any,
) -> Arrays:
    """The arrays of `LAYER` with `changes`."""
    return make(layer, {**LAYER, **changes}, Inputs(shape, dtype, values), seed)


def name_arrays(arrays: Arrays) -> dict[str, np.ndarray]:
    named = {name: getattr(arrays, name) for name in OPERANDS}
    return {name: array for name, array in named.items() if array is not None}


def test_the_classes_are_those_of_the_vocabulary() -> None:
    assert tuple(CLASSES) == VALUES


@EVERY_CLASS
def test_every_number_is_a_number_of_its_type(dtype: str, values: str) -> None:
    for name, array in name_arrays(make_arrays(dtype, values)).items():
        held = array.astype(numpy_dtype(dtype)).astype(array.dtype)
        np.testing.assert_array_equal(held, array, err_msg=name)
        np.testing.assert_array_equal(np.signbit(held.real), np.signbit(array.real), err_msg=name)


@EVERY_CLASS
@LAYERS
def test_shapes_are_the_layers(dtype: str, values: str, layer: str) -> None:
    arrays = make_arrays(dtype, values, layer)
    assert arrays.x.shape == (1, 4, 3, 3)
    assert arrays.weight.shape == ((6, 2, 2, 3) if layer == "conv2d" else (4, 3, 2, 3))
    assert arrays.bias.shape == (6,)


@LAYERS
@pytest.mark.parametrize("dtype", FLOATS)
def test_the_upstream_gradient_has_the_outputs_shape(dtype: str, layer: str) -> None:
    shape = make_arrays(dtype, layer=layer).grad_output.shape
    assert shape == ((1, 6, 4, 1) if layer == "conv2d" else (1, 6, 2, 5))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_have_no_gradient(dtype: str) -> None:
    assert make_arrays(dtype).grad_output is None


@pytest.mark.parametrize("dtype", UNSIGNED)
def test_unsigned_integers_are_not_negative(dtype: str) -> None:
    for name, array in name_arrays(make_arrays(dtype)).items():
        assert (array > 0).all(), name


def test_an_input_of_bools_is_of_zeros_and_ones_and_has_no_gradient() -> None:
    arrays = make_arrays("bool", "arange")
    assert set(arrays.x.ravel()) == {0, 1}
    assert arrays.grad_output is None


@LAYERS
def test_an_unbatched_upstream_gradient_is_unbatched(layer: str) -> None:
    assert make_arrays(layer=layer, shape=(4, 3, 3)).grad_output.ndim == 3


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32"])
@LAYERS
def test_sums_of_integers_at_their_limits_leave_their_type(dtype: str, layer: str) -> None:
    arrays = make_arrays(dtype, "wrapping", layer)
    call = reference.LAYERS[layer].forward
    output = call(arrays.x, arrays.weight, arrays.bias, groups=2, padding=(1, 0))
    assert arrays.exact
    assert (np.abs(output) > np.iinfo(dtype).max).mean() > 0.9


@pytest.mark.parametrize("name", OPERANDS)
def test_the_same_seed_gives_the_same_arrays(name: str) -> None:
    np.testing.assert_array_equal(getattr(make_arrays(), name), getattr(make_arrays(), name))


@pytest.mark.parametrize("name", OPERANDS)
def test_another_seed_gives_other_arrays(name: str) -> None:
    assert not np.array_equal(getattr(make_arrays(), name), getattr(make_arrays(seed="other"), name))


@EVERY_CLASS
def test_arrays_are_made_without_a_warning(dtype: str, values: str) -> None:
    """A warning would tell of an imaginary part that was cut off, or of a number beyond the type."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_arrays(dtype, values)


# Exactness

NARROW = ("float16", "bfloat16", "complex32", "int8", "uint8")  # what counts through x does not fit there
COUNTED = ("arange", "all_ones", "all_counted")
EXACT = [
    (d, v)
    for d, v in EVERY
    if d != BOOL and (v in ("exact", "ones", "signed_zeros") or (v in COUNTED and d not in NARROW))
]


@pytest.mark.parametrize(("dtype", "values"), EXACT)
def test_exact_arrays_say_so(dtype: str, values: str) -> None:
    assert make_arrays(dtype, values).exact


@pytest.mark.parametrize("order", range(5))
@pytest.mark.parametrize(("dtype", "values"), EXACT)
def test_exact_sums_are_the_same_in_any_order(dtype: str, values: str, order: int) -> None:
    """Sums of products in the type itself against integers of any size."""
    arrays = make_arrays(dtype, values)
    x = arrays.x.ravel()[:12]
    weight = arrays.weight[0].ravel()[:12]
    typed = numpy_dtype(dtype)
    products = (x.astype(typed) * weight.astype(typed)).astype(typed)
    total = np.zeros((), typed)
    for product in np.random.default_rng(order).permutation(products):
        total = (total + product).astype(typed)
    assert complex(total) == sum(complex(a) * complex(b) for a, b in zip(x, weight, strict=True))


@pytest.mark.parametrize("values", ["real", "tiny", "huge", "subnormal"])
def test_rounded_sums_are_not_called_exact(values: str) -> None:
    assert not make_arrays(values=values).exact


@pytest.mark.parametrize(
    ("dtype", "shape", "exact"),
    [
        ("float32", (1, 4, 3, 3), True),
        ("float32", (2, 4, 500, 500), False),
        ("float64", (2, 4, 500, 500), True),
    ],
)
def test_counting_is_exact_only_while_it_is_small_enough(dtype: str, shape: tuple[int, ...], exact: bool) -> None:
    assert make_arrays(dtype, "arange", shape=shape).exact is exact


@pytest.mark.parametrize("values", ["exact", "arange", "subnormal"])
def test_exact_inputs_that_do_not_exist_are_an_error(values: str) -> None:
    """Also where only x is of another class, and the others are small integers."""
    with pytest.raises(ValueError, match="no exact inputs"):
        make_arrays("float16", values, shape=(4, 4, 30, 30))


def test_parts_that_lie_apart_are_exact_apart() -> None:
    """Every sum of products of a complex number's part has to fit into float32."""
    layer = {"in_channels": 1, "out_channels": 1, "kernel_size": 1}
    made = make("conv2d", layer, Inputs((1, 1, 600, 600), "complex64", values="apart"), "seed")
    assert made.exact
    largest = max(np.abs(made.x.real).max() / 2**24, np.abs(made.x.imag).max())
    assert 600 * 600 * largest * np.abs(made.grad_output).max() <= 2**24


def test_what_is_empty_is_exact() -> None:
    assert make_arrays(values="arange", shape=(0, 4, 3, 3)).exact


def test_real_inputs_exist_where_exact_ones_do_not() -> None:
    assert make_arrays("float16", "real", shape=(4, 4, 30, 30)).x.shape == (4, 4, 30, 30)


# What the classes are about


@pytest.mark.parametrize(("own", "of_bias"), [(None, fill_with_ones), (fill_by_counting, fill_by_counting)])
def test_every_array_is_filled_alike_but_for_a_bias_of_its_own(own: Any, of_bias: Any) -> None:
    filled = InputClass(x=fill_with_ones, weight=fill_with_ones, bias=of_bias, upstream=fill_with_ones, sums="counted")
    assert fill_all(fill_with_ones, "counted", own) == filled


@pytest.mark.parametrize("name", OPERANDS)
def test_a_person_can_check_ones_and_counted_numbers_by_eye(name: str) -> None:
    ones = name_arrays(make_arrays(values="all_ones"))[name]
    np.testing.assert_array_equal(ones, np.ones(ones.shape))
    counted = name_arrays(make_arrays(values="all_counted"))[name]
    np.testing.assert_array_equal(counted.ravel(), np.arange(1, counted.size + 1))


@pytest.mark.parametrize("dtype", REALS)
def test_products_of_tiny_numbers_lie_just_above_the_smallest_normal_number(dtype: str) -> None:
    tiny = make_arrays(dtype, "tiny")
    product = np.median(np.abs(tiny.x)) * np.median(np.abs(tiny.weight))
    smallest = float(ml_dtypes.finfo(numpy_dtype(dtype)).smallest_normal)
    assert smallest < product < smallest * 2**8


@pytest.mark.parametrize("dtype", REALS)
def test_sums_of_huge_numbers_come_near_to_the_largest_number_and_never_pass_it(dtype: str) -> None:
    huge = make_arrays(dtype, "huge")
    terms = 2 * 2 * 3 * 3
    reach = terms * np.abs(huge.x).max() * np.abs(huge.weight).max() + np.abs(huge.bias).max()
    largest = float(ml_dtypes.finfo(numpy_dtype(dtype)).max)
    assert largest / 2**10 < reach < largest


@pytest.mark.parametrize("dtype", FLOATS)
def test_tiny_numbers_are_scaled_without_rounding(dtype: str) -> None:
    scale = find_tiny_scale(dtype)
    smallest = reference.number_format(dtype).smallest_normal
    assert np.frexp(scale)[0] == 0.5  # a power of two
    assert smallest < scale**2 <= 16 * smallest


@pytest.mark.parametrize("terms", [1, 4, 16])
def test_products_of_huge_numbers_reach_an_eighth_of_the_largest_power_of_two(terms: int) -> None:
    """With so many terms the square root of a product is a power of two itself."""
    numbers = np.abs(fill_with_huge_numbers(Blank(np.ones(1000), "float32", terms), np.random.default_rng(0)))
    largest = np.sqrt(2.0**127 / 8 / terms)
    assert largest / 2 <= numbers.min() < 0.51 * largest
    assert 0.99 * largest < numbers.max() <= largest


def test_sums_of_huge_numbers_reach_an_eighth_of_the_largest_power_of_two() -> None:
    sums = np.abs(fill_with_huge_sums(Blank(np.ones(1000), "float32", 50), np.random.default_rng(0)))
    assert 2.0**123 <= sums.min() < 1.02 * 2.0**123
    assert 0.99 * 2.0**124 < sums.max() <= 2.0**124


@pytest.mark.parametrize(
    ("dtype", "largest"),
    [("float16", 65504.0), ("bfloat16", 2.0**127), ("float32", 2.0**127), ("float64", 2.0**1023),
     ("complex64", 2.0**127), ("complex128", 2.0**1023)],
)  # fmt: skip
def test_no_sum_passes_a_power_of_two_or_of_float16_its_largest_number(dtype: str, largest: float) -> None:
    assert find_largest(dtype) == largest


def test_products_of_subnormal_numbers_reach_the_smallest_normal_one_and_hardly_pass_it() -> None:
    arrays = make_arrays(values="subnormal")
    product = np.abs(arrays.x).max() * np.abs(arrays.weight).max()
    assert 2.0**-126 < product < 2 * 2.0**-126


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_parts_lie_apart(dtype: str) -> None:
    apart = make_arrays(dtype, "apart")
    for array in (apart.x.real / 2.0**24, apart.x.imag):
        magnitudes = np.abs(array)
        np.testing.assert_array_equal(magnitudes, np.round(magnitudes))
        assert 1 <= magnitudes.min() <= magnitudes.max() <= 8
        assert (magnitudes % 2 == 1).any()
    np.testing.assert_array_equal(apart.weight.imag, 0)
    np.testing.assert_array_equal(apart.grad_output.imag, 0)


@pytest.mark.parametrize("name", OPERANDS)
def test_real_numbers_have_no_parts_to_lie_apart(name: str) -> None:
    array = getattr(make_arrays(values="apart"), name)
    assert 1 <= np.abs(array).min() <= np.abs(array).max() <= 9


@pytest.mark.parametrize("dtype", REALS)
def test_subnormal_numbers_are_below_the_smallest_normal_one_and_not_zero(dtype: str) -> None:
    magnitudes = np.abs(make_arrays(dtype, "subnormal").x)
    assert (magnitudes < float(ml_dtypes.finfo(numpy_dtype(dtype)).smallest_normal)).all()
    assert (magnitudes > 0).all()


@pytest.mark.parametrize("values", ["tiny", "subnormal", "huge"])
@pytest.mark.parametrize("dtype", FLOATS)
def test_the_bias_neither_hides_the_products_nor_vanishes_among_them(dtype: str, values: str) -> None:
    arrays = make_arrays(dtype, values)
    product = np.median(np.abs(arrays.x)) * np.median(np.abs(arrays.weight))
    assert 2**-8 < np.median(np.abs(arrays.bias)) / product < 2**8


SPECIAL_CLASSES = {
    "with_nan": ("x", np.isnan),
    "with_inf": ("x", np.isinf),
    "nan_in_weight": ("weight", np.isnan),
    "inf_in_weight": ("weight", np.isinf),
    "nan_in_bias": ("bias", np.isnan),
    "inf_in_bias": ("bias", np.isinf),
    "nan_in_upstream": ("grad_output", np.isnan),
    "inf_in_upstream": ("grad_output", np.isinf),
}


@pytest.mark.parametrize("values", SPECIAL_CLASSES)
def test_one_element_of_one_operand_is_special(values: str) -> None:
    operand, is_special = SPECIAL_CLASSES[values]
    for name, array in name_arrays(make_arrays(values=values)).items():
        assert is_special(array).sum() == (name == operand)
        assert (~np.isfinite(array)).sum() == (name == operand)


@pytest.mark.parametrize("values", SPECIAL_CLASSES)
def test_no_element_of_nothing_is_special(values: str) -> None:
    assert make_arrays(values=values, shape=(0, 4, 3, 3)).x.size == 0


def test_two_elements_in_five_are_zeros_of_either_sign() -> None:
    x = make_arrays(values="signed_zeros", shape=(4, 4, 6, 6)).x
    zeros = x[x == 0]
    assert 0.3 < zeros.size / x.size < 0.5
    assert 0.4 < np.signbit(zeros).mean() < 0.6


@pytest.mark.parametrize("values", ["exact", "real"])
@pytest.mark.parametrize("name", OPERANDS)
def test_no_element_is_zero(values: str, name: str) -> None:
    assert getattr(make_arrays(values=values), name).all()


@pytest.mark.parametrize("values", ["exact", "real"])
def test_height_and_width_are_told_apart(values: str) -> None:
    x = make_arrays(values=values).x
    assert not np.array_equal(x, x.swapaxes(-1, -2))


# Where there is no layer


@pytest.mark.parametrize(
    "arguments",
    [{"groups": 3}, {"kernel_size": 0}, {"stride": 0}, {"in_channels": None}, {"in_channels": 6}],
    ids=lambda arguments: next(iter(arguments)),
)
def test_a_layer_that_cannot_be_still_has_an_input(arguments: dict[str, Any]) -> None:
    arrays = make_arrays(**arguments)
    assert arrays.x.shape == (1, 4, 3, 3)
    assert arrays.grad_output is None


def test_a_layer_that_does_not_fit_its_input_still_has_its_parameters() -> None:
    arrays = make_arrays(in_channels=6)
    assert arrays.weight.shape == (6, 3, 2, 3)
    assert arrays.bias.shape == (6,)
    assert make_arrays(in_channels=6, bias=False).bias is None


def test_arguments_may_be_missing() -> None:
    assert make("conv2d", {"in_channels": 4}, Inputs((1, 4, 3, 3)), "seed").weight is None


@pytest.mark.parametrize("name", ["in_channels", "kernel_size", "groups"])
def test_sizes_may_be_numpys(name: str) -> None:
    """NumPy's integers overflow; what is computed of sizes is computed with Python's."""
    arrays = make("conv2d", {**LAYER, "kernel_size": 2, name: np.int8(2)}, Inputs((1, 4, 3, 3)), "seed")
    assert all(type(size) is int for size in arrays.weight.shape)
