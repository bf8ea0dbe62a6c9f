"""What the oracle says of a layer that goes on: of its last call, and what it is given on the way."""

from __future__ import annotations

from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest

from conformance.case import (
    Added,
    Adding,
    Again,
    Arrays,
    Assigned,
    Case,
    Cast,
    Changed,
    Copied,
    Copying,
    Inputs,
    Moved,
    Overtaken,
    Promise,
    Returned,
    Step,
    Switched,
    Threaded,
)
from conformance.oracle.expectation import Expectation, expect, find_refusal
from conformance.oracle.sequence import find_calls, find_last, is_printed, list_steps
from conv_reference import LAYERS

LAYER = {"in_channels": 2, "out_channels": 3, "kernel_size": 2}
INPUT = Inputs((1, 2, 5, 4))


def make(*steps: Step, inputs: Inputs = INPUT) -> Case:
    return Case("made.yaml", "sequence", 1, "conv2d", None, LAYER, inputs, Promise(), "", then=steps)


def ask(*steps: Step, inputs: Inputs = INPUT) -> Expectation:
    expectation = expect(make(*steps, inputs=inputs))
    assert expectation.given is not None
    assert expectation.arrays is not None
    assert expectation.output is not None
    return expectation


def test_the_last_call_follows_by_itself() -> None:
    assert list_steps(make(Switched(False))) == (Switched(False), Again(INPUT))
    other = Again(replace(INPUT, shape=(3, 2, 4, 4)))
    assert list_steps(make(other)) == (other,)
    assert [call.inputs for call in find_calls(make(other, Switched(True)))] == [INPUT, other.inputs, other.inputs]


def test_each_step_is_of_the_layer_before() -> None:
    case = make(Cast("float64"), Assigned({"stride": 2}), Again(replace(INPUT, dtype="float64", shape=(2, 2, 6, 6))))
    last = find_last(case)
    assert (last.arguments["stride"], last.inputs) == (2, Inputs((2, 2, 6, 6), "float64"))
    assert last.then == ()


def test_the_output_is_that_of_the_last_call() -> None:
    expectation = ask(Assigned({"padding": 1}), Again(replace(INPUT, shape=(2, 2, 7, 3))))
    arrays = expectation.arrays
    assert arrays is not None
    assert expectation.output is not None
    expected = LAYERS["conv2d"].forward(arrays.x, arrays.weight, arrays.bias, padding=1)
    np.testing.assert_array_equal(expectation.output.value, expected)


def test_parameters_stay_that_are_not_changed() -> None:
    expectation = ask(Changed(("weight",)))
    first, last = expectation.given.first, expectation.arrays  # type: ignore[union-attr]
    assert last is not None
    assert not np.array_equal(first.weight, last.weight)  # type: ignore[arg-type]
    np.testing.assert_array_equal(first.bias, last.bias)  # type: ignore[arg-type]
    assert expectation.given is not None
    assert expectation.given.steps == (last, last)


def test_every_call_has_an_input_of_its_own() -> None:
    expectation = ask(Again(INPUT), Again(INPUT))
    assert expectation.given is not None
    between, last = expectation.given.steps
    assert between is not None
    assert last is expectation.arrays
    for one, other in ((between, last), (between, expectation.given.first), (last, expectation.given.first)):
        assert one is not None
        assert other is not None
        assert not np.array_equal(one.x, other.x)


def test_what_a_cast_layer_holds_is_a_number_of_both_dtypes() -> None:
    expectation = ask(Cast("float64"), inputs=replace(INPUT, dtype="bfloat16"))
    assert expectation.arrays is not None
    assert expectation.output is not None
    assert expectation.output.bound is None
    for array in (expectation.arrays.x, expectation.arrays.weight, expectation.arrays.bias):
        assert array is not None
        assert np.abs(array).max() <= 256  # the integers of bfloat16's eight bits
        np.testing.assert_array_equal(array, array.round())


