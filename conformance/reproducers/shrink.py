"""The smallest call that shows the same divergence: a search over cases, which asks whoever answers for a framework.

It is the idea of delta debugging (Zeller and Hildebrandt, *Simplifying and isolating failure-inducing input*, 2002):
all simplifications are tried together, and where that shows something else, each half of them by itself. Then numbers
are lowered one by one, until nothing gets smaller.

Libraries were considered. Hypothesis shrinks the choices of a generator that it drew from itself, by calling a function
hundreds of times in its own process: it takes no case that came from a file, and has no budget of seconds for answers
that may be a crash or a hang elsewhere. Picire reduces lists by such answers, but a call is no list: its parts have
simplest values of their own, some of them only together, such as all of the channels.
"""

from __future__ import annotations

import contextlib
import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from typing import TypeAlias

from conformance.case import (
    Again,
    Assigned,
    Authority,
    Case,
    Cast,
    Changed,
    Inputs,
    Outcome,
    Phase,
    Ruling,
    Step,
    Verdict,
    Worst,
)
from conformance.case.values import DType, Numpy, Tensor, Value

Ask: TypeAlias = Callable[[Case], Verdict]
Move: TypeAlias = Callable[[Case], Case | None]  # a simpler case; None where there is none
Path: TypeAlias = tuple[str | int, ...]  # to a number of a case: of its shape, in an argument, or in a step

SHAPE = "the shape of x"  # no argument has this name
THEN = "then"  # nor this one
CHANNELS = ("in_channels", "out_channels", "groups")
TENSORS = ("weight", "bias")
SIMPLE_VALUES = ("all_ones", "all_counted", "exact")  # the simplest first
DRAWS = 3  # times that a case is tried whose elements are drawn by chance
MESSAGE = 60  # characters of a message that stay the same


@dataclass(frozen=True)
class Shrunk:
    """The smallest case that was found.

    Attributes:
        verdict: what came of it.
        asked: how many cases were tried.
        smaller: whether it is another case than the one that was given.
    """

    case: Case
    verdict: Verdict
    asked: int
    smaller: bool


def shrink(
    case: Case, verdict: Verdict, ask: Ask, seconds: float, clock: Callable[[], float] = time.monotonic
) -> Shrunk:
    """Find the smallest case that shows the same divergence as a case with this verdict.

    Args:
        ask: the verdict on another case; it may raise TimeoutError or CancelledError, which ends the search.
        seconds: what the search may take; what is asked last may take longer.
    """
    search = Search(case, verdict, ask, clock, clock() + seconds)
    with contextlib.suppress(TimeoutError, CancelledError):
        search.run()
    return Shrunk(search.case, search.verdict, search.asked, search.verdict is not verdict)


# Whether it is the same divergence


def sign(verdict: Verdict) -> tuple[object, ...]:
    """What a divergence keeps while its case gets smaller."""
    raised = verdict.raised
    return (
        verdict.outcome,
        verdict.kind,
        verdict.subject,
        verdict.authority,
        verdict.ruling,
        None if raised is None else (raised.phase, raised.cls, begin(raised.message)),
        None if verdict.worst is None else describe_mistake(verdict.worst),
        describe_end(verdict),
    )


def begin(message: str) -> str:
    """How a message begins, without numbers: those of another call are other ones."""
    message = re.sub(r"\b0x[0-9a-f]+", " ", message.strip())
    return re.sub(r"[-\d.,()\[\]\s]+", " ", message)[:MESSAGE]


def describe_mistake(worst: Worst) -> str:
    """In which way the worst element is wrong."""
    observed, expected = worst.observed, worst.expected
    if observed != observed:
        return "not a number"
    if observed == 0:
        return "zero"
    if math.isinf(abs(observed)):
        return "infinite"
    if isinstance(observed, complex) or isinstance(expected, complex):
        return "too large" if abs(observed) > abs(expected) else "too small"
    return "too large" if observed > expected else "too small"


