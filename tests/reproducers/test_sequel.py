"""Scripts of layers that go on: executed by the real frameworks, they do what the worker does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from conformance.apis import NoEquivalent, contracts, framework_of
from conformance.case import (
    Added,
    Adding,
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
    Moved,
    Outcome,
    Overtaken,
    Phase,
    Promise,
    Raised,
    Returned,
    Step,
    Switched,
    Threaded,
    Verdict,
    Worst,
)
from conformance.oracle.expectation import expect
from conformance.reproducers.asked import AskedCase
from conformance.reproducers.script import write_script
from conformance.reproducers.sequel import describe_sequel
from conformance.targets.protocol import vendor_arguments
from tests.reproducers.conftest import Says
from tests.reproducers.test_script import ON_CPU

LAYER = {"in_channels": 2, "out_channels": 2, "kernel_size": (2, 3)}
INPUT = Inputs((1, 2, 3, 4))
ANOTHER = Again(Inputs((2, 2, 2, 3)))
WITHOUT = Again(replace(INPUT, gradients=False))
STEPS: dict[str, tuple[Step, ...]] = {
    "called again": (ANOTHER,),
    "called back and forth": (WITHOUT, ANOTHER, Again(INPUT)),
    "changed": (Changed(("weight", "bias")),),
    "changed between calls": (ANOTHER, Changed(("bias",)), Again(INPUT)),
    "copied": (Copied(Copying.DEEPCOPY),),
    "pickled": (Copied(Copying.PICKLE),),
    "saved": (Copied(Copying.CHECKPOINT),),
    "printed": (Copied(Copying.REPR),),
    "assigned": (Assigned({"padding": (0, 1)}),),
    "cast": (Cast("float64"),),
    "told": (Switched(False),),
    "elsewhere": (Threaded(1),),
    "elsewhere later": (ANOTHER, Threaded(1)),
    "moved": (Moved(),),
    "accumulated": (Added(Adding.ACCUMULATED), ANOTHER),
    "two graphs": (Added(Adding.TWO_GRAPHS), ANOTHER),
    "one graph": (Added(Adding.ONE_GRAPH), ANOTHER),
    "gone back twice": (Returned(True),),
    "gone back twice without the graph": (Returned(False),),
    "overtaken": (Overtaken(("weight", "bias")),),
    "without a bias": (Changed(("weight",)), Added(Adding.ACCUMULATED)),
}  # fmt: skip
# What a framework does otherwise: then its script shows that.
OTHERWISE = {
    ("mindspore", "pickled"): "TypeError",
    ("mindspore", "printed"): "SyntaxError",
    ("mindspore", "cast"): "TypeError",  # it has no kernel of float64
    ("mindspore", "assigned"): ("DIVERGES", "ValueError", "IndexError"),
    ("torch", "gone back twice without the graph"): "RuntimeError",
    ("torch", "overtaken"): "RuntimeError",
    ("megengine", "gone back twice without the graph"): "RuntimeError",
    ("megengine", "elsewhere"): "RuntimeError",
    ("megengine", "elsewhere later"): "RuntimeError",
}
LACKING = {
    *(("mindspore", name) for name in ("accumulated", "two graphs", "gone back twice", "overtaken", "without a bias")),
    ("mindspore", "gone back twice without the graph"),
    *(("megengine", name) for name in ("cast", "moved", "gone back twice")),
}
OF_FUNCTIONS = (
    *("called again", "called back and forth", "changed", "changed between calls", "accumulated", "two graphs"),
    *("one graph", "gone back twice", "gone back twice without the graph", "overtaken", "without a bias"),
)


def ask(api: str, *steps: Step, inputs: Inputs = INPUT, **arguments: Any) -> AskedCase:
    contract = contracts()[api]
    case = Case("made.yaml", "case", 1, contract.layer, None, {**LAYER, **arguments}, inputs, Promise(), "", then=steps)
    vendor = vendor_arguments(case, contract)
    assert not isinstance(vendor, NoEquivalent)
    return AskedCase(case, contract, framework_of(api), vendor, expect(case))


def tell(asked: AskedCase, subject: str, more: float) -> Verdict:
    """A verdict that an element is another by so much than the oracle says."""
    expectation = asked.expectation
    expected = expectation.output if subject == "output" else expectation.gradients[subject.removeprefix("grad_")]
    assert expected is not None
    index = tuple(size // 2 for size in expected.value.shape)
    worst = Worst(index, expected.value[index].item() + more, 0.0, 0.0)
    kind = Kind.VALUE if subject == "output" else Kind.GRADIENT
    return Verdict(Outcome.DIVERGES, kind, subject, "", "", authority=Authority.MATHEMATICS, worst=worst)


def scripts() -> Iterator[Any]:
    for api in ON_CPU:
        framework = api.partition(".")[0]
        for name in OF_FUNCTIONS if contracts()[api].functional else STEPS:
            if (framework, name) not in LACKING:
                for subject in ("output", "grad_input", "grad_weight", "grad_bias")[: 3 if "bias" in name else 4]:
                    yield pytest.param(api, framework, name, subject, id=f"{api}-{name}-{subject}")


@pytest.mark.parametrize(("api", "framework", "name", "subject"), list(scripts()))
def test_a_layer_that_goes_on_is_what_the_oracle_says_and_nothing_else(
    api: str, framework: str, name: str, subject: str, says: Says
) -> None:
    asked = ask(api, *STEPS[name], bias="bias" not in name)
    right, wrong = says(asked, tell(asked, subject, 0)), says(asked, tell(asked, subject, 1))
    otherwise = OTHERWISE.get((framework, name))
    if otherwise is not None:
        assert right.startswith(otherwise)
        return
    assert (right, wrong) == ("CONFORMS", "DIVERGES")


def test_a_copy_is_called_and_what_was_copied_has_lost_its_numbers() -> None:
    asked = ask("torch.nn.Conv2d", Copied(Copying.DEEPCOPY), inputs=WITHOUT.inputs)
    script = write_script(asked, tell(asked, "output", 1))
    assert script is not None
    assert "import copy\n" in script
    assert "copied, layer = layer, copy.deepcopy(layer)\ncopied.weight.detach().copy_(0 * copied.weight)\n" in script


def test_a_step_that_raises_ends_its_script_with_the_exception(says: Says) -> None:
    asked = ask("mindspore.nn.Conv2d", Copied(Copying.PICKLE))
    refused = Raised(Phase.THEN, "TypeError", (), "cannot pickle")
    verdict = Verdict(Outcome.DIVERGES, Kind.WRONGLY_REJECTED, "call", phase=Phase.THEN, raised=refused)
    assert says(asked, verdict) == "DIVERGES"
    assert says(ask("torch.nn.Conv2d", Copied(Copying.PICKLE)), verdict) == "CONFORMS"


def test_an_array_that_is_too_large_has_no_script() -> None:
    asked = ask("torch.nn.Conv2d", Again(Inputs((4, 2, 9, 9))))
    assert write_script(asked, tell(asked, "output", 1)) is None


def test_what_another_thread_disturbs_is_counted(says: Says) -> None:
    unstable = Verdict(Outcome.UNSTABLE, subject="output", authority=Authority.ROBUSTNESS)
    inputs = Inputs((2, 2, 16, 16), gradients=False)
    assert says(ask("torch.nn.Conv2d", Threaded(2), inputs=inputs), unstable) == "CONFORMS"
    script = write_script(ask("mindspore.nn.Conv2d", Threaded(2), inputs=inputs), unstable)
    assert script is not None
    assert script.endswith('assert wrong == 0, f"wrong in {wrong} of 100 calls"\n')
    assert write_script(ask("torch.nn.Conv2d", Threaded(1)), unstable) is None


def test_what_happens_is_told_behind_the_call() -> None:
    steps = (Copied(Copying.PICKLE), Changed(("weight", "bias")), Assigned({"stride": 2}), Switched(False), Threaded(1))
    case = ask("torch.nn.Conv2d", *steps).case
    assert describe_sequel(case) == (
        "  # called, then copied by pickle; other numbers in weight and bias; stride = 2; eval; in another thread"
    )
    assert describe_sequel(replace(case, then=())) == ""
