"""What the oracle says of a case: which layer its arguments name, why it refuses, and how long it may take."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from conformance.case import MAX_ELEMENTS, Case, Inputs, Numpy, Phase, Promise, Tensor
from conformance.case.values import Items
from conformance.oracle.expectation import Refusal, compute_the_same, expect, find_refusal, unwrap

SIZES = {"in_channels": 2, "out_channels": 3, "kernel_size": (2, 3)}
INPUT = Inputs((2, 2, 5, 4))


def build_case(arguments: dict[str, Any], api: str | None = None, **changes: Any) -> Case:
    fields: dict[str, Any] = {
        "spec": "made.yaml",
        "name": "case",
        "line": 1,
        "layer": "conv2d",
        "api": api,
        "arguments": arguments,
        "inputs": INPUT,
        "promise": Promise(),
        "clause": "",
    }
    return Case(**{**fields, **changes})


# Which layer the arguments name


def test_a_documented_call_that_is_no_layer_is_asked_on_an_x() -> None:
    """Its document may say what comes of it; of one that is to be refused nothing is known that could be right."""
    arguments = {"rhs": Tensor((3, 2, 2, 3)), "window_strides": (1, 1), "padding": "VALID", "batch_group_count": 2}
    case = build_case(arguments, "jax.lax.conv_general_dilated")
    asked = expect(case)
    assert asked.canonical is None
    assert asked.arrays is not None
    assert asked.arrays.x.shape == INPUT.shape
    refused = build_case(arguments, "jax.lax.conv_general_dilated", promise=Promise(raises=("Exception",)))
    assert expect(refused).arrays is None


def test_a_canonical_case_has_the_canonical_defaults() -> None:
    canonical = expect(build_case(SIZES)).canonical
    assert canonical == {
        **SIZES,
        "stride": 1,
        "padding": 0,
        "output_padding": 0,
        "dilation": 1,
        "groups": 1,
        "bias": True,
        "padding_mode": "zeros",
    }


@pytest.mark.parametrize(
    ("api", "arguments"),
    [
        pytest.param("torch.nn.Conv2d", {"in_channels": 2}, id="required arguments missing"),
        pytest.param("torch.nn.functional.conv2d", {"stride": 1}, id="no weight"),
        pytest.param("torch.nn.functional.conv2d", {"weight": 3}, id="weight is no tensor"),
        pytest.param("mindspore.nn.Conv2d", {**SIZES, "data_format": "NHWC"}, id="no canonical layer"),
    ],
)
def test_arguments_that_name_no_layer_have_no_expectation(api: str, arguments: dict[str, Any]) -> None:
    expectation = expect(build_case(arguments, api))
    assert expectation.canonical is None
    assert expectation.raised is None
    assert expectation.output is None


@pytest.mark.parametrize(
    ("value", "unwrapped"),
    [
        pytest.param(Numpy("int64", 3), np.int64(3), id="scalar"),
        pytest.param(Numpy("int8", 3), np.int8(3), id="a narrow scalar"),
        pytest.param((Numpy("int64", 3), 1), (np.int64(3), 1), id="in a tuple"),
        pytest.param([Numpy("int64", 3)], [np.int64(3)], id="in a list"),
        pytest.param("same", "same", id="text"),
    ],
)
def test_what_the_notation_wraps_becomes_numpys_own(value: object, unwrapped: object) -> None:
    assert unwrap(value) == unwrapped
    assert type(unwrap(value)) is type(unwrapped)


def test_a_numpy_array_stays_an_array() -> None:
    array = unwrap(Numpy("int64", 3, is_array=True))
    assert isinstance(array, np.ndarray)


# What the oracle refuses

REFUSED = pytest.mark.parametrize(
    ("changes", "cls", "message"),
    [
        pytest.param({"stride": 0}, "ValueError", "stride", id="out of range"),
        pytest.param({"stride": 1.5}, "TypeError", "stride", id="of another type"),
        pytest.param(
            {"output_padding": 1}, "TypeError", "output_padding is no argument of conv2d", id="another layer's"
        ),
        pytest.param({"in_channels": 4}, "ValueError", "channels", id="another input's"),
        pytest.param({"kernel_size": 9}, "ValueError", "", id="larger than the input"),
        pytest.param({"groups": 2}, "ValueError", "groups", id="not dividing the channels"),
        pytest.param(
            {"padding": 9, "padding_mode": "reflect"}, "ValueError", "", id="padding beyond what the input supplies"
        ),
        pytest.param({"padding": "same", "stride": (0, 1)}, "ValueError", "", id="no stride"),
        pytest.param({"stride": Items("generator", (1, 1))}, "TypeError", "dict", id="items of another kind"),
        pytest.param({"strides": 1}, "TypeError", "strides is no argument of conv2d", id="nobody's"),
        pytest.param({"padding": Numpy("int64", (1, 1), is_array=True)}, "TypeError", "", id="an array as padding"),
    ],
)


@REFUSED
def test_a_refusal_names_class_and_cause(changes: dict[str, Any], cls: str, message: str) -> None:
    refusal = expect(build_case({**SIZES, **changes})).raised
    assert refusal is not None
    assert refusal.cls == cls
    assert message in refusal.message


@REFUSED
def test_a_refusal_can_be_found_without_arrays(changes: dict[str, Any], cls: str, message: str) -> None:
    case = build_case({**SIZES, **changes})
    assert find_refusal(case) == expect(case).raised


@pytest.mark.parametrize("inputs", [INPUT, None], ids=["run", "constructed"])
@pytest.mark.parametrize("arguments", [SIZES, {**SIZES, "kernel_size": 1}], ids=["a pair", "an int"])
def test_what_the_oracle_takes_is_no_refusal(arguments: dict[str, Any], inputs: Inputs | None) -> None:
    assert find_refusal(build_case(arguments, inputs=inputs)) is None


def test_what_only_an_input_shows_is_no_refusal_without_one() -> None:
    assert find_refusal(build_case({**SIZES, "kernel_size": 9}, inputs=None)) is None


def test_arguments_that_name_no_layer_are_refused_by_nobody() -> None:
    assert find_refusal(build_case({"in_channels": 2}, "torch.nn.Conv2d")) is None


@pytest.mark.parametrize("inputs", [INPUT, None], ids=["run", "constructed"])
@pytest.mark.parametrize("padding", [0, "same"])
@pytest.mark.parametrize("stride", [0, -1, (0, 1), (1, 2, 3)], ids=str)
def test_a_stride_that_cannot_be_is_refused_at_construction(stride: Any, padding: Any, inputs: Inputs | None) -> None:
    refusal = expect(build_case({**SIZES, "stride": stride, "padding": padding}, inputs=inputs)).raised
    assert refusal is not None
    assert refusal.phase is Phase.CONSTRUCT


@pytest.mark.parametrize("padding", [-1, (0, -1), (1, 2, 3), "full", 0.5], ids=str)
def test_a_padding_that_cannot_be_is_refused_at_construction(padding: Any) -> None:
    refusal = expect(build_case({**SIZES, "padding": padding}, inputs=None)).raised
    assert refusal is not None
    assert refusal.phase is Phase.CONSTRUCT
    assert "padding" in refusal.message


def test_a_canonical_case_without_a_required_argument_is_refused() -> None:
    refusal = expect(build_case({"in_channels": 2}, inputs=None)).raised
    assert refusal is not None
    assert refusal.cls == "TypeError"


def test_what_can_be_made_a_size_and_is_none_has_no_output() -> None:
    """The oracle takes a NumPy array of one number, of which no document makes a kernel."""
    case = build_case({**SIZES, "kernel_size": Numpy("int64", 3, is_array=True)})
    assert find_refusal(case) is None
    expectation = expect(case)
    assert (expectation.raised, expectation.output, expectation.parameters) == (None, None, {})


@pytest.mark.parametrize(("more", "refused"), [(0, False), (1, True)])
def test_a_weight_may_have_so_many_elements(more: int, refused: bool) -> None:
    arguments = {"in_channels": MAX_ELEMENTS + more, "out_channels": 1, "kernel_size": 1}
    assert (find_refusal(build_case(arguments, inputs=None)) is not None) is refused


def test_a_weight_too_large_to_allocate_is_refused_before_it_is_made() -> None:
    arguments = {"in_channels": 10**6, "out_channels": 10**6, "kernel_size": 1}
    refusal = expect(build_case(arguments, inputs=None)).raised
    assert refusal == Refusal(
        "ValueError", "a weight of shape (1000000, 1000000, 1, 1) is larger than this suite allocates"
    )


def test_same_padding_is_taken_with_any_stride() -> None:
    """Which strides "same" goes with is a matter of each document: the layer's own check is not asked."""
    assert expect(build_case({**SIZES, "padding": "same", "stride": 2}, inputs=None)).raised is None


