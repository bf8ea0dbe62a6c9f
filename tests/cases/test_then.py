"""`then`: what a spec may write of a layer that goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conformance.case import (
    Added,
    Adding,
    Again,
    Assigned,
    Cast,
    Changed,
    Copied,
    Copying,
    Inputs,
    Moved,
    Overtaken,
    Returned,
    Switched,
)
from conformance.cases import coverage, spec
from conformance.oracle.expectation import expect
from tests import shipped

SPEC = """\
layer: conv2d
clause: the definition
defaults:
  arguments: {in_channels: 2, out_channels: 2, kernel_size: 3}
  input: {shape: [1, 2, 5, 5], layout: strided}
cases:
  - name: sequence
"""
FILES = sorted(coverage.SPECS.glob("conv*/sequences.yaml"))


def load(folder: Path, text: str) -> spec.Spec:
    path = folder / "made.yaml"
    path.write_text(SPEC + text)
    return spec.load(path, "made.yaml")


def test_each_call_is_merged_over_the_one_before(tmp_path: Path) -> None:
    steps = "[{call: {shape: [3, 2, 5, 5]}}, {cast: float64}, {call: {layout: contiguous}}]"
    (case,) = load(tmp_path, f"    then: {steps}\n").cases
    first = Inputs((3, 2, 5, 5), layout="strided")
    assert case.then == (Again(first), Cast("float64"), Again(Inputs((3, 2, 5, 5), "float64")))


def test_every_step_can_be_written(tmp_path: Path) -> None:
    steps = "[{copy: pickle}, {change: [weight, bias]}, {change: bias}, {assign: {padding: [1, 2]}}, {train: false}]"
    (case,) = load(tmp_path, f"    then: {steps}\n").cases
    both, one = Changed(("weight", "bias")), Changed(("bias",))
    assert case.then == (Copied(Copying.PICKLE), both, one, Assigned({"padding": (1, 2)}), Switched(False))


def test_a_step_may_say_how_the_last_call_goes(tmp_path: Path) -> None:
    written = {
        "[{add: one_graph}, {call: {shape: [2, 2, 5, 5]}}]": Added(Adding.ONE_GRAPH),
        "[{retain: false}]": Returned(False),
        "[{overtake: weight}]": Overtaken(("weight",)),
        "[{overtake: [weight, bias]}]": Overtaken(("weight", "bias")),
        "[{move: cpu}]": Moved(),
    }
    for steps, step in written.items():
        (case,) = load(tmp_path, f"    then: {steps}\n").cases
        assert case.then[0] == step


def test_values_may_be_bound(tmp_path: Path) -> None:
    bound = '    for: {how: [deepcopy, repr], size: [4, 6]}\n    then: [{copy: "=how"}, {call: {shape: [1, 2, "=size", 5]}}]\n'
    cases = load(tmp_path, bound).cases
    assert [case.then[0] for case in cases] == [Copied(how) for how in (Copying.DEEPCOPY,) * 2 + (Copying.REPR,) * 2]


CLAIMS = """\
layer: conv2d
api: torch.nn.Conv2d
documents:
  docstring: {publisher: PyTorch, title: a docstring, version: torch 2, kind: installed_docstring}
document: docstring
about: what it says
claims:
  - id: obeys
    section: attributes
    says: {en: An assigned padding is obeyed., zh: 赋值的 padding 会生效。}
    cases:
      - arguments: {in_channels: 2, out_channels: 2, kernel_size: 3}
        input: {shape: [1, 2, 5, 5]}
        then: [{assign: {padding: 1}}, {call: {shape: [2, 2, 5, 5]}}]
        expect: {operation: true}
"""


def test_a_claim_says_what_happens_in_the_vendors_own_arguments(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text(CLAIMS, encoding="utf-8")
    (case,) = spec.load(path, "claims.yaml").cases
    assert case.then == (Assigned({"padding": 1}), Again(Inputs((2, 2, 5, 5))))
    expectation = expect(case)
    assert expectation.output is not None
    assert expectation.output.value.shape == (2, 2, 5, 5)


REFUSED = {
    "no such copy": ("[{copy: photograph}]", "unknown copy 'photograph', expected one of deepcopy, pickle"),
    "no such dtype": ("[{cast: float8}]", "unknown dtype 'float8'"),
    "no such parameter": ("[{change: gamma}]", "unknown parameter 'gamma', expected one of weight, bias"),
    "no such attribute": ("[{assign: {output_padding: 1}}]", "'output_padding' is no attribute of conv2d"),
    "another weight": ("[{assign: {groups: 2}}]", "the weight would be of another shape"),
    "an invalid attribute": ("[{assign: {padding: -1}}]", "the oracle refuses this call"),
    "an invalid input": ("[{call: {shape: [1, 3, 5, 5]}}, {call: {shape: [1, 2, 5, 5]}}]", "the oracle refuses this call"),
    "no shape": ("[{call: {shape: 3}}]", "is not of type"),
    "neither true nor false": ('[{train: "=1"}]', "train is true or false, got 1"),
    "three threads": ("[{threads: 3}]", "is not one of"),
    "no such sum": ("[{add: up}]", "unknown add 'up', expected one of accumulated, two_graphs, one_graph"),
    "no other device": ("[{move: gpu}]", "'cpu' was expected"),
    "half retained": ('[{retain: "=2"}]', "retain is true or false, got 2"),
    "an overtaken gamma": ("[{overtake: gamma}]", "unknown parameter 'gamma'"),
    "a sum that is copied": ("[{add: one_graph}, {copy: pickle}]", "nothing but that call comes after it"),
    "two calls after it": ("[{retain: true}, {call: {}}, {call: {}}]", "nothing but that call comes after it"),
    "a sum elsewhere": ("[{threads: 1}, {add: one_graph}]", "a call of the main thread"),
    "a sum of no gradients": ("[{add: one_graph}, {call: {gradients: false}}]", "said of gradients"),
    "no gradients before": ("[{call: {gradients: false}}, {add: one_graph}, {call: {gradients: true}}]", "said of gradients"),
    "another layer before": ("[{cast: float64}, {add: one_graph}]", "the call before is another one: call it first"),
    "two at once": ("[{copy: pickle, cast: float64}]", "too many"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused(tmp_path: Path, name: str) -> None:
    steps, message = REFUSED[name]
    with pytest.raises(spec.SpecError) as refused:
        load(tmp_path, f"    then: {steps}\n")
    assert message in str(refused.value)


def test_a_layer_that_is_not_called_does_not_go_on(tmp_path: Path) -> None:
    with pytest.raises(spec.SpecError, match="is called first"):
        load(tmp_path, "    input: null\n    then: [{copy: pickle}]\n")


def test_an_invalid_call_does_not_go_on(tmp_path: Path) -> None:
    with pytest.raises(spec.SpecError):
        load(
            tmp_path,
            "    arguments: {padding: -1}\n    raises: ValueError\n    wrong: padding\n    then: [{copy: pickle}]\n",
        )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.parent.name))
def test_an_attribute_that_is_changed_changes_the_answer(path: Path) -> None:
    """Else obeyed and ignored would be told as one."""
    expectations = {case.id: expect(case) for case in shipped.load(path).cases}
    alike = []
    for name, expectation in expectations.items():
        stale = expectation.stale
        if stale is not None and stale.output is not None and expectation.output is not None:
            alike += [name] if np.array_equal(stale.output.value, expectation.output.value) else []
    assert alike == []
    assert sum(expectation.stale is not None for expectation in expectations.values()) > 5
