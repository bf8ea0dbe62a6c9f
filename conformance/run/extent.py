"""How much of the specs a run covers: only a whole run proves that a divergence is gone, or counts a catalogue anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from conformance.cases.spec import folder_of
from conformance.catalogue.fact import Fact


def find_complete(asked: Mapping[str, int], facts: Iterable[Fact]) -> frozenset[str]:
    """Names of the spec files of which every case ran.

    Args:
        asked: by the path of a spec file, the number of verdicts that its cases ask for.
    """
    ran = _count_by_file(facts)
    complete = (_name(path) for path, count in asked.items() if count and ran[_name(path)] == count)
    return frozenset(complete)


def find_unasked(asked: Mapping[str, int], facts: Iterable[Fact]) -> Iterator[str]:
    """In words, which cases of the specs did not run. Arguments as `find_complete`."""
    ran = _count_by_file(facts)
    for path, count in asked.items():
        name = _name(path)
        if ran[name] != count:
            yield f"{count - ran[name]} of the {count} cases of {name} did not run"
    for specs in {_find_specs(path) for path in asked}:
        for file in sorted([*specs.rglob("*.yaml"), *specs.rglob("*.yml")]):
            if str(file) not in asked and folder_of(file) is not None:
                yield f"{_name(str(file))} did not run"


def _count_by_file(facts: Iterable[Fact]) -> Counter[str]:
    return Counter(fact.case.partition("::")[0] for fact in facts)


def _find_specs(path: str) -> Path:
    folder = folder_of(Path(path))
    assert folder is not None, path
    return folder


def _name(path: str) -> str:
    return Path(path).relative_to(_find_specs(path)).as_posix()
