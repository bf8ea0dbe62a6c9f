"""Arguments that are refused, and how; sizes; the layer classes."""

import numpy as np
import pytest

import conv_reference as reference

X, W = np.ones((1, 4, 6, 7)), np.ones((4, 2, 3, 2))
CALLS = {
    "conv2d": lambda x=X, w=W, b=None, **p: reference.conv2d(x, w, b, **{"groups": 2, **p}),
    "conv_transpose2d": lambda x=X, w=W, b=None, **p: reference.conv_transpose2d(x, w, b, **{"groups": 2, **p}),
}
LAYERS = pytest.mark.parametrize("layer", CALLS)


@LAYERS
@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"stride": 0}, ValueError, "stride must be at least 1"),
        ({"stride": (1, -2)}, ValueError, r"stride\[1\] must be at least 1, not -2"),
        ({"stride": True}, TypeError, "stride must be an int, not bool"),
        ({"stride": 1.0}, TypeError, "stride must be an int, not float"),
        ({"stride": (1, 2.0)}, TypeError, r"stride\[1\] must be an int, not float"),
        ({"stride": (1, np.True_)}, TypeError, r"stride\[1\] must be an int"),
        ({"stride": None}, TypeError, "stride must be an int, not NoneType"),
        ({"stride": (1,)}, ValueError, "stride must be an int or"),
        ({"dilation": 0}, ValueError, "dilation must be at least 1"),
        ({"dilation": "2"}, TypeError, "dilation must be an int, not str"),
        ({"dilation": (1, 2, 3)}, ValueError, "dilation must be an int or"),
        ({"groups": 0}, ValueError, "groups must be at least 1"),
        ({"groups": 2.0}, TypeError, "groups must be an int, not float"),
        ({"groups": 3}, ValueError, "groups = 3"),
        ({"padding": -1}, ValueError, "padding must be at least 0"),
        ({"padding": (0, -1)}, ValueError, r"padding\[1\] must be at least 0"),
        ({"padding": (1, 2, 3)}, ValueError, "padding must be an int"),
        ({"padding": True}, TypeError, "padding must be an int, not bool"),
        ({"padding": 1.5}, TypeError, "padding must be an int, not float"),
        ({"padding": "SAME"}, ValueError, "'same' or 'valid'"),
        ({"w": W[0]}, ValueError, "weight must have 4 sizes"),
        ({"w": W[:3]}, ValueError, "weight"),
        ({"w": W[:, :, :0]}, ValueError, "empty kernel"),
        ({"w": W[None]}, ValueError, "groups = 2"),
        ({"x": X[0, 0]}, ValueError, "x must be"),
        ({"x": X[None]}, ValueError, "x must be"),
        ({"x": X[:, :3]}, ValueError, "3 channels"),
        ({"b": np.ones(3)}, ValueError, r"bias must be \(4,\)"),
        ({"b": np.ones((4, 1))}, ValueError, r"bias must be \(4,\)"),
        ({"b": "bias"}, TypeError, "bias must hold"),
        ({"x": "x"}, TypeError, "x must hold"),
        ({"unknown": 1}, TypeError, "unknown"),
    ],
)
def test_refused(layer, parameters, error, message):
    with pytest.raises(error, match=message):
        CALLS[layer](**parameters)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"padding_mode": "edge"}, "padding_mode must be one of"),
        ({"padding": 6, "padding_mode": "reflect"}, "too wide"),
        ({"padding": (0, 0, 0, 7), "padding_mode": "reflect"}, "too wide"),
        ({"padding": (7, 0, 0, 0), "padding_mode": "circular"}, "too wide"),
        ({"dilation": 3}, "no output height: the kernel spans 7, the padded input 0 [+] 6 [+] 0"),
        ({"x": X[:, :, :2]}, "no output height"),
        ({"x": X[..., :1]}, "no output width"),
        ({"x": X[..., :0], "padding": "same"}, "no output width"),
    ],
)
def test_refused_by_conv2d(parameters, message):
    with pytest.raises(ValueError, match=message):
        CALLS["conv2d"](**parameters)


