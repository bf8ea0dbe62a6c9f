"""What is found is written so that it is a spec: it is loaded again, its valid twin with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conformance.apis import contracts
from conformance.case import Case, Inputs, Outcome, Promise, Target, Verdict
from conformance.cases import spec
from conformance.explore.saving import save
from conformance.explore.search import Cluster, Question
from conformance.oracle.expectation import expect

QUESTION = Question(Target("torch", "torch", "popen"), contracts()["torch.nn.Conv2d"])
LAYER = {"in_channels": 1, "out_channels": 1, "kernel_size": 3, "padding": 2, "padding_mode": "circular"}
INPUT = Inputs((1, 1, 5, 5), dtype="float64", gradients=False)


def write(arguments: dict[str, object], inputs: Inputs | None = INPUT) -> Case:
    return Case("", "found", 1, "conv2d", None, arguments, inputs, Promise(), "")


def save_and_load(folder: Path, case: Case, first: Case) -> Case:
    verdict = Verdict(Outcome.CRASHED, rests_on="a call returns or raises", observed="the process ended")
    (file,) = save([Cluster("crashed.found", QUESTION, case, verdict, 1, first)], folder, "seed 1")
    (loaded,) = spec.load(file, "explored/conv2d.yaml").cases
    return loaded


def test_a_valid_call_is_loaded_as_it_was(tmp_path: Path) -> None:
    case = write(LAYER)
    loaded = save_and_load(tmp_path, case, case)
    assert (loaded.arguments, loaded.promise) == (case.arguments, Promise())
    assert loaded.inputs == replace(INPUT, seed=case.seed)


@pytest.mark.parametrize("values", ["real", "exact", "with_nan"])
def test_a_call_is_loaded_with_the_numbers_that_it_was_found_with(values: str, tmp_path: Path) -> None:
    case = write(LAYER, replace(INPUT, values=values, gradients=True))
    loaded = save_and_load(tmp_path, case, case)
    assert loaded.id != case.id
    found, made = expect(case).arrays, expect(loaded).arrays
    assert found is not None
    assert made is not None
    for name in ("x", "weight", "bias", "grad_output"):
        np.testing.assert_array_equal(getattr(made, name), getattr(found, name), strict=True)


def test_numbers_that_are_not_drawn_need_no_seed(tmp_path: Path) -> None:
    case = write(LAYER, replace(INPUT, values="all_ones"))
    loaded = save_and_load(tmp_path, case, case)
    assert loaded.inputs == case.inputs


def test_an_invalid_call_is_mended_in_the_one_argument(tmp_path: Path) -> None:
    twin = write({**LAYER, "stride": 2})
    case = replace(twin, arguments={**LAYER, "stride": 0}, promise=Promise(("ValueError",)), wrong="stride", twin=twin)
    case = replace(case, promise=Promise(raises=("ValueError",)))
    loaded = save_and_load(tmp_path, case, case)
    assert loaded.promise.raises == ("ValueError",)
    assert loaded.twin is not None
    assert loaded.twin.arguments == twin.arguments


@pytest.mark.parametrize("stride", [{"stride": 2}, {}], ids=["stride given", "stride left out"])
def test_of_a_call_that_was_shrunk_until_something_else_is_wrong_the_whole_twin_is_kept(
    tmp_path: Path, stride: dict[str, object]
) -> None:
    """Here the padding, which an input without rows has nothing to fill with."""
    twin = write({**LAYER, **stride})
    first = replace(
        twin, arguments={**LAYER, "stride": 16}, promise=Promise(raises=("ValueError",)), wrong="stride", twin=twin
    )
    case = replace(first, inputs=replace(INPUT, shape=(1, 1, 0, 5)), twin=None)
    loaded = save_and_load(tmp_path, case, first)
    assert loaded.twin is not None
    assert loaded.twin.inputs == replace(INPUT, seed=case.seed)
    assert loaded.twin.arguments == {"stride": 1, **twin.arguments}
