"""A case counts only if it can fail: would wrong implementations change the oracle's answer beyond the bound?

Each value case is asked of four of them. A mistake applies to a case when some arrays of its shapes would show it (a
1 x 1 kernel has no flip); the case is vacuous of that mistake when its own arrays do not.

    python -m conformance.cases.vacuity [SPEC.yaml ...]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.case import Added, Array, Case, Kind, LayerName
from conformance.cases import spec
from conformance.oracle.expectation import Expectation, Expected, expect
from conformance.verdicts.comparison import compare
from conv_reference import LAYERS, Layer

SPECS = Path(__file__).resolve().parents[2] / "specs"


def _keep_image(image: Array) -> Array:
    return image


def _keep_weight(weight: Array, groups: int) -> Array:
    return weight


def _flip(weight: Array, groups: int) -> Array:
    return weight[..., ::-1, ::-1]


def _exchange_groups(weight: Array, groups: int) -> Array:
    by_group = weight.reshape(groups, -1, *weight.shape[1:])
    return by_group[::-1].reshape(weight.shape)


def _turn(image: Array) -> Array:
    return image.swapaxes(-1, -2)


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation.

    Attributes:
        image: what becomes of input, output and their gradients. Its own inverse, as results pass through it too.
        weight: the same for weights, given the groups.
        bias: whether the bias is added.
    """

    name: str
    image: Callable[[Array], Array] = _keep_image
    weight: Callable[[Array, int], Array] = _keep_weight
    bias: bool = True


NO_MISTAKE = Mistake("none")
MISTAKES = (
    Mistake("the bias is dropped", bias=False),
    Mistake("the kernel is flipped", weight=_flip),
    Mistake("groups are exchanged", weight=_exchange_groups),
    Mistake("height and width are exchanged", image=_turn),
)


def find_vacuous(case: Case, expectation: Expectation | None = None) -> tuple[str, ...]:
    """The mistakes that a case lets pass; none for a case that compares no values.

    Args:
        expectation: what the oracle says of the case, where that is already known.
    """
    if not _compares_values(case):
        return ()
    expectation = expect(case) if expectation is None else expectation
    if any(isinstance(step, Added) for step in case.then):
        # Those of the parameters are of two calls, and a mistake is made in one.
        of_input = {name: gradient for name, gradient in expectation.gradients.items() if name == "input"}
        expectation = replace(expectation, gradients=of_input)
    question = _Question.of(case.layer, expectation)
    if question is None:
        return ()
    passed = []
    for mistake in MISTAKES:
        if not _shows(mistake, question) and _shows(mistake, _generalise(question)):
            passed.append(mistake.name)
    return tuple(passed)


def _compares_values(case: Case) -> bool:
    if case.promise.raises or case.inputs is None:
        return False
    return case.claim is None or case.promise.operation


@dataclass(frozen=True)
class _Question:
    """The layer that a case computes, its operands, and the answers to compare with, by what is compared."""

    layer: Layer
    parameters: Mapping[str, Any]
    x: Array
    weight: Array
    bias: Array | None
    grad_output: Array | None
    expected: Mapping[str, Expected]

    @classmethod
    def of(cls, layer: LayerName, expectation: Expectation) -> _Question | None:
        """None where the oracle computes nothing."""
        arrays, canonical, output = expectation.arrays, expectation.canonical, expectation.output
        if arrays is None or canonical is None or output is None or output.value.size == 0:
            return None
        assert arrays.weight is not None
        return cls(
            layer=LAYERS[layer],
            parameters={name: canonical[name] for name in LAYERS[layer].keywords},
            x=arrays.x,
            weight=arrays.weight,
            bias=arrays.bias,
            grad_output=arrays.grad_output,
            expected={"output": output, **expectation.gradients},
        )


def _shows(mistake: Mistake, question: _Question) -> bool:
    """Whether the mistake's answer diverges from the expected one."""
    if not mistake.bias and question.bias is None:
        return False
    try:
        answer = _compute(mistake, question)
    except (TypeError, ValueError):
        return True  # it takes no such input
    return any(_differs(expected, answer[name]) for name, expected in question.expected.items())


def _differs(expected: Expected, observed: Array) -> bool:
    if expected.value.shape != observed.shape:
        return True
    dtype = str(expected.value.dtype)
    return compare("", Kind.VALUE, expected, observed, dtype).divergence is not None


def _compute(mistake: Mistake, question: _Question) -> dict[str, Array]:
    """Output and gradients of the mistaken implementation."""
    layer = question.layer
    parameters = question.parameters
    groups: int = parameters["groups"]
    x = mistake.image(question.x)
    weight = mistake.weight(question.weight, groups)
    bias = question.bias if mistake.bias else None
    with np.errstate(invalid="ignore", over="ignore"):
        answer = {"output": mistake.image(layer.forward(x, weight, bias, **parameters))}
        if question.grad_output is not None:
            gradients = layer.gradients(x, weight, mistake.image(question.grad_output), **parameters)
            answer["input"] = mistake.image(gradients.x)
            answer["weight"] = mistake.weight(gradients.weight, groups)
            answer["bias"] = gradients.bias
    return answer


def _generalise(question: _Question) -> _Question:
    """The same shapes with general arrays, compared exactly: they show every mistake that any arrays can show."""
    rng = np.random.default_rng(0)

    def draw(array: Array) -> Array:
        return rng.integers(1, 1000, array.shape).astype(np.float64)

    general = replace(
        question,
        x=draw(question.x),
        weight=draw(question.weight),
        bias=None if question.bias is None else draw(question.bias),
        grad_output=None if question.grad_output is None else draw(question.grad_output),
    )
    answer = _compute(NO_MISTAKE, general)
    return replace(general, expected={name: Expected(value, None) for name, value in answer.items()})


def read_cases(paths: Sequence[Path]) -> Iterator[Case]:
    """The cases of spec files. Raises SpecError where one cannot be used."""
    for path in map(Path.absolute, paths):
        specs = spec.folder_of(path) or path.parent
        yield from spec.load(path, path.relative_to(specs).as_posix()).cases


def find_shipped() -> list[Path]:
    """The spec files of this project."""
    return [path for path in sorted(SPECS.glob("*/*.yaml")) if spec.folder_of(path) is not None]


def main(arguments: Sequence[str]) -> int:
    """List the vacuous cases; 1 where there are any, 2 where a spec cannot be used."""
    paths = [Path(name) for name in arguments] or find_shipped()
    cases = 0
    failures = 0
    try:
        for case in read_cases(paths):
            cases += 1
            for mistake in find_vacuous(case):
                failures += 1
                print(f"{case.spec}:{case.line}: {case.name}: {mistake}, and nothing changes")
    except spec.SpecError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{cases} cases, {failures} vacuous of a mistake")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
