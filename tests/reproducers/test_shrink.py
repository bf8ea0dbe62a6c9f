"""The search for the smallest call that shows the same, asked of made-up frameworks that err in ways of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from conformance.case import (
    Again,
    Assigned,
    Authority,
    Case,
    Cast,
    Changed,
    Copied,
    Copying,
    Inputs,
    Kind,
    Outcome,
    Phase,
    Promise,
    Raised,
    Ruling,
    Step,
    Tensor,
    Verdict,
    Worst,
)
from conformance.case.values import DType, Numpy
from conformance.reproducers.shrink import Shrunk, measure, shrink, sign

ARGUMENTS = {
    "in_channels": 8,
    "out_channels": 12,
    "kernel_size": (5, 3),
    "stride": (2, 3),
    "padding": (4, 2),
    "dilation": (2, 2),
    "groups": 4,
}
LARGE = Case(
    spec="made.yaml",
    name="large",
    line=1,
    layer="conv2d",
    api=None,
    arguments=ARGUMENTS,
    inputs=Inputs((3, 8, 17, 19), dtype="float64", values="real", layout="strided"),
    promise=Promise(),
    clause="the definition",
)
CONFORMS = Verdict(Outcome.CONFORMS)
WRONG = Verdict(
    Outcome.DIVERGES, Kind.VALUE, "output", authority=Authority.MATHEMATICS, worst=Worst((0, 0, 0, 0), 1.0, 2.0, 0.0)
)


def raises(cls: str, message: str = "no", phase: Phase = Phase.FORWARD) -> Verdict:
    return Verdict(Outcome.DIVERGES, Kind.WRONGLY_REJECTED, "call", phase=phase, raised=Raised(phase, cls, (), message))


def read(case: Case, name: str, default: Any = 1) -> Any:
    return case.arguments.get(name, default)


def is_valid(case: Case) -> bool:
    """With all arguments that a layer needs, channels that fit, and a kernel that fits into the input."""
    assert case.inputs is not None
    if not {"in_channels", "out_channels", "kernel_size"} <= case.arguments.keys():
        return False
    groups = read(case, "groups")
    channels = case.inputs.shape[1]
    if channels != read(case, "in_channels") or channels % groups or read(case, "out_channels") % groups:
        return False
    padding = pair(read(case, "padding", 0))
    dilation = pair(read(case, "dilation"))
    sizes = zip(case.inputs.shape[2:], pair(read(case, "kernel_size")), padding, dilation, strict=True)
    return all(size + 2 * pad >= step * (kernel - 1) + 1 for size, kernel, pad, step in sizes)


def pair(value: Any) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


def find(condition: Callable[[Case], bool], case: Case = LARGE, verdict: Verdict = WRONG) -> Shrunk:
    """The smallest case of those that diverge on a condition."""
    assert condition(case)
    return shrink(case, verdict, lambda one: verdict if is_valid(one) and condition(one) else CONFORMS, 60.0)


REQUIRED = {"in_channels": 1, "out_channels": 1, "kernel_size": 1, "bias": False}
SMALLEST = Inputs((1, 1, 1, 1), values="all_ones", gradients=False)


def test_what_always_diverges_becomes_the_smallest_call() -> None:
    shrunk = find(lambda case: True)
    assert shrunk.case.arguments == REQUIRED
    assert shrunk.case.inputs == SMALLEST
    assert shrunk.asked < 20


# What a framework errs about, and what is left of the large case.
NEEDED: Mapping[str, tuple[Callable[[Case], bool], Mapping[str, Any], Inputs]] = {
    "a stride": (lambda case: pair(read(case, "stride")) != (1, 1), {**REQUIRED, "stride": (1, 2)}, SMALLEST),
    "a width that is padded": (
        lambda case: pair(read(case, "padding", 0))[1] > 0,
        {**REQUIRED, "padding": (0, 1)},
        SMALLEST,
    ),
    "groups": (
        lambda case: read(case, "groups") > 1,
        {**REQUIRED, "in_channels": 2, "out_channels": 2, "groups": 2},
        replace(SMALLEST, shape=(1, 2, 1, 1)),
    ),
    "a kernel": (
        lambda case: pair(read(case, "kernel_size"))[1] > 1,
        {**REQUIRED, "kernel_size": (1, 2)},
        replace(SMALLEST, shape=(1, 1, 1, 2)),
    ),
    "a batch": (lambda case: case.inputs.shape[0] > 2, REQUIRED, replace(SMALLEST, shape=(3, 1, 1, 1))),
    "rows": (lambda case: case.inputs.shape[2] > 9, REQUIRED, replace(SMALLEST, shape=(1, 1, 10, 1))),
    "a bias": (
        lambda case: read(case, "bias", True),
        {name: value for name, value in REQUIRED.items() if name != "bias"},
        SMALLEST,
    ),
    "a dtype": (lambda case: case.inputs.dtype == "float64", REQUIRED, replace(SMALLEST, dtype="float64")),
    "a layout": (lambda case: case.inputs.layout == "strided", REQUIRED, replace(SMALLEST, layout="strided")),
    "other values than ones": (
        lambda case: case.inputs.values != "all_ones",
        REQUIRED,
        replace(SMALLEST, values="all_counted"),
    ),
    "gradients": (lambda case: case.inputs.gradients, REQUIRED, replace(SMALLEST, gradients=True)),
    "stride and padding": (
        lambda case: pair(read(case, "stride"))[0] > 1 and pair(read(case, "padding", 0))[0] > 2,
        {**REQUIRED, "stride": (2, 1), "padding": (3, 0)},
        SMALLEST,
    ),
}


@pytest.mark.parametrize(("condition", "arguments", "inputs"), NEEDED.values(), ids=list(NEEDED))
def test_what_a_divergence_needs_is_what_is_left(
    condition: Callable[[Case], bool], arguments: Mapping[str, Any], inputs: Inputs
) -> None:
    shrunk = find(condition)
    assert shrunk.case.inputs == inputs
    assert shrunk.case.arguments == arguments


def test_gradients_are_kept_where_they_are_what_fails() -> None:
    verdict = replace(WRONG, kind=Kind.GRADIENT, subject="grad_weight")
    shrunk = shrink(LARGE, verdict, lambda case: verdict, 60.0)
    assert shrunk.case.inputs == replace(SMALLEST, gradients=True)


def test_gradients_are_left_out_where_they_were_asked_for_and_are_right() -> None:
    verdict = replace(WRONG, phase=Phase.BACKWARD)
    assert shrink(LARGE, verdict, lambda case: verdict, 60.0).case.inputs == SMALLEST


@pytest.mark.parametrize("verdict", [raises("E", phase=Phase.BACKWARD), Verdict(Outcome.CRASHED, phase=Phase.BACKWARD)])
def test_gradients_are_kept_where_backward_raises_or_crashes(verdict: Verdict) -> None:
    assert shrink(LARGE, verdict, lambda case: verdict, 60.0).case.inputs == replace(SMALLEST, gradients=True)


def test_a_case_whose_elements_are_drawn_is_tried_with_several() -> None:
    asked: Counter[str] = Counter()

    def ask(case: Case) -> Verdict:
        """What diverges with random numbers alone, and with one channel at the second time only."""
        channels = read(case, "in_channels")
        asked[repr(case.inputs)] += 1
        few = channels == 1 and asked[repr(case.inputs)] < 2
        return WRONG if is_valid(case) and case.inputs.values == "real" and not few else CONFORMS

    shrunk = shrink(LARGE, WRONG, ask, 60.0).case
    assert shrunk.inputs == replace(SMALLEST, values="real")


def test_the_same_answers_give_the_same_case() -> None:
    condition = NEEDED["stride and padding"][0]
    assert find(condition) == find(condition)


@pytest.mark.parametrize("seed", [None, "a listed one"])
def test_every_case_has_numbers_of_its_own(seed: str | None) -> None:
    seeds: list[str] = []

    def ask(case: Case) -> Verdict:
        seeds.append(case.seed)
        return WRONG if pair(read(case, "padding", 0))[1] > 0 else CONFORMS

    assert LARGE.inputs is not None
    shrink(replace(LARGE, inputs=replace(LARGE.inputs, seed=seed)), WRONG, ask, 60.0)
    assert len(set(seeds)) == len(seeds)


# Sequences

AGAIN = Inputs((2, 8, 9, 9), dtype="float64", values="real", layout="transposed")
LONG_SEQUENCE = replace(
    LARGE,
    then=(
        Copied(Copying.PICKLE),
        Again(AGAIN),
        Changed(("weight", "bias")),
        Assigned({"stride": (2, 3), "padding": (5, 7), "dilation": (2, 2)}),
        Cast("float32"),
        Again(replace(AGAIN, dtype="float32")),
    ),
)
NEEDED_STEPS: Mapping[str, tuple[Callable[[Case], bool], tuple[Step, ...]]] = {
    "none": (lambda case: True, ()),
    "a copy": (lambda case: Copied(Copying.PICKLE) in case.then, (Copied(Copying.PICKLE),)),
    "a second call": (
        lambda case: any(isinstance(step, Again) and step.inputs.shape[2] > 3 for step in case.then),
        (Again(replace(SMALLEST, shape=(1, 1, 4, 1))),),
    ),
    "a layout, later": (
        lambda case: any(isinstance(step, Again) and step.inputs.layout == "transposed" for step in case.then),
        (Again(replace(SMALLEST, layout="transposed")),),
    ),
    "a bias that is changed": (
        lambda case: any(isinstance(step, Changed) and "bias" in step.parameters for step in case.then),
        (Changed(("bias",)),),
    ),
    "a padding that is assigned": (
        lambda case: any(
            isinstance(step, Assigned) and pair(step.attributes.get("padding", 0))[1] > 2 for step in case.then
        ),
        (Assigned({"padding": (0, 3)}),),
    ),
    "another dtype": (
        lambda case: Cast("float32") in case.then and case.inputs.dtype == "float64",
        (Cast("float32"),),
    ),
    "two steps": (
        lambda case: Copied(Copying.PICKLE) in case.then and Cast("float32") in case.then,
        (Copied(Copying.PICKLE), Cast("float32")),
    ),
}


@pytest.mark.parametrize(("condition", "steps"), NEEDED_STEPS.values(), ids=list(NEEDED_STEPS))
def test_the_steps_are_left_that_a_divergence_needs(condition: Callable[[Case], bool], steps: tuple[Step, ...]) -> None:
    assert find(condition, LONG_SEQUENCE).case.then == steps


def test_a_call_has_the_dtype_that_its_layer_has() -> None:
    """Also where the step is gone that made it another."""
    asked: list[Case] = []

    def ask(case: Case) -> Verdict:
        asked.append(case)
        return WRONG if any(isinstance(step, Again) for step in case.then) else CONFORMS

    shrink(LONG_SEQUENCE, WRONG, ask, 60.0)
    for case in asked:
        dtype = case.inputs.dtype  # type: ignore[union-attr]
        for step in case.then:
            dtype = step.dtype if isinstance(step, Cast) else dtype
            assert not isinstance(step, Again) or step.inputs.dtype == dtype


def test_the_steps_that_a_document_speaks_of_stay() -> None:
    verdict = replace(WRONG, authority=Authority.OWN_DOCUMENT, ruling=Ruling.DOCUMENT_WRONG)
    shrunk = shrink(replace(LONG_SEQUENCE, api="vendor.conv"), verdict, lambda case: verdict, 60.0)
    assert shrunk.case.then == tuple(
        Again(replace(step.inputs, values="all_ones", gradients=False)) if isinstance(step, Again) else step
        for step in LONG_SEQUENCE.then
    )


# The same divergence


OTHER = {
    "outcome": (WRONG, replace(WRONG, outcome=Outcome.UNSTABLE)),
    "kind": (WRONG, replace(WRONG, kind=Kind.GRADIENT)),
    "subject": (WRONG, replace(WRONG, subject="grad_input")),
    "authority": (WRONG, replace(WRONG, authority=Authority.ROBUSTNESS)),
    "too small": (WRONG, replace(WRONG, worst=Worst((0,), 1.0, 0.5, 0.0))),
    "zero": (WRONG, replace(WRONG, worst=Worst((0,), -1.0, 0.0, 0.0))),
    "no number": (WRONG, replace(WRONG, worst=Worst((0,), 1.0, float("nan"), 0.0))),
    "infinite": (WRONG, replace(WRONG, worst=Worst((0,), 1.0, float("inf"), 0.0))),
    "class": (raises("ValueError"), raises("TypeError")),
    "phase": (raises("ValueError"), raises("ValueError", phase=Phase.CONSTRUCT)),
    "message": (raises("ValueError", "the stride 2 is"), raises("ValueError", "the padding 2 is")),
    "signal": (
        Verdict(Outcome.CRASHED, observed="the process ended: SIGFPE; so it does alone"),
        Verdict(Outcome.CRASHED, observed="the process ended: SIGSEGV; so it does alone"),
    ),
    "shape": (
        Verdict(Outcome.DIVERGES, Kind.SHAPE, "output", "shape (1, 2)", "shape (1, 3)"),
        Verdict(Outcome.DIVERGES, Kind.SHAPE, "output", "shape (1, 2)", "shape (1, 1)"),
    ),
    "absence": (
        Verdict(Outcome.DIVERGES, Kind.SHAPE, "bias", "shape (2,)", "shape (1,)"),
        Verdict(Outcome.DIVERGES, Kind.SHAPE, "bias", "shape (2,)", "absent"),
    ),
}


@pytest.mark.parametrize(("one", "other"), OTHER.values(), ids=list(OTHER))
def test_another_divergence_is_not_taken_for_the_same(one: Verdict, other: Verdict) -> None:
    assert sign(one) != sign(other)
    assert shrink(LARGE, one, lambda case: other, 60.0).case == LARGE


def test_how_long_an_answer_was_waited_for_is_no_trait_of_a_time_out() -> None:
    late = Verdict(Outcome.TIMED_OUT, subject="call", observed="no answer in 3 s, in forward", phase=Phase.FORWARD)
    assert sign(late) == sign(replace(late, observed="no answer in 20 s, in forward; so it does alone"))
    assert sign(late) != sign(replace(late, phase=Phase.CONSTRUCT))


def test_numbers_of_a_message_and_of_an_element_may_be_others() -> None:
    one = raises("ValueError", "expected (3, 8, 17, 19) at 0x7f00, got 3.5")
    assert sign(one) == sign(raises("ValueError", "expected (1, 1, 1, 1) at 0x12ab, got 1"))
    assert sign(WRONG) == sign(replace(WRONG, worst=Worst((5,), 0.0, 7.0, 1.0), expected="7"))


# Claims

BROKEN = replace(WRONG, authority=Authority.OWN_DOCUMENT, ruling=Ruling.IMPLEMENTATION_WRONG)
LONG = {"kernel_size": (5, 3), "stride": Numpy("int64", 3), "dtype": DType("float16")}


def claim(promise: Promise, **arguments: Any) -> Case:
    inputs = Inputs((2, 6, 9, 9), dtype="float16")
    return replace(LARGE, api="vendor.conv", claim="c", arguments=arguments, inputs=inputs, promise=promise)


def test_a_vendors_own_arguments_are_shrunk_by_their_own_names() -> None:
    own = {"weight": Tensor((4, 6, 5, 5)), "bias": Tensor((1, 4, 1, 1)), "stride": Numpy("int64", 3), "mode": "own"}
    case = claim(Promise(operation=True), **own, dtype=DType("float16"))

    def ask(one: Case) -> Verdict:
        return BROKEN if one.arguments.keys() >= {"mode", "weight"} else CONFORMS

    shrunk = shrink(case, BROKEN, ask, 60.0).case
    assert shrunk.arguments == {"weight": Tensor((1, 1, 1, 1)), "mode": "own"}
    assert shrunk.inputs == SMALLEST


def test_numpys_numbers_become_plain_ones_unless_they_are_what_fails() -> None:
    case = claim(Promise(operation=True), stride=Numpy("int64", 3))
    plain = shrink(case, BROKEN, lambda one: BROKEN if "stride" in one.arguments else CONFORMS, 60.0).case
    assert plain.arguments == {"stride": 1}
    kept = shrink(case, BROKEN, lambda one: BROKEN if one.arguments == case.arguments else CONFORMS, 60.0).case
    assert kept.arguments == case.arguments
    assert kept.inputs == SMALLEST


@pytest.mark.parametrize(
    ("promise", "ruling"),
    [
        (Promise(raises=("ValueError",)), Ruling.DOCUMENT_WRONG),
        (Promise(accepts=True), Ruling.DOCUMENT_WRONG),
        (Promise(accepts=True), Ruling.DOCUMENT_AND_IMPLEMENTATION_PART),
        (Promise(raises=("ValueError",)), Ruling.ALL_DIFFER),
        (Promise(shape=(2, 4, 9, 9)), Ruling.IMPLEMENTATION_WRONG),
        (Promise(parameters={"weight": None}), Ruling.IMPLEMENTATION_WRONG),
        (Promise(same_as=LONG), Ruling.DOCUMENT_AND_IMPLEMENTATION_PART),
    ],
)
def test_what_a_document_alone_says_is_said_of_no_other_call(promise: Promise, ruling: Ruling) -> None:
    """A call that is documented to be refused, and is not, would be accused however valid a shrunk one were."""
    verdict = replace(BROKEN, ruling=ruling)
    case = claim(promise, **LONG)
    shrunk = shrink(case, verdict, lambda one: verdict, 60.0).case
    assert shrunk.arguments == LONG
    assert shrunk.inputs == replace(case.inputs, values="all_ones", gradients=False)


def test_a_crash_is_one_whatever_a_document_says() -> None:
    crash = Verdict(Outcome.CRASHED, authority=Authority.ROBUSTNESS, phase=Phase.FORWARD)
    case = claim(Promise(shape=(2, 4, 9, 9)), **LONG)
    shrunk = shrink(case, crash, lambda one: crash, 60.0).case
    assert shrunk.arguments == {}
    assert shrunk.inputs == SMALLEST


def test_arguments_by_position_stay_there() -> None:
    case = replace(claim(Promise(accepts=True), a=3, b=(2, 2)), positional=("a",))
    shrunk = shrink(case, BROKEN, lambda one: BROKEN, 60.0).case
    assert shrunk.arguments == {"a": 1}


# Time


class Clock:
    """A clock on which each question takes so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.now = 0.0
        self._seconds = seconds

    def __call__(self) -> float:
        return self.now

    def ask(self, case: Case) -> Verdict:
        self.now += self._seconds
        return WRONG if pair(read(case, "padding", 0))[1] > 0 else CONFORMS


def test_the_search_ends_in_time_with_the_smallest_so_far() -> None:
    slow, fast = Clock(4.0), Clock(0.0)
    begun = shrink(LARGE, WRONG, slow.ask, 20.0, slow)
    assert slow.now <= 20.0 + 4.0
    ended = shrink(LARGE, WRONG, fast.ask, 20.0, fast)
    assert begun.asked < ended.asked
    assert measure(ended.case) < measure(begun.case) <= measure(LARGE)


def test_what_is_not_answered_in_time_ends_the_search() -> None:
    asked: list[Case] = []

    def ask(case: Case) -> Verdict:
        asked.append(case)
        if len(asked) > 3:
            raise TimeoutError
        return CONFORMS

    assert shrink(LARGE, WRONG, ask, 60.0).case == LARGE
    assert len(asked) == 4


def test_without_time_nothing_is_asked() -> None:
    assert shrink(LARGE, WRONG, lambda case: WRONG, 0.0).asked == 0