def describe_end(verdict: Verdict) -> object:
    """How a process ended that was lost; whether a shape is too large or too small, or there is none."""
    if verdict.outcome is Outcome.TIMED_OUT:
        return verdict.phase  # however long it was waited for
    if verdict.outcome is not Outcome.DIVERGES:
        return verdict.phase, verdict.observed.partition(";")[0]
    expected, observed = find_size(verdict.expected), find_size(verdict.observed)
    if verdict.worst is not None or expected is None or observed is None:
        return "absent" if verdict.observed == "absent" else ""
    return "too large" if observed > expected else "too small" if observed < expected else "as large"


def is_of_gradients(verdict: Verdict) -> bool:
    """Whether a gradient is what fails."""
    ended = verdict.outcome is not Outcome.DIVERGES or verdict.raised is not None
    return verdict.subject.startswith("grad") or (ended and verdict.phase is Phase.BACKWARD)


def find_size(text: str) -> int | None:
    """The elements of the first shape that a text names."""
    found = re.search(r"shape \(([\d, ]*)\)", text)
    return None if found is None else math.prod(int(size) for size in found[1].split(",") if size.strip())


# How large a case is


def measure(case: Case) -> tuple[int, ...]:
    """The size of a case, in the order in which its parts trouble a reader."""
    calls = list_inputs(case)
    of_inputs = (
        sum(inputs.gradients for inputs in calls),
        sum(inputs.infer for inputs in calls),
        sum(inputs.weight_dtype is not None for inputs in calls),
        sum(inputs.dtype != "float32" for inputs in calls),
        sum(inputs.layout != "contiguous" for inputs in calls),
        sum(rank_values(inputs) for inputs in calls),
    )
    has_bias = case.arguments.get("bias", case.api is None) not in (False, None)
    numbers = [abs(number) for number in find_numbers(case).values()]
    elements = sum(math.prod(inputs.shape) for inputs in calls)
    text = repr((case.arguments, [step for step in case.then if isinstance(step, Assigned)]))
    steps = (len(case.then), sum(map(count_parts, case.then)))
    return (*steps, *of_inputs, has_bias, len(case.arguments), elements, sum(numbers), len(text))


def rank_values(inputs: Inputs) -> int:
    """How simple its class of values is; 0 is the simplest."""
    return SIMPLE_VALUES.index(inputs.values) if inputs.values in SIMPLE_VALUES else len(SIMPLE_VALUES)


def count_parts(step: Step) -> int:
    """What a step changes."""
    match step:
        case Assigned(attributes):
            return len(attributes)
        case Changed(parameters):
            return len(parameters)
        case _:
            return 1


def list_inputs(case: Case) -> list[Inputs]:
    """The inputs of each call that is written."""
    first = [] if case.inputs is None else [case.inputs]
    return first + [step.inputs for step in case.then if isinstance(step, Again)]


def is_drawn(case: Case) -> bool:
    """Whether elements are drawn by chance."""
    return any(map(are_drawn, list_inputs(case)))


def are_drawn(inputs: Inputs) -> bool:
    return inputs.values not in ("all_ones", "all_counted")


# Where the numbers of a case are


def find_numbers(case: Case) -> dict[Path, int]:
    """Every whole number of a case, by where it is."""
    numbers: dict[Path, int] = {}
    if case.inputs is not None:
        numbers |= {(SHAPE, i): size for i, size in enumerate(case.inputs.shape)}
    for name, value in case.arguments.items():
        numbers |= dict(find_in_value((name,), value))
    for i, step in enumerate(case.then):
        if isinstance(step, Again):
            numbers |= dict(find_in_value((THEN, i, SHAPE), step.inputs.shape))
        elif isinstance(step, Assigned):
            for name, value in step.attributes.items():
                numbers |= dict(find_in_value((THEN, i, name), value))
    return numbers