def test_widest_padding_of_each_mode():
    assert CALLS["conv2d"](padding=(5, 5, 6, 6), padding_mode="reflect").shape[2:] == (14, 18)
    assert CALLS["conv2d"](padding=(6, 6, 7, 7), padding_mode="circular").shape[2:] == (16, 20)
    assert CALLS["conv2d"](padding=20, padding_mode="replicate").shape[2:] == (44, 46)
    with pytest.raises(ValueError, match="too wide"):
        CALLS["conv2d"](x=X[:, :, :0], padding=9, padding_mode="replicate")


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"output_padding": 1}, ValueError, "smaller than stride"),
        ({"stride": 2, "output_padding": (0, 2)}, ValueError, "width: 2"),
        ({"output_padding": -1}, ValueError, "output_padding must be at least 0"),
        ({"output_padding": 1.0}, TypeError, "output_padding must be an int"),
        ({"padding": "same", "stride": 2, "output_padding": 1}, ValueError, "must be 0"),
        ({"padding": 4}, ValueError, "no output height: the input reaches 8, padding crops 4"),
        ({"x": X[:, :, :0]}, ValueError, "non-empty"),
        ({"padding_mode": "zeros"}, TypeError, "padding_mode"),
    ],
)
def test_refused_by_conv_transpose2d(parameters, error, message):
    with pytest.raises(error, match=message):
        CALLS["conv_transpose2d"](**parameters)


@LAYERS
def test_grad_output_must_fit(layer):
    backward = getattr(reference, f"{layer}_gradients")
    grad = CALLS[layer]()
    assert backward(X, W, grad, groups=2).x.shape == X.shape
    for wrong in (grad[0], grad[:, :, 1:], grad[:, 1:], np.concatenate([grad, grad])):
        with pytest.raises(ValueError, match="grad_output must be"):
            backward(X, W, wrong, groups=2)


@LAYERS
def test_numpy_integers_and_lists_are_ints(layer):
    due = CALLS[layer](stride=(2, 3), padding=1)
    got = CALLS[layer](stride=[np.int64(2), np.uint8(3)], padding=np.int32(1), groups=np.int64(2))
    np.testing.assert_array_equal(got, due)


def test_output_size_refuses():
    with pytest.raises(ValueError, match="layer must be"):
        reference.output_size("conv3d", 5, 3)
    with pytest.raises(ValueError, match="output_padding belongs"):
        reference.output_size("conv2d", 5, 3, output_padding=1)
    with pytest.raises(ValueError, match="no output"):
        reference.output_size("conv2d", 2, 3)
    with pytest.raises(ValueError, match="kernel_size must be at least 1"):
        reference.output_size("conv2d", 2, 0)
    with pytest.raises(TypeError, match="input_size must be an int"):
        reference.output_size("conv2d", 2.0, 1)


@pytest.mark.parametrize(
    ("layer", "size", "kernel", "parameters", "due"),
    [
        # the worked examples of the documents
        ("conv2d", 28, 3, {}, (26, 26)),
        ("conv2d", 28, 3, {"padding": 1}, (28, 28)),
        ("conv2d", 28, 3, {"padding": 1, "stride": 2}, (14, 14)),
        ("conv2d", 28, 5, {"padding": 1}, (26, 26)),
        ("conv2d", 28, 5, {"padding": 2, "stride": 2}, (14, 14)),
        ("conv2d", (5, 4), (2, 3), {}, (4, 2)),
        ("conv2d", 4, 3, {}, (2, 2)),
        (
            "conv2d",
            (50, 100),
            (3, 5),
            {"stride": (2, 1), "padding": (4, 2), "dilation": (3, 1)},
            (26, 100),
        ),
        ("conv_transpose2d", (16, 50), 4, {}, (19, 53)),
    ],
)
def test_documented_examples(layer, size, kernel, parameters, due):
    assert reference.output_size(layer, size, kernel, **parameters) == due


CLASSES = pytest.mark.parametrize("cls", [reference.Conv2d, reference.Conv2dTranspose])


