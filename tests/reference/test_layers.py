"""One description of each layer, which agrees with its functions."""

import inspect

import numpy as np
import pytest

import conv_reference as reference
from conv_reference.parameters import Parameters, read_parameters

LAYERS = pytest.mark.parametrize("layer", reference.LAYERS.values(), ids=reference.LAYERS)
COMMON = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True}


def find_defaults(function) -> dict[str, object]:
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}


def test_names_are_keys():
    assert {name: layer.name for name, layer in reference.LAYERS.items()} == {
        "conv2d": "conv2d",
        "conv_transpose2d": "conv_transpose2d",
    }


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("conv2d", "stride padding dilation groups bias padding_mode"),
        ("conv_transpose2d", "stride padding output_padding dilation groups bias"),
    ],
)
def test_defaults_are_in_the_order_of_the_signature(name, order):
    layer = reference.LAYERS[name]
    assert list(layer.defaults) == order.split()
    assert layer.parameters == ("in_channels", "out_channels", "kernel_size", *order.split())
    assert layer.keywords == tuple(word for word in order.split() if word != "bias")


@LAYERS
def test_defaults_are_what_a_call_without_them_means(layer):
    assert layer.defaults.items() >= COMMON.items()
    keywords = {name: layer.defaults[name] for name in layer.keywords}
    assert read_parameters(layer.name, **keywords) == read_parameters(layer.name)


@LAYERS
def test_both_functions_have_the_same_defaults(layer):
    assert find_defaults(layer.forward) == find_defaults(layer.gradients)


@LAYERS
def test_every_keyword_has_a_type(layer):
    assert set(layer.keywords) <= set(Parameters.__annotations__)


@LAYERS
def test_defaults_cannot_be_changed(layer):
    with pytest.raises(TypeError):
        layer.defaults["stride"] = 2


@LAYERS
def test_a_weight_of_the_described_shape_fits(layer):
    shape = layer.weight_shape(4, 6, (3, 2), groups=2)
    output = layer.forward(np.ones((1, 4, 5, 5)), np.ones(shape), groups=2)
    assert output.shape == (1, 6, *layer.output_size(5, (3, 2)))


@LAYERS
def test_sizes_follow_the_keywords(layer):
    keywords = {"stride": (2, 1), "padding": (1, 0, 2, 0), "dilation": (1, 2)}
    due = {"conv2d": ((7 + 1 - 3) // 2 + 1, 8 + 2 - 5 + 1), "conv_transpose2d": (6 * 2 + 3 - 1, 7 + 5 - 2)}
    assert layer.output_size((7, 8), 3, **keywords) == due[layer.name]


@LAYERS
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((4, 6, 3, 4), ValueError, "out_channels = 6 does not divide into groups = 4"),
        ((0, 6, 3), ValueError, "in_channels must be at least 1"),
        ((4, 6.0, 3), TypeError, "out_channels must be an int"),
        ((4, 6, (3, 0)), ValueError, r"kernel_size\[1\] must be at least 1"),
    ],
)
def test_no_weight_shape(layer, arguments, error, message):
    with pytest.raises(error, match=message):
        layer.weight_shape(*arguments)


@LAYERS
def test_bounds_are_those_of_the_layer(layer):
    x, weight = np.ones((1, 2, 4, 4)), np.ones((2, 2, 2, 2))
    bounded = layer.with_bound(x, weight, dtype="float32", padding=1)
    due = reference.with_bound(layer.name, x, weight, dtype="float32", padding=1)
    np.testing.assert_array_equal(bounded.bound, due.bound)
    gradients = layer.gradients_with_bound(x, weight, bounded.value, dtype="float32", padding=1)
    due = reference.gradients_with_bound(layer.name, x, weight, bounded.value, dtype="float32", padding=1)
    np.testing.assert_array_equal(gradients.weight.bound, due.weight.bound)


@LAYERS
def test_a_check_draws_no_weight(layer):
    """Neither time nor memory: this one would have 8 TB."""
    settings = layer.check(10**6, 10**6, 1, stride=2)
    assert settings.stride == (2, 2)


@LAYERS
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"in_channels": 5, "groups": 2}, ValueError, "in_channels = 5 does not divide"),
        ({"kernel_size": 0}, ValueError, "kernel_size must be at least 1"),
        ({"stride": 0}, ValueError, "stride must be at least 1"),
        ({"bias": None}, TypeError, "bias must be a bool, not NoneType"),
    ],
)
def test_a_check_refuses(layer, arguments, error, message):
    with pytest.raises(error, match=message):
        layer.check(**({"in_channels": 4, "out_channels": 4, "kernel_size": 3} | arguments))


@LAYERS
def test_same_padding_with_stride_1_passes_a_check(layer):
    for stride in (1, (1, 1)):
        assert layer.check(4, 4, 3, stride=stride, padding="same").padding == "same"


def test_an_unknown_layer_has_no_module():
    with pytest.raises(ValueError, match="layer must be one of"):
        reference.Module("conv3d", 4, 4, 3)


@pytest.mark.parametrize("name", ["conv2d", "conv_transpose2d", "conv2d_gradients", "conv_transpose2d_gradients"])
def test_help_names_the_type_of_the_result(name):
    text = inspect.getdoc(getattr(reference, name))
    assert "dtype:" in text
    assert "Returns" in text


@pytest.mark.parametrize("word", ["dtype", "accumulate", "Returns", "gamma(n)", "TypeError", "ValueError", "infinite"])
def test_help_of_the_bound_has_the_whole_contract(word):
    assert word in inspect.getdoc(reference.error_bound)


@LAYERS
def test_sizes_of_numpy_are_counted_without_overflow(layer):
    huge = tuple(np.array([1, 2**30, 4, 4], np.int32))
    geometry = reference.find_geometry(layer.name, huge, tuple(np.array([2**30, 1, 4, 4], np.int32)), groups=2**30)
    assert all(type(size) is int for size in (*geometry.x_shape, *geometry.kernels))
    assert geometry.gradient_terms.weight >= 1


def test_exact_inputs_take_sizes_of_numpy():
    sizes = tuple(np.array([1, 2, 4, 4], np.int32))
    made = reference.exact_inputs(np.random.default_rng(0), "conv2d", sizes, sizes, dtype="float64", gradients=True)
    assert made.weight.shape == (1, 2, 4, 4)


@LAYERS
@pytest.mark.parametrize("value", [2**31, 2**62, 2**80])
def test_a_step_that_is_not_taken_may_be_of_any_size(layer: reference.Layer, value: int) -> None:
    """One window takes no stride, and one tap no dilation."""
    x, weight = np.full((1, 1, 1, 1), 3.0), np.full((1, 1, 1, 1), 5.0)
    assert layer.forward(x, weight, stride=value, dilation=value).tolist() == [[[[15.0]]]]
    gradients = layer.gradients(x, weight, np.ones((1, 1, 1, 1)), stride=value, dilation=value)
    assert [float(gradients.x.item()), float(gradients.weight.item())] == [5.0, 3.0]