def test_an_input_of_another_dtype_than_the_parameters_is_refused() -> None:
    refusal = expect(build_case(SIZES, inputs=Inputs((2, 2, 5, 4), weight_dtype="float64"))).raised
    assert refusal == Refusal("TypeError", "x is float32, the parameters are float64", Phase.FORWARD)


def test_a_function_may_be_given_no_bias() -> None:
    expectation = expect(build_case({"weight": Tensor((3, 2, 2, 3))}, "torch.nn.functional.conv2d"))
    assert expectation.raised is None
    assert expectation.gradients.keys() == {"input", "weight"}


@pytest.mark.parametrize(
    ("api", "weight", "groups", "refused"),
    [
        ("torch.nn.functional.conv2d", (4, 1, 2, 3), 2, False),
        ("megengine.functional.conv2d", (2, 2, 1, 2, 3), 2, False),
        ("megengine.functional.conv2d", (4, 1, 2, 3), 2, True),
    ],
    ids=["four axes", "an axis for the groups", "no axis for the groups"],
)
def test_a_weight_argument_has_the_axes_that_its_document_gives_it_for_groups(
    api: str, weight: tuple[int, ...], groups: int, refused: bool
) -> None:
    case = build_case({"weight": Tensor(weight), "groups": groups}, api)
    expectation = expect(case)
    assert (expectation.raised is not None) is refused