def test_stale_is_what_the_layer_gave_before_its_attribute_was_changed() -> None:
    expectation = ask(Assigned({"padding": 1}))
    arrays, stale = expectation.arrays, expectation.stale
    assert arrays is not None
    assert stale is not None
    assert stale.output is not None
    np.testing.assert_array_equal(stale.output.value, LAYERS["conv2d"].forward(arrays.x, arrays.weight, arrays.bias))
    assert stale.gradients == {}, "the upstream gradient is of another shape"
    assert ask(Changed(("bias",))).stale is None
    without_gradients = ask(Assigned({"padding": 1}), inputs=replace(INPUT, gradients=False)).stale
    assert without_gradients is not None
    assert without_gradients.gradients == {}


def test_a_stale_layer_has_gradients_where_its_output_is_of_the_same_shape() -> None:
    case = replace(make(Assigned({"padding_mode": "circular"})), arguments={**LAYER, "padding": 1})
    stale = expect(case).stale
    assert stale is not None
    assert set(stale.gradients) == {"input", "weight", "bias"}


def test_a_layer_that_could_not_be_called_as_it_was_constructed_has_nothing_stale() -> None:
    """An input that is smaller than the kernel, but for the padding that was assigned."""
    expectation = ask(Assigned({"padding": 1}), Again(replace(INPUT, shape=(1, 2, 1, 1))))
    assert expectation.raised is None
    assert expectation.stale is None


@pytest.mark.parametrize(
    ("case", "cls"),
    [
        (make(Cast("float64")), None),
        (make(Assigned({"stride": 0})), "ValueError"),
        (replace(make(Assigned({"stride": 1})), arguments={**LAYER, "stride": 1.5}), "TypeError"),
        (make(Again(replace(INPUT, shape=(1, 2, 1, 1)))), "ValueError"),
    ],
    ids=["no call", "the last call", "the first call", "a call of another shape"],
)
def test_a_case_that_goes_on_is_refused_where_any_of_its_calls_is(case: Case, cls: str | None) -> None:
    refusal = find_refusal(case)
    assert (None if refusal is None else refusal.cls) == cls


def test_a_copy_changes_nothing() -> None:
    arrays = ask(Copied(Copying.PICKLE)).arrays
    other = expect(make(Copied(Copying.DEEPCOPY))).arrays
    assert arrays is not None
    assert other is not None
    np.testing.assert_array_equal(arrays.weight, other.weight)  # type: ignore[arg-type]


def test_a_case_that_does_not_go_on_is_one_call() -> None:
    assert find_calls(make()) == [make()]


def test_an_attribute_that_was_changed_among_other_steps_may_be_stale() -> None:
    assert ask(Assigned({"padding": 1}), Switched(False)).stale is not None


@pytest.mark.parametrize(
    ("dtype", "other"), [("bfloat16", "float64"), ("float64", "bfloat16"), ("bfloat16", "float16")]
)
def test_a_cast_layer_is_called_with_numbers_of_the_narrower_dtype(dtype: str, other: str) -> None:
    arrays = ask(Cast(other), inputs=replace(INPUT, dtype=dtype, values="real")).arrays
    assert arrays is not None
    for array in (arrays.x, arrays.weight, arrays.bias):
        assert array is not None
        np.testing.assert_array_equal(array.astype(ml_dtypes.bfloat16).astype(np.float64), array)


def test_what_was_of_integers_is_called_with_integers() -> None:
    arrays = ask(Cast("float32"), inputs=replace(INPUT, dtype="int8", gradients=False)).arrays
    assert arrays is not None
    assert np.abs(arrays.x).max() < 128
    np.testing.assert_array_equal(arrays.x, arrays.x.round())


def test_a_real_layer_that_becomes_complex_is_called_with_real_numbers() -> None:
    arrays = ask(Cast("complex64"), inputs=replace(INPUT, dtype="float16", values="real")).arrays
    assert arrays is not None
    np.testing.assert_array_equal(arrays.x.astype(np.float16).astype(np.float64), arrays.x)


def test_a_layer_beside_is_given_what_comes_before_the_last_call() -> None:
    expectation = ask(Threaded(2))
    assert expectation.given is not None
    beside, last = expectation.given.steps
    assert beside is not None
    assert last is expectation.arrays
    assert not np.array_equal(beside.weight, last.weight)  # type: ignore[arg-type, union-attr]


