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

import conv_reference as reference
from conformance.case import Array, Arrays, Case, Kind, LayerName
from conformance.cases import spec
from conformance.oracle import expectation
from conformance.oracle.expectation import Expectation, Expected
from conformance.verdicts.comparison import compare

SPECS = Path(__file__).resolve().parents[2] / "specs"

Change = Callable[[Array], Array]


def _same(array: Array) -> Array:
    return array


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation: what it does to the arrays on their way in, and (its own inverse) to results."""

    name: str
    image: Change = _same
    weight: Callable[[Array, int], Array] = lambda weight, groups: weight
    bias: bool = True


MISTAKES = (
    Mistake("the bias is dropped", bias=False),
    Mistake("the kernel is flipped", weight=lambda weight, groups: weight[..., ::-1, ::-1]),
    Mistake(
        "groups are exchanged",
        weight=lambda weight, groups: weight.reshape(groups, -1, *weight.shape[1:])[::-1].reshape(weight.shape),
    ),
    Mistake("height and width are exchanged", image=lambda image: image.swapaxes(-1, -2)),
)


def vacuous(case: Case, found: Expectation | None = None) -> tuple[str, ...]:
    """The mistakes that a case lets pass; none for a case that compares no values.

    Args:
        found: what the oracle says of it, where that is already known.
    """
    if case.promise.raises or case.inputs is None or (case.claim is not None and not case.promise.operation):
        return ()
    found = expectation.expect(case) if found is None else found
    if found.output is None or found.output.value.size == 0 or found.arrays is None or found.canonical is None:
        return ()
    return tuple(m.name for m in MISTAKES if not _shows(m, case.layer, found) and _applies(m, case, found))


def _shows(mistake: Mistake, layer: LayerName, found: Expectation) -> bool:
    """Whether the mistake's answer diverges from the oracle's."""
    assert found.arrays is not None
    assert found.canonical is not None
    assert found.output is not None
    if not mistake.bias and found.arrays.bias is None:
        return False
    try:
        answer = _answer(mistake, layer, found.canonical, found.arrays)
    except (TypeError, ValueError):
        return True  # it takes no such input
    expected = {"output": found.output, **found.gradients}
    return any(_differs(each, answer[name]) for name, each in expected.items())


def _differs(expected: Expected, observed: Array) -> bool:
    if expected.value.shape != observed.shape:
        return True
    dtype = str(expected.value.dtype)
    return compare("", Kind.VALUE, expected, observed, dtype).divergence is not None


def _answer(mistake: Mistake, layer: LayerName, canonical: Mapping[str, Any], arrays: Arrays) -> dict[str, Array]:
    """Output and gradients of the mistaken implementation."""
    assert arrays.weight is not None
    conv = layer == "conv2d"
    names = ("stride", "padding", "dilation", "groups", "padding_mode" if conv else "output_padding")
    parameters: Any = {name: canonical[name] for name in names}
    groups: int = canonical["groups"]
    x, weight = mistake.image(arrays.x), mistake.weight(arrays.weight, groups)
    forward = reference.conv2d if conv else reference.conv_transpose2d
    backward = reference.conv2d_gradients if conv else reference.conv_transpose2d_gradients
    with np.errstate(invalid="ignore", over="ignore"):
        answer = {"output": mistake.image(forward(x, weight, arrays.bias if mistake.bias else None, **parameters))}
        if arrays.grad_output is not None:
            found = backward(x, weight, mistake.image(arrays.grad_output), **parameters)
            answer |= {"input": mistake.image(found[0]), "weight": mistake.weight(found[1], groups), "bias": found[2]}
    return answer


def _applies(mistake: Mistake, case: Case, found: Expectation) -> bool:
    """Whether arrays of the case's shapes can show the mistake: the general ones, real numbers, compared exactly."""
    assert found.arrays is not None
    assert found.canonical is not None
    if not mistake.bias and found.arrays.bias is None:
        return False
    rng = np.random.default_rng(0)

    def general(array: Array | None) -> Array | None:
        return None if array is None else rng.integers(1, 1000, array.shape).astype(np.float64)

    x, weight = general(found.arrays.x), general(found.arrays.weight)
    assert x is not None
    arrays = replace(
        found.arrays, x=x, weight=weight, bias=general(found.arrays.bias), grad_output=general(found.arrays.grad_output)
    )
    right = _answer(Mistake(""), case.layer, found.canonical, arrays)
    gradients = {name: Expected(right[name], None) for name in right if name != "output"}
    return _shows(
        mistake, case.layer, replace(found, arrays=arrays, output=Expected(right["output"], None), gradients=gradients)
    )


def cases(paths: Sequence[Path]) -> Iterator[Case]:
    """The cases of spec files. Raises SpecError where one cannot be used."""
    for path in paths:
        root = next((folder for folder in path.absolute().parents if folder.name == "specs"), path.absolute().parent)
        yield from spec.load(path, path.absolute().relative_to(root).as_posix()).cases


def main(arguments: Sequence[str]) -> int:
    """List the vacuous cases; 1 where there are any, 2 where a spec cannot be used."""
    paths = [Path(name) for name in arguments] or [
        path for path in sorted(SPECS.glob("*/*.yaml")) if spec.folder_of(path) is not None
    ]
    asked = found = 0
    try:
        for case in cases(paths):
            asked += 1
            for mistake in vacuous(case):
                found += 1
                print(f"{case.spec}:{case.line}: {case.name}: {mistake}, and nothing changes")
    except spec.SpecError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{asked} cases, {found} vacuous of a mistake")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