def test_a_module_is_given_no_weight() -> None:
    assert expect(build_case(SIZES, "torch.nn.Conv2d")).raised is None


def test_a_weight_of_what_can_be_made_a_size_and_is_none_is_not_compared() -> None:
    arguments = {"weight": Tensor((3, 2, 2, 3)), "groups": Numpy("int64", 1, is_array=True)}
    assert expect(build_case(arguments, "torch.nn.functional.conv2d")).raised is None


@pytest.mark.parametrize(("shape", "refused"), [((3,), False), ((4,), True), ((1, 3, 1, 1), True)])
def test_a_bias_argument_must_have_the_layers_shape(shape: tuple[int, ...], refused: bool) -> None:
    arguments = {"weight": Tensor((3, 2, 2, 3)), "bias": Tensor(shape)}
    assert (expect(build_case(arguments, "torch.nn.functional.conv2d")).raised is not None) is refused


@pytest.mark.parametrize(
    ("shape", "groups", "refused"),
    [
        ((3, 2, 2, 3), 1, False),
        ((1, 3, 2, 2, 3), 1, True),
        ((2, 2, 1, 2, 3), 2, False),
        ((4, 1, 2, 3), 2, True),
        ((1, 4, 1, 2, 3), 2, True),
    ],
)
def test_a_weight_argument_must_have_the_axes_that_go_with_groups(
    shape: tuple[int, ...], groups: int, refused: bool
) -> None:
    case = build_case({"weight": Tensor(shape), "groups": groups}, "megengine.functional.conv2d")
    raised = expect(case).raised
    assert (raised is not None and raised.message.startswith("weight must be of shape")) is refused


def test_a_refusal_reads_as_python_tells_an_exception() -> None:
    assert str(Refusal("ValueError", "stride must be at least 1")) == "ValueError: stride must be at least 1"


# What the oracle computes


@pytest.mark.parametrize(("values", "has_bounds"), [("exact", False), ("real", True)])
def test_exact_arrays_have_no_bounds_and_others_have(values: str, has_bounds: bool) -> None:
    expectation = expect(build_case(SIZES, inputs=Inputs((2, 2, 5, 4), values=values)))
    assert (expectation.output.bound is not None) is has_bounds
    assert [(gradient.bound is not None) for gradient in expectation.gradients.values()] == [has_bounds] * 3


@pytest.mark.parametrize(("bias", "operands"), [(True, ["input", "weight", "bias"]), (False, ["input", "weight"])])
def test_every_operand_has_a_gradient_of_its_shape(bias: bool, operands: list[str]) -> None:
    expectation = expect(build_case({**SIZES, "bias": bias}))
    shapes = {"input": (2, 2, 5, 4), "weight": (3, 2, 2, 3), "bias": (3,)}
    assert list(expectation.gradients) == operands
    for operand, gradient in expectation.gradients.items():
        assert gradient.value.shape == shapes[operand]


# What no document says

OPEN_KERNEL = {"in_channels": 1, "out_channels": 1, "kernel_size": 3, "bias": False}


def find_open(values: str, subject: str, shape: tuple[int, ...], **arguments: Any) -> np.ndarray:
    """Which elements of an expectation may be anything."""
    expectation = expect(build_case({**OPEN_KERNEL, **arguments}, inputs=Inputs(shape, values=values)))
    expected = expectation.output if subject == "output" else expectation.gradients[subject]
    assert expected is not None
    return np.isinf(expected.bound) if expected.bound is not None else np.zeros(expected.value.shape, bool)


@pytest.mark.parametrize("values", ["nan_in_weight", "inf_in_weight"])
def test_an_infinite_weight_that_meets_padding_zeros_leaves_those_outputs_open(values: str) -> None:
    """Of an input of one element each of nine outputs meets it through another element of the kernel."""
    opened = find_open(values, "output", (1, 1, 1, 1), padding=2)
    assert opened.shape == (1, 1, 3, 3)
    assert opened.sum() == 8