@CLASSES
@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"in_channels": 4.0}, TypeError),
        ({"out_channels": "4"}, TypeError),
        ({"groups": 1.0}, TypeError),
        ({"in_channels": True}, TypeError),
        ({"kernel_size": 3.0}, TypeError),
        ({"kernel_size": "3"}, TypeError),
        ({"stride": None}, TypeError),
        ({"dilation": 1.5}, TypeError),
        ({"padding": 1.5}, TypeError),
        ({"bias": 1}, TypeError),
        ({"in_channels": 0}, ValueError),
        ({"out_channels": -4}, ValueError),
        ({"kernel_size": 0}, ValueError),
        ({"kernel_size": (3, 0)}, ValueError),
        ({"kernel_size": (3, 3, 3)}, ValueError),
        ({"stride": 0}, ValueError),
        ({"dilation": 0}, ValueError),
        ({"padding": -1}, ValueError),
        ({"padding": "full"}, ValueError),
        ({"groups": 3}, ValueError),
        ({"groups": 0}, ValueError),
        ({"groups": 4, "out_channels": 2}, ValueError),
        ({"padding_mode": "edge"}, ValueError),
    ],
)
def test_layer_classes_refuse(cls, arguments, error):
    with pytest.raises(error):
        cls(**({"in_channels": 4, "out_channels": 4, "kernel_size": 3} | arguments))


def test_same_needs_stride_1_in_conv2d_alone():
    with pytest.raises(ValueError, match="'same' needs stride 1"):
        reference.Conv2d(4, 4, 3, stride=(1, 2), padding="same")
    layer = reference.Conv2dTranspose(4, 4, 3, stride=2, padding="same")
    assert layer(X).shape == (1, 4, 12, 14)
    with pytest.raises(ValueError, match=r"output_padding \(height: 2\) must be smaller"):
        reference.Conv2dTranspose(4, 4, 3, stride=2, output_padding=2)
    assert reference.Conv2dTranspose(4, 4, 3, dilation=2, output_padding=1)


def test_layers_are_their_functions():
    rng = np.random.default_rng(0)
    parameters = {"stride": (2, 1), "padding": 1, "dilation": (1, 2), "groups": 2}
    layer = reference.Conv2d(4, 6, (3, 2), padding_mode="reflect", rng=rng, **parameters)
    assert layer.weight.shape == (6, 2, 3, 2)
    assert layer.bias.shape == (6,)
    everything = parameters | {"padding_mode": "reflect"}
    y = layer(X)
    np.testing.assert_array_equal(y, reference.conv2d(X, layer.weight, layer.bias, **everything))
    due = reference.conv2d_gradients(X, layer.weight, y, **everything)
    for got, expected in zip(layer.gradients(X, y), due, strict=True):
        np.testing.assert_array_equal(got, expected)

    turned = reference.Conv2dTranspose(4, 6, (3, 2), output_padding=(1, 0), rng=rng, **parameters)
    assert turned.weight.shape == (4, 3, 3, 2)
    assert turned.bias.shape == (6,)
    everything = parameters | {"output_padding": (1, 0)}
    y = turned(X)
    np.testing.assert_array_equal(y, reference.conv_transpose2d(X, turned.weight, turned.bias, **everything))
    due = reference.conv_transpose2d_gradients(X, turned.weight, y, **everything)
    for got, expected in zip(turned.gradients(X, y), due, strict=True):
        np.testing.assert_array_equal(got, expected)
    assert reference.Conv2d(4, 4, 1, bias=False).bias is None


@CLASSES
def test_layers_draw_torchs_distribution(cls):
    """Of the transposed layer it is told by the same words, of a weight whose second size is O / groups."""
    layer = cls(32, 128, 3, groups=4, rng=np.random.default_rng(1))
    bound = 1 / np.sqrt(layer.weight.shape[1] * 9)
    for drawn, near in ((layer.weight, 0.99), (layer.bias, 0.8)):
        assert -bound <= drawn.min() < -near * bound
        assert near * bound < drawn.max() <= bound
    again = cls(32, 128, 3, groups=4, rng=np.random.default_rng(1))
    np.testing.assert_array_equal(layer.weight, again.weight)
    assert not np.array_equal(layer.weight, cls(32, 128, 3, groups=4).weight)
