"""The modes that a framework's module names are listed in the README, and are run so by the adapter's."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.apis import Mode, NoEquivalent, framework_of_target, frameworks
from conformance.case import Copied, Copying, Inputs, Target
from conformance.oracle.expectation import expect
from conformance.targets.protocol import encode_call, vendor_arguments
from conformance.targets.remote import modes
from tests.verdicts.trial import INPUT, Trial

NAMED = [
    pytest.param(framework.name, name, mode, id=f"{framework.name}@{name}")
    for framework in frameworks().values()
    for name, mode in framework.modes.items()
]
LAYER = {"in_channels": 2, "out_channels": 3, "kernel_size": 3}


@pytest.mark.parametrize(("framework", "name", "mode"), NAMED)
def test_a_mode_has_a_name_that_is_no_limit_and_a_description(framework: str, name: str, mode: Mode) -> None:
    assert re.fullmatch(r"[a-z0-9_]+", name)
    assert name not in frameworks()[framework].limits
    assert mode.description


@pytest.mark.parametrize(("framework", "name", "mode"), NAMED)
def test_its_framework_has_the_adapters_part(framework: str, name: str, mode: Mode) -> None:
    source = Path(modes.__file__).with_name(f"{framework}.py").read_text(encoding="utf-8")
    assert f'    "{name}": ' in source.partition("MODES: ")[2]


def test_the_readme_lists_them() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for framework in frameworks().values():
        rows = re.findall(rf"^\| `{framework.name}` \| (.*?) \|", readme, re.MULTILINE)
        listed = {name for row in rows for name in re.findall("`@([a-z0-9_]+)`", row)}
        assert listed == framework.modes.keys()


def run_in(mode: str) -> Target:
    return Target("", "torch", "", mode=mode)


def test_a_framework_without_a_mode_is_as_it_is() -> None:
    assert framework_of_target(run_in("")) is frameworks()["torch"]


def test_a_mode_without_gradients_asks_for_none() -> None:
    assert not any(contract.gradients for contract in framework_of_target(run_in("inference")).contracts)


def test_a_mode_of_modules_asks_no_function() -> None:
    apis = [contract.api for contract in framework_of_target(run_in("script")).contracts]
    assert apis == ["torch.nn.Conv2d", "torch.nn.ConvTranspose2d"]


@pytest.mark.parametrize(("shape", "denied"), [((2, 5, 5), True), ((1, 2, 5, 5), False)])
def test_what_a_mode_does_not_have_is_no_equivalent(shape: tuple[int, ...], denied: bool) -> None:
    for contract in framework_of_target(run_in("channels_last")).contracts:
        assert isinstance(contract.to_vendor(LAYER, Inputs(shape)), NoEquivalent) == denied


def test_a_mode_of_inference_asks_for_it_in_every_call_that_goes_no_further() -> None:
    """What happens to a layer afterwards is nothing that could be inferred."""
    target = Target("", "mindspore", "", mode="inferred")
    (contract,) = [one for one in framework_of_target(target).contracts if one.layer == "conv2d"]
    trial = Trial(inputs=INPUT)
    for case, infers in ((trial.case, True), (replace(trial.case, then=(Copied(Copying.PICKLE),)), False)):
        arguments = vendor_arguments(trial.case, contract)
        assert not isinstance(arguments, NoEquivalent)
        assert encode_call(case, contract, arguments, expect(case), 1)["infer"] is infers
    (as_it_is,) = [one for one in frameworks()["mindspore"].contracts if one.api == contract.api]
    assert not encode_call(trial.case, as_it_is, arguments, expect(trial.case), 1)["infer"]
