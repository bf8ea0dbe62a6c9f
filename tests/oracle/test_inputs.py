"""Inputs: representable, exact where they say so, never vacuous, the same for the same seed."""

from __future__ import annotations

import itertools
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from conformance.case import DTYPES, INTEGERS, VALUES, Arrays, Inputs
from conformance.oracle.inputs import CLASSES, make

LAYER = {"in_channels": 4, "out_channels": 6, "kernel_size": (2, 3), "groups": 2, "padding": (1, 0)}
FLOATS = [dtype for dtype in DTYPES if dtype not in INTEGERS]
REALS = [dtype for dtype in FLOATS if not dtype.startswith("complex")]
OF_INTEGERS = ("exact", "ones", "arange", "all_ones", "all_counted")
OPERANDS = ("x", "weight", "bias", "grad_output")

EVERY = [(d, v) for d, v in itertools.product(DTYPES, CLASSES) if d not in INTEGERS or v in OF_INTEGERS]
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


@LAYERS
def test_an_unbatched_upstream_gradient_is_unbatched(layer: str) -> None:
    assert make_arrays(layer=layer, shape=(4, 3, 3)).grad_output.ndim == 3


@pytest.mark.parametrize("name", OPERANDS)
def test_the_same_seed_gives_the_same_arrays(name: str) -> None:
    np.testing.assert_array_equal(getattr(make_arrays(), name), getattr(make_arrays(), name))


@pytest.mark.parametrize("name", OPERANDS)
def test_another_seed_gives_other_arrays(name: str) -> None:
    assert not np.array_equal(getattr(make_arrays(), name), getattr(make_arrays(seed="other"), name))


# Exactness

NARROW = ("float16", "bfloat16", "int8")  # what counts through x does not fit there
COUNTED = ("arange", "all_ones", "all_counted")
EXACT = [(d, v) for d, v in EVERY if v in ("exact", "ones", "signed_zeros") or (v in COUNTED and d not in NARROW)]


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


def test_exact_inputs_that_do_not_exist_are_an_error() -> None:
    with pytest.raises(ValueError, match="no exact inputs"):
        make_arrays("float16", shape=(4, 4, 30, 30))


def test_real_inputs_exist_where_exact_ones_do_not() -> None:
    assert make_arrays("float16", "real", shape=(4, 4, 30, 30)).x.shape == (4, 4, 30, 30)


# What the classes are about


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


def test_zeros_are_of_both_signs() -> None:
    x = make_arrays(values="signed_zeros", shape=(4, 4, 6, 6)).x
    negative = np.signbit(x[x == 0])
    assert negative.any()
    assert not negative.all()


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


def test_arguments_may_be_missing() -> None:
    assert make("conv2d", {"in_channels": 4}, Inputs((1, 4, 3, 3)), "seed").weight is None


@pytest.mark.parametrize("name", ["in_channels", "kernel_size", "groups"])
def test_sizes_may_be_numpys(name: str) -> None:
    """NumPy's integers overflow; what is computed of sizes is computed with Python's."""
    arrays = make("conv2d", {**LAYER, "kernel_size": 2, name: np.int8(2)}, Inputs((1, 4, 3, 3)), "seed")
    assert all(type(size) is int for size in arrays.weight.shape)
