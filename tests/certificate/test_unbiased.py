"""An API that takes no bias is certified on the layers without one."""

from __future__ import annotations

import numpy as np

from conformance.apis import NoEquivalent, contracts
from conformance.case import Inputs
from conformance.certificate.calls import build_call
from conformance.certificate.exact import build_exact_call
from conformance.certificate.layers import SMALL, expressible_layers, first_expressible, input_shape
from conformance.certificate.space import arguments_of, domain_of, find_space

UNBIASED = contracts()["jax.lax.conv_general_dilated"]
BIASED = contracts()["flax.nnx.Conv"]


def test_a_call_has_no_bias_and_its_output_none() -> None:
    calls = build_call(UNBIASED, SMALL), build_exact_call(UNBIASED, SMALL, Inputs(input_shape(SMALL)))
    for call in calls:
        assert "bias" not in call.wire["arrays"]
        assert call.expectation.arrays is not None
        assert call.expectation.arrays.bias is None
    with_bias = build_call(BIASED, SMALL)
    assert "bias" in with_bias.wire["arrays"]
    assert calls[0].expectation.output is not None
    assert with_bias.expectation.output is not None
    assert not np.array_equal(calls[0].expectation.output.value, with_bias.expectation.output.value)


def test_every_layer_is_asked_that_it_can_express_without() -> None:
    asked = list(expressible_layers(UNBIASED))
    assert len(asked) >= 12
    assert all(layer["bias"] is False for layer in asked)
    assert first_expressible(UNBIASED, SMALL) is SMALL


def test_the_values_of_all_arguments_are_asked_without_a_bias() -> None:
    space = find_space(UNBIASED)
    for name, values in domain_of(UNBIASED).items():
        seen = {repr(row[name]) for row in space.asked}
        denied = {repr(one.row[name]) for one in space.denied if "bias" not in one.reason}
        assert {repr(value) for value in values} <= seen | denied, name
    assert {row["bias"] for row in space.asked} == {False}
    assert not any("bias" in one.reason for one in space.denied)
    layer = arguments_of(space.asked[0])
    assert isinstance(UNBIASED.to_vendor({**layer, "bias": True}, None), NoEquivalent)