def find_in_value(path: Path, value: Value) -> Iterator[tuple[Path, int]]:
    if isinstance(value, bool):
        return
    if isinstance(value, int):
        yield path, value
    items = value.shape if isinstance(value, Tensor) else value
    if isinstance(items, tuple | list):
        for i, item in enumerate(items):
            yield from find_in_value((*path, i), item)


def put_number(case: Case, path: Path, number: int) -> Case:
    """The case with another number there."""
    name, *rest = path
    if name == SHAPE:
        assert case.inputs is not None
        return replace(case, inputs=replace(case.inputs, shape=put_in_value(case.inputs.shape, rest, number)))
    if name == THEN:
        i = int(rest[0])
        return put_step(case, i, put_number_of_step(case.then[i], rest[1:], number))
    assert isinstance(name, str)
    return put_argument(case, name, put_in_value(case.arguments[name], rest, number))


def put_number_of_step(step: Step, path: Sequence[str | int], number: int) -> Step:
    name, *rest = path
    match step:
        case Again(inputs):
            return Again(replace(inputs, shape=put_in_value(inputs.shape, rest, number)))
        case Assigned(attributes):
            assert isinstance(name, str)
            return Assigned({**attributes, name: put_in_value(attributes[name], rest, number)})
        case _:
            return step  # it has no numbers


def put_step(case: Case, i: int, step: Step) -> Case:
    return replace(case, then=(*case.then[:i], step, *case.then[i + 1 :]))


def put_in_value(value: Value, path: Sequence[str | int], number: int) -> Value:
    if not path:
        return number
    if isinstance(value, Tensor):
        return Tensor(put_in_value(value.shape, path, number))
    i, *rest = path
    items = list(value)
    assert isinstance(i, int)
    items[i] = put_in_value(items[i], rest, number)
    return type(value)(items)


def is_of_channels(case: Case, path: Path) -> bool:
    """Whether a number counts channels or groups."""
    name, *rest = path
    if name == SHAPE:
        assert case.inputs is not None
        return rest == [len(case.inputs.shape) - 3]
    if name == THEN:
        step = case.then[int(rest[0])]
        return isinstance(step, Again) and rest[2] == len(step.inputs.shape) - 3
    value = case.arguments[str(name)]
    if isinstance(value, Tensor):
        # The last two of a weight are the kernel's; a bias may lie as (1, C, 1, 1).
        return name == "bias" or (name == "weight" and int(rest[0]) < len(value.shape) - 2)
    return name in CHANNELS


def find_least(path: Path) -> int:
    """The simplest of the numbers that may stand there."""
    name = path[2] if path[0] == THEN else path[0]
    return 0 if "pad" in str(name) else 1


# What may change


def may_change_call(case: Case, verdict: Verdict) -> bool:
    """Whether a simpler call is judged by the same right.

    What a document says, it says of the calls that it speaks of, and only where the oracle says the same of every
    call is it known of a simpler one. What is promised as a literal, or of two calls, is known of this one alone.
    """
    if verdict.authority is not Authority.OWN_DOCUMENT:
        return True
    promise = case.promise
    literal = promise.shape or promise.parameters or promise.defaults or promise.distribution or promise.same_as
    return verdict.ruling is Ruling.IMPLEMENTATION_WRONG and not literal


def put_argument(case: Case, name: str, value: Value) -> Case:
    return replace(case, arguments={**case.arguments, name: value})


def drop_argument(case: Case, name: str) -> Case:
    return replace(case, arguments={other: value for other, value in case.arguments.items() if other != name})


# Moves


def change_inputs(**changes: object) -> Move:
    """Give every call other inputs."""

    def move(case: Case) -> Case | None:
        for i, step in enumerate(case.then):
            if isinstance(step, Again):
                case = put_step(case, i, Again(replace(step.inputs, **changes)))  # type: ignore[arg-type]
        return change_first(**changes)(case)

    return move


