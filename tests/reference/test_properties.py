"""What must hold whatever the parameters: Hypothesis draws them. Whole numbers, so exactly."""

import hypothesis.extra.numpy as hypothesis_numpy
import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import conv_reference as reference

QUICK = settings(max_examples=60, deadline=None, derandomize=True)

sizes = st.integers(1, 9)
pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))


def whole_numbers(shape):
    """Arrays of small integers."""
    return hypothesis_numpy.arrays(np.int64, shape, elements=st.integers(-9, 9))


def has_output(layer, x_shape, weight_shape, **parameters):
    """Whether the padding supplies an output, and the input its padding."""
    try:
        _ = reference.find_geometry(layer, x_shape, weight_shape, **parameters).gradient_terms
    except ValueError as error:
        if "no output" in str(error) or "too wide" in str(error):
            return False
        raise
    return True


@st.composite
def convolutions(draw, padding_modes=("zeros",)):
    """Shapes and parameters of a conv2d that has an output."""
    groups = draw(st.integers(1, 3))
    ins, outs = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    x_shape = draw(st.integers(1, 2)), ins * groups, draw(sizes), draw(sizes)
    kernel = draw(pairs)
    parameters = {
        "stride": draw(pairs),
        "padding": draw(
            st.one_of(
                st.tuples(*[st.integers(0, 3)] * 4),
                st.tuples(*[st.integers(0, 3)] * 2),
                st.sampled_from(["same", "valid"]),
            )
        ),
        "dilation": draw(pairs),
        "groups": groups,
        "padding_mode": draw(st.sampled_from(padding_modes)),
    }
    weight_shape = outs * groups, ins, *kernel
    assume(has_output("conv2d", x_shape, weight_shape, **parameters))
    return draw(whole_numbers(x_shape)), draw(whole_numbers(weight_shape)), parameters


def dot(left, right):
    return (left * right).sum()


@given(convolutions(("zeros", "reflect", "replicate", "circular")), st.data())
@QUICK
def test_gradients_are_adjoint(call, data):
    """<conv(x, w), g> = <x, grad_x> = <w, grad_w>, and the bias gradient is the sum of g."""
    x, weight, parameters = call
    y = reference.conv2d(x, weight, **parameters)
    grad = data.draw(whole_numbers(y.shape))
    gradients = reference.conv2d_gradients(x, weight, grad, **parameters)
    assert dot(y, grad) == dot(x, gradients.x) == dot(weight, gradients.weight)
    np.testing.assert_array_equal(gradients.bias, grad.sum(axis=(0, 2, 3)))


@given(convolutions(), st.data())
@QUICK
def test_conv_and_conv_transpose_are_adjoint(call, data):
    """<conv(x), y> = <x, conv_transpose(y)>, for x of the size that conv_transpose gives."""
    x, weight, parameters = call
    del parameters["padding_mode"]
    y = data.draw(whole_numbers((x.shape[0], weight.shape[0], *x.shape[2:])))
    assume(has_output("conv_transpose2d", y.shape, weight.shape, **parameters))
    spread = reference.conv_transpose2d(y, weight, **parameters)
    image = data.draw(whole_numbers(spread.shape))
    back = reference.conv2d(image, weight, **parameters)
    assert back.shape == y.shape
    assert dot(back, y) == dot(image, spread)
    gradients = reference.conv_transpose2d_gradients(y, weight, image, **parameters)
    np.testing.assert_array_equal(gradients.x, back)
    assert dot(weight, gradients.weight) == dot(spread, image)


@given(convolutions(("zeros", "reflect", "replicate", "circular")), st.integers(-3, 3), st.data())
@QUICK
def test_linear(call, factor, data):
    x, weight, parameters = call
    other = data.draw(whole_numbers(x.shape))
    kernel = data.draw(whole_numbers(weight.shape))

    def conv(*operands):
        return reference.conv2d(*operands, **parameters)

    np.testing.assert_array_equal(conv(x + factor * other, weight), conv(x, weight) + factor * conv(other, weight))
    np.testing.assert_array_equal(conv(x, weight + factor * kernel), conv(x, weight) + factor * conv(x, kernel))


