"""Inputs: representable, exact where they say so, never vacuous, and bfloat16 as ml_dtypes has it."""

from __future__ import annotations

import itertools
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from conformance.case import DTYPES, INTEGERS, Arrays, Inputs
from conformance.oracle import inputs
from conformance.oracle.inputs import CLASSES, from_bfloat16, make, rounded, to_bfloat16
from conformance.targets.codec import array_from_wire, array_to_wire

LAYER = {"in_channels": 4, "out_channels": 6, "kernel_size": (2, 3), "groups": 2, "padding": (1, 0)}
FLOATS = [d for d in DTYPES if d not in INTEGERS]
INTEGER_CLASSES = ("exact", "ones", "arange")
EACH = [(d, c) for d, c in itertools.product(DTYPES, CLASSES) if d not in INTEGERS or c in INTEGER_CLASSES]


def numpy_dtype(name: str) -> Any:
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def made(dtype: str = "float32", values: str = "exact", layer: str = "conv2d", **changes: Any) -> Arrays:
    shape = changes.pop("shape", (1, 4, 3, 3))
    return make(layer, {**LAYER, **changes}, Inputs(shape, dtype, values), "seed")


def arrays(found: Arrays) -> dict[str, np.ndarray]:
    named = {"x": found.x, "weight": found.weight, "bias": found.bias, "grad_output": found.grad_output}
    return {name: array for name, array in named.items() if array is not None}


SIGNALLING = pytest.mark.filterwarnings("ignore:invalid value encountered in cast")  # every NaN there is


@pytest.mark.parametrize(("dtype", "values"), EACH)
def test_every_number_is_a_number_of_its_type(dtype: str, values: str) -> None:
    for name, array in arrays(made(dtype, values)).items():
        held = array.astype(numpy_dtype(dtype)).astype(array.dtype)
        np.testing.assert_array_equal(held, array, err_msg=name)
        assert np.array_equal(np.signbit(held.real), np.signbit(array.real))


@pytest.mark.parametrize(("dtype", "values"), EACH)
@pytest.mark.parametrize("layer", ["conv2d", "conv_transpose2d"])
def test_shapes(dtype: str, values: str, layer: str) -> None:
    found = made(dtype, values, layer)
    assert found.x.shape == (1, 4, 3, 3)
    assert found.weight.shape == ((6, 2, 2, 3) if layer == "conv2d" else (4, 3, 2, 3))
    assert found.bias.shape == (6,)
    if dtype in INTEGERS:
        assert found.grad_output is None
    else:
        assert found.grad_output.shape == ((1, 6, 4, 1) if layer == "conv2d" else (1, 6, 2, 5))


@pytest.mark.parametrize("layer", ["conv2d", "conv_transpose2d"])
def test_an_unbatched_upstream_gradient_is_unbatched(layer: str) -> None:
    found = made(layer=layer, shape=(4, 3, 3))
    assert found.grad_output.ndim == 3


def test_the_same_seed_gives_the_same_arrays_and_another_seed_others() -> None:
    first, again = made(), made()
    other = make("conv2d", LAYER, Inputs((1, 4, 3, 3)), "other")
    for name, array in arrays(first).items():
        np.testing.assert_array_equal(array, arrays(again)[name])
        assert not np.array_equal(array, arrays(other)[name])


NARROW = ("float16", "bfloat16", "int8")  # what counts through x does not fit there
EXACT = [(d, c) for d, c in EACH if c in ("exact", "ones", "signed_zeros") or (c == "arange" and d not in NARROW)]


@pytest.mark.parametrize(("dtype", "values"), EXACT)
def test_exact_sums_are_the_same_in_any_order(dtype: str, values: str) -> None:
    """Sums of products in the type itself, in several orders, against integers of any size."""
    found = made(dtype, values)
    assert found.exact
    rng = np.random.default_rng(0)
    x, weight = found.x.ravel()[:12], found.weight[0].ravel()[:12]
    typed = (x.astype(numpy_dtype(dtype)) * weight.astype(numpy_dtype(dtype))).astype(numpy_dtype(dtype))
    whole = sum(complex(a) * complex(b) for a, b in zip(x, weight, strict=True))
    for _ in range(5):
        total = np.zeros((), numpy_dtype(dtype))
        for value in rng.permutation(typed):
            total = (total + value).astype(numpy_dtype(dtype))
        assert complex(total) == whole


@pytest.mark.parametrize("values", ["real", "tiny", "huge", "subnormal"])
def test_rounded_sums_are_not_called_exact(values: str) -> None:
    assert not made(values=values).exact


def test_counting_is_exact_only_while_it_is_small_enough() -> None:
    assert made("float32", "arange").exact
    assert not made("float32", "arange", shape=(2, 4, 500, 500)).exact
    assert made("float64", "arange", shape=(2, 4, 500, 500)).exact


def test_exact_inputs_that_do_not_exist_are_an_error_and_real_ones_are_not() -> None:
    wide = {"shape": (1, 4, 30, 30), "dtype": "float16"}
    with pytest.raises(ValueError, match="no exact inputs"):
        made(**{**wide, "shape": (4, 4, 30, 30)})
    assert made(**{**wide, "shape": (4, 4, 30, 30), "values": "real"}).x.shape == (4, 4, 30, 30)