def change_first(**changes: object) -> Move:
    """Give the first call other inputs, and the last one too where its step is not written."""

    def move(case: Case) -> Case | None:
        return None if case.inputs is None else replace(case, inputs=replace(case.inputs, **changes))  # type: ignore[arg-type]

    return move


def change_again(i: int, **changes: object) -> Move:
    """Give a later call other inputs."""

    def move(case: Case) -> Case | None:
        step = case.then[i]
        return put_step(case, i, Again(replace(step.inputs, **changes))) if isinstance(step, Again) else None  # type: ignore[arg-type]

    return move


def use_default_dtype(case: Case) -> Case | None:
    """float32 everywhere, so that no argument has to say so."""
    if case.inputs is None:
        return None
    for name, value in case.arguments.items():
        if isinstance(value, DType):
            case = drop_argument(case, name)
    assert case.inputs is not None
    return settle_dtypes(replace(case, inputs=replace(case.inputs, dtype="float32", weight_dtype=None)))


def settle_dtypes(case: Case) -> Case:
    """The case, each call of which has the dtype that its layer then has."""
    assert case.inputs is not None
    dtype = case.inputs.dtype
    for i, step in enumerate(case.then):
        if isinstance(step, Cast):
            dtype = step.dtype
        elif isinstance(step, Again):
            case = put_step(case, i, Again(replace(step.inputs, dtype=dtype)))
    return case


def drop_step(i: int) -> Move:
    def move(case: Case) -> Case | None:
        return settle_dtypes(replace(case, then=(*case.then[:i], *case.then[i + 1 :]))) if i < len(case.then) else None

    return move


def drop_part(i: int, name: str) -> Move:
    """Leave one of several attributes, or parameters, as it is."""

    def move(case: Case) -> Case | None:
        step = case.then[i]
        match step:
            case Assigned(attributes) if len(attributes) > 1:
                return put_step(case, i, Assigned({one: value for one, value in attributes.items() if one != name}))
            case Changed(parameters) if len(parameters) > 1:
                return put_step(case, i, Changed(tuple(one for one in parameters if one != name)))
            case _:
                return None

    return move


def list_parts(case: Case) -> Iterator[Move]:
    """What makes the steps of a case simpler, but for their numbers."""
    for i, step in enumerate(case.then):
        match step:
            case Again():
                yield change_again(i, gradients=False)
                yield change_again(i, layout="contiguous")
            case Assigned(attributes):
                yield from (drop_part(i, name) for name in attributes)
            case Changed(parameters):
                yield from (drop_part(i, name) for name in parameters)


def leave_out_bias(case: Case) -> Case | None:
    if case.arguments.get("bias", True) is not True:
        return None
    # Only of a canonical call is it known that it has one unless it says otherwise.
    return put_argument(case, "bias", False) if case.api is None or "bias" in case.arguments else None


def drop(name: str) -> Move:
    def move(case: Case) -> Case | None:
        return drop_argument(case, name) if name in case.arguments and name not in case.positional else None

    return move


def simplify(name: str) -> Move:
    """Write an argument in the plainest notation: one number for two that are the same, no NumPy number."""

    def move(case: Case) -> Case | None:
        value = case.arguments.get(name)
        if isinstance(value, Numpy):
            value = value.value
        elif isinstance(value, tuple | list) and len(set(map(repr, value))) == 1:
            value = value[0]
        elif isinstance(value, list):
            value = tuple(value)
        else:
            return None
        return put_argument(case, name, value)

    return move


def put(paths: Sequence[Path], number: int) -> Move:
    """Give several places the same number."""

    def move(case: Case) -> Case | None:
        numbers = find_numbers(case)
        for path in paths:
            # Its argument may have been dropped meanwhile.
            if abs(numbers.get(path, 0)) > abs(number):
                case = put_number(case, path, number)
        return case

    return move


# Searching


