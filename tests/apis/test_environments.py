"""The environments of frameworks, which are read where nothing is installed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import grimp
import pytest

from conformance.apis import frameworks
from conformance.environments import (
    Environment,
    UnusableEnvironmentError,
    choose_environments,
    join_titles,
    read_environments,
)
from conformance.targets.sources import REMOTE, source_of

ROOT = Path(__file__).parents[2]
KNOWN = {"b": Environment("B", ("b",), is_default=True), "a": Environment("A", ("a",))}


def test_what_is_read_is_what_the_modules_say() -> None:
    said = {name: framework.environment for name, framework in frameworks().items()}
    assert read_environments() == said


def test_a_framework_bears_the_name_of_its_module_and_adapter() -> None:
    for name in read_environments():
        assert frameworks()[name].name == name
        assert f'FRAMEWORK = "{name}"' in source_of(f"{REMOTE}.adapters.{name}")


def test_the_default_audit_is_that_of_the_readme() -> None:
    assert choose_environments(None, read_environments()) == ["megengine", "mindspore", "torch"]


def test_versions_are_pinned_and_interpreters_are_known() -> None:
    for environment in read_environments().values():
        assert "==" in (environment.alone or environment.requires)[0]
        assert all(name.startswith("python3.") for name in environment.python)


@pytest.mark.parametrize(("asked", "names"), [(None, ["b"]), ("a", ["a"]), ("a,b", ["a", "b"]), ("b,a,b,", ["b", "a"])])
def test_those_that_are_named_are_chosen(asked: str | None, names: list[str]) -> None:
    assert choose_environments(asked, KNOWN) == names


@pytest.mark.parametrize("asked", ["c", "a,c", "", ","])
def test_an_unknown_name_is_answered_with_the_known_ones(asked: str) -> None:
    with pytest.raises(UnusableEnvironmentError, match="known are b, a"):
        choose_environments(asked, KNOWN)


@pytest.mark.parametrize(
    "text", ["Environment(TITLE, ('a',))", "Environment('A', ('a',), pythons=())", "Environment('A')"]
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f"import numpy\n\nENVIRONMENT = {text}\n")
    with pytest.raises(UnusableEnvironmentError, match=r"a\.py:3: "):
        read_environments(tmp_path)


def test_the_default_ones_come_first_and_other_modules_have_none(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("ENVIRONMENT = Environment('A', ('a==1',))\n")
    (tmp_path / "b.py").write_text("ENVIRONMENT = Environment('B', ('b==1',), is_default=True)\n")
    (tmp_path / "common.py").write_text("DEFAULTS = {}\n")
    assert list(read_environments(tmp_path)) == ["b", "a"]


def test_titles_read_as_a_list() -> None:
    a, b, c = (Environment(title, ()) for title in "ABC")
    assert [join_titles(some) for some in ([a], [a, b], [a, b, c])] == ["A", "A and B", "A, B and C"]


def test_what_a_person_is_told_to_install_has_the_interpreters() -> None:
    environment = Environment("A", ("numpy<2",), ("python3.9", "python3.8"), alone=("a==1",))
    assert environment.install == "a==1 'numpy<2' on CPython 3.9, 3.8"


def test_no_list_of_frameworks_stands_in_the_settings_of_tools() -> None:
    """Nor in what the commands and tox are given. A test may need one as a library, which is a requirement."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("tox.ini", "toxfile.py", "pyproject.toml")]
    lines = [line for text in texts for line in text.splitlines() if not line.startswith("#")]
    for framework in frameworks():
        assert not [line for line in lines if re.search(rf"\b{framework}\b(?!>=)", line)]


def find_imported(package: str) -> set[str]:
    """The packages outside that a package imports, those of the standard library apart."""
    graph = grimp.build_graph(package, include_external_packages=True)
    modules = {found for module in graph.modules for found in graph.find_modules_directly_imported_by(module)}
    return {module.partition(".")[0] for module in modules} - {package} - sys.stdlib_module_names


def test_the_oracle_imports_nothing_but_numpy_and_the_standard_library() -> None:
    assert find_imported("conv_reference") == {"numpy"}


def test_what_runs_here_imports_no_framework() -> None:
    assert not frameworks().keys() & find_imported("conv_reports")
    graph = grimp.build_graph("conformance", include_external_packages=True)
    for framework in frameworks().keys() & graph.modules:
        there = {f"{REMOTE}.adapters.{framework}", f"{REMOTE}.modes.{framework}"}
        assert graph.find_modules_that_directly_import(framework) <= there