@pytest.mark.parametrize("values", ["nan_in_upstream", "inf_in_upstream"])
def test_an_infinite_upstream_gradient_that_meets_padding_zeros_leaves_those_of_the_weight_open(values: str) -> None:
    assert find_open(values, "weight", (1, 1, 1, 1), padding=2).sum() == 8
    assert not find_open(values, "input", (1, 1, 1, 1), padding=2).any()


@pytest.mark.parametrize("values", ["nan_in_weight", "inf_in_weight", "nan_in_upstream", "with_nan"])
@pytest.mark.parametrize("subject", ["output", "input", "weight"])
@pytest.mark.parametrize(
    "arguments", [{}, {"padding": 1, "padding_mode": "replicate"}, {"padding": 1, "padding_mode": "circular"}]
)
def test_nothing_is_left_open_where_there_are_no_padding_zeros(
    values: str, subject: str, arguments: dict[str, Any]
) -> None:
    assert not find_open(values, subject, (1, 1, 4, 5), **arguments).any()


def test_what_no_infinity_meets_stays_exact_beside_what_is_left_open() -> None:
    expectation = expect(
        build_case(
            {**OPEN_KERNEL, "out_channels": 2, "padding": 2}, inputs=Inputs((1, 1, 1, 1), values="nan_in_weight")
        )
    )
    assert expectation.output is not None
    assert (expectation.output.bound == 0).sum() == 10


@pytest.mark.parametrize("values", ["exact", "real"])
def test_no_gradients_where_none_are_asked_for(values: str) -> None:
    assert expect(build_case(SIZES, inputs=Inputs((2, 2, 5, 4), values=values, gradients=False))).gradients == {}


@pytest.mark.parametrize("values", ["exact", "real"])
def test_the_layers_arguments_count(values: str) -> None:
    expectation = expect(build_case({**SIZES, "stride": (2, 3)}, inputs=Inputs((2, 2, 5, 7), values=values)))
    assert expectation.output.value.shape == (2, 3, 2, 2)
    weight = expectation.gradients["weight"].value
    upstream, x = expectation.arrays.grad_output, expectation.arrays.x
    np.testing.assert_allclose(weight[1, 0, 0, 2], (upstream[:, 1] * x[:, 0, 0:3:2, 2:7:3]).sum(), rtol=1e-12)


@pytest.mark.parametrize("values", ["with_inf", "huge"])
def test_what_is_not_finite_is_no_error(values: str) -> None:
    with np.errstate(all="raise"):
        assert expect(build_case(SIZES, inputs=Inputs((2, 2, 5, 4), values=values))).raised is None


@pytest.mark.parametrize(
    ("bias", "shapes"), [(True, {"weight": (3, 2, 2, 3), "bias": (3,)}), (False, {"weight": (3, 2, 2, 3)})]
)
def test_construction_alone_has_parameters_and_no_output(bias: bool, shapes: dict[str, tuple[int, ...]]) -> None:
    expectation = expect(build_case({**SIZES, "bias": bias}, inputs=None))
    assert expectation.parameters == shapes
    assert expectation.output is None


# How long it may take


def test_an_oracle_that_takes_too_long_is_a_fault_of_the_suite() -> None:
    expectation = expect(build_case(SIZES), seconds=0)
    assert expectation.fault == "the oracle needed longer than the 0 s that a case may take"
    assert expectation.canonical is None
    assert expectation.arrays is None


@pytest.mark.parametrize("seconds", [60, math.inf])
def test_an_oracle_in_time_is_no_fault(seconds: float) -> None:
    assert expect(build_case(SIZES), seconds).fault is None


# Two layers


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"stride": 2}, {"stride": (2, 2)}),
        ({"kernel_size": (3, 5), "padding": "same"}, {"kernel_size": (3, 5), "padding": (1, 2)}),
        ({"padding": "valid"}, {}),
        ({"bias": True}, {}),
    ],
)
def test_layers_that_are_written_otherwise_compute_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert compute_the_same("conv2d", {**SIZES, **one}, {**SIZES, **other})


@pytest.mark.parametrize(
    "other",
    [
        {"stride": (2, 1)},
        {"padding": (0, 1)},
        {"dilation": 2},
        {"bias": False},
        {"in_channels": 4},
        {"out_channels": 6},
        {"kernel_size": (3, 2)},
        {"padding": 1, "padding_mode": "circular"},
    ],
)
def test_layers_that_differ_in_one_argument_do_not(other: dict[str, Any]) -> None:
    one = {**SIZES, "padding": other["padding"]} if "padding_mode" in other else SIZES
    assert not compute_the_same("conv2d", one, {**SIZES, **other})