class Search:
    """A search, and the smallest case that it has found so far.

    Attributes:
        case, verdict: the smallest that shows the divergence.
        asked: how many cases were tried.
    """

    def __init__(self, case: Case, verdict: Verdict, ask: Ask, clock: Callable[[], float], deadline: float) -> None:
        self.case = replace(case, twin=None)
        self.verdict = verdict
        self.asked = 0
        self._name = case.name
        self._sign = sign(verdict)
        self._may_change_call = may_change_call(case, verdict)
        self._ask = ask
        self._clock = clock
        self._deadline = deadline
        self._tried: set[str] = set()

    def run(self) -> None:
        """Simplify until nothing gets smaller. Raises TimeoutError when the time is over."""
        futile = 0
        while futile < (DRAWS if is_drawn(self.case) else 1):
            before = self.case
            if self._may_change_call:
                # The last one first, so that the others keep their places.
                self.try_as_many([drop_step(i) for i in reversed(range(len(self.case.then)))])
            self.try_as_many(self.list_simplifications())
            self.lower_numbers()
            futile = futile + 1 if self.case is before else 0
            if is_drawn(self.case):
                self._tried.clear()  # the same case has other elements the next time

    def list_simplifications(self) -> list[Move]:
        """What makes a case simpler at one stroke; what is the likeliest to go together stands together."""
        moves: list[Move] = []
        if not is_of_gradients(self.verdict):
            moves.append(change_inputs(gradients=False))
        moves += [change_inputs(values=values) for values in reversed(SIMPLE_VALUES)]
        if not self._may_change_call:
            return moves
        names = list(self.case.arguments)
        if self.case.then:
            moves += [change_first(gradients=False), change_first(layout="contiguous"), *list_parts(self.case)]
        moves += [change_inputs(infer=False), change_inputs(layout="contiguous"), use_default_dtype]
        moves += [drop(name) for name in names] + [leave_out_bias] + [simplify(name) for name in names]
        moves += [put(paths, find_least(paths[0])) for paths in self.group_numbers()]
        return moves

    def group_numbers(self) -> list[list[Path]]:
        """The places of numbers, those together that may have to be the same: all channels, and those of one size."""
        if not self._may_change_call:
            return []
        numbers = find_numbers(self.case)
        channels = [path for path in numbers if is_of_channels(self.case, path)]
        sizes = sorted({numbers[path] for path in channels})
        groups = [channels] if channels else []
        groups += [[path for path in channels if numbers[path] == size] for size in sizes]
        return groups + [[path] for path in numbers]

    def lower_numbers(self) -> None:
        """Lower each number as far as it goes."""
        for paths in self.group_numbers():
            number = max(abs(find_numbers(self.case).get(path, 0)) for path in paths)
            least = find_least(paths[0])
            lower = sorted({least, least + 1, least + 2, number // 2, number - 1})
            for candidate in lower:
                if least <= candidate < number and self.try_case(put(paths, candidate)(self.case)):
                    break

    def try_as_many(self, moves: Sequence[Move]) -> None:
        """Make as many of the moves as show the same, in halves."""
        candidate = self.case
        for move in moves:
            candidate = move(candidate) or candidate
        if self.try_case(candidate) or len(moves) <= 1:
            return
        middle = len(moves) // 2
        self.try_as_many(moves[:middle])
        self.try_as_many(moves[middle:])

    def try_case(self, candidate: Case | None) -> bool:
        """Take a case if it is smaller and shows the same. Raises TimeoutError when the time is over."""
        if candidate is None or measure(candidate) >= measure(self.case):
            return False
        content = repr((candidate.arguments, candidate.inputs, candidate.then, candidate.promise))
        if content in self._tried:
            return False
        self._tried.add(content)
        if self._clock() >= self._deadline:
            raise TimeoutError
        self.asked += 1
        # Its arrays are made of its name, so that it has others each time.
        candidate = replace(change_inputs(seed=None)(candidate) or candidate, name=f"{self._name} shrunk {self.asked}")
        verdict = self._ask(candidate)
        if sign(verdict) != self._sign:
            return False
        self.case, self.verdict = candidate, verdict
        return True
