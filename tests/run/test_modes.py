"""With --modes every target is run in all modes of its framework besides, on chosen cases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.apis import frameworks
from conformance.case import Target
from conformance.run.modes import CASE_LIMIT, COMPILING_LIMIT, is_chosen, limit_cases, with_modes
from conformance.run.run import Run
from conformance.run.settings import Settings
from conformance.targets.command_line import default

ROOT = Path("/root")


def test_a_target_stands_before_itself_in_every_mode_of_its_framework() -> None:
    torch = default("torch", ROOT)
    names = [target.name for target in with_modes([torch])]
    assert names == ["torch", *(f"torch@{mode}" for mode in frameworks()["torch"].modes)]


def test_a_target_that_is_named_with_a_mode_stays_in_it() -> None:
    target = Target("torch@vmap", "torch", "popen", mode="vmap")
    assert list(with_modes([target])) == [target]


@pytest.mark.parametrize(
    ("mode", "spec", "chosen"),
    [
        ("", "conv2d/space.yaml", True),
        ("", "conv2d/padding.yaml", False),
        ("vmap", "conv_transpose2d/networks.yaml", True),
        ("vmap", "claims/torch.nn.Conv2d.yaml", False),
        ("inductor", "conv2d/modes.yaml", True),
        ("inductor", "conv2d/space.yaml", False),
    ],
)
def test_what_compiles_is_asked_the_fewest(mode: str, spec: str, chosen: bool) -> None:
    assert is_chosen(spec, Target("", "torch", "popen", mode=mode)) is chosen


@pytest.mark.parametrize(
    ("modes", "seconds"), [(["", "vmap"], CASE_LIMIT), (["", "inductor"], COMPILING_LIMIT), ([], CASE_LIMIT)]
)
def test_a_case_is_given_longer_where_a_mode_compiles(modes: list[str], seconds: float) -> None:
    assert limit_cases([Target("", "torch", "popen", mode=mode) for mode in modes]) == seconds


def test_what_the_command_line_says_counts() -> None:
    compiling = Settings(ROOT, targets=("torch=popen//mode=inductor",), case_timeout=7)
    assert Run(compiling).settings.case_timeout == 7
    assert Run(replace(compiling, case_timeout=0)).settings.case_timeout == COMPILING_LIMIT


@pytest.mark.parametrize("layer", ["conv2d", "conv_transpose2d"])
def test_the_chosen_files_are_there(layer: str) -> None:
    specs = Path(__file__).parents[2] / "specs"
    found = [
        file for file in specs.glob(f"{layer}/*.yaml") if is_chosen(f"{layer}/{file.name}", Target("", "torch", ""))
    ]
    assert [file.stem for file in sorted(found)] == ["modes", "networks", "space"]


def test_a_backend_is_chosen_by_its_variable() -> None:
    keras = Target("keras", "keras", "popen//python=p")
    specs = {target.name: target.spec for target in with_modes([keras])}
    assert specs["keras"] == "popen//python=p"
    assert specs["keras@jax"] == "popen//python=p//env:KERAS_BACKEND=jax"