@given(convolutions(), st.tuples(st.integers(0, 2), st.integers(0, 2)))
@QUICK
def test_shift_equivariant(call, shift):
    """Moving the image by whole strides moves the output."""
    x, weight, parameters = call
    parameters["padding"] = 0
    tall = np.pad(x, ((0, 0), (0, 0), (30, 30), (30, 30)))
    by = [steps * stride for steps, stride in zip(shift, parameters["stride"], strict=True)]
    y = reference.conv2d(tall, weight, **parameters)
    moved = reference.conv2d(np.roll(tall, by, axis=(2, 3)), weight, **parameters)
    np.testing.assert_array_equal(moved, np.roll(y, shift, axis=(2, 3)))


@given(convolutions(("zeros", "reflect")))
@QUICK
def test_groups_are_a_block_diagonal_kernel(call):
    x, weight, parameters = call
    groups = parameters["groups"]
    outs, ins = weight.shape[0] // groups, weight.shape[1]
    dense = np.zeros((weight.shape[0], ins * groups, *weight.shape[2:]), int)
    for g in range(groups):
        dense[g * outs : (g + 1) * outs, g * ins : (g + 1) * ins] = weight[g * outs : (g + 1) * outs]
    np.testing.assert_array_equal(
        reference.conv2d(x, weight, **parameters),
        reference.conv2d(x, dense, **(parameters | {"groups": 1})),
    )


@given(convolutions(("zeros", "replicate")))
@QUICK
def test_dilation_is_a_kernel_with_zeros(call):
    x, weight, parameters = call
    down, across = parameters["dilation"]
    shape = *weight.shape[:2], down * (weight.shape[2] - 1) + 1, across * (weight.shape[3] - 1) + 1
    spread = np.zeros(shape, int)
    spread[:, :, ::down, ::across] = weight
    np.testing.assert_array_equal(
        reference.conv2d(x, weight, **parameters),
        reference.conv2d(x, spread, **(parameters | {"dilation": 1})),
    )


@given(convolutions(), st.data())
@QUICK
def test_transposed_is_zero_insertion(call, data):
    """Zeros between the elements, full padding around, the kernel turned and roles exchanged."""
    x, weight, parameters = call
    stride, dilation, groups = (parameters[k] for k in ("stride", "dilation", "groups"))
    y = data.draw(whole_numbers((x.shape[0], weight.shape[0], *x.shape[2:])))
    spaced = np.zeros((*y.shape[:2], *((n - 1) * s + 1 for n, s in zip(y.shape[2:], stride, strict=True))), int)
    spaced[:, :, :: stride[0], :: stride[1]] = y
    outs, ins = weight.shape[0] // groups, weight.shape[1]
    turned = weight[:, :, ::-1, ::-1].reshape(groups, outs, ins, *weight.shape[2:])
    turned = turned.swapaxes(1, 2).reshape(groups * ins, outs, *weight.shape[2:])
    full = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
    np.testing.assert_array_equal(
        reference.conv_transpose2d(y, weight, stride=stride, dilation=dilation, groups=groups),
        reference.conv2d(spaced, turned, padding=full, dilation=dilation, groups=groups),
    )


@given(convolutions(("zeros", "reflect", "replicate", "circular")))
@QUICK
def test_modes_are_numpys_padding(call):
    """Any padding is NumPy's own, then none."""
    x, weight, parameters = call
    if isinstance(parameters["padding"], str):
        parameters["padding"] = (1, 0)
    padding, mode = parameters["padding"], parameters["padding_mode"]
    around = (padding[:2], padding[2:]) if len(padding) == 4 else [(p, p) for p in padding]
    names = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    assume(has_output("conv2d", x.shape, weight.shape, **parameters))
    y = reference.conv2d(x, weight, **parameters)
    padded = np.pad(x, ((0, 0), (0, 0), *around), mode=names[mode])
    bare = parameters | {"padding": 0, "padding_mode": "zeros"}
    np.testing.assert_array_equal(y, reference.conv2d(padded, weight, **bare))
