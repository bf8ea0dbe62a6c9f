"""What was found, as spec files: they are run as any other, and moved into ``specs/`` by a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import ruamel.yaml

from conformance.apis import common
from conformance.case import Arguments, Case, Inputs
from conformance.case.values import to_json
from conformance.explore.search import Cluster
from conformance.oracle.expectation import find_refusal
from conformance.printable import one_line
from conformance.reproducers.shrink import are_drawn

WIDTH = 110
Data = Mapping[str, Any]


def save(clusters: Sequence[Cluster], folder: Path, origin: str) -> list[Path]:
    """Write the cases of clusters, those of a layer together, and those in a vendor's own arguments by API.

    Args:
        folder: in which a folder named specs is made; what stands there under the same names is replaced.
        origin: how the search can be made again, for people: seed and versions.

    Returns the files. Raises OSError where they cannot be written.
    """
    by_file: dict[str, list[Cluster]] = {}
    for cluster in clusters:
        by_file.setdefault(cluster.case.api or cluster.case.layer, []).append(cluster)
    files = []
    for name, several in sorted(by_file.items()):
        file = folder / "specs" / "explored" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        yaml = ruamel.yaml.YAML()
        yaml.width = WIDTH
        with file.open("w", encoding="utf-8") as stream:
            yaml.dump(write_file(several, origin), stream)
        files.append(file)
    return files


def write_file(clusters: Sequence[Cluster], origin: str) -> Data:
    first = clusters[0].case
    api = {} if first.api is None else {"api": first.api}
    cases = [write_case(cluster) for cluster in clusters]
    return {"layer": first.layer, **api, "about": f"found by a search: {origin}", "cases": cases}


def write_case(cluster: Cluster) -> Data:
    """A cluster's case, as a person would write it into a spec."""
    case, verdict = cluster.case, cluster.verdict
    shown = f"expected {verdict.expected or verdict.rests_on}, observed {verdict.observed}"
    return {
        "name": cluster.name,
        "clause": one_line(f"{cluster.question.contract.api}: {shown}", 300),
        "arguments": write_values(case.arguments),
        "input": None if case.inputs is None else dict(write_inputs(keep_numbers(case.inputs, case.seed))),
        **dict(write_validity(cluster)),
    }


def keep_numbers(inputs: Inputs, seed: str) -> Inputs:
    """Inputs with the seed of their numbers, where those are drawn: the case will have another id."""
    return replace(inputs, seed=seed) if are_drawn(inputs) else inputs


def write_inputs(inputs: Inputs) -> Iterator[tuple[str, Any]]:
    """The fields that are not at their defaults."""
    ordinary = Inputs(inputs.shape)
    yield "shape", list(inputs.shape)
    for name, value in vars(inputs).items():
        if value != getattr(ordinary, name):
            yield name, value


def write_validity(cluster: Cluster) -> Iterator[tuple[str, Any]]:
    """Of an invalid call, what is wrong with it, and what mends it."""
    case, twin = cluster.case, cluster.first.twin
    if not case.promise.raises or case.wrong is None:
        return
    yield "raises", case.promise.raises[0]
    yield "wrong", case.wrong
    if twin is not None:
        yield "mended", dict(write_mending(case, twin))


def write_mending(case: Case, twin: Case) -> Iterator[tuple[str, Any]]:
    """What makes a valid call of an invalid one, as short as it goes: the wrong argument of the twin, or all of it.

    A call may have been shrunk until something else is wrong with it.
    """
    defaults = common.DEFAULTS if case.api is None else {}
    arguments = {name: twin.arguments.get(name, defaults.get(name)) for name in {**case.arguments, **twin.arguments}}
    if case.wrong in arguments:
        one = {case.wrong: arguments[case.wrong]}
        if find_refusal(replace(case, arguments={**case.arguments, **one})) is None:
            yield "arguments", write_values(one)
            return
    yield "arguments", write_values({name: value for name, value in arguments.items() if name in case.arguments})
    if twin.inputs is not None and twin.inputs != case.inputs:
        yield "input", {name: to_json(value) for name, value in vars(twin.inputs).items() if value is not None}


def write_values(arguments: Arguments) -> dict[str, Any]:
    return {name: to_json(value) for name, value in arguments.items()}
