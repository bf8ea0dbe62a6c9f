"""A digest covers all that a verdict comes from, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from conformance.case import Case, DType, Greeting, Inputs, Promise, Target
from conformance.records.basis import digest_case, find_basis, modules_behind
from conformance.targets.sources import source_of

ARGUMENTS = {"in_channels": 1, "out_channels": 2, "kernel_size": (3, 1), "dtype": DType("float16")}
CASE = Case(
    spec="claims/x.yaml",
    name="c",
    line=7,
    layer="conv2d",
    api="torch.nn.Conv2d",
    arguments=ARGUMENTS,
    inputs=Inputs((1, 1, 4, 4)),
    promise=Promise(shape=(1, 2, 2, 4), raises=("ValueError",), same_as=ARGUMENTS),
    clause="it says so",
    twin=Case("claims/x.yaml", "twin", 7, "conv2d", None, ARGUMENTS, None, Promise(), ""),
)
TARGET = Target("torch", "torch", "popen//python=/nonexistent")
GREETING = Greeting("1.0", {"python": "3.11", "packages": "12, abc"}, "/tmp/none", 1)
ASKED = {"seconds": 20.0, "repeats": 1}


def change(record: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The record with each of its fields changed, and with each of theirs."""
    for field in fields(record):
        value = getattr(record, field.name)
        name = f"{path}{field.name}"
        yield name, replace(record, **{field.name: "another"})
        if is_dataclass(value):
            for inner, changed in change(value, f"{name}."):
                yield inner, replace(record, **{field.name: changed})


CHANGED = dict(change(CASE))


@pytest.mark.parametrize("field", [name for name in CHANGED if not name.endswith("line")])
def test_every_field_of_a_case_counts(field: str) -> None:
    assert digest_case(CHANGED[field]) != digest_case(CASE)


@pytest.mark.parametrize("field", ["line", "twin.line"])
def test_the_line_of_a_case_does_not(field: str) -> None:
    assert digest_case(CHANGED[field]) == digest_case(CASE)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (1, 1.0), (0.0, -0.0), ((1, 2), [1, 2]), ("1", 1), (None, "None"), (frozenset({1}), (1,))],
)
def test_values_that_python_takes_for_alike_are_told_apart(one: Any, other: Any) -> None:
    digests = {digest_case(replace(CASE, arguments={"stride": value})) for value in (one, other)}
    assert len(digests) == 2


def test_the_order_of_a_set_does_not_count() -> None:
    names = [f"n{number}" for number in range(50)]
    sets = [frozenset(names), frozenset(reversed(names))]
    assert len({digest_case(replace(CASE, arguments={"stride": value})) for value in sets}) == 1


@pytest.mark.parametrize(
    "target",
    [
        replace(TARGET, spec="popen//python=/elsewhere"),
        replace(TARGET, spec="popen//python=/nonexistent//env:ONEDNN_MAX_CPU_ISA=AVX2"),
        replace(TARGET, device="cuda"),
        replace(TARGET, memory=1),
    ],
)
def test_every_field_of_a_target_counts_but_its_name(target: Target) -> None:
    assert find_basis(target, GREETING, ASKED) != find_basis(TARGET, GREETING, ASKED)
    assert find_basis(replace(TARGET, name="t", given="x"), GREETING, ASKED) == find_basis(TARGET, GREETING, ASKED)


@pytest.mark.parametrize(
    "greeting",
    [
        replace(GREETING, version="1.1"),
        replace(GREETING, environment={**GREETING.environment, "packages": "12, abd"}),
        replace(GREETING, environment={**GREETING.environment, "variables": "MKL_CBWR=AVX2"}),
    ],
    ids=["version", "packages", "variables"],
)
def test_what_a_target_says_of_itself_counts(greeting: Greeting) -> None:
    assert find_basis(TARGET, greeting, ASKED) != find_basis(TARGET, GREETING, ASKED)


def test_where_its_process_is_does_not_count() -> None:
    moved = replace(GREETING, folder="/tmp/other", pid=2)
    assert find_basis(TARGET, moved, ASKED) == find_basis(TARGET, GREETING, ASKED)


@pytest.mark.parametrize(
    "module",
    [
        "conv_reference.convolution",
        "conformance.oracle.inputs",
        "conformance.verdicts.claims",
        "conformance.verdicts.repeat",
        "conformance.verdicts.twin",
        "conformance.engine.losses",
        "conformance.reproducers.script",
        "conformance.targets.protocol",
        "conformance.targets.remote.limits",
        "conformance.targets.remote.worker.execution",
        "conformance.targets.remote.adapters.torch",
        "conformance.apis.torch",
    ],
)
def test_all_code_that_a_verdict_goes_through_counts(module: str) -> None:
    assert find_basis(TARGET, GREETING, ASKED, edit(module)).code != find_basis(TARGET, GREETING, ASKED).code


@pytest.mark.parametrize(
    "module",
    [
        "conv_reports",
        "conformance.plugin",
        "conformance.targets.remote.adapters.mindspore",
        "conformance.apis.mindspore",
        "conformance.certificate.checks.phases",
    ],
)
def test_other_code_does_not(module: str) -> None:
    assert module not in modules_behind("torch")


def edit(edited: str) -> Any:
    def read(module: str) -> str:
        return source_of(module) + ("# edited\n" if module == edited else "")

    return read