def test_what_is_printed_is_a_copy_by_repr() -> None:
    assert is_printed(make(Copied(Copying.REPR)))
    assert not is_printed(make(Copied(Copying.PICKLE)))


def test_a_step_that_is_no_call_is_given_nothing() -> None:
    expectation = ask(Switched(False))
    assert expectation.given is not None
    assert expectation.given.steps == (None, expectation.arrays)


def gradients_of(arrays: Arrays | None) -> tuple[np.ndarray, ...]:
    assert arrays is not None
    return LAYERS["conv2d"].gradients(arrays.x, arrays.weight, arrays.grad_output)


@pytest.mark.parametrize("how", Adding)
def test_gradients_of_two_calls_are_those_of_one_with_both_batches(how: Adding) -> None:
    expectation = ask(Again(replace(INPUT, shape=(2, 2, 5, 4))), Added(how), Again(replace(INPUT, shape=(3, 2, 5, 4))))
    assert expectation.given is not None
    before, added, last = expectation.given.steps
    assert added is before, "the call before is the one that is made anew"
    assert before is not None
    assert last is not None
    x = np.concatenate([before.x, last.x])
    upstream = np.concatenate([before.grad_output, last.grad_output])  # type: ignore[list-item]
    _, weight, bias = LAYERS["conv2d"].gradients(x, last.weight, upstream)
    np.testing.assert_array_equal(expectation.gradients["weight"].value, weight)
    np.testing.assert_array_equal(expectation.gradients["bias"].value, bias)
    np.testing.assert_array_equal(expectation.gradients["input"].value, gradients_of(last)[0])


def test_the_first_call_is_added_where_no_other_comes_before() -> None:
    expectation = ask(Added(Adding.ONE_GRAPH))
    assert expectation.given is not None
    assert expectation.given.steps == (expectation.given.first, expectation.arrays)


def test_a_layer_without_a_bias_has_no_sum_of_its_gradients() -> None:
    case = replace(make(Added(Adding.ACCUMULATED)), arguments={**LAYER, "bias": False})
    assert set(expect(case).gradients) == {"input", "weight"}


@pytest.mark.parametrize("retained", [True, False])
def test_a_graph_that_is_gone_back_through_twice_gives_the_sum(retained: bool) -> None:
    expectation = ask(Returned(retained))
    assert expectation.given is not None
    first, last = expectation.given.steps
    assert not np.array_equal(first.grad_output, last.grad_output)  # type: ignore[union-attr, arg-type]
    for name, one, other in zip(("input", "weight", "bias"), gradients_of(first), gradients_of(last), strict=True):
        np.testing.assert_array_equal(expectation.gradients[name].value, one + other)


def test_numbers_that_change_before_the_way_back_are_not_those_of_the_gradients() -> None:
    expectation, plain = ask(Overtaken(("weight", "bias"))), expect(make(Again(INPUT)))
    assert expectation.given is not None
    others, last = expectation.given.steps
    assert not np.array_equal(others.weight, last.weight)  # type: ignore[union-attr, arg-type]
    np.testing.assert_array_equal(expectation.gradients["input"].value, gradients_of(last)[0])
    np.testing.assert_array_equal(expectation.gradients["input"].value, plain.gradients["input"].value)


@pytest.mark.parametrize("step", [Added(Adding.ACCUMULATED), Returned(True)])
def test_what_does_not_add_up_exactly_is_not_added(step: Step) -> None:
    for inputs in (replace(INPUT, values="real"), replace(INPUT, dtype="bfloat16", shape=(9, 2, 30, 30))):
        with pytest.raises(ValueError, match=r"do not add up exactly in|no exact inputs"):
            expect(make(step, inputs=inputs))
    with pytest.raises(ValueError, match="no gradients are asked for"):
        expect(make(step, inputs=replace(INPUT, gradients=False)))


def test_a_layer_that_is_moved_is_the_same() -> None:
    moved, again = expect(make(Moved())), expect(make(Again(INPUT)))
    np.testing.assert_array_equal(moved.arrays.x, again.arrays.x)  # type: ignore[union-attr]
    assert moved.given is not None
    assert moved.given.steps[0] is None