@pytest.mark.parametrize("dtype", [d for d in FLOATS if not d.startswith("complex")])
def test_what_the_classes_are_about(dtype: str) -> None:
    info = ml_dtypes.finfo(numpy_dtype(dtype))
    tiny, huge, subnormal = (made(dtype, name) for name in ("tiny", "huge", "subnormal"))
    products = np.abs(np.median(np.abs(tiny.x)) * np.median(np.abs(tiny.weight)))
    assert float(info.smallest_normal) < products < float(info.smallest_normal) * 2**8
    terms = 2 * 2 * 3 * 3
    reach = terms * np.abs(huge.x).max() * np.abs(huge.weight).max() + np.abs(huge.bias).max()
    assert float(info.max) / 2**10 < reach < float(info.max)
    assert (np.abs(subnormal.x) < float(info.smallest_normal)).all()
    assert (subnormal.x != 0).all()


@pytest.mark.parametrize("values", ["tiny", "subnormal", "huge"])
@pytest.mark.parametrize("dtype", FLOATS)
def test_the_bias_neither_hides_the_products_nor_vanishes_among_them(dtype: str, values: str) -> None:
    found = made(dtype, values)
    product = np.median(np.abs(found.x)) * np.median(np.abs(found.weight))
    assert 2**-8 < np.median(np.abs(found.bias)) / product < 2**8


def test_special_values() -> None:
    assert np.isnan(made(values="with_nan").x).sum() == 1
    assert np.isinf(made(values="with_inf").x).sum() == 1
    zeros = made(values="signed_zeros", shape=(4, 4, 6, 6)).x
    zeros = zeros[zeros == 0]
    assert 0 < np.signbit(zeros).sum() < zeros.size


@pytest.mark.parametrize("values", ["exact", "real"])
def test_height_and_width_and_zero_are_told_apart(values: str) -> None:
    found = made(values=values)
    for array in arrays(found).values():
        assert (array != 0).all()
    assert not np.array_equal(found.x, found.x.swapaxes(-1, -2))


@pytest.mark.parametrize("arguments", [{"groups": 3}, {"kernel_size": 0}, {"stride": 0}, {"in_channels": None}])
def test_a_layer_that_cannot_be_still_has_an_input(arguments: dict[str, Any]) -> None:
    found = made(**arguments)
    assert found.x.shape == (1, 4, 3, 3)
    assert found.grad_output is None


def test_arguments_may_be_missing() -> None:
    assert make("conv2d", {"in_channels": 4}, Inputs((1, 4, 3, 3)), "seed").weight is None


# bfloat16


def corners() -> np.ndarray:
    every = from_bfloat16(np.arange(2**16, dtype=np.uint16)).astype(np.float64)
    finite = every[np.isfinite(every)]
    halves = (finite[:-1].astype(np.float64) + finite[1:]) / 2
    around = [np.nextafter(halves.astype(np.float32), np.float32(s)) for s in (-np.inf, np.inf)]
    random = np.random.default_rng(0).standard_normal(10_000).astype(np.float32)
    return np.concatenate([every, halves, *around, random]).astype(np.float64)


@SIGNALLING
def test_bfloat16_is_as_ml_dtypes_has_it() -> None:
    numbers = corners().astype(np.float32)
    numbers = numbers[~np.isnan(numbers)]
    expected = numbers.astype(ml_dtypes.bfloat16)
    np.testing.assert_array_equal(to_bfloat16(numbers), expected.view(np.uint16))
    np.testing.assert_array_equal(rounded(numbers, "bfloat16"), expected.astype(np.float64))


@SIGNALLING
def test_every_bfloat16_survives() -> None:
    bits = np.arange(2**16, dtype=np.uint16)
    wide = from_bfloat16(bits)
    np.testing.assert_array_equal(wide, bits.view(ml_dtypes.bfloat16).astype(np.float32))
    numbers = ~np.isnan(wide)
    np.testing.assert_array_equal(to_bfloat16(wide.astype(np.float64))[numbers], bits[numbers])
    assert np.isnan(from_bfloat16(to_bfloat16(wide[~numbers]))).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0, 2), (3,), (2, 1, 3)])
def test_the_wire_keeps_dtype_shape_and_bits(dtype: str, shape: tuple[int, ...]) -> None:
    array = rounded(np.random.default_rng(0).integers(-9, 9, shape) * 0.5, dtype)
    back = array_from_wire(array_to_wire(array, dtype))
    assert back.dtype == dtype
    assert back.values.shape == shape
    np.testing.assert_array_equal(back.values, array)


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_wire_keeps_what_is_no_number(dtype: str) -> None:
    array = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0])
    back = array_from_wire(array_to_wire(array, dtype)).values
    np.testing.assert_array_equal(np.asarray(back).real, array)
    assert np.signbit(np.asarray(back).real)[3:].tolist() == [True, False]


def test_classes_know_what_of_them_is_exact() -> None:
    assert {c.sums for c in inputs.CLASSES.values()} == {"exact", "counted", "rounded"}
    for name, each in CLASSES.items():
        assert (each.sums == "rounded") == (name in ("real", "tiny", "huge", "subnormal"))
