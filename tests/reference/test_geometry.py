"""What follows from shapes alone, counted in a list of all products."""

from collections import Counter

import pytest

import conv_reference as reference
from tests.reference import naive
from tests.reference.cases import CASES

# The most that could meet anywhere is more than meets in any element: of few elements, or beside what padding crops.
AT_MOST = {
    "dilation", "common factor", "depthwise dilated", "reflect", "replicate", "circular", "same reflect", "reflected columns alone", "empty rows",
    "transposed padding", "transposed four sides", "transposed, taps apart", "transposed groups",
    "transposed same dilated", "output padding over padding",
}  # fmt: skip


def count_products(name):
    """The most of an element of the output, the input and the weight; padding zeros meet the output alone."""
    layer, x_shape, w_shape, parameters = CASES[name]
    _, walk = naive.PRODUCTS[layer](x_shape, w_shape, **parameters)
    outputs, inputs, weights = Counter(), Counter(), Counter()
    for out, at, of in walk:
        outputs[out] += 1
        weights[at] += 1
        inputs[of] += of is not None
    return tuple(max(counter.values(), default=0) for counter in (outputs, inputs, weights))


@pytest.mark.parametrize("name", CASES)
def test_terms_are_the_most_products_of_an_element(name):
    layer, x_shape, w_shape, parameters = CASES[name]
    geometry = reference.find_geometry(layer, x_shape, w_shape, **parameters)
    stated = geometry.terms, geometry.gradient_terms.x, geometry.gradient_terms.weight
    assert all(type(terms) is int for terms in stated)
    counted = count_products(name)
    assert all(most >= found for most, found in zip(stated, counted, strict=True))
    if name not in AT_MOST and 0 not in (*x_shape, *w_shape):
        assert stated == counted


@pytest.mark.parametrize("name", CASES)
def test_sizes_are_those_of_the_layer(name):
    layer, x_shape, w_shape, parameters = CASES[name]
    geometry = reference.find_geometry(layer, x_shape, w_shape, **parameters)
    output, _ = naive.PRODUCTS[layer](x_shape, w_shape, **parameters)
    assert geometry.input_shape == x_shape
    assert geometry.output_shape == geometry.like_x(geometry.output_shape) == output
    assert (geometry.batch, geometry.in_channels, geometry.out_channels) == (x_shape[0], x_shape[1], output[1])
    assert geometry.gradient_terms.bias == output[0] * output[2] * output[3]


@pytest.mark.parametrize("name", ["everything", "transposed groups"])
def test_one_image_without_a_batch_is_a_batch_of_one(name):
    layer, x_shape, w_shape, parameters = CASES[name]
    alone = reference.find_geometry(layer, x_shape[1:], w_shape, **parameters)
    batched = reference.find_geometry(layer, (1, *x_shape[1:]), w_shape, **parameters)
    assert alone.x_shape == x_shape[1:]
    assert alone.input_shape == batched.input_shape == (1, *x_shape[1:])
    assert alone.output_shape == batched.output_shape
    assert alone.like_x(alone.output_shape) == batched.output_shape[1:]
    assert (alone.terms, alone.gradient_terms) == (batched.terms, batched.gradient_terms)


@pytest.mark.parametrize("name", ["everything", "transposed groups"])
def test_groups_may_stand_apart_in_the_weight(name):
    layer, x_shape, w_shape, parameters = CASES[name]
    groups = parameters["groups"]
    apart = groups, w_shape[0] // groups, *w_shape[1:]
    geometry = reference.find_geometry(layer, x_shape, apart, **parameters)
    assert geometry.weight_shape == apart
    assert geometry.kernels == w_shape
    assert geometry._replace(weight_shape=w_shape) == reference.find_geometry(layer, x_shape, w_shape, **parameters)
    for sizes in ((groups + 1, *apart[1:]), (1, *apart[1:])):
        with pytest.raises(ValueError, match=f"has not groups = {groups} as its first size"):
            reference.find_geometry(layer, x_shape, sizes, **parameters)


def test_an_output_size_may_be_of_either_axis_alone():
    assert reference.output_size("conv2d", (7, 0), (3, 1), padding=(0, 1)) == (5, 2)
    with pytest.raises(ValueError, match=r"input_size\[0\] must be at least 0, not -1"):
        reference.output_size("conv2d", (-1, 7), 1, padding=3)


@pytest.mark.parametrize("layer", ["conv2d", "conv_transpose2d"])
def test_a_layer_of_one_channel_has_a_weight(layer):
    assert reference.LAYERS[layer].weight_shape(1, 1, 1) == (1, 1, 1, 1)
